/* SPDX-License-Identifier: Apache-2.0 */
/* Who has room again is offered the best of all who wait: the quick way finds what looking at all
 * of them finds. */
#include "core/route/setup.h"
#include "desk.h"
#include "lib/test.h"

static struct pool_decisions decisions;

static void decide(void)
{
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
}

static uint64_t seed;

static uint64_t drawn(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* Each of the terms applies to some of them. */
static void somebody_waits(unsigned number)
{
    static const char *const skills[] = {"billing!", "billing! fast", "tax!", "fast", ""};
    struct pool_need need = need_of(skills[drawn(5)], drawn(2) ? "de" : "");
    need.first_queued_ms = desk_now_ms - drawn(900000);
    need.value = drawn(3) ? 0 : drawn(200000);
    need.promise_ms = drawn(3) ? 0 : desk_now_ms - 300000 + drawn(900000);
    need.class_name = drawn(3) ? SLICE_NONE : SLICE_OF("concierge");
    need.last_agent = drawn(4) ? SLICE_NONE : SLICE_OF("anna");
    customer_waits_as(one_of_many('c', number), 1, need);
}

/* Looks at all who wait; how many others score as much does not matter. */
static uint64_t best_score_for(struct slice agent)
{
    struct pool_request_view view;
    struct route_candidate candidates[2];
    uint64_t best = 0;
    for (size_t cursor = 0; pool_next_request(desk_pool, &cursor, &view);) {
        size_t count = view.state == POOL_WAITING ? pool_explain(desk_pool, &desk_policy, &view.key,
                                                            desk_now_ms, candidates, 2)
                                                  : 0;
        for (size_t i = 0; i < count; i++)
            if (slice_equal(candidates[i].agent, agent) &&
                    candidates[i].verdict == ROUTE_ELIGIBLE && candidates[i].score > best)
                best = candidates[i].score;
    }
    return best;
}

static uint64_t offered_score(void)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < decisions.entries[0].term_count; i++)
        sum += decisions.entries[0].terms[i].value;
    return sum;
}

static void ends_the_chat_of(struct slice agent)
{
    struct pool_request_view view;
    size_t cursor = 0;
    do
        expect(pool_next_request(desk_pool, &cursor, &view));
    while (!slice_equal(view.agent, agent));
    struct pool_entry end = {.kind = POOL_RELEASED, .request = view.key};
    expect_u64(desk_says(&end), POOL_DONE);
}

static void anna_is_freed(void)
{
    ends_the_chat_of(SLICE_OF("anna"));
    time_passes(700);
    uint64_t best = best_score_for(SLICE_OF("anna"));
    decide();
    expect_u64(decisions.count, 1);
    expect_u64(offered_score(), best);
    router_works();
}

static void works_through_a_crowd(const struct route_setup *setup)
{
    desk_open();
    desk_policy.setup = setup;
    agent_comes("anna", 1, "billing:700 fast:400", "de");
    agent_comes("bela", 1, "billing tax", "");
    for (unsigned i = 0; i < 40; i++)
        somebody_waits(i);
    router_works();
    for (unsigned i = 40; i < 60; i++) {
        anna_is_freed();
        somebody_waits(i);
        if (i != 50)
            continue;
        customer_waits_as("mail", 1, (struct pool_need){.is_interruptible = true});
        owns("bela", "mail"); /* from here on calm applies, to those who were there as well */
    }
    desk_close();
}

static void a_freed_agent_gets_the_best_of_all(void)
{
    static struct route_setup setup = {.class_count = 1};
    route_name_set(&setup.classes[0].name, SLICE_OF("concierge"));
    setup.classes[0].worth = 800;
    for (uint64_t first = 1; first <= 20; first++) {
        seed = first * 0x9e3779b97f4a7c15u;
        works_through_a_crowd(&setup);
    }
}

int main(int argc, char **argv)
{
    return test_main(
            argc, argv, (struct test_case[]){CASE(a_freed_agent_gets_the_best_of_all), {0}});
}
