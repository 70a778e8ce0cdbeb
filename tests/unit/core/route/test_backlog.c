/* SPDX-License-Identifier: Apache-2.0 */
/* More who wait than there is room: who is served, how well, and that nobody is left for ever. */
#include "desk.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000 };

static struct pool_decisions decisions;

static void decide(void)
{
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
}

/* ---- who is served ---- */

static void the_generalist_leaves_the_specialist_to_who_needs_them(void)
{
    desk_open();
    agent_comes("both", 1, "billing:900 tax", "");
    agent_comes("billing", 1, "billing:800", "");
    customer_waits("c1", "billing!");
    time_passes(1);
    customer_waits("c2", "tax!");
    expect_u64(router_works(), 2);
    expect_offered_to("c1", "billing");
    expect_offered_to("c2", "both");
    desk_close();
}

static void the_oldest_go_first_when_all_are_alike(void)
{
    desk_open();
    for (unsigned i = 0; i < 7; i++)
        agent_comes(one_of_many('a', i), 1 + i % 3, "", "");
    for (unsigned i = 0; i < 40; i++) {
        customer_waits(one_of_many('c', i), "");
        time_passes(1);
    }
    size_t served = router_works();
    expect_u64(served, 13);
    for (unsigned i = 0; i < 40; i++)
        expect_u64(view_of(one_of_many('c', i)).state, i < served ? POOL_OFFER_OPEN : POOL_WAITING);
    desk_close();
}

static void musts_hold_in_a_crowd(void)
{
    desk_open();
    for (unsigned i = 0; i < 12; i++)
        agent_comes(one_of_many('a', i), 2, i % 2 ? "billing" : "parcels", "");
    for (unsigned i = 0; i < 60; i++)
        customer_waits(one_of_many('c', i), i % 3 ? "billing!" : "parcels!");
    expect_u64(router_works(), 24);
    for (unsigned i = 0; i < 60; i++) {
        struct pool_request_view view = view_of(one_of_many('c', i));
        if (view.state == POOL_OFFER_OPEN)
            expect_u64((unsigned)(view.agent.bytes[view.agent.len - 1] - '0') % 2, i % 3 != 0);
    }
    desk_close();
}

static void who_refused_is_not_asked_again_in_a_crowd(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    agent_comes("bela", 1, "", "");
    customer_waits("c1", "");
    router_works();
    struct slice first = view_of("c1").agent;
    bool was_anna = slice_is(first, "anna");
    declines(was_anna ? "anna" : "bela", "c1");
    customer_waits("c2", "");
    customer_waits("c3", "");
    router_works();
    expect_offered_to("c1", was_anna ? "bela" : "anna");
    expect_waiting("c3");
    desk_close();
}

/* ---- the certificate ---- */

static void crowd_of(unsigned agents, uint32_t room, unsigned customers)
{
    static const char *const skills[] = {
            "billing:900 tax:300", "billing:400 parcels", "tax parcels:500"};
    static const char *const needs[] = {"billing! tax", "parcels!", "tax", "billing! parcels"};
    for (unsigned i = 0; i < agents; i++)
        agent_comes(one_of_many('a', i), room, skills[i % 3], i % 2 ? "de en" : "en");
    for (unsigned i = 0; i < customers; i++) {
        customer_waits_speaking(one_of_many('c', i), needs[i % 4], i % 3 ? "en" : "de");
        time_passes(100);
    }
}

static void a_batch_says_how_good_it_is(void)
{
    desk_open();
    crowd_of(20, 2, 90);
    decide();
    struct pool_quality first = decisions.quality;
    expect_u64(decisions.count, 20);
    expect(decisions.has_more);
    expect_u64(first.requests, 90);
    expect_u64(first.agents, 20);
    expect_u64(first.matched, 40);
    expect(first.primal <= first.dual && first.gap <= 10);
    expect_u64(router_works(), 40);
    decide();
    expect_u64(decisions.quality.matched + decisions.quality.dual, 0);
    desk_close();
}

