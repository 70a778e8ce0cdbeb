/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's pool on this node: its log, its fold, and the router's turn of work.
 *
 *   entry (own or learnt) --> fold --> tell agents --> decide --> append the decisions --> ...
 *                                                        `--> timer at the next thing due
 *
 * Invariant: decisions are made by core/route alone, on a fold that compare-and-append proves to be
 * the newest, so any number of nodes may route and each case is offered once. Nothing here counts
 * capacity. The work is begun by every event that could free or need it, and by a timer.
 */
#include "flow/pools.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/pool_codec.h"
#include "flow/pool_save.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    POOL_SNAPSHOT_EVERY = 96, /* so that the page that a load reads first holds one */
    LOOK_AGAIN_MS = 1000,
    CLOCK_BACK_MS = 2000, /* the store's clock is behind the log by more: it was set back */
};

struct team {
    struct node *node;
    struct map_node by_tenant;
    struct id_text tenant;
    struct log log;
    struct pool *pool;
    struct timer timer;
    struct pool_change decision, snapshot;
    bool is_deciding, is_saving;
    bool is_in_doubt; /* a release was not said: compare with the conversations */
    bool is_gone;     /* the tenant is: nothing is appended any more */
    uint64_t saved_seq;
    uint64_t reconciled_generation;
    uint64_t folded_clock_ms; /* monotonic: when the log's last entry was folded */
};

struct pools {
    struct map by_tenant;
};

static void *resize(void *user, void *old, size_t bytes)
{
    (void)user;
    if (bytes > 0)
        return realloc(old, bytes);
    free(old);
    return NULL;
}

static struct team *team_of(struct log *log)
{
    return LIST_ITEM(log, struct team, log);
}

const struct pool *team_pool(const struct team *team)
{
    return team->pool;
}

struct node *team_node(const struct team *team)
{
    return team->node;
}

struct slice team_tenant(const struct team *team)
{
    return id_slice(&team->tenant);
}

uint64_t team_time_ms(const struct team *team)
{
    uint64_t now_ms = node_time_ms(team->node);
    if (now_ms + CLOCK_BACK_MS < team->log.time_ms)
        return team->log.time_ms + node_clock_ms(team->node) - team->folded_clock_ms;
    return now_ms > team->log.time_ms ? now_ms : team->log.time_ms;
}

bool team_is_read(const struct team *team)
{
    return team->log.state == LOG_READY;
}

void pool_doubt(struct team *team)
{
    team->is_in_doubt = true;
}

/* ---- the log ----------------------------------------------------------------------------------
 */

static void clear(struct log *log)
{
    struct team *team = team_of(log);
    uint64_t seed;
    team->node->random->fill(team->node->random, &seed, sizeof seed);
    if (team->pool != NULL)
        pool_destroy(team->pool);
    team->pool = pool_create((struct pool_memory){resize, NULL}, seed);
    team->saved_seq = 0;
    check(team->pool != NULL);
}

static enum log_fold fold_batch(struct team *team, const struct record *record, bool is_telling)
{
    const struct pool_entry *entries;
    size_t count, mark = team->node->scratch.used;
    enum log_fold fold = LOG_FOLDED;
    if (!pool_decode(record->plain, &team->node->scratch, &entries, &count))
        fold = LOG_FOLD_DAMAGED;
    for (size_t i = 0; fold == LOG_FOLDED && i < count; i++) {
        if (is_telling) {
            offers_tell(team, &entries[i], &record->at);
            continue;
        }
        enum pool_outcome outcome =
                pool_apply(team->pool, &record->at, record->time_ms, &entries[i]);
        check(outcome != POOL_FULL);
        if (outcome == POOL_UNKNOWN_KIND)
            fold = LOG_FOLD_UNKNOWN;
        if (entries[i].kind == POOL_SNAPSHOT)
            team->saved_seq = record->at.seq;
    }
    team->node->scratch.used = mark;
    return fold;
}

static enum log_fold apply(struct log *log, const struct record *record)
{
    struct team *team = team_of(log);
    team->folded_clock_ms = node_clock_ms(team->node);
    return fold_batch(team, record, false);
}

static bool holds_snapshot(struct log *log, const struct record *record)
{
    struct team *team = team_of(log);
    const struct pool_entry *entries;
    size_t count = 0, mark = team->node->scratch.used;
    bool holds = pool_decode(record->plain, &team->node->scratch, &entries, &count) && count > 0 &&
                 entries[0].kind == POOL_SNAPSHOT;
    team->node->scratch.used = mark;
    return holds;
}

static void on_record(struct log *log, const struct record *record)
{
    struct team *team = team_of(log);
    fold_batch(team, record, true);
    team_look(team);
}

static void reconcile(struct team *team)
{
    struct pool_request_view view;
    size_t cursor = 0;
    team->is_in_doubt = false;
    while (pool_next_request(team->pool, &cursor, &view))
        pool_check_request(team, &view.key);
}

/* What was learnt by reading was not told record by record; and what was read in a new life of the
 * link may lack what the conversations remember (rule 13). */
static void on_moved(struct log *log)
{
    struct team *team = team_of(log);
    bool is_new_life = team->reconciled_generation != log->generation;
    team->reconciled_generation = log->generation;
    agents_reconcile(team);
    agents_catch_up(team, is_new_life);
    if (is_new_life)
        reconcile(team);
    team_look(team);
}

static const struct log_kind pool_log_kind = {
        .clear = clear,
        .apply = apply,
        .holds_snapshot = holds_snapshot,
        .restore = apply,
        .on_record = on_record,
        .on_moved = on_moved,
};

/* ---- changes ----------------------------------------------------------------------------------
 */

static enum log_decision decide(
        struct log_change *log_change, struct log *log, struct log_draft *draft)
{
    struct pool_change *change = LIST_ITEM(log_change, struct pool_change, log);
    struct team *team = team_of(log);
    struct arena *scratch = &team->node->scratch;
    size_t mark = scratch->used;
    draft->time_ms = team_time_ms(team);
    if (change == &team->snapshot)
        return !team->is_gone && pool_save(team->pool, scratch, &draft->plain) ? LOG_APPEND
                                                                               : LOG_NO;
    struct pool_entry *entries = arena_take(scratch, ROUTE_DECISIONS_MAX * sizeof *entries);
    check(entries != NULL);
    size_t count = team->is_gone ? 0 : change->decide(change, team->pool, draft->time_ms, entries);
    bool is_encoded = count > 0 && pool_encode(entries, count, scratch, &draft->plain) &&
                      !draft->plain.overflowed;
    scratch->used = mark;
    return is_encoded ? LOG_APPEND : LOG_NO;
}

static void on_done(struct log_change *log_change, struct log *log)
{
    struct pool_change *change = LIST_ITEM(log_change, struct pool_change, log);
    (void)log;
    change->done(change, log_change->result.outcome);
}

void pool_submit(struct team *team, struct pool_change *change)
{
    change->team = team;
    change->log.decide = decide;
    change->log.done = on_done;
    log_submit(&team->log, &change->log);
}

/* ---- the router's work ------------------------------------------------------------------------
 */

static size_t decide_routing(struct pool_change *change, const struct pool *pool, uint64_t now_ms,
        struct pool_entry *entries)
{
    struct node *node = change->team->node;
    struct pool_decisions *decisions = arena_take(&node->scratch, sizeof *decisions);
    check(decisions != NULL);
    pool_decide(pool, &node->settings->policy, now_ms, decisions);
    memcpy(entries, decisions->entries, decisions->count * sizeof *entries);
    return decisions->count;
}

static void on_decided(struct pool_change *change, enum log_outcome outcome)
{
    struct team *team = change->team;
    team->is_deciding = false;
    if (outcome == LOG_APPENDED)
        team_look(team); /* there may be more than one batch */
}

static void on_saved(struct pool_change *change, enum log_outcome outcome)
{
    struct team *team = change->team;
    team->is_saving = false;
    if (outcome != LOG_APPENDED)
        team->saved_seq = team->log.tail.seq; /* too much, or not now: some entries later */
}

static void arm(struct team *team, uint64_t now_ms, uint64_t due_ms)
{
    struct timers *timers = team->node->timers;
    uint64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 1;
    if (wait_ms > LOOK_AGAIN_MS)
        wait_ms = LOOK_AGAIN_MS;
    timers->ops->arm(timers, &team->timer, timers->ops->now_ms(timers) + wait_ms);
}

static void start_deciding(struct team *team)
{
    team->is_deciding = true;
    team->decision.decide = decide_routing;
    team->decision.done = on_decided;
    pool_submit(team, &team->decision);
}

static void start_saving(struct team *team)
{
    struct pool_counts counts = pool_counts(team->pool);
    size_t values = 1 + counts.agents + counts.waiting + counts.offered + counts.active;
    if (values > POOL_SAVED_MAX)
        return; /* larger pools are read whole: see docs/explanation/routing.md */
    team->is_saving = true;
    team->snapshot.done = on_saved;
    pool_submit(team, &team->snapshot);
}

void team_look(struct team *team)
{
    struct node *node = team->node;
    if (team->log.state != LOG_READY || node->is_draining || team->is_gone)
        return;
    uint64_t now_ms = team_time_ms(team);
    size_t mark = node->scratch.used;
    struct pool_decisions *decisions = arena_take(&node->scratch, sizeof *decisions);
    check(decisions != NULL);
    pool_decide(team->pool, &node->settings->policy, now_ms, decisions);
    arm(team, now_ms, decisions->next_due_ms);
    bool is_needed = decisions->count > 0;
    node->scratch.used = mark;
    if (is_needed && !team->is_deciding)
        start_deciding(team);
    if (!team->is_saving && team->log.tail.seq >= team->saved_seq + POOL_SNAPSHOT_EVERY)
        start_saving(team);
    orphans_requeue(team);
    queue_tell(team, false);
}

static void on_timer(struct timer *timer)
{
    struct team *team = LIST_ITEM(timer, struct team, timer);
    struct node *node = team->node;
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + LOOK_AGAIN_MS);
    if (team->is_in_doubt && team->log.state == LOG_READY)
        reconcile(team);
    team_look(team);
}

/* ---- the table --------------------------------------------------------------------------------
 */

bool pools_create(struct node *node)
{
    node->pools = calloc(1, sizeof *node->pools);
    return node->pools != NULL;
}

static void begin(struct team *team)
{
    struct node *node = team->node;
    team->is_gone = false;
    team->log.is_followed = true;
    log_follow(&team->log);
    node->timers->ops->arm(node->timers, &team->timer, node_clock_ms(node) + LOOK_AGAIN_MS);
}

/* A pool's log is born by whoever needs it first: unlike a conversation's it is derived, so one
 * that is absent may be begun again (rule 13). */
static struct team *open_team(struct node *node, struct slice tenant)
{
    struct team *team = calloc(1, sizeof *team);
    char key[ID_MAX + 16];
    struct buffer out = buffer_make(key, sizeof key);
    if (team == NULL)
        return NULL;
    team->node = node;
    team->timer.on_due = on_timer;
    id_set(&team->tenant, tenant);
    buffer_put_slice(&out, SLICE_OF("{p:"));
    buffer_put_slice(&out, tenant);
    buffer_put_slice(&out, SLICE_OF("}log"));
    log_init(&team->log, &node->logs, &pool_log_kind, buffer_slice(&out), SLICE_NONE, SLICE_NONE);
    team->log.may_begin = true;
    map_put(&node->pools->by_tenant, &team->by_tenant, id_slice(&team->tenant));
    begin(team);
    return team;
}

struct team *pools_team(struct node *node, struct slice tenant)
{
    struct map_node *found = map_find(&node->pools->by_tenant, tenant);
    struct team *team = MAP_ITEM(found, struct team, by_tenant);
    if (team == NULL)
        return open_team(node, tenant);
    if (team->is_gone && directory_tenant(node, tenant) != NULL)
        begin(team); /* there is a new tenant of that name */
    return team;
}

void pools_open_all(struct node *node)
{
    const struct tenant *tenant = NULL;
    while ((tenant = directory_next_tenant(node, tenant)) != NULL)
        pools_team(node, tenant->id);
}

/* Its changes under way find nothing to do; what was sent before is dropped with the log. */
void pools_remove(struct node *node, struct slice tenant)
{
    struct map_node *found = map_find(&node->pools->by_tenant, tenant);
    struct team *team = MAP_ITEM(found, struct team, by_tenant);
    if (team == NULL)
        return;
    team->is_gone = true;
    team->log.is_followed = false;
    node->timers->ops->cancel(node->timers, &team->timer);
    node->store->ops->remove(node->store, team->log.key, NULL, NULL);
}

void pools_destroy(struct node *node)
{
    const struct map_node *at;
    while ((at = map_next(&node->pools->by_tenant, NULL)) != NULL) {
        struct team *team = (struct team *)MAP_ITEM(at, struct team, by_tenant);
        node->timers->ops->cancel(node->timers, &team->timer);
        map_remove(&node->pools->by_tenant, &team->by_tenant);
        log_finish(&team->log);
        pool_destroy(team->pool);
        free(team);
    }
    map_finish(&node->pools->by_tenant);
    free(node->pools);
    node->pools = NULL;
}
