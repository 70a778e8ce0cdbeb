/* SPDX-License-Identifier: Apache-2.0 */
/* A loop of one's own, for a process that is nothing but a bot. */
#ifndef WEFT_BOTS_EVENT_LOOP_H
#define WEFT_BOTS_EVENT_LOOP_H

struct event_loop;
struct uv_loop_s;

/* on_signal: SIGTERM or SIGINT came; may come more than once. */
struct event_loop *event_loop_open(void *context, void (*on_signal)(void *context));
struct uv_loop_s *event_loop_uv(struct event_loop *loop);

/* Runs until nothing is left on the loop: close what is yours, and call event_loop_release. */
void event_loop_run(struct event_loop *loop);
/* No signal is waited for any more. */
void event_loop_release(struct event_loop *loop);
/* order: after event_loop_run has returned */
void event_loop_close(struct event_loop *loop);

#endif
