/* SPDX-License-Identifier: Apache-2.0 */
/* One-shot timers and the monotonic clock of a libuv loop. */
#ifndef WEFT_BOTS_WAKER_H
#define WEFT_BOTS_WAKER_H

#include <stdint.h>

struct waker;
struct uv_loop_s;

/* owns: freed by waker_destroy, after which on_due is not called any more */
struct waker *waker_create(struct uv_loop_s *loop, void *context, void (*on_due)(void *context));
void waker_destroy(struct waker *waker);

/* Due once, after wait_ms; an earlier arming is forgotten. */
void waker_arm(struct waker *waker, uint64_t wait_ms);
void waker_disarm(struct waker *waker);

/* Milliseconds of the loop's clock: monotonic, and still within one turn of the loop. */
uint64_t waker_now_ms(const struct waker *waker);

#endif
