/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's pool on this node: its log and its fold.
 *
 *   entry (own or learnt) --> news are noted --> fold, barrier --> news are told --> router's work
 *
 * Invariant: the fold moves by pool_apply alone, for own and for foreign entries alike; what
 * follows is told from the fold (pool_news.c) and decided from it (pool_router.c), never from an
 * entry. Nothing here counts capacity.
 */
#include "flow/team.h"

#include "base/check.h"
#include "base/heap.h"
#include "flow/bus_record.h"
#include "flow/callbacks_ahead.h"
#include "flow/desks.h"
#include "flow/pool_parts.h"
#include "stored/pool_codec.h"

#include <stdlib.h>

enum { CLOCK_BACK_MS = 2000 }; /* the store's clock is behind the log by more: it was set back */

struct pools {
    struct map by_tenant;
};

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

struct slice team_topic(const struct team *team)
{
    return team->topic.by_name.key;
}

uint64_t team_gap(const struct team *team)
{
    return team->metrics.gap;
}

void team_count_callback(struct team *team, uint8_t event)
{
    check(event > 0 && event <= CALLBACK_EVENTS);
    team->metrics.callbacks[event - 1]++;
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

const struct route_policy *team_policy(struct team *team)
{
    return policy_in_force(team->node, team->pool, &team->policy);
}

bool team_is_read(const struct team *team)
{
    return team->log.state == LOG_READY;
}

uint64_t team_seq(const struct team *team)
{
    return team->log.tail.seq;
}

bool team_has_kept(const struct team *team, uint64_t seq)
{
    return team->log.durable_seq >= seq;
}

struct pool_news *team_news(struct team *team)
{
    return &team->news;
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
    team->pool = pool_create((struct pool_memory){heap_resize, NULL}, seed);
    team->saved_seq = team->folded_values = team->folded_at_part = 0;
    team->is_large = false;
    team->is_queue_changed = true;
    team->assigned_count = 0; /* what is read notes them anew; the rest is compared */
    news_restart(team);
    check(team->pool != NULL);
}

static void note_saved(
        struct team *team, const struct record *record, const struct pool_entry *entry)
{
    bool is_kept = entry->kind == POOL_SNAPSHOT_AGENT || entry->kind == POOL_SNAPSHOT_REQUEST;
    if (entry->kind == POOL_SNAPSHOT) {
        team->saved_seq = record->at.seq;
        team->folded_values = team->folded_at_part = 0;
    } else if (entry->kind != POOL_PART) {
        team->folded_values += !is_kept;
    } else if (entry->part->index == 0) {
        team->folded_at_part = team->folded_values;
    } else if (entry->part->is_last) {
        team->saved_seq = entry->part->base.seq;
        team->folded_values -= team->folded_at_part;
        team->folded_at_part = 0;
    }
}

static enum log_fold fold_entry(
        struct team *team, const struct record *record, const struct pool_entry *entry)
{
    if (!team->news.is_all)
        agents_note(team, entry);
    news_note(team, entry);
    lead_note(team, entry);
    team->is_queue_changed |= entry->request.conversation.len > 0;
    note_saved(team, record, entry);
    if (team->log.state == LOG_READY)
        pool_metrics_note(&team->metrics, team->pool, entry, record->time_ms);
    enum pool_outcome outcome = pool_apply(team->pool, &record->at, record->time_ms, entry);
    check(outcome != POOL_FULL);
    if (team->log.state == LOG_READY && outcome == POOL_DONE)
        pool_metrics_check(&team->metrics, team->pool, entry);
    if (entry->kind == POOL_ASSIGNED && outcome == POOL_DONE)
        pool_give_later(team, &entry->request, record->at.seq);
    return outcome == POOL_UNKNOWN_KIND ? LOG_FOLD_UNKNOWN : LOG_FOLDED;
}

static enum log_fold apply(struct log *log, const struct record *record)
{
    struct team *team = team_of(log);
    const struct pool_entry *entries;
    size_t count, mark = team->node->scratch.used;
    enum log_fold fold = LOG_FOLDED;
    team->folded_clock_ms = node_clock_ms(team->node);
    team->is_undecided = true;
    if (team->moved_ms == 0)
        team->moved_ms = team->folded_clock_ms;
    if (!pool_decode(record->plain, &team->node->scratch, &entries, &count))
        fold = LOG_FOLD_DAMAGED;
    for (size_t i = 0; fold == LOG_FOLDED && i < count; i++)
        fold = fold_entry(team, record, &entries[i]);
    team->node->scratch.used = mark;
    return fold;
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
    bus_tell_record(team->node, team->topic.by_name.key, log, record);
    news_tell(team);
    team_look(team);
}

static void on_foreign(struct log *log, const struct record *record)
{
    struct team *team = team_of(log);
    (void)record; /* what follows is told from the fold */
    news_tell(team);
    team_look(team);
}

static void on_hint(struct bus_topic *topic, const struct bus_hint *hint)
{
    struct team *team = LIST_ITEM(topic, struct team, topic);
    if (hint->kind == BUS_INVITED)
        invited_hear(team, hint);
    else
        bus_take_record(&team->log, hint);
}

static void on_gap(struct bus_topic *topic)
{
    log_doubt(&LIST_ITEM(topic, struct team, topic)->log);
}

/* What was learnt by reading was not told record by record; and what was read in a new life of the
 * link may lack what the conversations remember (rule 13). */
static void on_moved(struct log *log)
{
    struct team *team = team_of(log);
    bool is_new_life = team->reconciled_generation != log->generation;
    team->reconciled_generation = log->generation;
    if (team->news.is_all)
        agents_compare(team);
    if (is_new_life) {
        leases_grant(team);
        team->is_in_doubt |= lead_is_mine(team); /* whoever takes the lead over does it, too */
    }
    news_tell(team);
    team_look(team);
}

static bool part_of(struct log *log, const struct record *record, struct log_part *out_part)
{
    return parts_part_of(team_of(log), record, out_part);
}

static enum log_fold restore_part(struct log *log, const struct record *record, uint64_t base_ms)
{
    return parts_restore(team_of(log), record, base_ms);
}

static const struct log_kind pool_log_kind = {
        .clear = clear,
        .apply = apply,
        .holds_snapshot = holds_snapshot,
        .restore = apply,
        .on_record = on_record,
        .on_moved = on_moved,
        .on_foreign = on_foreign,
        .part_of = part_of,
        .restore_part = restore_part,
};

/* ---- changes ----------------------------------------------------------------------------------
 */

static size_t decide_nothing(struct pool_change *change, const struct pool *pool, uint64_t now_ms,
        struct pool_entry *entries)
{
    (void)change, (void)pool, (void)now_ms, (void)entries;
    return 0;
}

void pool_look(struct team *team, struct pool_change *change)
{
    change->decide = decide_nothing;
    pool_submit(team, change);
}

/* ---- the table --------------------------------------------------------------------------------
 */

bool pools_create(struct node *node)
{
    node->pools = calloc(1, sizeof *node->pools);
    return node->pools != NULL;
}

struct slice pool_store_name(struct slice tenant, const char *what, char out[POOL_STORE_NAME_MAX])
{
    struct buffer name = buffer_make(out, POOL_STORE_NAME_MAX);
    buffer_put_slice(&name, SLICE_OF("{p:"));
    buffer_put_slice(&name, tenant);
    buffer_put_char(&name, '}');
    buffer_put_slice(&name, slice_of_string(what));
    return buffer_slice(&name);
}

static void listen(struct team *team)
{
    team->topic.on_hint = on_hint;
    team->topic.on_gap = on_gap;
    bus_open(team->node, &team->topic, pool_store_name(team_tenant(team), "h", team->topic_name));
}

static void begin(struct team *team)
{
    struct node *node = team->node;
    listen(team);
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
    if (team == NULL)
        return NULL;
    team->node = node;
    team->timer.on_due = team_on_timer;
    news_init(&team->news);
    id_set(&team->tenant, tenant);
    log_init(&team->log, &node->logs, &pool_log_kind, pool_store_name(tenant, "log", team->log_key),
            SLICE_NONE, SLICE_NONE);
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
        return tenant.len > 0 ? open_team(node, tenant) : NULL;
    if (team->is_gone && directory_tenant(node, tenant) != NULL)
        begin(team); /* there is a new tenant of that name */
    return team;
}

struct chat *pools_chat(struct team *team, const struct pool_key *key)
{
    bool is_ours = conversation_id_is_well_formed(key->conversation);
    struct chat *chat = is_ours ? chat_hold(team->node, key->conversation) : NULL;
    if (chat != NULL && chat->tenant.len == 0)
        chat->tenant = tenant_id_keep(team->node, id_slice(&team->tenant));
    return chat;
}

struct team *pools_next(struct node *node, const struct team *cursor)
{
    const struct map_node *at =
            map_next(&node->pools->by_tenant, cursor ? &cursor->by_tenant : NULL);
    return MAP_ITEM((struct map_node *)at, struct team, by_tenant);
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
    bus_close(node, &team->topic);
    node->timers->ops->cancel(node->timers, &team->timer);
    node->store->ops->remove(node->store, team->log.key, NULL, NULL);
    ahead_remove_all(node, tenant);
}
