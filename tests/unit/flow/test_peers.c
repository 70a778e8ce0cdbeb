/* SPDX-License-Identifier: Apache-2.0 */
/* Known bugs of others, each as a case by name, where the flows hold them. Those of the pure core
 * are in core/route/test_peers.c; Chatwoot 13516 and Tiledesk 4 in test_activity.c. */
#include "lib/test.h"
#include "stage.h"

#include <stdio.h>
#include <string.h>

/* Rocket.Chat 38148: two rooms for one visitor; Chatwoot 10798, 14071: parallel webhooks split the
 * thread. */
static void rocketchat_38148_parallel_first_messages_are_one_conversation(void)
{
    stage_start();
    struct actor *phone = stage_known("north", "ada-1"), *laptop = stage_known("north", "ada-1");
    act_later(phone, 0,
            "{\"type\":\"send\",\"id\":\"1\",\"lineage\":\"%s\",\"n\":1,\"body\":{\"kind\":"
            "\"text\","
            "\"text\":\"from the phone\"}}",
            phone->lineage);
    act_later(laptop, 0,
            "{\"type\":\"send\",\"id\":\"1\",\"lineage\":\"%s\",\"n\":1,\"body\":{\"kind\":"
            "\"text\","
            "\"text\":\"from the laptop\"}}",
            laptop->lineage);
    stage_run(1000);
    expect(strcmp(phone->conversation, laptop->conversation) == 0);
    expect(heard_ever(phone, "from the laptop") && heard_ever(laptop, "from the phone"));
    expect_u64(fold_of(phone)->cases, 1);
    stage_end();
}

/* rasa-agent-bot-demo 12, fazer-ai 158: the bot talks after the handoff. */
static void rasa_12_a_bot_is_silent_after_the_handoff(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    uint64_t seq = fold_of(ada)->tail.seq;
    act_commit(bot, "I am still here", "");
    expect(heard(bot, "\"error\""));
    expect_u64(fold_of(ada)->tail.seq, seq);
    expect(!heard_ever(ada, "I am still here"));
    stage_end();
}

/* DirectLineJS 188, botframework-sdk 5068: a retry makes a second turn. */
static void directline_188_a_retry_makes_no_second_turn(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *ada = stage_customer("north");
    act_say(ada, "Hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    uint64_t seq = fold_of(ada)->tail.seq;
    for (int retry = 0; retry < 3; retry++) {
        act_ask(ada,
                "{\"type\":\"send\",\"id\":\"r\",\"lineage\":\"%s\",\"n\":%u,\"body\":{\"kind\":"
                "\"text\",\"text\":\"Hello\"}}",
                ada->lineage, (unsigned)ada->n);
        expect(heard(ada, "\"ack\""));
    }
    expect_u64(fold_of(ada)->tail.seq, seq);
    stage_end();
}

/* botbuilder: a slow handler looks dead, and two workers run one turn. */
static void botbuilder_a_slow_worker_that_shows_life_keeps_its_turn(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *ada = stage_customer("north");
    act_say(ada, "Hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    struct actor *other = stage_bot("north");
    for (int beat = 0; beat < 4; beat++) {
        stage_run(stage.settings.turn_lease_ms / 2);
        act_ask(bot, "{\"type\":\"progress\",\"conversation\":\"%s\",\"turn\":\"%s\"}",
                bot->conversation, bot->turn);
    }
    expect(!heard_ever(other, "\"type\":\"turn\""));
    act_commit(bot, "Here I am", "");
    expect(heard(bot, "\"ack\"") && heard_ever(ada, "Here I am"));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){
                    CASE(rocketchat_38148_parallel_first_messages_are_one_conversation),
                    CASE(rasa_12_a_bot_is_silent_after_the_handoff),
                    CASE(directline_188_a_retry_makes_no_second_turn),
                    CASE(botbuilder_a_slow_worker_that_shows_life_keeps_its_turn), {0}});
}
