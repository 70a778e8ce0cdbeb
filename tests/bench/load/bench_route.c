/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the routing core decides. Not a test: prints figures, always succeeds.
 *
 *   bench_route [AGENTS [SKILLS [WAITING]]]      1000 64 3000 when absent; 100 agents at least: of
 *                                                fewer nobody may have a skill that is asked for
 *
 * backlog  everybody free, all waiting at once: decide and fold until nothing is left to match
 * steady   all full, the rest waiting: one chat ends, decide, fold, accept; as in a busy hour
 */
#include "base/heap.h"
#include "core/route/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    SKILLS_OF_AGENT = 5,
    CAPACITY = 4,
    STEADY_ROUNDS = 20000,
    SKILLS_MAX = 4096,
    AGENTS_MIN = 100
};

static struct pool *pool;
static struct route_policy policy;
static struct pool_decisions decisions;
static uint64_t now_ms = 1000000, seq, random_state = 42;
static char skill_text[SKILLS_MAX][32];
static uint64_t decide_ns, fold_ns, decide_calls, offers;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fold(const struct pool_entry *entries, size_t count)
{
    struct name at = {.seq = ++seq};
    for (size_t i = 0; i < count; i++)
        if (pool_apply(pool, &at, now_ms, &entries[i]) != POOL_DONE)
            abort();
}

static struct slice number(char *text, size_t size, char letter, uint64_t value)
{
    return slice_make(text, (size_t)snprintf(text, size, "%c%" PRIu64, letter, value));
}

static void add_agent(uint64_t id, uint64_t skills)
{
    char text[32];
    struct pool_skill known[SKILLS_OF_AGENT];
    uint64_t first = draw(skills);
    for (uint64_t i = 0; i < SKILLS_OF_AGENT; i++)
        known[i] = (struct pool_skill){
                slice_of_string(skill_text[(first + i * 7) % skills]), (uint32_t)draw(900) + 100};
    struct slice language = draw(3) ? SLICE_OF("en") : SLICE_OF("de");
    fold(&(struct pool_entry){.kind = POOL_PRESENCE,
                 .agent = number(text, sizeof text, 'a', id),
                 .profile = {POOL_ONLINE, CAPACITY, known, SKILLS_OF_AGENT, &language, 1,
                         SLICE_NONE}},
            1);
}

static void add_request(uint64_t id, uint64_t skills)
{
    char text[32];
    struct pool_requirement asked[2] = {{slice_of_string(skill_text[draw(skills)]), true},
            {slice_of_string(skill_text[draw(skills)]), false}};
    fold(&(struct pool_entry){.kind = POOL_QUEUED,
                 .request = {number(text, sizeof text, 'c', id), {.seq = 1}},
                 .need = {.first_queued_ms = now_ms - draw(600000),
                         .skills = asked,
                         .skill_count = 2,
                         .language = draw(3) ? SLICE_OF("en") : SLICE_OF("de")}},
            1);
}

/* Decides and folds until there is nothing more. */
static void drain(void)
{
    do {
        uint64_t began_ns = clock_ns();
        pool_decide(pool, &policy, now_ms, &decisions);
        uint64_t decided_ns = clock_ns();
        fold(decisions.entries, decisions.count);
        fold_ns += clock_ns() - decided_ns;
        decide_ns += decided_ns - began_ns;
        decide_calls++;
        offers += decisions.count;
    } while (decisions.has_more);
}

static void report(const char *what)
{
    double decide_ms = (double)decide_ns / 1e6, fold_ms = (double)fold_ns / 1e6;
    printf("%-8s offers=%" PRIu64 " decide_calls=%" PRIu64 " decide_ms=%.2f fold_ms=%.2f "
           "us_per_decide=%.2f decisions_per_s=%.0f\n",
            what, offers, decide_calls, decide_ms, fold_ms,
            (double)decide_ns / 1e3 / (double)decide_calls,
            (double)offers * 1e9 / (double)(decide_ns + fold_ns));
    decide_ns = fold_ns = decide_calls = offers = 0;
}

/* Every open offer is accepted. */
static void accept_all(void)
{
    struct pool_request_view view;
    for (size_t cursor = 0; pool_next_request(pool, &cursor, &view);)
        if (view.state == POOL_OFFER_OPEN)
            fold(&(struct pool_entry){.kind = POOL_ACCEPTED,
                         .request = view.key,
                         .agent = view.agent,
                         .offer = view.offer},
                    1);
}

static void fill_up(uint64_t *next, uint64_t agents, uint64_t skills, uint64_t waiting)
{
    while (pool_counts(pool).active < agents * CAPACITY / 100 * 97) {
        for (uint64_t i = 0; i < waiting; i++)
            add_request((*next)++, skills);
        drain();
        accept_all();
        now_ms += 100;
    }
    while (pool_counts(pool).waiting < waiting)
        add_request((*next)++, skills);
    drain();
    accept_all();
}

static void steady(uint64_t *next, uint64_t skills, uint64_t waiting)
{
    struct pool_request_view view;
    size_t cursor = 0;
    decide_ns = fold_ns = decide_calls = offers = 0;
    for (int round = 0; round < STEADY_ROUNDS; round++) {
        do {
            if (!pool_next_request(pool, &cursor, &view))
                cursor = 0;
        } while (cursor == 0 || view.state != POOL_ACTIVE);
        fold(&(struct pool_entry){.kind = POOL_RELEASED, .request = view.key}, 1);
        drain();
        for (size_t i = 0; i < decisions.count; i++)
            fold(&(struct pool_entry){.kind = POOL_ACCEPTED,
                         .request = decisions.entries[i].request,
                         .agent = decisions.entries[i].agent,
                         .offer = {.seq = seq - i}},
                    1);
        if (pool_counts(pool).waiting < waiting)
            add_request((*next)++, skills);
        now_ms += 3;
    }
}

static uint64_t argument(int argc, char **argv, int at, uint64_t otherwise)
{
    return argc > at ? strtoull(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    uint64_t agents = argument(argc, argv, 1, 1000), skills = argument(argc, argv, 2, 64),
             waiting = argument(argc, argv, 3, 3000), next = 0;
    if (agents < AGENTS_MIN || skills < SKILLS_OF_AGENT * 7 || skills > SKILLS_MAX ||
            waiting == 0) {
        fprintf(stderr, "usage: bench_route [AGENTS (100..) [SKILLS (35..4096) [WAITING]]]\n");
        return 2;
    }
    pool = pool_create((struct pool_memory){heap_resize, NULL}, 1);
    policy = route_policy_default();
    for (uint64_t i = 0; i < skills; i++)
        snprintf(skill_text[i], sizeof skill_text[i], "skill%" PRIu64, i);
    for (uint64_t i = 0; i < agents; i++)
        add_agent(i, skills);
    now_ms += 60000;
    while (next < waiting)
        add_request(next++, skills);
    printf("agents=%" PRIu64 " skills=%" PRIu64 " waiting=%" PRIu64 " capacity=%d\n", agents,
            skills, waiting, CAPACITY);
    drain();
    report("backlog");
    accept_all();
    fill_up(&next, agents, skills, waiting);
    steady(&next, skills, waiting);
    report("steady");
    drain();
    printf("left: waiting=%zu active=%zu waiting_while_free=%zu\n", pool_counts(pool).waiting,
            pool_counts(pool).active, pool_waiting_while_free(pool, &policy, now_ms));
    pool_destroy(pool);
    return 0;
}
