/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop of one process: turns, timers, signals. */
#ifndef WEFT_LOOP_LOOP_H
#define WEFT_LOOP_LOOP_H

#include "port/random.h"
#include "port/timers.h"

struct loop;
struct uv_loop_s;

/* errors: NULL when the system gives no descriptors. From now on SIGPIPE is ignored. */
struct loop *loop_create(void);

/* Runs until loop_stop, or until nothing is left to wait for. May be called again. */
void loop_run(struct loop *loop);
/* Makes loop_run return at the end of this turn. From the loop's own thread only. */
void loop_stop(struct loop *loop);

/* Runs what is ready and returns at once: for teardowns that need a few turns. */
void loop_turn(struct loop *loop);

/* order: whoever has put handles on the loop or armed timers has closed them before. */
void loop_destroy(struct loop *loop);

/* Borrowed, for the life of the loop. */
struct timers *loop_timers(struct loop *loop);

/* Calls on_signal from the loop each time the signal arrives; NULL gives the signal back to the
 * system's default.
 *
 * errors: a signal that cannot be caught is a programmer's error and checks */
void loop_on_signal(struct loop *loop, int signal_number,
        void (*on_signal)(void *user, int signal_number), void *user);

/* Calls on_turn twice a turn of the loop: after what was ready was handled, and before it waits.
 * For what is gathered over a turn and written once. One caller; NULL ends it. */
void loop_on_turn(struct loop *loop, void (*on_turn)(void *user), void *user);

/* The library's own loop, for the folders that are the doorway of another library. */
struct uv_loop_s *loop_uv(struct loop *loop);

/* The system's random source (never blocks after boot). Borrowed, for ever. */
struct random *system_random(void);

#endif
