/* SPDX-License-Identifier: Apache-2.0 */
/* One link to one Redis, through all of its lives.
 *
 * Invariant: the generation is 0 before the first request of a dying connection is told, so nobody
 * can send into it, or take what it has read for good. hiredis frees its connections by itself in
 * many places; all of them end in on_gone, after all outstanding requests have been told, and
 * exactly once for each context that was connected.
 *
 * It does not resolve names or follow redirections: a server that is not what it was is left, and
 * the same address tried again, or that which the Sentinels tell.
 */
#include "store/redis_link.h"

#include "base/check.h"
#include "base/log_line.h"
#include "store/redis_error.h"
#include "store/redis_poll.h"
#include "store/redis_probe.h"
#include "store/redis_sentinel.h"
#include "store/redis_settings.h"

#include <fcntl.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum link_state { LINK_WAITING, LINK_GREETING, LINK_UP, LINK_CLOSED };

struct redis_link {
    struct redis_settings settings;
    struct redis_link_events events;
    struct uv_loop_s *loop;
    struct timers *timers;
    uv_prepare_t prepare; /* writes what the turn has queued */
    unsigned handles_open;
    enum link_state state;
    redisAsyncContext *context; /* NULL: not connected, nor connecting */
    struct redis_poll *poll;
    struct redis_probe probe;
    struct redis_requests requests;
    struct redis_command command;
    uint64_t generation, generation_last, generation_told;
    uint64_t retry_ms;
    struct timer retry_timer, watch_timer;
    bool is_failure_told;
    struct redis_sentinel_watcher watcher;
};

uint64_t redis_link_clock_ms(const struct redis_link *link)
{
    return link->timers->ops->now_ms(link->timers);
}

static void arm(struct redis_link *link, struct timer *timer, uint64_t after_ms)
{
    link->timers->ops->arm(link->timers, timer, redis_link_clock_ms(link) + after_ms);
}

static void disarm(struct redis_link *link, struct timer *timer)
{
    link->timers->ops->cancel(link->timers, timer);
}

/* --- the end of a connection ------------------------------------------------------------------ */

/* Of attempts that fail in a row only the first is told. */
static void note_end(struct redis_link *link, const char *reason)
{
    bool was_up = link->generation != 0;
    if (was_up || !link->is_failure_told)
        log_line(LOG_WARN, was_up ? "store.link_lost" : "store.link_failed",
                "link=%s generation=%" PRIu64 " reason=\"%s\"", link->settings.name,
                link->generation, reason);
    link->is_failure_told = true;
}

/* From here on nothing can be sent; hiredis then tells what is outstanding, and on_gone. */
static void end_generation(struct redis_link *link, const char *reason)
{
    if (link->state != LINK_GREETING && link->state != LINK_UP)
        return;
    note_end(link, reason);
    link->state = LINK_WAITING;
    link->generation = 0;
}

void redis_link_cut(struct redis_link *link, const char *reason)
{
    if (link->state != LINK_GREETING && link->state != LINK_UP)
        return;
    end_generation(link, reason);
    redisAsyncFree(link->context);
}

static const char *reason_of(const struct redis_link *link)
{
    return link->context != NULL && link->context->err != 0 ? link->context->errstr : "closed";
}

static uint64_t jittered(struct redis_link *link, uint64_t ms)
{
    uint64_t drawn = 0;
    if (link->settings.random == NULL || ms < 2)
        return ms;
    link->settings.random->fill(link->settings.random, &drawn, sizeof drawn);
    return ms / 2 + drawn % (ms / 2 + 1);
}

static void connect_later(struct redis_link *link)
{
    arm(link, &link->retry_timer, jittered(link, link->retry_ms));
    link->retry_ms *= 2;
    if (link->retry_ms > link->settings.retry_ms_max)
        link->retry_ms = link->settings.retry_ms_max;
}

static void on_gone(void *user)
{
    struct redis_link *link = user;
    if (link->state == LINK_CLOSED)
        return;
    end_generation(link, reason_of(link));
    link->context = NULL;
    link->poll = NULL;
    disarm(link, &link->watch_timer);
    connect_later(link);
    if (link->generation_told != 0) {
        link->generation_told = 0;
        link->events.on_generation(link->events.user, 0);
    }
}

