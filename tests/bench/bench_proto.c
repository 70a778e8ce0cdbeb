/* SPDX-License-Identifier: Apache-2.0 */
/* Nanoseconds to read and to write one frame, in both codecs. Not a test: it only prints.
 *
 * Time is the processor's, so that other programs matter less. The frame is a `send` of 200 bytes
 * of JSON, as a customer's browser makes it, and a `page` of 50 entries. Reading spoils its input,
 * so each read copies it first; the copy is part of the figure.
 */
#include "proto/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"

enum { BYTES_MAX = 64 * 1024, SCRATCH_SIZE = 1024 * 1024 };

static char scratch_memory[SCRATCH_SIZE], copy[BYTES_MAX], output[BYTES_MAX];

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct proto_frame read_once(
        enum proto_codec codec, enum proto_from from, struct slice input)
{
    struct proto_frame frame;
    struct proto_problem problem;
    struct arena scratch;
    arena_init(&scratch, scratch_memory, sizeof scratch_memory);
    memcpy(copy, input.bytes, input.len);
    struct proto_source source = {codec, copy, input.len, &proto_trusted_bounds, &scratch};
    check(proto_frame_read(&source, from, &frame, &problem));
    return frame;
}

static struct slice write_once(enum proto_codec codec, const struct proto_frame *frame)
{
    struct buffer out = buffer_make(output, sizeof output);
    proto_frame_write(codec, frame, &out);
    check(!out.overflowed);
    return buffer_slice(&out);
}

static void measure(const char *what, enum proto_codec codec, enum proto_from from,
        const struct proto_frame *frame, long rounds)
{
    static char input[BYTES_MAX];
    struct slice written = write_once(codec, frame);
    memcpy(input, written.bytes, written.len);
    written.bytes = input;
    double start = seconds();
    for (long i = 0; i < rounds; i++)
        read_once(codec, from, written);
    double read_end = seconds();
    struct proto_frame again = read_once(codec, from, written);
    double write_start = seconds();
    for (long i = 0; i < rounds; i++)
        write_once(codec, &again);
    double write_end = seconds();
    printf("%-5s %-8s %6zu bytes  read %8.0f ns  write %8.0f ns\n", what,
            codec == PROTO_JSON ? "JSON" : "msgpack", written.len,
            (read_end - start) / (double)rounds * 1e9,
            (write_end - write_start) / (double)rounds * 1e9);
}

static void measure_send(void)
{
    struct proto_frame frame = {PROTO_KIND_SEND,
            .as.send = {.id = SLICE_OF("2"),
                    .lineage = SLICE_OF("01jd8x2k7q-4t9w2e6r8y0u"),
                    .n = 1,
                    .body = {.kind = PROTO_BODY_KIND_TEXT,
                            .text = SLICE_OF("Where is my parcel? It was to come on Tuesday, and "
                                             "nobody at the depot in Lyon knows about it.")}}};
    measure("send", PROTO_JSON, PROTO_FROM_CLIENT, &frame, 1000000);
    measure("send", PROTO_MSGPACK, PROTO_FROM_CLIENT, &frame, 1000000);
}

static void measure_page(void)
{
    struct proto_part part = {.kind = PROTO_PART_KIND_MESSAGE,
            .has_body = true,
            .body = {.kind = PROTO_BODY_KIND_TEXT, .text = SLICE_OF("Where is my parcel?")},
            .lineage = SLICE_OF("01jd8x2k7q-4t9w2e6r8y0u"),
            .has_n = true,
            .n = 7};
    struct proto_entry_view entries[PROTO_LIMIT_HISTORY_ENTRIES];
    for (uint64_t i = 0; i < PROTO_LIMIT_HISTORY_ENTRIES; i++)
        entries[i] = (struct proto_entry_view){
                .conversation = SLICE_OF("a7qk2m5x3c9d1f8g6h4j0n2p5r"),
                .at = {i + 2, {1}},
                .after = {i + 1, {1}},
                .time_ms = 1795000000000,
                .author = {.kind = PROTO_AUTHOR_KIND_CUSTOMER, .id = SLICE_OF("a7qk2m5x3c9d1f8g")},
                .visibility = PROTO_VISIBILITY_PUBLIC,
                .parts = &part,
                .parts_count = 1};
    struct proto_frame frame = {
            PROTO_KIND_PAGE, .as.page = {.id = SLICE_OF("3"),
                                     .conversation = SLICE_OF("a7qk2m5x3c9d1f8g6h4j0n2p5r"),
                                     .entries = entries,
                                     .entries_count = PROTO_LIMIT_HISTORY_ENTRIES}};
    measure("page", PROTO_JSON, PROTO_FROM_SERVER, &frame, 20000);
    measure("page", PROTO_MSGPACK, PROTO_FROM_SERVER, &frame, 20000);
}

int main(void)
{
    measure_send();
    measure_page();
    return 0;
}
