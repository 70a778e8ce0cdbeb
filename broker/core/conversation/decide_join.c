/* SPDX-License-Identifier: Apache-2.0 */
/* Colleagues in one conversation: invited, joined, left; and a case that is taken over.
 *
 * Invariant: there is one owner; whoever joined speaks beside them with a token of their own, which
 * ends when the case is closed or handed on. An invitation and a joining are entries, so whether
 * somebody may speak is the log's to say. Who is a supervisor is the flow's to know.
 */
#include "core/conversation/draft.h"

const struct participant *conversation_participant(const struct conversation *c, struct slice agent)
{
    for (uint8_t i = 0; i < c->participant_count; i++)
        if (slice_equal(id_slice(&c->participants[i].id), agent))
            return &c->participants[i];
    return NULL;
}

bool conversation_has_invited(const struct conversation *c, struct slice agent)
{
    for (uint8_t i = 0; i < c->invited_count; i++)
        if (slice_equal(id_slice(&c->invited[i]), agent))
            return true;
    return false;
}

static bool is_active(const struct conversation *c, struct decision *decision)
{
    if (!is_living(c, decision))
        return false;
    if (c->phase != PHASE_ACTIVE)
        refuse(decision, c->phase == PHASE_IDLE ? REFUSAL_CLOSED : REFUSAL_FENCED);
    return c->phase == PHASE_ACTIVE;
}

void conversation_invite(const struct conversation *c, const struct author *by,
        const struct name *owner, struct slice agent, uint64_t now_ms, struct decision *decision)
{
    if (!is_active(c, decision))
        return;
    if (!slice_equal(id_slice(&c->owner_id), by->id) || !name_equal(&c->owner, owner) ||
            slice_equal(agent, by->id)) {
        refuse(decision, REFUSAL_FENCED);
    } else if (conversation_has_invited(c, agent) || conversation_participant(c, agent) != NULL) {
        already(decision, &c->tail);
    } else if (c->invited_count == PARTICIPANTS_MAX) {
        refuse(decision, REFUSAL_STATE_FULL);
    } else {
        begin_draft(decision, c, by, now_ms);
        entry_add(decision->draft, PART_INVITED)->id = agent;
    }
}

static void add_participant(struct entry *draft, const struct author *who, uint64_t joined)
{
    struct part *part = entry_add(draft, PART_PARTICIPANT);
    part->id = who->id;
    part->name = who->name;
    part->number = joined;
}

void conversation_join(const struct conversation *c, const struct author *by, bool may_barge,
        uint64_t now_ms, struct decision *decision)
{
    const struct participant *known = conversation_participant(c, by->id);
    bool may_join = may_barge || conversation_has_invited(c, by->id);
    if (!is_active(c, decision))
        return;
    if (known != NULL) {
        already(decision, &known->token);
    } else if (!may_join || slice_equal(id_slice(&c->owner_id), by->id)) {
        refuse(decision, REFUSAL_FENCED);
    } else if (c->participant_count == PARTICIPANTS_MAX) {
        refuse(decision, REFUSAL_STATE_FULL);
    } else {
        begin_draft(decision, c, by, now_ms);
        add_participant(decision->draft, by, 1);
    }
}

void conversation_leave(const struct conversation *c, const struct author *by, uint64_t now_ms,
        struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    if (conversation_participant(c, by->id) == NULL) {
        already(decision, &c->tail);
        return;
    }
    begin_draft(decision, c, by, now_ms);
    add_participant(decision->draft, by, 0);
}

void conversation_take_over(const struct conversation *c, const struct author *by, uint64_t now_ms,
        struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    if (c->phase == PHASE_ACTIVE && slice_equal(id_slice(&c->owner_id), by->id)) {
        already(decision, &c->owner);
    } else if (c->phase == PHASE_ACTIVE || c->phase == PHASE_QUEUED) {
        begin_draft(decision, c, by, now_ms);
        add_owner(decision->draft, OWNER_AGENT, by->id, by->name);
    } else {
        refuse(decision, c->phase == PHASE_IDLE ? REFUSAL_CLOSED : REFUSAL_FENCED);
    }
}
