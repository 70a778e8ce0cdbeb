/* SPDX-License-Identifier: Apache-2.0 */
/* The router's turn of work on a tenant's pool.
 *
 *   the fold moved --> decide --> append the decisions --> the fold moved --> ...
 *                        `--> timer at the next thing due
 *
 * Invariant: decisions are made by core/route alone, on a fold that compare-and-append proves to be
 * the newest, so any number of nodes may route and each case is offered once. The work is begun by
 * every event that could free or need capacity, and by a timer.
 */
#include "base/check.h"
#include "flow/pool_save.h"
#include "flow/team.h"

enum {
    POOL_SNAPSHOT_EVERY = 96, /* so that the page that a load reads first holds one */
    QUEUE_EVERY_MS = 250,
};

void team_reconcile(struct team *team)
{
    struct pool_request_view view;
    size_t cursor = 0;
    team->is_in_doubt = false;
    while (pool_next_request(team->pool, &cursor, &view))
        pool_check_request(team, &view.key);
}

void team_note_assigned(struct team *team, const struct pool_key *key)
{
    if (team->assigned_count == ROUTE_DECISIONS_MAX) {
        team->is_in_doubt = true; /* all are looked at */
        return;
    }
    struct assigned_key *assigned = &team->assigned[team->assigned_count++];
    id_set(&assigned->conversation, key->conversation);
    assigned->name = key->name;
}

/* Nobody was asked, so nobody answers: the conversation is given as soon as the pool's entry is
 * durable. Whoever folds it may do that. */
static void give_assigned(struct team *team)
{
    while (team->assigned_count > 0) {
        struct assigned_key *assigned = &team->assigned[--team->assigned_count];
        pool_check_request(
                team, &(struct pool_key){id_slice(&assigned->conversation), assigned->name});
    }
}

/* ---- the router's work ------------------------------------------------------------------------
 */

static size_t decide_routing(struct pool_change *change, const struct pool *pool, uint64_t now_ms,
        struct pool_entry *entries)
{
    struct node *node = change->team->node;
    struct pool_decisions *decisions = arena_take(&node->scratch, sizeof *decisions);
    check(decisions != NULL);
    pool_decide(pool, team_policy(change->team), now_ms, decisions);
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
    uint64_t most_ms = team->is_queue_changed ? QUEUE_EVERY_MS : LOOK_AGAIN_MS;
    if (wait_ms > most_ms)
        wait_ms = most_ms;
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
    size_t values =
            2 + counts.agents + counts.waiting + counts.offered + counts.active + counts.wrapping;
    if (values > POOL_SAVED_MAX)
        return; /* larger pools are read whole: see docs/explanation/routing.md */
    team->is_saving = true;
    team->snapshot.done = on_saved;
    pool_submit(team, &team->snapshot);
}

/* One departure moves everybody: at most some times a second. */
static void tell_queue(struct team *team)
{
    uint64_t clock_ms = node_clock_ms(team->node);
    if (!team->is_queue_changed || clock_ms < team->queue_told_ms + QUEUE_EVERY_MS)
        return;
    team->queue_told_ms = clock_ms;
    team->is_queue_changed = false;
    queue_tell(team);
}

void team_look(struct team *team)
{
    struct node *node = team->node;
    if (team->log.state != LOG_READY || node->is_draining || team->is_gone)
        return;
    policy_propose(team, &team->policy);
    give_assigned(team);
    uint64_t now_ms = team_time_ms(team);
    size_t mark = node->scratch.used;
    struct pool_decisions *decisions = arena_take(&node->scratch, sizeof *decisions);
    check(decisions != NULL);
    pool_decide(team->pool, team_policy(team), now_ms, decisions);
    arm(team, now_ms, decisions->next_due_ms);
    bool is_needed = decisions->count > 0;
    node->scratch.used = mark;
    if (is_needed && !team->is_deciding)
        start_deciding(team);
    if (!team->is_saving && team->log.tail.seq >= team->saved_seq + POOL_SNAPSHOT_EVERY)
        start_saving(team);
    orphans_requeue(team);
    tell_queue(team);
}

void team_on_timer(struct timer *timer)
{
    struct team *team = LIST_ITEM(timer, struct team, timer);
    struct node *node = team->node;
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + LOOK_AGAIN_MS);
    if (team->is_in_doubt && team->log.state == LOG_READY)
        team_reconcile(team);
    news_tell(team); /* what could not be told before */
    team_look(team);
}
