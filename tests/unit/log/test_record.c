/* SPDX-License-Identifier: Apache-2.0 */
/* A record opens at its own place and nowhere else. */
#include "lib/test.h"
#include "log/record.h"
#include "port/crypto.h"

static const struct slice log_key = {"{ab}c:record", 12};
static const struct slice words = {"my parcel is lost", 17};
static uint8_t key[KEY_SIZE], nonce[SEAL_NONCE_SIZE];
static uint8_t stored[256], opened[256];
static size_t stored_len;
static struct record written;

static void store(const uint8_t *seal_key)
{
    memset(key, 7, sizeof key);
    memset(nonce, 9, sizeof nonce);
    written = (struct record){.at.seq = 12,
            .prev = {1, 2, 3, 4, 5, 6, 7, 8},
            .time_ms = 1700000000123,
            .plain = words};
    stored_len = record_write(&written, log_key, seal_key, nonce, stored);
    expect(stored_len <= words.len + RECORD_OVERHEAD_MAX);
}

static enum record_fault read_back(struct record *out)
{
    return record_read(slice_make(stored, stored_len), 12, log_key, key, opened, out);
}

static void a_record_reads_as_it_was_written(void)
{
    for (int is_sealed = 0; is_sealed <= 1; is_sealed++) {
        struct record record;
        store(is_sealed ? key : NULL);
        expect_u64(read_back(&record), RECORD_GOOD);
        expect(name_equal(&record.at, &written.at));
        expect(memcmp(record.prev, written.prev, MARK_SIZE) == 0);
        expect_u64(record.time_ms, written.time_ms);
        expect_slice(record.plain, words);
        expect(record.is_sealed == (is_sealed == 1) && written.is_sealed == record.is_sealed);
    }
}

/* As sealed ones were written until November 2026. */
static void an_older_version_is_still_read(void)
{
    uint8_t associated[17 + 8 + 12] = {RECORD_SEALED_MAPS, [24] = 12};
    struct record record;
    store(key);
    memcpy(associated + 1, stored + 1, 16);
    memcpy(associated + 25, log_key.bytes, log_key.len);
    stored[0] = RECORD_SEALED_MAPS;
    crypto_seal(key, nonce, words, slice_make(associated, sizeof associated), stored + 17);
    expect_u64(read_back(&record), RECORD_GOOD);
    expect_slice(record.plain, words);
    expect(record.is_sealed);
    stored[0] = RECORD_SEALED + 1;
    expect_u64(read_back(&record), RECORD_NEWER);
}

static void an_empty_record_is_a_record(void)
{
    struct record record, empty = {.at.seq = 1};
    for (int is_sealed = 0; is_sealed <= 1; is_sealed++) {
        size_t len = record_write(&empty, log_key, is_sealed ? key : NULL, nonce, stored);
        expect_u64(record_read(slice_make(stored, len), 1, log_key, key, opened, &record),
                RECORD_GOOD);
        expect_u64(record.plain.len, 0);
    }
}

/* A flip that makes it another version is told as such, or opens as something that is not sealed:
 * whoever reads a sealed log must refuse that. */
static void each_byte_flipped_is_refused(void)
{
    struct record record;
    store(key);
    for (size_t at = 0; at < stored_len; at++)
        for (int bit = 0; bit < 8; bit++) {
            test_note("byte %zu, bit %d", at, bit);
            stored[at] ^= (uint8_t)(1 << bit);
            enum record_fault fault = read_back(&record);
            expect(at == 0 ? fault != RECORD_GOOD || !record.is_sealed : fault == RECORD_MALFORMED);
            stored[at] ^= (uint8_t)(1 << bit);
        }
    stored[0] = RECORD_PLAIN;
    expect_u64(read_back(&record), RECORD_GOOD);
    expect(!record.is_sealed);
}

static void another_place_log_or_key_does_not_open_it(void)
{
    struct record record;
    uint8_t other_key[KEY_SIZE] = {0};
    store(key);
    struct slice bytes = slice_make(stored, stored_len);
    expect_u64(record_read(bytes, 13, log_key, key, opened, &record), RECORD_MALFORMED);
    expect_u64(record_read(bytes, 12, SLICE_OF("{ab}c:recorD"), key, opened, &record),
            RECORD_MALFORMED);
    expect_u64(record_read(bytes, 12, SLICE_OF("{ab}c:record2"), key, opened, &record),
            RECORD_MALFORMED);
    expect_u64(record_read(bytes, 12, log_key, other_key, opened, &record), RECORD_MALFORMED);
}

static void without_its_key_it_is_a_row_of_noise(void)
{
    struct record record;
    store(key);
    expect_u64(record_read(slice_make(stored, stored_len), 12, log_key, NULL, opened, &record),
            RECORD_KEYLESS);
    for (size_t at = 0; at + words.len <= stored_len; at++)
        expect(memcmp(stored + at, words.bytes, words.len) != 0);
}

static void every_shorter_record_is_refused(void)
{
    struct record record;
    for (int is_sealed = 0; is_sealed <= 1; is_sealed++) {
        store(is_sealed ? key : NULL);
        size_t least = is_sealed ? stored_len : stored_len - words.len;
        for (size_t len = 0; len < least; len++)
            expect_u64(record_read(slice_make(stored, len), 12, log_key, key, opened, &record),
                    RECORD_MALFORMED);
    }
}

static void the_mark_is_the_tag_or_random(void)
{
    store(key);
    expect(memcmp(written.at.mark, stored + stored_len - SEAL_TAG_SIZE, MARK_SIZE) == 0);
    struct name first = written.at;
    nonce[0]++;
    written.at = (struct name){.seq = 12};
    record_write(&written, log_key, key, nonce, stored);
    expect(!name_equal(&first, &written.at)); /* the same words again have another name */
    store(NULL);
    expect(memcmp(written.at.mark, nonce, MARK_SIZE) == 0);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_record_reads_as_it_was_written),
                    CASE(an_older_version_is_still_read), CASE(an_empty_record_is_a_record),
                    CASE(each_byte_flipped_is_refused),
                    CASE(another_place_log_or_key_does_not_open_it),
                    CASE(without_its_key_it_is_a_row_of_noise),
                    CASE(every_shorter_record_is_refused), CASE(the_mark_is_the_tag_or_random),
                    {0}});
}