static void slack_is_proven_optimal(void)
{
    desk_open();
    agent_comes("anna", 4, "billing", "");
    agent_comes("bela", 4, "parcels", "");
    customer_waits("c1", "billing!");
    customer_waits("c2", "parcels!");
    decide();
    expect_u64(decisions.count, 2);
    expect(!decisions.has_more);
    expect_u64(decisions.quality.matched, 2);
    expect(decisions.quality.primal > 0);
    expect_u64(decisions.quality.primal, decisions.quality.dual);
    desk_close();
}

static void the_one_agent_with_room_gets_the_best_case_proven(void)
{
    desk_open();
    crowd_of(1, 1, 30);
    customer_waits_speaking("best", "billing! tax", "en");
    uint64_t best = 0;
    struct pool_request_view view;
    for (size_t cursor = 0; pool_next_request(desk_pool, &cursor, &view);) {
        struct route_candidate candidate;
        pool_explain(desk_pool, &desk_policy, &view.key, desk_now_ms, &candidate, 1);
        if (candidate.verdict == ROUTE_ELIGIBLE && candidate.score > best)
            best = candidate.score;
    }
    decide();
    expect_u64(decisions.count, 1);
    expect_u64(decisions.quality.primal, best);
    expect_u64(decisions.quality.gap, 0);
    desk_close();
}

/* ---- a plan over many batches ---- */

static void append_decided(void)
{
    size_t seen = desk_log.record_count;
    expect(pool_log_append(&desk_log, seen, desk_now_ms, decisions.entries, decisions.count));
    expect_u64(pool_log_fold(&desk_log, seen, desk_pool), POOL_DONE);
}

static void one_auction_serves_many_batches(void)
{
    desk_open();
    crowd_of(90, 2, 200);
    decide();
    struct pool_quality first = decisions.quality;
    size_t batches = 0, offers = 0;
    for (; decisions.count > 0; decide()) {
        expect_u64(decisions.quality.dual, first.dual);
        offers += decisions.count;
        batches++;
        append_decided();
        time_passes(5);
    }
    expect_u64(offers, first.matched);
    expect(batches >= 180 / ROUTE_DECISIONS_MAX);
    expect_nobody_waits_while_somebody_is_free();
    desk_close();
}

static void deciding_twice_says_the_same(void)
{
    desk_open();
    crowd_of(40, 2, 200);
    decide();
    append_decided();
    decide();
    static struct pool_decisions before;
    before = decisions;
    decide();
    expect_u64(decisions.count, before.count);
    for (size_t i = 0; i < before.count; i++) {
        expect_slice(decisions.entries[i].agent, before.entries[i].agent);
        expect_slice(
                decisions.entries[i].request.conversation, before.entries[i].request.conversation);
    }
    desk_close();
}

/* The plan is a proposal: whoever left, was taken or is full now is not offered. */
static void a_plan_gives_way_to_what_happens(void)
{
    desk_open();
    crowd_of(90, 2, 200);
    decide();
    append_decided();
    for (unsigned i = 0; i < 90; i += 3)
        agent_is(one_of_many('a', i), POOL_OFFLINE);
    for (unsigned i = 1; i < 90; i += 3)
        agent_is(one_of_many('a', i), POOL_AWAY);
    for (unsigned i = 0; i < 200; i += 2)
        if (view_of(one_of_many('c', i)).state == POOL_WAITING)
            ends(one_of_many('c', i));
    router_works();
    expect_nobody_waits_while_somebody_is_free();
    desk_close();
}

static void a_new_policy_ends_the_plan(void)
{
    desk_open();
    crowd_of(90, 2, 200);
    decide();
    append_decided();
    desk_policy.version = 2;
    desk_policy.weights[ROUTE_TERM_LOAD] = 0;
    decide();
    expect_u64(decisions.entries[0].policy_version, 2);
    expect(decisions.quality.requests < 200);
    desk_close();
}

static void a_large_backlog_is_decided_alike_however_the_fold_came(void)
{
    desk_open();
    crowd_of(60, 2, 300);
    agent_is_removed("a7"); /* the copy numbers its agents otherwise */
    customer_waits("more", "tax");
    struct pool *copy = pool_copy(desk_pool, desk_now_ms);
    static struct pool_decisions theirs;
    decide();
    pool_decide(copy, &desk_policy, desk_now_ms, &theirs);
    expect_u64(decisions.count, ROUTE_DECISIONS_MAX);
    expect_u64(theirs.count, decisions.count);
    expect_u64(theirs.quality.primal, decisions.quality.primal);
    expect_u64(theirs.quality.dual, decisions.quality.dual);
    for (size_t i = 0; i < theirs.count; i++) {
        expect_slice(theirs.entries[i].agent, decisions.entries[i].agent);
        expect_slice(
                theirs.entries[i].request.conversation, decisions.entries[i].request.conversation);
    }
    pool_destroy(copy);
    desk_close();
}

