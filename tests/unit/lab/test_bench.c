/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark matches what it says, and well enough; its times are not judged here. */
#include "lab/bench.h"

#include "lib/test.h"

static struct bench_result run(uint32_t agents, uint32_t skills, uint32_t waiting, uint32_t room)
{
    struct bench_setup setup = {agents, skills, waiting, room, 7, 500};
    struct bench_result result;
    test_note("%u x %u x %u, room %u", agents, skills, waiting, room);
    expect(bench_run(&setup, &result));
    expect(result.quality >= 0.99 && result.quality <= 1);
    expect(result.quality_greedy <= 1 && result.steady_quality >= 0.99);
    expect_u64(result.waiting_while_free, 0);
    return result;
}

static void a_backlog_is_matched_to_within_a_hundredth(void)
{
    expect_u64(run(200, 32, 600, 1).matched, 200);
    expect_u64(run(200, 32, 60, 1).matched, 60);
    expect_u64(run(100, 16, 300, 4).matched, 300);
    run(7, 128, 500, 2); /* most cases have nobody */
    run(1, 1, 1, 1);
}

static void the_auction_is_worth_more_than_the_oldest_first(void)
{
    struct bench_result result = run(300, 32, 900, 1);
    expect(result.quality > result.quality_greedy + 0.01);
    expect(result.decisions_per_s > 0 && result.cpu_ms > 0);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_backlog_is_matched_to_within_a_hundredth),
                    CASE(the_auction_is_worth_more_than_the_oldest_first), {0}});
}
