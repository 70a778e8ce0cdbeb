/* SPDX-License-Identifier: Apache-2.0 */
/* The shared vectors: what both codecs must accept, what they must refuse, and with which words.
 *
 * Guards: an example is written back byte for byte, in both codecs, from either; a refused input
 * names the code, the field and the request's id.
 */
#include "unit/proto/vectors.h"

static struct slice reread(
        enum proto_codec codec, enum proto_codec to, enum proto_from from, struct slice input)
{
    struct proto_frame frame;
    struct proto_problem problem;
    bool accepted = vectors_read(codec, from, input, &frame, &problem);
    if (!accepted)
        test_note("%s: %s", codec == PROTO_JSON ? "JSON" : "msgpack", problem.message);
    expect(accepted);
    return vectors_write(to, &frame);
}

static void examples_are_written_as_they_were_read(void)
{
    struct vectors examples = vectors_load("examples");
    expect_u64(examples.count, PROTO_KIND_COUNT);
    for (size_t i = 0; i < examples.count; i++) {
        const struct vector *row = &examples.rows[i];
        test_note("%.*s", SLICE_ARGS(row->json));
        expect_slice(reread(PROTO_JSON, PROTO_JSON, row->from, row->json), row->json);
        expect_slice(reread(PROTO_JSON, PROTO_MSGPACK, row->from, row->json), row->msgpack);
        expect_slice(reread(PROTO_MSGPACK, PROTO_JSON, row->from, row->msgpack), row->json);
        expect_slice(reread(PROTO_MSGPACK, PROTO_MSGPACK, row->from, row->msgpack), row->msgpack);
    }
}

static void unusual_spellings_are_accepted(void)
{
    struct vectors accepted = vectors_load("accepted");
    for (size_t i = 0; i < accepted.count; i++) {
        const struct vector *row = &accepted.rows[i];
        test_note("%.*s", SLICE_ARGS(row->what));
        if (row->json.bytes != NULL)
            expect_slice(reread(PROTO_JSON, PROTO_JSON, row->from, row->json), row->same_as);
        if (row->msgpack.bytes != NULL)
            expect_slice(reread(PROTO_MSGPACK, PROTO_JSON, row->from, row->msgpack), row->same_as);
    }
}

static void expect_refused(const struct vector *row, enum proto_codec codec, struct slice input)
{
    struct proto_frame frame;
    struct proto_problem problem = {.code = PROTO_ERROR_NONE};
    test_note("%.*s, %s", SLICE_ARGS(row->what), codec == PROTO_JSON ? "JSON" : "msgpack");
    expect(!vectors_read(codec, row->from, input, &frame, &problem));
    expect_slice(proto_error_info(problem.code)->code, row->code);
    expect_slice(slice_of_string(problem.field), row->field);
    expect_slice(problem.id, row->id);
    expect(problem.message[0] != '\0');
}

static void bad_input_is_refused_with_its_reason(void)
{
    struct vectors refused = vectors_load("refused");
    for (size_t i = 0; i < refused.count; i++) {
        const struct vector *row = &refused.rows[i];
        if (row->json.bytes != NULL)
            expect_refused(row, PROTO_JSON, row->json);
        if (row->msgpack.bytes != NULL)
            expect_refused(row, PROTO_MSGPACK, row->msgpack);
    }
}

static void every_code_of_reading_has_a_vector(void)
{
    static const enum proto_error_code codes[] = {PROTO_ERROR_BAD_FRAME, PROTO_ERROR_BAD_UTF8,
            PROTO_ERROR_TOO_DEEP, PROTO_ERROR_TOO_MANY_ELEMENTS, PROTO_ERROR_DUPLICATE_KEY,
            PROTO_ERROR_TOO_LARGE, PROTO_ERROR_UNKNOWN_FRAME, PROTO_ERROR_MISSING_FIELD,
            PROTO_ERROR_WRONG_TYPE, PROTO_ERROR_OUT_OF_RANGE};
    struct vectors refused = vectors_load("refused");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        size_t json = 0, msgpack = 0;
        for (size_t j = 0; j < refused.count; j++) {
            bool is_it = slice_equal(refused.rows[j].code, proto_error_info(codes[i])->code);
            json += is_it && refused.rows[j].json.bytes != NULL;
            msgpack += is_it && refused.rows[j].msgpack.bytes != NULL;
        }
        test_note("%.*s", SLICE_ARGS(proto_error_info(codes[i])->code));
        expect(json > 0 && msgpack > 0);
    }
}