/* --- sending and hearing ---------------------------------------------------------------------- */

static void on_answer(redisAsyncContext *context, void *answer, void *user)
{
    struct redis_link *link = context->data;
    const redisReply *reply = answer;
    if (link->state == LINK_CLOSED)
        return;
    if (reply == NULL)
        end_generation(link, reason_of(link));
    else if (reply->type == REDIS_REPLY_ERROR) {
        struct slice text = slice_make(reply->str, reply->len);
        char reason[32];
        snprintf(reason, sizeof reason, "%.*s", SLICE_ARGS(redis_error_code(text)));
        if (redis_error_of(text) == REDIS_ERROR_LINK) {
            redis_link_cut(link, reason);
            reply = NULL;
        }
    }
    redis_requests_complete(&link->requests, user, reply);
}

static bool queue(struct redis_link *link, redisCallbackFn *on_reply, struct redis_request *request)
{
    check(link->command.words_left == 0);
    return redisAsyncFormattedCommand(link->context, on_reply, request, link->command.bytes,
                   link->command.len) == REDIS_OK;
}

void redis_link_send_greeting(struct redis_link *link, struct redis_request *request)
{
    if (!queue(link, on_answer, request)) {
        redis_link_complete_later(link, request);
        return;
    }
    request->generation = link->generation;
    redis_requests_expect(&link->requests, request, redis_link_clock_ms(link));
}

static bool may_send(const struct redis_link *link, const struct redis_request *request)
{
    return link->state == LINK_UP && !request->is_spare;
}

void redis_link_send(struct redis_link *link, struct redis_request *request)
{
    if (may_send(link, request))
        redis_link_send_greeting(link, request);
    else
        redis_link_complete_later(link, request);
}

void redis_link_send_ahead(struct redis_link *link, struct redis_request *request)
{
    if (may_send(link, request))
        queue(link, NULL, request);
}

void redis_link_complete(struct redis_link *link, struct redis_request *request)
{
    redis_requests_complete(&link->requests, request, NULL);
}

void redis_link_complete_later(struct redis_link *link, struct redis_request *request)
{
    redis_requests_complete_later(&link->requests, request);
}

struct redis_request *redis_link_take(struct redis_link *link)
{
    return redis_requests_take(&link->requests, link);
}

struct redis_command *redis_link_command(struct redis_link *link)
{
    return &link->command;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct redis_link *link = prepare->data;
    if (link->poll != NULL)
        redis_poll_flush(link->poll);
}

/* --- connecting and watching ------------------------------------------------------------------ */

void redis_link_come_up(struct redis_link *link)
{
    link->state = LINK_UP;
    link->generation = link->generation_told = ++link->generation_last;
    link->retry_ms = link->settings.retry_ms_min;
    link->is_failure_told = false;
    log_line(LOG_INFO, "store.link_up", "link=%s generation=%" PRIu64, link->settings.name,
            link->generation);
    link->events.on_generation(link->events.user, link->generation);
}

static void on_watch_due(struct timer *timer)
{
    struct redis_link *link = LIST_ITEM(timer, struct redis_link, watch_timer);
    uint64_t oldest_ms = redis_requests_oldest_ms(&link->requests);
    if (oldest_ms != UINT64_MAX &&
            redis_link_clock_ms(link) - oldest_ms > link->settings.silence_ms_max) {
        redis_link_cut(link, "silent");
        return;
    }
    arm(link, timer, link->settings.watch_ms);
    if (link->state == LINK_UP)
        redis_probe_watch(&link->probe);
}

static bool take_context(struct redis_link *link, redisAsyncContext *context)
{
    if (context == NULL || context->err != 0)
        return false;
    context->data = link;
    fcntl(context->c.fd, F_SETFD, FD_CLOEXEC);
    if (link->settings.unix_path[0] == '\0')
        redisEnableKeepAlive(&context->c);
    link->poll = redis_poll_create(link->loop, context, on_gone, link);
    if (link->poll == NULL)
        return false;
    link->context = context;
    return true;
}

