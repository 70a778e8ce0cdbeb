/* SPDX-License-Identifier: Apache-2.0 */
/* Who was made on one node a moment ago is known on every other, at each way in, whether or not a
 * hint has told of it, and whether or not the nodes have seen each other yet. */
#include "flow/directory.h"
#include "flow/members.h"
#include "lib/test.h"
#include "stage_door.h"

#include <stdio.h>

static void an_agent_made_on_one_node_is_known_on_the_other(void)
{
    stage_start_nodes(2);
    stage_add_agent("north", 7);
    stage_on(1);
    expect(stage_agent("north", "more-7") != NULL);
    stage_end();
}

/* No hint has told node 1 of her: it looks before it says no. */
static void who_was_made_a_moment_ago_may_enter_anywhere(void)
{
    stage_start_nodes(2);
    stage_run(2 * MEMBERS_LOOK_MS);
    fake_bus_faults(stage.bus)->is_silent = true;
    stage_add_agent("north", 7);
    struct actor *newcomer = stage_actor();
    newcomer->on = 1;
    act_sign(newcomer, "north", "agent", "a:more-7", false);
    expect(directory_agent(stage.nodes[1].node, SLICE_OF("north"), SLICE_OF("more-7")) == NULL);
    act_enter(newcomer);
    expect(will_hear(newcomer, "\"welcome\"", 100));
    expect(!heard_ever(newcomer, "\"error\""));
    stage_end();
}

static void who_was_never_made_enters_nowhere(void)
{
    stage_start_nodes(2);
    stage_run(2 * MEMBERS_LOOK_MS);
    struct actor *stranger = stage_actor();
    act_sign(stranger, "north", "agent", "a:more-8", false);
    act_enter(stranger);
    expect(will_hear(stranger, "\"unauthenticated\"", 100));
    expect(!heard_ever(stranger, "\"welcome\""));
    stage_end();
}

/* Nobody can say no while the directory cannot be read: the same hello may come again. */
static void a_no_that_cannot_be_looked_up_is_not_said(void)
{
    stage_start_nodes(2);
    stage_run(2 * MEMBERS_LOOK_MS);
    fake_bus_faults(stage.bus)->is_silent = true;
    stage_add_agent("north", 7);
    struct actor *newcomer = stage_actor();
    newcomer->on = 1;
    act_sign(newcomer, "north", "agent", "a:more-7", false);
    fake_server_kill(stage.server);
    act_enter(newcomer);
    expect(will_hear(newcomer, "\"store_unavailable\"", 1000));
    expect(!heard_ever(newcomer, "\"unauthenticated\""));
    fake_server_start(stage.server);
    stage_run(1000);
    act_ask(newcomer, "{\"type\":\"hello\",\"id\":\"h\",\"token\":\"%s\"}", newcomer->token);
    expect(will_hear(newcomer, "\"welcome\"", 1000));
    stage_end();
}

/* Agent more-7 is made on node 0, and nothing tells node 1 of it, nor that node 0 has come back. */
static void make_newcomer_unseen(void)
{
    stage_start_nodes(2);
    fake_bus_faults(stage.bus)->is_silent = true;
    fake_store_stall(stage.nodes[0].store, stage.clock.now_ms + MEMBER_DEAD_MS + 2000);
    stage_run(MEMBER_DEAD_MS + 2000);
    stage_add_agent("north", 7);
    expect_u64(members_count(stage.nodes[1].node), 1);
    expect(directory_agent(stage.nodes[1].node, SLICE_OF("north"), SLICE_OF("more-7")) == NULL);
}

static void a_node_that_seems_to_be_alone_looks_too(void)
{
    make_newcomer_unseen();
    struct actor *newcomer = stage_actor();
    newcomer->on = 1;
    act_sign(newcomer, "north", "agent", "a:more-7", false);
    act_enter(newcomer);
    expect(will_hear(newcomer, "\"welcome\"", 100));
    expect(!heard_ever(newcomer, "\"error\""));
    stage_end();
}

static void a_door_of_a_node_that_seems_to_be_alone_looks_too(void)
{
    char body[1200];
    make_newcomer_unseen();
    struct actor *newcomer = stage_actor();
    act_sign(newcomer, "north", "renewal-agent", "a:more-7", false);
    snprintf(body, sizeof body, "{\"renewal\":\"%s\"}", newcomer->token);
    stage.node = stage.nodes[1].node;
    stage_open_doors();
    expect_u64((uint64_t)ask_door(HTTP_POST, "/v1/agents/sessions", body), 200);
    stage_end();
}

int main(int argc, char **argv)
{
    stage_silence_bell();
    return test_main(argc, argv,
            (struct test_case[]){CASE(an_agent_made_on_one_node_is_known_on_the_other),
                    CASE(who_was_made_a_moment_ago_may_enter_anywhere),
                    CASE(who_was_never_made_enters_nowhere),
                    CASE(a_no_that_cannot_be_looked_up_is_not_said),
                    CASE(a_node_that_seems_to_be_alone_looks_too),
                    CASE(a_door_of_a_node_that_seems_to_be_alone_looks_too), {0}});
}
