/* SPDX-License-Identifier: Apache-2.0 */
/* The log engine against an adversary: with all rules kept nothing is ever wrong, and with any one
 * rule out of force something soon is.
 *
 *   SIM_SEEDS=100000 tests/sim/sim_log        more seeds
 *   SIM_SEED=148 tests/sim/sim_log kept       one of them again, with its trace
 */
#include "lib/test.h"
#include "log_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 2000, RECALL_SEEDS = 400, TRACE_LINES = 60 };

static struct world world;

static unsigned run_seed(uint64_t seed, bool is_durable, enum rule off)
{
    world_begin(&world, seed, is_durable, off);
    world_run(&world);
    return world.violations;
}

static void print_trace(uint64_t seed)
{
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return;
    fake_server_trace(world.server, out);
    fclose(out);
    const char *from = text + size;
    while (from > text && lines < TRACE_LINES)
        if (*--from == '\n')
            lines++;
    printf("# seed %" PRIu64 ", %s; SIM_SEED=%" PRIu64 " replays it; the trace's end:\n", seed,
            world.is_durable ? "barriers hold" : "everysec", seed);
    for (from += strspn(from, "\n"); *from != '\0'; from += strspn(from, "\n")) {
        int len = (int)strcspn(from, "\n");
        printf("%.*s\n", len, from); /* lines that begin with # */
        from += len;
    }
    free(text);
}

static void run_kept(bool is_durable)
{
    const char *only = getenv("SIM_SEED"), *count = getenv("SIM_SEEDS");
    uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    uint64_t last = only ? first : count ? strtoull(count, NULL, 10) : SEEDS / 2;
    size_t lost = 0, crashes = 0, refused = 0;
    for (uint64_t seed = first; seed <= last; seed++) {
        unsigned violations = run_seed(seed, is_durable, RULE_ALL_KEPT);
        lost += world.lost;
        crashes += world.crashes;
        refused += world.refused;
        if (violations != 0 || only != NULL)
            print_trace(seed);
        test_note("seed %" PRIu64 ": %s", seed, violation_name(violations));
        expect_u64(violations, 0);
        world_end(&world);
    }
    printf("# %zu writes lost, %zu crashes, %zu appends refused\n", lost, crashes, refused);
    if (only == NULL)
        expect(lost > 0 && crashes > 0 && refused > 0); /* an adversary worth the name */
}

static void all_rules_kept_with_barriers(void)
{
    run_kept(true);
}

static void all_rules_kept_everysec(void)
{
    run_kept(false);
}

/* Puts the rule out of force until the violation is seen. */
static void expect_red(enum rule off, bool is_durable, unsigned wanted)
{
    for (uint64_t seed = 1; seed <= RECALL_SEEDS; seed++) {
        unsigned violations = run_seed(seed, is_durable, off);
        world_end(&world);
        if (violations & wanted) {
            printf("# seed %" PRIu64 ": %s\n", seed, violation_name(violations & wanted));
            return;
        }
    }
    test_note("no violation within %d seeds", RECALL_SEEDS);
    expect(false);
}

static void without_one_in_flight(void)
{
    expect_red(RULE_ONE_IN_FLIGHT, true, NOT_DENSE | BROKEN_LOG);
    expect_red(RULE_ONE_IN_FLIGHT, false, NOT_DENSE | BROKEN_LOG);
}

static void without_link_generation(void)
{
    expect_red(RULE_LINK_GENERATION, true, NOT_DENSE | BROKEN_LOG);
    expect_red(RULE_LINK_GENERATION, false, NOT_DENSE | BROKEN_LOG);
}

static void without_mark_check(void)
{
    expect_red(RULE_MARK_CHECK, true, DIVERGED);
    expect_red(RULE_MARK_CHECK, false, DIVERGED);
}

static void without_token_marks(void)
{
    expect_red(RULE_TOKEN_MARKS, false, LOST_TURN);
}

static void without_unknown_is_retry(void)
{
    expect_red(RULE_UNKNOWN_IS_RETRY, true, PHANTOM);
}

static void without_no_from_fresh(void)
{
    expect_red(RULE_NO_FROM_FRESH, true, FALSE_NO);
}

static void without_barrier(void)
{
    expect_red(RULE_BARRIER, true, ACKED_ABSENT | OTHER_PLACE);
}

static void without_barrier_duplicate(void)
{
    expect_red(RULE_BARRIER_DUPLICATE, true, ACKED_ABSENT | OTHER_PLACE);
}

static void without_dense_counter(void)
{
    expect_red(RULE_DENSE_COUNTER, true, DUPLICATE);
    expect_red(RULE_DENSE_COUNTER, true, ORDER);
}

static void without_heal(void)
{
    expect_red(RULE_HEAL, false, STUCK);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(all_rules_kept_with_barriers), CASE(all_rules_kept_everysec),
                    CASE(without_one_in_flight), CASE(without_link_generation),
                    CASE(without_mark_check), CASE(without_token_marks),
                    CASE(without_unknown_is_retry), CASE(without_no_from_fresh),
                    CASE(without_barrier), CASE(without_barrier_duplicate),
                    CASE(without_dense_counter), CASE(without_heal), {0}});
}
