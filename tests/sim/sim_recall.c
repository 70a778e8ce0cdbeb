/* SPDX-License-Identifier: Apache-2.0 */
/* Recalls: a rule of docs/explanation/log.md is out of force, and the simulation of the flows must
 * see what that breaks. The product has no switches for it: the due index is made late by a store
 * that stands between a node and its link, and checks of tokens are answered before they are made,
 * by the linker (--wrap).
 */
#include "base/check.h"
#include "base/log_line.h"
#include "lib/test.h"
#include "port/crypto.h"
#include "shrink.h"
#include "world.h"

#include <stdlib.h>

enum { RECALL_SEEDS = 300, LATE_MS = 3000 };
enum rule { ALL_KEPT, DUE_FIRST, OWNER_TOKEN, TURN_TOKEN };
static enum rule off;

/* ---- tokens -----------------------------------------------------------------------------------
 */

void __real_conversation_say(
        const struct conversation *, const struct say *, uint64_t now_ms, struct decision *);
void __wrap_conversation_say(
        const struct conversation *, const struct say *, uint64_t now_ms, struct decision *);
void __real_conversation_commit(
        const struct conversation *, const struct commit *, uint64_t now_ms, struct decision *);
void __wrap_conversation_commit(
        const struct conversation *, const struct commit *, uint64_t now_ms, struct decision *);

/* An agent who once owned the case is taken at their word. */
void __wrap_conversation_say(const struct conversation *fold, const struct say *say,
        uint64_t now_ms, struct decision *decision)
{
    static struct conversation bent;
    bent = *fold;
    if (off == OWNER_TOKEN && say->author.kind == AUTHOR_AGENT && fold->phase < PHASE_SUPERSEDED) {
        bent.phase = PHASE_ACTIVE;
        bent.owner = say->owner;
        id_set(&bent.owner_id, say->author.id);
    }
    __real_conversation_say(&bent, say, now_ms, decision);
}

/* Whatever turn a bot names is the open one. */
void __wrap_conversation_commit(const struct conversation *fold, const struct commit *commit,
        uint64_t now_ms, struct decision *decision)
{
    static struct conversation bent;
    bent = *fold;
    if (off == TURN_TOKEN && fold->phase < PHASE_SUPERSEDED) {
        bent.phase = PHASE_BOT;
        bent.turn = commit->turn;
        bent.committed_turn = (struct name){0};
    }
    __real_conversation_commit(&bent, commit, now_ms, decision);
}

/* ---- the due index, late ----------------------------------------------------------------------
 */

/* One life of a node. Once the node has died, what is late never comes. */
struct bend {
    struct store base;
    struct sim_node *sim;
};

struct late {
    struct timer timer;
    struct bend *bend;
    uint64_t score;
    store_done done;
    void *user;
    char key[64], member[96];
    size_t key_len, member_len;
};

static struct bend *bends[NODES_MAX];

static struct store *link_of(struct store *store)
{
    return ((struct bend *)(void *)store)->sim->store;
}

static uint64_t bent_generation(struct store *store)
{
    return link_of(store)->ops->generation(link_of(store));
}

static struct slice bent_history(struct store *store)
{
    return link_of(store)->ops->history(link_of(store));
}

static uint64_t bent_now_ms(struct store *store)
{
    return link_of(store)->ops->now_ms(link_of(store));
}

static void bent_append(
        struct store *store, const struct store_append *append, store_done done, void *user)
{
    link_of(store)->ops->append(link_of(store), append, done, user);
}

static void bent_read(
        struct store *store, const struct store_read *read, store_done done, void *user)
{
    link_of(store)->ops->read(link_of(store), read, done, user);
}

static void bent_barrier(struct store *store, uint64_t generation, store_done done, void *user)
{
    link_of(store)->ops->barrier(link_of(store), generation, done, user);
}

static void bent_zset_remove(
        struct store *store, struct slice key, struct slice member, store_done done, void *user)
{
    link_of(store)->ops->zset_remove(link_of(store), key, member, done, user);
}

static void bent_zset_range(struct store *store, struct slice key, uint64_t from, uint64_t to,
        size_t count, store_done done, void *user)
{
    link_of(store)->ops->zset_range(link_of(store), key, from, to, count, done, user);
}

static void bent_trim(
        struct store *store, struct slice key, uint64_t below, store_done done, void *user)
{
    link_of(store)->ops->trim(link_of(store), key, below, done, user);
}

static void bent_claim(
        struct store *store, struct slice key, struct slice value, store_done done, void *user)
{
    link_of(store)->ops->claim(link_of(store), key, value, done, user);
}

static void bent_put(struct store *store, struct slice key, struct slice value, uint64_t ttl_ms,
        store_done done, void *user)
{
    link_of(store)->ops->put(link_of(store), key, value, ttl_ms, done, user);
}

