/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded log lived through again: the same policy gives the record back, another one does not.
 */
#include "lab/rerun.h"
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 64 };

static uint8_t scratch_bytes[1 << 20];
static struct arena scratch;
static char texts[LINES_MAX][1024];
static size_t line_count;
static struct rerun_history history;
static struct rerun_fate fates[16];

static void record(uint64_t time_ms, struct pool_entry entry)
{
    struct pool_line line = {{.seq = line_count + 1, .mark = {7}}, time_ms, &entry, 1};
    struct buffer out = buffer_make(texts[line_count], sizeof texts[0]);
    arena_reset(&scratch);
    expect(pool_line_write(&line, &scratch, &out) && !out.overflowed);
    expect(rerun_add(&history, buffer_slice(&out), &scratch));
    line_count++;
}

static void comes(const char *agent, uint32_t level)
{
    struct pool_skill skill = {SLICE_OF("billing"), level};
    record(1000, (struct pool_entry){.kind = POOL_PRESENCE,
                         .agent = slice_of_string(agent),
                         .profile = {.status = POOL_ONLINE,
                                 .capacity = 1,
                                 .skills = &skill,
                                 .skill_count = 1}});
}

static struct pool_key key_of(const char *conversation)
{
    return (struct pool_key){slice_of_string(conversation), {.seq = 2, .mark = {1}}};
}

static void waits(const char *conversation, uint64_t time_ms)
{
    static const struct pool_requirement billing = {.name = {"billing", 7}, .must = true};
    record(time_ms,
            (struct pool_entry){.kind = POOL_QUEUED,
                    .request = key_of(conversation),
                    .need = {.first_queued_ms = time_ms, .skills = &billing, .skill_count = 1}});
}

static void is_served(
        const char *conversation, const char *agent, uint64_t offered_ms, uint64_t pause_ms)
{
    struct name offer = {.seq = line_count + 1, .mark = {7}};
    record(offered_ms, (struct pool_entry){.kind = POOL_OFFERED,
                               .request = key_of(conversation),
                               .agent = slice_of_string(agent),
                               .deadline_ms = offered_ms + 30000});
    record(offered_ms + pause_ms, (struct pool_entry){.kind = POOL_ACCEPTED,
                                          .request = key_of(conversation),
                                          .agent = slice_of_string(agent),
                                          .offer = offer});
}

static void is_over(const char *conversation, uint64_t time_ms)
{
    record(time_ms, (struct pool_entry){.kind = POOL_RELEASED, .request = key_of(conversation)});
}

/* Zoe knows more than Abel; the third customer gives up; the fourth waits for Zoe. */
static void record_a_day(void)
{
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    comes("abel", 600);
    comes("zoe", 1000);
    waits("c1", 2000);
    is_served("c1", "zoe", 2000, 1000);
    waits("c2", 5000);
    is_served("c2", "abel", 5000, 700);
    waits("c3", 8000);
    is_over("c3", 15000);
    waits("c4", 20000);
    is_over("c1", 23000);
    is_served("c4", "zoe", 23000, 2000);
    is_over("c2", 30000);
    is_over("c4", 40000);
    expect_u64(history.request_count, 4);
}

static void forget_the_day(void)
{
    rerun_finish(&history);
    line_count = 0;
}

static void expect_fate(size_t request, const char *agent, uint64_t answered_ms)
{
    expect_text(slice_of_string(fates[request].agent), agent);
    expect_u64(fates[request].answered_ms, answered_ms);
}

static struct route_policy *no_policy(struct slice text)
{
    (void)text;
    return NULL;
}

static void the_same_policy_gives_the_record_back(void)
{
    record_a_day();
    expect(rerun_run(&history, NULL, no_policy, &scratch, fates));
    for (size_t i = 0; i < history.request_count; i++) {
        const struct rerun_fate *recorded = &history.requests[i]->recorded;
        test_note("request %zu", i);
        expect_fate(i, recorded->agent, recorded->answered_ms);
        expect(fates[i].has_left == recorded->has_left);
    }
    expect_fate(0, "zoe", 1000);
    expect_fate(3, "zoe", 5000);
    expect(fates[2].has_left);
    expect(strstr(fates[0].terms, "skill 1000") != NULL);
    forget_the_day();
}

static void another_policy_gives_another_day(void)
{
    struct route_policy policy = route_policy_default();
    policy.weights[ROUTE_TERM_SKILL] = 0;
    record_a_day();
    expect(rerun_run(&history, &policy, no_policy, &scratch, fates));
    expect_fate(0, "abel", 1000); /* nothing tells them apart but their ids */
    expect_fate(1, "zoe", 700);
    expect(strstr(fates[0].terms, "skill") == NULL);
    expect(fates[2].has_left);
    forget_the_day();
}

static void what_is_no_line_is_refused(void)
{
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    expect(!rerun_add(&history, SLICE_OF("{}"), &scratch));
    forget_the_day();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_same_policy_gives_the_record_back),
                    CASE(another_policy_gives_another_day), CASE(what_is_no_line_is_refused), {0}});
}
