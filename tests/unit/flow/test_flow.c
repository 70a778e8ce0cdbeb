/* SPDX-License-Identifier: Apache-2.0 */
/* The flows by name: what each role may do, what tenants keep from each other, and what customers
 * must never see. */
#include "flow/erase.h"
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- roles ------------------------------------------------------------------------------------
 */

enum { C = 1, A = 2, B = 4, S = 8 };

struct row {
    const char *frame; /* after "type"; %s: the conversation */
    unsigned roles;    /* who may send it, whatever the answer */
};

static const struct row rows[] = {
        {"ping\",\"id\":\"i\"", C | A | B | S},
        {"send\",\"id\":\"i\",\"conversation\":\"%s\",\"lineage\":\"l\",\"n\":1,\"body\":{\"kind\":"
         "\"text\",\"text\":\"hi\"}",
                C | A | S},
        {"history\",\"id\":\"i\",\"conversation\":\"%s\"", C | A},
        {"identify\",\"id\":\"i\",\"token\":\"t\"", C},
        {"event\",\"id\":\"i\",\"event\":\"e\",\"name\":\"n\"", C | S},
        {"edit\",\"id\":\"i\",\"conversation\":\"%s\",\"target\":\"1-0000000000000000\","
         "\"lineage\":"
         "\"l\",\"n\":1,\"body\":{\"kind\":\"text\",\"text\":\"hi\"}",
                C | A},
        {"delete\",\"id\":\"i\",\"target\":\"1-0000000000000000\",\"lineage\":\"l\",\"n\":1",
                C | A},
        {"react\",\"id\":\"i\",\"target\":\"1-0000000000000000\",\"lineage\":\"l\",\"n\":1,"
         "\"emoji\":"
         "\"+\",\"active\":true",
                C | A},
        {"set_presence\",\"id\":\"i\",\"status\":\"online\"", A},
        {"accept\",\"id\":\"i\",\"offer\":\"1-0000000000000000\"", A},
        {"decline\",\"id\":\"i\",\"offer\":\"1-0000000000000000\"", A},
        {"close\",\"id\":\"i\",\"conversation\":\"%s\",\"owner\":\"1-0000000000000000\"", A},
        {"reopen\",\"id\":\"i\",\"conversation\":\"%s\"", A},
        {"transfer\",\"id\":\"i\",\"conversation\":\"%s\",\"owner\":\"1-0000000000000000\","
         "\"handoff\":{\"reason\":\"r\"}",
                A},
        {"watch\",\"id\":\"i\",\"conversation\":\"%s\"", A},
        {"unwatch\",\"id\":\"i\",\"conversation\":\"%s\"", A},
        {"commit\",\"id\":\"i\",\"conversation\":\"%s\",\"turn\":\"1-0000000000000000\"", B},
        {"fail\",\"id\":\"i\",\"conversation\":\"%s\",\"turn\":\"1-0000000000000000\","
         "\"retryable\":true",
                B},
        {"interim\",\"id\":\"i\",\"conversation\":\"%s\",\"turn\":\"1-0000000000000000\",\"body\":{"
         "\"kind\":\"text\",\"text\":\"hi\"}",
                B},
        {"receipt\",\"conversation\":\"%s\",\"read\":\"1-0000000000000000\"", C | A},
        {"typing\",\"conversation\":\"%s\",\"active\":true", C | A},
        {"progress\",\"conversation\":\"%s\",\"turn\":\"1-0000000000000000\"", B},
        {"chunk\",\"conversation\":\"%s\",\"turn\":\"1-0000000000000000\",\"i\":0,\"text\":\"t\"",
                B},
};

/* A frame of the row, about the conversation. */
static void act_row(struct actor *actor, const struct row *row, const char *conversation)
{
    char members[512];
    snprintf(members, sizeof members, row->frame, conversation);
    act_ask(actor, "{\"type\":\"%s}", members);
}

