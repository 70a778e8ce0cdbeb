/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes written by hand: every type, present and absent, in both codecs.
 *
 * Guards: what the log stores by such a shape is read back the same, bytes and 64-bit numbers
 * included, and trusted bounds are wider than a client's.
 */
#include "unit/proto/vectors.h"

#include <stdio.h>

struct stored_pair {
    uint64_t n;
    struct slice digest;
};

struct stored {
    uint64_t version;
    struct slice sealed, remark;
    bool has_flag, flag;
    bool has_after;
    struct name after;
    bool has_role;
    enum proto_role role;
    bool has_pair;
    struct stored_pair pair;
    const struct stored_pair *window;
    size_t window_count;
    const struct slice *words;
    size_t words_count;
    const uint64_t *numbers;
    size_t numbers_count;
    const struct name *names;
    size_t names_count;
};

static const struct proto_field pair_fields[] = {
        PROTO_U64(struct stored_pair, n, REQUIRED, UINT64_MAX),
        PROTO_BIN(struct stored_pair, digest, OPTIONAL, 8),
};
static const struct proto_shape pair_shape = PROTO_SHAPE(struct stored_pair, pair_fields);

static const struct proto_field stored_fields[] = {
        PROTO_U64(struct stored, version, REQUIRED, UINT64_MAX),
        PROTO_BIN(struct stored, sealed, REQUIRED, 1024),
        PROTO_STR(struct stored, remark, OPTIONAL, 16),
        PROTO_BOOL(struct stored, flag, OPTIONAL),
        PROTO_NAME(struct stored, after, OPTIONAL),
        PROTO_ENUM(struct stored, role, OPTIONAL, enum proto_role, &proto_role_words),
        PROTO_OBJECT(struct stored, pair, OPTIONAL, struct stored_pair, &pair_shape),
        PROTO_OBJECT_LIST(struct stored, window, OPTIONAL, 64, struct stored_pair, &pair_shape),
        PROTO_STR_LIST(struct stored, words, OPTIONAL, 4, 8),
        PROTO_U64_LIST(struct stored, numbers, REQUIRED, 3000, UINT64_MAX),
        PROTO_NAME_LIST(struct stored, names, OPTIONAL, 4),
};
static const struct proto_shape stored_shape = PROTO_SHAPE(struct stored, stored_fields);

static char memory[256 * 1024], written[64 * 1024];

static bool read_back(enum proto_codec codec, struct slice input, const struct proto_bounds *bounds,
        struct stored *out, struct proto_problem *out_problem)
{
    struct arena scratch;
    arena_init(&scratch, memory, sizeof memory);
    struct proto_source source = {codec, vectors_guarded(input), input.len, bounds, &scratch};
    return proto_shape_read(&source, &stored_shape, out, out_problem);
}

static struct slice write_out(enum proto_codec codec, const struct stored *stored)
{
    struct buffer out = buffer_make(written, sizeof written);
    proto_shape_write(codec, &stored_shape, stored, &out);
    expect(!out.overflowed);
    return buffer_slice(&out);
}

static struct stored reread(enum proto_codec codec, const struct stored *stored)
{
    struct stored again;
    struct proto_problem problem;
    bool accepted =
            read_back(codec, write_out(codec, stored), &proto_trusted_bounds, &again, &problem);
    test_note("%s", accepted ? "" : problem.message);
    expect(accepted);
    return again;
}

static void absent_members_stay_absent(void)
{
    struct stored stored = {.version = 1};
    expect_text(write_out(PROTO_JSON, &stored), "{\"version\":1,\"sealed\":\"\",\"numbers\":[]}");
    for (int codec = PROTO_JSON; codec <= PROTO_MSGPACK; codec++) {
        struct stored again = reread((enum proto_codec)codec, &stored);
        expect_u64(again.version, 1);
        expect(again.sealed.len == 0 && again.sealed.bytes != NULL);
        expect(again.remark.bytes == NULL && !again.has_flag && !again.has_after);
        expect(!again.has_role && !again.has_pair && again.window_count == 0);
        expect(again.words_count == 0 && again.numbers_count == 0 && again.names_count == 0);
    }
}

