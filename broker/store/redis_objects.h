/* SPDX-License-Identifier: Apache-2.0 */
/* What hiredis builds of an answer: bounded, and in memory that is used again. Private to
 * broker/store. */
#ifndef WEFT_STORE_REDIS_OBJECTS_H
#define WEFT_STORE_REDIS_OBJECTS_H

struct redisReader;

enum { REDIS_ELEMENTS_MAX = 4096 }; /* of one list; no command of ours is answered by more */

/* Before anything is read. A list that announces more ends the connection. */
void redis_objects_use(struct redisReader *reader);

/* An answer that such a reader gave, with all that is in it. NULL: nothing. */
void redis_object_free(void *answer);

#endif
