/* SPDX-License-Identifier: Apache-2.0 */
/* The tally and its stage.
 *
 * Invariant: done of an ask is counted, so a test sees that it came once, and later than the call.
 */
#include "tally.h"

#include "base/check.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

static const struct slice log_key = {"{aa}c:tally", 11};

struct tally *tally_of(struct stage *stage, size_t node)
{
    return &stage->nodes[node].tally;
}

static void clear(struct log *log)
{
    struct tally *tally = LIST_ITEM(log, struct tally, log);
    tally->count = tally->before = tally->parts = 0;
}

static enum log_fold apply(struct log *log, const struct record *record)
{
    struct tally *tally = LIST_ITEM(log, struct tally, log);
    if (slice_is(record->plain, "new"))
        return LOG_FOLD_UNKNOWN;
    tally->applied++;
    if (slice_starts_with(record->plain, SLICE_OF("part ")))
        return LOG_FOLDED;
    check(tally->count < TALLY_WORDS_MAX); /* of a long word its beginning */
    struct tally_word *word = &tally->words[tally->count++];
    snprintf(word->text, sizeof word->text, "%.*s", SLICE_ARGS(record->plain));
    word->at = record->at;
    return LOG_FOLDED;
}

static bool holds_snapshot(struct log *log, const struct record *record)
{
    (void)log;
    return slice_starts_with(record->plain, SLICE_OF("="));
}

static enum log_fold restore(struct log *log, const struct record *record)
{
    struct tally *tally = LIST_ITEM(log, struct tally, log);
    char text[TALLY_WORD_MAX];
    check(record->plain.len < sizeof text);
    snprintf(text, sizeof text, "%.*s", SLICE_ARGS(record->plain));
    tally->before = strtoull(text + 1, NULL, 10);
    tally->restored++;
    return LOG_FOLDED;
}

static void on_record(struct log *log, const struct record *record)
{
    struct tally *tally = LIST_ITEM(log, struct tally, log);
    tally->told++;
    tally->last_told = record->at;
    check(record->stored.len <= sizeof tally->stored);
    tally->stored_len = record->stored.len;
    if (record->stored.len > 0)
        memcpy(tally->stored, record->stored.bytes, record->stored.len);
}

static void on_foreign(struct log *log, const struct record *record)
{
    struct tally *tally = LIST_ITEM(log, struct tally, log);
    tally->foreign++;
    tally->last_told = record->at;
}

static void on_moved(struct log *log)
{
    LIST_ITEM(log, struct tally, log)->moved++;
}

/* ---- parts ---- */

static bool read_part(struct slice plain, struct tally_part *out)
{
    char text[TALLY_WORD_MAX];
    unsigned long long seq, mark;
    int is_last;
    snprintf(text, sizeof text, "%.*s", SLICE_ARGS(plain));
    if (sscanf(text, "part %u %u %d %u %llu %llx", &out->writer, &out->index, &is_last, &out->words,
                &seq, &mark) != 6)
        return false;
    out->is_last = is_last != 0;
    out->base.seq = seq;
    memcpy(out->base.mark, &mark, MARK_SIZE);
    return true;
}

static bool part_of(struct log *log, const struct record *record, struct log_part *out_part)
{
    struct tally_part part;
    (void)log;
    if (!read_part(record->plain, &part))
        return false;
    *out_part = (struct log_part){part.base, part.writer, part.index, part.is_last};
    return true;
}

static enum log_fold restore_part(struct log *log, const struct record *record, uint64_t base_ms)
{
    struct tally *tally = LIST_ITEM(log, struct tally, log);
    struct tally_part part;
    expect(read_part(record->plain, &part));
    expect_u64(base_ms, 1); /* as strangers date it */
    tally->before += part.words;
    tally->parts++;
    return part.words <= 1000 ? LOG_FOLDED : LOG_FOLD_DAMAGED;
}

struct name stranger_saves(struct stage *stage, struct name tail, const struct tally_part *part)
{
    char word[TALLY_WORD_MAX];
    unsigned long long mark;
    memcpy(&mark, part->base.mark, MARK_SIZE);
    snprintf(word, sizeof word, "part %u %u %d %u %llu %llx", part->writer, part->index,
            part->is_last, part->words, (unsigned long long)part->base.seq, mark);
    return stranger_says(stage, tail, word);
}

const struct log_kind tally_kind = {.clear = clear,
        .apply = apply,
        .holds_snapshot = holds_snapshot,
        .restore = restore,
        .on_record = on_record,
        .on_moved = on_moved,
        .on_foreign = on_foreign,
        .part_of = part_of,
        .restore_part = restore_part};

static void on_generation(void *user, uint64_t generation)
{
    log_engine_on_generation(user, generation);
}

void stage_run(struct stage *stage)
{
    while (fake_clock_step(&stage->clock))
        continue;
}