static const char *message_of(const char *json)
{
    static struct proto_problem problem;
    struct proto_frame frame;
    expect(!vectors_read(PROTO_JSON, PROTO_FROM_CLIENT, slice_of_string(json), &frame, &problem));
    return problem.message;
}

static void problems_are_sentences(void)
{
    expect_text(slice_of_string(message_of("{\"type\":\"ping\"}")), "The field 'id' is required.");
    expect_text(slice_of_string(message_of("{\"type\":\"ping\",\"id\":1}")),
            "The field 'id' must be text.");
    expect_text(slice_of_string(message_of("{\"type\":\"history\",\"id\":\"1\",\"limit\":51}")),
            "The field 'limit' is larger than 50.");
    expect_text(slice_of_string(message_of("{\"type\":\"history\",\"id\":\"1\",\"before\":\"1\"}")),
            "The field 'before' must be a name such as 12-9f86d081884c7d65.");
    expect_text(slice_of_string(
                        message_of("{\"type\":\"set_presence\",\"id\":\"1\",\"status\":\"gone\"}")),
            "The field 'status' must be one of online, away, offline.");
    expect_text(slice_of_string(message_of("{\"type\":\"hello\",\"id\":\"1\",\"token\":\"t\","
                                           "\"client\":{\"name\":\"0123456789012345678901234567890"
                                           "1234567890123456789012345678901234\"}}")),
            "The field 'client.name' is longer than 64 bytes.");
    expect_text(slice_of_string(message_of("{")), "The frame is not well-formed.");
}

/* The list of an accepted frame lies in scratch that is too small for it. */
static void a_full_scratch_is_too_large(void)
{
    char text[] = "{\"type\":\"hello\",\"id\":\"1\",\"cursors\":[{\"conversation\":\"c\",\"at\":"
                  "\"12-9f86d081884c7d65\"}]}";
    struct proto_frame frame;
    struct proto_problem problem;
    struct arena scratch;
    max_align_t memory[2];
    arena_init(&scratch, memory, sizeof(struct proto_cursor) - 1);
    struct proto_source source = {
            PROTO_JSON, text, sizeof text - 1, &proto_client_bounds, &scratch};
    expect(!proto_frame_read(&source, PROTO_FROM_CLIENT, &frame, &problem));
    expect_u64(problem.code, PROTO_ERROR_TOO_LARGE);
    expect_text(problem.id, "1");
}

static void a_full_buffer_says_so(void)
{
    struct proto_frame frame = {PROTO_KIND_PONG, .as.pong.id = SLICE_OF("7")};
    for (size_t capacity = 0; capacity <= 25; capacity++)
        for (int codec = PROTO_JSON; codec <= PROTO_MSGPACK; codec++) {
            char memory[25];
            size_t needed = codec == PROTO_JSON ? 24 : 16;
            struct buffer out = buffer_make(memory, capacity);
            proto_frame_write((enum proto_codec)codec, &frame, &out);
            expect(out.overflowed == (capacity < needed));
        }
}

static void kinds_and_errors_are_found_by_name(void)
{
    for (unsigned kind = 1; kind <= PROTO_KIND_COUNT; kind++)
        expect_u64(proto_kind_find(proto_kind_info((enum proto_kind)kind)->name), kind);
    expect_u64(proto_kind_find(SLICE_OF("shout")), 0);
    expect_u64(proto_error_find(SLICE_OF("fenced")), PROTO_ERROR_FENCED);
    expect_u64(proto_error_find(SLICE_OF("nonsense")), PROTO_ERROR_NONE);
    const struct proto_kind_info *send = proto_kind_info(PROTO_KIND_SEND);
    expect_u64(send->roles,
            1u << PROTO_ROLE_CUSTOMER | 1u << PROTO_ROLE_AGENT | 1u << PROTO_ROLE_SERVICE);
    expect(send->answer == PROTO_KIND_ACK && !send->is_planned && send->from_client);
    expect(proto_kind_info(PROTO_KIND_CHUNK)->is_planned);
    expect_u64(proto_error_info(PROTO_ERROR_TOO_LARGE)->close, PROTO_CLOSE_TOO_LARGE);
    expect(proto_error_info(PROTO_ERROR_RESEND)->retry == PROTO_RETRY_RESEND);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(examples_are_written_as_they_were_read),
                    CASE(unusual_spellings_are_accepted),
                    CASE(bad_input_is_refused_with_its_reason),
                    CASE(every_code_of_reading_has_a_vector), CASE(problems_are_sentences),
                    CASE(a_full_scratch_is_too_large), CASE(a_full_buffer_says_so),
                    CASE(kinds_and_errors_are_found_by_name), {0}});
}
