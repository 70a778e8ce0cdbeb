/* SPDX-License-Identifier: Apache-2.0 */
/* What a device is shown: entries as they come, and pages of what came before.
 *
 * Invariant: it is only noted here; that it is what the log says is judge_words.c's to say. A
 * request for a page carries in its id when it was asked for, or how far the leafing has come, so
 * an answer that comes late is known as one.
 */
#include "cast_line.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAF_PER_MILLE = 60, PAGE_MAX = 20 };

/* Which of its parts counts: the words, or what is done to some. */
static const struct proto_part *part_of(const struct proto_entry_view *entry)
{
    for (size_t i = 0; i < entry->parts_count; i++)
        if (entry->parts[i].has_body || entry->parts[i].has_target)
            return &entry->parts[i];
    return NULL;
}

static void see(struct device *device, const struct proto_entry_view *entry, uint64_t asked_ms,
        struct seen *out)
{
    const struct proto_part *part = part_of(entry);
    *out = (struct seen){.at = entry->at, .after = entry->after};
    for (size_t i = 0; i < entry->parts_count; i++)
        if (entry->parts[i].kind == PROTO_PART_KIND_NOTE || entry->parts[i].has_handoff)
            device->fault = "a customer was shown what is for colleagues";
    if (part == NULL)
        return;
    out->kind = part->kind;
    out->target = part->target;
    if (part->has_body) {
        bool is_file = part->body.kind == PROTO_BODY_KIND_FILE;
        bool is_words = is_file || part->body.kind == PROTO_BODY_KIND_SYSTEM;
        if (is_file)
            files_see(device, &part->body);
        out->body = is_words ? PROTO_BODY_KIND_TEXT : part->body.kind;
        snprintf(out->text, sizeof out->text, "%.*s", SLICE_ARGS(part->body.text));
        line_hear(&device->line, part->body.text, asked_ms);
    }
}

void view_take(struct device *device, const struct proto_entry_view *entry)
{
    check(device->view_count < CAST_VIEW_MAX);
    see(device, entry, device->line.asked_ms, &device->view[device->view_count++]);
}

/* ---- pages ------------------------------------------------------------------------------------
 */

static void ask(struct device *device, char what, uint64_t number, const struct name *before)
{
    char id[32];
    struct proto_frame frame = {.kind = PROTO_KIND_HISTORY};
    int len = snprintf(id, sizeof id, "%c%" PRIu64, what, number);
    frame.as.history = (struct proto_history){.id = slice_make(id, (size_t)len),
            .has_before = before != NULL,
            .before = before ? *before : (struct name){0},
            .has_limit = true,
            .limit = PAGE_MAX};
    fake_client_send(&device->line.client, &frame);
}

void view_leaf(struct device *device)
{
    struct leafing *leafing = &device->leafing;
    if (device->line.is_lively && fake_random_chance(device->line.random, LEAF_PER_MILLE))
        ask(device, 'h', device->line.clock->now_ms, NULL);
    if (leafing->is_wanted && !leafing->is_done)
        ask(device, 'l', leafing->count,
                leafing->count ? &leafing->rows[leafing->count - 1].after : NULL);
}

void view_fill(struct device *device)
{
    if (device->view_count > 0 && device->view[0].after.seq != 0)
        ask(device, 'f', device->view[0].at.seq, &device->view[0].after);
}

/* A late answer to what was asked before a reset, or was answered already, does not link. */
static void take_earlier(struct device *device, const struct proto_page *page)
{
    struct seen *view = device->view;
    size_t count = page->entries_count;
    if (count == 0 || device->view_count == 0 ||
            !name_equal(&page->entries[count - 1].at, &view[0].after))
        return;
    check(device->view_count + count <= CAST_VIEW_MAX);
    memmove(view + count, view, device->view_count * sizeof *view);
    device->view_count += count;
    for (size_t i = 0; i < count; i++) {
        see(device, &page->entries[i], device->line.asked_ms, &view[i]);
        outbox_take(device, &page->entries[i]);
    }
    view_fill(device);
}

static void take_leaf(struct device *device, const struct proto_page *page)
{
    struct leafing *leafing = &device->leafing;
    check(leafing->count + page->entries_count <= CAST_VIEW_MAX);
    for (size_t i = page->entries_count; i > 0; i--)
        see(device, &page->entries[i - 1], 0, &leafing->rows[leafing->count++]);
    leafing->is_done = !page->more;
    tally_action(ACTION_LEAF);
    if (!leafing->is_done)
        view_leaf(device);
}

void view_take_page(struct device *device, const struct proto_page *page)
{
    char text[24] = "";
    struct seen seen;
    check(page->id.len > 1 && page->id.len <= sizeof text);
    memcpy(text, page->id.bytes + 1, page->id.len - 1);
    uint64_t number = strtoull(text, NULL, 10);
    if (page->id.bytes[0] == 'l') {
        if (device->leafing.is_wanted && !device->leafing.is_done &&
                number == device->leafing.count)
            take_leaf(device, page);
        return;
    }
    if (page->id.bytes[0] == 'f') {
        take_earlier(device, page);
        return;
    }
    tally_action(ACTION_PAGE);
    for (size_t i = 0; i < page->entries_count; i++)
        see(device, &page->entries[i], number, &seen);
}