static void each_role_sends_its_own_frames_only(void)
{
    stage_start();
    struct actor *ada = stage_customer("north");
    struct actor *actors[] = {
            ada, stage_agent("north", "anna"), stage_bot("north"), stage_service("north")};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned j = 0; j < 4; j++) {
            test_note("role %u sends %.20s", j, rows[i].frame);
            act_row(actors[j], &rows[i], ada->conversation);
            expect(heard(actors[j], "This role may not do that") == !(rows[i].roles >> j & 1));
            expect(actors[j]->close_code == 0);
        }
    stage_end();
}

static void nobody_but_hello_comes_before_welcome(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        stage_start();
        struct actor *nobody = stage_actor();
        expect(fake_client_connect(&nobody->client, stage.peers, PEER_JSON));
        act_row(nobody, &rows[i], "a7qk2m5x3c9d1f8g6h4j0n2p5r");
        expect(heard(nobody, "\"hello_first\""));
        stage_run(50);
        expect_u64((uint64_t)nobody->close_code, 4401);
        stage_end();
    }
}

/* ---- tenants ----------------------------------------------------------------------------------
 */

static void another_tenant_reaches_no_conversation_by_any_frame(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north"), *eve = stage_customer("south");
    hand_to_agent(ada, bot, anna);
    uint64_t seq = fold_of(ada)->tail.seq;
    struct actor *strangers[] = {
            eve, stage_agent("south", "anna"), stage_bot("south"), stage_service("south")};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned j = 0; j < 4; j++) {
            test_note("role %u sends %.20s", j, rows[i].frame);
            act_row(strangers[j], &rows[i], ada->conversation);
            stage_run(50);
            expect(!heard(strangers[j], "My parcel") && !heard(strangers[j], "the-packet"));
            expect(!heard(strangers[j], "\"ack\"") && !heard(strangers[j], "\"page\""));
            expect(!heard(strangers[j], "\"entry\""));
            expect_u64(fold_of(ada)->tail.seq, seq);
        }
    expect(!heard(ada, "typist") && !heard(anna, "typist"));
    expect(!heard(ada, "receipts") && !heard(anna, "receipts"));
    stage_end();
}

/* The very names that its owners hold are worth nothing in another tenant's hands. */
static void stolen_names_open_nothing_to_another_tenant(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *thief = stage_bot("south"), *eve = stage_agent("south", "anna");
    struct actor *ada = stage_customer("north");
    act_say(ada, "My parcel is late");
    expect(will_hear(bot, "\"turn\"", 1000));
    memcpy(thief->conversation, bot->conversation, sizeof bot->conversation);
    memcpy(thief->turn, bot->turn, sizeof bot->turn);
    act_commit(thief, "stolen", "");
    expect(heard(thief, "\"unknown_conversation\""));
    act_ask(thief,
            "{\"type\":\"fail\",\"id\":\"f\",\"conversation\":\"%s\",\"turn\":\"%s\","
            "\"retryable\":false}",
            bot->conversation, bot->turn);
    expect(heard(thief, "\"unknown_conversation\""));
    act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(anna, "\"offer\"", 2000));
    act_ask(eve, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", anna->offer);
    expect(heard(eve, "\"no_such_offer\""));
    act_ask(anna, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", anna->offer);
    expect(will_hear(anna, "\"assigned\"", 1000));
    memcpy(eve->conversation, anna->conversation, sizeof anna->conversation);
    memcpy(eve->owner, anna->owner, sizeof anna->owner);
    act_say(eve, "stolen");
    expect(heard(eve, "\"unknown_conversation\""));
    act_ask(eve, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            anna->conversation, anna->owner);
    expect(heard(eve, "\"unknown_conversation\""));
    act_ask(eve,
            "{\"type\":\"transfer\",\"id\":\"t\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"handoff\":{\"reason\":\"r\"}}",
            anna->conversation, anna->owner);
    expect(heard(eve, "\"unknown_conversation\""));
    expect(!heard_ever(ada, "stolen"));
    stage_end();
}

static void a_customer_reads_only_their_own(void)
{
    stage_start();
    struct actor *ada = stage_customer("north"), *eve = stage_customer("north");
    act_say(ada, "a secret of Ada's");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        act_row(eve, &rows[i], ada->conversation);
        expect(!heard(eve, "secret") && !heard(eve, "\"page\"") && !heard(eve, "\"ack\""));
    }
    act_leave(eve);
    act_ask(eve, "{\"type\":\"ping\",\"id\":\"i\"}"); /* goes nowhere */
    stage_end();
}

