/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a message: edited, deleted, reacted to, answered, read; and that words which no
 * longer hold reach nobody, on any path: live, history, resume, the bot's input, far in the past.
 */
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>

static struct actor *ada, *anna, *also; /* also: Anna's other screen */

/* Ada, in Anna's hands. */
static void start(void)
{
    struct actor *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    also = stage_agent("north", "anna");
    memcpy(also->conversation, anna->conversation, sizeof also->conversation);
}

/* The place in the last ack that the actor heard. */
static void last_place(const struct actor *actor, char out[64])
{
    const char *ack = NULL;
    for (const char *at = actor->heard; (at = strstr(at, "\"type\":\"ack\"")) != NULL; at++)
        ack = at;
    const char *place = ack != NULL ? strstr(ack, "\"at\":\"") : NULL;
    snprintf(out, 64, "%s", "0-0000000000000000");
    expect(place != NULL);
    if (place != NULL)
        snprintf(out, 64, "%.*s", (int)strcspn(place + 6, "\""), place + 6);
}

/* more: further members, ",…" */
static void act_amend(struct actor *actor, const char *type, const char *target, const char *more)
{
    act_ask(actor,
            "{\"type\":\"%s\",\"id\":\"m%" PRIu64 "\",\"conversation\":\"%s\",\"target\":\"%s\","
            "\"lineage\":\"%s\",\"n\":%" PRIu64 "%s}",
            type, ++actor->next_id, actor->conversation, target, actor->lineage, actor->n + 1,
            more);
    actor->n += heard(actor, "\"type\":\"ack\"");
}

static void act_edit(struct actor *actor, const char *target, const char *text)
{
    char more[256];
    snprintf(more, sizeof more, ",\"body\":{\"kind\":\"text\",\"text\":\"%s\"}", text);
    act_amend(actor, "edit", target, more);
}

static void act_history(struct actor *actor)
{
    act_ask(actor, "{\"type\":\"history\",\"id\":\"y\",\"conversation\":\"%s\"}",
            actor->conversation);
    expect(heard(actor, "\"page\""));
}

/* Comes back without a cursor: gets the newest entries anew. */
static void come_back(struct actor *actor)
{
    act_leave(actor);
    actor->mark = actor->heard_len;
    size_t mark = actor->mark;
    act_enter(actor);
    stage_run(2000);
    actor->mark = mark;
}

/* Neither a page nor a resumed stream says it any more, to nobody. */
static void expect_gone(const char *words)
{
    struct actor *readers[] = {ada, anna, also};
    for (size_t i = 0; i < 3; i++) {
        test_note("reader %zu, history", i);
        act_history(readers[i]);
        expect(!heard(readers[i], words));
        test_note("reader %zu, resumed", i);
        come_back(readers[i]);
        expect(!heard(readers[i], words));
        expect(heard(readers[i], "\"entry\""));
    }
}

static void deleted_words_reach_nobody_any_more(void)
{
    char place[64];
    start();
    act_say(ada, "my card is 4111");
    last_place(ada, place);
    expect(heard_ever(anna, "4111") && heard_ever(also, "4111"));
    anna->mark = anna->heard_len;
    act_amend(ada, "delete", place, "");
    expect(heard(ada, "\"ack\""));
    expect(heard(anna, "\"kind\":\"deleted\"") && heard(anna, place)); /* the event, live */
    expect(!heard(anna, "4111"));
    expect_gone("4111");
    act_history(anna);
    expect(heard(anna, "This message was deleted."));
    stage_end();
}

static void edited_words_give_way_to_the_new_ones(void)
{
    char place[64];
    start();
    act_say(ada, "parcel 4711");
    last_place(ada, place);
    act_edit(ada, place, "parcel 4712");
    expect(heard(ada, "\"ack\""));
    expect(heard_ever(anna, "4712"));
    expect_gone("4711");
    act_edit(ada, place, "parcel 4713");
    expect_gone("4712");
    act_history(also);
    expect(heard(also, "4713"));
    act_amend(ada, "delete", place, "");
    expect_gone("4713"); /* what the edits said is deleted with it */
    stage_end();
}

static void a_note_is_amended_among_colleagues(void)
{
    char place[64];
    start();
    act_note(anna, "careful with her");
    last_place(anna, place);
    size_t mark = ada->heard_len;
    act_edit(anna, place, "be kind to her");
    expect(heard(anna, "\"ack\"") && heard_ever(also, "be kind to her"));
    act_amend(also, "react", place, ",\"emoji\":\"👍\",\"active\":true");
    expect(heard(also, "\"ack\"") && heard_ever(anna, "👍"));
    act_amend(anna, "delete", place, "");
    expect(heard(anna, "\"ack\""));
    expect_u64(ada->heard_len, mark); /* not a byte */
    act_amend(ada, "react", place, ",\"emoji\":\"👍\",\"active\":true");
    expect(heard(ada, "no_such_message"));
    act_amend(ada, "react", "3-00000000000000ff", ",\"emoji\":\"👍\",\"active\":true");
    expect(heard(ada, "no_such_message")); /* the very same for what never was */
    act_history(ada);
    expect(!heard(ada, place) && !heard(ada, "👍") && !heard(ada, "kind to her"));
    stage_end();
}

