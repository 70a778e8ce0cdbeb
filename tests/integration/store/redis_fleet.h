/* SPDX-License-Identifier: Apache-2.0 */
/* Several redis-servers on loopback: a master, its replicas, their Sentinels. All die with the
 * test. */
#ifndef WEFT_TESTS_REDIS_FLEET_H
#define WEFT_TESTS_REDIS_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FLEET_MASTER "weft-test"

struct fleet_server {
    char name[16], folder[400];
    uint16_t port;
    pid_t pid; /* 0: not running */
};

/* Gives it a folder and a free port; starts nothing. */
void fleet_init(struct fleet_server *server, const char *name);
/* Starts it on the data that it has, as master or (master given) as replica; returns once it
 * answers. */
void fleet_start(struct fleet_server *server, const struct fleet_server *master);
/* A Sentinel that watches FLEET_MASTER, with a quorum of two. Returns once it knows the others. */
void fleet_start_sentinel(struct fleet_server *server, const struct fleet_server *master);
void fleet_await_sentinels(const struct fleet_server *sentinels, size_t count);
void fleet_signal(const struct fleet_server *server, int signal_number);
/* SIGKILL, also when it is stopped, and waits for its end. No-op when it is not running. */
void fleet_kill(struct fleet_server *server);

/* Asks it something of up to five words, blocking; the answer's text is good until the next call,
 * a number is written as text. */
const char *fleet_ask(const struct fleet_server *server, const char *const *words);
/* Returns once so many replicas hold what the master has. */
void fleet_await_replicas(const struct fleet_server *master, unsigned count);

#endif
