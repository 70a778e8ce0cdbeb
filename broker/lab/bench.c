/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark of routing.
 *
 *   backlog  everybody has room, all wait at once: decide and fold until nothing is left to match
 *   greedy   the same pool with the auction's memory withheld: core/route then serves the oldest
 *            first, each by the best agent left, which is FIFO + best agent
 *   steady   all full, so many wait: one chat ends, decide, fold, accept, another one comes
 *
 * Invariant: equal setups make equal pools; only the times differ. Nothing is skipped: each
 * decision is folded before the next, and what the core refuses ends the run.
 */
#include "lab/bench.h"

#include "base/heap.h"
#include "core/route/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SKILLS_OF_AGENT = 5, AGE_MAX_MS = 600000, IDLE_MS = 60000, ROUND_MS = 3, TEXT_MAX = 24 };

struct hall {
    const struct bench_setup *setup;
    struct pool *pool;
    struct route_policy policy;
    struct pool_decisions decisions;
    uint64_t now_ms, seq, random, next_request, released;
    bool is_memory_withheld;
    uint64_t decide_ns, fold_ns, longest_ns, offers, worth;
};

static void *resize(void *user, void *old, size_t bytes)
{
    const struct hall *hall = user;
    bool is_withheld = hall->is_memory_withheld && bytes > 0;
    return is_withheld ? NULL : heap_resize(NULL, old, bytes);
}

static uint64_t draw(struct hall *hall, uint64_t below)
{
    hall->random ^= hall->random << 13;
    hall->random ^= hall->random >> 7;
    hall->random ^= hall->random << 17;
    return hall->random % below;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool fold(struct hall *hall, const struct pool_entry *entries, size_t count)
{
    struct name at = {.seq = ++hall->seq};
    for (size_t i = 0; i < count; i++)
        if (pool_apply(hall->pool, &at, hall->now_ms, &entries[i]) != POOL_DONE)
            return false;
    return true;
}

/* ---- the made-up world ---- */

static struct slice numbered(char text[TEXT_MAX], char letter, uint64_t number)
{
    int len = snprintf(text, TEXT_MAX, "%c%" PRIu64, letter, number);
    return slice_make(text, (size_t)len);
}

static bool add_agent(struct hall *hall, uint64_t id)
{
    char text[TEXT_MAX], names[SKILLS_OF_AGENT][TEXT_MAX];
    struct pool_skill known[SKILLS_OF_AGENT];
    uint64_t first = draw(hall, hall->setup->skills);
    for (uint64_t i = 0; i < SKILLS_OF_AGENT; i++) {
        uint64_t skill = (first + i * 7) % hall->setup->skills;
        known[i] = (struct pool_skill){
                numbered(names[i], 's', skill), (uint32_t)draw(hall, 900) + 100};
    }
    struct slice language = draw(hall, 3) ? SLICE_OF("en") : SLICE_OF("de");
    struct pool_entry entry = {.kind = POOL_PRESENCE,
            .agent = numbered(text, 'a', id),
            .profile = {POOL_ONLINE, hall->setup->room, known, SKILLS_OF_AGENT, &language, 1,
                    SLICE_NONE}};
    return fold(hall, &entry, 1);
}

static bool add_request(struct hall *hall)
{
    char text[TEXT_MAX], must[TEXT_MAX], should[TEXT_MAX];
    struct pool_requirement asked[2] = {
            {numbered(must, 's', draw(hall, hall->setup->skills)), true},
            {numbered(should, 's', draw(hall, hall->setup->skills)), false}};
    struct pool_entry entry = {.kind = POOL_QUEUED,
            .request = {numbered(text, 'c', hall->next_request++), {.seq = 1}},
            .need = {.first_queued_ms = hall->now_ms - draw(hall, AGE_MAX_MS),
                    .skills = asked,
                    .skill_count = 2,
                    .language = draw(hall, 3) ? SLICE_OF("en") : SLICE_OF("de")}};
    return fold(hall, &entry, 1);
}

static bool open_hall(struct hall *hall, const struct bench_setup *setup)
{
    *hall = (struct hall){.setup = setup,
            .policy = route_policy_default(),
            .now_ms = 10 * AGE_MAX_MS,
            .random = setup->seed * 0x9e3779b97f4a7c15u + 1};
    hall->pool = pool_create((struct pool_memory){resize, hall}, setup->seed);
    bool is_made = hall->pool != NULL;
    for (uint32_t i = 0; is_made && i < setup->agents; i++)
        is_made = add_agent(hall, i);
    hall->now_ms += IDLE_MS;
    for (uint32_t i = 0; is_made && i < setup->waiting; i++)
        is_made = add_request(hall);
    return is_made;
}

/* ---- deciding ---- */

static uint64_t worth_of(const struct pool_decisions *decisions)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < decisions->count; i++)
        for (size_t term = 0; term < decisions->entries[i].term_count; term++)
            sum += decisions->entries[i].terms[term].value;
    return sum;
}

