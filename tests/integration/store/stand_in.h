/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for a Redis on a TCP port, to say what a real one says only in bad times. */
#ifndef WEFT_TESTS_STAND_IN_H
#define WEFT_TESTS_STAND_IN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct stand_in {
    uv_tcp_t listener;
    uv_tcp_t *peer; /* NULL: none. Frees itself once it is closed */
    uint16_t port;
    unsigned accepted, heard; /* connections and commands, so far */
    /* What it says, whole replies of the protocol. */
    const char *time, *info, *policy;
    const char *next; /* to the next other command, then all; NULL: nothing */
    /* As a Sentinel: to SENTINEL MASTER and to SENTINEL GET-MASTER-ADDR-BY-NAME; NULL: nothing */
    const char *master, *place;
    const char *greeting; /* sent at once to whoever connects; NULL: nothing */
    bool resets;          /* resets every connection at once */
};

/* Binds 127.0.0.1 on a free port. A connection is refused until it listens. */
void stand_in_bind(struct stand_in *stand_in, uv_loop_t *loop);
void stand_in_listen(struct stand_in *stand_in);
/* Resets the connection that it has. */
void stand_in_reset(struct stand_in *stand_in);
/* The loop must turn once more. */
void stand_in_close(struct stand_in *stand_in);

/* What a Sentinel says that a master on this port of 127.0.0.1 is, of that configuration epoch. */
void stand_in_advise(struct stand_in *stand_in, uint16_t port, unsigned epoch);

/* An identity as INFO gives it, in static storage, good until two calls later. */
const char *stand_in_info(char replication_id_digit, const char *role, int loading, int log);

#endif
