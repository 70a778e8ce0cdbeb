/* SPDX-License-Identifier: Apache-2.0 */
/* PING, then WAIT, on a link beside the one that writes.
 *
 *   add --> waiting --PING, WAIT n--> flying --count >= n--> durable
 *              ^         | one at a time  |
 *              +-- those that come meanwhile fly together next
 *
 * Invariants: WAIT looks at what its own connection wrote last, so a PING goes before it, which
 * takes over the server's whole offset: all that was answered on the other link before. The
 * answer counts only if both links lead to the same history (replication id), and main's generation
 * is still the one that was asked about. On a link of its own WAIT stalls no append.
 *
 * n is the configured number, or the replicas that the server has now if they are more: any of them
 * could be promoted. It is evidence, not consensus: replicas that nobody counts, because they are
 * away just now and come back as master, can still take back what was acknowledged; see
 * docs/how-to/operate.md. source: Redis 7.0 replication.c (waitCommand), server.c (c->woff)
 */
#include "store/redis_barrier.h"

#include "base/log_line.h"
#include "store/redis_link.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdlib.h>

struct redis_barrier {
    struct redis_link *main, *link; /* link: our own */
    struct timers *timers;
    struct list waiting, flying; /* requests of main */
    struct timer patience;       /* of those that wait while our link cannot be used */
    unsigned replicas;
    uint64_t wait_ms;
    uint64_t wanted; /* of the WAIT under way */
    bool is_short;   /* the last WAIT counted too few */
};

static void pump(struct redis_barrier *barrier);

static void move_all(struct list *from, struct list *to)
{
    while (!list_is_empty(from))
        list_append(to, list_take_first(from));
}

/* Those that are added meanwhile wait for the next turn. */
static void complete_all(struct list *requests, bool is_durable)
{
    struct list now;
    list_init(&now);
    move_all(requests, &now);
    while (!list_is_empty(&now)) {
        struct redis_request *request = LIST_ITEM(now.next, struct redis_request, at);
        if (!is_durable)
            request->count = 0;
        redis_link_complete(request->link, request);
    }
}

static bool is_one_history(const struct redis_barrier *barrier)
{
    struct slice ours = redis_link_history(barrier->link);
    return ours.len > 0 && slice_equal(ours, redis_link_history(barrier->main));
}

/* Only the change is told. */
static void note_count(struct redis_barrier *barrier, int64_t held)
{
    bool is_short = held < (int64_t)barrier->wanted;
    if (is_short != barrier->is_short)
        log_line(is_short ? LOG_WARN : LOG_INFO,
                is_short ? "store.replicas_behind" : "store.replicas_hold",
                "wanted=%" PRIu64 " held=%" PRId64, barrier->wanted, held);
    barrier->is_short = is_short;
}

static void on_waited(struct redis_request *request, const redisReply *reply)
{
    struct redis_barrier *barrier = request->owner;
    bool is_counted = reply != NULL && reply->type == REDIS_REPLY_INTEGER;
    if (is_counted)
        note_count(barrier, reply->integer);
    bool is_durable =
            is_counted && reply->integer >= (int64_t)barrier->wanted && is_one_history(barrier);
    complete_all(&barrier->flying, is_durable);
    pump(barrier);
}

static void send_wait(struct redis_barrier *barrier)
{
    const struct redis_identity *identity = redis_link_identity(barrier->main);
    struct redis_request *request = redis_link_take(barrier->link);
    struct redis_command *command = redis_link_command(barrier->link);
    barrier->wanted = identity->replicas_online > barrier->replicas ? identity->replicas_online
                                                                    : barrier->replicas;
    request->on_reply = on_waited;
    request->owner = barrier;
    redis_command_begin(command, 1);
    redis_command_add(command, SLICE_OF("PING"));
    redis_link_send_ahead(barrier->link, request);
    redis_command_begin(command, 3);
    redis_command_add(command, SLICE_OF("WAIT"));
    redis_command_add_u64(command, barrier->wanted);
    redis_command_add_u64(command, barrier->wait_ms);
    redis_link_send(barrier->link, request);
}

static void pump(struct redis_barrier *barrier)
{
    struct timers *timers = barrier->timers;
    if (list_is_empty(&barrier->waiting) || !list_is_empty(&barrier->flying))
        return;
    if (is_one_history(barrier)) {
        timers->ops->cancel(timers, &barrier->patience);
        move_all(&barrier->waiting, &barrier->flying);
        send_wait(barrier);
    } else if (barrier->patience.heap_at == 0) {
        timers->ops->arm(
                timers, &barrier->patience, timers->ops->now_ms(timers) + barrier->wait_ms);
    }
}

static void on_impatient(struct timer *timer)
{
    struct redis_barrier *barrier = LIST_ITEM(timer, struct redis_barrier, patience);
    complete_all(&barrier->waiting, false);
}

void redis_barrier_add(struct redis_barrier *barrier, struct redis_request *request)
{
    if (request->is_spare || redis_link_generation(barrier->main) == 0) {
        request->count = 0;
        redis_link_complete_later(barrier->main, request);
        return;
    }
    list_append(&barrier->waiting, &request->at);
    pump(barrier);
}

void redis_barrier_fail(struct redis_barrier *barrier)
{
    struct list all;
    list_init(&all);
    barrier->timers->ops->cancel(barrier->timers, &barrier->patience);
    move_all(&barrier->flying, &all);
    move_all(&barrier->waiting, &all);
    complete_all(&all, false);
}

static void on_generation(void *user, uint64_t generation)
{
    if (generation != 0)
        pump(user);
}

struct redis_barrier *redis_barrier_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, struct redis_link *main)
{
    struct redis_barrier *barrier = calloc(1, sizeof *barrier);
    struct redis_options own = *options;
    if (barrier == NULL)
        return NULL;
    own.name = "barrier";
    own.requests_max = 64; /* one WAIT, and the probe's questions */
    barrier->main = main;
    barrier->timers = timers;
    barrier->replicas = options->replicas;
    barrier->wait_ms = options->wait_ms ? options->wait_ms : 1000;
    barrier->patience.on_due = on_impatient;
    list_init(&barrier->waiting);
    list_init(&barrier->flying);
    barrier->link = redis_link_create(loop, timers, &own, DURABILITY_EVERYSEC,
            (struct redis_link_events){on_generation, barrier});
    if (barrier->link == NULL) {
        free(barrier);
        return NULL;
    }
    return barrier;
}

void redis_barrier_destroy(struct redis_barrier *barrier)
{
    barrier->timers->ops->cancel(barrier->timers, &barrier->patience);
    redis_link_destroy(barrier->link);
    free(barrier);
}
