/* SPDX-License-Identifier: Apache-2.0 */
/* hiredis takes eight bytes for each element that a list announces, before one of them has come:
 * fourteen bytes of a server that is none would cost two gigabytes.
 *
 * Invariant: memory is taken for what has arrived, or for REDIS_ELEMENTS_MAX elements at most. It
 * does not bound texts: for those hiredis takes what they bring.
 */
#include "store/redis_bound.h"

#include <hiredis/hiredis.h>

/* hiredis' own, the same for all readers. */
static const redisReplyObjectFunctions *usual;

static void *create_list(const redisReadTask *task, int elements)
{
    return elements > REDIS_ELEMENTS_MAX ? NULL : usual->createArray(task, elements);
}

void redis_bound_reader(struct redisReader *reader)
{
    static redisReplyObjectFunctions bounded;
    if (usual == NULL) {
        usual = reader->fn;
        bounded = *usual;
        bounded.createArray = create_list;
    }
    reader->fn = &bounded;
}
