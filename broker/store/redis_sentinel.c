/* SPDX-License-Identifier: Apache-2.0 */
/* A small client of Redis Sentinel: all Sentinels of one master are asked, twice a second, where it
 * is; the answer of the highest configuration epoch counts.
 *
 * Invariant: an answer is never replaced by one of a lower epoch that somebody else gave, so a
 * Sentinel that is cut off beside an old master cannot call anybody back to it. Between answers of
 * the same epoch the present one stays, so nobody is sent to and fro.
 *
 * Asking is chosen over listening to +switch-master: an answer is a state, not an event, and
 * cannot be missed. It does not look whether the place is a master: the greeting of a link does.
 * source: Redis documentation, "Guidelines for Redis clients with support for Redis Sentinel";
 * Redis 7.0 sentinel.c (sentinelGetCurrentMasterAddress, config_epoch)
 */
#include "store/redis_sentinel.h"

#include "base/check.h"
#include "base/log_line.h"
#include "store/redis_command.h"
#include "store/redis_greeting.h"
#include "store/redis_poll.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One of them, and what it said last. */
struct adviser {
    struct redis_sentinel *sentinel;
    struct redis_place at;
    struct timer timer;
    redisAsyncContext *context; /* NULL: not connected, nor connecting */
    struct redis_poll *poll;
    uint64_t asked_ms;
    bool is_underway; /* asked, not answered */
    bool has_told;
    uint64_t epoch_heard, epoch; /* epoch: the one that `told` belongs to */
    struct redis_place told;
};

struct redis_sentinel {
    struct uv_loop_s *loop;
    struct timers *timers;
    struct adviser advisers[REDIS_SENTINELS_MAX];
    size_t count;
    char master[REDIS_MASTER_NAME_MAX], password[256];
    uint64_t ask_ms, silence_ms_max;
    struct redis_command command;
    struct redis_place place;
    bool has_place, is_closed, is_complained;
    struct list watchers;
};

/* ---- what they say ----------------------------------------------------------------------------
 */

static bool is_same_place(const struct redis_place *a, const struct redis_place *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* The adviser to believe: the highest epoch; among equals whoever says what holds already. */
static const struct adviser *best_of(const struct redis_sentinel *sentinel)
{
    const struct adviser *best = NULL;
    for (size_t i = 0; i < sentinel->count; i++) {
        const struct adviser *adviser = &sentinel->advisers[i];
        if (!adviser->has_told)
            continue;
        bool is_newer = best == NULL || adviser->epoch > best->epoch;
        bool is_present = sentinel->has_place && is_same_place(&adviser->told, &sentinel->place);
        if (is_newer || (adviser->epoch == best->epoch && is_present))
            best = adviser;
    }
    return best;
}

static void judge(struct redis_sentinel *sentinel)
{
    const struct adviser *best = best_of(sentinel);
    if (best == NULL || (sentinel->has_place && is_same_place(&best->told, &sentinel->place)))
        return;
    sentinel->place = best->told;
    sentinel->has_place = true;
    log_line(LOG_INFO, "store.master_found", "master=%s at=%s port=%u epoch=%" PRIu64,
            sentinel->master, best->told.host, best->told.port, best->epoch);
    LIST_EACH (at, next, &sentinel->watchers) {
        struct redis_sentinel_watcher *watcher = LIST_ITEM(at, struct redis_sentinel_watcher, at);
        watcher->on_moved(watcher);
    }
}

static void complain(struct redis_sentinel *sentinel, const char *why)
{
    if (!sentinel->is_complained)
        log_line(LOG_ERROR, "store.sentinel_useless", "master=%s reason=%s", sentinel->master, why);
    sentinel->is_complained = true;
}

static struct slice text_of(const redisReply *reply)
{
    return slice_make(reply->str, reply->len);
}

static bool is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING;
}

/* name, value, name, value … */
static void on_master(redisAsyncContext *context, void *answer, void *user)
{
    struct adviser *adviser = user;
    const redisReply *reply = answer;
    (void)context;
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        if (is_text(reply->element[i]) && is_text(reply->element[i + 1]) &&
                slice_is(text_of(reply->element[i]), "config-epoch"))
            redis_number_read(text_of(reply->element[i + 1]), &adviser->epoch_heard);
}

static bool read_place(const redisReply *reply, struct redis_place *out_place)
{
    unsigned char bytes[16];
    uint64_t port;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || !is_text(reply->element[0]) ||
            !is_text(reply->element[1]) || !redis_number_read(text_of(reply->element[1]), &port) ||
            port == 0 || port > UINT16_MAX || reply->element[0]->len >= sizeof out_place->host)
        return false;
    snprintf(out_place->host, sizeof out_place->host, "%s", reply->element[0]->str);
    out_place->port = (uint16_t)port;
    return inet_pton(AF_INET, out_place->host, bytes) == 1 ||
           inet_pton(AF_INET6, out_place->host, bytes) == 1;
}

/* The epoch was asked for just before: should a failover come between the two, the place is the
 * newer, and the epoch follows with the next answer. */
static void on_address(redisAsyncContext *context, void *answer, void *user)
{
    struct adviser *adviser = user;
    struct redis_place place;
    const redisReply *reply = answer;
    (void)context;
    adviser->is_underway = false;
    if (reply == NULL || adviser->sentinel->is_closed)
        return;
    if (!read_place(reply, &place)) {
        complain(adviser->sentinel, reply->type == REDIS_REPLY_NIL     ? "unknown_master"
                                    : reply->type == REDIS_REPLY_ERROR ? "refused"
                                                                       : "no_numeric_address");
        return;
    }
    adviser->told = place;
    adviser->epoch = adviser->epoch_heard;
    adviser->has_told = true;
    adviser->sentinel->is_complained = false;
    judge(adviser->sentinel);
}