static void expect_full(const struct stored *again, uint64_t largest)
{
    expect_u64(again->version, largest);
    expect_slice(again->sealed, SLICE_OF("\x00\xff\x80{}"));
    expect_text(again->remark, "a\"b");
    expect(again->has_flag && !again->flag);
    expect(again->has_after && again->after.seq == 12 && again->after.mark[7] == 7);
    expect(again->has_role && again->role == PROTO_ROLE_SERVICE);
    expect(again->has_pair && again->pair.n == 3 && again->pair.digest.bytes == NULL);
    expect_u64(again->window_count, 2);
    expect_u64(again->window[1].n, 5);
    expect_slice(again->window[0].digest, SLICE_OF("\x01"));
    expect_slice(again->window[1].digest, SLICE_OF("\x01\x02"));
    expect_u64(again->words_count, 2);
    expect_text(again->words[1], "two");
    expect_u64(again->numbers_count, 1);
    expect_u64(again->numbers[0], largest);
    expect_u64(again->names_count, 1);
    expect_u64(again->names[0].seq, 9);
}

static void every_type_is_read_back(void)
{
    for (int codec = PROTO_JSON; codec <= PROTO_MSGPACK; codec++) {
        uint64_t largest = codec == PROTO_JSON ? PROTO_U64_SAFE : UINT64_MAX;
        struct stored stored = {
                .version = largest,
                .sealed = SLICE_OF("\x00\xff\x80{}"),
                .remark = SLICE_OF("a\"b"),
                .has_flag = true,
                .has_after = true,
                .after = {12, {0, 1, 2, 3, 4, 5, 6, 7}},
                .has_role = true,
                .role = PROTO_ROLE_SERVICE,
                .has_pair = true,
                .pair = {.n = 3},
                .window = (struct stored_pair[]){{4, SLICE_OF("\x01")}, {5, SLICE_OF("\x01\x02")}},
                .window_count = 2,
                .words = (struct slice[]){SLICE_OF("one"), SLICE_OF("two")},
                .words_count = 2,
                .numbers = &largest,
                .numbers_count = 1,
                .names = &(struct name){9, {0}},
                .names_count = 1,
        };
        struct stored again = reread((enum proto_codec)codec, &stored);
        expect_full(&again, largest);
    }
}

static enum proto_error_code refusal(const char *json, const char *field)
{
    struct stored stored;
    struct proto_problem problem;
    test_note("%s", json);
    expect(!read_back(PROTO_JSON, slice_of_string(json), &proto_trusted_bounds, &stored, &problem));
    expect_text(slice_of_string(problem.field), field);
    return problem.code;
}

static void bytes_in_json_have_one_spelling(void)
{
    static const char *const bad[] = {"A", "AA==", "AB", "AAB", "A+==", "AA A", "A/AA", "\\u00e9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char json[128];
        snprintf(json, sizeof json, "{\"version\":1,\"sealed\":\"%s\",\"numbers\":[]}", bad[i]);
        expect_u64(refusal(json, "sealed"), PROTO_ERROR_WRONG_TYPE);
    }
    expect_u64(refusal("{\"version\":1,\"sealed\":\"\",\"pair\":{\"n\":1,\"digest\":"
                       "\"AAAAAAAAAAAA\"},\"numbers\":[]}",
                       "pair.digest"),
            PROTO_ERROR_OUT_OF_RANGE);
}

static void numbers_of_json_stay_below_2_to_the_53rd(void)
{
    expect_u64(refusal("{\"version\":9007199254740992,\"sealed\":\"\",\"numbers\":[]}", "version"),
            PROTO_ERROR_OUT_OF_RANGE);
    expect_u64(refusal("{\"version\":1,\"sealed\":\"\",\"numbers\":[1,2,-3]}", "numbers[2]"),
            PROTO_ERROR_WRONG_TYPE);
}

static void trusted_bounds_are_wider(void)
{
    uint64_t numbers[3000] = {0};
    struct stored stored = {.version = 1, .numbers = numbers, .numbers_count = 3000}, again;
    struct proto_problem problem;
    for (int codec = PROTO_JSON; codec <= PROTO_MSGPACK; codec++) {
        struct slice bytes = write_out((enum proto_codec)codec, &stored);
        expect(read_back((enum proto_codec)codec, bytes, &proto_trusted_bounds, &again, &problem));
        expect_u64(again.numbers_count, 3000);
        expect(!read_back((enum proto_codec)codec, bytes, &proto_client_bounds, &again, &problem));
        expect_u64(problem.code, PROTO_ERROR_TOO_MANY_ELEMENTS);
    }
}

