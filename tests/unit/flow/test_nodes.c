/* SPDX-License-Identifier: Apache-2.0 */
/* Several nodes with one store and one bus: what happens on one is heard on the others, once and in
 * order, whatever becomes of the hints. */
#include "flow/bus.h"
#include "flow/directory.h"
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>

static struct actor *ada, *anna, *ben;

/* Anna and Ben are on node 0, Ada, whose case is Anna's, on node 1. */
static void begin_apart(void)
{
    stage_start_nodes(2);
    stage_hand_over_ben(&ada, &anna, &ben);
    act_leave(ada);
    ada->on = 1;
    act_enter(ada);
    expect(will_hear(ada, "\"welcome\"", 1000));
    stage_run(3 * MEMBERS_LOOK_MS); /* all know of all */
}

/* ---- words ------------------------------------------------------------------------------------
 */

static void words_cross_both_ways_once_and_in_order(void)
{
    begin_apart();
    for (int i = 0; i < 5; i++) {
        char to_ada[32], to_anna[32];
        snprintf(to_ada, sizeof to_ada, "to-ada-%d", i);
        snprintf(to_anna, sizeof to_anna, "to-anna-%d", i);
        act_say(anna, to_ada);
        expect(heard(anna, "\"ack\""));
        expect(will_hear(ada, to_ada, 100));
        act_say(ada, to_anna);
        expect(heard(ada, "\"ack\""));
        expect(will_hear(anna, to_anna, 100));
        expect_u64(times_heard(ada, to_ada), 1);
        expect_u64(times_heard(anna, to_anna), 1);
    }
    stage_end();
}

/* Its record crosses, and is folded where she is; she hears nothing of it. */
static void a_note_is_not_for_the_customer_of_another_node(void)
{
    begin_apart();
    act_note(anna, "the-note");
    expect(heard(anna, "\"ack\""));
    stage_run(100);
    const struct chat *there = chat_find(stage.nodes[1].node, slice_of_string(ada->conversation));
    expect(there != NULL && name_equal(&chat_fold(there)->tail, &fold_of(anna)->tail));
    act_say(anna, "the-answer");
    expect(will_hear(ada, "the-answer", 200));
    expect(!heard_ever(ada, "the-note"));
    stage_end();
}

/* Two devices of hers on two nodes: each hears the other, and what both say is said once. */
static void devices_on_two_nodes_say_all_once(void)
{
    begin_apart();
    struct actor *phone = stage_actor();
    memcpy(phone->token, ada->token, sizeof phone->token);
    phone->on = 0;
    act_enter(phone);
    expect(will_hear(phone, "\"welcome\"", 1000));
    for (int i = 0; i < 5; i++) {
        act_later(phone, 0,
                "{\"type\":\"send\",\"id\":\"p%d\",\"lineage\":\"%s\",\"n\":%d,\"body\":{\"kind\":"
                "\"text\",\"text\":\"phone-%d\"}}",
                i, phone->lineage, i + 1, i);
        act_later(ada, 0,
                "{\"type\":\"send\",\"id\":\"a%d\",\"lineage\":\"%s\",\"n\":%" PRIu64
                ",\"body\":{\"kind\":\"text\",\"text\":\"laptop-%d\"}}",
                i, ada->lineage, ada->n + 1 + (uint64_t)i, i);
    }
    stage_run(3000);
    for (int i = 0; i < 5; i++) {
        char text[32];
        for (int device = 0; device < 2; device++) {
            snprintf(text, sizeof text, "%s-%d", device ? "phone" : "laptop", i);
            expect_u64(times_heard(anna, text), 1);
            expect_u64(times_heard(ada, text), 1);
            expect_u64(times_heard(phone, text), 1);
        }
    }
    stage_end();
}

/* ---- what is kept nowhere ---- */

static void typing_crosses(void)
{
    begin_apart();
    ada->mark = ada->heard_len;
    act_ask(anna, "{\"type\":\"typing\",\"conversation\":\"%s\",\"active\":true}",
            anna->conversation);
    expect(will_hear(ada, "\"typist\"", 100));
    act_ask(ada, "{\"type\":\"typing\",\"active\":true}");
    expect(will_hear(anna, "\"typist\"", 100));
    size_t told = times_heard(ada, "\"typist\"");
    act_ask(ben, "{\"type\":\"typing\",\"conversation\":\"%s\",\"active\":true}",
            ben->conversation); /* he only looks on */
    stage_run(100);
    expect_u64(times_heard(ada, "\"typist\""), told);
    stage_end();
}