static void reactions_come_and_go(void)
{
    char place[64];
    start();
    act_say(anna, "It left Lyon.");
    last_place(anna, place);
    act_amend(ada, "react", place, ",\"emoji\":\"❤️\",\"active\":true");
    expect(heard(ada, "\"ack\"") && heard_ever(anna, "❤️"));
    act_amend(ada, "react", place, ",\"emoji\":\"❤️\",\"active\":false");
    expect(heard(ada, "\"ack\"") && heard_ever(anna, "\"active\":false"));
    const char *const none[] = {"", "ok", "<b>", " ", "1", "👍 x"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char more[64];
        snprintf(more, sizeof more, ",\"emoji\":\"%s\",\"active\":true", none[i]);
        test_note("emoji '%s'", none[i]);
        act_amend(ada, "react", place, more);
        expect(heard(ada, "out_of_range"));
    }
    act_amend(ada, "react", place, ",\"emoji\":\"1️⃣\",\"active\":true");
    expect(heard(ada, "\"ack\""));
    stage_end();
}

static void nobody_touches_what_others_said(void)
{
    char place[64];
    start();
    act_say(anna, "It left Lyon.");
    last_place(anna, place);
    act_edit(ada, place, "It is in Lyon.");
    expect(heard(ada, "no_such_message"));
    act_amend(ada, "delete", place, "");
    expect(heard(ada, "no_such_message"));
    struct actor *eve = stage_customer("north"), *zoe = stage_agent("south", "anna");
    memcpy(eve->conversation, ada->conversation, sizeof eve->conversation);
    memcpy(zoe->conversation, ada->conversation, sizeof zoe->conversation);
    act_amend(eve, "react", place, ",\"emoji\":\"👍\",\"active\":true");
    expect(heard(eve, "unknown_conversation"));
    act_amend(zoe, "delete", place, "");
    expect(heard(zoe, "unknown_conversation"));
    stage_end();
}

static void an_edit_has_its_time(void)
{
    char place[64];
    start();
    act_say(ada, "parcel 4711");
    last_place(ada, place);
    stage_run(stage.settings.edit_window_ms + 1000);
    act_edit(ada, place, "parcel 4712");
    expect(heard(ada, "too_late"));
    act_amend(ada, "delete", place, "");
    expect(heard(ada, "\"ack\""));
    stage_end();
}

static void an_answer_names_what_it_answers_and_repeats_nothing(void)
{
    char place[64];
    start();
    act_say(ada, "is it 4711?");
    last_place(ada, place);
    act_amend(ada, "delete", place, "");
    anna->mark = ada->mark = 0;
    act_ask(anna,
            "{\"type\":\"send\",\"id\":\"r\",\"conversation\":\"%s\",\"lineage\":\"%s\",\"n\":"
            "%" PRIu64 ",\"owner\":\"%s\",\"reply_to\":\"%s\",\"body\":{\"kind\":\"text\",\"text\":"
            "\"No.\"}}",
            anna->conversation, anna->lineage, anna->n + 1, anna->owner, place);
    expect(heard(anna, "\"ack\""));
    act_history(ada);
    expect(heard(ada, "\"reply_to\":\"") && !heard(ada, "4711"));
    stage_end();
}

