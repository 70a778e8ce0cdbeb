/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep of the due index: how seldom it asks when there is nothing to do, and that it is in
 * time nevertheless, whoever put the member in. */
#include "flow/due.h"
#include "lib/fake_store.h"
#include "lib/test.h"
#include "stage.h"

#include <stdio.h>
#include <string.h>

enum { LATE_MS = 1500, MINUTE_MS = 60000 }; /* a second, a turn, and the answers */

static struct actor *ada;
static const struct store_ops *counted;
static struct store_ops counting;
static unsigned looks;

static void count_range(struct store *store, struct slice key, uint64_t from, uint64_t to,
        size_t count, store_done done, void *user)
{
    looks += key.len == 7 && memcmp(key.bytes + 3, "}due", 4) == 0;
    counted->zset_range(store, key, from, to, count, done, user);
}

/* How often the first node looks at a bucket in so long. */
static unsigned looks_in(uint64_t ms)
{
    struct store *store = stage.nodes[0].store;
    counted = store->ops;
    counting = *counted;
    counting.zset_range = count_range;
    store->ops = &counting;
    looks = 0;
    stage_run(ms);
    store->ops = counted;
    return looks;
}

static void note_first(void *user, const struct store_reply *reply)
{
    *(uint64_t *)user = reply->item_count > 0 ? reply->items[0].number : 0;
}

/* When the first member of the conversation's bucket is due; 0: there is none. */
static uint64_t first_due_ms(const struct actor *actor)
{
    char key[64];
    uint64_t first_ms = 0;
    size_t len = conversation_due_key(slice_of_string(actor->conversation), key);
    struct store *store = stage.nodes[0].store;
    store->ops->zset_range(store, slice_make(key, len), 0, UINT64_MAX, 1, note_first, &first_ms);
    stage_run(20);
    return first_ms;
}

/* ---- seldom -----------------------------------------------------------------------------------
 */

static void a_node_alone_looks_at_each_bucket_three_times_a_minute(void)
{
    stage_start();
    stage_run(5000);
    unsigned count = looks_in(MINUTE_MS);
    test_note("looks: %u", count);
    expect(count >= 3 * CONVERSATION_BUCKETS - 100 && count <= 3 * CONVERSATION_BUCKETS + 100);
    expect(looks_in(1000) < CONVERSATION_BUCKETS / 10);
    stage_end();
}

static void two_nodes_share_the_looks(void)
{
    stage_start_nodes(2);
    stage_run(10000);
    unsigned count = looks_in(MINUTE_MS), all = 12 * CONVERSATION_BUCKETS;
    test_note("looks: %u", count);
    expect(count > all / 3 && count < all * 2 / 3);
    stage_end();
}

static void a_new_life_of_the_link_has_all_looked_at(void)
{
    stage_start();
    stage_run(5000);
    fake_store_cut(stage.nodes[0].store);
    unsigned count = looks_in(3000);
    test_note("looks: %u", count);
    expect(count >= CONVERSATION_BUCKETS);
    stage_end();
}

/* ---- in time ----------------------------------------------------------------------------------
 */

/* Cases that wait: their members are due again and again. */
static void what_the_node_put_in_is_looked_at_when_it_is_due(void)
{
    enum { CASES = 6 };
    struct actor *waiting[CASES];
    stage_start();
    for (int i = 0; i < CASES; i++) {
        waiting[i] = stage_customer("north");
        act_say(waiting[i], "Is anybody there?"); /* no bot: the case waits for an agent */
        expect(first_due_ms(waiting[i]) > node_time_ms(stage.node));
    }
    for (int second = 0; second < 60; second++) {
        stage_run(1000);
        for (int i = 0; i < CASES; i++)
            expect(first_due_ms(waiting[i]) + LATE_MS > node_time_ms(stage.node));
    }
    stage_end();
}

/* Whoever put it in is not there any more; it is settled, so it goes when it was looked at. */
static void what_others_put_in_is_looked_at_when_it_is_due(void)
{
    char key[64], member[64];
    stage_start_nodes(2);
    ada = stage_customer("north");
    stage_run(10000);
    size_t len = conversation_due_key(slice_of_string(ada->conversation), key);
    snprintf(member, sizeof member, "%s:1", ada->conversation);
    for (int time = 0; time < 7; time++) {
        uint64_t due_ms = node_time_ms(stage.node) + DUE_AHEAD_MS_MIN;
        struct store *store = stage.nodes[0].store;
        store->ops->zset_add(
                store, slice_make(key, len), slice_of_string(member), due_ms, ZSET_SET, NULL, NULL);
        expect_u64(first_due_ms(ada), due_ms);
        stage_run(DUE_AHEAD_MS_MIN + LATE_MS);
        expect_u64(first_due_ms(ada), 0);
        stage_run(700); /* another moment of the round */
    }
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_node_alone_looks_at_each_bucket_three_times_a_minute),
                    CASE(two_nodes_share_the_looks), CASE(a_new_life_of_the_link_has_all_looked_at),
                    CASE(what_the_node_put_in_is_looked_at_when_it_is_due),
                    CASE(what_others_put_in_is_looked_at_when_it_is_due), {0}});
}
