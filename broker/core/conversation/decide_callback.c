/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks: agreed while a case waits, ended by the customer's words or the agent's outcome.
 *
 * Invariant: whatever becomes of a callback, the case keeps its original age. Each attempt is
 * counted in the entry that ends it, and the last one closes the case in the same entry that tells
 * the customer, so nobody is called for ever and nobody is dropped in silence. What is asked again
 * is answered with what is.
 */
#include "core/conversation/draft.h"

/* The part may have been drafted from this very callback. */
void callback_fold(struct callback *callback, const struct part *part)
{
    struct callback next = {0};
    bool fits = part->channel.len <= CALLBACK_CHANNEL_MAX && part->name.len <= CALLBACK_ADDRESS_MAX;
    if (fits && part->channel.len > 0) {
        next = (struct callback){.channel_len = (uint8_t)part->channel.len,
                .address_len = (uint8_t)part->name.len,
                .due_ms = part->number,
                .until_ms = part->from_seq,
                .attempts = part->n};
        memcpy(next.channel, part->channel.bytes, part->channel.len);
        if (part->name.len > 0)
            memcpy(next.address, part->name.bytes, part->name.len);
    }
    *callback = next;
}

static bool is_same(const struct callback *callback, const struct callback_wish *wish)
{
    return slice_equal(callback_channel(callback), wish->channel) &&
           slice_equal(callback_address(callback), wish->address) &&
           callback->due_ms == wish->due_ms && callback->until_ms == wish->until_ms;
}

void conversation_ask_callback(const struct conversation *c, const struct callback_wish *wish,
        uint64_t now_ms, struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    if (c->phase != PHASE_QUEUED) {
        refuse(decision, REFUSAL_NOT_WAITING);
    } else if (is_same(&c->callback, wish)) {
        already(decision, &c->tail);
    } else {
        begin_draft(decision, c, &wish->author, now_ms);
        struct part *part = entry_add(decision->draft, PART_CALLBACK);
        part->reason = SLICE_OF("asked");
        part->channel = wish->channel;
        part->name = wish->address;
        part->number = wish->due_ms;
        part->from_seq = wish->until_ms;
    }
}

void conversation_cancel_callback(const struct conversation *c, const struct author *by,
        uint64_t now_ms, struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    if (!callback_is_agreed(&c->callback)) {
        already(decision, &c->tail);
        return;
    }
    begin_draft(decision, c, by, now_ms);
    entry_add(decision->draft, PART_CALLBACK)->reason = SLICE_OF("cancelled");
}

/* One more attempt is to come: the case goes back to the queue, and is due again later. */
static void try_again(
        const struct conversation *c, const struct callback_outcome *outcome, struct entry *draft)
{
    add_owner(draft, OWNER_NONE, SLICE_NONE, SLICE_NONE);
    add_queued(draft, SLICE_OF("not_reached"), SLICE_NONE, SLICE_NONE, c->first_queued_ms);
    struct part *part = entry_add(draft, PART_CALLBACK);
    part->reason = SLICE_OF("not_reached");
    part->channel = callback_channel(&c->callback);
    part->name = callback_address(&c->callback);
    part->number = outcome->again_ms;
    part->n = c->callback.attempts + 1;
}

static void give_up(
        const struct conversation *c, const struct callback_outcome *outcome, struct entry *draft)
{
    entry_add(draft, PART_MESSAGE)->body = outcome->body;
    entry_add(draft, PART_CALLBACK)->reason = SLICE_OF("given_up");
    struct part *part = entry_add(draft, PART_CASE_CLOSED);
    part->reason = SLICE_OF("not_reached");
    part->ref = c->owner;
}

static void refuse_outcome(const struct conversation *c, const struct callback_outcome *outcome,
        struct decision *decision)
{
    bool was_theirs = outcome->owner.seq != 0 && name_equal(&c->last_owner, &outcome->owner);
    if (was_theirs && c->phase == PHASE_QUEUED)
        already(decision, &c->request);
    else if (was_theirs && c->phase == PHASE_IDLE)
        already(decision, &c->closed_at);
    else
        refuse(decision, c->phase == PHASE_IDLE ? REFUSAL_CLOSED : REFUSAL_FENCED);
}

void conversation_end_callback(const struct conversation *c, const struct callback_outcome *outcome,
        uint64_t now_ms, struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    bool is_theirs = c->phase == PHASE_ACTIVE && name_equal(&c->owner, &outcome->owner) &&
                     slice_equal(id_slice(&c->owner_id), outcome->by.id);
    if (!is_theirs) {
        refuse_outcome(c, outcome, decision);
    } else if (!callback_is_agreed(&c->callback)) {
        if (outcome->is_reached)
            already(decision, &c->tail);
        else
            refuse(decision, REFUSAL_NO_CALLBACK);
    } else {
        begin_draft(decision, c, &outcome->by, now_ms);
        if (outcome->is_reached)
            entry_add(decision->draft, PART_CALLBACK)->reason = SLICE_OF("reached");
        else if (c->callback.attempts + 1 < outcome->attempts_max)
            try_again(c, outcome, decision->draft);
        else
            give_up(c, outcome, decision->draft);
    }
}