static void a_bot_is_told_the_words_in_force(void)
{
    char first[64], second[64];
    stage_start();
    struct actor *bot = stage_bot("north");
    struct actor *customer = stage_customer("north");
    act_say(customer, "hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_say(customer, "my card is 4111");
    last_place(customer, first);
    act_say(customer, "parcel 4711");
    last_place(customer, second);
    act_amend(customer, "delete", first, "");
    act_edit(customer, second, "parcel 4712");
    act_commit(bot, "Yes?", ""); /* the next turn has all that was said meanwhile */
    expect(heard(bot, "\"turn\""));
    expect(heard(bot, "4712") && heard(bot, "This message was deleted."));
    expect(!heard(bot, "4711") && !heard(bot, "4111"));
    stage_end();
}

static const char carousel[] =
        "{\"kind\":\"carousel\",\"text\":\"Two shoes\",\"cards\":[{\"title\":\"Red\",\"image\":"
        "\"https://shop.example/r.jpg\",\"alt\":\"A red shoe\",\"actions\":[{\"title\":\"This\","
        "\"value\":\"red\"}]},{\"title\":\"Blue\",\"actions\":[{\"title\":\"See\",\"url\":"
        "\"https://shop.example/b\"}]}]}";

static void a_bot_shows_cards_and_the_customer_answers(void)
{
    char more[1024];
    stage_start();
    struct actor *bot = stage_bot("north");
    struct actor *customer = stage_customer("north");
    act_say(customer, "shoes");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_ask(bot,
            "{\"type\":\"commit\",\"id\":\"c\",\"conversation\":\"%s\",\"turn\":\"%s\","
            "\"messages\":[%s]}",
            bot->conversation, bot->turn, carousel);
    expect(heard(bot, "\"ack\""));
    expect(heard(customer, "https://shop.example/r.jpg") && heard(customer, "Two shoes"));
    act_history(customer); /* a page is as deep as a frame gets */
    expect(heard(customer, "https://shop.example/b"));
    snprintf(more, sizeof more,
            "{\"type\":\"send\",\"id\":\"s\",\"lineage\":\"%s\",\"n\":%" PRIu64
            ",\"body\":{\"kind\":\"text\",\"text\":\"This\",\"chosen\":\"red\",\"answers\":["
            "{\"name\":\"size\",\"value\":\"42\"}]}}",
            customer->lineage, customer->n + 1);
    bot->mark = bot->heard_len;
    act_ask(customer, "%s", more);
    expect(heard(customer, "\"ack\""));
    expect(heard(bot, "\"size\"") && heard(bot, "\"42\"") && heard(bot, "\"red\""));
    act_ask(customer,
            "{\"type\":\"send\",\"id\":\"s\",\"lineage\":\"%s\",\"n\":%" PRIu64 ",\"body\":%s}",
            customer->lineage, customer->n + 2, carousel);
    expect(heard(customer, "forbidden"));
    stage_end();
}

/* More than the fold's table holds: the pages know the rest. */
static void what_was_deleted_long_ago_stays_deleted(void)
{
    enum { MANY = 3 * AMENDMENTS_MAX };
    char place[64], before[80];
    start();
    for (unsigned i = 0; i < MANY; i++) {
        char words[32];
        snprintf(words, sizeof words, "secret-%u", i);
        act_say(ada, words);
        last_place(ada, place);
        act_amend(ada, i % 3 ? "delete" : "edit", place,
                i % 3 ? "" : ",\"body\":{\"kind\":\"text\",\"text\":\"harmless\"}");
        expect(heard(ada, "\"ack\""));
    }
    expect(fold_of(ada)->amendments.page_seq > 0);
    expect_gone("secret-");
    before[0] = '\0';
    for (unsigned page = 0; page < 20; page++) { /* back to the beginning */
        act_ask(anna, "{\"type\":\"history\",\"id\":\"y\",\"conversation\":\"%s\"%s}",
                anna->conversation, before);
        expect(heard(anna, "\"page\""));
        expect(!heard(anna, "secret-"));
        if (heard(anna, "\"more\":false"))
            break;
        const char *after = strstr(anna->heard + anna->mark, "\"after\":\"");
        expect(after != NULL);
        if (after == NULL)
            break;
        snprintf(before, sizeof before, ",\"before\":\"%.*s\"", (int)strcspn(after + 9, "\""),
                after + 9);
    }
    expect(heard(anna, "\"more\":false"));
    stage_end();
}

static void a_retry_gets_its_place_even_when_all_is_gone(void)
{
    char place[64], taken[64];
    start();
    act_say(ada, "parcel 4711");
    last_place(ada, place);
    act_amend(ada, "delete", place, "");
    last_place(ada, taken);
    ada->n--;
    fake_store_cut(stage.store);
    stage_run(3000);
    act_amend(ada, "delete", place, "");
    expect(heard(ada, "\"ack\"") && heard(ada, taken));
    stage_end();
}

static void each_reader_has_a_place_of_their_own(void)
{
    char place[64];
    start();
    act_say(ada, "hello?");
    last_place(ada, place);
    ada->mark = ada->heard_len;
    act_ask(anna, "{\"type\":\"receipt\",\"conversation\":\"%s\",\"delivered\":\"%s\"}",
            anna->conversation, place);
    expect(heard(ada, "\"receipts\"") && heard(ada, "\"delivered\"") && !heard(ada, "\"read\""));
    ada->mark = ada->heard_len;
    act_ask(anna, "{\"type\":\"receipt\",\"conversation\":\"%s\",\"read\":\"%s\"}",
            anna->conversation, place);
    expect(heard(ada, "\"read\""));
    come_back(also); /* and after a reload it is known of both */
    expect(heard(also, "\"receipts\"") && heard(also, "\"anna\""));
    act_ask(ada, "{\"type\":\"receipt\",\"read\":\"%s\"}", place);
    expect(heard(also, "\"kind\":\"customer\""));
    stage_end();
}

static void act_read(struct actor *actor, const char *place)
{
    act_ask(actor, "{\"type\":\"receipt\",\"conversation\":\"%s\",\"read\":\"%s\"}",
            actor->conversation, place);
}

static void a_screen_that_lags_takes_no_receipt_back(void)
{
    char first[64], second[64];
    start();
    act_say(ada, "one");
    last_place(ada, first);
    act_say(ada, "two");
    last_place(ada, second);
    act_read(anna, second);
    expect(heard(ada, "\"receipts\""));
    ada->mark = ada->heard_len;
    act_read(also, first); /* the same reader */
    expect(!heard(ada, "\"receipts\""));
    stage_end();
}

static void a_node_that_has_just_come_takes_no_receipt_back(void)
{
    char first[64], second[64];
    start();
    act_say(ada, "one");
    last_place(ada, first);
    act_say(ada, "two");
    last_place(ada, second);
    act_read(anna, second);
    stage_kill(0);
    stage_revive(0);
    stage_run(2000);
    come_back(ada);
    come_back(also);
    expect(heard(ada, "\"receipts\""));
    ada->mark = ada->heard_len;
    act_read(also, first);
    expect(!heard(ada, "\"receipts\""));
    stage_end();
}

/* Whoever said so may have said it at another desk, of which only the reading came through. */
static void what_was_read_was_delivered(void)
{
    struct readers readers = {0};
    struct proto_receipts staff = {.who = {PROTO_AUTHOR_KIND_AGENT, SLICE_OF("anna"), SLICE_NONE},
            .has_read = true,
            .read = {.seq = 7}};
    struct proto_receipts customers = staff;
    expect(readers_take_news(&readers, &staff, &customers));
    expect(staff.has_delivered && customers.has_delivered);
    expect_u64(staff.delivered.seq, 7);
    expect_u64(customers.delivered.seq, 7);
    readers_finish(&readers);
}

static void a_receipt_that_is_not_kept_is_told_to_nobody(void)
{
    char place[64];
    start();
    act_say(ada, "hello?");
    last_place(ada, place);
    ada->mark = ada->heard_len;
    fake_server_faults(stage.server)->full_per_mille = 1000;
    act_read(anna, place);
    expect(!heard(ada, "\"receipts\""));
    fake_server_faults(stage.server)->full_per_mille = 0;
    act_read(anna, place); /* the very same */
    expect(heard(ada, "\"receipts\""));
    stage_end();
}

/* A node that has heard nothing of a deletion looks before it shows the past. */
static void a_node_that_was_not_told_shows_no_deleted_words(void)
{
    char place[64];
    stage_silence_bell();
    stage_start_nodes(2);
    stage_on(0);
    struct actor *here = stage_known("north", "crm-1");
    act_say(here, "hello");
    act_say(here, "my card is 4111");
    last_place(here, place);
    stage_on(1);
    struct actor *there = stage_known("north", "crm-1");
    stage_run(3000);
    expect(heard_ever(there, "4111"));
    fake_bus_faults(stage.bus)->is_silent = true;
    act_amend(here, "delete", place, "");
    expect(heard(here, "\"ack\""));
    there->mark = there->heard_len;
    expect(!heard(there, "\"kind\":\"deleted\"")); /* it has not been told */
    act_history(there);
    expect(heard(there, "hello") && !heard(there, "4111"));
    come_back(there);
    expect(heard(there, "hello") && !heard(there, "4111"));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(deleted_words_reach_nobody_any_more),
                    CASE(edited_words_give_way_to_the_new_ones),
                    CASE(a_note_is_amended_among_colleagues), CASE(reactions_come_and_go),
                    CASE(nobody_touches_what_others_said), CASE(an_edit_has_its_time),
                    CASE(an_answer_names_what_it_answers_and_repeats_nothing),
                    CASE(a_bot_is_told_the_words_in_force),
                    CASE(a_bot_shows_cards_and_the_customer_answers),
                    CASE(what_was_deleted_long_ago_stays_deleted),
                    CASE(a_retry_gets_its_place_even_when_all_is_gone),
                    CASE(each_reader_has_a_place_of_their_own),
                    CASE(a_screen_that_lags_takes_no_receipt_back),
                    CASE(a_node_that_has_just_come_takes_no_receipt_back),
                    CASE(what_was_read_was_delivered),
                    CASE(a_receipt_that_is_not_kept_is_told_to_nobody),
                    CASE(a_node_that_was_not_told_shows_no_deleted_words), {0}});
}
