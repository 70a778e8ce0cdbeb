/* SPDX-License-Identifier: Apache-2.0 */
/* Living through a history again.
 *
 *   from the log    customers come and change, agents come, go and take cases by themselves
 *   made anew       offers, expiries, and who is set away for missing them: by the same core
 *   as recorded     the pause before an answer, the length of a chat, the patience of who gave up
 *
 * Every offer is accepted after the pause that was recorded for the request, unless it runs out
 * before. Invariant: with the log's own policy and the same core, differences from the record come
 * only from what is not simulated: declines, wrap-up, and chats that change their weight.
 */
#include "lab/rerun.h"

#include "base/check.h"
#include "base/heap.h"
#include "lab/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rerun {
    const struct rerun_history *history;
    const struct route_policy *given; /* NULL: the log's own */
    struct route_policy *own, standard;
    rerun_read_policy *read_policy;
    struct arena *scratch;
    struct rerun_fate *fates;
    struct pool *pool;
    struct pool_decisions *decisions;
    struct events events;
    struct name at;
    uint64_t now_ms, wakes_ms;
};

/* The request's number in the history; UINT32_MAX: not known. */
static uint32_t number_of(const struct rerun *rerun, const struct pool_key *key)
{
    char name[RERUN_NAME_MAX];
    int len = snprintf(
            name, sizeof name, "%.*s:%" PRIu64, SLICE_ARGS(key->conversation), key->name.seq);
    struct map_node *found = map_find(&rerun->history->by_name, slice_make(name, (size_t)len));
    const struct rerun_request *request = MAP_ITEM(found, struct rerun_request, by_name);
    return request != NULL ? request->number : UINT32_MAX;
}

static bool later(struct rerun *rerun, enum event_kind kind, uint32_t who, uint64_t at_ms)
{
    return events_add(&rerun->events,
            (struct event){.at_ms = at_ms, .ticket = rerun->at.seq, .kind = kind, .who = who});
}

/* ---- a request's life ---- */

static bool find_live(
        const struct rerun *rerun, uint32_t number, struct pool_request_view *out_view)
{
    const struct rerun_request *request = rerun->history->requests[number];
    struct pool_key key = {slice_make(request->name, request->conversation_len), request->entry};
    return pool_find(rerun->pool, &key, out_view);
}

static void write_terms(struct rerun_fate *fate, const struct pool_request_view *view)
{
    size_t len = 0;
    fate->terms[0] = '\0';
    for (size_t i = 0; i < view->term_count && len < sizeof fate->terms; i++)
        len += (size_t)snprintf(fate->terms + len, sizeof fate->terms - len, "%s%.*s %u",
                i ? ", " : "", SLICE_ARGS(view->terms[i].name), view->terms[i].value);
}

/* Somebody has it from now on: the chat takes as long as it took. */
static bool begin_chat(struct rerun *rerun, uint32_t number, struct slice agent)
{
    const struct rerun_request *request = rerun->history->requests[number];
    struct rerun_fate *fate = &rerun->fates[number];
    struct pool_request_view view;
    bool was_served = request->taken_ms != 0 && request->released_ms != 0;
    bool is_for_ever = request->taken_ms != 0 && request->released_ms == 0;
    uint64_t serve_ms =
            was_served ? request->released_ms - request->taken_ms : rerun->history->serve_ms;
    snprintf(fate->agent, sizeof fate->agent, "%.*s", SLICE_ARGS(agent));
    if (fate->answered_ms == RERUN_NEVER)
        fate->answered_ms = rerun->now_ms - request->queued_ms;
    if (find_live(rerun, number, &view))
        write_terms(fate, &view);
    return is_for_ever || later(rerun, EVENT_CHAT_ENDS, number, rerun->now_ms + serve_ms);
}

static enum pool_outcome say(struct rerun *rerun, const struct pool_entry *entry)
{
    rerun->at.seq++;
    return pool_apply(rerun->pool, &rerun->at, rerun->now_ms, entry);
}

