/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks, judged: each is asked for once and by its customer, comes to an agent not before its
 * time, is ended once by who has the case, or by the customer; and whoever is to know of it does.
 *
 * Invariant: what is agreed is worked out here from the stored log alone. That a callback comes to
 * its end at all is verdict.c's to say: such a case is not at rest, nor settled while nobody looks
 * on.
 */
#include "judge_calls.h"

#include "tally.h"

#include <inttypes.h>
#include <stdio.h>

#define broken(...) (snprintf(why, sizeof why, __VA_ARGS__), why)
static char why[WORLD_WORDS_MAX];

/* What the store did not take is noted when the due index looks at it. */
enum { HEARD_MS = 3000, LATER_MS = 25000, CLOCKS_MS = 200 };
static const char supervisor[] = "ag2";

/* By how much an entry's time, or a node's clock, may be ahead of the clock on the wall. */
static uint64_t ahead_ms_max(const struct world *world)
{
    uint64_t sum_ms = CLOCKS_MS;
    for (unsigned i = 0; i < world->plan.fault_count; i++)
        if (world->plan.faults[i].kind == FAULT_CLOCK_BACK)
            sum_ms += world->plan.faults[i].ms;
    return sum_ms;
}

struct calls_entry {
    struct calls *calls;
    const struct world *world;
    const struct owners *before, *after;
    struct slice conversation;
    const struct entry *entry;
};

static bool is_by_owner(const struct calls_entry *at)
{
    return at->before->token.seq != 0 && at->entry->author.kind == AUTHOR_AGENT &&
           slice_is(at->entry->author.id, at->before->id);
}

static bool is_by_customer(const struct calls_entry *at)
{
    return at->entry->author.kind == AUTHOR_CUSTOMER;
}

/* ---- what customers do ------------------------------------------------------------------------
 */

static bool is_of(const struct calls_entry *at, const struct wish *wish)
{
    return slice_is(at->conversation, wish->conversation);
}

/* Calls in the chat have no number to know them by. */
static const char *read_asked(const struct calls_entry *at, const struct part *part)
{
    const struct world *world = at->world;
    uint64_t seq = at->entry->at.seq;
    bool is_known = false;
    if (!is_by_customer(at) || !at->before->is_waiting)
        return broken("seq %" PRIu64 ": a callback was agreed of a case that does not wait", seq);
    for (unsigned i = 0; i < DEVICES && !is_known; i++)
        for (unsigned w = 0; w < world->devices[i].calls.wish_count && !is_known; w++) {
            const struct wish *wish = &world->devices[i].calls.wishes[w];
            is_known = is_of(at, wish) && !wish->is_cancel && slice_is(part->name, wish->address) &&
                       wish->from_ms == part->number;
            if (is_known && wish->address[0] && at->calls->asked[i][w])
                return broken("seq %" PRIu64 ": a callback was agreed twice", seq);
            at->calls->asked[i][w] |= is_known;
        }
    return is_known ? NULL : broken("seq %" PRIu64 ": nobody asked for this callback", seq);
}

static const char *read_cancelled(const struct calls_entry *at)
{
    for (unsigned i = 0; i < DEVICES && is_by_customer(at); i++)
        for (unsigned w = 0; w < at->world->devices[i].calls.wish_count; w++)
            if (is_of(at, &at->world->devices[i].calls.wishes[w]) &&
                    at->world->devices[i].calls.wishes[w].is_cancel)
                return NULL;
    return broken("seq %" PRIu64 ": nobody cancelled this callback", at->entry->at.seq);
}

/* ---- what agents do ---------------------------------------------------------------------------
 */

static bool is_retold(const struct calls_entry *at, const struct told_call *told, bool is_reached)
{
    return told->is_recorded && name_equal(&told->owner, &at->before->token) &&
           (told->fate == CALL_REACHED) == is_reached;
}

static const char *read_outcome(const struct calls_entry *at, bool is_reached)
{
    uint64_t seq = at->entry->at.seq;
    if (!is_by_owner(at))
        return broken("seq %" PRIu64 ": an outcome by somebody who does not have the case", seq);
    for (unsigned i = 0; i < DESKS; i++)
        for (unsigned k = 0; k < at->world->desks[i].calls.told_count; k++)
            if (is_retold(at, &at->world->desks[i].calls.told[k], is_reached))
                return NULL;
    return broken("seq %" PRIu64 ": an outcome that nobody recorded", seq);
}