static bool read_stored(struct slice input, struct stored *out, struct proto_problem *out_problem)
{
    struct arena scratch;
    arena_init(&scratch, memory, sizeof memory);
    struct proto_source source = {
            .bytes = vectors_guarded(input), .len = input.len, .scratch = &scratch};
    return proto_stored_read(&source, &stored_shape, out, out_problem);
}

static enum proto_error_code stored_refusal(struct slice input)
{
    struct stored stored;
    struct proto_problem problem;
    expect(!read_stored(input, &stored, &problem));
    return problem.code;
}

/* {"version":1,"sealed":"","numbers":[]} */
#define LEAST "\xa7version\x01\xa6sealed\xc4\x00\xa7numbers\x90"

static void own_bytes_are_read_in_one_pass(void)
{
    struct stored stored = {.version = UINT64_MAX,
            .sealed = SLICE_OF("\x00\xff"),
            .remark = SLICE_OF("\xc3\xa9"),
            .window = (struct stored_pair[]){{4, SLICE_OF("\x01")}},
            .window_count = 1};
    struct stored again;
    struct proto_problem problem;
    char longer[256];
    struct slice bytes = write_out(PROTO_MSGPACK, &stored);
    expect(read_stored(bytes, &again, &problem));
    expect(again.version == UINT64_MAX && again.window_count == 1 && again.window[0].n == 4);
    expect_slice(again.sealed, stored.sealed);
    expect_slice(again.remark, stored.remark);
    for (size_t len = 0; len < bytes.len; len++)
        expect_u64(stored_refusal(slice_make(bytes.bytes, len)), PROTO_ERROR_BAD_FRAME);
    memcpy(longer, bytes.bytes, bytes.len);
    longer[bytes.len] = '\xc0';
    expect_u64(stored_refusal(slice_make(longer, bytes.len + 1)), PROTO_ERROR_BAD_FRAME);
}

static void one_pass_checks_what_it_takes(void)
{
    struct stored stored;
    struct proto_problem problem;
    expect(read_stored(
            SLICE_OF("\x84" LEAST "\xa1z\x91\x82\xa1z\xa1\xff\xa1z\xc0"), &stored, &problem));
    expect(read_stored(SLICE_OF("\x84" LEAST "\xa7version\x02"), &stored, &problem));
    expect_u64(stored.version, 2);
    expect_u64(stored_refusal(SLICE_OF("\x84" LEAST "\xa6remark\xa1\xff")), PROTO_ERROR_BAD_UTF8);
    expect_u64(stored_refusal(SLICE_OF("\x84" LEAST "\xa6remark\x01")), PROTO_ERROR_WRONG_TYPE);
    expect_u64(stored_refusal(SLICE_OF("\x84" LEAST "\x01\x01")), PROTO_ERROR_BAD_FRAME);
    expect_u64(stored_refusal(SLICE_OF("\x84" LEAST "\xa1z\xc1")), PROTO_ERROR_BAD_FRAME);
    expect_u64(stored_refusal(SLICE_OF("\x90")), PROTO_ERROR_BAD_FRAME);
    expect_u64(stored_refusal(SLICE_OF("\x80")), PROTO_ERROR_MISSING_FIELD);
}

static void scratch_is_enough_for_the_largest_input(void)
{
    size_t needed = 64 * sizeof(struct stored_pair) + 4 * sizeof(struct slice) +
                    3000 * sizeof(uint64_t) + 4 * sizeof(struct name);
    size_t most = proto_shape_scratch_max(&stored_shape);
    expect(most >= needed && most < needed + 4 * 4 * _Alignof(max_align_t));
    /* A commit of rich bodies, each list full: more than the bound on elements lets through. */
    expect(proto_frame_scratch_max(PROTO_FROM_CLIENT) < 256 * 1024);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(absent_members_stay_absent), CASE(every_type_is_read_back),
                    CASE(bytes_in_json_have_one_spelling),
                    CASE(numbers_of_json_stay_below_2_to_the_53rd), CASE(trusted_bounds_are_wider),
                    CASE(own_bytes_are_read_in_one_pass), CASE(one_pass_checks_what_it_takes),
                    CASE(scratch_is_enough_for_the_largest_input), {0}});
}
