/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding in batches, what is due when, and what people are told about it. */
#include "desk.h"
#include "lib/test.h"

#include <stdio.h>

/* ---- batches ---- */

static void comes_crowd(int agents, uint32_t capacity, int customers)
{
    char id[16];
    for (int i = 0; i < agents; i++) {
        snprintf(id, sizeof id, "a%d", i);
        agent_comes(id, capacity, "", "");
    }
    for (int i = 0; i < customers; i++) {
        snprintf(id, sizeof id, "c%d", i);
        customer_waits(id, "");
        time_passes(1);
    }
}

static void a_large_backlog_goes_out_in_bounded_batches(void)
{
    desk_open();
    comes_crowd(50, 2, 120);
    struct pool_decisions decisions;
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
    expect_u64(decisions.count, ROUTE_DECISIONS_MAX);
    expect(decisions.has_more);
    expect_u64(decisions.next_due_ms, desk_now_ms);
    expect_u64(router_works(), 100);
    expect_u64(pool_counts(desk_pool).waiting, 20);
    expect_waiting("c100"); /* the youngest 20 */
    desk_close();
}

static void hundreds_of_agents_are_told_apart(void)
{
    desk_open();
    comes_crowd(150, 1, 160);
    expect_u64(router_works(), 150);
    agent_comes("last", 1, "billing", "");
    customer_waits("b1", "billing!");
    router_works();
    expect_load("last", 1);
    desk_close();
}

static void an_agent_gets_one_offer_a_batch_and_all_in_the_end(void)
{
    desk_open();
    comes_crowd(1, 3, 4);
    struct pool_decisions decisions;
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
    expect_u64(decisions.count, 1);
    expect(decisions.has_more);
    expect_u64(router_works(), 3);
    desk_close();
}

/* Deferring the younger one instead of giving it the second best. */
static void a_batch_does_not_cost_anybody_the_better_agent(void)
{
    desk_open();
    agent_comes("expert", 9, "billing", "");
    agent_comes("novice", 9, "billing:100", "");
    customer_waits("c1", "billing!");
    customer_waits("c2", "billing!");
    router_works();
    expect_offered_to("c1", "expert");
    expect_offered_to("c2", "expert");
    desk_close();
}

static void expiries_come_first_and_free_the_room(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    customer_waits("c2", "");
    struct pool_decisions decisions;
    time_passes(desk_policy.offer_ms - 1);
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
    expect_u64(decisions.count, 0);
    expect_u64(decisions.next_due_ms, desk_now_ms + 1);
    time_passes(1);
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
    expect_u64(decisions.count, 1);
    expect_u64(decisions.entries[0].kind, POOL_EXPIRED);
    expect_u64(decisions.entries[0].until_ms, desk_now_ms + desk_policy.exclusion_ms);
    router_works();
    expect_waiting("c1");
    expect_offered_to("c2", "anna");
    desk_close();
}

static void three_missed_at_once_set_an_agent_away_once(void)
{
    desk_open();
    agent_comes("ghost", 5, "", "");
    comes_crowd(0, 0, 5);
    router_works();
    expect_load("ghost", 5);
    time_passes(desk_policy.offer_ms);
    struct pool_decisions decisions;
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
    size_t away = 0;
    for (size_t i = 0; i < decisions.count; i++)
        away += decisions.entries[i].kind == POOL_STATUS;
    expect_u64(decisions.count, 6);
    expect_u64(away, 1);
    expect_u64(router_works(), 0);
    desk_close();
}

