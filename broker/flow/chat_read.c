/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what was said, as it stands now.
 *
 * Invariant: on_record is called only for records that the fold covers: the log is folded as far as
 * the record, and every page of amendments that may tell of the range was read, of the very fold
 * that holds during the call. Else a deleted body could get out by a node that has not heard of the
 * deletion. What is not covered is left out and announced again by on_moved; a reader who asked
 * for the newest has looked first.
 *
 * Of an erased conversation nothing is handed on, not even that entry: only followers, who were
 * shown what it takes back, are told it so.
 */
#include "flow/chat_read.h"

#include "base/check.h"

#include <stdlib.h>

static void read_pages(struct chat_read *read);

static void end(struct chat_read *read, enum log_outcome outcome)
{
    struct chat *chat = read->chat;
    bool is_answer = outcome == LOG_APPENDED || outcome == LOG_QUARANTINED;
    bool is_erased = chat->is_erased || chat_fold(chat)->phase == PHASE_ERASED;
    if (is_answer && is_erased && !read->is_of_follower) {
        outcome = LOG_MISSING;
        read->refusal = REFUSAL_ERASED;
    }
    free(read->paged);
    read->paged = NULL;
    read->is_under_way = false;
    read->done(read, outcome);
    chat_release(chat);
}

/* ---- the records ------------------------------------------------------------------------------
 */

static bool is_covered(const struct chat_read *read, const struct record *record)
{
    const struct chat *chat = read->chat;
    bool is_folded = chat->log.state == LOG_READY || chat->log.state == LOG_BROKEN;
    return is_folded && record->at.seq <= chat_fold(chat)->tail.seq &&
           chat_fold(chat)->amendments.page_seq == read->page_seq;
}

static void on_record(struct log_reader *reader, const struct record *record)
{
    struct chat_read *read = LIST_ITEM(reader, struct chat_read, reader);
    struct chat *chat = read->chat;
    if (read->is_cut)
        return;
    if (!is_covered(read, record)) {
        read->is_cut = !read->is_reverse || record->at.seq <= chat_fold(chat)->tail.seq;
        return;
    }
    chat->paging = read;
    read->on_record(read, record);
    chat->paging = NULL;
}

static void on_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct chat_read *read = LIST_ITEM(reader, struct chat_read, reader);
    struct chat *chat = read->chat;
    if (read->is_cut && !read->is_reverse && outcome == LOG_APPENDED)
        log_hint(&chat->log, chat_fold(chat)->tail.seq + 1);
    end(read, read->is_cut && read->is_reverse ? LOG_RETRY : outcome);
}

static void read_records(struct chat_read *read)
{
    read->reader = (struct log_reader){.from = read->from,
            .to = read->to,
            .count = read->count,
            .is_reverse = read->is_reverse,
            .is_patient = read->is_patient,
            .on_record = on_record,
            .done = on_read};
    log_read(&read->chat->log, &read->reader);
}

/* ---- the pages --------------------------------------------------------------------------------
 */

/* The first place that the read can come upon. */
static uint64_t lowest_of(const struct chat_read *read)
{
    uint64_t tail = chat_fold(read->chat)->tail.seq;
    uint64_t highest = read->to < tail ? read->to : tail;
    if (!read->is_reverse)
        return read->from;
    return highest > read->count ? highest - read->count + 1 : 1;
}

static bool is_known(const struct chat_read *read, const struct name *target)
{
    for (size_t i = 0; i < read->paged_count; i++)
        if (name_equal(&read->paged[i].target, target))
            return true;
    return false;
}

/* Whatever was amended before the range begins tells of nothing in it: neither of a message, which
 * lies before its amendment, nor of an edit that was overtaken. */
static void keep(struct chat_read *read, const struct amendment *amendment)
{
    if (amendment->by_seq < read->lowest || is_known(read, &amendment->target))
        return;
    struct amendment *grown = realloc(read->paged, (read->paged_count + 1) * sizeof *read->paged);
    check(grown != NULL);
    read->paged = grown;
    read->paged[read->paged_count++] = *amendment;
}

static void on_page(struct log_reader *reader, const struct record *record)
{
    struct chat_read *read = LIST_ITEM(reader, struct chat_read, reader);
    struct arena *scratch = &read->chat->node->scratch;
    size_t mark = scratch->used;
    struct entry entry;
    struct amendment amendment;
    const struct part *part = NULL;
    if (chat_read_entry(read->chat, record, &entry))
        part = entry_part(&entry, PART_AMENDMENTS);
    read->is_page_good = part != NULL;
    for (size_t i = 0; part != NULL && amendments_page_read(part->body, i, &amendment); i++)
        keep(read, &amendment);
    if (part != NULL) {
        read->next_page = part->number;
        read->next_up_to = part->from_seq;
    }
    scratch->used = mark;
}

static void on_page_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct chat_read *read = LIST_ITEM(reader, struct chat_read, reader);
    if (outcome == LOG_APPENDED && read->is_page_good)
        read_pages(read);
    else
        end(read, outcome == LOG_APPENDED ? LOG_RETRY : outcome);
}

static void read_pages(struct chat_read *read)
{
    if (read->next_page == 0 || read->next_up_to < read->lowest) {
        read_records(read);
        return;
    }
    read->is_page_good = false;
    read->reader = (struct log_reader){.from = read->next_page,
            .to = read->next_page,
            .count = 1,
            .is_patient = read->is_patient,
            .on_record = on_page,
            .done = on_page_read};
    log_read(&read->chat->log, &read->reader);
}

/* ---- the beginning ----------------------------------------------------------------------------
 */

static void begin(struct chat_read *read)
{
    const struct amendments *amendments = &chat_fold(read->chat)->amendments;
    read->lowest = lowest_of(read);
    read->page_seq = read->next_page = amendments->page_seq;
    read->next_up_to = amendments->paged_up_to;
    read_pages(read);
}

/* A no is said only on a tail that was proved to be the end after it was asked for (rule 6). */
static void decide_look(struct chat_change *change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    (void)change, (void)fold, (void)now_ms;
    decision->verdict = VERDICT_NO;
}

static void on_looked(struct chat_change *change, enum log_outcome outcome)
{
    struct chat_read *read = LIST_ITEM(change, struct chat_read, look);
    read->refusal = change->refusal;
    bool is_readable = (outcome == LOG_REFUSED && change->refusal == REFUSAL_NONE) ||
                       outcome == LOG_READ_ONLY || outcome == LOG_QUARANTINED;
    if (is_readable)
        begin(read);
    else
        end(read, outcome);
}

void chat_read(struct chat *chat, struct chat_read *read)
{
    check(!read->is_under_way);
    read->chat = chat;
    read->is_under_way = true;
    read->is_cut = false;
    read->refusal = REFUSAL_NONE;
    read->paged = NULL;
    read->paged_count = 0;
    chat_hold_again(chat);
    if (!read->is_fresh) {
        begin(read);
        return;
    }
    read->look = (struct chat_change){
            .log.is_patient = read->is_patient, .decide = decide_look, .done = on_looked};
    chat_change(chat, &read->look);
}