static void receipts_cross_and_betray_no_note(void)
{
    begin_apart();
    act_say(ada, "Read this");
    uint64_t seq = fold_of(anna)->tail.seq;
    act_ask(anna,
            "{\"type\":\"receipt\",\"conversation\":\"%s\",\"read\":\"%" PRIu64
            "-0000000000000000\"}",
            anna->conversation, seq);
    expect(will_hear(ada, "\"receipts\"", 100));
    act_say(anna, "Hm");
    act_note(anna, "the-note");
    ada->mark = ada->heard_len;
    act_ask(anna,
            "{\"type\":\"receipt\",\"conversation\":\"%s\",\"read\":\"%" PRIu64
            "-0000000000000000\"}",
            anna->conversation, seq + 2);
    expect(will_hear(ada, "\"receipts\"", 100));
    char beyond[32];
    snprintf(beyond, sizeof beyond, "\"%" PRIu64 "-", seq + 2);
    expect(!heard(ada, beyond));
    stage_end();
}

/* ---- lost hints ---- */

static void what_no_hint_told_is_found_after_a_gap(void)
{
    begin_apart();
    fake_bus_faults(stage.bus)->is_silent = true;
    act_say(anna, "unheard-of");
    stage_run(1000);
    expect(!heard_ever(ada, "unheard-of"));
    fake_bus_faults(stage.bus)->is_silent = false;
    fake_hints_cut(stage.nodes[1].hints);
    expect(will_hear(ada, "unheard-of", 500));
    stage_end();
}

static void a_receipt_that_no_hint_told_is_found_after_a_gap(void)
{
    begin_apart();
    act_say(ada, "Read this");
    fake_bus_faults(stage.bus)->is_silent = true;
    act_ask(anna,
            "{\"type\":\"receipt\",\"conversation\":\"%s\",\"read\":\"%" PRIu64
            "-0000000000000000\"}",
            anna->conversation, fold_of(anna)->tail.seq);
    stage_run(1000);
    expect(!heard(ada, "\"read\""));
    fake_bus_faults(stage.bus)->is_silent = false;
    fake_hints_cut(stage.nodes[1].hints);
    expect(will_hear(ada, "\"read\"", 500));
    stage_end();
}

static void who_could_not_tell_says_so(void)
{
    begin_apart();
    fake_hints_cut(stage.nodes[0].hints);
    act_say(anna, "untold");
    expect(will_hear(ada, "untold", 500)); /* the other node is told to look */
    stage_end();
}

static void the_last_words_of_a_node_that_died_are_found(void)
{
    begin_apart();
    fake_bus_faults(stage.bus)->is_silent = true;
    act_say(anna, "last-words");
    expect(heard(anna, "\"ack\""));
    stage_kill(0);
    fake_bus_faults(stage.bus)->is_silent = false;
    expect(!heard_ever(ada, "last-words"));
    expect(will_hear(ada, "last-words", MEMBER_DEAD_MS + 2 * MEMBERS_LOOK_MS));
    expect_u64(times_heard(ada, "last-words"), 1);
    stage_end();
}

static void bad_hints_cost_time_at_most(void)
{
    begin_apart();
    *fake_bus_faults(stage.bus) = (struct fake_bus_faults){.delay_ms_max = 20,
            .drop_per_mille = 300,
            .double_per_mille = 300,
            .reorder_per_mille = 300,
            .reconnect_ms_max = 50};
    for (int i = 0; i < 20; i++) {
        char text[32];
        snprintf(text, sizeof text, "to-ada-%d.", i);
        act_say(anna, text);
        snprintf(text, sizeof text, "to-anna-%d.", i);
        act_say(ada, text);
    }
    *fake_bus_faults(stage.bus) = (struct fake_bus_faults){.delay_ms_max = 3};
    act_say(anna, "over");
    stage_run(500);
    const char *before = ada->heard;
    for (int i = 0; i < 20; i++) {
        char text[32];
        snprintf(text, sizeof text, "to-ada-%d.", i);
        expect_u64(times_heard(ada, text), 1);
        const char *at = strstr(ada->heard, text);
        expect(at > before);
        before = at;
        snprintf(text, sizeof text, "to-anna-%d.", i);
        expect_u64(times_heard(anna, text), 1);
    }
    stage_end();
}