/* NULL: nobody can tell where to, or out of memory. */
static redisAsyncContext *begin_connecting(const struct redis_link *link)
{
    const struct redis_settings *settings = &link->settings;
    struct redis_place place;
    if (settings->unix_path[0] != '\0')
        return redisAsyncConnectUnix(settings->unix_path);
    if (settings->sentinel == NULL)
        return redisAsyncConnect(settings->host, settings->port);
    return redis_sentinel_place(settings->sentinel, &place)
                   ? redisAsyncConnect(place.host, place.port)
                   : NULL;
}

/* A dead master is left before its successor is known, and tried less and less often: this is the
 * moment to try again. */
static void on_moved(struct redis_sentinel_watcher *watcher)
{
    struct redis_link *link = LIST_ITEM(watcher, struct redis_link, watcher);
    if (link->context != NULL)
        redis_link_cut(link, "another_master");
    link->retry_ms = link->settings.retry_ms_min;
    if (link->context == NULL)
        arm(link, &link->retry_timer, 0);
}

static void on_retry_due(struct timer *timer)
{
    struct redis_link *link = LIST_ITEM(timer, struct redis_link, retry_timer);
    redisAsyncContext *context = begin_connecting(link);
    if (!take_context(link, context)) {
        note_end(link, context && context->err   ? context->errstr
                       : link->settings.sentinel ? "no_sentinel_tells"
                                                 : "no_resources");
        if (context != NULL)
            redisAsyncFree(context);
        connect_later(link);
        return;
    }
    link->state = LINK_GREETING;
    arm(link, &link->watch_timer, link->settings.watch_ms);
    redis_probe_greet(&link->probe);
}

/* --- life --------------------------------------------------------------------------------------*/

uint64_t redis_link_generation(const struct redis_link *link)
{
    return link->generation;
}

struct slice redis_link_history(const struct redis_link *link)
{
    return link->generation != 0
                   ? slice_make(link->probe.identity.replication_id, REPLICATION_ID_SIZE)
                   : SLICE_NONE;
}

const struct redis_identity *redis_link_identity(const struct redis_link *link)
{
    return &link->probe.identity;
}

uint64_t redis_link_now_ms(struct redis_link *link)
{
    return redis_probe_now_ms(&link->probe, redis_link_clock_ms(link));
}

struct redis_link *redis_link_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, enum durability durability,
        struct redis_link_events events)
{
    struct redis_link *link = calloc(1, sizeof *link);
    if (link == NULL || !redis_settings_take(&link->settings, options) ||
            !redis_requests_init(&link->requests, loop, link->settings.requests_max)) {
        free(link);
        return NULL;
    }
    link->loop = loop;
    link->timers = timers;
    link->events = events;
    link->probe.link = link;
    link->probe.durability = durability;
    link->probe.password = link->settings.password;
    link->retry_ms = link->settings.retry_ms_min;
    link->retry_timer.on_due = on_retry_due;
    link->watch_timer.on_due = on_watch_due;
    uv_prepare_init(loop, &link->prepare);
    uv_prepare_start(&link->prepare, on_prepare);
    uv_unref((uv_handle_t *)&link->prepare);
    link->prepare.data = link->requests.idle.data = link;
    link->handles_open = 2;
    link->watcher.on_moved = on_moved;
    list_init(&link->watcher.at);
    if (link->settings.sentinel != NULL)
        redis_sentinel_watch(link->settings.sentinel, &link->watcher);
    arm(link, &link->retry_timer, 0);
    return link;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct redis_link *link = handle->data;
    if (--link->handles_open > 0)
        return;
    redis_requests_finish(&link->requests);
    redis_command_finish(&link->command);
    free(link);
}

void redis_link_destroy(struct redis_link *link)
{
    link->state = LINK_CLOSED;
    link->generation = 0;
    redis_sentinel_unwatch(&link->watcher);
    disarm(link, &link->retry_timer);
    disarm(link, &link->watch_timer);
    if (link->context != NULL)
        redisAsyncFree(link->context);
    link->context = NULL;
    link->poll = NULL;
    uv_close((uv_handle_t *)&link->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&link->requests.idle, on_handle_closed);
}
