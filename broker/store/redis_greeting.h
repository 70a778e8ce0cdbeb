/* SPDX-License-Identifier: Apache-2.0 */
/* Reads who a Redis is, and what time it has, from its replies to INFO and TIME. */
#ifndef WEFT_STORE_REDIS_GREETING_H
#define WEFT_STORE_REDIS_GREETING_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { REPLICATION_ID_SIZE = 40 };

struct redisReply;

struct redis_identity {
    char replication_id[REPLICATION_ID_SIZE];
    bool is_master, is_loading, keeps_log;
    unsigned replicas_online; /* that the server sends its writes to, and that could take its place
                               */
};

/* text: of INFO replication persistence. false: not what INFO looks like. */
bool redis_identity_read(struct slice text, struct redis_identity *out_identity);
/* Milliseconds since 1970; 0: not what TIME looks like. */
uint64_t redis_time_read(const struct redisReply *reply);
/* Decimal digits alone, at most UINT64_MAX. */
bool redis_number_read(struct slice text, uint64_t *out_number);

#endif
