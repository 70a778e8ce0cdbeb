/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of connections and their handles.
 *
 * Invariant: in_use counts the slots that are not FREE; a handle finds its connection only while
 * generation and kind are those that it was made with, so a late call finds "gone" and not
 * another's socket. Generation 0 is never given: it means "no peer".
 */
#include "ws/connection.h"

#include <stdlib.h>
#include <string.h>

enum { NO_INDEX = UINT32_MAX };

bool connection_pool_init(struct connection_pool *pool, uint32_t capacity)
{
    struct connection *connections = calloc(capacity, sizeof *connections);
    if (connections == NULL)
        return false;
    for (uint32_t i = 0; i < capacity; i++) {
        connections[i].index = i;
        connections[i].generation = 1;
        connections[i].next_free = i + 1 < capacity ? i + 1 : (uint32_t)NO_INDEX;
    }
    *pool = (struct connection_pool){connections, capacity, 0, 0};
    return true;
}

void connection_pool_finish(struct connection_pool *pool)
{
    check(pool->in_use == 0);
    free(pool->connections);
}

struct connection *connection_take(struct connection_pool *pool)
{
    if (pool->first_free == (uint32_t)NO_INDEX)
        return NULL;
    struct connection *connection = &pool->connections[pool->first_free];
    check(connection->kind == CONNECTION_FREE);
    pool->first_free = connection->next_free;
    pool->in_use++;
    connection->kind = CONNECTION_HTTP;
    connection->exchange = (struct exchange){0};
    connection->wsi = NULL;
    connection->address = NULL;
    return connection;
}

void connection_give_back(struct connection_pool *pool, struct connection *connection)
{
    check(connection->kind != CONNECTION_FREE && pool->in_use > 0);
    heartbeat_remove(&connection->beat);
    connection->kind = CONNECTION_FREE;
    connection_renew(connection);
    connection->next_free = pool->first_free;
    pool->first_free = connection->index;
    pool->in_use--;
}

struct connection *connection_find(const struct connection_pool *pool, uint32_t index,
        uint32_t generation, enum connection_kind kind)
{
    if (index >= pool->capacity)
        return NULL;
    struct connection *connection = &pool->connections[index];
    return connection->generation == generation && connection->kind == kind ? connection : NULL;
}

void connection_renew(struct connection *connection)
{
    if (++connection->generation == 0)
        connection->generation = 1;
}
