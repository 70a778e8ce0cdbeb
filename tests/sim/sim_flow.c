/* SPDX-License-Identifier: Apache-2.0 */
/* The flows, whole, against an adversary: one to four nodes of the real code on a made-up Redis and
 * a made-up bus, with customers on two devices each, two bot workers, two agents at three desks
 * and a supervisor, each connected to any node, while nodes die and stand still, links are cut,
 * answers lost, Redis is killed and fails over.
 *
 * After the faults have ended everything must come to rest, and then hold: what was said and done
 * is in the log once, and shown as it holds (judge_words.c); a case has one owner, is handed on
 * once and taken over by a supervisor alone, of whom customers do not know while they look on
 * (judge_owners.c); who is to be called back is, not before the time, once, by who was told of it
 * (judge_calls.c); a file comes as it was attached, and nothing is left of what nobody said
 * (files.c, cast_files.c); turns and capacity (verdict.c); nothing waited while nobody looked on
 * (world.c); receipts, typing and presence (cast_signs.c, epilogue.c); nothing is left of a
 * conversation that was erased meanwhile, and its contact began anew (erasure.c). In worlds with
 * fsync everysec a failover loses what was acked; clients heal it. It may take ERASED back there:
 * then the key's end counts, and nobody is left in what it opened.
 *
 *   SIM_SEEDS=N   how many seeds        SIM_JOBS=N   in how many processes (all processors)
 *   SIM_FIRST=S   from this one on      SIM_SEED=S   only this one; made small when it fails
 *   SIM_TRACE=1   with all of its trace
 * SIGINT or SIGTERM end it early; it says how far it came.
 */
#include "base/check.h"
#include "base/log_line.h"
#include "lib/test.h"
#include "port/crypto.h"
#include "shrink.h"
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEEDS = 150, FAILED_MAX = 16 };

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec;
}

/* Shows the smallest plan that still fails, and how it ends. */
static void tell(uint64_t seed)
{
    struct plan plan;
    plan_make(&plan, seed);
    unsigned trials = plan_shrink(&plan);
    printf("# SIM_SEED=%" PRIu64 " replays it; made small in %u runs:\n", seed, trials);
    plan_print(&plan, stdout);
    fflush(stdout);
    if (fork() == 0) {
        plan_run(&plan, stdout);
        fflush(stdout);
        _exit(0);
    }
    check(wait(NULL) > 0);
}

static void run_one(uint64_t seed)
{
    struct plan plan;
    char why[WHY_MAX];
    plan_make(&plan, seed);
    plan_print(&plan, stdout);
    bool is_good = plan_holds(&plan, why);
    if (is_good)
        plan_run(&plan, stdout);
    else
        tell(seed);
    expect(is_good);
}

static void everything_comes_to_rest_and_nothing_is_lost(void)
{
    uint64_t only = number_from("SIM_SEED", 0), first = number_from("SIM_FIRST", 1);
    uint64_t last = first + number_from("SIM_SEEDS", SEEDS) - 1;
    struct failed_seed failed[FAILED_MAX];
    unsigned jobs = (unsigned)number_from("SIM_JOBS", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    if (only != 0) {
        run_one(only);
        return;
    }
    uint64_t began_s = clock_s();
    uint64_t count = seeds_run(first, &last, jobs, failed, FAILED_MAX);
    uint64_t took_s = clock_s() - began_s;
    printf("# seeds %" PRIu64 " to %" PRIu64 "\n", first, last);
    tally_print(stdout);
    if (count > 0)
        tell(failed[0].seed);
    tally_sum_up(last + 1 - first, count, took_s, stdout);
    expect_u64(count, 0);
    unsigned unreached = tally_unreached(stdout);
    if (last + 1 - first >= SEEDS)
        expect_u64(unreached, 0);
}

/* With and without a trace, and with another world before it. */
static void a_seed_is_a_run(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct plan plan, other;
        char *text = NULL;
        size_t size = 0;
        FILE *trace = open_memstream(&text, &size);
        plan_make(&plan, seed);
        plan_make(&other, seed + 1000);
        plan_run(&plan, NULL);
        uint64_t digest = plan_digest();
        plan_run(&other, NULL);
        plan_run(&plan, trace);
        fclose(trace);
        free(text);
        test_note("seed %" PRIu64, seed);
        expect_u64(plan_digest(), digest);
    }
}

int main(int argc, char **argv)
{
    crypto_start();
    log_line_setup(getenv("SIM_LOG") ? LOG_DEBUG : LOG_ERROR + 1, "sim");
    tally_start();
    return test_main(argc, argv,
            (struct test_case[]){CASE(everything_comes_to_rest_and_nothing_is_lost),
                    CASE(a_seed_is_a_run), {0}});
}
