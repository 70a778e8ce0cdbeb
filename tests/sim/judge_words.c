/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a conversation, judged.
 *
 * Invariant: the log is decoded here as it is stored. Which words hold is worked out anew, entry by
 * entry, by nothing that the nodes use: they withhold what is gone by a table in their fold.
 */
#include "judge_words.h"

#include "flow/entry_codec.h"

#include <inttypes.h>
#include <stdio.h>

#define broken(...) (snprintf(why, sizeof why, __VA_ARGS__), why)
static char why[WORLD_WORDS_MAX];

/* ---- the log ----------------------------------------------------------------------------------
 */

/* 0: none. */
static size_t row_at(const struct words *words, const struct name *at)
{
    for (size_t i = words->count; i > 0; i--)
        if (name_equal(&words->rows[i].at, at))
            return i;
    return 0;
}

static const char *amend(struct words *words, struct row *row, size_t index)
{
    struct row *meant = &words->rows[row->target];
    if (row->target == 0 || meant->kind != PART_MESSAGE)
        return broken(
                "seq %" PRIu64 ": something was done to words that are not there", row->at.seq);
    if (meant->is_deleted)
        return broken("seq %" PRIu64 ": something was done to deleted words", row->at.seq);
    if (row->kind == PART_REACTED)
        return NULL;
    if (meant->author != row->author)
        return broken("seq %" PRIu64 ": somebody's words were changed by another", row->at.seq);
    for (size_t i = row->target; i < index; i++) {
        struct row *older = &words->rows[i];
        bool is_of_it =
                i == row->target || (older->kind == PART_EDITED && older->target == row->target);
        if (!is_of_it)
            continue;
        older->is_deleted = row->kind == PART_DELETED;
        if (older->gone_by == 0)
            older->gone_by = index;
    }
    return NULL;
}

static bool is_same_target(
        const struct device *device, const struct sent *sent, const struct name *target)
{
    const struct name *meant =
            sent->target_n ? &device->outbox.sent[sent->target_n].at : &sent->target;
    return name_equal(meant, target);
}

/* Is it what the device did under that number? */
static const char *compare_sent(
        const struct device *device, const struct row *row, const struct part *part)
{
    static const enum part_kind kinds[] = {PART_MESSAGE, PART_EDITED, PART_DELETED, PART_REACTED};
    const struct sent *sent = &device->outbox.sent[row->n];
    if (sent->was_refused)
        return NULL;
    if (row->kind != kinds[sent->deed])
        return broken("seq %" PRIu64 ": the device did something else", row->at.seq);
    if (row->text[0] != '\0' && strcmp(row->text, sent->text) != 0)
        return broken("seq %" PRIu64 ": the device said something else", row->at.seq);
    if (row->has_file != (sent->file == FILE_UPLOADED))
        return broken("seq %" PRIu64 ": the device attached something else", row->at.seq);
    if (sent->deed != DEED_SAY && !is_same_target(device, sent, &part->ref))
        return broken("seq %" PRIu64 ": the device meant something else", row->at.seq);
    if (sent->deed == DEED_REACT && (part->number != 0) != (sent->text[0] != '\0'))
        return broken("seq %" PRIu64 ": the device felt something else", row->at.seq);
    return NULL;
}

static const struct part *part_of(const struct entry *entry)
{
    for (size_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        bool is_it = part->kind == PART_MESSAGE || part->kind == PART_EDITED ||
                     part->kind == PART_DELETED || part->kind == PART_REACTED;
        if (is_it && part->visibility == VISIBLE_TO_ALL)
            return part;
    }
    return NULL;
}

const char *words_read(
        struct words *words, struct world *world, const struct entry *entry, struct arena *scratch)
{
    struct row *row = &words->rows[++words->count];
    const struct part *part = part_of(entry);
    struct proto_body body;
    const char *fault = NULL;
    *row = (struct row){.at = entry->at, .author = entry->author.kind};
    if (part == NULL)
        return NULL;
    row->kind = part->kind;
    row->n = part->n;
    if (part->body.len > 0 && body_decode(part->body, scratch, &body)) {
        snprintf(row->text, sizeof row->text, "%.*s", SLICE_ARGS(body.text));
        row->has_file = body.kind == PROTO_BODY_KIND_FILE;
    }
    if (row->kind != PART_MESSAGE) {
        row->target = row_at(words, &part->ref);
        fault = amend(words, row, words->count);
    }
    for (unsigned i = 0; i < DEVICES && fault == NULL; i++)
        if (slice_is(part->lineage, world->devices[i].outbox.lineage)) {
            row->device = i;
            fault = compare_sent(&world->devices[i], row, part);
        }
    return fault;
}