static const char *read_missed(const struct calls_entry *at, const struct part *part)
{
    const struct agreed_call *agreed = &at->calls->now;
    uint64_t seq = at->entry->at.seq;
    const char *fault = read_outcome(at, false);
    if (fault != NULL)
        return fault;
    if (!at->after->is_waiting || part->n != agreed->attempts + 1 || part->n >= CALL_ATTEMPTS)
        return broken("seq %" PRIu64 ": attempt %" PRIu64 " after %" PRIu64, seq, part->n,
                agreed->attempts);
    if (!slice_is(part->name, agreed->address) || !slice_is(part->channel, agreed->channel))
        return broken("seq %" PRIu64 ": the next attempt goes elsewhere", seq);
    if (part->number + ahead_ms_max(at->world) < at->entry->time_ms + CALL_RETRY_MS)
        return broken("seq %" PRIu64 ": the next attempt comes too soon", seq);
    return NULL;
}

static const char *read_given_up(const struct calls_entry *at)
{
    const char *fault = read_outcome(at, false);
    bool is_last = at->calls->now.attempts + 1 == CALL_ATTEMPTS;
    bool is_told = entry_part(at->entry, PART_MESSAGE) && entry_part(at->entry, PART_CASE_CLOSED);
    tally_action(ACTION_CALL_GIVEN_UP);
    if (fault == NULL && !(is_last && is_told))
        fault = broken("seq %" PRIu64 ": a callback was given up too soon, or in silence",
                at->entry->at.seq);
    return fault;
}

/* Reached by who called, or because they write. */
static const char *read_reached(const struct calls_entry *at)
{
    bool is_said = is_by_customer(at) && entry_part(at->entry, PART_MESSAGE);
    return is_said ? NULL : read_outcome(at, true);
}

/* ---- the log ----------------------------------------------------------------------------------
 */

static void set_agreed(struct agreed_call *agreed, const struct part *part)
{
    *agreed = (struct agreed_call){
            .is_agreed = part->channel.len > 0, .due_ms = part->number, .attempts = part->n};
    snprintf(agreed->channel, sizeof agreed->channel, "%.*s", SLICE_ARGS(part->channel));
    snprintf(agreed->address, sizeof agreed->address, "%.*s", SLICE_ARGS(part->name));
}

static const char *read_callback(const struct calls_entry *at, const struct part *part)
{
    bool is_asked = slice_is(part->reason, "asked");
    const char *fault = NULL;
    at->calls->is_changed = true;
    if (!is_asked && !at->calls->now.is_agreed)
        return broken("seq %" PRIu64 ": a callback ended that was not agreed", at->entry->at.seq);
    if (is_asked)
        fault = read_asked(at, part);
    else if (slice_is(part->reason, "cancelled"))
        fault = read_cancelled(at);
    else if (slice_is(part->reason, "not_reached"))
        fault = read_missed(at, part);
    else if (slice_is(part->reason, "given_up"))
        fault = read_given_up(at);
    else if (slice_is(part->reason, "reached") || slice_is(part->reason, "returned"))
        fault = read_reached(at);
    else
        fault = broken("seq %" PRIu64 ": a callback ended somehow", at->entry->at.seq);
    set_agreed(&at->calls->now, part);
    return fault;
}

/* Of what they were told with that token, and never again; a failover takes back what came after
 * it, and was told. */
static const char *judge_told(const struct calls_entry *at)
{
    const struct agreed_call *agreed = &at->calls->at_owner;
    if (at->world->plan.is_lossy && at->world->split_count > 0)
        return NULL;
    for (unsigned i = 0; i < DESKS; i++)
        for (unsigned k = 0; k < at->world->desks[i].calls.told_count; k++) {
            const struct told_call *told = &at->world->desks[i].calls.told[k];
            if (!name_equal(&told->owner, &at->before->token))
                continue;
            if (!told->is_call && agreed->is_agreed && !at->calls->is_changed)
                return broken("seq %" PRIu64 ": a desk was not told to call back", told->owner.seq);
            if (told->is_call &&
                    (!agreed->is_agreed || strcmp(agreed->address, told->address) != 0 ||
                            agreed->attempts != told->attempts))
                return broken("seq %" PRIu64 ": a desk was told to call %s, for %s",
                        told->owner.seq, told->address, agreed->address);
        }
    return NULL;
}

