/* SPDX-License-Identifier: Apache-2.0 */
/* Monitor, whisper, barge, take over; inviting and joining: who may, who sees it, and who may not.
 */
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

#include <stdio.h>

static struct actor *ada, *anna, *ben;

/* Anna talks with Ada; Ben is online and has nothing to do with it. */
static void begin(void)
{
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
}

static void asks(struct actor *actor, const char *type)
{
    act_ask(actor, "{\"type\":\"%s\",\"id\":\"s\",\"conversation\":\"%s\"}", type,
            anna->conversation);
}

static void says_with(struct actor *actor, const char *text, const char *token)
{
    act_ask(actor,
            "{\"type\":\"send\",\"id\":\"x\",\"conversation\":\"%s\",\"lineage\":\"%s\",\"n\":%u,"
            "\"owner\":\"%s\",\"body\":{\"kind\":\"text\",\"text\":\"%s\"}}",
            anna->conversation, actor->lineage, (unsigned)++actor->n, token, text);
}

static void nobody_but_a_supervisor_looks_on_or_takes_over(void)
{
    begin();
    asks(ben, "watch");
    expect(heard(ben, "\"unknown_conversation\""));
    asks(ben, "take_over");
    expect(heard(ben, "\"forbidden\""));
    asks(ben, "join");
    expect(heard(ben, "\"error\""));
    act_ask(ben, "{\"type\":\"list_cases\",\"id\":\"l\"}");
    expect(heard(ben, "\"forbidden\""));
    says_with(ben, "I am nobody here", anna->owner);
    expect(heard(ben, "\"error\""));
    expect(!heard_ever(ada, "I am nobody here"));
    stage_end();
}

/* Looking on leaves no trace; a whisper reaches the agent and never the customer. */
static void a_supervisor_monitors_and_whispers_unseen_by_the_customer(void)
{
    begin();
    stage_make_supervisor("north", "ben");
    uint64_t seq = fold_of(ada)->tail.seq;
    act_ask(ben, "{\"type\":\"list_cases\",\"id\":\"l\"}");
    expect(heard(ben, "\"cases\"") && heard(ben, anna->conversation) && heard(ben, "\"active\""));
    asks(ben, "watch");
    expect(will_hear(ben, "My parcel is late", 1000));
    expect_u64(fold_of(ada)->tail.seq, seq);
    act_note(ben, "offer them a refund");
    expect(will_hear(anna, "offer them a refund", 1000));
    char place[NAME_TEXT_MAX];
    int len = (int)name_write(&fold_of(ada)->public_tail, place);
    act_ask(ben, "{\"type\":\"receipt\",\"conversation\":\"%s\",\"read\":\"%.*s\"}",
            anna->conversation, len, place);
    expect(will_hear(anna, "\"receipts\"", 1000));
    act_ask(ada, "{\"type\":\"history\",\"id\":\"h\"}");
    act_leave(ada);
    act_enter(ada);
    stage_run(500);
    expect(!heard_ever(ada, "offer them a refund") && !heard_ever(ada, "ben"));
    says_with(ben, "and aloud?", anna->owner); /* monitoring is not speaking */
    expect(heard(ben, "\"error\""));
    stage_end();
}

static void a_supervisor_barges_in_and_speaks_beside_the_owner(void)
{
    begin();
    stage_make_supervisor("north", "ben");
    asks(ben, "join");
    expect(will_hear(ben, "\"done\"", 1000));
    char token[NAME_TEXT_MAX];
    expect_u64(fold_of(ada)->participant_count, 1);
    token[name_write(&fold_of(ada)->participants[0].token, token)] = '\0';
    expect(will_hear(ada, "\"participant\"", 1000));
    says_with(ben, "I can help too", token);
    expect(will_hear(ada, "I can help too", 1000));
    act_say(anna, "Thank you");
    expect(will_hear(ada, "Thank you", 1000));
    expect(heard_ever(anna, "I can help too"));
    asks(ben, "leave");
    expect(will_hear(ben, "\"done\"", 1000));
    says_with(ben, "still there?", token);
    expect(heard(ben, "\"error\""));
    stage_end();
}

