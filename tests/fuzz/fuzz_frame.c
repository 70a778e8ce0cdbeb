/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of frames, in the codec that FUZZ_CODEC names: the first byte chooses the side, the
 * rest is the input.
 *
 * Guards: no input crashes the reader or makes it touch memory that is not the input's; what is
 * accepted is written in the other codec and read back as the same frame; and it is accepted, or
 * not, as the same whether it is read in one pass or in two.
 */
#include "fuzz.h"
#include "proto/codec.h"

enum { SCRATCH_SIZE = 4 * 1024 * 1024, OUTPUT_MAX = 1024 * 1024 };

static const enum proto_codec fuzz_codec = FUZZ_CODEC;
static char scratch_memory[SCRATCH_SIZE];

static bool read_one(enum proto_codec codec, enum proto_from from, char *bytes, size_t len,
        struct proto_frame *out_frame)
{
    struct proto_problem problem;
    struct arena scratch;
    arena_init(&scratch, scratch_memory, sizeof scratch_memory);
    struct proto_source source = {codec, bytes, len, &proto_client_bounds, &scratch};
    return proto_frame_read(&source, from, out_frame, &problem);
}

static struct slice write_one(enum proto_codec codec, const struct proto_frame *frame, char *memory)
{
    struct buffer out = buffer_make(memory, OUTPUT_MAX);
    proto_frame_write(codec, frame, &out);
    check(!out.overflowed);
    return buffer_slice(&out);
}

static void check_same_in_the_other(
        enum proto_codec other, enum proto_from from, const struct proto_frame *frame)
{
    static char first[OUTPUT_MAX], spoilt[OUTPUT_MAX], second[OUTPUT_MAX];
    struct proto_frame again;
    struct slice written = write_one(other, frame, first);
    memcpy(spoilt, written.bytes, written.len);
    check(read_one(other, from, spoilt, written.len, &again));
    check(slice_equal(write_one(other, &again, second), written));
}

/* In a byte more, so that it is read in two passes: JSON with a blank before it, msgpack with its
 * first key's length in a byte of its own. False when it is too long, or has no such key. */
static bool spell_otherwise(const uint8_t *data, size_t len, char *out)
{
    bool is_json = fuzz_codec == PROTO_JSON;
    size_t at = is_json || len == 0 ? 0 : data[0] == 0xde ? 3 : data[0] == 0xdf ? 5 : 1;
    if (len >= proto_client_bounds.bytes || at >= len || (!is_json && (data[at] & 0xe0) != 0xa0))
        return false;
    memcpy(out, data, at);
    memcpy(out + at + 1, data + at, len - at);
    out[at] = (char)(is_json ? ' ' : 0xd9);
    if (!is_json)
        out[at + 1] = (char)(data[at] & 0x1f);
    return true;
}

static void check_same_otherwise(enum proto_from from, const uint8_t *data, size_t len,
        bool is_accepted, struct slice written)
{
    static char otherwise[OUTPUT_MAX], again[OUTPUT_MAX];
    struct proto_frame frame;
    if (!spell_otherwise(data, len, otherwise))
        return;
    check(read_one(fuzz_codec, from, otherwise, len + 1, &frame) == is_accepted);
    check(!is_accepted || slice_equal(write_one(fuzz_codec, &frame, again), written));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[OUTPUT_MAX];
    struct proto_frame frame;
    struct slice written = SLICE_NONE;
    if (size == 0 || size > OUTPUT_MAX)
        return 0;
    enum proto_from from = data[0] & 1 ? PROTO_FROM_SERVER : PROTO_FROM_CLIENT;
    char *bytes = fuzz_copy(data + 1, size - 1);
    bool is_accepted = read_one(fuzz_codec, from, bytes, size - 1, &frame);
    if (is_accepted) {
        written = write_one(fuzz_codec, &frame, memory);
        check_same_in_the_other(
                fuzz_codec == PROTO_JSON ? PROTO_MSGPACK : PROTO_JSON, from, &frame);
    }
    check_same_otherwise(from, data + 1, size - 1, is_accepted, written);
    free(bytes);
    return 0;
}