static bool answer(struct rerun *rerun, uint32_t number, uint64_t offer_seq)
{
    struct pool_request_view view;
    if (!find_live(rerun, number, &view) || view.state != POOL_OFFER_OPEN ||
            view.offer.seq != offer_seq)
        return true;
    char agent[POOL_ID_MAX + 1];
    snprintf(agent, sizeof agent, "%.*s", SLICE_ARGS(view.agent));
    enum pool_outcome outcome = say(rerun, &(struct pool_entry){.kind = POOL_ACCEPTED,
                                                   .request = view.key,
                                                   .agent = slice_of_string(agent),
                                                   .offer = view.offer});
    return outcome == POOL_DONE && begin_chat(rerun, number, slice_of_string(agent));
}

static bool end(struct rerun *rerun, uint32_t number)
{
    struct pool_request_view view;
    if (!find_live(rerun, number, &view))
        return true;
    return say(rerun, &(struct pool_entry){.kind = POOL_RELEASED, .request = view.key}) !=
           POOL_FULL;
}

static bool give_up(struct rerun *rerun, uint32_t number)
{
    struct pool_request_view view;
    if (!find_live(rerun, number, &view) || view.state == POOL_ACTIVE)
        return true;
    rerun->fates[number].has_left = true;
    return end(rerun, number);
}

/* ---- the router ---- */

static const struct route_policy *policy_now(struct rerun *rerun)
{
    struct pool_policy newest = pool_policy(rerun->pool);
    if (rerun->given != NULL)
        return rerun->given;
    if (newest.version > 0 && (rerun->own == NULL || rerun->own->version != newest.version)) {
        struct route_policy *policy = rerun->read_policy(newest.text);
        if (policy != NULL) {
            free(rerun->own);
            rerun->own = policy;
            rerun->own->version = newest.version;
        }
    }
    return rerun->own != NULL ? rerun->own : &rerun->standard;
}

static bool take_decision(struct rerun *rerun, const struct pool_entry *entry)
{
    uint32_t number = number_of(rerun, &entry->request);
    char agent[POOL_ID_MAX + 1];
    snprintf(agent, sizeof agent, "%.*s", SLICE_ARGS(entry->agent));
    bool is_offer = entry->kind == POOL_OFFERED, is_given = entry->kind == POOL_ASSIGNED;
    if (pool_apply(rerun->pool, &rerun->at, rerun->now_ms, entry) != POOL_DONE ||
            number == UINT32_MAX)
        return true;
    uint64_t pause_ms = rerun->history->requests[number]->pause_ms;
    if (is_offer)
        return later(rerun, EVENT_ANSWERS, number, rerun->now_ms + pause_ms);
    return !is_given || begin_chat(rerun, number, slice_of_string(agent));
}

/* What a decision borrows from the pool must outlive the folding of what comes before it. */
static struct slice keep(struct rerun *rerun, struct slice text)
{
    return arena_copy(rerun->scratch, text);
}

static bool route(struct rerun *rerun)
{
    struct pool_decisions *decisions = rerun->decisions;
    do {
        arena_reset(rerun->scratch);
        pool_decide(rerun->pool, policy_now(rerun), rerun->now_ms, decisions);
        rerun->at.seq++;
        for (size_t i = 0; i < decisions->count; i++) {
            struct pool_entry *entry = &decisions->entries[i];
            entry->agent = keep(rerun, entry->agent);
            entry->request.conversation = keep(rerun, entry->request.conversation);
        }
        for (size_t i = 0; i < decisions->count; i++)
            if (!take_decision(rerun, &decisions->entries[i]))
                return false;
    } while (decisions->has_more);
    uint64_t due_ms = decisions->next_due_ms;
    if (due_ms == ROUTE_NEVER || due_ms <= rerun->now_ms ||
            (rerun->wakes_ms > rerun->now_ms && rerun->wakes_ms <= due_ms))
        return true;
    rerun->wakes_ms = due_ms;
    return later(rerun, EVENT_WAKE, 0, due_ms);
}

/* ---- what comes from outside ---- */