static void strange_hints_are_dropped(void)
{
    char topic[64], payload[64];
    begin_apart();
    int len = snprintf(topic, sizeof topic, "{%.2s}h:%s", ada->conversation, ada->conversation);
    struct slice name = slice_make(topic, (size_t)len);
    uint64_t seq = fold_of(anna)->tail.seq;
    for (int kind = 0; kind < 256; kind++)
        for (size_t body = 0; body < 40; body += 3) {
            memset(payload, kind, sizeof payload);
            payload[0] = 1;
            fake_bus_say(stage.bus, name, slice_make(payload, 18 + body));
            fake_bus_say(stage.bus, SLICE_OF("{w}h"), slice_make(payload, 18 + body));
            fake_bus_say(stage.bus, SLICE_OF("{w}h:directory"), slice_make(payload, 18 + body));
            fake_bus_say(stage.bus, name, slice_make(payload, body));
        }
    stage_run(1000);
    expect_u64(fold_of(anna)->tail.seq, seq);
    act_say(anna, "still-here");
    expect(will_hear(ada, "still-here", 200));
    stage_end();
}

/* ---- company ---- */

static void alone_nothing_is_told(void)
{
    begin_apart();
    stage_kill(1);
    stage_run(MEMBER_DEAD_MS + 2 * MEMBERS_LOOK_MS);
    expect_u64(members_count(stage.node), 1);
    size_t before = fake_bus_delivered(stage.bus);
    act_say(anna, "to-myself");
    act_ask(anna, "{\"type\":\"typing\",\"conversation\":\"%s\",\"active\":true}",
            anna->conversation);
    expect_u64(fake_bus_delivered(stage.bus), before);
    stage_end();
}

static void who_comes_is_told_what_happens(void)
{
    begin_apart();
    stage_kill(1);
    stage_run(MEMBER_DEAD_MS + 2 * MEMBERS_LOOK_MS);
    act_say(anna, "while-alone");
    stage_revive(1);
    act_enter(ada);
    expect(will_hear(ada, "while-alone", 1000));
    act_say(anna, "in-company");
    expect(will_hear(ada, "in-company", 1000));
    expect_u64(members_count(stage.node), 2);
    stage_end();
}

/* The old node does not know yet that somebody has come, and tells nothing. */
static void what_was_untold_when_a_node_came_is_found(void)
{
    begin_apart();
    stage_kill(1);
    stage_run(MEMBER_DEAD_MS + 2 * MEMBERS_LOOK_MS);
    fake_bus_faults(stage.bus)->is_silent = true;
    stage_revive(1);
    act_enter(ada);
    expect(will_hear(ada, "\"welcome\"", 1000));
    act_say(anna, "too-early");
    fake_bus_faults(stage.bus)->is_silent = false;
    expect(will_hear(ada, "too-early", 4 * MEMBERS_LOOK_MS));
    stage_end();
}

/* A node stands still, and is taken for dead; what the other one then says, it tells to nobody.
 * Both are alive, and neither link has broken: nobody but the one who said it knows of a gap. */
static void what_was_said_while_the_others_seemed_dead_is_found(void)
{
    begin_apart();
    fake_store_stall(stage.nodes[1].store, stage.clock.now_ms + MEMBER_DEAD_MS + 3000);
    stage_run(MEMBER_DEAD_MS + 2000);
    expect_u64(members_count(stage.node), 1);
    act_say(anna, "to-myself");
    expect(heard(anna, "\"ack\""));
    stage_run(2000);
    expect_u64(members_count(stage.nodes[1].node), 2);
    expect(will_hear(ada, "to-myself", 3 * MEMBERS_LOOK_MS));
    expect_u64(times_heard(ada, "to-myself"), 1);
    stage_end();
}

/* ---- what is due ---- */

static void count_items(void *user, const struct store_reply *reply)
{
    *(size_t *)user = reply->item_count;
}

/* What the due index still has to do about the actor's conversation's bucket. */
static size_t due_count(const struct actor *actor)
{
    char key[64];
    size_t count = 0, len = conversation_due_key(slice_of_string(actor->conversation), key);
    struct store *store = stage.nodes[0].store;
    store->ops->zset_range(store, slice_make(key, len), 0, UINT64_MAX, 8, count_items, &count);
    stage_run(100);
    return count;
}