static bool decide_and_fold(struct hall *hall)
{
    uint64_t decided_ns = cpu_ns(), began_ns;
    do {
        began_ns = decided_ns;
        pool_decide_within(
                hall->pool, &hall->policy, hall->now_ms, ROUTE_SLICE_LOOKS, &hall->decisions);
        decided_ns = cpu_ns();
        hall->decide_ns += decided_ns - began_ns;
        if (decided_ns - began_ns > hall->longest_ns)
            hall->longest_ns = decided_ns - began_ns;
    } while (hall->decisions.is_thinking);
    bool is_folded = fold(hall, hall->decisions.entries, hall->decisions.count);
    hall->fold_ns += cpu_ns() - decided_ns;
    hall->offers += hall->decisions.count;
    hall->worth += worth_of(&hall->decisions);
    return is_folded;
}

static bool drain(struct hall *hall)
{
    do {
        if (!decide_and_fold(hall))
            return false;
    } while (hall->decisions.has_more);
    return true;
}

static double milliseconds(uint64_t ns)
{
    return (double)ns / 1e6;
}

static bool run_backlog(struct hall *hall, struct bench_result *out, uint64_t *out_dual)
{
    struct pool_quality quality = {0};
    do {
        if (!decide_and_fold(hall))
            return false;
        if (quality.dual == 0)
            quality = hall->decisions.quality;
    } while (hall->decisions.has_more);
    out->matched = (uint32_t)hall->offers;
    out->quality = quality.dual ? (double)quality.primal / (double)quality.dual : 1;
    out->dual_gap = 1 - out->quality;
    out->cpu_ms = milliseconds(hall->decide_ns);
    out->fold_cpu_ms = milliseconds(hall->fold_ns);
    out->batch_max_ms = milliseconds(hall->longest_ns);
    out->waiting_while_free = pool_waiting_while_free(hall->pool, &hall->policy, hall->now_ms);
    *out_dual = quality.dual;
    return true;
}

/* Folding may need memory, deciding gets none. */
static bool run_greedy(struct hall *hall, struct bench_result *out, uint64_t dual)
{
    do {
        uint64_t began_ns = cpu_ns();
        hall->is_memory_withheld = true;
        pool_decide(hall->pool, &hall->policy, hall->now_ms, &hall->decisions);
        hall->is_memory_withheld = false;
        hall->decide_ns += cpu_ns() - began_ns;
        hall->worth += worth_of(&hall->decisions);
        if (!fold(hall, hall->decisions.entries, hall->decisions.count))
            return false;
    } while (hall->decisions.has_more);
    out->quality_greedy = dual > 0 ? (double)hall->worth / (double)dual : 1;
    out->greedy_cpu_ms = milliseconds(hall->decide_ns);
    return true;
}

/* ---- the busy hour ---- */