/* Was it decided by a router? Then it is decided anew. */
static bool is_decided(const struct pool_line *line, const struct pool_entry *entry)
{
    switch (entry->kind) {
    case POOL_ROUTER:
    case POOL_OFFERED:
    case POOL_ASSIGNED:
    case POOL_ACCEPTED:
    case POOL_DECLINED:
    case POOL_EXPIRED:
    case POOL_RELEASED:
    case POOL_WRAPPING:
    case POOL_WEIGHED:
    case POOL_PART:
    case POOL_UNKNOWN:
    case POOL_KIND_COUNT:
        return true;
    case POOL_STATUS: /* whoever missed too many offers */
        return line->entries[0].kind == POOL_EXPIRED;
    case POOL_PRESENCE:
    case POOL_AGENT_REMOVED:
    case POOL_QUEUED:
    case POOL_ADOPTED:
    case POOL_TAKEN:
    case POOL_SNAPSHOT:
    case POOL_SNAPSHOT_AGENT:
    case POOL_SNAPSHOT_REQUEST:
    case POOL_POLICY:
    case POOL_CHANGED:
    case POOL_SHIFT:
        break;
    }
    return false;
}

static bool hear(struct rerun *rerun, const struct pool_entry *entry)
{
    uint32_t number = number_of(rerun, &entry->request);
    const struct rerun_request *request =
            number == UINT32_MAX ? NULL : rerun->history->requests[number];
    if (pool_apply(rerun->pool, &rerun->at, rerun->now_ms, entry) != POOL_DONE || request == NULL)
        return true;
    bool has_agent = entry->kind == POOL_TAKEN || entry->kind == POOL_ADOPTED;
    bool is_active =
            entry->kind == POOL_SNAPSHOT_REQUEST && entry->kept_request.state == POOL_ACTIVE;
    if (has_agent || is_active)
        return begin_chat(rerun, number, entry->agent);
    bool gives_up = request->taken_ms == 0 && request->released_ms != 0;
    return !gives_up || later(rerun, EVENT_LOSES_PATIENCE, number, request->released_ms);
}

static bool hear_line(struct rerun *rerun, const struct rerun_line *recorded)
{
    struct pool_line line;
    arena_reset(rerun->scratch);
    if (!pool_line_read(recorded->text, rerun->scratch, &line))
        return false;
    rerun->at.seq++;
    for (size_t i = 0; i < line.count; i++)
        if (!is_decided(&line, &line.entries[i]) && !hear(rerun, &line.entries[i]))
            return false;
    return true;
}

static bool happen(struct rerun *rerun, struct event event)
{
    switch (event.kind) {
    case EVENT_ANSWERS:
        return answer(rerun, event.who, event.ticket);
    case EVENT_CHAT_ENDS:
        return end(rerun, event.who);
    case EVENT_LOSES_PATIENCE:
        return give_up(rerun, event.who);
    case EVENT_WAKE:
    case EVENT_SHIFT_BEGINS:
    case EVENT_SHIFT_ENDS:
        return true;
    }
    return true;
}

static bool live(struct rerun *rerun)
{
    const struct rerun_history *history = rerun->history;
    uint64_t last_ms = history->line_count ? history->lines[history->line_count - 1].time_ms : 0;
    size_t next = 0;
    for (;;) {
        uint64_t event_ms = events_next_ms(&rerun->events);
        bool is_line = next < history->line_count && history->lines[next].time_ms <= event_ms;
        if (!is_line && (rerun->events.count == 0 || event_ms > last_ms))
            return next == history->line_count; /* the record ends here, and so does this */
        rerun->now_ms = is_line ? history->lines[next].time_ms : event_ms;
        bool is_good = is_line ? hear_line(rerun, &history->lines[next++])
                               : happen(rerun, events_take(&rerun->events));
        if (!is_good || !route(rerun))
            return false;
    }
}

bool rerun_run(const struct rerun_history *history, const struct route_policy *policy,
        rerun_read_policy *read_policy, struct arena *scratch, struct rerun_fate *fates)
{
    struct rerun rerun = {.history = history,
            .given = policy,
            .standard = route_policy_default(),
            .read_policy = read_policy,
            .scratch = scratch,
            .fates = fates,
            .pool = pool_create((struct pool_memory){heap_resize, NULL}, 1),
            .decisions = malloc(sizeof(struct pool_decisions))};
    for (size_t i = 0; i < history->request_count; i++)
        fates[i] = (struct rerun_fate){.answered_ms = RERUN_NEVER};
    bool is_done = rerun.pool != NULL && rerun.decisions != NULL && live(&rerun);
    pool_destroy(rerun.pool);
    free(rerun.decisions);
    free(rerun.own);
    events_finish(&rerun.events);
    return is_done;
}
