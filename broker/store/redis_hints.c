/* SPDX-License-Identifier: Apache-2.0 */
/* The hints port: what is said goes over a link like the store's, what is heard over a subscriber.
 *
 * Invariant: the subscriber lives only while the link is up, so both are with the server that the
 * link has greeted: a master, with the history that it had then. What was published while the link
 * was down, or was never answered, is owned up to by on_lost as soon as something is answered
 * again.
 *
 * Publishing has a link of its own, so a burst of hints never stands before an append.
 */
#include "store/redis_hints.h"

#include "base/check.h"
#include "base/log_line.h"
#include "store/redis_link.h"
#include "store/redis_subscriber.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

struct redis_hints {
    struct hints base;
    struct redis_link *link;
    struct redis_subscriber *subscriber;
    bool is_lossy; /* something that was published may not have been heard */
};

static struct redis_hints *hints_of(struct hints *base)
{
    return (struct redis_hints *)(void *)base;
}

static void on_published(struct redis_request *request, const redisReply *reply)
{
    struct redis_hints *hints = request->owner;
    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        hints->is_lossy = true;
        return;
    }
    bool was_lossy = hints->is_lossy;
    hints->is_lossy = false;
    if (was_lossy && hints->base.on_lost != NULL)
        hints->base.on_lost(hints->base.user);
}

static void port_publish(struct hints *base, struct slice topic, struct slice payload)
{
    struct redis_hints *hints = hints_of(base);
    check(topic.len > 0 && topic.len <= HINTS_TOPIC_MAX && payload.len <= HINTS_PAYLOAD_MAX);
    if (redis_link_generation(hints->link) == 0) {
        hints->is_lossy = true;
        return;
    }
    struct redis_command *command = redis_link_command(hints->link);
    struct redis_request *request = redis_link_take(hints->link);
    request->on_reply = on_published;
    request->owner = hints;
    redis_command_begin(command, 3);
    redis_command_add(command, SLICE_OF("PUBLISH"));
    redis_command_add(command, topic);
    redis_command_add(command, payload);
    redis_link_send(hints->link, request);
}

static bool port_subscribe(struct hints *base, struct slice topic)
{
    return redis_subscriber_add(hints_of(base)->subscriber, topic);
}

static void port_unsubscribe(struct hints *base, struct slice topic)
{
    redis_subscriber_remove(hints_of(base)->subscriber, topic);
}

static const struct hints_ops ops = {port_publish, port_subscribe, port_unsubscribe};

/* ---- events -----------------------------------------------------------------------------------
 */

static void on_message(void *user, struct slice topic, struct slice payload)
{
    struct redis_hints *hints = user;
    if (hints->base.on_hint != NULL)
        hints->base.on_hint(hints->base.user, topic, payload);
}

static void on_subscribed(void *user, struct slice topic)
{
    struct redis_hints *hints = user;
    if (hints->base.on_subscribed != NULL)
        hints->base.on_subscribed(hints->base.user, topic);
}

static void on_all_heard(void *user)
{
    struct redis_hints *hints = user;
    if (hints->base.on_gap != NULL)
        hints->base.on_gap(hints->base.user);
}

static void on_generation(void *user, uint64_t generation)
{
    struct redis_hints *hints = user;
    redis_subscriber_set_wanted(hints->subscriber, generation != 0);
    if (generation != 0 && hints->is_lossy) {
        hints->is_lossy = false;
        if (hints->base.on_lost != NULL)
            hints->base.on_lost(hints->base.user);
    }
}

/* ---- life -------------------------------------------------------------------------------------
 */

struct redis_hints *redis_hints_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, enum durability durability, size_t topics_max)
{
    struct redis_hints *hints = calloc(1, sizeof *hints);
    struct redis_options own = *options;
    if (hints == NULL)
        return NULL;
    own.name = "hints";
    hints->base.ops = &ops;
    hints->subscriber = redis_subscriber_create(loop, timers, &own, topics_max,
            (struct redis_subscriber_events){on_message, on_subscribed, on_all_heard, hints});
    if (hints->subscriber != NULL)
        hints->link = redis_link_create(
                loop, timers, &own, durability, (struct redis_link_events){on_generation, hints});
    if (hints->link == NULL) {
        if (hints->subscriber != NULL)
            redis_subscriber_destroy(hints->subscriber);
        free(hints);
        return NULL;
    }
    return hints;
}

void redis_hints_destroy(struct redis_hints *hints)
{
    redis_link_destroy(hints->link);
    redis_subscriber_destroy(hints->subscriber);
    free(hints);
}

struct hints *redis_hints_port(struct redis_hints *hints)
{
    return &hints->base;
}

void redis_hints_cut(struct redis_hints *hints)
{
    redis_subscriber_cut(hints->subscriber, "asked_to");
}
