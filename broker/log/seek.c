/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a log: from the newest snapshot that is whole, or from the beginning.
 *
 *   newest page --> a snapshot in it: restore, fold the rest of the page
 *       | none                 `-- the last part of one: read on from its base, the parts alone
 *       v                                |  all there: the tail is the base; fold on from it
 *   the page before, ...                 `- one missing or damaged: look on, below that part
 *       | none at all
 *       v
 *   from entry 1 on
 *
 * Invariant: a tail that is restored is the fold after one entry that is in the log, under its own
 * mark; all that came after it is folded, and checked, as ever. Parts among the other entries are
 * folded as entries that change nothing, so it does not matter whose they are. What is read at a
 * time is bounded; how much in all is up to whoever saves: see flow/pool_parts.c.
 *
 * The newest page is looked through from its end, and folded towards it. What was opened on the way
 * there stays open for the way back: to open it is most of what a load costs.
 */
#include "log/load.h"

#include "base/check.h"

/* Parts are large, and restoring one takes as long as folding a hundred entries. */
enum { PARTS_COUNT = 16 };

static void on_reverse_page(void *user, const struct store_reply *reply);
static void on_forward_page(void *user, const struct store_reply *reply);
static void on_parts_page(void *user, const struct store_reply *reply);

static void read_back(struct load *load, uint64_t to)
{
    const struct log_kind *kind = load->log->kind;
    load->count = kind->load_count > 0 ? kind->load_count : LOG_LOAD_COUNT;
    load_read(load, 0, to, true, on_reverse_page);
}

static void read_forward(struct load *load, uint64_t from)
{
    load->count = LOG_LOAD_COUNT;
    load_read(load, from, UINT64_MAX, false, on_forward_page);
}

static void finish(struct load *load, bool is_good, uint64_t generation)
{
    struct log *log = load->log;
    if (is_good)
        load_become_ready(load, generation);
    load_free(load);
    log_work(log);
}

/* ---- looking for it ---------------------------------------------------------------------------
 */

/* Opens the record at this place of the page, which stays open while there is room. */
static bool open_on_page(
        struct log *log, const struct store_reply *reply, size_t at, struct record *out_record)
{
    struct log_page *page = log->engine->page;
    const struct store_item *item = &reply->items[at];
    bool stays = page->used + item->value.len <= sizeof page->bytes;
    uint8_t *room = stays ? page->bytes + page->used : log->engine->opened;
    enum log_fold fold = log_open_record(log, item, room, out_record);
    page->is_open[at] = stays && fold == LOG_FOLDED;
    if (page->is_open[at]) {
        page->records[at] = *out_record;
        page->used += out_record->plain.len;
    }
    return fold == LOG_FOLDED;
}

static bool fold_on_page(struct log *log, const struct store_reply *reply, size_t at)
{
    const struct log_page *page = log->engine->page;
    return page->is_open[at] ? log_fold_opened(log, LOG_FOLDED, &page->records[at])
                             : log_fold_item(log, &reply->items[at]);
}

/* The first record of the page, newest first, that holds a snapshot or its last part, which is
 * noted. item_count: there is none. */
static size_t find_snapshot(struct load *load, const struct store_reply *reply)
{
    struct log *log = load->log;
    struct log_page *page = log->engine->page;
    struct record record;
    struct log_part part;
    check(reply->item_count <= LOG_LOAD_COUNT);
    memset(page->is_open, 0, sizeof page->is_open);
    page->used = 0;
    for (size_t i = 0; log->kind->holds_snapshot != NULL && i < reply->item_count; i++) {
        if (!open_on_page(log, reply, i, &record))
            continue;
        if (log->kind->holds_snapshot(log, &record))
            return i;
        if (log->kind->part_of != NULL && log->kind->part_of(log, &record, &part) && part.is_last &&
                part.base.seq > 0 && part.base.seq < record.at.seq) {
            load->part = part;
            load->part_seq = record.at.seq;
            return i;
        }
    }
    return reply->item_count;
}

static bool restore(struct log *log, const struct store_item *item)
{
    struct record record;
    enum log_fold fold = log_open_record(log, item, log->engine->opened, &record);
    if (fold == LOG_FOLDED)
        fold = log->kind->restore(log, &record);
    if (fold != LOG_FOLDED) {
        log_break_at(log, fold);
        return false;
    }
    log->tail = record.at;
    log->time_ms = record.time_ms;
    return true;
}

/* The newest page reaches as far back as is needed. */
static void take_newest(struct load *load, const struct store_reply *reply, size_t snapshot)
{
    struct log *log = load->log;
    bool is_good = true;
    if (snapshot < reply->item_count)
        is_good = restore(log, &reply->items[snapshot]);
    for (size_t next = snapshot; is_good && next-- > 0;)
        is_good = fold_on_page(log, reply, next);
    finish(load, is_good, reply->generation);
}

