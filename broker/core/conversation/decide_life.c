/* SPDX-License-Identifier: Apache-2.0 */
/* Birth and identity of a conversation.
 *
 * Invariant: created once, as the first entry; proven to be one reference, never two. Whether the
 * caller may ask for it is the flow's to know. Its death is decided by nobody who holds the fold:
 * the key goes first, and without it there is none (flow/erase.c).
 */
#include "core/conversation/draft.h"

void conversation_create(const struct conversation *c, const struct part *created, uint64_t now_ms,
        struct decision *decision)
{
    struct author author = system_author();
    if (c->phase != PHASE_UNBORN) {
        refuse(decision, REFUSAL_OPEN);
        return;
    }
    begin_draft(decision, c, &author, now_ms);
    struct part *part = entry_add(decision->draft, PART_CREATED);
    enum visibility visibility = part->visibility;
    *part = *created;
    part->kind = PART_CREATED;
    part->visibility = visibility;
}

void conversation_identify(const struct conversation *c, struct slice reference, struct slice name,
        uint64_t now_ms, struct decision *decision)
{
    struct author author = {AUTHOR_CUSTOMER, SLICE_NONE, name};
    if (!is_living(c, decision))
        return;
    if (slice_equal(id_slice(&c->reference), reference)) {
        already(decision, &c->tail);
    } else if (c->reference.len > 0) {
        refuse(decision, REFUSAL_IDENTITY_TAKEN);
    } else {
        begin_draft(decision, c, &author, now_ms);
        struct part *part = entry_add(decision->draft, PART_IDENTITY);
        part->id = reference;
        part->name = name;
    }
}