static void the_same_fold_decides_the_same_however_it_came(void)
{
    desk_open();
    comes_crowd(7, 2, 20);
    agent_comes("zoe", 1, "billing", "en");
    customer_waits("b1", "billing!");
    struct pool *copy = pool_copy(desk_pool, desk_now_ms);
    struct pool_decisions ours, theirs;
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &ours);
    pool_decide(copy, &desk_policy, desk_now_ms, &theirs);
    expect_u64(ours.count, theirs.count);
    expect(ours.count > 7);
    expect_u64(ours.next_due_ms, theirs.next_due_ms);
    for (size_t i = 0; i < ours.count; i++) {
        expect_slice(ours.entries[i].request.conversation, theirs.entries[i].request.conversation);
        expect_slice(ours.entries[i].agent, theirs.entries[i].agent);
    }
    pool_destroy(copy);
    desk_close();
}

/* ---- telling ---- */

static void an_explanation_names_everyone_and_adds_up(void)
{
    desk_open();
    agent_comes("best", 2, "billing:900", "");
    agent_comes("second", 2, "billing:500", "");
    agent_comes("unskilled", 2, "", "");
    agent_comes("full", 0, "billing", "");
    agent_comes("gone", 2, "billing", "");
    agent_comes("unwilling", 2, "billing:950", "");
    agent_is("gone", POOL_OFFLINE);
    customer_waits("c1", "billing!");
    router_works();
    expect_offered_to("c1", "unwilling");
    declines("unwilling", "c1");

    struct route_candidate all[8];
    struct pool_key key = key_of("c1", 1);
    expect_u64(pool_explain(desk_pool, &desk_policy, &key, desk_now_ms, all, 8), 6);
    expect_text(all[0].agent, "best");
    expect_text(all[1].agent, "second");
    enum route_verdict verdicts[6] = {0};
    static const char *const names[] = {"best", "second", "unskilled", "full", "gone", "unwilling"};
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 6; k++)
            if (slice_is(all[i].agent, names[k]))
                verdicts[k] = all[i].verdict;
    expect_u64(verdicts[0], ROUTE_ELIGIBLE);
    expect_u64(verdicts[1], ROUTE_ELIGIBLE);
    expect_u64(verdicts[2], ROUTE_LACKS_SKILL);
    expect_u64(verdicts[3], ROUTE_NO_ROOM);
    expect_u64(verdicts[4], ROUTE_NOT_ONLINE);
    expect_u64(verdicts[5], ROUTE_EXCLUDED);

    router_works();
    struct pool_request_view view = view_of("c1");
    expect_offered_to("c1", "best");
    uint64_t sum = 0;
    for (size_t i = 0; i < view.term_count; i++)
        sum += view.terms[i].value;
    expect_u64(sum, all[0].score);
    expect(sum > 0 && all[0].score > all[1].score);
    expect_u64(pool_explain(desk_pool, &desk_policy, &key, desk_now_ms, all, 1), 6);
    key.name.seq++;
    expect_u64(pool_explain(desk_pool, &desk_policy, &key, desk_now_ms, all, 8), 0);
    desk_close();
}

static void places_do_not_jump_back_on_a_decline(void)
{
    desk_open();
    comes_crowd(1, 1, 3);
    struct pool_key second = key_of("c1", 1), first = key_of("c0", 1);
    router_works();
    expect_offered_to("c0", "a0");
    expect_u64(pool_position(desk_pool, &first), 1);
    expect_u64(pool_position(desk_pool, &second), 2);
    declines("a0", "c0");
    expect_u64(pool_position(desk_pool, &second), 2);
    router_works();
    expect_offered_to("c1", "a0");
    accepts("a0", "c1");
    expect_u64(pool_position(desk_pool, &second), 0);
    expect_u64(pool_position(desk_pool, &first), 1);
    desk_close();
}

