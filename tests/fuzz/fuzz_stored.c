/* SPDX-License-Identifier: Apache-2.0 */
/* What is read back from the store: the first byte chooses record, entry, fold, pool or directory.
 * Whoever can write to Redis, or spoil its disk, writes these bytes.
 *
 * Guards: a record that does not hold is never taken; what decodes can be folded, shown and written
 * again, and reads back the same.
 */
#include "base/heap.h"
#include "core/route/pool.h"
#include "flow/directory_codec.h"
#include "flow/entry_codec.h"
#include "fuzz.h"
#include "log/record.h"
#include "port/crypto.h"
#include "stored/pool_codec.h"

enum { SCRATCH_SIZE = 4 * 1024 * 1024, OUTPUT_MAX = 512 * 1024, WAYS = 7 };

static char scratch_memory[SCRATCH_SIZE], first[OUTPUT_MAX], second[OUTPUT_MAX];
static struct arena scratch;

static void as_record(struct slice bytes)
{
    static uint8_t plain[RECORD_MAX];
    static const uint8_t key[KEY_SIZE] = {3};
    struct record record;
    if (bytes.len > RECORD_MAX)
        return;
    enum record_fault fault = record_read(bytes, 5, SLICE_OF("{01}c:x"), key, plain, &record);
    check(record.at.seq == 5);
    check(fault != RECORD_GOOD || !record.is_sealed); /* nobody guesses a seal */
    check(record_read(bytes, 5, SLICE_OF("{01}c:x"), NULL, plain, &record) != RECORD_GOOD ||
            !record.is_sealed);
}

static void see(struct entry *entry)
{
    struct proto_entry_view view;
    struct conversation fold = {0};
    entry_view(entry, SLICE_OF("a7qk2m5x3c9d1f8g6h4j0n2p5r"), false, &scratch, &view);
    entry_view(entry, SLICE_OF("a7qk2m5x3c9d1f8g6h4j0n2p5r"), true, &scratch, &view);
    conversation_apply(&fold, entry);
    entry->at.seq = fold.tail.seq + 1;
    conversation_apply(&fold, entry);
}

static void as_entry(struct slice bytes)
{
    static struct entry entry, again;
    struct buffer one = buffer_make(first, sizeof first), two = buffer_make(second, sizeof second);
    if (entry_decode(bytes, &scratch, &entry) != ENTRY_GOOD)
        return;
    entry.at = (struct name){1, {1}};
    entry_encode(&entry, &one);
    check(!one.overflowed);
    check(entry_decode(buffer_slice(&one), &scratch, &again) == ENTRY_GOOD);
    entry_encode(&again, &two);
    check(slice_equal(buffer_slice(&one), buffer_slice(&two)));
    see(&entry);
}

static void as_fold(struct slice bytes)
{
    static struct conversation fold, again;
    struct buffer one = buffer_make(first, sizeof first), two = buffer_make(second, sizeof second);
    struct pair pairs[ENTRY_PAIRS_MAX];
    if (!fold_decode(bytes, &scratch, &fold))
        return;
    conversation_pairs(&fold, pairs);
    fold_encode(&fold, &scratch, &one);
    check(!one.overflowed);
    check(fold_decode(buffer_slice(&one), &scratch, &again));
    fold_encode(&again, &scratch, &two);
    check(slice_equal(buffer_slice(&one), buffer_slice(&two)));
}

static void count_values(void *user, const struct pool_entry *entry)
{
    (void)entry;
    ++*(size_t *)user;
}

static void as_pool(struct slice bytes)
{
    const struct pool_entry *entries;
    size_t count = 0, values = 0;
    if (!pool_decode(bytes, &scratch, &entries, &count))
        return;
    struct pool *pool = pool_create((struct pool_memory){heap_resize, NULL}, 1);
    check(pool != NULL);
    for (size_t i = 0; i < count && i < 64; i++)
        pool_apply(pool, &(struct name){i + 1, {1}}, 1000 * i, &entries[i]);
    pool_snapshot(pool, count_values, &values);
    check(values <= 1 + 64 * 2);
    pool_destroy(pool);
}

static void as_directory(struct slice bytes)
{
    struct directory_value *value = NULL, *again = NULL;
    struct buffer one = buffer_make(first, sizeof first);
    if (directory_decode(bytes, &scratch, &value) != DIRECTORY_GOOD)
        return;
    directory_encode(value, &one);
    check(!one.overflowed);
    check(directory_decode(buffer_slice(&one), &scratch, &again) == DIRECTORY_GOOD);
    check(slice_equal(again->id, value->id) && again->number == value->number &&
            again->skill_count == value->skill_count);
    free(value);
    free(again);
}

static void as_body(struct slice bytes)
{
    struct proto_body body;
    if (body_decode(bytes, &scratch, &body))
        text_is_clean(body.text);
}

static void as_handoff(struct slice bytes)
{
    struct proto_handoff handoff;
    handoff_decode(bytes, &scratch, &handoff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ways[WAYS])(struct slice) = {
            as_record, as_entry, as_fold, as_pool, as_directory, as_body, as_handoff};
    if (size == 0 || size > OUTPUT_MAX / 4)
        return 0;
    arena_init(&scratch, scratch_memory, sizeof scratch_memory);
    char *bytes = fuzz_copy(data + 1, size - 1);
    ways[data[0] % WAYS](slice_make(bytes, size - 1));
    free(bytes);
    return 0;
}
