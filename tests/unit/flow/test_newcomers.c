/* SPDX-License-Identifier: Apache-2.0 */
/* Who was made on one node a moment ago is known on every other, at each way in, whether or not a
 * hint has told of it, and whether or not the nodes have seen each other yet. */
#include "flow/directory_changes.h"
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

/* Agent more-7, with a token for node 1. */
static struct actor *newcomer_to_node_1(void)
{
    struct actor *newcomer = stage_actor();
    newcomer->on = 1;
    act_sign(newcomer, "north", "agent", "a:more-7", false);
    return newcomer;
}

/* She is made on node 0, and no hint tells node 1 of her. */
static struct actor *make_newcomer_unheard(void)
{
    stage_start_nodes(2);
    stage_run(2 * MEMBERS_LOOK_MS);
    fake_bus_faults(stage.bus)->is_silent = true;
    stage_add_agent("north", 7);
    return newcomer_to_node_1();
}

/* It looks before it says no. */
static void who_was_made_a_moment_ago_may_enter_anywhere(void)
{
    struct actor *newcomer = make_newcomer_unheard();
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
    struct actor *newcomer = make_newcomer_unheard();
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
    struct actor *newcomer = newcomer_to_node_1();
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

/* ---- tenants that come again ------------------------------------------------------------------
 */

static void make_west(void)
{
    expect_u64(
            (uint64_t)ask_door(HTTP_POST, "/v1/admin/tenants", "{\"id\":\"west\",\"name\":\"W\"}"),
            201);
    expect_u64((uint64_t)ask_door(HTTP_POST, "/v1/admin/tenants/west/agents",
                       "{\"id\":\"anna\",\"name\":\"Anna\"}"),
            201);
}

static void who_takes_the_id_of_a_tenant_takes_none_of_its_tokens(void)
{
    struct actor *old = stage_actor(), *young = stage_actor();
    stage_start();
    stage_open_doors();
    make_west();
    act_sign(old, "west", "agent", "a:anna", false);
    act_enter(old);
    expect(heard(old, "\"welcome\""));
    expect_u64((uint64_t)ask_door(HTTP_DELETE, "/v1/admin/tenants/west", NULL), 204);
    make_west();
    act_enter(old);
    expect(heard(old, "\"unauthenticated\"") && !heard(old, "\"welcome\""));
    act_sign(young, "west", "agent", "a:anna", false);
    act_enter(young);
    expect(heard(young, "\"welcome\""));
    stage_end();
}

static bool is_changed;

static void on_changed(struct directory_change *change, enum log_outcome outcome)
{
    (void)change;
    is_changed = outcome == LOG_APPENDED;
}

static void a_tenant_that_is_changed_keeps_its_keys(void)
{
    struct actor *anna = stage_actor();
    struct directory_value value = {
            .kind = DIRECTORY_TENANT, .tenant = SLICE_OF("north"), .name = SLICE_OF("Far north")};
    struct directory_change change = {.value = &value, .may_replace = true, .done = on_changed};
    stage_start();
    act_sign(anna, "north", "agent", "a:anna", false);
    directory_submit(stage.node, &change);
    stage_run(100);
    expect(is_changed);
    expect_slice(directory_tenant(stage.node, SLICE_OF("north"))->name, SLICE_OF("Far north"));
    act_enter(anna);
    expect(heard(anna, "\"welcome\""));
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
                    CASE(a_door_of_a_node_that_seems_to_be_alone_looks_too),
                    CASE(who_takes_the_id_of_a_tenant_takes_none_of_its_tokens),
                    CASE(a_tenant_that_is_changed_keeps_its_keys), {0}});
}
