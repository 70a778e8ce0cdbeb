/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics door: what the pools of this node look like, as OpenMetrics text.
 *
 *   GET /v1/admin/metrics      (admin token)
 *
 * Invariant: weft_routing_waiting_while_free and weft_routing_agents_over_capacity are read off the
 * fold at this moment, by the functions that decide; both must be 0 but for a moment between two
 * decisions, and for chats that agents own by their conversation's word.
 */
#include "flow/door.h"
#include "flow/team.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void put(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct buffer *out, const char *format, ...)
{
    char line[512];
    va_list values;
    va_start(values, format);
    int len = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (len > 0 && (size_t)len < sizeof line)
        buffer_put_slice(out, slice_make(line, (size_t)len));
}

struct metric {
    const char *name, *help;
    double (*value)(struct team *team);
};

struct gauge {
    uint64_t over_capacity, weight, room, online, busy;
};

static struct gauge look_at_agents(const struct pool *pool)
{
    struct gauge gauge = {0};
    struct pool_agent_view view;
    for (size_t cursor = 0; pool_next_agent(pool, &cursor, &view);) {
        uint64_t room = (uint64_t)view.capacity * POOL_WEIGHT_FULL;
        gauge.over_capacity += view.weight > room;
        if (view.status != POOL_ONLINE)
            continue;
        gauge.online++;
        gauge.busy += view.load > 0;
        gauge.weight += view.weight;
        gauge.room += room;
    }
    return gauge;
}

/* ---- gauges ---- */

static double waiting(struct team *team)
{
    return (double)pool_counts(team->pool).waiting;
}

static double offered(struct team *team)
{
    return (double)pool_counts(team->pool).offered;
}

static double active(struct team *team)
{
    return (double)pool_counts(team->pool).active;
}

static double online(struct team *team)
{
    return (double)pool_counts(team->pool).online;
}

static double waiting_while_free(struct team *team)
{
    return (double)pool_waiting_while_free(team->pool, team_policy(team), team_time_ms(team));
}

static double over_capacity(struct team *team)
{
    return (double)look_at_agents(team->pool).over_capacity;
}

static double utilisation(struct team *team)
{
    struct gauge agents = look_at_agents(team->pool);
    return agents.room > 0 ? (double)agents.weight / (double)agents.room : 0;
}

static double occupancy(struct team *team)
{
    struct gauge agents = look_at_agents(team->pool);
    return agents.online > 0 ? (double)agents.busy / (double)agents.online : 0;
}

static double waiting_for_better(struct team *team)
{
    return (double)pool_waiting_for_better(team->pool, team_policy(team), team_time_ms(team));
}

static double gap(struct team *team)
{
    return (double)team->metrics.gap;
}

static double policy_version(struct team *team)
{
    return (double)team_policy(team)->version;
}

static const struct metric gauges[] = {{"waiting", "Cases that wait for an agent.", waiting},
        {"offered", "Open offers.", offered}, {"active", "Cases that an agent has.", active},
        {"agents_online", "Agents who take offers.", online},
        {"waiting_while_free", "Waiting although somebody eligible now has room: 0.",
                waiting_while_free},
        {"waiting_for_better", "Waiting while an agent of a later step has room.",
                waiting_for_better},
        {"agents_over_capacity", "Agents with more than their capacity.", over_capacity},
        {"utilisation", "Share of the capacity of the agents online that is in use.", utilisation},
        {"occupancy", "Share of the agents online who have something to do.", occupancy},
        {"gap_per_mille", "Of the newest offers: how far from the bound at most.", gap},
        {"policy_version", "The policy in force; 0: the defaults.", policy_version}};

/* ---- counters ---- */

static void put_waits(struct buffer *out, const struct team *team)
{
    const struct pool_metrics *metrics = &team->metrics;
    struct slice tenant = team_tenant(team);
    uint64_t sum = 0;
    for (size_t i = 0; i < POOL_WAIT_BOUNDS; i++) {
        sum += metrics->waits[i];
        put(out, "weft_routing_wait_seconds_bucket{tenant=\"%.*s\",le=\"%u\"} %" PRIu64 "\n",
                SLICE_ARGS(tenant), pool_wait_bounds_s[i], sum);
    }
    put(out, "weft_routing_wait_seconds_bucket{tenant=\"%.*s\",le=\"+Inf\"} %" PRIu64 "\n",
            SLICE_ARGS(tenant), metrics->wait_count);
    put(out, "weft_routing_wait_seconds_sum{tenant=\"%.*s\"} %.3f\n", SLICE_ARGS(tenant),
            (double)metrics->wait_sum_ms / 1000);
    put(out, "weft_routing_wait_seconds_count{tenant=\"%.*s\"} %" PRIu64 "\n", SLICE_ARGS(tenant),
            metrics->wait_count);
}

