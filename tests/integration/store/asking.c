/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a store, copied as they come.
 *
 * Invariant: a callback only notes what it sees; expectations are checked outside of the loop's
 * callbacks, since a failed one jumps.
 */
#include "asking.h"

#include "lib/test.h"
#include "subject.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWERS_MAX = 20000, KEYS_MAX = 16 };

static struct answer *answers[ANSWERS_MAX];
static size_t answer_count;
static uint64_t place_last;
static unsigned case_number, came_inside_a_call;
static bool is_calling;
static char keys[KEYS_MAX][64];
static size_t key_count;

void asking_begin(void)
{
    for (size_t i = 0; i < answer_count; i++) {
        free(answers[i]->bytes);
        free(answers[i]);
    }
    answer_count = key_count = 0;
    came_inside_a_call = 0;
    case_number++;
}

void asking_end(void)
{
    expect_u64(came_inside_a_call, 0);
    for (size_t i = 0; i < answer_count; i++)
        expect(answers[i]->times <= 1);
    asking_begin();
}

struct slice key_of(const char *name)
{
    expect(key_count < KEYS_MAX);
    char *key = keys[key_count++];
    return slice_make(key, (size_t)snprintf(key, sizeof *keys, "%u:%s", case_number, name));
}

static struct slice keep(char **at, struct slice slice)
{
    if (slice.len > 0)
        memcpy(*at, slice.bytes, slice.len);
    *at += slice.len;
    return slice_make(*at - slice.len, slice.len);
}

static void on_done(void *user, const struct store_reply *reply)
{
    struct answer *answer = user;
    size_t len = reply->value.len;
    came_inside_a_call += is_calling;
    answer->times++;
    answer->outcome = reply->outcome;
    answer->generation = reply->generation;
    answer->place = ++place_last;
    answer->item_count = reply->item_count;
    for (size_t i = 0; i < reply->item_count; i++)
        len += reply->items[i].value.len;
    free(answer->bytes);
    char *at = answer->bytes = malloc(len + 1);
    answer->value = keep(&at, reply->value);
    for (size_t i = 0; i < reply->item_count; i++)
        answer->items[i] =
                (struct store_item){reply->items[i].number, keep(&at, reply->items[i].value)};
}

static struct answer *call(void)
{
    expect(answer_count < ANSWERS_MAX);
    struct answer *answer = calloc(1, sizeof *answer);
    answers[answer_count++] = answer;
    is_calling = true;
    return answer;
}

static struct answer *called(struct answer *answer)
{
    is_calling = false;
    return answer;
}

const struct answer *wait_for(const struct answer *answer)
{
    while (answer->times == 0)
        subject_turn();
    return answer;
}

struct answer *ask_append(struct store *store, struct slice key, uint64_t seq, struct slice record)
{
    struct answer *answer = call();
    store->ops->append(store, &(struct store_append){key, seq, false, record}, on_done, answer);
    return called(answer);
}

struct answer *ask_birth(struct store *store, struct slice key, struct slice record)
{
    struct answer *answer = call();
    store->ops->append(store, &(struct store_append){key, 1, true, record}, on_done, answer);
    return called(answer);
}

struct answer *ask_read(struct store *store, const struct store_read *read)
{
    struct answer *answer = call();
    store->ops->read(store, read, on_done, answer);
    return called(answer);
}

struct answer *ask_barrier(struct store *store, uint64_t generation)
{
    struct answer *answer = call();
    store->ops->barrier(store, generation, on_done, answer);
    return called(answer);
}

struct answer *ask_trim(struct store *store, struct slice key, uint64_t below)
{
    struct answer *answer = call();
    store->ops->trim(store, key, below, on_done, answer);
    return called(answer);
}

struct answer *ask_zset_add(struct store *store, struct slice key, struct slice member,
        uint64_t score, enum zset_rule rule)
{
    struct answer *answer = call();
    store->ops->zset_add(store, key, member, score, rule, on_done, answer);
    return called(answer);
}

struct answer *ask_zset_remove(struct store *store, struct slice key, struct slice member)
{
    struct answer *answer = call();
    store->ops->zset_remove(store, key, member, on_done, answer);
    return called(answer);
}

struct answer *ask_zset_range(
        struct store *store, struct slice key, uint64_t from, uint64_t to, size_t count)
{
    struct answer *answer = call();
    store->ops->zset_range(store, key, from, to, count, on_done, answer);
    return called(answer);
}

struct answer *ask_claim(struct store *store, struct slice key, struct slice value)
{
    struct answer *answer = call();
    store->ops->claim(store, key, value, on_done, answer);
    return called(answer);
}

struct answer *ask_put(struct store *store, struct slice key, struct slice value, uint64_t ttl_ms)
{
    struct answer *answer = call();
    store->ops->put(store, key, value, ttl_ms, on_done, answer);
    return called(answer);
}

struct answer *ask_get(struct store *store, struct slice key)
{
    struct answer *answer = call();
    store->ops->get(store, key, on_done, answer);
    return called(answer);
}

struct answer *ask_take(struct store *store, struct slice key)
{
    struct answer *answer = call();
    store->ops->take(store, key, on_done, answer);
    return called(answer);
}

struct answer *ask_remove(struct store *store, struct slice key)
{
    struct answer *answer = call();
    store->ops->remove(store, key, on_done, answer);
    return called(answer);
}
