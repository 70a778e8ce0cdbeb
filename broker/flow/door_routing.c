/* SPDX-License-Identifier: Apache-2.0 */
/* The admin door to a tenant's pool log: for explaining, replaying, and judging off-line.
 *
 *   GET /v1/admin/tenants/T/routing-log?from=SEQ   -> lines of JSON, the oldest first; empty: the
 * end
 *
 * Invariant: what is read is what is stored, each entry once and whole; a page ends where it is
 * full and the next one begins behind its last line. Nothing is folded here.
 */
#include "base/check.h"
#include "flow/directory.h"
#include "flow/door.h"
#include "flow/team.h"
#include "stored/pool_codec.h"

#include <stdlib.h>

enum { PAGE_ENTRIES = 64, PAGE_BYTES = 1024 * 1024 };

struct page {
    struct door door;
    struct team *team;
    struct log_reader reader;
    struct buffer body;
    bool is_full; /* or an entry could not be written: the page ends before it */
    char bytes[PAGE_BYTES];
};

static void on_record(struct log_reader *reader, const struct record *record)
{
    struct page *page = LIST_ITEM(reader, struct page, reader);
    struct arena *scratch = &page->door.node->scratch;
    struct pool_line line = {.at = record->at, .time_ms = record->time_ms};
    size_t mark = scratch->used, before = page->body.len;
    bool is_written = !page->is_full &&
                      pool_decode(record->plain, scratch, &line.entries, &line.count) &&
                      pool_line_write(&line, scratch, &page->body);
    buffer_put_slice(&page->body, SLICE_OF("\n"));
    if (!is_written || page->body.overflowed) {
        page->is_full = true;
        page->body.len = before;
        page->body.overflowed = false;
    }
    scratch->used = mark;
}

static void on_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct page *page = LIST_ITEM(reader, struct page, reader);
    struct node *node = page->door.node;
    struct http_reply reply = {.status = 200,
            .content_type = SLICE_OF("application/x-ndjson"),
            .body = buffer_slice(&page->body)};
    if (outcome == LOG_APPENDED && page->is_full && page->body.len == 0)
        door_refuse(&page->door, 409, PROTO_ERROR_CONFLICT,
                "This entry is too large to be shown; ask from the next one.");
    else if (outcome == LOG_APPENDED)
        node->http->ops->reply(node->http, page->door.exchange, &reply);
    else
        door_refuse_outcome(&page->door, outcome, REFUSAL_NONE);
    free(page);
}

/* "from=12"; 1 when it is not there. */
static uint64_t first_of(struct slice query)
{
    struct slice name = SLICE_OF("from=");
    uint64_t value = 0;
    if (!slice_starts_with(query, name))
        return 1;
    for (size_t i = name.len; i < query.len && i < name.len + 18; i++) {
        if (query.bytes[i] < '0' || query.bytes[i] > '9')
            return 1;
        value = value * 10 + (uint64_t)(query.bytes[i] - '0');
    }
    return value > 0 ? value : 1;
}

static void read_page(struct door *door, struct team *team, uint64_t from)
{
    struct page *page = malloc(sizeof *page);
    if (page == NULL) {
        door_refuse_later(door, 503, PROTO_ERROR_BUSY, 1000);
        return;
    }
    page->door = *door;
    page->team = team;
    page->is_full = false;
    page->body = buffer_make(page->bytes, sizeof page->bytes);
    page->reader = (struct log_reader){.from = from,
            .to = UINT64_MAX,
            .count = PAGE_ENTRIES,
            .on_record = on_record,
            .done = on_read};
    log_read(&team->log, &page->reader);
}

bool door_routing(struct door *door, const struct http_request *request)
{
    struct slice before = SLICE_OF("/v1/admin/tenants/"), after = SLICE_OF("/routing-log");
    struct slice path = request->path;
    if (!slice_starts_with(path, before) || path.len <= before.len + after.len ||
            memcmp(path.bytes + path.len - after.len, after.bytes, after.len) != 0)
        return false;
    if (!door_is_admin(door, request))
        return true;
    struct slice tenant = slice_make(path.bytes + before.len, path.len - before.len - after.len);
    bool is_known = directory_tenant(door->node, tenant) != NULL;
    struct team *team = is_known ? pools_team(door->node, tenant) : NULL;
    if (!is_known || request->method != HTTP_GET)
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, NULL);
    else if (team == NULL || !team_is_read(team))
        door_refuse_later(door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
    else
        read_page(door, team, first_of(request->query));
    return true;
}
