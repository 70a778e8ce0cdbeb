/* SPDX-License-Identifier: Apache-2.0 */
/* The flows by name: what must not be lost, identity and erasure. */
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- what must not be lost --------------------------------------------------------------------
 */

static void a_requeued_case_keeps_its_packet(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_leave(anna);
    expect(will_hear(ben, "\"offer\"", 60000));
    expect(heard(ben, "the-packet"));
    act_ask(ben, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", ben->offer);
    expect(will_hear(ben, "\"assigned\"", 1000));
    expect(heard(ben, "the-packet"));
    stage_end();
}

/* Nobody is asked again what the bot had asked already. */
static void a_bot_that_fails_leaves_what_it_learnt_to_the_agent(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    act_say(ada, "Where is parcel 4711?");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "Let me see",
            ",\"state\":[{\"name\":\"parcel\",\"value\":\"4711\"},{\"name\":\"city\",\"value\":"
            "\"Lyon\"}]");
    bot->mark = bot->heard_len;
    act_say(ada, "Well?");
    expect(heard(bot, "\"turn\""));
    act_ask(bot,
            "{\"type\":\"fail\",\"id\":\"f\",\"conversation\":\"%s\",\"turn\":\"%s\","
            "\"retryable\":false}",
            bot->conversation, bot->turn);
    expect(will_hear(anna, "\"offer\"", 2000));
    expect(heard_ever(anna, "4711") && heard_ever(anna, "Lyon"));
    expect(!heard_ever(ada, "Lyon"));
    stage_end();
}

static void an_agent_who_reloads_in_time_keeps_their_chats(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    uint64_t seq = fold_of(ada)->tail.seq;
    act_leave(anna);
    stage_run(stage.settings.presence_grace_ms / 2);
    act_enter(anna);
    expect(will_hear(anna, "\"assigned\"", 1000));
    stage_run(60000);
    expect_u64(fold_of(ada)->tail.seq, seq);
    expect(!heard_ever(ben, "\"offer\""));
    stage_end();
}

/* Nobody can attach anything on this stage. */
static void welcome_tells_what_a_client_may_do(void)
{
    stage_start();
    stage.settings.edit_window_ms = 5000;
    struct actor *ada = stage_customer("north"), *anna = stage_agent("north", "anna");
    expect(heard_ever(ada, "\"text_bytes\":8192"));
    expect(heard_ever(ada, "\"upload_bytes\":0,\"edit_ms\":5000}"));
    expect(heard_ever(anna, "\"upload_bytes\":0,\"edit_ms\":5000}"));
    expect(heard_ever(stage_bot("north"), "\"upload_bytes\":0,\"edit_ms\":0}"));
    stage_end();
}

/* Redis comes back while a large directory is read: nobody is told that they do not exist. */
static void a_directory_that_is_being_read_again_still_knows_everybody(void)
{
    stage_start();
    for (unsigned i = 0; i < 400; i++)
        stage_add_agent("north", i);
    struct actor *ada = stage_customer("north"), *late = stage_actor();
    stage_bot("north");
    act_sign(late, "north", "agent", "a:more-399", false);
    fake_server_faults(stage.server)->delay_ms_min = 30;
    fake_server_faults(stage.server)->delay_ms_max = 30;
    fake_store_cut(stage.store);
    for (unsigned i = 0; i < 8; i++) {
        act_enter(late);
        expect(!heard(late, "unauthenticated"));
        act_leave(late);
    }
    act_say(ada, "Hello");
    expect(will_hear(ada, "\"ack\"", 2000));
    expect(fold_of(ada)->phase == PHASE_BOT);
    stage_end();
}

static uint64_t load_of_anna(void)
{
    struct pool_agent_view view;
    struct team *team = pools_team(stage.node, SLICE_OF("north"));
    return pool_find_agent(team_pool(team), SLICE_OF("anna"), &view) ? view.load : 99;
}

