/* SPDX-License-Identifier: Apache-2.0 */
/* The flows on two nodes that share nothing but the store: who is at which desk, who is told what,
 * and what becomes of it all when one of them dies. */
#include "flow/conversations.h"
#include "flow/members.h"
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEASE_MS = 10000, GRACE_MS = 4000 }; /* desk_leases.c: the grace is at least that */

static void begin(void)
{
    stage_start_nodes(2);
    stage_silence_bell(); /* nodes hear of each other by hints alone */
}

static const struct pool *pool_at(size_t place)
{
    return team_pool(pools_team(stage.nodes[place].node, SLICE_OF("north")));
}

static enum pool_status status_at(size_t place, const char *agent)
{
    struct pool_agent_view view;
    bool is_known = pool_find_agent(pool_at(place), slice_of_string(agent), &view);
    return is_known ? view.status : POOL_OFFLINE;
}

/* ---- presence ---------------------------------------------------------------------------------
 */

static void an_agent_at_another_node_is_not_set_offline(void)
{
    begin();
    struct actor *anna = stage_agent_at(1, "anna"), *ben = stage_agent_at(0, "ben");
    stage_run(5 * LEASE_MS);
    expect(status_at(0, "anna") == POOL_ONLINE && status_at(1, "ben") == POOL_ONLINE);
    expect(!heard(anna, "\"offline\"") && !heard(ben, "\"offline\""));
    stage_end();
}

static void an_agent_who_moves_to_another_node_stays_online(void)
{
    begin();
    struct actor *anna = stage_agent_at(0, "anna");
    stage_run(5000);
    act_leave(anna);
    stage_run(GRACE_MS / 2);
    anna->on = 1;
    act_enter(anna);
    expect(will_hear(anna, "\"status\":\"online\"", 1000));
    stage_run(5 * LEASE_MS);
    expect(status_at(0, "anna") == POOL_ONLINE);
    expect(!heard(anna, "\"offline\""));
    stage_end();
}

static void an_agent_who_leaves_is_offline_after_the_grace(void)
{
    begin();
    struct actor *anna = stage_agent_at(0, "anna"), *ben = stage_agent_at(1, "ben");
    stage_run(5000);
    ben->mark = ben->heard_len;
    act_leave(anna);
    stage_run(GRACE_MS - 500);
    expect(status_at(1, "anna") == POOL_ONLINE);
    expect(will_hear(ben, "\"offline\"", 1500));
    stage_run(5000);
    expect_u64(times_heard_lately(ben, "\"offline\""), 1);
    stage_end();
}

static void a_dead_nodes_agents_go_offline_after_lease_and_grace(void)
{
    begin();
    struct actor *anna = stage_agent_at(1, "anna"), *ben = stage_agent_at(0, "ben");
    (void)anna;
    stage_run(5000);
    stage_kill(1);
    stage_run(LEASE_MS + GRACE_MS - 4000);
    expect(status_at(0, "anna") == POOL_ONLINE);
    expect(will_hear(ben, "\"offline\"", 6000));
    expect(status_at(0, "anna") == POOL_OFFLINE && status_at(0, "ben") == POOL_ONLINE);
    stage_end();
}

/* The node could not reach the store for long; the others had to take its agents for gone. */
static void a_node_that_was_cut_off_takes_back_what_was_said_of_its_agents(void)
{
    begin();
    struct actor *anna = stage_agent_at(1, "anna");
    stage_run(5000);
    fake_store_cut_for(stage.nodes[1].store, LEASE_MS + 4 * GRACE_MS);
    stage_run(LEASE_MS + 3 * GRACE_MS);
    expect(status_at(0, "anna") == POOL_OFFLINE);
    stage_run(3 * GRACE_MS);
    expect(status_at(0, "anna") == POOL_ONLINE);
    expect(anna->close_code == 0);
    stage_end();
}

/* ---- telling ----------------------------------------------------------------------------------
 */

