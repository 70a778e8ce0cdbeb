/* SPDX-License-Identifier: Apache-2.0 */
/* Listens to topics over one connection.
 *
 * hiredis's asynchronous interface keeps the callbacks of subscriptions by name, and drops one that
 * is subscribed anew before its UNSUBSCRIBE was answered: messages then vanish without a word. So
 * this uses hiredis as a reader and writer of bytes only, and keeps the book itself.
 *
 * Invariant: a topic is heard when it is wanted and every SUBSCRIBE and UNSUBSCRIBE of it that was
 * sent has been answered; the server answers in order, so the last one was a SUBSCRIBE. Each
 * connection begins with no topic, and subscribes to all that are wanted. A server that says
 * nothing for silence_ms_max, though it is asked each watch_ms, is left.
 */
#include "store/redis_subscriber.h"

#include "base/check.h"
#include "base/log_line.h"
#include "base/map.h"
#include "port/hints.h"
#include "store/redis_command.h"
#include "store/redis_objects.h"
#include "store/redis_sentinel.h"
#include "store/redis_settings.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <uv.h>

enum subscriber_state { SUBSCRIBER_DOWN, SUBSCRIBER_CONNECTING, SUBSCRIBER_OPEN };

struct topic {
    struct map_node by_name;
    bool is_wanted;
    unsigned answers_due;
    size_t len;
    char bytes[HINTS_TOPIC_MAX];
};

/* One connection: freed once libuv has let go of it. */
struct connection {
    uv_poll_t poll;
    redisContext *context;
    struct redis_subscriber *owner; /* NULL: over */
};

struct redis_subscriber {
    struct redis_settings settings;
    struct redis_subscriber_events events;
    struct uv_loop_s *loop;
    struct timers *timers;
    struct redis_command command;
    struct connection *connection; /* NULL: down */
    struct map topics;
    size_t topics_max, wanted_count;
    enum subscriber_state state;
    bool is_wanted, is_all_heard, is_failure_told;
    uint64_t heard_ms, retry_ms;
    struct timer timer; /* DOWN: connect · else: is it still there? */
};

static uint64_t clock_ms(const struct redis_subscriber *self)
{
    return self->timers->ops->now_ms(self->timers);
}

static void arm(struct redis_subscriber *self, uint64_t after_ms)
{
    self->timers->ops->arm(self->timers, &self->timer, clock_ms(self) + after_ms);
}

/* ---- the end of a connection ------------------------------------------------------------------
 */

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop(struct redis_subscriber *self)
{
    struct connection *connection = self->connection;
    self->connection = NULL;
    self->state = SUBSCRIBER_DOWN;
    if (connection == NULL)
        return;
    connection->owner = NULL;
    uv_poll_stop(&connection->poll);
    uv_close((uv_handle_t *)&connection->poll, on_poll_closed);
    redisFree(connection->context);
    connection->context = NULL;
}

static void free_topic(struct redis_subscriber *self, struct topic *topic)
{
    map_remove(&self->topics, &topic->by_name);
    free(topic);
}

/* The next connection knows of none. */
static void forget_answers(struct redis_subscriber *self)
{
    const struct map_node *at = map_next(&self->topics, NULL);
    while (at != NULL) {
        struct topic *topic = (struct topic *)MAP_ITEM(at, struct topic, by_name);
        at = map_next(&self->topics, at);
        topic->answers_due = 0;
        if (!topic->is_wanted)
            free_topic(self, topic);
    }
}

static void fail(struct redis_subscriber *self, const char *reason)
{
    if (!self->is_failure_told)
        log_line(LOG_WARN, "hints.link_lost", "reason=\"%s\"", reason);
    self->is_failure_told = true;
    drop(self);
    forget_answers(self);
    if (!self->is_wanted)
        return;
    arm(self, self->retry_ms);
    self->retry_ms *= 2;
    if (self->retry_ms > self->settings.retry_ms_max)
        self->retry_ms = self->settings.retry_ms_max;
}

void redis_subscriber_cut(struct redis_subscriber *self, const char *reason)
{
    if (self->connection != NULL)
        fail(self, reason);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct redis_subscriber *self, int events)
{
    uv_poll_start(&self->connection->poll, events, on_poll);
}

static void send_command(struct redis_subscriber *self)
{
    const struct redis_command *command = &self->command;
    check(command->words_left == 0);
    check(redisAppendFormattedCommand(self->connection->context, command->bytes, command->len) ==
            REDIS_OK);
    watch(self, UV_READABLE | UV_WRITABLE);
}

