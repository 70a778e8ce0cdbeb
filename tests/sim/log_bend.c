/* SPDX-License-Identifier: Apache-2.0 */
/* A store that keeps all the rules of port/store.h, but for the one that is out of force.
 *
 *   one_in_flight     an append is answered before the server has answered, so that the next one
 *                     flies beside it; should the first be refused, barriers tell, and the tail
 * goes link_generation   one generation for ever unknown_is_retry  a lost answer to an append is
 * told as "nothing was written" barrier           barriers hold at once; also the way of an
 * everysec store barrier_duplicate barriers hold at once, but for those of appends
 */
#include "log_world.h"

#include "base/check.h"

#include <stdlib.h>

struct call {
    struct bend *bend;
    store_done done;
    void *user;
    uint64_t generation;
    enum store_outcome told;
};

static struct bend *bend_of(struct store *store)
{
    return (struct bend *)(void *)store;
}

static bool is_off(const struct bend *bend, enum rule rule)
{
    return bend->node->world->off == rule;
}

static struct call *make_call(struct bend *bend, store_done done, void *user)
{
    struct call *call = calloc(1, sizeof *call);
    check(call != NULL);
    *call = (struct call){.bend = bend,
            .done = done,
            .user = user,
            .generation = bend->link->ops->generation(bend->link)};
    return call;
}

static uint64_t generation(struct store *store)
{
    struct bend *bend = bend_of(store);
    return is_off(bend, RULE_LINK_GENERATION) ? 1 : bend->link->ops->generation(bend->link);
}

static uint64_t now_ms(struct store *store)
{
    struct bend *bend = bend_of(store);
    return bend->link->ops->now_ms(bend->link);
}

static void on_done(void *user, const struct store_reply *reply)
{
    struct call *call = user;
    struct bend *bend = call->bend;
    struct store_reply told = *reply;
    if (is_off(bend, RULE_LINK_GENERATION) && reply->generation != 0)
        told.generation = 1;
    call->done(call->user, &told);
    free(call);
}

/* ---- appends ---- */

static void on_appended(void *user, const struct store_reply *reply)
{
    struct call *call = user;
    struct bend *bend = call->bend;
    struct store_reply told = *reply;
    if (is_off(bend, RULE_LINK_GENERATION) && reply->generation != 0)
        told.generation = 1;
    if (is_off(bend, RULE_UNKNOWN_IS_RETRY) && reply->outcome == STORE_UNKNOWN)
        told.outcome = STORE_FULL;
    bend->node->world->refused += reply->outcome == STORE_REFUSED;
    bend->is_after_append = reply->outcome == STORE_OK;
    call->done(call->user, &told);
    bend->is_after_append = false;
    free(call);
}

static void on_answered_early(void *user, const struct store_reply *reply)
{
    struct call *call = user;
    (void)reply;
    call->done(call->user, &(struct store_reply){STORE_OK, .generation = call->generation});
    free(call);
}

static void on_appended_late(void *user, const struct store_reply *reply)
{
    struct call *call = user;
    if (reply->outcome != STORE_OK) {
        call->bend->failed_generation = call->generation;
        call->bend->node->log.state = LOG_COLD;
    }
    free(call);
}

static void append(
        struct store *store, const struct store_append *request, store_done done, void *user)
{
    struct bend *bend = bend_of(store);
    struct call *call = make_call(bend, done, user);
    if (!is_off(bend, RULE_ONE_IN_FLIGHT) || call->generation == 0) {
        bend->link->ops->append(bend->link, request, on_appended, call);
        return;
    }
    struct call *late = make_call(bend, NULL, NULL);
    bend->link->ops->append(bend->link, request, on_appended_late, late);
    bend->link->ops->barrier(bend->link, 0, on_answered_early, call);
}

static void read(struct store *store, const struct store_read *request, store_done done, void *user)
{
    struct bend *bend = bend_of(store);
    bend->link->ops->read(bend->link, request, on_done, make_call(bend, done, user));
}

/* ---- barriers ---- */

static void on_held_at_once(void *user, const struct store_reply *reply)
{
    struct call *call = user;
    (void)reply;
    bool is_same = call->generation == call->bend->link->ops->generation(call->bend->link);
    call->done(call->user, &(struct store_reply){is_same ? STORE_OK : STORE_UNKNOWN,
                                   .generation = call->generation});
    free(call);
}

static void on_barrier(void *user, const struct store_reply *reply)
{
    struct call *call = user;
    struct store_reply told = *reply;
    if (call->bend->failed_generation == call->generation)
        told.outcome = STORE_UNKNOWN;
    call->done(call->user, &told);
    free(call);
}

static void barrier(struct store *store, uint64_t of_generation, store_done done, void *user)
{
    struct bend *bend = bend_of(store);
    struct call *call = make_call(bend, done, user);
    bool is_real = bend->node->world->is_durable && !is_off(bend, RULE_BARRIER) &&
                   (!is_off(bend, RULE_BARRIER_DUPLICATE) || bend->is_after_append);
    uint64_t asked = is_off(bend, RULE_LINK_GENERATION) ? call->generation : of_generation;
    bend->is_after_append = false;
    if (is_real || asked != call->generation || asked == 0)
        bend->link->ops->barrier(bend->link, asked, on_barrier, call);
    else
        bend->link->ops->barrier(bend->link, 0, on_held_at_once, call);
}

static void zset_add(struct store *store, struct slice key, struct slice member, uint64_t score,
        enum zset_rule rule, store_done done, void *user)
{
    struct bend *bend = bend_of(store);
    bend->link->ops->zset_add(bend->link, key, member, score, rule, done, user);
}

static const struct store_ops ops = {.generation = generation,
        .now_ms = now_ms,
        .append = append,
        .read = read,
        .barrier = barrier,
        .zset_add = zset_add};

static void on_generation(void *user, uint64_t new_generation)
{
    struct bend *bend = user;
    struct log_node *node = bend->node;
    if (new_generation != 0)
        node->life = node->world->lives;
    if (!is_off(bend, RULE_LINK_GENERATION))
        log_engine_on_generation(&node->engine, new_generation);
}

void bend_begin(struct bend *bend, struct log_node *node, struct store *link)
{
    *bend = (struct bend){.base.ops = &ops, .link = link, .node = node};
    link->on_generation = on_generation;
    link->on_generation_user = bend;
}
