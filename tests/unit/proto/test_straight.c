/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that are spelled as programs spell them are read in one pass.
 *
 * Guards: the examples are; what that pass takes, the two passes take within the same bounds, and
 * as the same; and what it does not take it leaves as it was.
 */
#include "proto/reader.h"
#include "unit/proto/vectors.h"

#include <stdio.h>

enum { SCRATCH_SIZE = 1 << 20, USED_BEFORE = 8 };

static char memory[2][SCRATCH_SIZE];

/* A copy, at the end of which memory ends. */
static struct proto_source source_of(enum proto_codec codec, struct slice input,
        const struct proto_bounds *bounds, struct arena *scratch)
{
    static unsigned turn;
    arena_init(scratch, memory[turn++ % 2], SCRATCH_SIZE);
    scratch->used = USED_BEFORE;
    return (struct proto_source){codec, vectors_guarded(input), input.len, bounds, scratch};
}

/* Within the same bounds, but for the byte that it takes more. */
static bool read_in_two_passes(enum proto_codec codec, struct slice input, enum proto_from from,
        const struct proto_bounds *bounds, struct proto_frame *out_frame)
{
    struct arena scratch;
    struct proto_problem problem;
    struct slice otherwise = vectors_spelled_otherwise(codec, input);
    struct proto_bounds roomier = {bounds->bytes + 1, bounds->depth, bounds->elements};
    struct proto_source source = source_of(codec, otherwise, &roomier, &scratch);
    expect(otherwise.len > 0 && !proto_frame_read_straight(&source, from, out_frame));
    return proto_frame_read(&source, from, out_frame, &problem);
}

static bool read_straight(enum proto_codec codec, struct slice input, enum proto_from from,
        const struct proto_bounds *bounds, struct proto_frame *out_frame)
{
    struct arena scratch;
    struct proto_source source = source_of(codec, input, bounds, &scratch);
    bool is_read = proto_frame_read_straight(&source, from, out_frame);
    expect_slice(slice_make(source.bytes, source.len), input);
    expect(is_read || scratch.used == USED_BEFORE);
    return is_read;
}

static bool expect_the_same_if_straight(
        enum proto_codec codec, struct slice input, enum proto_from from)
{
    struct proto_frame straight, other;
    if (!read_straight(codec, input, from, &proto_client_bounds, &straight))
        return false;
    expect(read_in_two_passes(codec, input, from, &proto_client_bounds, &other));
    expect_slice(vectors_write(PROTO_JSON, &straight), vectors_write(PROTO_JSON, &other));
    return true;
}

/* Each example in both codecs. */
static void with_examples(
        void (*look)(enum proto_codec codec, struct slice input, enum proto_from from))
{
    struct vectors examples = vectors_load("examples");
    for (int codec = PROTO_JSON; codec <= PROTO_MSGPACK; codec++)
        for (size_t i = 0; i < examples.count; i++) {
            const struct vector *row = &examples.rows[i];
            test_note("%.*s, %s", SLICE_ARGS(row->json), codec == PROTO_JSON ? "JSON" : "msgpack");
            look((enum proto_codec)codec, codec == PROTO_JSON ? row->json : row->msgpack,
                    row->from);
        }
}

static void look_whether_it_is_the_same(
        enum proto_codec codec, struct slice input, enum proto_from from)
{
    expect(expect_the_same_if_straight(codec, input, from));
}

static void examples_are_read_straight(void)
{
    with_examples(look_whether_it_is_the_same);
}

static void look_from_the_other_side(
        enum proto_codec codec, struct slice input, enum proto_from from)
{
    struct proto_frame frame;
    enum proto_from other = from == PROTO_FROM_CLIENT ? PROTO_FROM_SERVER : PROTO_FROM_CLIENT;
    expect(!read_straight(codec, input, other, &proto_client_bounds, &frame));
}

static void the_side_must_be_the_senders(void)
{
    with_examples(look_from_the_other_side);
}

/* One more of them, until it is enough for the two passes: then it is for the straight one. */
static void expect_the_same_bound(enum proto_codec codec, struct slice input, enum proto_from from,
        struct proto_bounds *bounds, size_t *bound)
{
    struct proto_frame frame;
    for (*bound = 0; !read_in_two_passes(codec, input, from, bounds, &frame); ++*bound)
        expect(!read_straight(codec, input, from, bounds, &frame));
    expect(read_straight(codec, input, from, bounds, &frame));
}