/* A supervisor may take over what is not due. */
static const char *read_owner(const struct calls_entry *at, const struct part *part)
{
    struct calls *calls = at->calls;
    const char *fault = judge_told(at);
    bool is_early = calls->now.is_agreed &&
                    calls->now.due_ms > at->entry->time_ms + ahead_ms_max(at->world);
    const struct part *queued = entry_part(at->entry, PART_QUEUED);
    if (queued != NULL && slice_is(queued->reason, "agent_silent"))
        tally_action(ACTION_CALL_WITHOUT_OUTCOME);
    if (part->owner == OWNER_AGENT && is_early && !slice_is(part->id, supervisor))
        return broken("seq %" PRIu64 ": called back %" PRIu64 " ms before the time",
                at->entry->at.seq, calls->now.due_ms - at->entry->time_ms);
    calls->at_owner = calls->now;
    calls->is_changed = false;
    return fault;
}

/* So long as nothing changes that, supervisors are told of it. */
static void note_span(const struct calls_entry *at)
{
    struct calls *calls = at->calls;
    struct call_span *last = calls->span_count ? &calls->spans[calls->span_count - 1] : NULL;
    uint64_t now_ms = at->entry->time_ms;
    bool is_ahead = calls->now.is_agreed && at->after->is_waiting && calls->now.due_ms > now_ms;
    bool is_same = last != NULL && is_ahead && last->due_ms == calls->now.due_ms &&
                   last->to_ms == last->due_ms;
    if (is_same)
        return;
    if (last != NULL && now_ms < last->to_ms)
        last->to_ms = now_ms;
    if (is_ahead && calls->span_count < CALL_SPANS_MAX)
        calls->spans[calls->span_count++] =
                (struct call_span){now_ms, calls->now.due_ms, calls->now.due_ms};
}

/* ---- promises ---------------------------------------------------------------------------------
 */

static const char *compare_wish(const struct calls_entry *at, const struct wish *wish)
{
    const struct agreed_call *agreed = &at->calls->now;
    bool is_kept = wish->is_cancel ? !agreed->is_agreed
                                   : agreed->is_agreed && agreed->due_ms == wish->from_ms &&
                                             strcmp(agreed->address, wish->address) == 0;
    if (is_kept)
        return NULL;
    return broken("seq %" PRIu64 ": %s was promised, and is not so", at->entry->at.seq,
            wish->is_cancel ? "that a callback is cancelled" : "a callback");
}

