/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded mutations of the examples and of the unusual inputs, a few hundred thousand.
 *
 * Guards: no input makes the reader touch memory behind its end, or give a code that is none of
 * reading's; what is accepted is written, read and written again without a difference, also across
 * the codecs; it is the same when it is spelled in a way that is not read in one pass; and
 * msgpack-c, an independent reader, takes what we took. A failure names the seed and the round;
 * WEFT_SEED and WEFT_ROUNDS choose others.
 */
#include "unit/proto/vectors.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 100 * 1024, CORPUS_MAX = 512, ROUNDS = 300000 };

struct corpus {
    struct slice inputs[CORPUS_MAX];
    enum proto_from from[CORPUS_MAX];
    size_t count;
};

static uint64_t state;

/* xorshift64* */
static uint64_t random_below(uint64_t limit)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * UINT64_C(2685821657736338717) >> 16) % limit;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void add_rows(struct corpus *corpus, const char *name, enum proto_codec codec)
{
    struct vectors vectors = vectors_load(name);
    for (size_t i = 0; i < vectors.count && corpus->count < CORPUS_MAX; i++) {
        struct slice input = codec == PROTO_JSON ? vectors.rows[i].json : vectors.rows[i].msgpack;
        if (input.bytes == NULL || input.len > 4096)
            continue;
        corpus->inputs[corpus->count] = input;
        corpus->from[corpus->count++] = vectors.rows[i].from;
    }
}

/* Moves the tail of a text; a hole is filled by the caller. */
static size_t shift(char *bytes, size_t len, size_t at, size_t removed, size_t added)
{
    memmove(bytes + at + added, bytes + at + removed, len - at - removed);
    return len - removed + added;
}

static const char *const json_pieces[] = {"\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", "1e9",
        "null", "true", "\\u0000", "\\ud83d", "\\udc4d", "\xed\xa0\x80", "\xc3\xa9",
        "\"id\":", "\"type\":", "9007199254740992", " ", "\n", "{}", "[]", "\"\"",
        "18446744073709551616"};
static const char msgpack_heads[] = "\x80\x81\x8f\x90\x9f\xa0\xa1\xbf\xc0\xc1\xc4\xc6\xc9\xca\xcb"
                                    "\xcc\xcd\xce\xcf\xd0\xd3\xd4\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf"
                                    "\xe0\xff\x7f";

static struct slice any_piece(enum proto_codec codec, const struct corpus *corpus)
{
    struct slice donor = corpus->inputs[random_below(corpus->count)];
    if (random_below(4) == 0 && donor.len > 0) {
        size_t start = random_below(donor.len), most = donor.len - start;
        return slice_make(donor.bytes + start, 1 + random_below(most < 64 ? most : 64));
    }
    if (codec == PROTO_JSON)
        return slice_of_string(json_pieces[random_below(sizeof json_pieces / sizeof *json_pieces)]);
    return slice_make(msgpack_heads + random_below(sizeof msgpack_heads - 1), 1);
}

static size_t mutate_once(
        char *bytes, size_t len, enum proto_codec codec, const struct corpus *corpus)
{
    size_t at = random_below(len + 1), left = len - at;
    size_t removed = left ? random_below(left < 16 ? left : 16) : 0;
    struct slice piece = any_piece(codec, corpus);
    switch (random_below(6)) {
    case 0:
        if (left > 0)
            bytes[at] = (char)(bytes[at] ^ 1 << random_below(8));
        return len;
    case 1:
        if (left > 0)
            bytes[at] = (char)random_below(256);
        return len;
    case 2:
        return shift(bytes, len, at, removed, 0);
    case 3:
        return random_below(8) == 0 ? at : len;
    case 4:
        removed = 0;
        break;
    default:
        break;
    }
    len = shift(bytes, len, at, removed, piece.len);
    memcpy(bytes + at, piece.bytes, piece.len);
    return len;
}