static void a_supervisor_takes_a_case_over_and_the_pool_follows(void)
{
    begin();
    stage_make_supervisor("north", "ben");
    asks(ben, "take_over");
    expect(will_hear(ben, "\"assigned\"", 2000));
    expect(heard_ever(anna, "\"released\""));
    act_say(anna, "too late");
    expect(!heard(anna, "\"ack\""));
    act_say(ben, "Ben here");
    expect(will_hear(ada, "Ben here", 1000));
    stage_run(1000);
    struct pool_agent_view view;
    struct team *team = pools_team(stage.node, SLICE_OF("north"));
    expect(pool_find_agent(team_pool(team), SLICE_OF("ben"), &view) && view.load == 1);
    expect(pool_find_agent(team_pool(team), SLICE_OF("anna"), &view) && view.load == 0);
    stage_end();
}

/* The store takes the entry that takes the case over, and cannot say that it is kept. */
static void who_takes_over_is_seen_only_once_it_is_kept(void)
{
    begin();
    stage_make_supervisor("north", "ben");
    asks(ben, "watch");
    expect(will_hear(ben, "My parcel is late", 1000));
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    asks(ben, "take_over");
    expect(heard(ben, "\"store_unavailable\""));
    act_ask(ben, "{\"type\":\"typing\",\"conversation\":\"%s\",\"active\":true}",
            anna->conversation);
    expect(!will_hear(ada, "\"typist\"", 300));
    fake_server_faults(stage.server)->barrier_fails_per_mille = 0;
    stage_run(3000);
    asks(ben, "take_over");
    expect(heard_ever(ben, "\"assigned\"") || will_hear(ben, "\"assigned\"", 2000));
    act_ask(ben, "{\"type\":\"typing\",\"conversation\":\"%s\",\"active\":true}",
            anna->conversation);
    expect(heard_ever(ada, "\"typist\"") || will_hear(ada, "\"typist\"", 1000));
    stage_end();
}

static void a_supervisor_is_told_why_a_case_is_where_it_is(void)
{
    begin();
    asks(ben, "explain");
    expect(heard(ben, "\"forbidden\""));
    stage_make_supervisor("north", "ben");
    asks(ben, "explain");
    expect(heard(ben, "\"explained\"") && heard(ben, "\"state\":\"active\""));
    expect(heard(ben, "\"agent\":\"anna\"") && heard(ben, "\"verdict\":\"eligible\""));
    expect(heard(ben, "\"decided_by\"") && heard(ben, "\"policy\""));
    act_ask(ben, "{\"type\":\"explain\",\"id\":\"e\",\"conversation\":\"nobody\"}");
    expect(heard(ben, "\"unknown_conversation\""));
    act_leave(ben);
    act_enter(ben);
    expect(heard_ever(ben, "\"supervisor\":true") && !heard_ever(anna, "\"supervisor\":true"));
    stage_end();
}

static void a_colleague_joins_when_asked_and_until_the_end(void)
{
    begin();
    act_ask(anna,
            "{\"type\":\"invite\",\"id\":\"i\",\"conversation\":\"%s\",\"owner\":\"%s\",\"agent\":"
            "\"ben\"}",
            anna->conversation, anna->owner);
    expect(heard(anna, "\"done\"") && heard_ever(ben, "\"invited\""));
    expect(!heard_ever(ada, "\"invited\""));
    asks(ben, "join");
    expect(will_hear(ben, "My parcel is late", 1000));
    char token[NAME_TEXT_MAX];
    token[name_write(&fold_of(ada)->participants[0].token, token)] = '\0';
    says_with(ben, "We are two", token);
    expect(will_hear(ada, "We are two", 1000));
    act_ask(anna, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            anna->conversation, anna->owner);
    expect_u64(fold_of(ada)->participant_count, 0);
    says_with(ben, "once more", token);
    expect(heard(ben, "\"error\""));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(nobody_but_a_supervisor_looks_on_or_takes_over),
                    CASE(a_supervisor_monitors_and_whispers_unseen_by_the_customer),
                    CASE(a_supervisor_barges_in_and_speaks_beside_the_owner),
                    CASE(a_supervisor_takes_a_case_over_and_the_pool_follows),
                    CASE(who_takes_over_is_seen_only_once_it_is_kept),
                    CASE(a_supervisor_is_told_why_a_case_is_where_it_is),
                    CASE(a_colleague_joins_when_asked_and_until_the_end), {0}});
}
