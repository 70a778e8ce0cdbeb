/* SPDX-License-Identifier: Apache-2.0 */
/* What a hello asks of the store, command by command: on a busy node that is what coming back
 * costs, and no less than what the promise needs: the log's end is read after the hello came. */
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- counting ---------------------------------------------------------------------------------
 */

static const struct store_ops *counted;
static struct store_ops counting;
static struct {
    unsigned reads, ranges, lookups;
} asked;

static void count_read(
        struct store *store, const struct store_read *read, store_done done, void *user)
{
    asked.reads += memmem(read->key.bytes, read->key.len, "}c:", 3) != NULL;
    counted->read(store, read, done, user);
}

static void count_range(struct store *store, struct slice key, uint64_t from, uint64_t to,
        size_t count, store_done done, void *user)
{
    asked.ranges += memmem(key.bytes, key.len, "}cur:", 5) != NULL;
    counted->zset_range(store, key, from, to, count, done, user);
}

static void count_get(struct store *store, struct slice key, store_done done, void *user)
{
    asked.lookups += slice_starts_with(key, SLICE_OF("id:"));
    counted->get(store, key, done, user);
}

static void count_from_here(void)
{
    counted = stage.nodes[0].store->ops;
    counting = *counted;
    counting.read = count_read;
    counting.zset_range = count_range;
    counting.get = count_get;
    stage.nodes[0].store->ops = &counting;
    memset(&asked, 0, sizeof asked);
}

static void expect_commands(unsigned reads, unsigned ranges, unsigned lookups)
{
    expect_u64(asked.reads, reads);
    expect_u64(asked.ranges, ranges);
    expect_u64(asked.lookups, lookups);
    stage.nodes[0].store->ops = counted;
}

/* ---- coming back ------------------------------------------------------------------------------
 */

static void begin(size_t nodes)
{
    stage_start_nodes(nodes);
    stage_silence_bell();
}

/* The name of the newest entry that was heard. */
static void newest_heard(const struct actor *actor, char at[40])
{
    static const char member[] = "\"at\":\"";
    const char *last = NULL;
    for (const char *found = actor->heard; (found = strstr(found, "{\"type\":\"entry\"")) != NULL;
            found++)
        last = strstr(found, member);
    expect(last != NULL);
    if (last != NULL)
        snprintf(at, 40, "%.*s", (int)strcspn(last + strlen(member), "\""), last + strlen(member));
}

static void come_back(struct actor *actor, const char *at)
{
    expect(fake_client_connect(&actor->client, stage.nodes[actor->on].peers, PEER_JSON));
    act_ask(actor,
            "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\",\"cursors\":[{\"conversation\":"
            "\"%s\",\"at\":\"%s\"}]}",
            actor->ticket, actor->conversation, at);
    expect(heard(actor, "\"welcome\""));
}

static void whoever_missed_nothing_costs_one_look(void)
{
    char at[40];
    begin(1);
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    newest_heard(ada, at);
    act_leave(ada);
    count_from_here();
    come_back(ada, at);
    expect(!heard(ada, "\"entry\""));
    expect_commands(1, 1, 0);
    act_say(ada, "I am back");
    expect(heard(ada, "I am back"));
    stage_end();
}

static void whoever_missed_something_reads_one_page_more(void)
{
    char at[40];
    begin(1);
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    newest_heard(ada, at);
    act_say(ada, "Is anybody there?");
    act_say(ada, "Please");
    act_leave(ada);
    count_from_here();
    come_back(ada, at);
    expect(heard(ada, "Is anybody there?") && heard(ada, "Please"));
    expect_commands(2, 1, 0);
    stage_end();
}

/* By a token, with nothing in hand: the index, the end of the log, and all that is there. */
static void a_token_without_a_cursor_reads_what_is_shown(void)
{
    begin(1);
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    act_leave(ada);
    count_from_here();
    act_enter(ada);
    expect(heard(ada, "\"welcome\"") && heard(ada, "Hello"));
    expect_commands(2, 1, 1);
    stage_end();
}

/* A node that does not know the conversation loads it, and that is the look. Where there are others
 * it looks once more: when it hears what they tell. */
static void another_node_loads_it_and_listens(void)
{
    char at[40];
    begin(2);
    stage_on(1);
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    newest_heard(ada, at);
    act_leave(ada);
    ada->on = 0;
    count_from_here();
    come_back(ada, at);
    expect_commands(2, 1, 0);
    stage_end();
}

/* ---- what the look is for ---------------------------------------------------------------------
 */

/* The node remembers the conversation; another one has gone on with it, which nobody here heard. */
static void what_another_node_appended_is_in_the_welcome(void)
{
    char newest[40], head[64];
    begin(2);
    struct actor *ada = stage_customer("north");
    act_leave(ada);
    ada->on = 1;
    act_enter(ada);
    act_say(ada, "From the tram");
    newest_heard(ada, newest);
    act_leave(ada);
    ada->on = 0;
    come_back(ada, newest);
    snprintf(head, sizeof head, "\"head\":\"%s\"", newest);
    expect(heard(ada, head) && !heard(ada, "\"reset\""));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(whoever_missed_nothing_costs_one_look),
                    CASE(whoever_missed_something_reads_one_page_more),
                    CASE(a_token_without_a_cursor_reads_what_is_shown),
                    CASE(another_node_loads_it_and_listens),
                    CASE(what_another_node_appended_is_in_the_welcome), {0}});
}
