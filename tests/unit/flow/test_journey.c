/* SPDX-License-Identifier: Apache-2.0 */
/* The journey: what a customer's page tells by a frame, and the company's servers by the door. */
#include "lib/test.h"
#include "stage_door.h"

#include <stdio.h>

enum { ROOM = 65536 };

static struct actor *ada, *anna;
static char body[2 * ROOM];

static void start(void)
{
    struct actor *ben;
    stage_start();
    stage_open_doors();
    stage_hand_over_ben(&ada, &anna, &ben);
}

static void act_track(struct actor *actor, const char *event, const char *more)
{
    act_ask(actor, "{\"type\":\"event\",\"id\":\"t\",\"event\":\"%s\",\"name\":\"cart_updated\"%s}",
            event, more);
}

/* One event for the door. */
static const char *of(const char *whose, const char *id, const char *event)
{
    static char texts[4][512];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, 512,
            "{\"%s\":\"%s\",\"event\":\"%s\",\"name\":\"n-%s\",\"properties\":[{\"name\":\"p\","
            "\"value\":\"v-%s\"}]}",
            whose, id, event, event, event);
    return text;
}

static int post(const char *one, const char *two, const char *three)
{
    snprintf(body, sizeof body, "{\"events\":[%s%s%s%s%s]}", one, two ? "," : "", two ? two : "",
            three ? "," : "", three ? three : "");
    return ask_door_as_service("/v1/events", body, 400);
}

static void a_step_is_kept_once_and_shown_to_agents_alone(void)
{
    start();
    uint64_t before = fold_of(ada)->tail.seq;
    size_t mark = ada->heard_len;
    act_track(ada, "e1",
            ",\"event_ms\":1795000000000,\"properties\":[{\"name\":\"value\",\"value\":\"129.00\"}"
            "]");
    expect(heard(ada, "\"done\""));
    expect(heard_ever(anna, "129.00") && heard_ever(anna, "\"event_ms\":1795000000000"));
    expect_u64(fold_of(ada)->tail.seq, before + 1);
    act_track(ada, "e1", "");
    expect(heard(ada, "\"done\""));
    expect_u64(fold_of(ada)->tail.seq, before + 1);
    expect(strstr(ada->heard + mark, "cart_updated") == NULL);
    act_ask(ada, "{\"type\":\"history\",\"id\":\"y\"}");
    expect(heard(ada, "\"page\"") && !heard(ada, "cart_updated"));
    act_ask(anna, "{\"type\":\"history\",\"id\":\"y\",\"conversation\":\"%s\"}", ada->conversation);
    expect(heard(anna, "cart_updated") && heard(anna, "129.00"));
    stage_end();
}

static void a_step_outlives_the_node(void)
{
    start();
    act_track(ada, "e1", "");
    expect(heard(ada, "\"done\""));
    stage_kill(0);
    stage_revive(0);
    act_enter(ada);
    uint64_t before = fold_of(ada)->tail.seq;
    act_track(ada, "e1", "");
    expect(heard(ada, "\"done\""));
    expect_u64(fold_of(ada)->tail.seq, before);
    stage_end();
}

static void limits_hold(void)
{
    static char more[ROOM];
    start();
    uint64_t before = fold_of(ada)->tail.seq;
    size_t len = (size_t)snprintf(more, sizeof more, ",\"properties\":[");
    for (int i = 0; i < 5; i++)
        len += (size_t)snprintf(more + len, sizeof more - len,
                "%s{\"name\":\"%d\",\"value\":\"%02000d\"}", i ? "," : "", i, 0);
    snprintf(more + len, sizeof more - len, "]");
    act_track(ada, "big", more);
    expect(heard(ada, "out_of_range"));
    act_track(ada, "odd", ",\"properties\":[{\"name\":\"value\"}]");
    expect(heard(ada, "out_of_range"));
    act_track(ada, "odd", ",\"properties\":[{\"name\":\"value\",\"value\":\"\\u0007\"}]");
    expect(heard(ada, "out_of_range"));
    act_ask(anna,
            "{\"type\":\"event\",\"id\":\"t\",\"conversation\":\"%s\",\"event\":\"e\",\"name\":"
            "\"n\"}",
            ada->conversation);
    expect(heard(anna, "forbidden"));
    expect_u64(fold_of(ada)->tail.seq, before);
    stage_end();
}