/* ---- in slices ---- */

static size_t decide_in_slices(const struct pool *pool, uint64_t looks, struct pool_decisions *out)
{
    size_t slices = 0;
    do {
        pool_decide_within(pool, &desk_policy, desk_now_ms, looks, out);
        expect(out->count == 0 || !out->is_thinking);
        expect(!out->is_thinking || out->next_due_ms == desk_now_ms);
        slices++;
    } while (out->is_thinking);
    return slices;
}

static void expect_alike(const struct pool_decisions *a, const struct pool_decisions *b)
{
    expect_u64(a->count, b->count);
    expect_u64(a->next_due_ms, b->next_due_ms);
    expect_u64(a->quality.primal, b->quality.primal);
    expect_u64(a->quality.dual, b->quality.dual);
    for (size_t i = 0; i < a->count; i++) {
        expect_slice(a->entries[i].agent, b->entries[i].agent);
        expect_slice(a->entries[i].request.conversation, b->entries[i].request.conversation);
    }
}

static void an_auction_in_slices_decides_as_in_one_piece(void)
{
    static struct pool_decisions whole;
    for (unsigned round = 1; round <= 12; round++) {
        desk_open();
        crowd_of(40 + 7 * round, 1 + round % 3, 250 + 10 * round);
        customer_waits("odd", "nobody!");
        struct pool *copy = pool_copy(desk_pool, desk_now_ms);
        pool_decide(copy, &desk_policy, desk_now_ms, &whole);
        size_t slices = decide_in_slices(desk_pool, round * round * 40, &decisions);
        test_note("round %u: %zu slices", round, slices);
        expect(slices > 3);
        expect_u64(whole.count, ROUTE_DECISIONS_MAX);
        expect_alike(&whole, &decisions);
        pool_destroy(copy);
        desk_close();
    }
}

/* Whatever happens between two slices: each offer that comes of it can be made, and in the end
 * nobody waits while somebody is free. */
static void the_world_goes_on_between_slices(void)
{
    desk_open();
    crowd_of(60, 2, 400);
    for (unsigned i = 0; i < 40; i++) {
        pool_decide_within(desk_pool, &desk_policy, desk_now_ms, 300, &decisions);
        expect(decisions.is_thinking);
        time_passes(3);
        if (i % 4 == 0)
            agent_is_removed(one_of_many('a', i));
        else if (i % 4 == 1)
            agent_comes(one_of_many('n', i), 3, i % 8 == 1 ? "tax" : "tax stars", "");
        else
            ends(one_of_many('c', 5 * i));
        if (i % 4 == 3)
            customer_waits(one_of_many('l', i), "stars!");
    }
    decide_in_slices(desk_pool, 1000, &decisions);
    expect(decisions.count > 0);
    expect(router_works() >= decisions.count);
    expect_nobody_waits_while_somebody_is_free();
    desk_close();
}

static void another_policy_ends_an_auction_in_slices(void)
{
    desk_open();
    crowd_of(40, 1, 300);
    pool_decide_within(desk_pool, &desk_policy, desk_now_ms, 300, &decisions);
    expect(decisions.is_thinking);
    desk_policy.version++;
    desk_policy.weights[ROUTE_TERM_SKILL] = 0;
    static struct pool_decisions whole;
    struct pool *copy = pool_copy(desk_pool, desk_now_ms);
    pool_decide(copy, &desk_policy, desk_now_ms, &whole);
    decide_in_slices(desk_pool, 700, &decisions);
    expect_alike(&whole, &decisions);
    pool_destroy(copy);
    desk_close();
}

/* ---- memory ---- */

static bool memory_is_out;

static void *scarce(void *user, void *old, size_t bytes)
{
    (void)user;
    if (bytes > 0)
        return memory_is_out ? NULL : realloc(old, bytes);
    free(old);
    return NULL;
}