/* A host that was given another master key reads nothing, and takes nothing for settled. */
static void a_wrong_master_key_ends_nothing(void)
{
    stage_start_nodes(1);
    ada = stage_customer("north");
    act_say(ada, "Is anybody there?"); /* no bot: the case waits for an agent */
    stage_run(30000);
    stage_kill(0);
    stage.settings.master_key[0] ^= 1;
    stage_revive(0);
    stage_run(120000);
    expect(due_count(ada) > 0);
    stage_kill(0);
    stage.settings.master_key[0] ^= 1;
    stage_revive(0);
    anna = stage_agent("north", "anna");
    expect(will_hear(anna, "\"offer\"", 10000));
    stage_end();
}

/* The store refused the member and took the entry, and the node that appended it died before it
 * could write the member again: whoever reads what is open does, in each life of its link. */
static void what_another_node_opened_is_in_the_due_index(void)
{
    char key[64];
    stage_start_nodes(2);
    ada = stage_customer("north");
    act_say(ada, "Is anybody there?"); /* no bot: the case waits for an agent */
    stage_run(1000);
    size_t len = conversation_due_key(slice_of_string(ada->conversation), key);
    expect(due_count(ada) > 0);
    stage_kill(0);
    fake_server_drop(stage.server, slice_make(key, len));
    ada->on = 1;
    act_enter(ada);
    expect(will_hear(ada, "Is anybody there?", 1000));
    stage_run(100);
    expect(!fake_server_zset_is_empty(stage.server, slice_make(key, len)));
    fake_server_drop(stage.server, slice_make(key, len)); /* as if it had gone with the link */
    fake_store_cut(stage.nodes[1].store);
    stage_run(2000);
    expect(!fake_server_zset_is_empty(stage.server, slice_make(key, len)));
    stage_end();
}

static void a_ticket_that_was_revoked_opens_no_node(void)
{
    stage_start_nodes(2);
    struct actor *carl = stage_agent("north", "anna");
    memcpy(carl->token, carl->ticket, sizeof carl->ticket);
    struct actor *dora = stage_actor();
    memcpy(dora->token, carl->ticket, sizeof carl->ticket);
    act_ask(carl, "{\"type\":\"logout\",\"id\":\"l\"}");
    for (size_t i = 0; i < 2; i++) {
        dora->on = i;
        expect(fake_client_connect(&dora->client, stage.nodes[i].peers, PEER_JSON));
        act_ask(dora, "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\"}", dora->token);
        expect(!heard(dora, "\"welcome\""));
        stage_run(1000);
    }
    stage_kill(1);
    stage_revive(1); /* it has forgotten all, and reads it again before it lets anybody in */
    expect(fake_client_connect(&dora->client, stage.nodes[1].peers, PEER_JSON));
    act_ask(dora, "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\"}", dora->token);
    expect(!heard(dora, "\"welcome\""));
    stage_end();
}

int main(int argc, char **argv)
{
    stage_silence_bell();
    return test_main(argc, argv,
            (struct test_case[]){CASE(words_cross_both_ways_once_and_in_order),
                    CASE(a_note_is_not_for_the_customer_of_another_node),
                    CASE(devices_on_two_nodes_say_all_once), CASE(typing_crosses),
                    CASE(receipts_cross_and_betray_no_note),
                    CASE(what_no_hint_told_is_found_after_a_gap),
                    CASE(a_receipt_that_no_hint_told_is_found_after_a_gap),
                    CASE(who_could_not_tell_says_so),
                    CASE(the_last_words_of_a_node_that_died_are_found),
                    CASE(bad_hints_cost_time_at_most), CASE(strange_hints_are_dropped),
                    CASE(alone_nothing_is_told), CASE(who_comes_is_told_what_happens),
                    CASE(what_was_untold_when_a_node_came_is_found),
                    CASE(what_was_said_while_the_others_seemed_dead_is_found),
                    CASE(a_wrong_master_key_ends_nothing),
                    CASE(what_another_node_opened_is_in_the_due_index),
                    CASE(a_ticket_that_was_revoked_opens_no_node), {0}});
}