static void hand_over(struct actor *customer, struct actor *bot)
{
    act_say(customer, "My parcel is late");
    expect(heard(customer, "\"ack\""));
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague takes over", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(heard(bot, "\"ack\""));
}

static void accept_offer(struct actor *agent)
{
    expect(will_hear(agent, "\"offer\"", 2000));
    act_ask(agent, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", agent->offer);
    expect(heard(agent, "\"assigned\"") || will_hear(agent, "\"assigned\"", 1000));
}

static void an_offer_reaches_an_agent_at_another_node_once(void)
{
    begin();
    struct actor *bot = stage_bot_at(0), *ada = stage_customer_at(0),
                 *anna = stage_agent_at(1, "anna");
    hand_over(ada, bot);
    accept_offer(anna);
    act_say(anna, "Hello, this is Anna");
    expect(heard(anna, "\"ack\""));
    expect(will_hear(ada, "this is Anna", 1000));
    act_say(ada, "Hello Anna");
    expect(will_hear(anna, "Hello Anna", 1000));
    act_ask(anna, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            anna->conversation, anna->owner);
    stage_run(3000);
    expect_u64(times_heard(anna, "\"type\":\"offer\""), 1);
    expect_u64(times_heard(anna, "\"type\":\"assigned\""), 1);
    expect_u64(times_heard(anna, "\"type\":\"released\""), 1);
    expect_u64(times_heard(anna, "\"type\":\"cancel\""), 0);
    stage_end();
}

/* Whose conversation is not due at node 1, which therefore has no reason of its own to read it. */
static struct actor *customer_not_due_at_1(void)
{
    struct actor *customer = NULL;
    for (bool is_due = true; is_due;) {
        customer = stage_customer_at(0);
        unsigned bucket = conversation_bucket(slice_of_string(customer->conversation));
        is_due = members_is_mine(stage.nodes[1].node, bucket);
    }
    return customer;
}

/* Nothing else happens in it, and no link breaks. */
static void words_that_no_hint_told_reach_the_agent(void)
{
    begin();
    struct actor *bot = stage_bot_at(0), *ada = customer_not_due_at_1(),
                 *anna = stage_agent_at(1, "anna");
    hand_over(ada, bot);
    accept_offer(anna);
    stage_run(1000);
    fake_bus_faults(stage.bus)->is_silent = true;
    act_say(ada, "Is anybody there?");
    expect(will_hear(ada, "\"ack\"", 1000));
    stage_run(1000);
    fake_bus_faults(stage.bus)->is_silent = false;
    expect(!heard(anna, "Is anybody there?"));
    expect(will_hear(anna, "Is anybody there?", 30000));
    stage_end();
}

static void a_colleague_at_another_node_is_told_of_an_invitation_once(void)
{
    begin();
    struct actor *bot = stage_bot_at(0), *ada = stage_customer_at(0),
                 *anna = stage_agent_at(0, "anna");
    hand_over(ada, bot);
    accept_offer(anna);
    struct actor *ben = stage_agent_at(1, "ben"), *here = stage_agent_at(0, "ben");
    act_ask(anna,
            "{\"type\":\"invite\",\"id\":\"i\",\"conversation\":\"%s\",\"owner\":\"%s\",\"agent\":"
            "\"ben\"}",
            anna->conversation, anna->owner);
    expect(heard(anna, "\"done\"") || will_hear(anna, "\"done\"", 1000));
    stage_run(1000);
    expect_u64(times_heard(ben, "\"type\":\"invited\""), 1);
    expect_u64(times_heard(here, "\"type\":\"invited\""), 1);
    expect_u64(times_heard(anna, "\"type\":\"invited\""), 0);
    act_ask(ben, "{\"type\":\"join\",\"id\":\"j\",\"conversation\":\"%s\"}", anna->conversation);
    expect(will_hear(ben, "My parcel is late", 2000));
    stage_end();
}

/* Ben has a window at each node. */
static void an_offer_that_is_over_is_cancelled_at_every_node_once(void)
{
    begin();
    struct actor *bot = stage_bot_at(0), *ada = stage_customer_at(0);
    struct actor *ben = stage_agent_at(1, "ben"), *second = stage_agent_at(0, "ben");
    hand_over(ada, bot);
    expect(will_hear(ben, "\"offer\"", 2000) &&
            (heard(second, "\"offer\"") || will_hear(second, "\"offer\"", 500)));
    act_ask(second, "{\"type\":\"decline\",\"id\":\"d\",\"offer\":\"%s\"}", second->offer);
    expect(heard(ben, "\"cancel\"") || will_hear(ben, "\"cancel\"", 1000));
    stage_run(500);
    expect_u64(times_heard(ben, "\"type\":\"offer\""), 1);
    expect_u64(times_heard(ben, "\"type\":\"cancel\""), 1);
    stage_end();
}

/* Ben has the chat at node 1, and another desk at node 0 that knows of it. */
static void hand_to_ben_at_both(struct actor **out_ben, struct actor **out_second)
{
    begin();
    struct actor *bot = stage_bot_at(0), *ada = stage_customer_at(0);
    struct actor *ben = *out_ben = stage_agent_at(1, "ben"),
                 *second = *out_second = stage_agent_at(0, "ben");
    hand_over(ada, bot);
    accept_offer(ben);
    expect(heard_ever(second, "\"assigned\"") || will_hear(second, "\"assigned\"", 1000));
}

static void a_chat_closed_at_another_node_is_released_here(void)
{
    struct actor *ben, *second;
    hand_to_ben_at_both(&ben, &second);
    act_ask(second, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            ben->conversation, ben->owner);
    expect(heard_ever(ben, "\"released\"") || will_hear(ben, "\"released\"", 1000));
    stage_run(2000);
    expect_u64(times_heard(ben, "\"type\":\"assigned\""), 1);
    expect_u64(times_heard(ben, "\"type\":\"released\""), 1);
    stage_end();
}

/* Node 1 cannot reach the store. One more window of Ben's is to be told there, and cannot be; when
 * it can, the case is closed: whoever was told of it before is told that as well. */
static void a_chat_closed_while_a_window_was_untold_is_released_here(void)
{
    struct actor *ben, *second;
    hand_to_ben_at_both(&ben, &second);
    struct actor *third = stage_agent_at(1, "ben");
    act_leave(third);
    fake_server_faults(stage.server)->reconnect_ms_max = 2000;
    fake_store_doom(stage.nodes[1].store, FAKE_FATE_CUT_NEVER);
    act_enter(third);
    act_ask(second, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            ben->conversation, ben->owner);
    expect(heard_ever(second, "\"released\"") || will_hear(second, "\"released\"", 1000));
    expect(!heard_ever(ben, "\"released\""));
    stage_run(10000);
    expect_u64(times_heard(ben, "\"type\":\"released\""), 1);
    stage_end();
}

static void colleagues_at_every_node_hear_of_a_change_once(void)
{
    begin();
    struct actor *anna = stage_agent_at(0, "anna"), *ben = stage_agent_at(1, "ben");
    stage_run(500);
    size_t before = times_heard(ben, "\"presence\"");
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    stage_run(2000);
    expect_u64(times_heard(ben, "\"presence\"") - before, 1);
    expect(heard_ever(ben, "\"away\""));
    stage_end();
}

static void places_in_the_queue_move_at_every_node(void)
{
    begin();
    struct actor *ada = stage_customer_at(0), *bob = stage_customer_at(0),
                 *carl = stage_customer_at(1);
    struct actor *bot = stage_bot_at(0);
    hand_over(ada, bot);
    hand_over(bob, bot);
    hand_over(carl, stage_bot_at(1));
    expect(will_hear(carl, "\"position\":3", 2000));
    struct actor *anna = stage_agent_at(0, "anna"); /* she takes two */
    accept_offer(anna);
    expect(heard_ever(carl, "\"position\":2") || will_hear(carl, "\"position\":2", 2000));
    stage_end();
}

/* ---- who routes -------------------------------------------------------------------------------
 */

static uint64_t leader(size_t place)
{
    return pool_lead(pool_at(place)).incarnation;
}

static uint64_t incarnation_of(size_t place)
{
    char text[14] = ""; /* as much as a number of JSON holds */
    memcpy(text, members_self(stage.nodes[place].node).bytes, 13);
    return strtoull(text, NULL, 16);
}

/* Somebody leads from now on: the place. */
static size_t choose_leader(struct actor *customer, struct actor *bot, struct actor *agent)
{
    hand_over(customer, bot);
    accept_offer(agent);
    stage_run(500);
    return leader(0) == incarnation_of(0) ? 0 : 1;
}

static void one_node_routes_as_long_as_it_can(void)
{
    begin();
    struct actor *anna = stage_agent_at(0, "anna"), *bot = stage_bot_at(1);
    size_t at = choose_leader(stage_customer_at(1), bot, anna);
    uint64_t first = leader(at);
    for (unsigned i = 0; i < 10; i++) {
        struct actor *bob = stage_customer_at(1);
        bot->mark = bot->heard_len;
        hand_over(bob, bot);
        if (i == 0)
            accept_offer(anna);
        stage_run(3000);
        expect_u64(leader(0), first);
        expect_u64(leader(1), first);
    }
    stage_end();
}

static void the_queue_moves_within_two_seconds_of_the_leaders_death(void)
{
    begin();
    struct actor *first = stage_agent_at(0, "anna"), *first_bot = stage_bot_at(0);
    size_t dead = choose_leader(stage_customer_at(0), first_bot, first), here = 1 - dead;
    act_leave(first_bot);
    struct actor *ben = stage_agent_at(here, "ben"), *bot = stage_bot_at(here),
                 *ada = stage_customer_at(here);
    act_ask(first, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    stage_run(1000);
    stage_kill(dead);
    ben->mark = ben->heard_len;
    act_say(ada, "My parcel is late");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague takes over", ",\"handoff\":{\"reason\":\"asked\"}");
    uint64_t from_ms = stage.clock.now_ms;
    expect(will_hear(ben, "\"offer\"", 2000));
    expect(stage.clock.now_ms - from_ms > 500); /* else it was the leader: nothing is shown here */
    expect_u64(leader(here), incarnation_of(here));
    stage_end();
}

/* The leader cannot reach the store for a while; it comes back, and is not the leader any more. */
static void a_leader_that_slept_is_fenced(void)
{
    begin();
    struct actor *first = stage_agent_at(0, "anna"), *first_bot = stage_bot_at(0);
    size_t asleep = choose_leader(stage_customer_at(0), first_bot, first), here = 1 - asleep;
    act_leave(first_bot);
    struct actor *ben = stage_agent_at(here, "ben"), *bot = stage_bot_at(here);
    act_ask(first, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    stage_run(1000);
    fake_store_cut_for(stage.nodes[asleep].store, 4000);
    hand_over(stage_customer_at(here), bot);
    expect(will_hear(ben, "\"offer\"", 2000));
    stage_run(6000);
    expect_u64(leader(0), incarnation_of(here));
    expect_u64(leader(1), incarnation_of(here));
    expect_u64(times_heard(ben, "\"type\":\"offer\""), 1);
    stage_end();
}

/* ---- what the pool forgot ---------------------------------------------------------------------
 */

/* Rule 13: the conversations know what the pool does not. */
static void a_pool_that_lost_everything_is_told_again(void)
{
    struct pool_agent_view view;
    begin();
    struct actor *anna = stage_agent_at(0, "anna"), *bot = stage_bot_at(0);
    hand_over(stage_customer_at(0), bot);
    accept_offer(anna);
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    bot->mark = bot->heard_len;
    hand_over(stage_customer_at(1), stage_bot_at(1));
    fake_server_drop(stage.server, SLICE_OF("{p:north}log"));
    fake_store_cut(stage.nodes[0].store);
    fake_store_cut(stage.nodes[1].store);
    stage_run(30000);
    expect(pool_find_agent(pool_at(1), SLICE_OF("anna"), &view));
    expect(view.load == 1 && view.status == POOL_AWAY);
    expect_u64(pool_counts(pool_at(1)).waiting, 1);
    expect_u64(pool_counts(pool_at(1)).active, 1);
    expect_u64(times_heard(anna, "\"type\":\"assigned\""), 1);
    expect_u64(times_heard(anna, "\"type\":\"released\""), 0);
    stage_end();
}

/* Rule 12: the conversation ends, and then the pool releases. Here it does not end. */
static void a_close_that_is_refused_frees_no_place(void)
{
    begin();
    struct actor *anna = stage_agent_at(0, "anna");
    hand_over(stage_customer_at(0), stage_bot_at(0));
    accept_offer(anna);
    act_later(anna, 0,
            "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"1-%016d\"}",
            anna->conversation, 0);
    for (unsigned i = 0; i < 100; i++) {
        stage_run(20);
        expect_u64(pool_counts(pool_at(0)).active, 1);
    }
    expect(heard(anna, "\"fenced\""));
    expect_u64(times_heard(anna, "\"type\":\"released\""), 0);
    stage_end();
}

/* No hint tells the other node of the close, and nothing happens afterwards. */
static void a_close_that_no_hint_told_is_found(void)
{
    begin();
    struct actor *ben = stage_agent_at(0, "ben"), *anna = stage_agent_at(1, "anna");
    act_ask(ben, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    hand_over(stage_customer_at(1), stage_bot_at(1));
    accept_offer(anna);
    stage_run(2000);
    expect_u64(pool_counts(pool_at(0)).active, 1);
    fake_bus_faults(stage.bus)->is_silent = true;
    act_ask(anna, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            anna->conversation, anna->owner);
    stage_run(1000);
    expect_u64(pool_counts(pool_at(1)).active, 0);
    expect_u64(pool_counts(pool_at(0)).active, 1);
    fake_bus_faults(stage.bus)->is_silent = false;
    stage_run(15000);
    expect_u64(pool_counts(pool_at(0)).active, 0);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(an_agent_at_another_node_is_not_set_offline),
                    CASE(an_agent_who_moves_to_another_node_stays_online),
                    CASE(an_agent_who_leaves_is_offline_after_the_grace),
                    CASE(a_dead_nodes_agents_go_offline_after_lease_and_grace),
                    CASE(a_node_that_was_cut_off_takes_back_what_was_said_of_its_agents),
                    CASE(an_offer_reaches_an_agent_at_another_node_once),
                    CASE(words_that_no_hint_told_reach_the_agent),
                    CASE(a_colleague_at_another_node_is_told_of_an_invitation_once),
                    CASE(an_offer_that_is_over_is_cancelled_at_every_node_once),
                    CASE(a_chat_closed_at_another_node_is_released_here),
                    CASE(a_chat_closed_while_a_window_was_untold_is_released_here),
                    CASE(colleagues_at_every_node_hear_of_a_change_once),
                    CASE(places_in_the_queue_move_at_every_node),
                    CASE(one_node_routes_as_long_as_it_can),
                    CASE(the_queue_moves_within_two_seconds_of_the_leaders_death),
                    CASE(a_leader_that_slept_is_fenced),
                    CASE(a_pool_that_lost_everything_is_told_again),
                    CASE(a_close_that_no_hint_told_is_found),
                    CASE(a_close_that_is_refused_frees_no_place), {0}});
}
