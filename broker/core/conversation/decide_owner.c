/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership by agents: taking a queued case, handing it on, closing it, opening the next.
 *
 * Invariant: the ownership is given only for the request in force and taken only from the token in
 * force. A repeated close or ownership is recognised and answered with the entry that did it.
 */
#include "core/conversation/draft.h"

void conversation_own(const struct conversation *c, const struct name *request, struct slice agent,
        struct slice agent_name, uint64_t now_ms, struct decision *decision)
{
    struct author author = {AUTHOR_AGENT, agent, agent_name};
    if (!is_living(c, decision))
        return;
    bool is_request = request->seq != 0 && name_equal(&c->request, request);
    if (c->phase == PHASE_ACTIVE && is_request && slice_equal(id_slice(&c->owner_id), agent)) {
        already(decision, &c->owner);
    } else if (c->phase == PHASE_QUEUED && is_request) {
        begin_draft(decision, c, &author, now_ms);
        add_owner(decision->draft, OWNER_AGENT, agent, agent_name);
    } else {
        refuse(decision, REFUSAL_FENCED);
    }
}

void conversation_void(const struct conversation *c, const struct name *request, uint64_t now_ms,
        struct decision *decision)
{
    struct author author = system_author();
    if (!is_living(c, decision))
        return;
    if (c->phase != PHASE_QUEUED || !name_equal(&c->request, request)) {
        refuse(decision, REFUSAL_FENCED);
        return;
    }
    begin_draft(decision, c, &author, now_ms);
    entry_add(decision->draft, PART_VOIDED)->ref = *request;
}

void conversation_tell_waiting(const struct conversation *c, const struct name *request,
        struct slice body, uint64_t now_ms, struct decision *decision)
{
    struct author author = system_author();
    if (!is_living(c, decision))
        return;
    bool is_newest = name_equal(&c->request, request) && name_equal(&c->public_tail, request);
    if (c->phase != PHASE_QUEUED || !is_newest) {
        refuse(decision, REFUSAL_FENCED);
        return;
    }
    begin_draft(decision, c, &author, now_ms);
    entry_add(decision->draft, PART_MESSAGE)->body = body;
}

/* The token is an entry's name, which others have seen: an agent must also be the one it names. */
static bool holds_token(
        const struct conversation *c, const struct author *by, const struct name *owner)
{
    bool is_owner = by->kind != AUTHOR_AGENT || slice_equal(id_slice(&c->owner_id), by->id);
    return c->phase == PHASE_ACTIVE && is_owner && name_equal(&c->owner, owner);
}

/* What ended that token queued the case, and nobody has since. */
static bool has_handed_on(const struct conversation *c, const struct name *owner)
{
    return owner->seq != 0 && name_equal(&c->last_owner, owner) && c->request.seq > owner->seq &&
           (c->phase == PHASE_QUEUED || c->phase == PHASE_ACTIVE);
}

void conversation_requeue(const struct conversation *c, const struct requeue *requeue,
        uint64_t now_ms, struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    if (!holds_token(c, &requeue->by, &requeue->owner)) {
        if (has_handed_on(c, &requeue->owner))
            already(decision, &c->request);
        else
            refuse(decision, c->phase == PHASE_IDLE ? REFUSAL_CLOSED : REFUSAL_FENCED);
        return;
    }
    begin_draft(decision, c, &requeue->by, now_ms);
    add_owner(decision->draft, OWNER_NONE, SLICE_NONE, SLICE_NONE);
    add_queued(decision->draft, requeue->reason, requeue->handoff, requeue->to_agent,
            c->first_queued_ms);
}

void conversation_close(const struct conversation *c, const struct author *by,
        const struct name *owner, struct slice reason, uint64_t now_ms, struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    if (!holds_token(c, by, owner)) {
        if (c->phase == PHASE_IDLE && owner->seq != 0 && name_equal(&c->last_owner, owner))
            already(decision, &c->closed_at);
        else
            refuse(decision, c->phase == PHASE_IDLE ? REFUSAL_CLOSED : REFUSAL_FENCED);
        return;
    }
    begin_draft(decision, c, by, now_ms);
    struct part *part = entry_add(decision->draft, PART_CASE_CLOSED);
    part->reason = reason;
    part->ref = *owner;
}

void conversation_reopen(const struct conversation *c, const struct author *by, uint64_t now_ms,
        struct decision *decision)
{
    if (!is_living(c, decision))
        return;
    if (c->phase != PHASE_IDLE) {
        refuse(decision, REFUSAL_OPEN);
        return;
    }
    begin_draft(decision, c, by, now_ms);
    entry_add(decision->draft, PART_CASE_OPENED);
    add_queued(decision->draft, SLICE_OF("reopened"), SLICE_NONE, by->id, decision->draft->time_ms);
}