static void put_events(struct buffer *out, const struct team *team)
{
    const struct pool_metrics *metrics = &team->metrics;
    const struct {
        const char *what;
        uint64_t count;
    } events[] = {{"queued", metrics->queued}, {"stranded", metrics->stranded},
            {"offered", metrics->offered}, {"assigned", metrics->assigned},
            {"accepted", metrics->accepted}, {"taken", metrics->taken},
            {"declined", metrics->declined}, {"expired", metrics->expired}, {"left", metrics->left},
            {"promise_kept", metrics->promises_kept}, {"promise_missed", metrics->promises_missed}};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        put(out, "weft_routing_events_total{tenant=\"%.*s\",event=\"%s\"} %" PRIu64 "\n",
                SLICE_ARGS(team_tenant(team)), events[i].what, events[i].count);
}

static void put_callbacks(struct buffer *out, const struct team *team)
{
    for (size_t i = 0; i < CALLBACK_EVENTS; i++)
        put(out, "weft_routing_callbacks_total{tenant=\"%.*s\",event=\"%s\"} %" PRIu64 "\n",
                SLICE_ARGS(team_tenant(team)), callback_events[i], team->metrics.callbacks[i]);
}

static double breaches(struct team *team)
{
    return (double)team->metrics.breaches;
}

static double held_out_s(struct team *team)
{
    return (double)team->metrics.held_out_ms / 1000;
}

static const struct metric counters[] = {
        {"capacity_breaches", "A router gave more than there was room for: 0.", breaches},
        {"held_out_seconds", "Waited while an agent of a later step was free, all cases together.",
                held_out_s}};

/* The next pool that is known here. */
static struct team *next_team(struct node *node, struct team *team)
{
    do {
        team = pools_next(node, team);
    } while (team != NULL && (!team_is_read(team) || team->is_gone));
    return team;
}

/* Of each metric its two lines, then a line for each pool; suffix: OpenMetrics wants one of
 * counters. */
static void put_metrics(struct buffer *out, struct node *node, const char *type, const char *suffix,
        const struct metric *metrics, size_t count)
{
    struct team *team = NULL;
    for (const struct metric *metric = metrics; metric < metrics + count; metric++) {
        put(out, "# TYPE weft_routing_%s %s\n# HELP weft_routing_%s %s\n", metric->name, type,
                metric->name, metric->help);
        while ((team = next_team(node, team)) != NULL)
            put(out, "weft_routing_%s%s{tenant=\"%.*s\"} %.15g\n", metric->name, suffix,
                    SLICE_ARGS(team_tenant(team)), metric->value(team));
    }
}

static void put_all(struct buffer *out, struct node *node)
{
    struct team *team = NULL;
    put_metrics(out, node, "gauge", "", gauges, sizeof gauges / sizeof *gauges);
    put_metrics(out, node, "counter", "_total", counters, sizeof counters / sizeof *counters);
    put(out, "# TYPE weft_routing_events counter\n"
             "# HELP weft_routing_events What happened since this node follows the pool.\n");
    while ((team = next_team(node, team)) != NULL)
        put_events(out, team);
    put(out, "# TYPE weft_routing_callbacks counter\n"
             "# HELP weft_routing_callbacks What became of callbacks, in entries of this node.\n");
    while ((team = next_team(node, team)) != NULL)
        put_callbacks(out, team);
    put(out, "# TYPE weft_routing_wait_seconds histogram\n"
             "# HELP weft_routing_wait_seconds From queued to answered.\n");
    while ((team = next_team(node, team)) != NULL)
        put_waits(out, team);
    put(out, "# EOF\n");
}

bool door_metrics(struct door *door, const struct http_request *request)
{
    struct node *node = door->node;
    if (!slice_is(request->path, "/v1/admin/metrics") || request->method != HTTP_GET)
        return false;
    if (!door_is_admin(door, request))
        return true;
    struct buffer out = buffer_make(node->out, NODE_OUT_BYTES);
    put_all(&out, node);
    struct http_reply reply = {.status = 200,
            .content_type = SLICE_OF("application/openmetrics-text; version=1.0.0; charset=utf-8"),
            .body = buffer_slice(&out)};
    node->http->ops->reply(node->http, door->exchange, &reply);
    return true;
}