static void read_parts(struct load *load)
{
    load->parts_read = 0;
    load->has_base = false;
    load->count = PARTS_COUNT;
    load_read(load, load->part.base.seq, load->part_seq, false, on_parts_page);
}

static bool is_unborn(const struct log *log)
{
    return log->is_newborn && log->tail.seq == 0;
}

static void on_reverse_page(void *user, const struct store_reply *reply)
{
    struct load *load = user;
    struct log *log = load->log;
    bool is_newest = !load->is_older;
    if (is_newest && load_is_to_begin(log, reply)) {
        load_begin(load, reply->generation);
        return;
    }
    if (!load_is_usable(load, reply)) {
        load_free(load);
        return;
    }
    if (is_newest || load->part_seq != 0)
        load_clear(log);
    load->is_older = true;
    load->part_seq = 0;
    size_t found = find_snapshot(load, reply);
    uint64_t lowest = reply->item_count > 0 ? reply->items[reply->item_count - 1].number : 0;
    if (load->part_seq != 0)
        read_parts(load);
    else if (is_newest && (found < reply->item_count || lowest == 1))
        take_newest(load, reply, found);
    else if (found < reply->item_count)
        read_forward(load, load->restored_seq = reply->items[found].number);
    else if (lowest <= 1 || log->kind->holds_snapshot == NULL)
        read_forward(load, 1);
    else
        read_back(load, lowest - 1);
}

/* ---- a snapshot in parts ----------------------------------------------------------------------
 */

static bool take_base(struct load *load, const struct store_item *item)
{
    struct record record;
    if (log_open_record(load->log, item, load->log->engine->opened, &record) != LOG_FOLDED ||
            !name_equal(&record.at, &load->part.base))
        return false;
    load->has_base = true;
    load->base_ms = record.time_ms;
    return true;
}

/* Others' parts and other entries lie between. Returns false when one of its own is not as it must
 * be. */
static bool take_part(struct load *load, const struct store_item *item)
{
    struct log *log = load->log;
    struct record record;
    struct log_part part;
    if (log_open_record(log, item, log->engine->opened, &record) != LOG_FOLDED ||
            !log->kind->part_of(log, &record, &part) || part.writer != load->part.writer ||
            !name_equal(&part.base, &load->part.base))
        return item->number != load->part_seq;
    return part.index == load->parts_read++ && part.is_last == (item->number == load->part_seq) &&
           log->kind->restore_part(log, &record, load->base_ms) == LOG_FOLDED;
}

static void on_parts_page(void *user, const struct store_reply *reply)
{
    struct load *load = user;
    struct log *log = load->log;
    if (!load_is_usable(load, reply)) {
        load_free(load);
        return;
    }
    bool is_good = reply->item_count > 0;
    for (size_t i = 0; is_good && i < reply->item_count; i++)
        is_good = load->has_base ? take_part(load, &reply->items[i])
                                 : take_base(load, &reply->items[i]);
    uint64_t last = is_good ? reply->items[reply->item_count - 1].number : 0;
    if (!is_good) {
        read_back(load, load->part_seq - 1);
    } else if (last < load->part_seq) {
        load_read(load, last + 1, load->part_seq, false, on_parts_page);
    } else {
        log->tail = load->part.base;
        log->time_ms = load->base_ms;
        read_forward(load, log->tail.seq + 1);
    }
}

/* ---- folding on -------------------------------------------------------------------------------
 */

static void on_forward_page(void *user, const struct store_reply *reply)
{
    struct load *load = user;
    struct log *log = load->log;
    if (!load_is_usable(load, reply)) {
        load_free(load);
        return;
    }
    bool is_good = true;
    size_t first = load->restored_seq != 0 && reply->item_count > 0 ? 1 : 0;
    if (first == 1)
        is_good = restore(log, &reply->items[0]);
    load->restored_seq = 0;
    for (size_t i = first; i < reply->item_count && is_good; i++)
        is_good = log_fold_item(log, &reply->items[i]);
    if (is_good && reply->item_count == load->count)
        read_forward(load, log->tail.seq + 1);
    else
        finish(load, is_good, reply->generation);
}

void log_load(struct log *log)
{
    struct store *store = log->engine->store;
    uint64_t generation = store->ops->generation(store);
    if (is_unborn(log) && !log->may_begin && generation != 0) {
        log->state = LOG_READY;
        log->generation = generation;
        log_work(log);
        return;
    }
    log->state = LOG_LOADING;
    read_back(load_create(log), UINT64_MAX);
}
