/* SPDX-License-Identifier: Apache-2.0 */
/* Owners, judged: one at a time; a case is closed, handed on and answered by whoever has it.
 *
 * Invariant: who owns a case is worked out here from the stored log alone. A transfer stands in it
 * at most once, what was promised is there in its place, and its packet comes to whoever has the
 * case next.
 */
#include "judge_owners.h"

#include "flow/entry_codec.h"

#include <inttypes.h>
#include <stdio.h>

#define broken(...) (snprintf(why, sizeof why, __VA_ARGS__), why)
static char why[WORLD_WORDS_MAX];
static const char supervisor[] = "ag2";

static bool is_owner(const struct owners *owners, const struct author *author)
{
    return owners->token.seq != 0 && slice_is(author->id, owners->id);
}

static void set_owner(struct owners *owners, const struct name *token, struct slice id)
{
    owners->token = *token;
    owners->is_waiting = false;
    owners->is_beside = owners->is_beside && token->seq != 0 && !slice_is(id, supervisor);
    snprintf(owners->id, sizeof owners->id, "%.*s", SLICE_ARGS(id));
}

/* ---- transfers --------------------------------------------------------------------------------
 */

static const struct transfer_model *transfer_at(
        const struct world *world, unsigned number, const struct agent_model **out_desk)
{
    unsigned desk = (number - 1) / CAST_TRANSFERS_MAX;
    if (number == CAST_NO_TRANSFER || desk >= DESKS)
        return NULL;
    *out_desk = &world->desks[desk];
    return &world->desks[desk].transfers[(number - 1) % CAST_TRANSFERS_MAX];
}

/* An entry that is read. */
struct owners_entry {
    struct owners *owners, before; /* before: as they were when it came */
    const struct world *world;
    struct slice conversation;
    const struct entry *entry;
    struct arena *scratch;
};

static const char *read_transfer(const struct owners_entry *at, const struct part *part)
{
    struct owners *owners = at->owners;
    const struct entry *entry = at->entry;
    const struct agent_model *desk = NULL;
    const struct transfer_model *transfer = transfer_at(at->world, owners->packet, &desk);
    uint64_t seq = entry->at.seq;
    if (transfer == NULL)
        return broken("seq %" PRIu64 ": a case was handed on by nobody", seq);
    if (owners->seen[owners->packet].seq != 0)
        return broken("seq %" PRIu64 ": a case was handed on twice", seq);
    owners->seen[owners->packet] = entry->at;
    if (!slice_is(at->conversation, transfer->conversation))
        return broken("seq %" PRIu64 ": another case was handed on", seq);
    if (!slice_is(entry->author.id, desk->id) || !is_owner(&at->before, &entry->author) ||
            !name_equal(&at->before.token, &transfer->owner))
        return broken("seq %" PRIu64 ": a case was handed on by somebody who did not own it", seq);
    if (!slice_is(part->id, transfer->to_agent))
        return broken("seq %" PRIu64 ": a case was handed on to another agent", seq);
    return NULL;
}

static const char *read_queued(const struct owners_entry *at, const struct part *part)
{
    struct proto_handoff packet = {0};
    at->owners->is_waiting = true;
    if (part->handoff.len > 0 && handoff_decode(part->handoff, at->scratch, &packet))
        at->owners->packet = transfer_number(packet.summary);
    bool is_later = slice_is(part->reason, "not_reached"); /* judge_calls.c */
    return at->entry->author.kind == AUTHOR_AGENT && !is_later ? read_transfer(at, part) : NULL;
}

/* ---- entries ----------------------------------------------------------------------------------
 */

/* Whoever was told of this very token was given the packet with it. */
static const char *compare_told(const struct owners_entry *at)
{
    for (unsigned i = 0; i < DESKS; i++)
        for (size_t k = 0; k < at->world->desks[i].chat_count; k++) {
            const struct agent_chat_model *chat = &at->world->desks[i].chats[k];
            if (name_equal(&chat->owner, &at->entry->at) && chat->packet != at->owners->packet)
                return broken("seq %" PRIu64 ": the owner got packet %u, not %u", at->entry->at.seq,
                        chat->packet, at->owners->packet);
        }
    return NULL;
}

static const char *read_owner(const struct owners_entry *at, const struct part *part)
{
    const struct name none = {0};
    if (part->owner != OWNER_AGENT) {
        set_owner(at->owners, &none, SLICE_NONE);
        return NULL;
    }
    bool is_taken = slice_is(part->id, supervisor);
    if (!at->owners->is_waiting && (!is_taken || at->owners->token.seq == 0))
        return broken("seq %" PRIu64 ": a case that did not wait got an owner", at->entry->at.seq);
    if (is_taken)
        at->owners->taken[at->owners->taken_count++] = at->entry->at;
    set_owner(at->owners, &at->entry->at, part->id);
    return compare_told(at);
}

