/* SPDX-License-Identifier: Apache-2.0 */
/* May these words be said, and what follows from them?
 *
 * Invariant: a repeated number is answered before anything else is asked, so a retry gets its old
 * place even when its sender no longer owns the conversation. A customer's words are taken in every
 * living phase, and the entry that takes them also opens what they call for: a case, a turn of the
 * bot, a place in the queue. An agent's public words need the owner token in force, in the hands of
 * the agent whom it was given to.
 */
#include "core/conversation/draft.h"
#include "core/conversation/sender.h"

static bool may_say(const struct conversation *c, const struct say *say, struct decision *decision)
{
    if (say->author.kind != AUTHOR_AGENT || say->is_note)
        return true;
    bool is_owner = slice_equal(id_slice(&c->owner_id), say->author.id);
    const struct participant *beside = conversation_participant(c, say->author.id);
    if (c->phase == PHASE_ACTIVE && is_owner && name_equal(&c->owner, &say->owner))
        return true;
    if (c->phase == PHASE_ACTIVE && beside != NULL && name_equal(&beside->token, &say->owner))
        return true;
    refuse(decision, c->phase == PHASE_IDLE ? REFUSAL_CLOSED : REFUSAL_FENCED);
    return false;
}

static void add_message(struct entry *draft, const struct say *say)
{
    struct part *part = entry_add(draft, PART_MESSAGE);
    part->visibility = say->is_note ? VISIBLE_TO_STAFF : VISIBLE_TO_ALL;
    part->lineage = say->lineage;
    part->n = say->n;
    part->digest = say->digest;
    part->body = say->body;
    part->ref = say->reply_to;
}

/* What a customer's message calls for in this phase. */
static void add_consequences(
        const struct conversation *c, const struct say *say, struct entry *draft)
{
    uint64_t seq = draft->at.seq;
    if (c->phase == PHASE_IDLE && say->has_bot) {
        add_owner(draft, OWNER_BOT, say->bot_id, say->bot_name);
        add_turn(draft, 1, seq);
    } else if (c->phase == PHASE_IDLE) {
        add_queued(draft, SLICE_OF("no_bot"), SLICE_NONE, SLICE_NONE, draft->time_ms);
    } else if (c->phase == PHASE_BOT && c->turn.seq == 0) {
        add_turn(draft, 1, c->input_from_seq ? c->input_from_seq : seq);
    }
    if (callback_is_agreed(&c->callback)) /* they are here: nobody needs to come back to them */
        entry_add(draft, PART_CALLBACK)->reason =
                c->phase == PHASE_ACTIVE ? SLICE_OF("reached") : SLICE_OF("returned");
}

void conversation_say(const struct conversation *c, const struct say *say, uint64_t now_ms,
        struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    struct sender sender = {say->lineage, say->n, say->digest};
    if (!sender_is_next(c, &sender, now_ms, decision) || !may_say(c, say, decision))
        return;
    bool is_customer = say->author.kind == AUTHOR_CUSTOMER;
    begin_draft(decision, c, &say->author, now_ms);
    if (is_customer && c->phase == PHASE_IDLE)
        entry_add(decision->draft, PART_CASE_OPENED);
    add_message(decision->draft, say);
    if (is_customer)
        add_consequences(c, say, decision->draft);
}
