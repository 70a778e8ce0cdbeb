/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorded log tells of the outside.
 *
 * Invariant: a request is known from the entry that brought it in, and what is kept of it are facts
 * that no router decided: when it came, how long its agent thought about the offer, how long the
 * chat took, when the customer gave up.
 */
#include "lab/rerun.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_room(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t grown = *room ? *room * 2 : 256;
    void *moved = realloc(*items, grown * size);
    if (moved == NULL)
        return false;
    *items = moved;
    *room = grown;
    return true;
}

static struct slice name_of(const struct pool_key *key, char out[RERUN_NAME_MAX])
{
    int len = snprintf(
            out, RERUN_NAME_MAX, "%.*s:%" PRIu64, SLICE_ARGS(key->conversation), key->name.seq);
    return slice_make(out, (size_t)len);
}

static struct rerun_request *find(struct rerun_history *history, const struct pool_key *key)
{
    char name[RERUN_NAME_MAX];
    struct map_node *found = map_find(&history->by_name, name_of(key, name));
    return (struct rerun_request *)MAP_ITEM(found, struct rerun_request, by_name);
}

static struct rerun_request *find_or_add(
        struct rerun_history *history, const struct pool_key *key, uint64_t now_ms)
{
    struct rerun_request *request = find(history, key);
    if (request != NULL)
        return request;
    if (!has_room((void **)&history->requests, history->request_count, &history->request_room,
                sizeof(struct rerun_request *)))
        return NULL;
    request = calloc(1, sizeof *request);
    if (request == NULL)
        return NULL;
    request->queued_ms = now_ms;
    request->conversation_len = key->conversation.len;
    request->entry = key->name;
    request->number = (uint32_t)history->request_count;
    request->recorded.answered_ms = RERUN_NEVER;
    map_put(&history->by_name, &request->by_name, name_of(key, request->name));
    history->requests[history->request_count++] = request;
    return request;
}

static void take(struct rerun_request *request, const struct pool_entry *entry, uint64_t now_ms)
{
    snprintf(request->recorded.agent, sizeof request->recorded.agent, "%.*s",
            SLICE_ARGS(entry->agent));
    if (request->taken_ms == 0)
        request->recorded.answered_ms = now_ms - request->queued_ms;
    request->taken_ms = now_ms;
}

static void release(struct rerun_history *history, struct rerun_request *request, uint64_t now_ms)
{
    request->released_ms = now_ms;
    request->recorded.has_left = request->taken_ms == 0;
    if (request->taken_ms == 0)
        return;
    history->served++;
    history->serve_sum_ms += now_ms - request->taken_ms;
    history->serve_ms = history->serve_sum_ms / history->served;
}

static bool note(struct rerun_history *history, const struct pool_entry *entry, uint64_t now_ms)
{
    bool is_new = entry->kind == POOL_QUEUED || entry->kind == POOL_TAKEN ||
                  entry->kind == POOL_ADOPTED || entry->kind == POOL_SNAPSHOT_REQUEST;
    struct rerun_request *request =
            is_new ? find_or_add(history, &entry->request, now_ms) : find(history, &entry->request);
    if (request == NULL)
        return !is_new;
    if (entry->kind == POOL_SNAPSHOT_REQUEST && !history->is_begun) {
        request->is_old = true;
        if (entry->kept_request.state == POOL_ACTIVE)
            take(request, entry, now_ms);
    } else if (entry->kind == POOL_OFFERED) {
        request->offered_ms = now_ms;
    } else if (entry->kind == POOL_ACCEPTED) {
        request->pause_ms = now_ms - request->offered_ms;
        take(request, entry, now_ms);
    } else if (entry->kind == POOL_ASSIGNED || entry->kind == POOL_TAKEN ||
               entry->kind == POOL_ADOPTED) {
        take(request, entry, now_ms);
    } else if (entry->kind == POOL_RELEASED) {
        release(history, request, now_ms);
    }
    return true;
}

bool rerun_add(struct rerun_history *history, struct slice text, struct arena *scratch)
{
    struct pool_line line;
    arena_reset(scratch);
    if (!pool_line_read(text, scratch, &line) ||
            !has_room((void **)&history->lines, history->line_count, &history->line_room,
                    sizeof *history->lines))
        return false;
    bool is_snapshot = line.count > 0 && line.entries[0].kind == POOL_SNAPSHOT;
    if (!history->is_begun && line.at.seq != 1 && !is_snapshot)
        return true; /* what was before is not known */
    if (history->is_begun && is_snapshot)
        return true; /* it says nothing new */
    for (size_t i = 0; i < line.count; i++)
        if (!note(history, &line.entries[i], line.time_ms))
            return false;
    history->is_begun = true;
    history->lines[history->line_count++] = (struct rerun_line){text, line.time_ms};
    return true;
}

void rerun_finish(struct rerun_history *history)
{
    for (size_t i = 0; i < history->request_count; i++)
        free(history->requests[i]);
    map_finish(&history->by_name);
    free(history->requests);
    free(history->lines);
    *history = (struct rerun_history){0};
}
