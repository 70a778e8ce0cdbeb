/* SPDX-License-Identifier: Apache-2.0 */
/* Plans. Invariant: a plan is a function of its seed. */
#include "plan.h"

#include "base/check.h"

#include <inttypes.h>

enum { BAD_WIRE_CUT_PER_MILLE = 12, WRAP_UP_MS = 3000 };

const char *fault_name(enum fault_kind kind)
{
    static const char *const names[FAULT_KINDS] = {"a node dies", "a node stands still",
            "the logs' Redis is killed", "the keys' Redis is killed", "a link to the logs is cut",
            "a link to the keys is cut", "a link to the hints is cut", "hints are swallowed",
            "failover", "the clock jumps forward", "the clock jumps back", "a client is cut"};
    check(kind < FAULT_KINDS);
    return names[kind];
}

static enum fault_kind draw_kind(struct fake_random *random)
{
    static const unsigned shares[FAULT_KINDS] = {12, 5, 6, 4, 14, 5, 6, 3, 4, 1, 1, 39};
    uint64_t at = fake_random_below(random, 100);
    unsigned kind = 0;
    while (at >= shares[kind])
        at -= shares[kind++];
    return (enum fault_kind)kind;
}

static uint64_t draw_ms(struct fake_random *random, enum fault_kind kind)
{
    if (kind == FAULT_CLOCK_FORWARD)
        return fake_random_between(random, 1, fake_random_chance(random, 300) ? 3600000 : 20000);
    if (kind == FAULT_CLOCK_BACK)
        return fake_random_between(random, 1, 5000);
    if (kind == FAULT_NODE_STALLS)
        return fake_random_between(random, 100, 8000);
    return fake_random_between(random, 20, 3000);
}

static void draw_wire(struct plan *plan, struct fake_random *random)
{
    plan->wire = (struct fake_faults){.delay_ms_max = 3,
            .cut_per_mille = fake_random_chance(random, 600) ? 3 : 0,
            .unknown_per_mille = fake_random_chance(random, 600) ? 8 : 0,
            .detect_ms_max = 200,
            .reconnect_ms_max = 300,
            .orphans_per_mille = fake_random_chance(random, 600) ? 300 : 0,
            .orphan_ms_max = 500,
            .full_per_mille = fake_random_chance(random, 500) ? 2 : 0,
            .clock_error_ms_max = fake_random_chance(random, 500) ? 50 : 0,
            .barriers_are_hollow = plan->is_lossy};
    plan->bus = (struct fake_bus_faults){.delay_ms_max = fake_random_chance(random, 300) ? 200 : 3,
            .drop_per_mille = fake_random_chance(random, 500) ? 50 : 0,
            .double_per_mille = fake_random_chance(random, 500) ? 50 : 0,
            .reorder_per_mille = fake_random_chance(random, 500) ? 50 : 0,
            .reconnect_ms_max = 300};
}

void plan_make(struct plan *plan, uint64_t seed)
{
    static const unsigned nodes[10] = {1, 1, 2, 2, 2, 2, 3, 3, 3, 4};
    struct fake_random random;
    fake_random_init(&random, seed * 11 + 3);
    *plan = (struct plan){.seed = seed, .is_lively = true};
    plan->node_count = nodes[fake_random_below(&random, 10)];
    plan->is_lossy = fake_random_chance(&random, 250);
    plan->bot_ignores_per_mille = fake_random_chance(&random, 500) ? 60 : 0;
    draw_wire(plan, &random);
    uint64_t at_ms = 1000, calm_ms = fake_random_between(&random, 200, 5000);
    while (at_ms < FAULT_MS && plan->fault_count < FAULTS_MAX) {
        struct fault *fault = &plan->faults[plan->fault_count++];
        fault->kind = draw_kind(&random);
        fault->at_ms = at_ms;
        fault->ms = draw_ms(&random, fault->kind);
        fault->who = (unsigned)fake_random_below(&random, 1000);
        at_ms += 20 + fake_random_below(&random, calm_ms);
    }
    if (plan->wire.cut_per_mille > 0 && fake_random_chance(&random, 300))
        plan->wire.cut_per_mille = BAD_WIRE_CUT_PER_MILLE;
    plan->saves_in_parts = seed % 2 == 0; /* draws nothing: old seeds stay what they were */
    if (seed % 4 == 1)
        plan->erased_at_ms = 2000 + seed * 7919 % 15000; /* neither does this */
    plan->calls_back = seed % 3 == 1;                    /* nor does this */
    plan->attaches = seed % 10 == 3 || seed % 8 == 5;    /* nor this */
    plan->wrap_up_ms = fake_random_chance(&random, 300) ? WRAP_UP_MS : 0;
}

void plan_print(const struct plan *plan, FILE *out)
{
    fprintf(out,
            "# seed %" PRIu64 ": %u nodes, %s, %s, %s, %" PRIu64
            " ms of wrap-up, an erasure at %" PRIu64
            " ms; of 1000 commands %u cut, %u unknown, %u full, orphans %u\n",
            plan->seed, plan->node_count, plan->is_lossy ? "everysec" : "barriers hold",
            plan->calls_back ? "callbacks" : "no callbacks", plan->attaches ? "files" : "no files",
            plan->wrap_up_ms, plan->erased_at_ms, plan->wire.cut_per_mille,
            plan->wire.unknown_per_mille, plan->wire.full_per_mille, plan->wire.orphans_per_mille);
    fprintf(out,
            "# of 1000 hints %u dropped, %u doubled, %u out of order, each up to %" PRIu64
            " ms late\n",
            plan->bus.drop_per_mille, plan->bus.double_per_mille, plan->bus.reorder_per_mille,
            plan->bus.delay_ms_max);
    for (unsigned i = 0; i < plan->fault_count; i++)
        fprintf(out, "# %6" PRIu64 " ms: %s (%u, %" PRIu64 " ms)\n", plan->faults[i].at_ms,
                fault_name(plan->faults[i].kind), plan->faults[i].who, plan->faults[i].ms);
}