/* Somebody speaks beside the owner from now on, or no longer. */
static const char *read_participant(const struct owners_entry *at, const struct part *part)
{
    at->owners->is_beside = part->number != 0;
    if (at->owners->is_beside && (at->owners->token.seq == 0 || !slice_is(part->id, supervisor)))
        return broken("seq %" PRIu64 ": somebody joined who may not", at->entry->at.seq);
    return NULL;
}

static const char *read_closed(const struct owners_entry *at, const struct part *part)
{
    const struct name none = {0};
    struct owners *owners = at->owners;
    bool is_theirs = is_owner(owners, &at->entry->author) && name_equal(&owners->token, &part->ref);
    if (at->entry->author.kind == AUTHOR_AGENT && !is_theirs)
        return broken("seq %" PRIu64 ": a case was closed by somebody who did not own it",
                at->entry->at.seq);
    set_owner(owners, &none, SLICE_NONE);
    owners->packet = CAST_NO_TRANSFER;
    return NULL;
}

static const char *read_message(const struct owners_entry *at, const struct part *part)
{
    const struct author *author = &at->entry->author;
    bool is_beside = at->owners->is_beside && slice_is(author->id, supervisor);
    if (author->kind == AUTHOR_AGENT && part->visibility == VISIBLE_TO_ALL && !is_beside &&
            !is_owner(at->owners, author))
        return broken("seq %" PRIu64 ": an agent spoke who was not the owner", at->entry->at.seq);
    return NULL;
}

const char *owners_read(struct owners *owners, const struct world *world, struct slice conversation,
        const struct entry *entry, struct arena *scratch)
{
    struct owners_entry at = {owners, *owners, world, conversation, entry, scratch};
    const char *fault = NULL;
    for (size_t i = 0; i < entry->part_count && fault == NULL; i++) {
        const struct part *part = &entry->parts[i];
        if (part->kind == PART_MESSAGE)
            fault = read_message(&at, part);
        if (part->kind == PART_OWNER)
            fault = read_owner(&at, part);
        if (part->kind == PART_QUEUED)
            fault = read_queued(&at, part);
        if (part->kind == PART_PARTICIPANT)
            fault = read_participant(&at, part);
        if (part->kind == PART_CASE_CLOSED)
            fault = read_closed(&at, part);
    }
    return fault;
}

/* An agent at two desks may hand a case on twice, to the same one: both are told of that one. */
static bool is_handed_on(const struct owners *owners, const struct world *world,
        const struct transfer_model *promised)
{
    const struct agent_model *desk = NULL;
    for (unsigned number = 1; number <= DESKS * CAST_TRANSFERS_MAX; number++) {
        const struct transfer_model *first = transfer_at(world, number, &desk);
        if (owners->seen[number].seq != 0 && name_equal(&owners->seen[number], &promised->at) &&
                name_equal(&first->owner, &promised->owner) &&
                strcmp(first->to_agent, promised->to_agent) == 0)
            return true;
    }
    return false;
}

static bool is_taken_at(const struct owners *owners, const struct name *at)
{
    for (size_t i = 0; i < owners->taken_count; i++)
        if (name_equal(&owners->taken[i], at))
            return true;
    return false;
}

static const char *judge_taken(
        const struct owners *owners, const struct agent_model *desk, struct slice conversation)
{
    for (unsigned i = 0; i < desk->taken_count; i++)
        if (slice_is(conversation, desk->taken[i].conversation) && !desk->may_lose &&
                !is_taken_at(owners, &desk->taken[i].at))
            return broken("a case was promised to be taken over at %" PRIu64
                          ", and the log does not say so",
                    desk->taken[i].at.seq);
    return NULL;
}

/* Who never had the case was not there for customers, whatever they read or typed. */
static const char *judge_discretion(
        const struct owners *owners, const struct device *device, struct slice conversation)
{
    bool is_theirs = slice_is(conversation, device->conversation);
    for (size_t i = 0; i < device->signs.count && is_theirs; i++)
        if (strcmp(device->signs.readers[i].id, supervisor) == 0 && owners->taken_count == 0 &&
                !device->may_lose)
            return broken("a customer knows of somebody who only looked on");
    return NULL;
}

const char *owners_judge(
        const struct owners *owners, const struct world *world, struct slice conversation)
{
    const struct agent_model *desk = NULL;
    for (unsigned number = 1; number <= DESKS * CAST_TRANSFERS_MAX; number++) {
        const struct transfer_model *transfer = transfer_at(world, number, &desk);
        bool is_promised = transfer->is_promised && !desk->may_lose;
        if (slice_is(conversation, transfer->conversation) && is_promised &&
                !is_handed_on(owners, world, transfer))
            return broken("transfer %u was promised, and is not in the log", number);
    }
    const char *fault = NULL;
    for (unsigned i = 0; i < DESKS && fault == NULL; i++)
        fault = judge_taken(owners, &world->desks[i], conversation);
    for (unsigned i = 0; i < DEVICES && fault == NULL; i++)
        fault = judge_discretion(owners, &world->devices[i], conversation);
    return fault;
}
