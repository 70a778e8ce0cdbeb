/* SPDX-License-Identifier: Apache-2.0 */
/* Who comes to a conversation that this node may not append to: its log is damaged, or written by a
 * newer version. */
#include "lib/test.h"
#include "stage.h"

#include <string.h>

static const char newer[] = "\x7f a form that is to be thought of in some years";

/* Ada's log has these bytes behind her words when she comes back. */
static struct actor *come_back_to(struct actor *ada, const char *bytes)
{
    char key[64];
    act_say(ada, "Hello");
    struct slice log =
            slice_make(key, conversation_log_key(slice_of_string(ada->conversation), key));
    uint64_t seq = fold_of(ada)->tail.seq + 1;
    act_leave(ada);
    stage_kill(0);
    stage_revive(0);
    expect(fake_server_append(stage.server, log, seq, slice_of_string(bytes)) == STORE_OK);
    stage_run(1000);
    struct actor *again = stage_actor();
    memcpy(again->token, ada->token, sizeof again->token);
    act_enter(again);
    stage_run(1000);
    expect(!heard_ever(again, "\"welcome\""));
    return again;
}

static void expect_to_come_again(const struct actor *ada)
{
    expect(heard_ever(ada, "\"newer_log\"") && heard_ever(ada, "\"bye\""));
    expect(heard_ever(ada, "\"retry_after_ms\""));
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_GOING_AWAY);
}

/* Another node may know that version, and this one soon will. */
static void what_a_newer_node_wrote_is_asked_for_again(void)
{
    stage_start();
    expect_to_come_again(come_back_to(stage_known("north", "ada"), newer));
    stage_end();
}

static void who_is_nobody_is_told_the_same(void)
{
    stage_start();
    expect_to_come_again(come_back_to(stage_customer("north"), newer));
    stage_end();
}

static void what_is_damaged_is_not_asked_for_again(void)
{
    stage_start();
    struct actor *ada = come_back_to(stage_known("north", "ada"), "noise");
    expect(heard_ever(ada, "\"quarantined\"") && !heard_ever(ada, "\"store_unavailable\""));
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_REVOKED);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(what_a_newer_node_wrote_is_asked_for_again),
                    CASE(who_is_nobody_is_told_the_same),
                    CASE(what_is_damaged_is_not_asked_for_again), {0}});
}
