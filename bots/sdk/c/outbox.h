/* SPDX-License-Identifier: Apache-2.0 */
/* What one client still has to say in one conversation, exactly once and in order. Pure: time and
 * frames come in, frames go out by a callback.
 *
 *   put -> NEW -> WAITING -> FLYING -> ACKED -> forgotten, OUTBOX_KEPT_MAX acknowledgements later
 *                    ^---------'                (a disconnection, or a refusal that says "again")
 *
 * Numbers are dense per lineage and conversation, so whoever speaks in several conversations has an
 * outbox for each. A message that is refused for good gives its number back; messages behind it are
 * renumbered, but only once it is certain that none of them was accepted under its old number: the
 * server has said no to each, or they have moved to another lineage.
 */
#ifndef WEFT_BOTS_OUTBOX_H
#define WEFT_BOTS_OUTBOX_H

#include "base/list.h"
#include "bots/sdk/c/backoff.h"
#include "proto/frames.h"

enum {
    OUTBOX_FLYING_MAX = PROTO_LIMIT_UNACKED_SENDS,
    OUTBOX_KEPT_MAX = PROTO_LIMIT_UNACKED_SENDS, /* as many as the server's window remembers */
    OUTBOX_UNACKED_MAX = 256,
    OUTBOX_LINEAGE_MAX = 32,
    OUTBOX_PREFIX_MAX = 16,
};

struct outbox_options {
    /* Sent with each message when not empty; borrowed: must outlive the outbox. */
    struct slice conversation;
    const char *prefix; /* of request ids: different for each outbox of a link; copied */
    void *context;
    /* Hands one frame to the link; false: not now. */
    bool (*send)(void *context, const struct proto_frame *frame);
    /* key is what outbox_put returned. n: the number under which it was accepted. at: its place;
     * NULL when the server only knows that it has it. Again when a healed message has a new place.
     */
    void (*on_acked)(void *context, uint64_t key, uint64_t n, const struct name *at);
    void (*on_refused)(void *context, uint64_t key, enum proto_error_code code);
};

struct outbox {
    struct outbox_options options;
    char prefix[OUTBOX_PREFIX_MAX + 1];
    struct list items; /* in the order of outbox_put */
    size_t kept, unacked, flying;
    char lineage[OUTBOX_LINEAGE_MAX + 1]; /* of the next message; empty before the first welcome */
    char spare[OUTBOX_LINEAGE_MAX + 1];   /* from the last welcome */
    uint64_t lineage_count;               /* makes request ids differ between lineages */
    uint64_t next_n, last_key;
    bool is_connected, has_hole;
    uint64_t hole_n; /* unused in hole_lineage, with messages behind it */
    char hole_lineage[OUTBOX_LINEAGE_MAX + 1];
    uint64_t quiet_until_ms;
    uint64_t round; /* one more with each step of the backoff */
    struct backoff backoff;
};

struct outbox_message {
    const struct proto_body *body;
    bool is_internal;
    const struct name *owner;    /* NULL: none */
    const struct name *reply_to; /* NULL: none */
};

/* What the owner of the link has to do after a frame. */
enum outbox_verdict {
    OUTBOX_NOT_MINE,
    OUTBOX_SETTLED,   /* looked at; call outbox_flush */
    OUTBOX_RECONNECT, /* a new lineage is needed: link_reconnect */
};

void outbox_init(struct outbox *outbox, const struct outbox_options *options);
void outbox_finish(struct outbox *outbox);

/* Takes one message; it is copied. Call outbox_flush then.
 *
 * errors: returns 0 when OUTBOX_UNACKED_MAX messages wait already; else the message's key */
uint64_t outbox_put(struct outbox *outbox, const struct outbox_message *message);

/* The link is connected; lineage is the welcome's. */
void outbox_on_welcome(struct outbox *outbox, struct slice lineage);
/* The link is not connected any more. */
void outbox_on_disconnect(struct outbox *outbox);

/* Any frame from the server: ack, error, entry and reset matter here.
 *
 * units: now_ms is monotonic milliseconds */
enum outbox_verdict outbox_on_frame(
        struct outbox *outbox, const struct proto_frame *frame, uint64_t random, uint64_t now_ms);

/* Sends what may be sent now. Returns the milliseconds after which to call again, 0: not needed. */
uint64_t outbox_flush(struct outbox *outbox, uint64_t now_ms);

/* Messages that are not acknowledged yet. */
static inline size_t outbox_unacked(const struct outbox *outbox)
{
    return outbox->unacked;
}

#endif