static void servers_tell_of_many_journeys_at_once(void)
{
    start();
    uint64_t before = fold_of(ada)->tail.seq;
    expect_u64((uint64_t)post(of("conversation", ada->conversation, "a1"),
                       of("contact", "crm-9", "b1"), of("conversation", ada->conversation, "a2")),
            200);
    expect_text(slice_of_string(door_reply.body), "{\"tracked\":3,\"repeated\":0,\"refused\":[]}");
    expect_u64(fold_of(ada)->tail.seq, before + 1); /* one conversation, one entry */
    const char *first = strstr(anna->heard, "v-a1"), *second = strstr(anna->heard, "v-a2");
    expect(first != NULL && second != NULL && first < second);
    struct actor *known =
            stage_known("north", "crm-9"); /* the journey was theirs before they came */
    uint64_t theirs = fold_of(known)->tail.seq;
    expect_u64((uint64_t)post(of("conversation", ada->conversation, "a2"),
                       of("contact", "crm-9", "b1"), of("contact", "crm-9", "b2")),
            200);
    expect_text(slice_of_string(door_reply.body), "{\"tracked\":1,\"repeated\":2,\"refused\":[]}");
    expect_u64(fold_of(known)->tail.seq, theirs + 1);
    stage_end();
}

static void a_long_batch_keeps_its_order(void)
{
    start();
    uint64_t before = fold_of(ada)->tail.seq;
    size_t len = (size_t)snprintf(body, sizeof body, "{\"events\":[");
    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(body + len, sizeof body - len,
                "%s{\"conversation\":\"%s\",\"event\":\"e%d\",\"name\":\"name-%02d\"}",
                i ? "," : "", ada->conversation, i, i);
    snprintf(body + len, sizeof body - len, "]}");
    expect_u64((uint64_t)ask_door_as_service("/v1/events", body, 400), 200);
    expect_text(slice_of_string(door_reply.body), "{\"tracked\":40,\"repeated\":0,\"refused\":[]}");
    expect_u64(fold_of(ada)->tail.seq, before + 3); /* 16, 16, 8 */
    const char *at = anna->heard;
    for (int i = 0; i < 40 && at != NULL; i++) {
        char name[24];
        snprintf(name, sizeof name, "name-%02d", i);
        at = strstr(at, name);
    }
    expect(at != NULL);
    expect_u64((uint64_t)ask_door_as_service("/v1/events", body, 400), 200);
    expect_text(slice_of_string(door_reply.body), "{\"tracked\":0,\"repeated\":40,\"refused\":[]}");
    stage_end();
}

static void what_is_not_theirs_is_refused_by_name(void)
{
    start();
    struct actor *south = stage_customer("south");
    uint64_t before = fold_of(south)->tail.seq;
    expect_u64((uint64_t)post(of("conversation", south->conversation, "s1"),
                       of("conversation", ada->conversation, "a1"),
                       of("conversation", "nonsense", "x1")),
            200);
    expect(strstr(door_reply.body, "\"tracked\":1") != NULL);
    expect(strstr(door_reply.body, "{\"event\":\"s1\",\"code\":\"unknown_conversation\"}") != NULL);
    expect(strstr(door_reply.body, "{\"event\":\"x1\",\"code\":\"unknown_conversation\"}") != NULL);
    expect_u64(fold_of(south)->tail.seq, before);
    expect_u64((uint64_t)ask_door_as_nobody(HTTP_POST, "/v1/events"), 401);
    expect_u64((uint64_t)post("{\"event\":\"e\",\"name\":\"n\"}", NULL, NULL), 400);
    expect_u64((uint64_t)post("{\"event\":\"e\"}", NULL, NULL), 400);
    expect_u64((uint64_t)post("", NULL, NULL), 200);
    stage_end();
}

/* Nobody knows whether it is kept: all is sent again, and is there once. */
static void a_store_that_is_away_makes_it_come_again(void)
{
    start();
    uint64_t before = fold_of(ada)->tail.seq;
    fake_store_doom(stage.store, FAKE_FATE_UNKNOWN_RAN);
    expect_u64((uint64_t)post(of("conversation", ada->conversation, "a1"), NULL, NULL), 503);
    expect(strstr(door_reply.body, "retry_after_ms") != NULL);
    stage_run(3000);
    expect_u64((uint64_t)post(of("conversation", ada->conversation, "a1"), NULL, NULL), 200);
    expect_text(slice_of_string(door_reply.body), "{\"tracked\":0,\"repeated\":1,\"refused\":[]}");
    expect_u64(fold_of(ada)->tail.seq, before + 1);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_step_is_kept_once_and_shown_to_agents_alone),
                    CASE(a_step_outlives_the_node), CASE(limits_hold),
                    CASE(servers_tell_of_many_journeys_at_once), CASE(a_long_batch_keeps_its_order),
                    CASE(what_is_not_theirs_is_refused_by_name),
                    CASE(a_store_that_is_away_makes_it_come_again), {0}});
}
