/* SPDX-License-Identifier: Apache-2.0 */
/* How the decide_*.c files begin a draft, and how they say no. Private to core/conversation. */
#ifndef WEFT_CORE_CONVERSATION_DRAFT_H
#define WEFT_CORE_CONVERSATION_DRAFT_H

#include "core/conversation/conversation.h"

static inline void refuse(struct decision *decision, enum refusal refusal)
{
    decision->verdict = VERDICT_NO;
    decision->refusal = refusal;
}

static inline void already(struct decision *decision, const struct name *at)
{
    decision->verdict = VERDICT_ALREADY;
    decision->already = *at;
}

static inline void begin_draft(struct decision *decision, const struct conversation *c,
        const struct author *author, uint64_t now_ms)
{
    struct entry *draft = decision->draft;
    decision->verdict = VERDICT_APPEND;
    decision->refusal = REFUSAL_NONE;
    draft->at = (struct name){.seq = c->tail.seq + 1};
    draft->time_ms = now_ms > c->time_ms ? now_ms : c->time_ms;
    draft->author = *author;
    draft->after_public = c->public_tail;
    draft->after_staff = c->staff_tail;
    draft->part_count = 0;
}

/* false, with the refusal said, when nobody may append any more. */
static inline bool is_living(const struct conversation *c, struct decision *decision)
{
    if (c->phase == PHASE_UNBORN)
        refuse(decision, REFUSAL_UNBORN);
    else if (c->phase == PHASE_ERASED)
        refuse(decision, REFUSAL_ERASED);
    else if (c->phase == PHASE_SUPERSEDED)
        refuse(decision, REFUSAL_SUPERSEDED);
    else
        return true;
    return false;
}

static inline struct author system_author(void)
{
    return (struct author){.kind = AUTHOR_SYSTEM};
}

static inline void add_owner(
        struct entry *draft, enum owner_kind kind, struct slice id, struct slice name)
{
    struct part *part = entry_add(draft, PART_OWNER);
    part->owner = kind;
    part->id = id;
    part->name = name;
}

static inline void add_turn(struct entry *draft, uint64_t attempt, uint64_t from_seq)
{
    struct part *part = entry_add(draft, PART_TURN);
    part->number = attempt;
    part->from_seq = from_seq;
}

static inline void add_queued(struct entry *draft, struct slice reason, struct slice handoff,
        struct slice to_agent, uint64_t first_queued_ms)
{
    struct part *part = entry_add(draft, PART_QUEUED);
    part->reason = reason;
    part->handoff = handoff;
    part->id = to_agent;
    part->number = first_queued_ms;
}

#endif
