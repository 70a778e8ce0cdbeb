/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and keys are looked at several bytes at a time, in steps that may overlap.
 *
 * Guards: of whatever length a text is, each byte of it is seen, at each place; and keys are told
 * apart by each of their bytes.
 */
#include "unit/proto/vectors.h"

#include <stdio.h>

enum { LEN_MAX = 50 };

struct said {
    struct slice text;
};

static const struct proto_field said_fields[] = {PROTO_STR(struct said, text, REQUIRED, 4096)};
static const struct proto_shape said_shape = PROTO_SHAPE(struct said, said_fields);

static char memory[4096];

static bool read_shape(enum proto_codec codec, const struct proto_shape *shape, struct slice input,
        void *out, enum proto_error_code *out_code)
{
    struct arena scratch;
    struct proto_problem problem;
    arena_init(&scratch, memory, sizeof memory);
    struct proto_source source = {
            codec, vectors_guarded(input), input.len, &proto_client_bounds, &scratch};
    bool is_accepted = proto_shape_read(&source, shape, out, &problem);
    *out_code = is_accepted ? PROTO_ERROR_NONE : problem.code;
    return is_accepted;
}

/* As long as it is, in a place that ends where it ends. */
static struct slice said_as(enum proto_codec codec, struct slice text, char out[512])
{
    struct said said = {text};
    struct buffer buffer = buffer_make(out, 512);
    proto_shape_write(codec, &said_shape, &said, &buffer);
    struct buffer exact = buffer_make(vectors_guarded(buffer_slice(&buffer)), buffer.len);
    proto_shape_write(codec, &said_shape, &said, &exact);
    expect(!exact.overflowed && slice_equal(buffer_slice(&exact), buffer_slice(&buffer)));
    struct buffer tight = buffer_make(out + 256, buffer.len - 1);
    proto_shape_write(codec, &said_shape, &said, &tight);
    expect(tight.overflowed);
    return buffer_slice(&buffer);
}

/* What JSON makes of the one byte that is not plain. */
static int escape(unsigned byte, char out[8])
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof letters; i += 2)
        if ((unsigned char)letters[i] == byte)
            return snprintf(out, 8, "\\%c", letters[i + 1]);
    return snprintf(out, 8, byte < 0x20 ? "\\u%04x" : "%c", byte);
}

static void expect_said(struct slice text, size_t at, unsigned byte)
{
    char out[512], wanted[512], escaped[8];
    escape(byte, escaped);
    int head = (int)at, rest = (int)(text.len - at) - 1;
    int len = byte == 0x100 /* none of it is special */
                      ? snprintf(wanted, sizeof wanted, "{\"text\":\"%.*s\"}", SLICE_ARGS(text))
                      : snprintf(wanted, sizeof wanted, "{\"text\":\"%.*s%s%.*s\"}", head,
                                text.bytes, escaped, rest, text.bytes + at + 1);
    expect_slice(said_as(PROTO_JSON, text, out), slice_make(wanted, (size_t)len));
    for (int codec = PROTO_JSON; codec <= PROTO_MSGPACK; codec++) {
        struct said again;
        enum proto_error_code code;
        struct slice input = said_as((enum proto_codec)codec, text, out);
        expect(read_shape((enum proto_codec)codec, &said_shape, input, &again, &code));
        expect_slice(again.text, text);
    }
}

static void a_text_is_escaped_wherever_it_must_be(void)
{
    static const unsigned bytes[] = {1, 8, 9, 10, 12, 13, 0x1f, '"', '\\', ' ', '/', '~', 0x7f};
    char text[LEN_MAX];
    memset(text, 'a', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        expect_said(slice_make(text, len), 0, 0x100);
        for (size_t at = 0; at < len; at++) {
            for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
                text[at] = (char)bytes[i];
                expect_said(slice_make(text, len), at, bytes[i]);
            }
            text[at] = 'a';
        }
    }
}

static void expect_read(struct slice text, enum proto_error_code wanted)
{
    struct said said;
    enum proto_error_code code;
    char json[128];
    int len = snprintf(json, sizeof json, "{\"text\":\"%.*s\"}", SLICE_ARGS(text));
    read_shape(PROTO_JSON, &said_shape, slice_make(json, (size_t)len), &said, &code);
    expect_u64(code, wanted);
    if (wanted == PROTO_ERROR_NONE)
        expect_slice(said.text, text);
}

static void no_byte_of_a_text_is_overlooked(void)
{
    char text[LEN_MAX];
    memset(text, 'a', sizeof text);
    for (size_t len = 2; len <= sizeof text; len++) {
        for (size_t at = 0; at + 1 < len; at++) {
            memcpy(text + at, "\xc3\xa9", 2);
            expect_read(slice_make(text, len), PROTO_ERROR_NONE);
            memcpy(text + at, "a\xc3", 2);
            expect_read(slice_make(text, len), PROTO_ERROR_BAD_UTF8);
            memcpy(text + at, "\nx", 2);
            expect_read(slice_make(text, len), PROTO_ERROR_BAD_FRAME);
            memcpy(text + at, "aa", 2);
        }
    }
}

struct keyed {
    uint64_t a, ab, abc, abcd, abcdefg, abcdefgh, abcdefghi, abcdefghijklmnop, abcdefghijklmnopq;
};

#define KEY(name) PROTO_U64(struct keyed, name, REQUIRED, 9)
static const struct proto_field keyed_fields[] = {KEY(a), KEY(ab), KEY(abc), KEY(abcd),
        KEY(abcdefg), KEY(abcdefgh), KEY(abcdefghi), KEY(abcdefghijklmnop), KEY(abcdefghijklmnopq)};
static const struct proto_shape keyed_shape = PROTO_SHAPE(struct keyed, keyed_fields);

static void a_key_is_known_by_each_of_its_bytes(void)
{
    const struct keyed keyed = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct keyed again;
    for (int codec = PROTO_JSON; codec <= PROTO_MSGPACK; codec++) {
        char bytes[512];
        struct buffer out = buffer_make(bytes, sizeof bytes);
        enum proto_error_code code;
        proto_shape_write((enum proto_codec)codec, &keyed_shape, &keyed, &out);
        expect(read_shape(
                (enum proto_codec)codec, &keyed_shape, buffer_slice(&out), &again, &code));
        expect(memcmp(&again, &keyed, sizeof keyed) == 0);
        for (size_t at = 0; at < out.len; at++) {
            if (bytes[at] < 'a' || bytes[at] > 'q')
                continue;
            bytes[at] ^= 0x20;
            read_shape((enum proto_codec)codec, &keyed_shape, buffer_slice(&out), &again, &code);
            expect_u64(code, PROTO_ERROR_MISSING_FIELD);
            bytes[at] ^= 0x20;
        }
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_text_is_escaped_wherever_it_must_be),
                    CASE(no_byte_of_a_text_is_overlooked),
                    CASE(a_key_is_known_by_each_of_its_bytes), {0}});
}
