/* SPDX-License-Identifier: Apache-2.0 */
/* The router's turn of work on a tenant's pool.
 *
 *   the fold moved --> decide --> the next entry carries the decisions --> the fold moved --> ...
 *                        `--> timer at the next thing due
 *
 * A large backlog's auction goes on in slices, a millisecond apart, and sockets are served between.
 *
 * Invariant: decisions are made by core/route alone, on a fold that compare-and-append proves to be
 * the newest, so any number of nodes may route and each case is offered once. The work is begun by
 * every event that could free or need capacity, and by a timer.
 */
#include "base/check.h"
#include "flow/members.h"
#include "flow/pool_parts.h"
#include "flow/pool_save.h"
#include "flow/team.h"

enum {
    SILENT_MS = 10000,
    POOL_SNAPSHOT_EVERY = 96, /* so that the page that a load reads first holds one */
    QUEUE_EVERY_MS = 250,
    QUEUE_AGAIN_MS = 60000, /* time alone moves estimates, and opens a queue */
    STANDBY_EVERY_MS = 250,
    CHECKS = 2, /* at a look: so that nothing is left behind for ever */
    CHECKED_AFTER_MS = 60000,
    CHECKS_IN_DOUBT = 64, /* the same, when something may have been */
};

/* ---- comparing with the conversations ---------------------------------------------------------
 */

/* In passing, what has stood for long; in doubt, all. A wrap-up's case is over, and its end near.
 */
static bool is_to_check(const struct team *team, const struct pool_request_view *view)
{
    bool is_old = view->since_ms + CHECKED_AFTER_MS < team_time_ms(team);
    return view->state != POOL_WRAP_UP && (is_old || team->checks_left > 0);
}

/* The pool is derived (rule 13): some live requests at a time are compared with what their
 * conversations say. After a failover, or another leader's end, soon; else in passing. */
static void check_some(struct team *team)
{
    struct pool_request_view view;
    struct pool_counts counts = pool_counts(team->pool);
    if (team->is_in_doubt)
        team->checks_left = counts.waiting + counts.offered + counts.active + counts.wrapping;
    team->is_in_doubt = false;
    size_t most = team->checks_left > 0 ? CHECKS_IN_DOUBT : CHECKS;
    for (size_t i = 0; i < most; i++) {
        if (!pool_next_request(team->pool, &team->check_cursor, &view)) {
            team->check_cursor = 0;
            break;
        }
        if (is_to_check(team, &view))
            pool_check_request(team, &view.key);
        team->checks_left -= team->checks_left > 0;
    }
}

static bool is_noted(const struct team *team, const struct pool_key *key)
{
    for (size_t i = 0; i < team->assigned_count; i++)
        if (name_equal(&team->assigned[i].name, &key->name) &&
                slice_equal(id_slice(&team->assigned[i].conversation), key->conversation))
            return true;
    return false;
}

void pool_give_later(struct team *team, const struct pool_key *key, uint64_t seq)
{
    if (is_noted(team, key))
        return;
    if (team->assigned_count == ROUTE_DECISIONS_MAX) {
        team->is_in_doubt = true; /* all are looked at */
        return;
    }
    struct assigned_key *assigned = &team->assigned[team->assigned_count++];
    id_set(&assigned->conversation, key->conversation);
    assigned->name = key->name;
    assigned->seq = seq;
}

/* Nobody was asked, so nobody answers: the conversation is given as soon as the pool's entry is
 * durable (rule 12). Whoever folds it may do that. */
static void give_assigned(struct team *team)
{
    for (size_t i = team->assigned_count; i-- > 0;) {
        struct assigned_key assigned = team->assigned[i];
        if (!team_has_kept(team, assigned.seq))
            continue;
        team->assigned[i] = team->assigned[--team->assigned_count];
        pool_check_request(
                team, &(struct pool_key){id_slice(&assigned.conversation), assigned.name});
    }
}

/* ---- the router's work ------------------------------------------------------------------------
 */

size_t team_decide(struct team *team, uint64_t now_ms, struct pool_entry *out)
{
    struct node *node = team->node;
    bool is_ours = lead_is_mine(team) && !team->is_gone && !node->is_draining;
    if (!is_ours || !(team->is_undecided || team->is_deciding))
        return 0;
    struct pool_decisions *decisions = arena_take(&node->scratch, sizeof *decisions);
    check(decisions != NULL);
    pool_decide_within(team->pool, team_policy(team), now_ms, ROUTE_SLICE_LOOKS, decisions);
    team->is_undecided = false;
    team->is_thinking = decisions->is_thinking;
    memcpy(out, decisions->entries, decisions->count * sizeof *out);
    return decisions->count;
}