static const char *compare_wishes(const struct calls_entry *at, unsigned device)
{
    const struct customer_calls *said = &at->world->devices[device].calls;
    for (unsigned w = 0; w < said->wish_count; w++) {
        const struct wish *wish = &said->wishes[w];
        if (!wish->is_promised || !is_of(at, wish) || !name_equal(&wish->at, &at->entry->at))
            continue;
        at->calls->found[device][w] = true;
        const char *fault = compare_wish(at, wish);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

static const char *compare_outcomes(const struct calls_entry *at, unsigned desk)
{
    const struct staff_calls *said = &at->world->desks[desk].calls;
    for (unsigned k = 0; k < said->told_count; k++) {
        const struct told_call *told = &said->told[k];
        if (!told->is_promised || !name_equal(&told->at, &at->entry->at))
            continue;
        at->calls->recorded[desk][k] = true;
        if (at->calls->now.is_agreed && name_equal(&at->after->token, &told->owner))
            return broken("seq %" PRIu64 ": an outcome was promised, and is not there",
                    at->entry->at.seq);
    }
    return NULL;
}

static const char *compare_promises(const struct calls_entry *at)
{
    const char *fault = NULL;
    for (unsigned i = 0; i < DEVICES && fault == NULL; i++)
        fault = compare_wishes(at, i);
    for (unsigned i = 0; i < DESKS && fault == NULL; i++)
        fault = compare_outcomes(at, i);
    return fault;
}

const char *calls_read(struct calls *calls, const struct world *world, const struct owners *before,
        const struct owners *after, struct slice conversation, const struct entry *entry)
{
    struct calls_entry at = {calls, world, before, after, conversation, entry};
    const char *fault = NULL;
    for (size_t i = 0; i < entry->part_count && fault == NULL; i++) {
        const struct part *part = &entry->parts[i];
        if (part->kind == PART_OWNER)
            fault = read_owner(&at, part);
        if (part->kind == PART_CALLBACK)
            fault = read_callback(&at, part);
        if (part->kind != PART_CASE_CLOSED)
            continue;
        fault = judge_told(&at);
        calls->now = calls->at_owner = (struct agreed_call){0};
    }
    note_span(&at);
    return fault ? fault : compare_promises(&at);
}

/* ---- at the end -------------------------------------------------------------------------------
 */

static bool is_shown(
        const struct call_list *list, struct slice conversation, const struct call_span *span)
{
    for (size_t i = 0; i < list->count; i++)
        if (slice_is(conversation, list->calls[i].conversation) &&
                list->calls[i].from_ms == span->due_ms)
            return true;
    return false;
}

static bool was_so(const struct calls *calls, const struct call_list *list, uint64_t due_ms)
{
    for (size_t i = 0; i < calls->span_count; i++)
        if (calls->spans[i].due_ms == due_ms &&
                calls->spans[i].from_ms <= list->heard_ms + CLOCKS_MS &&
                calls->spans[i].to_ms + HEARD_MS >= list->asked_ms)
            return true;
    return false;
}

static const char *judge_list(const struct calls *calls, const struct world *world,
        const struct call_list *list, struct slice conversation)
{
    bool is_forgotten = world->plan.is_lossy && world->split_count > 0; /* until it is looked at */
    for (size_t i = 0; i < calls->span_count && !list->has_more && !is_forgotten; i++) {
        const struct call_span *span = &calls->spans[i];
        uint64_t known_ms = span->from_ms + (span->from_ms < world->quiet_ms ? LATER_MS : HEARD_MS);
        if (known_ms <= list->asked_ms && list->heard_ms + CLOCKS_MS <= span->to_ms &&
                !is_shown(list, conversation, span))
            return broken("a supervisor who asked at %" PRIu64 " was not told of a callback at "
                          "%" PRIu64 ", agreed at %" PRIu64,
                    list->asked_ms, span->due_ms, span->from_ms);
    }
    for (size_t i = 0; i < list->count; i++)
        if (slice_is(conversation, list->calls[i].conversation) &&
                !was_so(calls, list, list->calls[i].from_ms))
            return broken("a supervisor who asked at %" PRIu64 " was told of a callback at %" PRIu64
                          " that there is not",
                    list->asked_ms, list->calls[i].from_ms);
    return NULL;
}

static const char *judge_lists(
        const struct calls *calls, const struct world *world, struct slice conversation)
{
    const char *fault = NULL;
    uint64_t from_ms = world->quiet_ms + ahead_ms_max(world) + HEARD_MS;
    for (unsigned i = 0; i < DESKS; i++)
        for (unsigned k = 0; k < world->desks[i].calls.list_count && fault == NULL; k++)
            if (world->desks[i].calls.lists[k].asked_ms > from_ms)
                fault = judge_list(calls, world, &world->desks[i].calls.lists[k], conversation);
    return fault;
}

static const char *judge_promises(
        const struct calls *calls, const struct world *world, struct slice conversation)
{
    for (unsigned i = 0; i < DEVICES; i++)
        for (unsigned w = 0; w < world->devices[i].calls.wish_count; w++) {
            const struct wish *wish = &world->devices[i].calls.wishes[w];
            if (wish->is_promised && slice_is(conversation, wish->conversation) &&
                    !calls->found[i][w])
                return broken("wish %u of device %u was promised at %" PRIu64
                              ", which is not in the log",
                        w, i, wish->at.seq);
        }
    for (unsigned i = 0; i < DESKS; i++)
        for (unsigned k = 0; k < world->desks[i].calls.told_count; k++) {
            const struct told_call *told = &world->desks[i].calls.told[k];
            if (told->is_promised && slice_is(conversation, told->conversation) &&
                    !calls->recorded[i][k])
                return broken("an outcome was promised at %" PRIu64 ", which is not in the log",
                        told->at.seq);
        }
    return NULL;
}

const char *calls_judge(
        const struct calls *calls, const struct world *world, struct slice conversation)
{
    const char *fault = judge_lists(calls, world, conversation);
    if (fault == NULL && !world->plan.is_lossy)
        fault = judge_promises(calls, world, conversation);
    return fault;
}
