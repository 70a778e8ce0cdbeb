/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation that a failover took back with its birth: absent means lost, never new. Whoever
 * was in it is told, and nobody keeps what is no longer there.
 */
#include "lib/test.h"
#include "stage_door.h"

#include <stdio.h>
#include <string.h>

/* What the door answered as a member's text; true when it could be read. */
static bool answered_member(const char *name, char *out, size_t size)
{
    char sought[32];
    snprintf(sought, sizeof sought, "\"%s\":\"", name);
    const char *at = strstr(door_reply.body, sought);
    size_t len = at != NULL ? strcspn(at += strlen(sought), "\"") : size;
    if (len >= size)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

/* The last moments of a log that is durable but for them, and they were all of it. */
static void lose_log(const char *conversation)
{
    char key[64];
    size_t len = conversation_log_key(slice_of_string(conversation), key);
    fake_server_drop(stage.server, slice_make(key, len));
    fake_store_cut(stage.store);
    stage_run(2000);
}

static void enter_by_ticket(struct actor *actor)
{
    actor->close_code = 0;
    expect(fake_client_connect(&actor->client, stage.nodes[actor->on].peers, PEER_JSON));
    act_ask(actor, "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\"}", actor->ticket);
}

static void an_absent_log_is_not_born_again(void)
{
    char key[64], lost[sizeof(struct actor){0}.conversation];
    stage_start();
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    lose_log(ada->conversation);
    expect(heard(ada, "\"reset\"") && heard(ada, "\"unauthenticated\""));
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_UNAUTHENTICATED);
    enter_by_ticket(ada);
    expect(heard(ada, "\"reset\"") && heard(ada, "\"unauthenticated\""));
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_UNAUTHENTICATED);
    memcpy(lost, ada->conversation, sizeof lost);
    act_enter(ada); /* by her token: she begins anew */
    expect(will_hear(ada, "\"welcome\"", 1000));
    ada->n = 0;
    act_say(ada, "Hello again");
    expect(heard(ada, "\"ack\"") && strcmp(lost, ada->conversation) != 0);
    struct store_item item;
    size_t len = conversation_log_key(slice_of_string(lost), key);
    expect_u64(fake_server_read(stage.server, slice_make(key, len), 1, 1, &item), 0);
    stage_end();
}

/* Else whoever holds it would be led to nowhere for as long as it is good: a year. */
static void the_renewal_of_a_lost_conversation_is_refused(void)
{
    char renewal[TOKEN_MAX], conversation[64], body[TOKEN_MAX + 64];
    stage_start();
    stage_open_doors();
    expect_u64((uint64_t)ask_door(HTTP_POST, "/v1/sessions", "{\"tenant\":\"north\"}"), 200);
    expect(answered_member("renewal", renewal, sizeof renewal));
    expect(answered_member("conversation", conversation, sizeof conversation));
    snprintf(body, sizeof body, "{\"tenant\":\"north\",\"renewal\":\"%s\"}", renewal);
    expect_u64((uint64_t)ask_door(HTTP_POST, "/v1/sessions", body), 200);
    lose_log(conversation);
    expect_u64((uint64_t)ask_door(HTTP_POST, "/v1/sessions", body), 401);
    expect(strstr(door_reply.body, "\"unauthenticated\"") != NULL);
    stage_end();
}

/* Anna has the case in two windows, Ben, a supervisor, looks on; then there is none. */
static void who_had_a_lost_case_is_released(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    stage_make_supervisor("north", "ben");
    struct actor *window = stage_window("north", "anna", 0);
    expect(will_hear(window, "\"assigned\"", 1000));
    act_ask(ben, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", anna->conversation);
    expect(heard(ben, "\"done\""));
    lose_log(ada->conversation);
    expect(heard_ever(anna, "\"released\"") && heard_ever(window, "\"released\""));
    expect(heard_ever(ben, "\"released\""));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(an_absent_log_is_not_born_again),
                    CASE(the_renewal_of_a_lost_conversation_is_refused),
                    CASE(who_had_a_lost_case_is_released), {0}});
}