static void look_at_bounds(enum proto_codec codec, struct slice input, enum proto_from from)
{
    struct proto_frame frame;
    struct proto_bounds bounds = {input.len, 0, PROTO_LIMIT_ELEMENTS};
    expect_the_same_bound(codec, input, from, &bounds, &bounds.depth);
    expect_the_same_bound(codec, input, from, &bounds, &bounds.elements);
    bounds.bytes--;
    expect(!read_straight(codec, input, from, &bounds, &frame));
}

static void bounds_are_those_of_the_two_passes(void)
{
    with_examples(look_at_bounds);
}

static void look_at_halves(enum proto_codec codec, struct slice input, enum proto_from from)
{
    struct proto_frame frame;
    for (size_t len = 0; len < input.len; len++)
        expect(!read_straight(
                codec, slice_make(input.bytes, len), from, &proto_client_bounds, &frame));
}

static void half_a_frame_is_not_taken(void)
{
    with_examples(look_at_halves);
}

static void what_is_refused_is_not_taken(void)
{
    struct vectors refused = vectors_load("refused");
    struct proto_frame frame;
    for (size_t i = 0; i < refused.count; i++) {
        const struct vector *row = &refused.rows[i];
        test_note("%.*s", SLICE_ARGS(row->what));
        expect(row->json.bytes == NULL ||
                !read_straight(PROTO_JSON, row->json, row->from, &proto_client_bounds, &frame));
        expect(row->msgpack.bytes == NULL || !read_straight(PROTO_MSGPACK, row->msgpack, row->from,
                                                     &proto_client_bounds, &frame));
    }
}

static void the_unusual_is_taken_as_the_same_or_left(void)
{
    struct vectors accepted = vectors_load("accepted");
    for (size_t i = 0; i < accepted.count; i++) {
        const struct vector *row = &accepted.rows[i];
        test_note("%.*s", SLICE_ARGS(row->what));
        if (row->json.bytes != NULL)
            expect_the_same_if_straight(PROTO_JSON, row->json, row->from);
        if (row->msgpack.bytes != NULL)
            expect_the_same_if_straight(PROTO_MSGPACK, row->msgpack, row->from);
    }
}

/* Each of them is JSON, or nearly, that only the two passes may judge. */
static void what_is_not_straight_is_left(void)
{
    static const char *const texts[] = {"{\"id\":\"1\",\"type\":\"ping\"}",
            "{\"type\":\"ping\", \"id\":\"1\"}", "{\"type\":\"ping\",\"id\" :\"1\"}",
            "{\"type\":\"ping\",\"id\":\"1\"} ", "{\"type\":\"ping\",\"id\":\"\\ud800\"}",
            "{\"type\":\"ping\",\"i\\u0064\":\"1\"}",
            "{\"type\":\"ping\",\"id\":\"1\",\"id\":\"2\"}",
            "{\"type\":\"ping\",\"id\":\"1\",\"more\":1}", "{\"type\":\"ping\",\"id\":\"1\"}}",
            "{\"type\":\"ping\"}", "{\"type\":\"ping\",\"id\":1}",
            "{\"type\":\"ping\",\"id\":\"1\n\"}",
            "{\"type\":\"history\",\"id\":\"1\",\"limit\":05}",
            "{\"type\":\"history\",\"id\":\"1\",\"limit\":}",
            "{\"type\":\"history\",\"id\":\"1\",\"limit\":5.0}",
            "{\"type\":\"history\",\"id\":\"1\",\"limit\":-5}",
            "{\"type\":\"history\",\"id\":\"1\",\"limit\":51}",
            "{\"type\":\"typing\",\"active\":tru}", "{\"type\":\"typing\",\"active\":null}",
            "{\"type\":\"hello\",\"id\":\"1\",\"cursors\":[,]}",
            "{\"type\":\"hello\",\"id\":\"1\",\"cursors\":[{}]}"};
    struct proto_frame frame;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        test_note("%s", texts[i]);
        expect(!read_straight(PROTO_JSON, slice_of_string(texts[i]), PROTO_FROM_CLIENT,
                &proto_client_bounds, &frame));
    }
}

