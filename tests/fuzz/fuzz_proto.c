/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer's door to the readers: the first byte chooses codec and side, the rest is the input.
 *
 *   CC=clang meson setup build-fuzz -Dfuzz=true -Db_lundef=false && ninja -C build-fuzz
 *   build-fuzz/tests/fuzz/fuzz_proto -max_len=4096 CORPUS_FOLDER
 *
 * Guards: no input crashes a reader or makes it touch memory that is not the input's; what is
 * accepted is written in the other codec and read back as the same frame.
 */
#include "proto/codec.h"

#include <stdlib.h>

#include "base/check.h"

enum { SCRATCH_SIZE = 4 * 1024 * 1024, OUTPUT_MAX = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    enum proto_codec codec = data[0] & 1 ? PROTO_MSGPACK : PROTO_JSON;
    enum proto_from from = data[0] & 2 ? PROTO_FROM_SERVER : PROTO_FROM_CLIENT;
    size_t len = size - 1;
    char *bytes = malloc(len + (len == 0));
    check(bytes != NULL);
    memcpy(bytes, data + 1, len);
    if (read_one(codec, from, bytes, len, &frame))
        check_same_in_the_other(codec == PROTO_JSON ? PROTO_MSGPACK : PROTO_JSON, from, &frame);
    free(bytes);
    return 0;
}
