/* SPDX-License-Identifier: Apache-2.0 */
/* Records: what one XADD stores.
 *
 *   version 3 · prev 8 · time_ms 8 · sealed { nonce 24 · ciphertext · tag 16 }   mark = tag[0..8]
 *   version 1: the same, with an older form of entry inside
 *   version 2 · prev 8 · time_ms 8 · mark 8 · plain
 *
 * Invariant: a sealed record opens only at its own place: version, log, seq, prev and time are the
 * seal's associated data. Integers are big endian.
 */
#include "log/record.h"

#include "base/buffer.h"
#include "base/check.h"
#include "port/crypto.h"

enum { HEAD_SIZE = 1 + MARK_SIZE + 8, ASSOCIATED_MAX = HEAD_SIZE + 8 + 128 };

static void put_u64(uint8_t *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t take_u64(const uint8_t *from)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | from[i];
    return value;
}

static struct slice associated_data(const uint8_t head[HEAD_SIZE], uint64_t seq,
        struct slice log_key, uint8_t storage[ASSOCIATED_MAX])
{
    check(log_key.len <= 128);
    memcpy(storage, head, HEAD_SIZE);
    put_u64(storage + HEAD_SIZE, seq);
    memcpy(storage + HEAD_SIZE + 8, log_key.bytes, log_key.len);
    return slice_make(storage, HEAD_SIZE + 8 + log_key.len);
}

size_t record_write(struct record *record, struct slice log_key, const uint8_t *key,
        const uint8_t random[24], uint8_t *out)
{
    uint8_t storage[ASSOCIATED_MAX];
    out[0] = key ? RECORD_SEALED : RECORD_PLAIN;
    memcpy(out + 1, record->prev, MARK_SIZE);
    put_u64(out + 1 + MARK_SIZE, record->time_ms);
    record->is_sealed = key != NULL;
    if (key == NULL) {
        memcpy(record->at.mark, random, MARK_SIZE);
        memcpy(out + HEAD_SIZE, random, MARK_SIZE);
        if (record->plain.len > 0)
            memcpy(out + HEAD_SIZE + MARK_SIZE, record->plain.bytes, record->plain.len);
        return HEAD_SIZE + MARK_SIZE + record->plain.len;
    }
    struct slice associated = associated_data(out, record->at.seq, log_key, storage);
    crypto_seal(key, random, record->plain, associated, out + HEAD_SIZE);
    size_t len = HEAD_SIZE + record->plain.len + SEAL_OVERHEAD;
    memcpy(record->at.mark, out + len - SEAL_TAG_SIZE, MARK_SIZE);
    return len;
}

static enum record_fault read_plain(struct slice bytes, uint8_t *out_plain, struct record *record)
{
    if (bytes.len < HEAD_SIZE + MARK_SIZE)
        return RECORD_MALFORMED;
    size_t len = bytes.len - HEAD_SIZE - MARK_SIZE;
    memcpy(record->at.mark, bytes.bytes + HEAD_SIZE, MARK_SIZE);
    memcpy(out_plain, bytes.bytes + HEAD_SIZE + MARK_SIZE, len);
    record->plain = slice_make(out_plain, len);
    return RECORD_GOOD;
}

static enum record_fault read_sealed(struct slice bytes, struct slice log_key, const uint8_t *key,
        uint8_t *out_plain, struct record *record)
{
    uint8_t storage[ASSOCIATED_MAX];
    if (bytes.len < HEAD_SIZE + SEAL_OVERHEAD)
        return RECORD_MALFORMED;
    memcpy(record->at.mark, bytes.bytes + bytes.len - SEAL_TAG_SIZE, MARK_SIZE);
    if (key == NULL)
        return RECORD_KEYLESS;
    struct slice associated =
            associated_data((const uint8_t *)bytes.bytes, record->at.seq, log_key, storage);
    struct slice sealed = slice_make(bytes.bytes + HEAD_SIZE, bytes.len - HEAD_SIZE);
    if (!crypto_open(key, sealed, associated, out_plain))
        return RECORD_MALFORMED;
    record->plain = slice_make(out_plain, sealed.len - SEAL_OVERHEAD);
    return RECORD_GOOD;
}

enum record_fault record_read(struct slice bytes, uint64_t seq, struct slice log_key,
        const uint8_t *key, uint8_t *out_plain, struct record *out_record)
{
    struct record record = {.at.seq = seq};
    *out_record = record;
    if (bytes.len < HEAD_SIZE || bytes.len > RECORD_MAX)
        return RECORD_MALFORMED;
    record.is_sealed = bytes.bytes[0] == RECORD_SEALED || bytes.bytes[0] == RECORD_SEALED_MAPS;
    memcpy(record.prev, bytes.bytes + 1, MARK_SIZE);
    record.time_ms = take_u64((const uint8_t *)bytes.bytes + 1 + MARK_SIZE);
    enum record_fault fault = RECORD_NEWER;
    if (record.is_sealed)
        fault = read_sealed(bytes, log_key, key, out_plain, &record);
    else if (bytes.bytes[0] == RECORD_PLAIN)
        fault = read_plain(bytes, out_plain, &record);
    *out_record = record;
    return fault;
}