static void numbers_are_those_of_the_two_passes(void)
{
    static const char *const numbers[] = {"0", "1", "9", "10", "9007199254740991",
            "9007199254740992", "9999999999999999", "10000000000000000", "18446744073709551617",
            "340282366920938463463374607431768211457"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[160];
        struct proto_frame straight, other;
        int len = snprintf(text, sizeof text,
                "{\"type\":\"send\",\"id\":\"1\",\"lineage\":\"l\",\"n\":%s,"
                "\"body\":{\"kind\":\"text\",\"text\":\"\"}}",
                numbers[i]);
        struct slice input = slice_make(text, (size_t)len);
        test_note("%s", text);
        expect(read_straight(PROTO_JSON, input, PROTO_FROM_CLIENT, &proto_client_bounds,
                       &straight) == read_in_two_passes(PROTO_JSON, input, PROTO_FROM_CLIENT,
                                             &proto_client_bounds, &other));
        expect_the_same_if_straight(PROTO_JSON, input, PROTO_FROM_CLIENT);
    }
}

static void escapes_are_decoded_beside_the_input(void)
{
    static const struct slice ping =
            SLICE_OF("{\"type\":\"ping\",\"id\":\"\\u0031 \\\"\\n\\ud83d\\udc4d\xc3\xa4\"}");
    struct proto_frame frame;
    struct arena scratch;
    struct proto_source source = source_of(PROTO_JSON, ping, &proto_client_bounds, &scratch);
    expect(proto_frame_read_straight(&source, PROTO_FROM_CLIENT, &frame));
    expect_text(frame.as.ping.id, "1 \"\n\xf0\x9f\x91\x8d\xc3\xa4");
    expect(expect_the_same_if_straight(PROTO_JSON, ping, PROTO_FROM_CLIENT));
    source = source_of(PROTO_JSON, ping, &proto_client_bounds, &scratch);
    scratch.capacity = scratch.used + 16;
    expect(!proto_frame_read_straight(&source, PROTO_FROM_CLIENT, &frame));
    expect_u64(scratch.used, USED_BEFORE);
}

/* There is room for as many as there may be, and only what is needed is kept. */
static void lists_take_no_more_room_than_they_need(void)
{
    static const struct slice hello =
            SLICE_OF("{\"type\":\"hello\",\"id\":\"1\",\"cursors\":[{\"conversation\":"
                     "\"c\",\"at\":\"1-0000000000000000\"}]}");
    static const struct slice empty = SLICE_OF("{\"type\":\"hello\",\"id\":\"1\",\"cursors\":[]}");
    struct proto_frame frame;
    struct arena scratch;
    struct proto_source source = source_of(PROTO_JSON, hello, &proto_client_bounds, &scratch);
    expect(proto_frame_read_straight(&source, PROTO_FROM_CLIENT, &frame));
    expect_u64(frame.as.hello.cursors_count, 1);
    expect(scratch.used < 2 * sizeof(struct proto_cursor) + sizeof(max_align_t));
    source = source_of(PROTO_JSON, empty, &proto_client_bounds, &scratch);
    expect(proto_frame_read_straight(&source, PROTO_FROM_CLIENT, &frame));
    expect(frame.as.hello.cursors_count == 0 && frame.as.hello.cursors != NULL);
    source = source_of(PROTO_JSON, hello, &proto_client_bounds, &scratch);
    scratch.capacity = 64;
    expect(!proto_frame_read_straight(&source, PROTO_FROM_CLIENT, &frame) &&
            scratch.used == USED_BEFORE);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(examples_are_read_straight),
                    CASE(the_side_must_be_the_senders), CASE(bounds_are_those_of_the_two_passes),
                    CASE(half_a_frame_is_not_taken), CASE(what_is_refused_is_not_taken),
                    CASE(the_unusual_is_taken_as_the_same_or_left),
                    CASE(what_is_not_straight_is_left), CASE(numbers_are_those_of_the_two_passes),
                    CASE(escapes_are_decoded_beside_the_input),
                    CASE(lists_take_no_more_room_than_they_need), {0}});
}