static void send_word(struct redis_subscriber *self, const char *verb, struct slice word)
{
    redis_command_begin(&self->command, word.len > 0 ? 2 : 1);
    redis_command_add(&self->command, slice_of_string(verb));
    if (word.len > 0)
        redis_command_add(&self->command, word);
    send_command(self);
}

static void ask(struct redis_subscriber *self, struct topic *topic, const char *verb)
{
    topic->answers_due++;
    send_word(self, verb, topic->by_name.key);
}

static void begin_talk(struct redis_subscriber *self)
{
    self->state = SUBSCRIBER_OPEN;
    self->is_all_heard = false;
    self->heard_ms = clock_ms(self);
    if (self->settings.password[0] != '\0')
        send_word(self, "AUTH", slice_of_string(self->settings.password));
    for (const struct map_node *at = map_next(&self->topics, NULL); at != NULL;
            at = map_next(&self->topics, at))
        ask(self, (struct topic *)MAP_ITEM(at, struct topic, by_name), "SUBSCRIBE");
    send_word(self, "PING", SLICE_NONE); /* answered after all of them */
}

/* ---- hearing ----------------------------------------------------------------------------------
 */

static struct slice text_of(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS
                   ? slice_make(reply->str, reply->len)
                   : SLICE_NONE;
}

static void on_answered(struct redis_subscriber *self, struct slice name)
{
    struct topic *topic = MAP_ITEM(map_find(&self->topics, name), struct topic, by_name);
    if (topic == NULL || topic->answers_due == 0 || --topic->answers_due > 0)
        return;
    if (!topic->is_wanted)
        free_topic(self, topic);
    else if (self->is_all_heard)
        self->events.on_subscribed(self->events.user, name);
}

static void on_pong(struct redis_subscriber *self)
{
    if (self->is_all_heard)
        return;
    self->is_all_heard = true;
    self->is_failure_told = false;
    self->retry_ms = self->settings.retry_ms_min;
    self->events.on_all_heard(self->events.user);
}

static void on_message(struct redis_subscriber *self, struct slice name, struct slice payload)
{
    const struct topic *topic = MAP_ITEM(map_find(&self->topics, name), struct topic, by_name);
    if (topic != NULL && topic->is_wanted)
        self->events.on_message(self->events.user, name, payload);
}

/* [message, topic, payload], [subscribe, topic, count], [pong, ""], +PONG, +OK. false: an error, or
 * what no server says here. */
static bool take_reply(struct redis_subscriber *self, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_STATUS) {
        if (slice_is(text_of(reply), "PONG"))
            on_pong(self);
        return true;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return false;
    struct slice kind = text_of(reply->element[0]), name = text_of(reply->element[1]);
    if (slice_is(kind, "message") && reply->elements == 3)
        on_message(self, name, text_of(reply->element[2]));
    else if (slice_is(kind, "pong"))
        on_pong(self);
    else if (slice_is(kind, "subscribe") || slice_is(kind, "unsubscribe"))
        on_answered(self, name);
    else
        return false;
    return true;
}

/* Whoever is told may cut the connection. */
static void take_replies(struct connection *connection)
{
    void *reply = NULL;
    while (connection->owner != NULL) {
        struct redis_subscriber *self = connection->owner;
        if (redisGetReplyFromReader(connection->context, &reply) != REDIS_OK) {
            fail(self, "not_redis");
            return;
        }
        if (reply == NULL)
            return;
        bool is_known = take_reply(self, reply);
        redis_object_free(reply);
        if (!is_known && connection->owner != NULL)
            fail(self, "strange_answer");
    }
}

static void read_some(struct connection *connection)
{
    struct redis_subscriber *self = connection->owner;
    self->heard_ms = clock_ms(self);
    if (redisBufferRead(connection->context) != REDIS_OK)
        fail(self, "closed");
    else
        take_replies(connection);
}

static void write_some(struct redis_subscriber *self)
{
    int is_done = 0;
    if (self->state == SUBSCRIBER_CONNECTING)
        begin_talk(self);
    if (redisBufferWrite(self->connection->context, &is_done) != REDIS_OK)
        fail(self, "cannot_connect");
    else if (is_done)
        watch(self, UV_READABLE);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct connection *connection = poll->data;
    if (connection->owner == NULL)
        return;
    if (status != 0) {
        fail(connection->owner, "poll_failed");
        return;
    }
    if (events & UV_WRITABLE)
        write_some(connection->owner);
    if ((events & UV_READABLE) && connection->owner != NULL)
        read_some(connection);
}

/* ---- connecting and watching ------------------------------------------------------------------
 */

