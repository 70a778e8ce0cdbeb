/* SPDX-License-Identifier: Apache-2.0 */
/* May this message be edited, deleted, reacted to?
 *
 * Invariant: nobody touches words that are not their own, and nobody learns from the answer whether
 * there is a message that they may not see: it is the same as for none. What was deleted stays
 * deleted. The target was read from the log by the caller; whether it was deleted since then is
 * looked up here, in the fold that the entry will follow.
 */
#include "core/conversation/draft.h"
#include "core/conversation/sender.h"

static bool is_own(const struct amend *amend)
{
    const struct author *author = &amend->found.author;
    return author->kind == amend->author.kind && slice_equal(author->id, amend->author.id);
}

static bool may_see(const struct amend *amend)
{
    bool is_staff = amend->author.kind != AUTHOR_CUSTOMER;
    return amend->found.is_message &&
           amend->found.visibility <= (is_staff ? VISIBLE_TO_STAFF : VISIBLE_TO_ALL);
}

static bool is_deleted(const struct conversation *c, const struct amend *amend)
{
    const struct amendment *amendment = amendments_find(&c->amendments, &amend->target);
    return amend->found.is_deleted || (amendment != NULL && amendment->is_deleted);
}

/* To add to what customers see is the owner's right. */
static bool is_fenced(const struct conversation *c, const struct amend *amend)
{
    if (amend->author.kind != AUTHOR_AGENT || amend->kind == PART_DELETED ||
            amend->found.visibility != VISIBLE_TO_ALL)
        return false;
    return c->phase != PHASE_ACTIVE || !slice_equal(id_slice(&c->owner_id), amend->author.id);
}

static enum refusal look(const struct conversation *c, const struct amend *amend, uint64_t now_ms)
{
    if (!may_see(amend) || (amend->kind != PART_REACTED && !is_own(amend)))
        return REFUSAL_NO_MESSAGE;
    if (is_deleted(c, amend))
        return REFUSAL_DELETED;
    if (amend->kind == PART_EDITED && now_ms > amend->found.time_ms + amend->edit_window_ms)
        return REFUSAL_TOO_LATE;
    return is_fenced(c, amend) ? REFUSAL_FENCED : REFUSAL_NONE;
}

/* A full table makes room first, in the same entry. */
static void add_page(const struct conversation *c, const struct amend *amend, struct entry *draft)
{
    if (amend->kind == PART_REACTED || !amendments_is_full(&c->amendments) ||
            amendments_find(&c->amendments, &amend->target) != NULL)
        return;
    struct part *part = entry_add(draft, PART_AMENDMENTS);
    part->body = amendments_page(&c->amendments, amend->page);
    part->number = c->amendments.page_seq;
    part->from_seq = c->amendments.paged_up_to;
}

void conversation_amend(const struct conversation *c, const struct amend *amend, uint64_t now_ms,
        struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    struct sender sender = {amend->lineage, amend->n, amend->digest};
    if (!sender_is_next(c, &sender, now_ms, decision))
        return;
    enum refusal refusal = look(c, amend, now_ms);
    if (refusal != REFUSAL_NONE) {
        refuse(decision, refusal);
        return;
    }
    begin_draft(decision, c, &amend->author, now_ms);
    add_page(c, amend, decision->draft);
    struct part *part = entry_add(decision->draft, amend->kind);
    part->visibility = amend->found.visibility;
    part->lineage = amend->lineage;
    part->n = amend->n;
    part->digest = amend->digest;
    part->ref = amend->target;
    part->body = amend->body;
    part->name = amend->emoji;
    part->number = amend->is_active;
}