static void bent_get(struct store *store, struct slice key, store_done done, void *user)
{
    link_of(store)->ops->get(link_of(store), key, done, user);
}

static void bent_take(struct store *store, struct slice key, store_done done, void *user)
{
    link_of(store)->ops->take(link_of(store), key, done, user);
}

static void bent_remove(struct store *store, struct slice key, store_done done, void *user)
{
    link_of(store)->ops->remove(link_of(store), key, done, user);
}

static void on_late(struct timer *timer)
{
    struct late *late = LIST_ITEM(timer, struct late, timer);
    struct store *link = late->bend->sim->store;
    if (bends[late->bend->sim->index] == late->bend && late->bend->sim->node != NULL)
        link->ops->zset_add(link, slice_make(late->key, late->key_len),
                slice_make(late->member, late->member_len), late->score, ZSET_SET, NULL, NULL);
    free(late);
}

/* As if it were done, on the next answer of the link. */
static void on_turn(void *user, const struct store_reply *reply)
{
    struct late *late = user;
    struct store_reply told = {.outcome = reply->outcome, .generation = reply->generation};
    late->done(late->user, &told);
    late->timer.on_due = on_late;
    fake_timers_arm(&late->bend->sim->world->world_timers, &late->timer,
            late->bend->sim->world->clock.now_ms + LATE_MS);
}

static void bent_zset_add(struct store *store, struct slice key, struct slice member,
        uint64_t score, enum zset_rule rule, store_done done, void *user)
{
    struct store *link = link_of(store);
    bool is_due = key.len > 3 && memcmp(key.bytes + key.len - 3, "due", 3) == 0;
    if (!is_due || done == NULL) {
        link->ops->zset_add(link, key, member, score, rule, done, user);
        return;
    }
    struct late *late = calloc(1, sizeof *late);
    check(late != NULL && key.len < sizeof late->key && member.len < sizeof late->member);
    *late = (struct late){.bend = (struct bend *)(void *)store,
            .score = score,
            .done = done,
            .user = user,
            .key_len = key.len,
            .member_len = member.len};
    memcpy(late->key, key.bytes, key.len);
    memcpy(late->member, member.bytes, member.len);
    link->ops->barrier(link, link->ops->generation(link), on_turn, late);
}

static void on_generation(void *user, uint64_t generation)
{
    struct bend *bend = user;
    if (bend->base.on_generation != NULL)
        bend->base.on_generation(bend->base.on_generation_user, generation);
}

static const struct store_ops bent_ops = {.generation = bent_generation,
        .history = bent_history,
        .now_ms = bent_now_ms,
        .append = bent_append,
        .read = bent_read,
        .barrier = bent_barrier,
        .trim = bent_trim,
        .zset_add = bent_zset_add,
        .zset_remove = bent_zset_remove,
        .zset_range = bent_zset_range,
        .claim = bent_claim,
        .put = bent_put,
        .get = bent_get,
        .take = bent_take,
        .remove = bent_remove};

static struct store *bend_store(struct sim_node *sim)
{
    struct bend *bend = calloc(1, sizeof *bend);
    check(bend != NULL);
    bend->base.ops = &bent_ops;
    bend->sim = sim;
    bends[sim->index] = bend;
    sim->store->on_generation = on_generation;
    sim->store->on_generation_user = bend;
    return &bend->base;
}

/* ---- cases ------------------------------------------------------------------------------------
 */

static void expect_red(enum rule rule, const char *wanted)
{
    off = rule;
    world_bend = rule == DUE_FIRST ? bend_store : NULL;
    for (uint64_t seed = 1; seed <= RECALL_SEEDS; seed++) {
        struct plan plan;
        plan_make(&plan, seed);
        const char *fault = plan_run(&plan, NULL);
        if (fault != NULL && strstr(fault, wanted) != NULL) {
            printf("# seed %d: %s\n", (int)seed, fault);
            return;
        }
    }
    test_note("nothing of the kind within %d seeds", RECALL_SEEDS);
    expect(false);
}

static void without_due_first(void)
{
    expect_red(DUE_FIRST, "left open while nobody looked on");
}

static void without_owner_token(void)
{
    expect_red(OWNER_TOKEN, "an agent spoke who was not the owner");
}

static void without_turn_token(void)
{
    expect_red(TURN_TOKEN, "a turn was committed that was not open");
}

int main(int argc, char **argv)
{
    crypto_start();
    log_line_setup(LOG_ERROR + 1, "sim");
    return test_main(argc, argv,
            (struct test_case[]){CASE(without_due_first), CASE(without_owner_token),
                    CASE(without_turn_token), {0}});
}
