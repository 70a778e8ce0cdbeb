/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a bot's turn: by its one commit, or without one.
 *
 * Invariant: a turn is committed at most once, and everything that the commit brings (messages,
 * state, the change of owner) is one entry. Words that the customer said during the turn open the
 * next one in the same entry, so none is left without an answer.
 */
#include "core/conversation/draft.h"
#include "core/conversation/patch.h"

/* Whether the state after the patch has room, and can still be shown as one list of pairs. */
static bool state_fits_after(const struct conversation *c, const struct commit *commit)
{
    struct pair held[ENTRY_PAIRS_MAX];
    size_t held_count = conversation_pairs(c, held), count = 0, size = 0;
    for (size_t i = 0; i < held_count; i++) {
        if (patch_names(commit->pairs, 0, commit->pair_count, held[i].name))
            continue;
        count++;
        size += PAIR_HEAD_SIZE + held[i].name.len + held[i].value.len;
    }
    for (size_t i = 0; i < commit->pair_count; i++) {
        const struct pair *pair = &commit->pairs[i];
        if (pair->value.bytes == NULL ||
                patch_names(commit->pairs, i + 1, commit->pair_count, pair->name))
            continue;
        count++;
        size += PAIR_HEAD_SIZE + pair->name.len + pair->value.len;
    }
    return count <= ENTRY_PAIRS_MAX && size <= CONVERSATION_STATE_BYTES;
}

static bool may_commit(
        const struct conversation *c, const struct commit *commit, struct decision *decision)
{
    if (!is_living(c, decision))
        return false;
    if (c->turn.seq != 0 && name_equal(&c->turn, &commit->turn)) {
        if (state_fits_after(c, commit))
            return true;
        refuse(decision, REFUSAL_STATE_FULL);
    } else if (commit->turn.seq != 0 && name_equal(&c->committed_turn, &commit->turn)) {
        if (c->committed_digest == commit->digest)
            already(decision, &c->committed_at);
        else
            refuse(decision, REFUSAL_OTHER_BODY);
    } else {
        refuse(decision, REFUSAL_FENCED);
    }
    return false;
}

static void add_said(struct entry *draft, const struct commit *commit)
{
    struct part *part = entry_add(draft, PART_COMMITTED);
    part->ref = commit->turn;
    part->digest = commit->digest;
    for (size_t i = 0; i < commit->body_count; i++)
        entry_add(draft, PART_MESSAGE)->body = commit->bodies[i];
    if (commit->pair_count > 0) {
        part = entry_add(draft, PART_STATE);
        part->pairs = commit->pairs;
        part->pair_count = commit->pair_count;
    }
    if (commit->label_count > 0) {
        part = entry_add(draft, PART_LABELS);
        part->pairs = commit->labels;
        part->pair_count = commit->label_count;
    }
}

static void add_close(struct entry *draft, struct slice reason, const struct name *by)
{
    struct part *part = entry_add(draft, PART_CASE_CLOSED);
    part->reason = reason;
    part->ref = *by;
}

void conversation_commit(const struct conversation *c, const struct commit *commit, uint64_t now_ms,
        struct decision *decision)
{
    if (!may_commit(c, commit, decision))
        return;
    begin_draft(decision, c, &commit->author, now_ms);
    struct entry *draft = decision->draft;
    add_said(draft, commit);
    if (commit->is_handoff) {
        add_owner(draft, OWNER_NONE, SLICE_NONE, SLICE_NONE);
        add_queued(draft, commit->reason, commit->handoff, SLICE_NONE, draft->time_ms);
    } else if (commit->is_close && c->input_from_seq == 0) {
        add_close(draft, SLICE_OF("solved"), &commit->turn);
    } else if (c->input_from_seq != 0) {
        add_turn(draft, 1, c->input_from_seq);
    }
}

void conversation_end_turn(const struct conversation *c, const struct name *turn,
        struct slice reason, bool is_final, struct slice body, uint64_t now_ms,
        struct decision *decision)
{
    struct author author = system_author();
    if (!is_living(c, decision))
        return;
    if (turn->seq == 0 || !name_equal(&c->turn, turn)) {
        refuse(decision, REFUSAL_FENCED);
        return;
    }
    begin_draft(decision, c, &author, now_ms);
    struct entry *draft = decision->draft;
    struct part *part = entry_add(draft, PART_TURN_OVER);
    part->ref = *turn;
    part->reason = reason;
    if (!is_final && c->turn_attempt < TURN_ATTEMPTS_MAX) {
        add_turn(draft, c->turn_attempt + 1, c->turn_from_seq);
        return;
    }
    if (body.len > 0)
        entry_add(draft, PART_MESSAGE)->body = body;
    add_owner(draft, OWNER_NONE, SLICE_NONE, SLICE_NONE);
    add_queued(draft, reason, SLICE_NONE, SLICE_NONE, draft->time_ms);
}
