/* SPDX-License-Identifier: Apache-2.0 */
/* A crowd comes back at once, each of them with something missed, while others talk: what is said
 * now does not wait for them, and all of them get what they missed. What counts is the order in
 * which the store is asked, not how long anything takes. */
#include "base/check.h"
#include "flow/hello_queue.h"
#include "flow/sessions.h"
#include "lib/counted_reads.h"
#include "lib/test.h"
#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CROWD = 40, MISSED = 3 };

/* ---- counting ---------------------------------------------------------------------------------
 */

static const char *live; /* the conversation of who talks */
static const struct store_ops *real;
static size_t reads_before; /* the append of who talks */
static size_t ahead_of_it;  /* reads under way when it was asked for */

static void count_append(
        struct store *store, const struct store_append *request, store_done done, void *user)
{
    if (memmem(request->key.bytes, request->key.len, live, strlen(live)) != NULL) {
        reads_before = counted_reads.count;
        ahead_of_it = counted_reads.under_way;
    }
    real->append(store, request, done, user);
}

static void count_from_here(void)
{
    real = stage.nodes[0].store->ops;
    counted_reads_begin(stage.nodes[0].store)->append = count_append;
}

/* ---- the crowd --------------------------------------------------------------------------------
 */

/* The name of the newest entry that was heard. */
static void newest_heard(const struct actor *actor, char at[40])
{
    static const char member[] = "\"at\":\"";
    const char *last = NULL;
    for (const char *found = actor->heard; (found = strstr(found, "{\"type\":\"entry\"")) != NULL;
            found++)
        last = strstr(found, member);
    check(last != NULL);
    snprintf(at, 40, "%.*s", (int)strcspn(last + strlen(member), "\""), last + strlen(member));
}

static struct actor *who_missed_something(char at[40])
{
    struct actor *actor = stage_customer("north");
    act_say(actor, "The first words");
    newest_heard(actor, at);
    for (int i = 0; i < MISSED; i++)
        act_say(actor, i == MISSED - 1 ? "The last words" : "More words");
    act_leave(actor);
    actor->mark = actor->heard_len;
    return actor;
}

static void come_back(struct actor *actor, const char *at)
{
    check(fake_client_connect(&actor->client, stage.nodes[0].peers, PEER_JSON));
    act_later(actor, 0,
            "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\",\"cursors\":[{\"conversation\":"
            "\"%s\",\"at\":\"%s\"}]}",
            actor->ticket, actor->conversation, at);
}

static void say_now(struct actor *actor)
{
    act_later(actor, 0,
            "{\"type\":\"send\",\"id\":\"now\",\"lineage\":\"%s\",\"n\":%llu,\"body\":{\"kind\":"
            "\"text\",\"text\":\"Said right now\"}}",
            actor->lineage, (unsigned long long)++actor->n);
}

static void who_talks_does_not_wait_for_who_comes_back(void)
{
    static char at[CROWD][40];
    struct actor *crowd[CROWD];
    stage_start();
    for (size_t i = 0; i < CROWD; i++)
        crowd[i] = who_missed_something(at[i]);
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    stage_run(1000);
    live = ada->conversation;
    count_from_here();
    for (size_t i = 0; i < CROWD; i++)
        come_back(crowd[i], at[i]);
    say_now(ada);
    stage_run(3000);
    expect(heard(ada, "Said right now"));
    expect(counted_reads.count >= 2 * CROWD); /* a look and a page each */
    expect(reads_before < counted_reads.count / 2);
    expect(ahead_of_it <= LOG_READS_MAX);
    expect(counted_reads.most <= LOG_READS_MAX);
    for (size_t i = 0; i < CROWD; i++)
        expect(heard(crowd[i], "\"welcome\"") && heard(crowd[i], "The last words"));
    counted_reads_end();
    stage_end();
}

/* ---- one turn ---------------------------------------------------------------------------------
 */

/* As the peers hand it over; and nothing else happens meanwhile. */
static void hear_from(struct actor *actor, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check(len > 0 && (size_t)len < sizeof text);
    node_peer_events.on_frame(stage.node, actor->client.peer, text, (size_t)len);
}

/* Whose credential was looked at. */
static size_t count_taken(struct actor *const crowd[CROWD])
{
    size_t taken = 0;
    for (size_t i = 0; i < CROWD; i++)
        taken += session_of_peer(stage.node, crowd[i]->client.peer)->tenant.len > 0;
    return taken;
}

static void a_turn_takes_few_hellos(void)
{
    struct actor *crowd[CROWD];
    stage_start();
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = stage_customer("north");
        act_leave(crowd[i]);
    }
    struct actor *ada = stage_customer("north");
    stage_run(1000);
    for (size_t i = 0; i < CROWD; i++)
        check(fake_client_connect(&crowd[i]->client, stage.peers, PEER_JSON));
    stage_run(10);
    live = ada->conversation;
    count_from_here();
    for (size_t i = 0; i < CROWD; i++)
        hear_from(
                crowd[i], "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\"}", crowd[i]->ticket);
    expect_u64(count_taken(crowd), HELLOS_PER_TURN);
    hear_from(ada,
            "{\"type\":\"send\",\"id\":\"now\",\"lineage\":\"%s\",\"n\":%llu,\"body\":{\"kind\":"
            "\"text\",\"text\":\"Said right now\"}}",
            ada->lineage, (unsigned long long)++ada->n);
    expect(ahead_of_it == HELLOS_PER_TURN); /* their looks, and nobody else's */
    for (size_t taken = HELLOS_PER_TURN; taken < CROWD; taken = count_taken(crowd)) {
        expect(fake_clock_step(&stage.clock));
        expect(count_taken(crowd) <= taken + HELLOS_PER_TURN);
    }
    stage_run(1000);
    expect(heard_ever(ada, "Said right now"));
    for (size_t i = 0; i < CROWD; i++)
        expect(heard(crowd[i], "\"welcome\""));
    counted_reads_end();
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(who_talks_does_not_wait_for_who_comes_back),
                    CASE(a_turn_takes_few_hellos), {0}});
}