/* The store has no room just when the pool is to be told: the agent's place is given back later. */
static void a_closed_case_gives_its_place_back_in_the_end(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    expect_u64(load_of_anna(), 1);
    fake_server_faults(stage.server)->full_per_mille = 900;
    do {
        act_ask(anna, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
                anna->conversation, anna->owner);
    } while (!heard(anna, "\"done\""));
    stage_run(500);
    fake_server_faults(stage.server)->full_per_mille = 0;
    stage_run(5000);
    expect_u64(load_of_anna(), 0);
    stage_end();
}

/* The link dies somewhere between the acceptance and the ownership: the agent hears of it. */
static void an_agent_hears_of_a_case_whenever_the_link_died(void)
{
    for (unsigned ms = 0; ms < 40; ms++) {
        stage_start();
        struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
        struct actor *ada = stage_customer("north");
        act_say(ada, "My parcel is late");
        expect(will_hear(bot, "\"turn\"", 1000));
        act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
        expect(will_hear(anna, "\"offer\"", 2000));
        fake_server_faults(stage.server)->delay_ms_min = 3;
        anna->mark = anna->heard_len;
        act_later(anna, ms, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", anna->offer);
        fake_store_cut(stage.store);
        stage_run(3000);
        test_note("cut after %u ms", ms);
        if (heard(anna, "\"store_unavailable\""))
            act_ask(anna, "{\"type\":\"accept\",\"id\":\"b\",\"offer\":\"%s\"}", anna->offer);
        expect(heard_ever(anna, "\"assigned\"") || will_hear(anna, "\"assigned\"", 20000));
        stage_end();
    }
}

/* The log's clock was ahead by a day and was set back: an offer still ends in time. */
static void an_offer_ends_although_the_clock_was_set_back(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north"), *ben;
    stage_set_pool_ahead("north", 24 * 3600 * 1000);
    ben = stage_agent("north", "ben");
    act_say(ada, "My parcel is late");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
    stage_run(3 * stage.settings.policy.offer_ms);
    expect(heard_ever(anna, "\"offer\"") && heard_ever(ben, "\"offer\""));
    stage_end();
}

/* ---- who asks too much ------------------------------------------------------------------------
 */

/* ---- identity and erasure ---------------------------------------------------------------------
 */

/* Two people on one device: the second is refused, and still has a way in of their own. */
static void a_refused_identity_stays_free(void)
{
    stage_start();
    struct actor *ada = stage_known("north", "ada");
    struct actor *bob = stage_actor();
    act_sign(bob, "north", "customer", "x:bob", true);
    act_ask(ada, "{\"type\":\"identify\",\"id\":\"i\",\"token\":\"%s\"}", bob->token);
    stage_run(100);
    expect(heard(ada, "\"identity_taken\""));
    act_enter(bob);
    expect(will_hear(bob, "\"welcome\"", 1000));
    expect(strcmp(bob->conversation, ada->conversation) != 0);
    stage_end();
}

/* Every public entry must be shown to the customer, or the next one looks like a gap to them. */
static void an_empty_answer_of_a_bot_makes_no_gap(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *ada = stage_customer("north");
    char after[80], at[NAME_TEXT_MAX];
    act_say(ada, "Hello");
    expect(will_hear(bot, "\"turn\"", 300));
    act_commit(bot, "", "");
    stage_run(100);
    if (heard(bot, "\"ack\"")) {
        int len = (int)name_write(&fold_of(ada)->public_tail, at);
        snprintf(after, sizeof after, "\"at\":\"%.*s\"", len, at);
        expect(heard(ada, after));
    }
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_requeued_case_keeps_its_packet),
                    CASE(a_bot_that_fails_leaves_what_it_learnt_to_the_agent),
                    CASE(an_agent_who_reloads_in_time_keeps_their_chats),
                    CASE(a_directory_that_is_being_read_again_still_knows_everybody),
                    CASE(a_closed_case_gives_its_place_back_in_the_end),
                    CASE(an_agent_hears_of_a_case_whenever_the_link_died),
                    CASE(an_offer_ends_although_the_clock_was_set_back),
                    CASE(a_refused_identity_stays_free),
                    CASE(an_empty_answer_of_a_bot_makes_no_gap),
                    CASE(welcome_tells_what_a_client_may_do), {0}});
}
