/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding: who is the best, what the steps are, what is due when, and how it is explained. */
#include "desk.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the terms ---- */

static void the_better_skilled_agent_is_offered_it(void)
{
    desk_open();
    agent_comes("anna", 4, "billing:300", "");
    agent_comes("bela", 4, "billing:900", "");
    agent_comes("cleo", 4, "parcels", "");
    customer_waits("c1", "billing!");
    router_works();
    expect_offered_to("c1", "bela");
    desk_close();
}

static void preferred_skills_count_but_do_not_exclude(void)
{
    desk_open();
    agent_comes("anna", 1, "billing", "");
    agent_comes("bela", 1, "billing tariffs", "");
    customer_waits("c1", "billing! tariffs");
    customer_waits("c2", "billing! tariffs");
    router_works();
    expect_offered_to("c1", "bela");
    expect_offered_to("c2", "anna");
    desk_close();
}

static void a_must_is_a_must_while_somebody_here_has_it(void)
{
    desk_open();
    agent_comes("anna", 4, "parcels", "");
    agent_comes("bela", 1, "billing", "");
    customer_waits("c1", "billing!");
    customer_waits("c2", "billing!");
    router_works();
    accepts("bela", "c1");
    time_passes_working(10 * 60 * 1000);
    expect_waiting("c2");
    ends("c1");
    router_works();
    expect_offered_to("c2", "bela");
    desk_close();
}

static void language_outweighs_load_and_idleness(void)
{
    desk_open();
    agent_comes("anna", 4, "", "de-AT");
    agent_comes("bela", 4, "", "en fr");
    time_passes(60 * 60 * 1000);
    customer_waits_speaking("c1", "", "de");
    customer_waits_speaking("c2", "", "de-CH");
    customer_waits_speaking("c3", "", "FR");
    router_works();
    expect_offered_to("c1", "anna");
    expect_offered_to("c2", "anna");
    expect_offered_to("c3", "bela");
    desk_close();
}

static void the_last_agent_tips_the_scales(void)
{
    desk_open();
    agent_comes("anna", 4, "", "");
    time_passes(1000);
    agent_comes("bela", 4, "", "");
    customer_waits_as("c1", 1, (struct pool_need){.last_agent = SLICE_OF("bela")});
    customer_waits("c2", "");
    router_works();
    expect_offered_to("c1", "bela");
    expect_offered_to("c2", "anna");
    desk_close();
}

static void chats_are_spread_by_free_share(void)
{
    desk_open();
    agent_comes("anna", 2, "", "");
    agent_comes("bela", 6, "", "");
    static const char *const waiting[] = {"c1", "c2", "c3", "c4"};
    for (size_t i = 0; i < 4; i++)
        customer_waits(waiting[i], "");
    router_works();
    expect_load("anna", 1);
    expect_load("bela", 3);
    desk_close();
}

static void the_longest_idle_comes_first_then_the_lower_id(void)
{
    desk_open();
    agent_comes("cleo", 4, "", "");
    agent_comes("bela", 4, "", "");
    agent_comes("anna", 4, "", "");
    customer_waits("c1", "");
    router_works();
    expect_offered_to("c1", "anna");
    accepts("anna", "c1");
    time_passes(1);
    ends("c1");
    time_passes(60 * 60 * 1000); /* beyond what the term can tell apart */
    customer_waits("c2", "");
    router_works();
    expect_offered_to("c2", "bela");
    desk_close();
}

static void idle_time_outweighs_a_slightly_lower_load(void)
{
    desk_open();
    agent_comes("anna", 10, "", "");
    owns("anna", "c0");
    time_passes(desk_policy.fairness_ms);
    agent_comes("bela", 10, "", "");
    customer_waits("c1", "");
    router_works();
    expect_offered_to("c1", "anna");
    desk_close();
}

static void a_weight_of_zero_switches_a_term_off(void)
{
    desk_open();
    agent_comes("anna", 4, "billing:100", "");
    agent_comes("bela", 4, "billing:900", "");
    desk_policy.weights[ROUTE_TERM_SKILL] = 0;
    desk_policy.version = 8;
    customer_waits("c1", "billing!");
    router_works();
    struct pool_request_view view = view_of("c1");
    expect_offered_to("c1", "anna");
    expect_u64(view.policy_version, 8);
    for (size_t i = 0; i < view.term_count; i++)
        expect(!slice_is(view.terms[i].name, "skill"));
    desk_close();
}

static void every_term_is_found_by_its_name(void)
{
    for (int i = 0; i < ROUTE_TERM_COUNT; i++) {
        enum route_term found;
        expect(route_term_find(route_term_name((enum route_term)i), &found));
        expect_u64(found, (uint64_t)i);
    }
    enum route_term none;
    expect(!route_term_find(SLICE_OF("horoscope"), &none));
}

/* ---- the steps ---- */

static void a_direct_handoff_waits_for_the_agent_then_widens(void)
{
    desk_open();
    agent_comes("anna", 4, "", "");
    agent_comes("bela", 1, "", "");
    agent_comes("cleo", 4, "", "");
    customer_waits_as("c0", 1, (struct pool_need){.to_agent = SLICE_OF("bela")});
    router_works();
    accepts("bela", "c0");
    customer_is_handed("c1", 2, "anna", "bela");
    expect_u64(router_works(), 0);
    time_passes_working(desk_policy.direct_ms - 1);
    expect_waiting("c1");
    time_passes_working(1);
    expect(!slice_is(view_of("c1").agent, "bela"));
    expect_u64(view_of("c1").state, POOL_OFFER_OPEN);
    desk_close();
}

