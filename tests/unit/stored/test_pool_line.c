/* SPDX-License-Identifier: Apache-2.0 */
/* A line of an export says the same as the record that it was made of. */
#include "lib/test.h"
#include "stored/pool_codec.h"

#include <string.h>

static uint8_t scratch_bytes[256 * 1024];
static char line_bytes[64 * 1024];
static struct arena scratch;

static struct slice write_line(const struct pool_line *line)
{
    struct buffer out = buffer_make(line_bytes, sizeof line_bytes);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    expect(pool_line_write(line, &scratch, &out) && !out.overflowed);
    return buffer_slice(&out);
}

static void a_line_is_read_as_it_was_written(void)
{
    struct pool_term terms[] = {{SLICE_OF("skill"), 900}, {SLICE_OF("age"), 12}};
    struct pool_requirement skills[] = {{.name = SLICE_OF("billing"), .must = true}};
    struct pool_entry entries[] = {{.kind = POOL_POLICY,
                                           .policy_version = 4,
                                           .policy = SLICE_OF("offer_ms: 1\n# \"x\"\n")},
            {.kind = POOL_QUEUED,
                    .request = {SLICE_OF("conv"), {.seq = 3, .mark = {1, 2}}},
                    .need = {.first_queued_ms = 1795313891196, .skills = skills, .skill_count = 1}},
            {.kind = POOL_OFFERED,
                    .request = {SLICE_OF("conv"), {.seq = 3, .mark = {1, 2}}},
                    .agent = SLICE_OF("anna"),
                    .deadline_ms = 1795313900199,
                    .terms = terms,
                    .term_count = 2,
                    .policy_version = 4,
                    .chance = 1000,
                    .gap = 7}};
    struct pool_line line = {{.seq = 9, .mark = {0xab}}, 1795313891199, entries, 3}, read;
    struct slice text = write_line(&line);
    test_note("%.*s", SLICE_ARGS(text));
    expect(memchr(text.bytes, '\n', text.len) == NULL);
    expect(pool_line_read(text, &scratch, &read));
    expect(name_equal(&read.at, &line.at));
    expect_u64(read.time_ms, line.time_ms);
    expect_u64(read.count, 3);
    expect_slice(read.entries[0].policy, entries[0].policy);
    expect_u64(read.entries[1].need.first_queued_ms, 1795313891196);
    expect_slice(read.entries[1].need.skills[0].name, SLICE_OF("billing"));
    expect(read.entries[1].need.skills[0].must);
    expect_slice(read.entries[2].agent, SLICE_OF("anna"));
    expect_u64(read.entries[2].terms[0].value, 900);
    expect_u64(read.entries[2].chance, 1000);
    expect_u64(read.entries[2].gap, 7);
}

/* Nodes once wrote more of their id than a number of JSON holds. */
static void any_router_can_be_told(void)
{
    struct pool_entry entry = {.kind = POOL_ROUTER, .incarnation = UINT64_MAX - 4};
    struct pool_line line = {{.seq = 9, .mark = {0xab}}, 1795313891199, &entry, 1}, read;
    expect(pool_line_read(write_line(&line), &scratch, &read));
    expect_u64(read.entries[0].kind, POOL_ROUTER);
    expect_u64(read.entries[0].incarnation, (UINT64_C(1) << 53) - 5);
}

static void other_text_is_no_line(void)
{
    struct pool_line read;
    const char *const bad[] = {"", "{}", "{\"at\":\"1-ab\",\"t\":1,\"v\":[]}",
            "{\"at\":\"1-6260c6552318f847\",\"t\":1}", "[1]",
            "{\"at\":\"1-6260c6552318f847\",\"t\":1,\"v\":[{\"k\":\"x\"}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_note("%s", bad[i]);
        arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
        expect(!pool_line_read(slice_of_string(bad[i]), &scratch, &read));
    }
    struct slice newer = SLICE_OF("{\"at\":\"1-6260c6552318f847\",\"t\":1,\"v\":[{\"k\":999}]}");
    expect(pool_line_read(newer, &scratch, &read));
    expect_u64(read.entries[0].kind, POOL_UNKNOWN);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_line_is_read_as_it_was_written),
                    CASE(any_router_can_be_told), CASE(other_text_is_no_line), {0}});
}
