/* SPDX-License-Identifier: Apache-2.0 */
/* A page of what came before.
 *
 *   read backwards from `before`, counting what this reader may see --> write it oldest first
 *
 * Invariant: a page shows exactly what live delivery would have shown this reader. It may hold
 * fewer entries than asked for (a frame holds 64 KiB); `more` says whether older visible ones
 * exist.
 */
#include "base/check.h"
#include "flow/chat_read.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/files.h"
#include "flow/requests.h"

#include <stdlib.h>

enum { READ_COUNT = 96, PAGE_BYTES = 56 * 1024 };

struct history_read {
    struct chat_read read;
    struct chat *chat;
    struct session_handle session;
    struct id_text request_id;
    size_t limit, count, bytes;
    bool is_staff, is_full, is_started;
    size_t scratch_mark;
    struct name oldest_after;       /* of the oldest entry on the page */
    uint64_t lowest_seq;            /* that was looked at */
    struct proto_entry_view *views; /* newest first, in scratch */
};

static size_t view_size(const struct proto_entry_view *view)
{
    size_t size = 256;
    for (size_t i = 0; i < view->parts_count; i++) {
        size += 192 + 2 * body_room(&view->parts[i].body) +
                2 * event_room(view->parts[i].properties, view->parts[i].properties_count);
        if (view->parts[i].has_handoff)
            size += 16 * 1024;
    }
    return size;
}

static void on_record(struct chat_read *chat_read, const struct record *record)
{
    struct history_read *read = LIST_ITEM(chat_read, struct history_read, read);
    struct arena *scratch = &read->chat->node->scratch;
    struct entry entry;
    struct proto_entry_view view;
    if (!read->is_started) {
        read->is_started = true;
        read->scratch_mark = scratch->used;
        read->views = arena_take(scratch, read->limit * sizeof *read->views);
        check(read->views != NULL);
    }
    size_t mark = scratch->used;
    if (read->is_full || !chat_read_entry(read->chat, record, &entry))
        return;
    read->lowest_seq = record->at.seq;
    if (!entry_is_visible(&entry, read->is_staff) ||
            !entry_view(&entry, chat_id(read->chat), read->is_staff, scratch, &view)) {
        scratch->used = mark;
        return;
    }
    file_links_set(read->chat->node, &view);
    size_t size = view_size(&view);
    if (read->count == read->limit || (read->count > 0 && read->bytes + size > PAGE_BYTES) ||
            scratch->used > scratch->capacity / 2) {
        read->is_full = true;
        return;
    }
    read->bytes += size;
    read->oldest_after = view.after;
    read->views[read->count++] = view;
}

static void send_page(struct history_read *read, struct session *session)
{
    struct proto_frame frame = {.kind = PROTO_KIND_PAGE};
    for (size_t i = 0; i < read->count / 2; i++) {
        struct proto_entry_view swap = read->views[i];
        read->views[i] = read->views[read->count - 1 - i];
        read->views[read->count - 1 - i] = swap;
    }
    frame.as.page = (struct proto_page){.id = id_slice(&read->request_id),
            .conversation = chat_id(read->chat),
            .entries = read->views,
            .entries_count = read->count,
            .more = read->count > 0 && !name_is_none(&read->oldest_after)};
    session_send(session, &frame);
}

static void on_read(struct chat_read *chat_read_, enum log_outcome outcome)
{
    struct history_read *read = LIST_ITEM(chat_read_, struct history_read, read);
    struct chat *chat = read->chat;
    struct session *session = session_find(chat->node, read->session);
    bool is_empty_so_far = outcome == LOG_APPENDED && read->count == 0 && read->lowest_seq > 1;
    size_t mark = read->is_started ? read->scratch_mark : chat->node->scratch.used;
    if (session != NULL && is_empty_so_far && read->is_started) {
        /* nothing visible among these: further back */
        read->read.to = read->lowest_seq - 1;
        read->is_started = false;
        chat->node->scratch.used = mark;
        chat_read(chat, &read->read);
        return;
    }
    if (session != NULL && outcome == LOG_APPENDED)
        send_page(read, session);
    else if (session != NULL)
        session_error(session, id_slice(&read->request_id),
                outcome_code(outcome, read->read.refusal), NULL);
    chat->node->scratch.used = mark;
    free(read);
    chat_release(chat);
}

void history(struct session *session, const struct proto_history *request)
{
    struct chat *chat = request_chat(session, &request->id, request->conversation);
    if (chat == NULL)
        return;
    struct history_read *read = calloc(1, sizeof *read);
    check(read != NULL);
    uint64_t limit =
            request->has_limit && request->limit > 0 ? request->limit : PROTO_LIMIT_HISTORY_ENTRIES;
    *read = (struct history_read){.chat = chat,
            .session = session_handle(session),
            .limit = limit < PROTO_LIMIT_HISTORY_ENTRIES ? (size_t)limit
                                                         : PROTO_LIMIT_HISTORY_ENTRIES,
            .is_staff = session->role != CREDENTIAL_CUSTOMER};
    id_set(&read->request_id, request->id);
    read->read = (struct chat_read){.from = 0,
            .to = request->has_before ? request->before.seq : UINT64_MAX,
            .count = READ_COUNT,
            .is_reverse = true,
            .is_patient = true,
            .is_fresh = true,
            .on_record = on_record,
            .done = on_read};
    chat_read(chat, &read->read);
}