static void on_decided(struct pool_change *change, enum log_outcome outcome)
{
    struct team *team = change->team;
    team->is_deciding = false;
    if (outcome == LOG_REFUSED || team->is_thinking)
        team_look(team); /* there may be more than one batch */
}

static enum log_decision decide_saving(
        struct log_change *change, struct log *log, struct log_draft *draft)
{
    struct team *team = LIST_ITEM(change, struct team, snapshot);
    (void)log;
    draft->time_ms = team_time_ms(team);
    bool is_saved = !team->is_gone && pool_save(team->pool, &team->node->scratch, &draft->plain);
    return is_saved ? LOG_APPEND : LOG_NO;
}

static void on_saved(struct log_change *change, struct log *log)
{
    struct team *team = LIST_ITEM(change, struct team, snapshot);
    (void)log;
    team->is_large = change->result.outcome == LOG_REFUSED;
    parts_done(team, change->result.outcome == LOG_APPENDED);
}

void parts_done(struct team *team, bool is_saved)
{
    team->is_saving = false;
    team->is_large &= !is_saved;
    if (!is_saved)
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

/* Each entry carries what the router decides; this makes sure that there is one. */
static void start_deciding(struct team *team)
{
    team->is_deciding = true;
    team->decision = (struct pool_change){.done = on_decided};
    pool_look(team, &team->decision);
}

static size_t values_of(const struct team *team)
{
    struct pool_counts counts = pool_counts(team->pool);
    return 2 + counts.agents + counts.waiting + counts.offered + counts.active + counts.wrapping;
}

static bool is_large(const struct team *team)
{
    uint32_t most = team->node->settings->pool_whole_max;
    return team->is_large || values_of(team) > (most ? most : POOL_SAVED_MAX);
}

static void start_saving(struct team *team)
{
    if (is_large(team)) {
        parts_begin(team);
        return;
    }
    team->is_saving = true;
    team->snapshot.decide = decide_saving;
    team->snapshot.done = on_saved;
    log_submit(&team->log, &team->snapshot);
}

/* One departure moves everybody: at most some times a second, and once a minute anyhow. */
static void tell_queue(struct team *team)
{
    uint64_t clock_ms = node_clock_ms(team->node);
    if (clock_ms < team->queue_told_ms + (team->is_queue_changed ? QUEUE_EVERY_MS : QUEUE_AGAIN_MS))
        return;
    team->queue_told_ms = clock_ms;
    team->is_queue_changed = !queue_tell(team);
}

/* What could be decided now; not known yet while it is thinking. */
static bool is_work(struct team *team, uint64_t now_ms, uint64_t *out_due_ms)
{
    struct node *node = team->node;
    const struct route_policy *policy = team_policy(team);
    struct pool_orphans orphans;
    size_t mark = node->scratch.used;
    struct pool_decisions *decisions = arena_take(&node->scratch, sizeof *decisions);
    check(decisions != NULL);
    pool_decide_within(team->pool, policy, now_ms, ROUTE_SLICE_LOOKS, decisions);
    team->is_thinking = decisions->is_thinking;
    pool_orphans(team->pool, policy, now_ms, &orphans);
    *out_due_ms = decisions->next_due_ms;
    bool is_any = decisions->count > 0;
    node->scratch.used = mark;
    return is_any || (orphans.count > 0 && !lead_is_mine(team));
}

static void lead(struct team *team, uint64_t now_ms)
{
    uint64_t due_ms;
    team->pending_since_ms = team->moved_ms = 0;
    if (team->is_deciding)
        return; /* looks when it is told */
    bool is_needed = is_work(team, now_ms, &due_ms);
    arm(team, now_ms, due_ms);
    if (is_needed)
        start_deciding(team);
    orphans_requeue(team);
}

/* There are cases, and whoever led is gone: the next one sees to them, also to what it cannot see.
 */
static bool is_forsaken(const struct team *team)
{
    struct pool_counts counts = pool_counts(team->pool);
    return lead_is_vacant(team) && members_rank(team->node) == 0 &&
           counts.waiting + counts.offered + counts.active > 0;
}

static void look_for_work(struct team *team, uint64_t now_ms, uint64_t clock_ms)
{
    bool is_needed = is_work(team, now_ms, &team->standby_due_ms) || is_forsaken(team);
    if (team->is_thinking && !is_needed)
        return;
    if (!is_needed)
        team->pending_since_ms = 0;
    else if (team->pending_since_ms == 0)
        team->pending_since_ms = team->moved_ms ? team->moved_ms : clock_ms;
    team->standby_looked_ms = clock_ms;
    team->moved_ms = 0;
}

/* Deciding costs, and is the leader's: a standby looks now and then whether it is still done. */
static void stand_by(struct team *team, uint64_t now_ms)
{
    uint64_t clock_ms = node_clock_ms(team->node), patience_ms = lead_patience_ms(team);
    bool is_news = team->moved_ms != 0 || team->pending_since_ms != 0 ||
                   now_ms >= team->standby_due_ms || lead_is_vacant(team) || team->is_thinking;
    bool is_soon = !team->is_thinking && clock_ms < team->standby_looked_ms + STANDBY_EVERY_MS &&
                   patience_ms >= STANDBY_EVERY_MS;
    if (is_news && !is_soon)
        look_for_work(team, now_ms, clock_ms);
    uint64_t since_ms = team->pending_since_ms > team->led_clock_ms ? team->pending_since_ms
                                                                    : team->led_clock_ms;
    if (team->pending_since_ms != 0 && clock_ms >= since_ms + patience_ms && !team->is_deciding)
        lead_take(team);
    bool is_open = team->pending_since_ms != 0 || (is_news && is_soon);
    if (team->is_thinking)
        arm(team, now_ms, now_ms);
    else
        arm(team, now_ms, is_open ? now_ms + STANDBY_EVERY_MS : team->standby_due_ms);
}

/* A large pool's log grows by no more snapshots than other values, so that it does not become
 * several times as long; and what a load reads is some times the pool, however long the log. */
static bool may_save(const struct team *team)
{
    uint32_t every = team->node->settings->pool_saved_every;
    bool is_ours = lead_is_mine(team) || (lead_is_vacant(team) && members_rank(team->node) == 0);
    return is_ours && !team->is_saving &&
           team->log.tail.seq >= team->saved_seq + (every ? every : POOL_SNAPSHOT_EVERY) &&
           (!is_large(team) || team->folded_values >= values_of(team));
}

void team_look(struct team *team)
{
    struct node *node = team->node;
    if (team->log.state != LOG_READY || node->is_draining || team->is_gone)
        return;
    policy_propose(team, &team->policy);
    give_assigned(team);
    uint64_t now_ms = team_time_ms(team);
    if (lead_is_mine(team))
        lead(team, now_ms);
    else
        stand_by(team, now_ms);
    if (may_save(team))
        start_saving(team);
    tell_queue(team);
}

/* A hint can be lost without a trace, and who leads nothing compares nothing: a request that seems
 * to live, of which nothing is heard for long, may be over. */
static void look_when_silent(struct team *team)
{
    uint64_t now_ms = node_clock_ms(team->node);
    struct pool_request_view view;
    size_t cursor = 0;
    bool is_silent = now_ms >= team->folded_clock_ms + SILENT_MS &&
                     now_ms >= team->looked_clock_ms + SILENT_MS;
    if (!is_silent || team->log.state != LOG_READY || !members_are_others(team->node) ||
            !pool_next_request(team->pool, &cursor, &view))
        return;
    team->looked_clock_ms = now_ms;
    log_doubt(&team->log);
}

void team_on_timer(struct timer *timer)
{
    struct team *team = LIST_ITEM(timer, struct team, timer);
    struct node *node = team->node;
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + LOOK_AGAIN_MS);
    if (team->is_thinking) { /* the next slice, and nothing else */
        team_look(team);
        return;
    }
    if (team->log.state == LOG_READY && !node->is_draining &&
            (team->is_in_doubt || team->checks_left > 0 || lead_is_mine(team)))
        check_some(team);
    activity_look(team);
    if (team->log.state == LOG_READY)
        pool_metrics_sample(&team->metrics, team->pool, team_policy(team), team_time_ms(team));
    look_when_silent(team);
    news_tell(team); /* what could not be told before */
    team_look(team);
}