static void a_direct_handoff_to_somebody_absent_or_unwilling_widens_at_once(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    agent_comes("bela", 1, "", "");
    agent_comes("cleo", 1, "", "");
    customer_is_handed("c1", 2, "anna", "bela");
    router_works();
    expect_offered_to("c1", "bela");
    declines("bela", "c1");
    router_works();
    expect_offered_to("c1", "cleo"); /* not back to anna, who handed it on */
    agent_is("bela", POOL_OFFLINE);
    agent_is("cleo", POOL_OFFLINE);
    router_works();
    expect_waiting("c1");
    time_passes_working(desk_policy.exclusion_ms);
    expect_offered_to("c1", "anna"); /* rather than nobody */
    desk_close();
}

static void an_unknown_skill_relaxes_first_an_absent_one_later(void)
{
    desk_open();
    agent_comes("anna", 4, "parcels", "");
    agent_comes("bela", 4, "billing", "");
    agent_is("bela", POOL_OFFLINE);
    customer_waits("unknown", "astrology! parcels!");
    customer_waits("absent", "billing!");
    time_passes_working(desk_policy.relax_unknown_ms - 1);
    expect_waiting("unknown");
    time_passes_working(1);
    expect_offered_to("unknown", "anna");
    accepts("anna", "unknown");
    expect_waiting("absent");
    time_passes_working(desk_policy.relax_absent_ms - desk_policy.relax_unknown_ms - 1);
    expect_waiting("absent");
    time_passes_working(1);
    expect_offered_to("absent", "anna");
    desk_close();
}

/* Found by the simulation: each must had somebody, and the case waited for ever. */
static void musts_that_nobody_has_together_relax_too(void)
{
    desk_open();
    agent_comes("anna", 4, "billing parcels", "");
    agent_comes("bela", 4, "billing:800 returns:900", "");
    agent_comes("cleo", 0, "parcels returns", ""); /* never takes any */
    customer_waits("c1", "parcels! returns!");
    time_passes_working(desk_policy.relax_unknown_ms - 1);
    expect_waiting("c1");
    time_passes_working(1);
    expect_offered_to("c1", "anna");
    desk_close();
}

static void a_busy_skill_relaxes_only_when_the_policy_says_so(void)
{
    desk_open();
    desk_policy.relax_busy_ms = 120000;
    agent_comes("anna", 4, "parcels", "");
    agent_comes("bela", 1, "billing", "");
    owns("bela", "c0");
    customer_waits("c1", "billing!");
    time_passes_working(119999);
    expect_waiting("c1");
    time_passes_working(1);
    expect_offered_to("c1", "anna");
    desk_close();
}

static void steps_count_from_this_request_not_from_the_original_age(void)
{
    desk_open();
    agent_comes("anna", 4, "parcels", "");
    struct pool_need need = need_of("astrology!", "");
    need.first_queued_ms = desk_now_ms - 600000;
    customer_waits_as("c1", 9, need);
    router_works();
    expect_waiting("c1");
    expect_u64(view_of("c1").first_queued_ms, desk_now_ms - 600000);
    desk_close();
}

static void who_declined_comes_after_others_for_a_while(void)
{
    desk_open();
    agent_comes("anna", 4, "billing:700", "");
    customer_waits("c1", "billing!");
    router_works();
    declines("anna", "c1");
    time_passes(desk_policy.exclusion_ms);
    agent_comes("bela", 4, "billing:600", "");
    router_works();
    expect_offered_to("c1", "bela");
    declines("bela", "c1");
    router_works();
    expect_offered_to("c1", "anna");
    desk_close();
}

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

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_better_skilled_agent_is_offered_it),
                    CASE(preferred_skills_count_but_do_not_exclude),
                    CASE(a_must_is_a_must_while_somebody_here_has_it),
                    CASE(language_outweighs_load_and_idleness),
                    CASE(the_last_agent_tips_the_scales), CASE(chats_are_spread_by_free_share),
                    CASE(the_longest_idle_comes_first_then_the_lower_id),
                    CASE(idle_time_outweighs_a_slightly_lower_load),
                    CASE(a_weight_of_zero_switches_a_term_off),
                    CASE(every_term_is_found_by_its_name),
                    CASE(a_direct_handoff_waits_for_the_agent_then_widens),
                    CASE(a_direct_handoff_to_somebody_absent_or_unwilling_widens_at_once),
                    CASE(an_unknown_skill_relaxes_first_an_absent_one_later),
                    CASE(musts_that_nobody_has_together_relax_too),
                    CASE(a_busy_skill_relaxes_only_when_the_policy_says_so),
                    CASE(steps_count_from_this_request_not_from_the_original_age),
                    CASE(who_declined_comes_after_others_for_a_while),
                    CASE(a_large_backlog_goes_out_in_bounded_batches),
                    CASE(hundreds_of_agents_are_told_apart),
                    CASE(an_agent_gets_one_offer_a_batch_and_all_in_the_end),
                    CASE(a_batch_does_not_cost_anybody_the_better_agent),
                    CASE(expiries_come_first_and_free_the_room),
                    CASE(three_missed_at_once_set_an_agent_away_once),
                    CASE(the_same_fold_decides_the_same_however_it_came),
                    CASE(an_explanation_names_everyone_and_adds_up),
                    CASE(places_do_not_jump_back_on_a_decline),
                    CASE(an_estimate_is_given_only_when_it_is_known),
                    CASE(waiting_while_free_sees_what_was_not_decided), {0}});
}
