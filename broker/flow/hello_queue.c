/* SPDX-License-Identifier: Apache-2.0 */
/* When a thousand come back in a moment, their hellos are read in one turn of the loop, before
 * what the store has answered since and before what others say. Taking one costs several times
 * what reading it does: opening its ticket, a look at its log. So a turn takes few, and in the next
 * one answers and the words of who is there already have their place among them.
 *
 * Invariant: hellos are taken in the order in which they came, at most HELLOS_PER_TURN in a turn,
 * and while one waits a timer is armed for the next turn. Without a crowd there is no timer: what
 * comes at the same moment counts as one turn, though it may have been several.
 *
 * Not here: how long a hello may take. Its session's timer goes on (session_await_hello).
 */
#include "flow/hello_queue.h"

#include "base/check.h"

#include <stdlib.h>

struct hello_queue {
    struct node *node;
    struct list waiting;
    size_t waiting_count;
    struct timer next_turn;
    uint64_t turn_ms; /* the turn in which so many were taken */
    unsigned taken;
};

static void await_next_turn(struct hello_queue *queue)
{
    struct timers *timers = queue->node->timers;
    timers->ops->arm(timers, &queue->next_turn, node_clock_ms(queue->node));
}

static void end_first(struct hello_queue *queue, bool is_turn)
{
    struct list *first = list_take_first(&queue->waiting);
    struct hello_place *place = LIST_ITEM(first, struct hello_place, waiting);
    queue->waiting_count--;
    place->on_turn(place, is_turn);
}

static void on_next_turn(struct timer *timer)
{
    struct hello_queue *queue = LIST_ITEM(timer, struct hello_queue, next_turn);
    queue->turn_ms = node_clock_ms(queue->node);
    for (queue->taken = 0; queue->taken < HELLOS_PER_TURN && queue->waiting_count > 0;
            queue->taken++)
        end_first(queue, true);
    if (queue->waiting_count > 0)
        await_next_turn(queue);
}

bool hello_queue_create(struct node *node)
{
    struct hello_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL)
        return false;
    queue->node = node;
    queue->next_turn.on_due = on_next_turn;
    list_init(&queue->waiting);
    node->hellos = queue;
    return true;
}

void hello_queue_destroy(struct node *node)
{
    struct hello_queue *queue = node->hellos;
    if (queue == NULL)
        return;
    node->timers->ops->cancel(node->timers, &queue->next_turn);
    while (queue->waiting_count > 0)
        end_first(queue, false);
    free(queue);
    node->hellos = NULL;
}

bool hello_queue_admits(struct node *node)
{
    struct hello_queue *queue = node->hellos;
    uint64_t now_ms = node_clock_ms(node);
    if (queue->waiting_count > 0)
        return queue->waiting_count == HELLOS_WAITING_MAX;
    if (queue->turn_ms != now_ms)
        queue->taken = 0;
    queue->turn_ms = now_ms;
    return queue->taken < HELLOS_PER_TURN && ++queue->taken > 0;
}

void hello_queue_wait(struct node *node, struct hello_place *place)
{
    struct hello_queue *queue = node->hellos;
    check(queue->waiting_count < HELLOS_WAITING_MAX);
    list_append(&queue->waiting, &place->waiting);
    if (queue->waiting_count++ == 0)
        await_next_turn(queue);
}