/* ---- asking them ------------------------------------------------------------------------------
 */

static void send_words(
        struct adviser *adviser, redisCallbackFn *on_reply, size_t count, const char *const *words)
{
    struct redis_command *command = &adviser->sentinel->command;
    redis_command_begin(command, count);
    for (size_t i = 0; i < count; i++)
        redis_command_add(command, slice_of_string(words[i]));
    redisAsyncFormattedCommand(adviser->context, on_reply, adviser, command->bytes, command->len);
}

static void ask(struct adviser *adviser)
{
    const char *master = adviser->sentinel->master;
    adviser->is_underway = true;
    adviser->asked_ms = adviser->sentinel->timers->ops->now_ms(adviser->sentinel->timers);
    send_words(adviser, on_master, 3, (const char *const[]){"SENTINEL", "MASTER", master});
    send_words(adviser, on_address, 3,
            (const char *const[]){"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master});
    redis_poll_flush(adviser->poll);
}

static void on_gone(void *user)
{
    struct adviser *adviser = user;
    adviser->context = NULL;
    adviser->poll = NULL;
    adviser->is_underway = false;
}

static void connect_to(struct adviser *adviser)
{
    struct redis_sentinel *sentinel = adviser->sentinel;
    redisAsyncContext *context = redisAsyncConnect(adviser->at.host, adviser->at.port);
    struct redis_poll *poll = context != NULL && context->err == 0
                                      ? redis_poll_create(sentinel->loop, context, on_gone, adviser)
                                      : NULL;
    if (poll == NULL) {
        if (context != NULL)
            redisAsyncFree(context);
        return;
    }
    fcntl(context->c.fd, F_SETFD, FD_CLOEXEC);
    redisEnableKeepAlive(&context->c);
    adviser->context = context;
    adviser->poll = poll;
    if (sentinel->password[0] != '\0')
        send_words(adviser, NULL, 2, (const char *const[]){"AUTH", sentinel->password});
    ask(adviser);
}

static void on_due(struct timer *timer)
{
    struct adviser *adviser = LIST_ITEM(timer, struct adviser, timer);
    struct redis_sentinel *sentinel = adviser->sentinel;
    struct timers *timers = sentinel->timers;
    uint64_t now_ms = timers->ops->now_ms(timers);
    bool is_silent = adviser->is_underway && now_ms - adviser->asked_ms > sentinel->silence_ms_max;
    if (adviser->context != NULL && is_silent)
        redisAsyncFree(adviser->context);
    if (adviser->context == NULL)
        connect_to(adviser);
    else if (!adviser->is_underway)
        ask(adviser);
    timers->ops->arm(timers, timer, now_ms + sentinel->ask_ms);
}

/* ---- life -------------------------------------------------------------------------------------
 */

bool redis_sentinel_place(const struct redis_sentinel *sentinel, struct redis_place *out_place)
{
    if (sentinel->has_place)
        *out_place = sentinel->place;
    return sentinel->has_place;
}

void redis_sentinel_watch(struct redis_sentinel *sentinel, struct redis_sentinel_watcher *watcher)
{
    list_append(&sentinel->watchers, &watcher->at);
}

void redis_sentinel_unwatch(struct redis_sentinel_watcher *watcher)
{
    list_remove(&watcher->at);
}

static bool copy_text(char *out, size_t size, const char *text)
{
    int len = snprintf(out, size, "%s", text ? text : "");
    return len >= 0 && (size_t)len < size;
}

struct redis_sentinel *redis_sentinel_create(
        struct uv_loop_s *loop, struct timers *timers, const struct redis_sentinel_options *options)
{
    struct redis_sentinel *sentinel = calloc(1, sizeof *sentinel);
    if (sentinel == NULL)
        return NULL;
    if (options->count == 0 || options->count > REDIS_SENTINELS_MAX ||
            !copy_text(sentinel->master, sizeof sentinel->master, options->master) ||
            !copy_text(sentinel->password, sizeof sentinel->password, options->password)) {
        log_line(LOG_ERROR, "store.bad_options", "link=sentinel count=%zu", options->count);
        free(sentinel);
        return NULL;
    }
    sentinel->loop = loop;
    sentinel->timers = timers;
    sentinel->count = options->count;
    sentinel->ask_ms = options->ask_ms ? options->ask_ms : 500;
    sentinel->silence_ms_max = options->silence_ms_max ? options->silence_ms_max : 2000;
    list_init(&sentinel->watchers);
    for (size_t i = 0; i < sentinel->count; i++) {
        struct adviser *adviser = &sentinel->advisers[i];
        *adviser = (struct adviser){
                .sentinel = sentinel, .at = options->sentinels[i], .timer.on_due = on_due};
        timers->ops->arm(timers, &adviser->timer, timers->ops->now_ms(timers));
    }
    return sentinel;
}

void redis_sentinel_destroy(struct redis_sentinel *sentinel)
{
    check(list_is_empty(&sentinel->watchers));
    sentinel->is_closed = true;
    for (size_t i = 0; i < sentinel->count; i++) {
        struct adviser *adviser = &sentinel->advisers[i];
        sentinel->timers->ops->cancel(sentinel->timers, &adviser->timer);
        if (adviser->context != NULL)
            redisAsyncFree(adviser->context);
    }
    redis_command_finish(&sentinel->command);
    free(sentinel);
}