void stage_begin(struct stage *stage, uint64_t seed)
{
    memset(stage, 0, sizeof *stage);
    memset(stage->key, 7, sizeof stage->key);
    fake_clock_init(&stage->clock, seed);
    stage->server = fake_server_create(&stage->clock, seed);
    for (size_t i = 0; i < TALLY_NODES; i++) {
        struct tally_node *node = &stage->nodes[i];
        node->store = fake_server_join(stage->server);
        fake_random_init(&node->random, seed * 16 + i + 1);
        check(log_engine_init(&node->engine, node->store, &node->random.base));
        node->store->on_generation = on_generation;
        node->store->on_generation_user = &node->engine;
        log_init(&node->tally.log, &node->engine, &tally_kind, log_key, SLICE_OF("{aa}due"),
                SLICE_OF("tally"));
        node->tally.log.seal_key = stage->key;
        node->engine.keeps_stored = true;
    }
    stage_run(stage);
}

void stage_begin_born(struct stage *stage, uint64_t seed)
{
    stage_begin(stage, seed);
    tally_of(stage, 0)->log.is_newborn = true;
    expect_u64(say(stage, 0, "born"), LOG_APPENDED);
}

void stage_end(struct stage *stage)
{
    stage_run(stage);
    for (size_t i = 0; i < TALLY_NODES; i++) {
        log_finish(&stage->nodes[i].tally.log);
        log_engine_finish(&stage->nodes[i].engine);
    }
    fake_server_destroy(stage->server);
    fake_clock_finish(&stage->clock);
}

static const struct tally_word *find(const struct tally *tally, const char *word)
{
    for (size_t i = 0; i < tally->count; i++)
        if (strcmp(tally->words[i].text, word) == 0)
            return &tally->words[i];
    return NULL;
}

bool holds_word(const struct tally *tally, const char *word)
{
    return find(tally, word) != NULL;
}

static enum log_decision decide(struct log_change *change, struct log *log, struct log_draft *draft)
{
    struct ask *ask = LIST_ITEM(change, struct ask, change);
    struct tally *tally = LIST_ITEM(log, struct tally, log);
    const struct tally_word *said = ask->is_once ? find(tally, ask->word) : NULL;
    ask->decided++;
    if (said != NULL) {
        change->result.at = said->at;
        return LOG_ALREADY;
    }
    if (ask->only_when != 0 && tally->count != ask->only_when)
        return LOG_NO;
    buffer_put_slice(&draft->plain, slice_of_string(ask->word));
    draft->time_ms = ask->clock->now_ms;
    draft->is_due = true;
    draft->due_at_ms = 5000;
    return LOG_APPEND;
}

static void on_done(struct log_change *change, struct log *log)
{
    struct ask *ask = LIST_ITEM(change, struct ask, change);
    (void)log;
    ask->done_count++;
    ask->done_ms = ask->clock->now_ms;
}

void ask_as_is(struct stage *stage, size_t node, struct ask *ask)
{
    ask->clock = &stage->clock;
    ask->decided = ask->done_count = 0;
    ask->change.decide = decide;
    ask->change.done = on_done;
    log_submit(&tally_of(stage, node)->log, &ask->change);
    expect_u64(ask->done_count, 0); /* later, never inside the call */
}

void ask(struct stage *stage, size_t node, struct ask *ask, const char *word)
{
    *ask = (struct ask){.word = word};
    ask_as_is(stage, node, ask);
}

void ask_once(struct stage *stage, size_t node, struct ask *ask, const char *word)
{
    *ask = (struct ask){.word = word, .is_once = true};
    ask_as_is(stage, node, ask);
}

enum log_outcome say(struct stage *stage, size_t node, const char *word)
{
    struct ask one;
    ask(stage, node, &one, word);
    stage_run(stage);
    expect_u64(one.done_count, 1);
    return one.change.result.outcome;
}

void stranger_writes(struct stage *stage, uint64_t seq, struct slice record)
{
    fake_server_append(stage->server, log_key, seq, record);
}

struct name stranger_says(struct stage *stage, struct name tail, const char *word)
{
    static uint8_t bytes[16 * 1024];
    uint8_t random[24];
    struct record record = {.at.seq = tail.seq + 1, .time_ms = 1, .plain = slice_of_string(word)};
    check(record.plain.len + RECORD_OVERHEAD_MAX <= sizeof bytes);
    memcpy(record.prev, tail.mark, MARK_SIZE);
    struct random *port = &stage->nodes[0].random.base;
    port->fill(port, random, sizeof random);
    size_t len = record_write(&record, log_key, stage->key, random, bytes);
    stranger_writes(stage, record.at.seq, slice_make(bytes, len));
    return record.at;
}

size_t stored_count_unlinked(struct stage *stage)
{
    struct store_item items[TALLY_WORDS_MAX];
    return fake_server_read(stage->server, log_key, 0, TALLY_WORDS_MAX, items);
}

size_t stored_count(struct stage *stage)
{
    struct store_item items[TALLY_WORDS_MAX];
    size_t count = fake_server_read(stage->server, log_key, 0, TALLY_WORDS_MAX, items);
    struct name tail = {0};
    for (size_t i = 0; i < count; i++) {
        struct record record;
        uint8_t plain[256];
        enum record_fault fault =
                record_read(items[i].value, items[i].number, log_key, stage->key, plain, &record);
        expect_u64(fault, RECORD_GOOD);
        expect_u64(record.at.seq, tail.seq + 1);
        expect(memcmp(record.prev, tail.mark, MARK_SIZE) == 0);
        tail = record.at;
    }
    return count;
}