static bool accept_all(struct hall *hall)
{
    struct pool_request_view view;
    for (size_t cursor = 0; pool_next_request(hall->pool, &cursor, &view);) {
        struct pool_entry entry = {.kind = POOL_ACCEPTED,
                .request = view.key,
                .agent = view.agent,
                .offer = view.offer};
        if (view.state == POOL_OFFER_OPEN && !fold(hall, &entry, 1))
            return false;
    }
    return true;
}

/* As many wait as shall, and no more chats can begin. */
static bool fill_up(struct hall *hall)
{
    size_t active_before;
    do {
        active_before = pool_counts(hall->pool).active;
        for (size_t i = pool_counts(hall->pool).waiting; i < hall->setup->waiting; i++)
            if (!add_request(hall))
                return false;
        if (!drain(hall) || !accept_all(hall))
            return false;
        hall->now_ms += ROUND_MS;
    } while (pool_counts(hall->pool).active > active_before);
    return true;
}

static bool end_one_chat(struct hall *hall, size_t *cursor)
{
    struct pool_request_view view;
    do {
        if (!pool_next_request(hall->pool, cursor, &view))
            *cursor = 0;
    } while (*cursor == 0 || view.state != POOL_ACTIVE);
    return fold(hall, &(struct pool_entry){.kind = POOL_RELEASED, .request = view.key}, 1);
}

static bool accept_decided(struct hall *hall)
{
    struct name offer = {.seq = hall->seq};
    for (size_t i = 0; i < hall->decisions.count; i++) {
        struct pool_entry entry = {.kind = POOL_ACCEPTED,
                .request = hall->decisions.entries[i].request,
                .agent = hall->decisions.entries[i].agent,
                .offer = offer};
        if (!fold(hall, &entry, 1))
            return false;
    }
    return true;
}

static bool one_round(struct hall *hall, size_t *cursor)
{
    if (!end_one_chat(hall, cursor) || !decide_and_fold(hall) || !accept_decided(hall))
        return false;
    for (size_t i = hall->decisions.count; i > 0; i--)
        if (!add_request(hall))
            return false;
    hall->now_ms += ROUND_MS;
    return true;
}

static bool run_steady(struct hall *hall, struct bench_result *out)
{
    uint64_t primal = 0, dual = 0;
    size_t cursor = 0;
    if (!fill_up(hall))
        return false;
    hall->decide_ns = hall->fold_ns = hall->offers = 0;
    size_t active = pool_counts(hall->pool).active;
    for (uint32_t round = 0; active > 0 && round < hall->setup->rounds; round++) {
        if (!one_round(hall, &cursor))
            return false;
        primal += hall->decisions.quality.primal;
        dual += hall->decisions.quality.dual;
        active += hall->decisions.count - 1;
    }
    uint64_t spent_ns = hall->decide_ns + hall->fold_ns;
    out->decisions_per_s = spent_ns > 0 ? (double)hall->offers * 1e9 / (double)spent_ns : 0;
    out->steady_quality = dual > 0 ? (double)primal / (double)dual : 1;
    return true;
}

static bool run_first(struct hall *hall, const struct bench_setup *setup, struct bench_result *out,
        uint64_t *out_dual)
{
    bool is_done = open_hall(hall, setup) && run_backlog(hall, out, out_dual) && accept_all(hall) &&
                   run_steady(hall, out);
    pool_destroy(hall->pool);
    return is_done;
}

static bool run_again(
        struct hall *hall, const struct bench_setup *setup, struct bench_result *out, uint64_t dual)
{
    bool is_done = open_hall(hall, setup) && run_greedy(hall, out, dual);
    pool_destroy(hall->pool);
    return is_done;
}

bool bench_run(const struct bench_setup *setup, struct bench_result *out)
{
    struct hall *hall = malloc(sizeof *hall);
    struct bench_result result = {0};
    uint64_t dual = 0;
    bool is_done = hall != NULL && run_first(hall, setup, &result, &dual) &&
                   run_again(hall, setup, &result, dual);
    free(hall);
    if (is_done)
        *out = result;
    return is_done;
}
