/* SPDX-License-Identifier: Apache-2.0 */
/* The fold of a pool is ahead of the barrier: what no barrier has held for is told to nobody, and
 * gives nobody a conversation. With replicas that is what an old master that is cut off would say.
 */
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

static struct actor *ada, *anna, *bot;

static struct team *north(void)
{
    return pools_team(stage.node, SLICE_OF("north"));
}

static bool find_case(struct pool_request_view *out_view)
{
    size_t cursor = 0;
    return pool_next_request(team_pool(north()), &cursor, out_view);
}

/* Until the pool's fold has the case in this state; and its barrier has held, or not yet. */
static void run_to(enum pool_state state, bool is_kept)
{
    struct pool_request_view view;
    while (!find_case(&view) || view.state != state ||
            team_has_kept(north(), view.moved_seq) < is_kept)
        expect(fake_clock_step(&stage.clock));
    expect_u64(team_has_kept(north(), view.moved_seq), is_kept);
}

static void let_barriers_fail(bool is_so)
{
    fake_server_faults(stage.server)->barrier_fails_per_mille = is_so ? 1000 : 0;
}

static void begin(bool with_agent)
{
    stage_start();
    if (with_agent)
        anna = stage_agent("north", "anna");
    bot = stage_bot("north");
    ada = stage_customer("north");
    act_say(ada, "My parcel is late");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 1000));
    struct fake_faults *faults = fake_server_faults(stage.server);
    faults->delay_ms_min = faults->delay_ms_max = 20;
    act_later(bot, 0,
            "{\"type\":\"commit\",\"id\":\"c\",\"conversation\":\"%s\",\"turn\":\"%s\","
            "\"messages\":[],"
            "\"handoff\":{\"reason\":\"asked\"}}",
            bot->conversation, bot->turn);
}

static void an_offer_is_told_once_a_barrier_has_held(void)
{
    begin(true);
    run_to(POOL_WAITING, true);
    let_barriers_fail(true);
    run_to(POOL_OFFER_OPEN, false);
    stage_run(2500); /* and a timer looks each second */
    expect(!heard_ever(anna, "\"type\":\"offer\""));
    let_barriers_fail(false);
    expect(will_hear(anna, "\"type\":\"offer\"", 3000));
    stage_end();
}

/* The master was replaced, and this node's link to it lives: it takes what it is told. */
static void an_old_master_offers_nobody_anything(void)
{
    begin(true);
    run_to(POOL_WAITING, true);
    fake_server_fail_over(stage.server, 0);
    run_to(POOL_OFFER_OPEN, false);
    stage_run(2500); /* and a timer looks each second */
    expect(!heard_ever(anna, "\"type\":\"offer\""));
    fake_server_demote(stage.server);
    expect(will_hear(anna, "\"type\":\"offer\"", 10000));
    stage_end();
}

/* Her window comes while the offer waits for its barrier: nothing was noted for anybody. */
static void who_comes_meanwhile_is_told_then_as_well(void)
{
    begin(true);
    run_to(POOL_WAITING, true);
    let_barriers_fail(true);
    run_to(POOL_OFFER_OPEN, false);
    act_leave(anna);
    struct actor *window = stage_window("north", "anna", 0);
    stage_run(2000);
    expect(!heard(window, "\"type\":\"offer\""));
    let_barriers_fail(false);
    expect(will_hear(window, "\"type\":\"offer\"", 3000));
    stage_end();
}

/* The window comes while something of the agent's waits for its barrier: the chat that the others
 * know of is told with it. */
static void who_comes_while_a_change_waits_is_told_what_others_were(void)
{
    struct actor *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    let_barriers_fail(true);
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    struct actor *window = stage_window("north", "anna", 0);
    stage_run(1500);
    expect(!heard(window, "\"type\":\"assigned\""));
    let_barriers_fail(false);
    expect(will_hear(window, "\"type\":\"assigned\"", 3000));
    stage_end();
}

static void a_place_is_told_once_a_barrier_has_held(void)
{
    struct pool_request_view view;
    begin(false);
    while (!find_case(&view))
        expect(fake_clock_step(&stage.clock));
    let_barriers_fail(true);
    stage_run(2500); /* and a timer looks each second */
    expect(!heard_ever(ada, "\"type\":\"queue\""));
    let_barriers_fail(false);
    expect(will_hear(ada, "\"position\":1", 3000));
    stage_end();
}

/* The first answer is "try again", and so is the second, as long as it is so. */
static void an_accept_that_is_not_durable_gives_nothing(void)
{
    begin(true);
    expect(will_hear(anna, "\"type\":\"offer\"", 2000));
    let_barriers_fail(true);
    for (int i = 0; i < 2; i++) {
        act_ask(anna, "{\"type\":\"accept\",\"id\":\"a%d\",\"offer\":\"%s\"}", i, anna->offer);
        expect(will_hear(anna, "\"store_unavailable\"", 1000));
        expect(!heard(anna, "\"done\""));
    }
    struct pool_request_view view;
    expect(find_case(&view) && view.state == POOL_ACTIVE);
    let_barriers_fail(false);
    pool_check_request(north(), &view.key); /* its barrier holds before the pool's is asked for */
    bool is_kept = false;
    while (fold_of(ada)->phase != PHASE_ACTIVE) {
        is_kept |= find_case(&view) && team_has_kept(north(), view.moved_seq);
        expect(fake_clock_step(&stage.clock));
    }
    expect(is_kept);
    expect(will_hear(anna, "\"type\":\"assigned\"", 2000));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(an_offer_is_told_once_a_barrier_has_held),
                    CASE(an_old_master_offers_nobody_anything),
                    CASE(who_comes_meanwhile_is_told_then_as_well),
                    CASE(who_comes_while_a_change_waits_is_told_what_others_were),
                    CASE(a_place_is_told_once_a_barrier_has_held),
                    CASE(an_accept_that_is_not_durable_gives_nothing), {0}});
}