/* ---- credentials ------------------------------------------------------------------------------
 */

static void is_refused(const char *tenant, const char *role, const char *subject, bool is_brand)
{
    struct actor *actor = stage_actor();
    act_sign(actor, tenant, role, subject, is_brand);
    act_enter(actor);
    stage_run(50);
    test_note("%s %s %d", role, subject, is_brand);
    expect(heard(actor, "\"unauthenticated\""));
    expect(!heard(actor, "\"welcome\""));
    expect_u64((uint64_t)actor->close_code, 4401);
}

static void a_brand_signs_contacts_only_and_a_renewal_is_no_token(void)
{
    stage_start();
    is_refused("north", "agent", "a:anna", true);
    is_refused("north", "customer", "a:anna", true);
    is_refused("north", "customer", "c:a7qk2m5x3c9d1f8g6h4j0n2p5r", true);
    is_refused("north", "customer", "k:bot", true);
    is_refused("north", "agent", "a:nobody", false);
    is_refused("north", "renewal-agent", "a:anna", false);
    is_refused("north", "renewal-customer", "c:a7qk2m5x3c9d1f8g6h4j0n2p5r", false);
    is_refused("north", "bot", "k:bot", false);
    is_refused("north", "service", "k:service", false);
    stage_end();
}

/* ---- owners -----------------------------------------------------------------------------------
 */

