/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks, as a queue's policy has them: to whom they are offered, by which ways, when.
 *
 *   channel  how somebody comes back to the customer: in this chat, by phone, by mail
 *   window   a time that the customer may choose, within the queue's hours
 */
#ifndef WEFT_CORE_ROUTE_CALLBACKS_H
#define WEFT_CORE_ROUTE_CALLBACKS_H

#include "core/route/setup.h"

enum { CALLBACK_WINDOWS_MAX = 12, CALLBACK_TEXT_MAX = 128 };

/* What is known of a case that waits. */
struct callback_situation {
    bool is_open;          /* within the queue's hours */
    bool is_anybody_there; /* somebody takes cases */
    bool has_wait;
    uint64_t wait_ms;   /* the estimate, when there is one */
    uint64_t waited_ms; /* so far */
};

struct callback_window {
    uint64_t from_ms, until_ms;
};

struct slice callback_channel_name(enum route_callback_channel channel);
/* false: there is no such channel. */
bool callback_channel_find(struct slice name, enum route_callback_channel *out_channel);

/* Whether a customer who does not want to wait is offered it now: outside the hours, when nobody is
 * there, when the wait is long; without an estimate, when it has been. */
bool callback_is_offered(
        const struct route_callback *callback, const struct callback_situation *situation);

/* The next windows that lie wholly within the queue's hours, for a week; they begin at whole
 * multiples of their length on the queue's clock. Returns how many, at most CALLBACK_WINDOWS_MAX.
 */
size_t callback_windows(const struct route_queue *queue, uint64_t now_ms,
        struct callback_window out[CALLBACK_WINDOWS_MAX]);

/* Whether a window that begins then may be promised: it is to come, soon enough, and wholly within
 * the hours. */
bool callback_window_is_good(const struct route_queue *queue, uint64_t now_ms, uint64_t from_ms);

/* A number or an address as it is kept: a number without what is between its digits.
 *
 * shape:   at most CALLBACK_TEXT_MAX bytes; empty for a chat
 * source:  ITU-T E.164 (at most 15 digits); RFC 5321, 4.5.3.1 for the parts of an address
 * errors:  false: no such number or address */
bool callback_address_read(enum route_callback_channel channel, struct slice text,
        char out[CALLBACK_TEXT_MAX], size_t *out_len);

#endif
