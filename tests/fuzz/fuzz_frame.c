/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of frames, in the codec that FUZZ_CODEC names: the first byte chooses the side, the
 * rest is the input.
 *
 * Guards: no input crashes the reader or makes it touch memory that is not the input's; what is
 * accepted is written in the other codec and read back as the same frame.
 */
#include "fuzz.h"
#include "proto/codec.h"

enum { SCRATCH_SIZE = 4 * 1024 * 1024, OUTPUT_MAX = 1024 * 1024 };

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proto_frame frame;
    if (size == 0 || size > OUTPUT_MAX)
        return 0;
    enum proto_from from = data[0] & 1 ? PROTO_FROM_SERVER : PROTO_FROM_CLIENT;
    char *bytes = fuzz_copy(data + 1, size - 1);
    if (read_one(FUZZ_CODEC, from, bytes, size - 1, &frame))
        check_same_in_the_other(
                FUZZ_CODEC == PROTO_JSON ? PROTO_MSGPACK : PROTO_JSON, from, &frame);
    free(bytes);
    return 0;
}