static bool is_code_of_reading(enum proto_error_code code)
{
    return code >= PROTO_ERROR_BAD_FRAME && code <= PROTO_ERROR_OUT_OF_RANGE;
}

static void expect_also_by_msgpack_c(struct slice input)
{
    msgpack_zone zone;
    msgpack_object object;
    size_t end = 0;
    expect(msgpack_zone_init(&zone, 4096));
    msgpack_unpack_return result = msgpack_unpack(input.bytes, input.len, &end, &zone, &object);
    msgpack_zone_destroy(&zone);
    expect(result == MSGPACK_UNPACK_SUCCESS);
}

static struct slice rewrite(
        enum proto_codec codec, enum proto_from from, struct slice input, enum proto_codec to)
{
    struct proto_frame frame;
    struct proto_problem problem;
    bool accepted = vectors_read(codec, from, input, &frame, &problem);
    if (!accepted)
        printf("# %s: %s\n", "what was written is refused", problem.message);
    expect(accepted);
    return vectors_write(to, &frame);
}

static void expect_stable(enum proto_from from, const struct proto_frame *frame)
{
    struct slice json = vectors_write(PROTO_JSON, frame);
    struct slice packed = rewrite(PROTO_JSON, from, json, PROTO_MSGPACK);
    expect_slice(rewrite(PROTO_MSGPACK, from, packed, PROTO_JSON), json);
    expect_slice(rewrite(PROTO_JSON, from, json, PROTO_JSON), json);
}

static void expect_the_same_otherwise(enum proto_codec codec, enum proto_from from,
        struct slice input, const struct proto_frame *frame)
{
    struct slice json = vectors_write(PROTO_JSON, frame);
    struct slice otherwise = vectors_spelled_otherwise(codec, input);
    if (otherwise.len > 0)
        expect_slice(rewrite(codec, from, otherwise, PROTO_JSON), json);
}

static size_t try_one(enum proto_codec codec, enum proto_from from, struct slice input)
{
    struct proto_frame frame;
    struct proto_problem problem;
    if (!vectors_read(codec, from, input, &frame, &problem)) {
        expect(is_code_of_reading(problem.code));
        expect(problem.id.len <= 64);
        return 0;
    }
    if (codec == PROTO_MSGPACK)
        expect_also_by_msgpack_c(input);
    expect_the_same_otherwise(codec, from, input, &frame);
    expect_stable(from, &frame);
    return 1;
}

static void mutate_many(enum proto_codec codec)
{
    static struct corpus corpus;
    static char bytes[INPUT_MAX];
    uint64_t seed = setting("WEFT_SEED", 20261121), rounds = setting("WEFT_ROUNDS", ROUNDS);
    size_t accepted = 0;
    corpus.count = 0;
    add_rows(&corpus, "examples", codec);
    add_rows(&corpus, "accepted", codec);
    add_rows(&corpus, "refused", codec);
    state = seed * 2 + 1;
    for (uint64_t round = 0; round < rounds; round++) {
        size_t which = random_below(corpus.count), len = corpus.inputs[which].len;
        memcpy(bytes, corpus.inputs[which].bytes, len);
        for (uint64_t times = 1 + random_below(4); times > 0; times--)
            len = mutate_once(bytes, len, codec, &corpus);
        test_note("seed %llu, round %llu", (unsigned long long)seed, (unsigned long long)round);
        accepted += try_one(codec, corpus.from[which], slice_make(bytes, len));
    }
    printf("# %llu rounds, %zu accepted\n", (unsigned long long)rounds, accepted);
    expect(accepted > rounds / 50);
}

static void mutated_json_is_read_safely(void)
{
    mutate_many(PROTO_JSON);
}

static void mutated_msgpack_is_read_safely(void)
{
    mutate_many(PROTO_MSGPACK);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){
                    CASE(mutated_json_is_read_safely), CASE(mutated_msgpack_is_read_safely), {0}});
}