/* The token is an entry's name: whoever looks on has seen it. */
static void anothers_owner_token_is_refused(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_ask(anna,
            "{\"type\":\"transfer\",\"id\":\"t\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"to_agent\":\"ben\",\"handoff\":{\"reason\":\"r\",\"summary\":\"other\"}}",
            anna->conversation, anna->owner);
    expect(will_hear(ben, "\"offer\"", 1000));
    act_ask(ben, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ben->conversation);
    act_ask(ben, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", ben->offer);
    expect(will_hear(ben, "\"assigned\"", 1000));
    act_ask(anna, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ben->conversation);
    memcpy(anna->owner, ben->owner, sizeof ben->owner);
    act_say(anna, "over his head");
    expect(!heard(anna, "\"ack\""));
    act_ask(anna, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            ben->conversation, ben->owner);
    expect(heard(anna, "\"fenced\""));
    act_ask(anna,
            "{\"type\":\"transfer\",\"id\":\"t2\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"handoff\":{\"reason\":\"r\"}}",
            ben->conversation, ben->owner);
    expect(heard(anna, "\"fenced\""));
    expect(!heard_ever(ada, "over his head"));
    stage_end();
}

static void who_looked_on_sees_nothing_once_the_case_is_anothers(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_ask(anna,
            "{\"type\":\"transfer\",\"id\":\"t\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"to_agent\":\"ben\",\"handoff\":{\"reason\":\"r\"}}",
            anna->conversation, anna->owner);
    expect(will_hear(ben, "\"offer\"", 1000));
    act_ask(ben, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ben->conversation);
    expect(heard(ben, "\"done\""));
    anna->mark = anna->heard_len;
    act_ask(ben, "{\"type\":\"decline\",\"id\":\"d\",\"offer\":\"%s\"}", ben->offer);
    expect(will_hear(anna, "\"offer\"", 9000));
    act_ask(anna, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", anna->offer);
    expect(will_hear(anna, "\"assigned\"", 1000));
    act_note(anna, "not for Ben");
    expect(heard(anna, "\"ack\""));
    stage_run(100);
    expect(!heard_ever(ben, "not for Ben"));
    stage_end();
}

static void a_case_goes_from_bot_to_agent(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_say(anna, "I am Anna");
    expect(heard(anna, "\"ack\""));
    expect(heard_ever(ada, "I am Anna"));
    expect(heard_ever(anna, "the-packet"));
    expect(!heard_ever(ada, "the-packet"));
    expect(heard_ever(anna, "\"reason\":\"asked\"") && !heard_ever(ada, "\"reason\":\"asked\""));
    act_ask(anna,
            "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"reason\":\"a-troll\"}",
            anna->conversation, anna->owner);
    expect(heard(anna, "\"reason\":\"a-troll\"") && heard_ever(ada, "\"case_closed\""));
    expect(!heard_ever(ada, "a-troll"));
    stage_end();
}

/* ---- what customers must not see --------------------------------------------------------------
 */

static void act_read_all(struct actor *actor, const struct actor *of)
{
    char at[NAME_TEXT_MAX];
    int len = (int)name_write(&fold_of(of)->tail, at);
    act_ask(actor, "{\"type\":\"receipt\",\"conversation\":\"%s\",\"read\":\"%.*s\"}",
            actor->conversation, len, at);
}

/* "after":"…" of the next entry that follows this one. */
static const char *after(const struct name *name, char *out)
{
    char text[NAME_TEXT_MAX];
    snprintf(out, 64, "\"after\":\"%.*s\"", (int)name_write(name, text), text);
    return out;
}

static void each_side_is_told_the_entry_before_that_it_knows(void)
{
    char to_staff[64], to_customers[64];
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    act_note(anna, "among ourselves");
    after(&fold_of(ada)->staff_tail, to_staff);
    after(&fold_of(ada)->public_tail, to_customers);
    anna->mark = anna->heard_len;
    act_say(ada, "Are you there?");
    expect(heard(anna, to_staff) && !heard(anna, to_customers));
    expect(heard(ada, to_customers) && !heard(ada, to_staff));
    stage_end();
}

static void a_note_reaches_no_customer_by_any_frame(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_read_all(anna, ada);
    ada->mark = ada->heard_len;
    act_note(anna, "secret-note");
    expect(heard(anna, "secret-note"));
    act_read_all(anna, ada);
    expect_u64(ada->heard_len, ada->mark);
    act_ask(ada, "{\"type\":\"history\",\"id\":\"h\"}");
    expect(heard(ada, "\"page\"") && heard(ada, "My parcel is late"));
    act_leave(ada);
    act_enter(ada);
    stage_run(100);
    expect(!heard_ever(ada, "secret-note"));
    expect(!heard_ever(ada, "\"note\""));
    stage_end();
}

static void a_customer_hears_only_the_owner_type_and_read(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_ask(anna,
            "{\"type\":\"transfer\",\"id\":\"t\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"to_agent\":\"ben\",\"handoff\":{\"reason\":\"r\"}}",
            anna->conversation, anna->owner);
    expect(will_hear(ben, "\"offer\"", 1000));
    act_ask(ben, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ben->conversation);
    expect(heard(ben, "\"done\""));
    ada->mark = ada->heard_len;
    act_ask(ben, "{\"type\":\"typing\",\"conversation\":\"%s\",\"active\":true}",
            ben->conversation);
    act_read_all(ben, ada);
    expect(!heard(ada, "typist") && !heard(ada, "receipts"));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(each_role_sends_its_own_frames_only),
                    CASE(nobody_but_hello_comes_before_welcome),
                    CASE(another_tenant_reaches_no_conversation_by_any_frame),
                    CASE(stolen_names_open_nothing_to_another_tenant),
                    CASE(a_customer_reads_only_their_own),
                    CASE(a_brand_signs_contacts_only_and_a_renewal_is_no_token),
                    CASE(a_case_goes_from_bot_to_agent), CASE(anothers_owner_token_is_refused),
                    CASE(who_looked_on_sees_nothing_once_the_case_is_anothers),
                    CASE(each_side_is_told_the_entry_before_that_it_knows),
                    CASE(a_note_reaches_no_customer_by_any_frame),
                    CASE(a_customer_hears_only_the_owner_type_and_read), {0}});
}