static void without_memory_the_oldest_are_served_greedily(void)
{
    desk_open();
    crowd_of(10, 1, 40);
    struct pool *pool = pool_create((struct pool_memory){scarce, NULL}, 5);
    expect_u64(pool_log_fold(&desk_log, 0, pool), POOL_DONE);
    memory_is_out = true;
    pool_decide(pool, &desk_policy, desk_now_ms, &decisions);
    expect_u64(decisions.count, 10);
    expect_u64(decisions.quality.dual, 0);
    memory_is_out = false;
    pool_decide(pool, &desk_policy, desk_now_ms, &decisions);
    expect_u64(decisions.quality.matched, 10);
    pool_destroy(pool);
    desk_close();
}

/* ---- starvation ---- */

/* Each minute the only agent is free, and so many have just come who suit perfectly. */
static unsigned minutes_until_plain_is_served(unsigned comers, unsigned minutes_max)
{
    unsigned next = 0;
    for (unsigned minute = 0; minute < minutes_max; minute++) {
        for (unsigned i = 0; i < comers; i++)
            customer_waits_speaking(one_of_many('h', next++), "billing", "de");
        expect_u64(router_works(), 1);
        struct pool_request_view view = view_of("plain");
        if (view.state == POOL_OFFER_OPEN)
            return minute;
        char served[16] = "";
        size_t cursor = 0;
        expect(pool_next_of_agent(desk_pool, slice_of_string("anna"), &cursor, &view));
        memcpy(served, view.key.conversation.bytes, view.key.conversation.len);
        accepts("anna", served);
        time_passes(MINUTE_MS);
        ends(served);
    }
    return minutes_max;
}

/* Nobody who comes later than this after a request goes before it: docs/explanation/routing.md. */
static unsigned overtaken_minutes(void)
{
    uint64_t spread =
            desk_policy.weights[ROUTE_TERM_SKILL] + desk_policy.weights[ROUTE_TERM_LANGUAGE];
    uint64_t ms = spread * desk_policy.age_ms / desk_policy.weights[ROUTE_TERM_AGE];
    return (unsigned)(ms / MINUTE_MS) + 1;
}

static void waits_in_vain_at_first(unsigned comers, uint32_t age_weight)
{
    desk_open();
    desk_policy.weights[ROUTE_TERM_AGE] = age_weight;
    agent_comes("anna", 1, "billing", "de");
    customer_waits_speaking("plain", "astrology", "fr");
    unsigned bound = overtaken_minutes() * comers; /* a minute for each who may overtake */
    unsigned minutes = minutes_until_plain_is_served(comers, bound + 60);
    expect(minutes >= bound * 3 / 4); /* the stream was hostile indeed */
    expect(minutes <= bound);
    desk_close();
}

static void an_unattractive_request_is_served_within_the_bound(void)
{
    waits_in_vain_at_first(1, 1000);
    waits_in_vain_at_first(2, 1000);
}

/* However much the policy prefers some: age outgrows any weight. */
static void age_outgrows_any_preference(void)
{
    waits_in_vain_at_first(1, 100);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_generalist_leaves_the_specialist_to_who_needs_them),
                    CASE(the_oldest_go_first_when_all_are_alike), CASE(musts_hold_in_a_crowd),
                    CASE(who_refused_is_not_asked_again_in_a_crowd),
                    CASE(a_batch_says_how_good_it_is), CASE(slack_is_proven_optimal),
                    CASE(the_one_agent_with_room_gets_the_best_case_proven),
                    CASE(one_auction_serves_many_batches), CASE(deciding_twice_says_the_same),
                    CASE(a_plan_gives_way_to_what_happens), CASE(a_new_policy_ends_the_plan),
                    CASE(a_large_backlog_is_decided_alike_however_the_fold_came),
                    CASE(an_auction_in_slices_decides_as_in_one_piece),
                    CASE(the_world_goes_on_between_slices),
                    CASE(another_policy_ends_an_auction_in_slices),
                    CASE(without_memory_the_oldest_are_served_greedily),
                    CASE(an_unattractive_request_is_served_within_the_bound),
                    CASE(age_outgrows_any_preference), {0}});
}
