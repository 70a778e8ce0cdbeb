/* SPDX-License-Identifier: Apache-2.0 */
/* Who is alive: nodes share out the work among them, and what one leaves goes to the others. */
#include "flow/members.h"
#include "lib/test.h"
#include "stage.h"

static void members_share_out_all_work_and_none_twice(void)
{
    size_t mine[3] = {0};
    stage_start_nodes(3);
    stage_run(2 * MEMBERS_LOOK_MS);
    for (uint64_t work = 0; work < 1024; work++) {
        size_t takers = 0;
        for (size_t i = 0; i < 3; i++) {
            bool is_mine = members_is_mine(stage.nodes[i].node, work);
            takers += is_mine;
            mine[i] += is_mine;
        }
        expect_u64(takers, 1);
    }
    for (size_t i = 0; i < 3; i++) {
        expect_u64(members_count(stage.nodes[i].node), 3);
        expect(mine[i] > 250 && mine[i] < 430);
        expect_slice(members_at(stage.node, members_rank(stage.nodes[i].node)),
                members_self(stage.nodes[i].node));
    }
    stage_end();
}

static bool saw_gone, saw_change;

static void on_change(struct members_watch *watch, bool gone)
{
    (void)watch;
    saw_change = true;
    saw_gone |= gone;
}

static void only_the_share_of_the_dead_moves(void)
{
    bool before[2][1024];
    struct members_watch watch = {.on_change = on_change};
    stage_start_nodes(3);
    stage_run(2 * MEMBERS_LOOK_MS);
    saw_gone = saw_change = false;
    members_watch(stage.node, &watch);
    for (size_t i = 0; i < 2; i++)
        for (uint64_t work = 0; work < 1024; work++)
            before[i][work] = members_is_mine(stage.nodes[i].node, work);
    stage_kill(2);
    stage_run(MEMBER_DEAD_MS + 2 * MEMBERS_LOOK_MS);
    expect(saw_change && saw_gone);
    expect_u64(members_count(stage.node), 2);
    for (uint64_t work = 0; work < 1024; work++) {
        size_t takers = 0;
        for (size_t i = 0; i < 2; i++) {
            bool is_mine = members_is_mine(stage.nodes[i].node, work);
            expect(is_mine || !before[i][work]);
            takers += is_mine;
        }
        expect_u64(takers, 1);
    }
    members_unwatch(&watch);
    stage_end();
}

static void who_leaves_is_gone_at_once(void)
{
    stage_start_nodes(2);
    stage_run(2 * MEMBERS_LOOK_MS);
    expect_u64(members_count(stage.node), 2);
    node_drain(stage.nodes[1].node);
    stage_run(100);
    expect_u64(members_count(stage.node), 1);
    stage_run(2 * MEMBERS_LOOK_MS);
    expect_u64(members_count(stage.node), 1);
    stage_end();
}

int main(int argc, char **argv)
{
    stage_silence_bell();
    return test_main(argc, argv,
            (struct test_case[]){CASE(members_share_out_all_work_and_none_twice),
                    CASE(only_the_share_of_the_dead_moves), CASE(who_leaves_is_gone_at_once), {0}});
}
