/* SPDX-License-Identifier: Apache-2.0 */
/* Who comes to a conversation that this node may not append to: its log is damaged, or written by a
 * newer version. */
#include "flow/erase.h"
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <string.h>

static const char newer[] = "\x7f a form that is to be thought of in some years";

/* Ada's log has these bytes behind what it holds, as entry seq. */
static void put_behind(const struct actor *ada, uint64_t seq, const char *bytes)
{
    char key[64];
    struct slice log =
            slice_make(key, conversation_log_key(slice_of_string(ada->conversation), key));
    expect(fake_server_append(stage.server, log, seq, slice_of_string(bytes)) == STORE_OK);
}

/* These are there when she comes back. */
static struct actor *come_back_to(struct actor *ada, const char *bytes)
{
    act_say(ada, "Hello");
    uint64_t seq = fold_of(ada)->tail.seq + 1;
    act_leave(ada);
    stage_kill(0);
    stage_revive(0);
    put_behind(ada, seq, bytes);
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

/* She keeps her line, and may read what lies before the damage. */
static void who_is_there_is_told_when_they_write(void)
{
    stage_start();
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    uint64_t last = fold_of(ada)->tail.seq;
    put_behind(ada, last + 1, "noise");
    act_say(ada, "Are you there?");
    expect(heard(ada, "\"quarantined\"") && heard(ada, "\"never\""));
    expect(!heard(ada, "\"ack\""));
    act_ask(ada, "{\"type\":\"history\",\"id\":\"h\",\"before\":\"%" PRIu64 "-0000000000000000\"}",
            last);
    expect(heard(ada, "\"page\"") && heard(ada, "Hello"));
    expect_u64((uint64_t)ada->close_code, 0);
    stage_end();
}

/* As to any other request: what can not be kept for good is not to be tried again. And who they are
 * is not bound to it: elsewhere they begin anew. */
static void who_proves_who_they_are_is_told_the_same(void)
{
    static const struct {
        const char *bytes, *code;
    } logs[] = {{"noise", "\"quarantined\""}, {newer, "\"newer_log\""}};
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        stage_start();
        struct actor *ada = stage_customer("north"), *known = stage_actor();
        act_sign(known, "north", "customer", "x:crm-42", true);
        put_behind(ada, fold_of(ada)->tail.seq + 1, logs[i].bytes);
        act_ask(ada, "{\"type\":\"identify\",\"id\":\"i\",\"token\":\"%s\"}", known->token);
        stage_run(1000);
        expect(heard(ada, logs[i].code) && !heard(ada, "\"store_unavailable\""));
        act_enter(known);
        stage_run(1000);
        expect(heard_ever(known, "\"welcome\"") &&
                strcmp(known->conversation, ada->conversation) != 0);
        stage_end();
    }
}

static void who_has_another_one_is_led_there(void)
{
    stage_start();
    struct actor *known = stage_known("north", "ada"), *ada = stage_customer("north");
    put_behind(ada, fold_of(ada)->tail.seq + 1, "noise");
    act_ask(ada, "{\"type\":\"identify\",\"id\":\"i\",\"token\":\"%s\"}", known->token);
    expect(will_hear(ada, "\"done\"", 1000) && heard(ada, known->conversation));
    stage_end();
}

static enum erase_outcome erased;

static void on_erased(void *user, enum erase_outcome outcome)
{
    (void)user;
    erased = outcome;
}

static void who_was_in_a_damaged_one_begins_anew_once_it_is_erased(void)
{
    char lost[40];
    stage_start();
    struct actor *ada = stage_known("north", "ada");
    memcpy(lost, ada->conversation, sizeof lost);
    struct actor *again = come_back_to(ada, "noise");
    erased = ERASE_RETRY;
    erase_conversation(stage.node, slice_of_string(lost), on_erased, NULL);
    stage_run(1000);
    expect(erased == ERASE_DONE);
    act_enter(again);
    stage_run(1000);
    expect(heard_ever(again, "\"welcome\"") && strcmp(again->conversation, lost) != 0);
    act_say(again, "Hello again");
    expect(heard(again, "\"ack\""));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(what_a_newer_node_wrote_is_asked_for_again),
                    CASE(who_is_nobody_is_told_the_same),
                    CASE(what_is_damaged_is_not_asked_for_again),
                    CASE(who_is_there_is_told_when_they_write),
                    CASE(who_proves_who_they_are_is_told_the_same),
                    CASE(who_has_another_one_is_led_there),
                    CASE(who_was_in_a_damaged_one_begins_anew_once_it_is_erased), {0}});
}