/* ---- what is shown ----------------------------------------------------------------------------
 */

/* What stands there for somebody who asks in the end. */
static enum proto_body_kind body_of(const struct row *row)
{
    if (row->kind != PART_MESSAGE && row->kind != PART_EDITED)
        return (enum proto_body_kind)0;
    return row->is_deleted     ? PROTO_BODY_KIND_DELETED
           : row->gone_by != 0 ? PROTO_BODY_KIND_EDITED
                               : PROTO_BODY_KIND_TEXT;
}

static enum proto_part_kind word_of(const struct row *row)
{
    return row->kind == PART_MESSAGE   ? PROTO_PART_KIND_MESSAGE
           : row->kind == PART_EDITED  ? PROTO_PART_KIND_EDITED
           : row->kind == PART_DELETED ? PROTO_PART_KIND_DELETED
           : row->kind == PART_REACTED ? PROTO_PART_KIND_REACTED
                                       : (enum proto_part_kind)0;
}

/* now: it was asked for in the end, so it is as it holds then; else it may be as it was. */
static const char *compare_shown(
        const struct words *words, const struct row *row, const struct seen *seen, bool is_now)
{
    const struct name none = {0};
    const struct name *target = row->target ? &words->rows[row->target].at : &none;
    bool has_words = seen->body == PROTO_BODY_KIND_TEXT;
    if (!name_equal(&row->at, &seen->at))
        return broken("another entry at %" PRIu64, row->at.seq);
    if (seen->kind != word_of(row) || !name_equal(target, &seen->target))
        return broken("other deeds at %" PRIu64, row->at.seq);
    if (has_words && strcmp(row->text, seen->text) != 0)
        return broken("other words at %" PRIu64, row->at.seq);
    if (is_now && seen->body != body_of(row))
        return broken("words at %" PRIu64 " as they do not hold any more (%d, not %d)", row->at.seq,
                seen->body, body_of(row));
    if (!has_words && body_of(row) == PROTO_BODY_KIND_TEXT)
        return broken("no words at %" PRIu64 ", which hold", row->at.seq);
    return NULL;
}

static size_t files_that_hold(const struct words *words)
{
    size_t count = 0;
    for (size_t i = 1; i <= words->count; i++)
        count += words->rows[i].has_file && words->rows[i].gone_by == 0;
    return count;
}

const char *words_judge_views(const struct words *words, const struct device *device)
{
    const struct leafing *leafing = &device->leafing;
    const char *fault = NULL;
    if (device->view_count != words->count)
        return broken("saw %zu entries of %zu", device->view_count, words->count);
    for (size_t i = 0; i < device->view_count && fault == NULL; i++)
        fault = compare_shown(words, &words->rows[i + 1], &device->view[i], false);
    if (fault != NULL || !leafing->is_wanted)
        return fault;
    if (device->files.shown_count != files_that_hold(words))
        return broken(
                "was shown %zu files of %zu", device->files.shown_count, files_that_hold(words));
    if (!leafing->is_done || leafing->count != words->count)
        return broken("leafed through %zu entries of %zu", leafing->count, words->count);
    for (size_t i = 0; i < leafing->count && fault == NULL; i++)
        fault = compare_shown(words, &words->rows[words->count - i], &leafing->rows[i], true);
    return fault;
}

/* A page is read without a barrier: an old master that is cut off, and does not know it, shows what
 * was (docs/explanation/delivery.md). */
bool is_asked_of_old(const struct world *world, uint64_t asked_ms)
{
    for (unsigned i = 0; i < world->split_count; i++)
        if (asked_ms >= world->splits[i].from_ms && asked_ms <= world->splits[i].to_ms)
            return true;
    return false;
}

const char *words_judge_heard(const struct words *words, const struct world *world)
{
    for (size_t i = 1; i <= words->count; i++) {
        const struct row *row = &words->rows[i], *by = &words->rows[row->gone_by];
        if (row->n == 0 || row->gone_by == 0 || by->n == 0)
            continue;
        const struct device *device = &world->devices[row->device];
        const struct sent *deed = &world->devices[by->device].outbox.sent[by->n];
        uint64_t asked_ms = world->heard.asked_ms[word_number(device, device->lives, row->n)];
        if (!world->plan.is_lossy && deed->is_promised && asked_ms > deed->promised_ms &&
                !is_asked_of_old(world, asked_ms))
            return broken("the words at %" PRIu64 " were shown to who asked at %" PRIu64
                          " ms, and were gone since %" PRIu64 " ms",
                    row->at.seq, asked_ms, deed->promised_ms);
    }
    return NULL;
}