static redisContext *begin_connecting(const struct redis_settings *settings)
{
    struct redis_place place;
    if (settings->unix_path[0] != '\0')
        return redisConnectUnixNonBlock(settings->unix_path);
    if (settings->sentinel == NULL)
        return redisConnectNonBlock(settings->host, settings->port);
    return redis_sentinel_place(settings->sentinel, &place)
                   ? redisConnectNonBlock(place.host, place.port)
                   : NULL;
}

static void connect_now(struct redis_subscriber *self)
{
    redisContext *context = begin_connecting(&self->settings);
    struct connection *connection = calloc(1, sizeof *connection);
    check(connection != NULL);
    bool is_good = context != NULL && context->err == 0 &&
                   uv_poll_init(self->loop, &connection->poll, context->fd) == 0;
    if (!is_good) {
        if (context != NULL)
            redisFree(context);
        free(connection);
        fail(self, "cannot_connect");
        return;
    }
    redis_objects_use(context->reader);
    fcntl(context->fd, F_SETFD, FD_CLOEXEC);
    connection->poll.data = connection;
    connection->context = context;
    connection->owner = self;
    self->connection = connection;
    self->state = SUBSCRIBER_CONNECTING;
    self->heard_ms = clock_ms(self);
    watch(self, UV_WRITABLE);
    arm(self, self->settings.watch_ms);
}

static void on_due(struct timer *timer)
{
    struct redis_subscriber *self = LIST_ITEM(timer, struct redis_subscriber, timer);
    if (self->connection == NULL) {
        connect_now(self);
        return;
    }
    if (clock_ms(self) - self->heard_ms > self->settings.silence_ms_max) {
        fail(self, "silent");
        return;
    }
    if (self->state == SUBSCRIBER_OPEN)
        send_word(self, "PING", SLICE_NONE);
    arm(self, self->settings.watch_ms);
}

void redis_subscriber_set_wanted(struct redis_subscriber *self, bool is_wanted)
{
    if (self->is_wanted == is_wanted)
        return;
    self->is_wanted = is_wanted;
    self->timers->ops->cancel(self->timers, &self->timer);
    drop(self);
    forget_answers(self);
    self->retry_ms = self->settings.retry_ms_min;
    if (is_wanted)
        arm(self, 0);
}

/* ---- topics -----------------------------------------------------------------------------------
 */

static struct topic *make_topic(struct redis_subscriber *self, struct slice name)
{
    struct topic *topic = calloc(1, sizeof *topic);
    check(topic != NULL);
    topic->len = name.len;
    memcpy(topic->bytes, name.bytes, name.len);
    map_put(&self->topics, &topic->by_name, slice_make(topic->bytes, topic->len));
    return topic;
}

bool redis_subscriber_add(struct redis_subscriber *self, struct slice name)
{
    struct topic *topic = MAP_ITEM(map_find(&self->topics, name), struct topic, by_name);
    check(name.len > 0 && name.len <= HINTS_TOPIC_MAX);
    if (topic != NULL && topic->is_wanted)
        return true;
    if (self->wanted_count == self->topics_max)
        return false;
    if (topic == NULL)
        topic = make_topic(self, name);
    topic->is_wanted = true;
    self->wanted_count++;
    if (self->state == SUBSCRIBER_OPEN)
        ask(self, topic, "SUBSCRIBE");
    return true;
}

void redis_subscriber_remove(struct redis_subscriber *self, struct slice name)
{
    struct topic *topic = MAP_ITEM(map_find(&self->topics, name), struct topic, by_name);
    if (topic == NULL || !topic->is_wanted)
        return;
    topic->is_wanted = false;
    self->wanted_count--;
    if (self->state == SUBSCRIBER_OPEN)
        ask(self, topic, "UNSUBSCRIBE");
    else
        free_topic(self, topic);
}

/* ---- life -------------------------------------------------------------------------------------
 */

struct redis_subscriber *redis_subscriber_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, size_t topics_max,
        struct redis_subscriber_events events)
{
    struct redis_subscriber *self = calloc(1, sizeof *self);
    if (self == NULL || !redis_settings_take(&self->settings, options)) {
        free(self);
        return NULL;
    }
    self->loop = loop;
    self->timers = timers;
    self->events = events;
    self->topics_max = topics_max;
    self->retry_ms = self->settings.retry_ms_min;
    self->timer.on_due = on_due;
    return self;
}

void redis_subscriber_destroy(struct redis_subscriber *self)
{
    const struct map_node *at;
    self->timers->ops->cancel(self->timers, &self->timer);
    drop(self);
    while ((at = map_next(&self->topics, NULL)) != NULL)
        free_topic(self, (struct topic *)MAP_ITEM(at, struct topic, by_name));
    map_finish(&self->topics);
    redis_command_finish(&self->command);
    free(self);
}
