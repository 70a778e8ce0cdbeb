/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a pool that wait for its log together go into one entry.
 *
 *   pool_submit --> the open batch --its turn in the log--> closed: each change decides
 *                                       |-- yes, about nothing that is in the entry --> its values
 *                                       |-- yes or no, about what is in the entry ----> next batch
 *                                       |-- no --> proved by the entry, or by a read (rule 6)
 *                                       `-- last, the router, about what nobody spoke of
 *
 * Invariant: a batch is one change of the log, so all its rules hold for it as for any other. All
 * of its changes are decided on one fold, and no two that have a say share a request or an agent:
 * so each would decide the same after the others, and what the entry says is what its changes were
 * told. A refused append has all of them decided anew. Changes about the same keep their order.
 */
#include "base/check.h"
#include "flow/team.h"
#include "stored/pool_codec.h"

#include <stdlib.h>

enum {
    VALUES_MAX = POOL_SHARED_MAX + 2 * ROUTE_DECISIONS_MAX,
    KEYS_MAX = 4 * VALUES_MAX,
    SHARED_BYTES_MAX = 48 * 1024, /* encoded: whoever reads it has a scratch of twenty times that */
};

struct pool_batch {
    struct log_change log;
    struct team *team;
    struct list changes; /* in the order of asking */
};

/* What the entry says so far: the router's values, which end where those of the others begin. */
struct gathered {
    struct pool_entry *values;
    size_t begin, end, sayers; /* sayers: changes that have some */
    uint64_t *keys; /* hashes of the requests and agents that it is about, or that wait for it */
    size_t key_count;
    bool is_full;
    bool is_alone; /* a change that shares with none is in it */
    struct list left;
};

/* ---- what a change is about -------------------------------------------------------------------
 * Two keys with one hash are taken for the same: then one of them waits for the next entry. */

static uint64_t hash_of(struct slice id, uint64_t seq)
{
    return pool_policy_hash(id) ^ seq * 0x9e3779b97f4a7c15u;
}

static bool holds(const struct gathered *all, uint64_t key)
{
    for (size_t i = 0; i < all->key_count; i++)
        if (all->keys[i] == key)
            return true;
    return false;
}

/* Of each value the request and the agent; a no names them in its first one. */
static size_t keys_of(const struct pool_entry *values, size_t count, uint64_t *out_keys)
{
    size_t key_count = 0;
    for (size_t i = 0; i == 0 || i < count; i++) {
        if (values[i].request.conversation.len > 0)
            out_keys[key_count++] =
                    hash_of(values[i].request.conversation, values[i].request.name.seq);
        if (values[i].agent.len > 0)
            out_keys[key_count++] = hash_of(values[i].agent, 0);
    }
    return key_count;
}

static bool is_about_what_is_said(const struct gathered *all, const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (holds(all, keys[i]))
            return true;
    return false;
}

/* ---- deciding ---------------------------------------------------------------------------------
 */

static void leave(struct gathered *all, struct pool_change *change)
{
    list_remove(&change->link);
    list_append(&all->left, &change->link);
}

static void take_keys(struct gathered *all, const uint64_t *keys, size_t count)
{
    memcpy(all->keys + all->key_count, keys, count * sizeof *keys);
    all->key_count += count;
}

static void gather(struct gathered *all, struct pool_change *change, uint64_t now_ms)
{
    uint64_t keys[2 * ROUTE_DECISIONS_MAX];
    struct team *team = change->team;
    struct pool_entry *values = all->values + all->end;
    change->value_count = 0;
    if (all->is_full || all->is_alone || (change->is_alone && all->sayers > 0)) {
        leave(all, change);
        return;
    }
    values[0] = (struct pool_entry){0};
    size_t count = team->is_gone ? 0 : change->decide(change, team->pool, now_ms, values);
    size_t key_count = keys_of(values, count, keys);
    bool is_to_wait = is_about_what_is_said(all, keys, key_count);
    if (count > 0 || is_to_wait) /* who comes later does not get ahead of it */
        take_keys(all, keys, key_count);
    if (is_to_wait) {
        leave(all, change);
        return;
    }
    change->value_count = count;
    all->end += count;
    all->sayers += count > 0;
    all->is_alone = change->is_alone && count > 0;
    all->is_full = all->end - all->begin >= POOL_SHARED_MAX ||
                   all->key_count + 4 * (size_t)ROUTE_DECISIONS_MAX > KEYS_MAX;
}

/* Of what the router decides, all but what the others decide themselves: their word comes first. It
 * always has room. What the entry before brought is decided here, without waiting for its barrier.
 */
static void gather_router(struct gathered *all, struct team *team, uint64_t now_ms)
{
    struct pool_entry values[ROUTE_DECISIONS_MAX];
    uint64_t keys[2];
    size_t count = all->is_alone ? 0 : team_decide(team, now_ms, values);
    while (count-- > 0) {
        size_t key_count = keys_of(&values[count], 1, keys);
        if (!is_about_what_is_said(all, keys, key_count))
            all->values[--all->begin] = values[count];
    }
    all->sayers += all->begin < ROUTE_DECISIONS_MAX;
}

/* The later half waits for the next entry. One change that is too much by itself is refused. */
static void drop_half(struct gathered *all, struct pool_batch *batch)
{
    size_t kept = all->sayers / 2;
    struct list *at = batch->changes.prev;
    while (at != &batch->changes && all->sayers > kept) {
        struct pool_change *change = LIST_ITEM(at, struct pool_change, link);
        at = at->prev;
        all->end -= change->value_count;
        all->sayers -= change->value_count > 0;
        change->value_count = 0;
        if (kept > 0) {
            list_remove(&change->link);
            list_prepend(&all->left, &change->link);
        }
    }
    if (all->sayers > kept) { /* the router's alone: it decides anew */
        all->begin = all->end;
        all->sayers = 0;
    }
}

static bool encode(const struct gathered *all, struct arena *scratch, struct buffer *out)
{
    size_t mark = scratch->used, most = all->sayers > 1 ? SHARED_BYTES_MAX : out->capacity;
    struct buffer shared = buffer_make(out->bytes, most);
    bool is_encoded =
            pool_encode(all->values + all->begin, all->end - all->begin, scratch, &shared);
    scratch->used = mark;
    out->len = shared.len;
    return is_encoded && !shared.overflowed;
}

static struct pool_batch *open_batch(struct team *team);

/* They are older than those who wait already. */
static void hand_on(struct team *team, struct list *left)
{
    if (list_is_empty(left))
        return;
    bool is_new = team->open == NULL;
    struct pool_batch *next = is_new ? open_batch(team) : team->open;
    while (!list_is_empty(left)) {
        struct list *last = left->prev;
        list_remove(last);
        list_prepend(&next->changes, last);
    }
    if (is_new)
        log_submit(&team->log, &next->log);
    else
        log_ask_again(&next->log);
}

static void end_joining(struct pool_batch *batch)
{
    if (batch->team->open == batch)
        batch->team->open = NULL;
}

static enum log_decision decide(
        struct log_change *log_change, struct log *log, struct log_draft *draft)
{
    struct pool_batch *batch = LIST_ITEM(log_change, struct pool_batch, log);
    struct team *team = batch->team;
    struct arena *scratch = &team->node->scratch;
    size_t mark = scratch->used;
    struct gathered all = {.values = arena_take(scratch, VALUES_MAX * sizeof *all.values),
            .begin = ROUTE_DECISIONS_MAX,
            .end = ROUTE_DECISIONS_MAX,
            .keys = arena_take(scratch, KEYS_MAX * sizeof *all.keys)};
    (void)log;
    check(all.values != NULL && all.keys != NULL);
    list_init(&all.left);
    end_joining(batch); /* a no of those who come from now on needs a read of its own */
    draft->time_ms = team_time_ms(team);
    LIST_EACH (node, next, &batch->changes)
        gather(&all, LIST_ITEM(node, struct pool_change, link), draft->time_ms);
    gather_router(&all, team, draft->time_ms);
    while (all.sayers > 0 && !encode(&all, scratch, &draft->plain))
        drop_half(&all, batch);
    hand_on(team, &all.left);
    scratch->used = mark;
    return all.sayers > 0 ? LOG_APPEND : LOG_NO;
}

/* The entry proves the noes that were said on the fold before it: it was still the log's end. */
static void on_done(struct log_change *log_change, struct log *log)
{
    struct pool_batch *batch = LIST_ITEM(log_change, struct pool_batch, log);
    enum log_outcome outcome = log_change->result.outcome;
    (void)log;
    end_joining(batch); /* without a link it is never decided */
    while (!list_is_empty(&batch->changes)) {
        struct pool_change *change =
                LIST_ITEM(list_take_first(&batch->changes), struct pool_change, link);
        bool is_no = outcome == LOG_APPENDED && change->value_count == 0;
        change->done(change, is_no ? LOG_REFUSED : outcome);
    }
    free(batch);
}

static struct pool_batch *open_batch(struct team *team)
{
    struct pool_batch *batch = calloc(1, sizeof *batch);
    check(batch != NULL);
    batch->team = team;
    batch->log.decide = decide;
    batch->log.done = on_done;
    list_init(&batch->changes);
    team->open = batch;
    return batch;
}

void pool_submit(struct team *team, struct pool_change *change)
{
    bool is_new = team->open == NULL;
    struct pool_batch *batch = is_new ? open_batch(team) : team->open;
    change->team = team;
    list_append(&batch->changes, &change->link);
    if (is_new)
        log_submit(&team->log, &batch->log);
    else
        log_ask_again(&batch->log);
}
