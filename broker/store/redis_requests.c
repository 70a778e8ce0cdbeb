/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of requests of one link.
 *
 * Invariant: a request that was taken sits in outstanding (in the order of sending) or in ready
 * until it completes, once, from the loop; then it is free again. The pool's size bounds what one
 * link holds of others' requests: beyond it a spare is allocated, only to say so, later, as
 * everything is said. What gets ready while the ready are told waits for the next turn.
 */
#include "store/redis_requests.h"

#include "base/check.h"

#include <stdlib.h>

static struct redis_request *first_of(const struct list *list)
{
    return LIST_ITEM(list->next, struct redis_request, at);
}

static void drop_all(struct redis_requests *requests, struct list *list)
{
    while (!list_is_empty(list))
        redis_requests_drop(requests, LIST_ITEM(list_take_first(list), struct redis_request, at));
}

bool redis_requests_init(struct redis_requests *requests, struct uv_loop_s *loop, size_t count)
{
    requests->pool = calloc(count, sizeof *requests->pool);
    if (requests->pool == NULL)
        return false;
    list_init(&requests->free);
    list_init(&requests->outstanding);
    list_init(&requests->ready);
    for (size_t i = 0; i < count; i++)
        list_append(&requests->free, &requests->pool[i].at);
    uv_idle_init(loop, &requests->idle);
    return true;
}

void redis_requests_finish(struct redis_requests *requests)
{
    drop_all(requests, &requests->outstanding);
    drop_all(requests, &requests->ready);
    free(requests->pool);
}

struct redis_request *redis_requests_take(struct redis_requests *requests, struct redis_link *link)
{
    struct redis_request *request;
    bool is_spare = list_is_empty(&requests->free);
    if (is_spare) {
        request = malloc(sizeof *request);
        check(request != NULL);
    } else {
        request = first_of(&requests->free);
        list_remove(&request->at);
    }
    *request = (struct redis_request){.link = link, .is_spare = is_spare};
    list_init(&request->at);
    return request;
}

void redis_requests_expect(
        struct redis_requests *requests, struct redis_request *request, uint64_t now_ms)
{
    request->sent_ms = now_ms;
    list_append(&requests->outstanding, &request->at);
}

static void on_idle(uv_idle_t *idle)
{
    struct redis_requests *requests = LIST_ITEM(idle, struct redis_requests, idle);
    struct list now;
    list_init(&now);
    LIST_EACH (node, next, &requests->ready) {
        list_remove(node);
        list_append(&now, node);
    }
    while (!list_is_empty(&now))
        redis_requests_complete(requests, first_of(&now), NULL);
    if (list_is_empty(&requests->ready))
        uv_idle_stop(idle);
}

void redis_requests_complete_later(struct redis_requests *requests, struct redis_request *request)
{
    list_append(&requests->ready, &request->at);
    uv_idle_start(&requests->idle, on_idle);
}

void redis_requests_complete(struct redis_requests *requests, struct redis_request *request,
        const struct redisReply *reply)
{
    list_remove(&request->at);
    request->on_reply(request, reply);
    redis_requests_drop(requests, request);
}

void redis_requests_drop(struct redis_requests *requests, struct redis_request *request)
{
    list_remove(&request->at);
    if (request->is_spare)
        free(request);
    else
        list_prepend(&requests->free, &request->at);
}

uint64_t redis_requests_oldest_ms(const struct redis_requests *requests)
{
    return list_is_empty(&requests->outstanding) ? UINT64_MAX
                                                 : first_of(&requests->outstanding)->sent_ms;
}