static void an_estimate_is_given_only_when_it_is_known(void)
{
    desk_open();
    comes_crowd(1, 1, 9);
    struct pool_key last = key_of("c8", 1);
    uint64_t wait_ms = 0;
    char id[16];
    for (int i = 0; i < 5; i++) {
        expect(pool_wait_estimate(desk_pool, &last, desk_now_ms, &wait_ms) == (i > 3));
        router_works();
        snprintf(id, sizeof id, "c%d", i);
        accepts("a0", id);
        time_passes(60000);
        ends(id);
    }
    expect(pool_wait_estimate(desk_pool, &last, desk_now_ms, &wait_ms));
    expect_u64(wait_ms, 4 * 60000);
    agent_is("a0", POOL_OFFLINE);
    expect(!pool_wait_estimate(desk_pool, &last, desk_now_ms, &wait_ms));
    agent_is("a0", POOL_ONLINE);
    expect(!pool_wait_estimate(desk_pool, &last, desk_now_ms + 11 * 60000, &wait_ms));
    desk_close();
}

static void waiting_while_free_sees_what_was_not_decided(void)
{
    desk_open();
    agent_comes("anna", 2, "billing", "");
    customer_waits("c1", "billing!");
    customer_waits("c2", "astrology!");
    customer_waits("c3", "");
    expect_u64(pool_waiting_while_free(desk_pool, &desk_policy, desk_now_ms), 2);
    router_works();
    expect_nobody_waits_while_somebody_is_free();
    desk_close();
}

/* With an expert busy, a novice free, and musts that are wishes only after a minute. */
static void waiting_for_better_is_what_holding_out_costs(void)
{
    desk_open();
    desk_policy.relax_busy_ms = 60000;
    agent_comes("expert", 1, "billing", "");
    agent_comes("novice", 1, "parcels", "");
    customer_waits("c1", "billing!");
    expect_u64(pool_waiting_for_better(desk_pool, &desk_policy, desk_now_ms), 0);
    router_works();
    customer_waits("c2", "billing!");
    router_works();
    expect_waiting("c2");
    expect_u64(pool_waiting_while_free(desk_pool, &desk_policy, desk_now_ms), 0);
    expect_u64(pool_waiting_for_better(desk_pool, &desk_policy, desk_now_ms), 1);
    desk_policy.relax_busy_ms = 0; /* no such step: the novice would never be asked */
    expect_u64(pool_waiting_for_better(desk_pool, &desk_policy, desk_now_ms), 0);
    desk_policy.relax_busy_ms = 60000;
    agent_is("novice", POOL_AWAY);
    expect_u64(pool_waiting_for_better(desk_pool, &desk_policy, desk_now_ms), 0);
    agent_is("novice", POOL_ONLINE);
    time_passes(60000);
    expect_u64(pool_waiting_for_better(desk_pool, &desk_policy, desk_now_ms), 0);
    expect_u64(pool_waiting_while_free(desk_pool, &desk_policy, desk_now_ms), 1);
    desk_close();
}

static void an_agent_is_overbooked_by_what_no_router_gave(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    expect(!pool_is_overbooked(desk_pool, SLICE_OF("anna")));
    owns("anna", "c2"); /* a conversation's word */
    expect(pool_is_overbooked(desk_pool, SLICE_OF("anna")));
    expect(!pool_is_overbooked(desk_pool, SLICE_OF("nobody")));
    desk_close();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_large_backlog_goes_out_in_bounded_batches),
                    CASE(hundreds_of_agents_are_told_apart),
                    CASE(an_agent_gets_one_offer_a_batch_and_all_in_the_end),
                    CASE(a_batch_does_not_cost_anybody_the_better_agent),
                    CASE(expiries_come_first_and_free_the_room),
                    CASE(three_missed_at_once_set_an_agent_away_once),
                    CASE(the_same_fold_decides_the_same_however_it_came),
                    CASE(an_explanation_names_everyone_and_adds_up),
                    CASE(places_do_not_jump_back_on_a_decline),
                    CASE(an_estimate_is_given_only_when_it_is_known),
                    CASE(waiting_while_free_sees_what_was_not_decided),
                    CASE(waiting_for_better_is_what_holding_out_costs),
                    CASE(an_agent_is_overbooked_by_what_no_router_gave), {0}});
}
