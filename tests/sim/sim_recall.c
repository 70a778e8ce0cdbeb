/* SPDX-License-Identifier: Apache-2.0 */
/* Recalls: a rule of docs/explanation/log.md is out of force, and the simulation of the flows must
 * see what that breaks. The product has no switches for it: the due index is made late, and what
 * was erased left in its place, by a store that stands between a node and its link, and checks of
 * tokens are answered before they are made, by the linker (--wrap).
 */
#include "base/check.h"
#include "base/log_line.h"
#include "bent_store.h"
#include "lib/test.h"
#include "port/crypto.h"
#include "shrink.h"

#include <stdlib.h>

enum { RECALL_SEEDS = 1000, LATE_MS = 3000 };
enum rule {
    ALL_KEPT,
    DUE_FIRST,
    OWNER_TOKEN,
    TURN_TOKEN,
    OWN_WORDS,
    WITHHOLDING,
    TOLD_PLACES,
    INTERNAL,
    HANDING_ON,
    DISCRETION,
    TRIMMING
};
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

void __real_conversation_requeue(
        const struct conversation *, const struct requeue *, uint64_t now_ms, struct decision *);
void __wrap_conversation_requeue(
        const struct conversation *, const struct requeue *, uint64_t now_ms, struct decision *);

/* Whoever once owned the case may hand it on, whoever has it now. */
void __wrap_conversation_requeue(const struct conversation *fold, const struct requeue *requeue,
        uint64_t now_ms, struct decision *decision)
{
    static struct conversation bent;
    bent = *fold;
    if (off == HANDING_ON && requeue->by.kind == AUTHOR_AGENT && fold->phase < PHASE_SUPERSEDED) {
        bent.phase = PHASE_ACTIVE;
        bent.owner = requeue->owner;
        id_set(&bent.owner_id, requeue->by.id);
    }
    __real_conversation_requeue(&bent, requeue, now_ms, decision);
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

/* ---- the life of a message --------------------------------------------------------------------
 */

void __real_conversation_amend(
        const struct conversation *, const struct amend *, uint64_t now_ms, struct decision *);
void __wrap_conversation_amend(
        const struct conversation *, const struct amend *, uint64_t now_ms, struct decision *);
const struct amendment *__real_amendments_find(const struct amendments *, const struct name *);
const struct amendment *__wrap_amendments_find(const struct amendments *, const struct name *);

bool __real_readers_take_news(
        struct readers *, struct proto_receipts *to_staff, struct proto_receipts *to_customers);
bool __wrap_readers_take_news(
        struct readers *, struct proto_receipts *to_staff, struct proto_receipts *to_customers);

bool __real_session_answers(struct session *, struct chat *);
bool __wrap_session_answers(struct session *, struct chat *);

/* Whoever looks on is taken for somebody who answers. */
bool __wrap_session_answers(struct session *session, struct chat *chat)
{
    return off == DISCRETION || __real_session_answers(session, chat);
}

/* A node forgets what it told. */
bool __wrap_readers_take_news(struct readers *readers, struct proto_receipts *to_staff,
        struct proto_receipts *to_customers)
{
    if (off == TOLD_PLACES)
        readers->count = 0;
    return __real_readers_take_news(readers, to_staff, to_customers);
}

bool __real_part_is_visible(const struct part *, bool to_staff);
bool __wrap_part_is_visible(const struct part *, bool to_staff);
bool __real_entry_is_visible(const struct entry *, bool to_staff);
bool __wrap_entry_is_visible(const struct entry *, bool to_staff);

/* Everybody is of the staff. */
bool __wrap_part_is_visible(const struct part *part, bool to_staff)
{
    return __real_part_is_visible(part, to_staff || off == INTERNAL);
}

bool __wrap_entry_is_visible(const struct entry *entry, bool to_staff)
{
    return __real_entry_is_visible(entry, to_staff || off == INTERNAL);
}

/* All words are everybody's. */
void __wrap_conversation_amend(const struct conversation *fold, const struct amend *amend,
        uint64_t now_ms, struct decision *decision)
{
    struct amend bent = *amend;
    if (off == OWN_WORDS && bent.found.is_message)
        bent.found.author = bent.author;
    __real_conversation_amend(fold, &bent, now_ms, decision);
}

/* The fold forgets what was edited and deleted. */
const struct amendment *__wrap_amendments_find(
        const struct amendments *amendments, const struct name *target)
{
    return off == WITHHOLDING ? NULL : __real_amendments_find(amendments, target);
}

/* ---- the due index, late ----------------------------------------------------------------------
 * Once a node has died, what is late never comes. */

struct late {
    struct timer timer;
    struct bent_store *bent;
    uint64_t score;
    store_done done;
    void *user;
    char key[64], member[96];
    size_t key_len, member_len;
};

static void on_late(struct timer *timer)
{
    struct late *late = LIST_ITEM(timer, struct late, timer);
    struct store *link = late->bent->sim->store;
    if (bent_store_is_alive(late->bent))
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
    fake_timers_arm(&late->bent->sim->world->world_timers, &late->timer,
            late->bent->sim->world->clock.now_ms + LATE_MS);
}

static void add_late(struct store *store, struct slice key, struct slice member, uint64_t score,
        enum zset_rule rule, store_done done, void *user)
{
    struct store *link = bent_store_link(store);
    bool is_due = key.len > 3 && memcmp(key.bytes + key.len - 3, "due", 3) == 0;
    if (!is_due || done == NULL) {
        link->ops->zset_add(link, key, member, score, rule, done, user);
        return;
    }
    struct late *late = calloc(1, sizeof *late);
    check(late != NULL && key.len < sizeof late->key && member.len < sizeof late->member);
    *late = (struct late){.bent = bent_store_of(store),
            .score = score,
            .done = done,
            .user = user,
            .key_len = key.len,
            .member_len = member.len};
    memcpy(late->key, key.bytes, key.len);
    memcpy(late->member, member.bytes, member.len);
    link->ops->barrier(link, link->ops->generation(link), on_turn, late);
}

static struct store *bend_due(struct sim_node *sim)
{
    struct bent_store *bent = bent_store_create(sim);
    bent->ops.zset_add = add_late;
    return &bent->base;
}

/* ---- what was erased stays --------------------------------------------------------------------
 */

static void trim_nothing(
        struct store *store, struct slice key, uint64_t below, store_done done, void *user)
{
    struct store *link = bent_store_link(store);
    (void)key;
    (void)below;
    link->ops->barrier(link, link->ops->generation(link), done, user);
}

static struct store *bend_trim(struct sim_node *sim)
{
    struct bent_store *bent = bent_store_create(sim);
    bent->ops.trim = trim_nothing;
    return &bent->base;
}

/* ---- cases ------------------------------------------------------------------------------------
 */

static void expect_red(enum rule rule, const char *wanted)
{
    off = rule;
    world_bend = rule == DUE_FIRST ? bend_due : rule == TRIMMING ? bend_trim : NULL;
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

static void without_token_to_hand_on(void)
{
    expect_red(HANDING_ON, "a case was handed on by somebody who did not own it");
}

static void without_turn_token(void)
{
    expect_red(TURN_TOKEN, "a turn was committed that was not open");
}

static void without_own_words(void)
{
    expect_red(OWN_WORDS, "somebody's words were changed by another");
}

static void without_withholding(void)
{
    expect_red(WITHHOLDING, "were shown to who asked");
}

static void without_told_places(void)
{
    expect_red(TOLD_PLACES, "a receipt went back");
}

static void without_discretion(void)
{
    expect_red(DISCRETION, "a customer knows of somebody who only looked on");
}

static void without_internal(void)
{
    expect_red(INTERNAL, "a customer was shown what is for colleagues");
}

static void without_trimming(void)
{
    expect_red(TRIMMING, "a log that was erased holds more than that it was");
}

int main(int argc, char **argv)
{
    crypto_start();
    log_line_setup(LOG_ERROR + 1, "sim");
    return test_main(argc, argv,
            (struct test_case[]){CASE(without_due_first), CASE(without_owner_token),
                    CASE(without_token_to_hand_on), CASE(without_turn_token),
                    CASE(without_own_words), CASE(without_withholding), CASE(without_told_places),
                    CASE(without_discretion), CASE(without_internal), CASE(without_trimming), {0}});
}
