/* SPDX-License-Identifier: Apache-2.0 */
/* A bound for what hiredis takes memory for on a server's word alone. Private to broker/store. */
#ifndef WEFT_STORE_REDIS_BOUND_H
#define WEFT_STORE_REDIS_BOUND_H

struct redisReader;

enum { REDIS_ELEMENTS_MAX = 4096 }; /* of one list; no command of ours is answered by more */

/* Before anything is read. A list that announces more ends the connection. */
void redis_bound_reader(struct redisReader *reader);

#endif
