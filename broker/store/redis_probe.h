/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the server of a link who it is and what time it has: once to greet it, then to watch it.
 * Private to broker/store. */
#ifndef WEFT_STORE_REDIS_PROBE_H
#define WEFT_STORE_REDIS_PROBE_H

#include "store/durability.h"
#include "store/redis_greeting.h"

#include <stdbool.h>
#include <stdint.h>

struct redis_link;

struct redis_probe {
    struct redis_link *link;
    enum durability durability; /* that the server must offer */
    const char *password;       /* borrowed; empty: none */
    struct redis_identity identity;
    bool is_greeting, is_underway;
    uint64_t server_ms, read_ms, now_ms_last;
};

/* Sends password and questions. Ends in redis_link_come_up, or in a cut. */
void redis_probe_greet(struct redis_probe *probe);
/* Asks again, unless an answer is still due. Cuts a server that has changed. */
void redis_probe_watch(struct redis_probe *probe);
/* The server's time at clock_ms of our own, never falling; 0 before the first greeting. */
uint64_t redis_probe_now_ms(struct redis_probe *probe, uint64_t clock_ms);

#endif
