/* SPDX-License-Identifier: Apache-2.0 */
/* The flows on two nodes that share nothing but the store: who is at which desk, who is told what,
 * and what becomes of it all when one of them dies. */
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>

enum { LEASE_MS = 10000, GRACE_MS = 4000 }; /* desk_leases.c: the grace is at least that */

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

static size_t count_from(const struct actor *actor, size_t from, const char *text)
{
    size_t count = 0;
    for (const char *at = actor->heard + from; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

static size_t count_ever(const struct actor *actor, const char *text)
{
    return count_from(actor, 0, text);
}

static struct actor *agent_at(size_t place, const char *id)
{
    stage_on(place);
    return stage_agent("north", id);
}

static struct actor *bot_at(size_t place)
{
    stage_on(place);
    return stage_bot("north");
}

static struct actor *customer_at(size_t place)
{
    stage_on(place);
    return stage_customer("north");
}

/* ---- presence ---------------------------------------------------------------------------------
 */

static void an_agent_at_another_node_is_not_set_offline(void)
{
    stage_start_nodes(2);
    struct actor *anna = agent_at(1, "anna"), *ben = agent_at(0, "ben");
    stage_run(5 * LEASE_MS);
    expect(status_at(0, "anna") == POOL_ONLINE && status_at(1, "ben") == POOL_ONLINE);
    expect(!heard(anna, "\"offline\"") && !heard(ben, "\"offline\""));
    stage_end();
}

static void an_agent_who_moves_to_another_node_stays_online(void)
{
    stage_start_nodes(2);
    struct actor *anna = agent_at(0, "anna");
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
    stage_start_nodes(2);
    struct actor *anna = agent_at(0, "anna"), *ben = agent_at(1, "ben");
    stage_run(5000);
    ben->mark = ben->heard_len;
    act_leave(anna);
    stage_run(GRACE_MS - 500);
    expect(status_at(1, "anna") == POOL_ONLINE);
    expect(will_hear(ben, "\"offline\"", 1500));
    stage_run(5000);
    expect_u64(count_from(ben, ben->mark, "\"offline\""), 1);
    stage_end();
}

static void a_dead_nodes_agents_go_offline_after_lease_and_grace(void)
{
    stage_start_nodes(2);
    struct actor *anna = agent_at(1, "anna"), *ben = agent_at(0, "ben");
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
    stage_start_nodes(2);
    struct actor *anna = agent_at(1, "anna");
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
    stage_start_nodes(2);
    struct actor *bot = bot_at(0), *ada = customer_at(0), *anna = agent_at(1, "anna");
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
    expect_u64(count_ever(anna, "\"type\":\"offer\""), 1);
    expect_u64(count_ever(anna, "\"type\":\"assigned\""), 1);
    expect_u64(count_ever(anna, "\"type\":\"released\""), 1);
    expect_u64(count_ever(anna, "\"type\":\"cancel\""), 0);
    stage_end();
}

/* Ben has a window at each node. */
static void an_offer_that_is_over_is_cancelled_at_every_node_once(void)
{
    stage_start_nodes(2);
    struct actor *bot = bot_at(0), *ada = customer_at(0);
    struct actor *ben = agent_at(1, "ben"), *second = agent_at(0, "ben");
    hand_over(ada, bot);
    expect(will_hear(ben, "\"offer\"", 2000) &&
            (heard(second, "\"offer\"") || will_hear(second, "\"offer\"", 500)));
    act_ask(second, "{\"type\":\"decline\",\"id\":\"d\",\"offer\":\"%s\"}", second->offer);
    expect(heard(ben, "\"cancel\"") || will_hear(ben, "\"cancel\"", 1000));
    stage_run(500);
    expect_u64(count_ever(ben, "\"type\":\"offer\""), 1);
    expect_u64(count_ever(ben, "\"type\":\"cancel\""), 1);
    stage_end();
}

static void a_chat_closed_at_another_node_is_released_here(void)
{
    stage_start_nodes(2);
    struct actor *bot = bot_at(0), *ada = customer_at(0);
    struct actor *ben = agent_at(1, "ben"), *second = agent_at(0, "ben");
    hand_over(ada, bot);
    accept_offer(ben);
    expect(heard_ever(second, "\"assigned\"") || will_hear(second, "\"assigned\"", 1000));
    act_ask(second, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            ben->conversation, ben->owner);
    expect(heard_ever(ben, "\"released\"") || will_hear(ben, "\"released\"", 1000));
    stage_run(2000);
    expect_u64(count_ever(ben, "\"type\":\"assigned\""), 1);
    expect_u64(count_ever(ben, "\"type\":\"released\""), 1);
    stage_end();
}

static void colleagues_at_every_node_hear_of_a_change_once(void)
{
    stage_start_nodes(2);
    struct actor *anna = agent_at(0, "anna"), *ben = agent_at(1, "ben");
    stage_run(500);
    size_t before = count_ever(ben, "\"presence\"");
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    stage_run(2000);
    expect_u64(count_ever(ben, "\"presence\"") - before, 1);
    expect(heard_ever(ben, "\"away\""));
    stage_end();
}

static void places_in_the_queue_move_at_every_node(void)
{
    stage_start_nodes(2);
    struct actor *ada = customer_at(0), *bob = customer_at(0), *carl = customer_at(1);
    struct actor *bot = bot_at(0);
    hand_over(ada, bot);
    hand_over(bob, bot);
    hand_over(carl, bot_at(1));
    expect(will_hear(carl, "\"position\":3", 2000));
    struct actor *anna = agent_at(0, "anna"); /* she takes two */
    accept_offer(anna);
    expect(heard_ever(carl, "\"position\":2") || will_hear(carl, "\"position\":2", 2000));
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
                    CASE(an_offer_that_is_over_is_cancelled_at_every_node_once),
                    CASE(a_chat_closed_at_another_node_is_released_here),
                    CASE(colleagues_at_every_node_hear_of_a_change_once),
                    CASE(places_in_the_queue_move_at_every_node), {0}});
}
