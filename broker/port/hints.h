/* SPDX-License-Identifier: Apache-2.0 */
/* Hints between nodes: short messages by topic, told at once and kept nowhere.
 *
 * Nothing may depend on a hint: one can be lost, late, doubled, out of order, or come from a node
 * that is gone. A hint says "look", or brings along what a look would find. Whoever subscribes to
 * a topic hears its own hints too.
 *
 * What the port does tell is that hints may have been lost: on_gap when some to this node may be,
 * on_lost when some of this node's may be. Whoever then looks for itself, or tells the others to,
 * has missed nothing.
 *
 * Events come one at a time from the loop, never inside a call. Slices in a call are borrowed until
 * it returns, those in an event until the event does.
 */
#ifndef WEFT_PORT_HINTS_H
#define WEFT_PORT_HINTS_H

#include "base/slice.h"

#include <stdbool.h>

enum {
    HINTS_TOPIC_MAX = 96,
    HINTS_PAYLOAD_MAX = 16 * 1024, /* more is said by "look", not brought along */
};

struct hints;

struct hints_ops {
    /* To all who listen now. Nothing happens while the link is down: on_lost follows. */
    void (*publish)(struct hints *, struct slice topic, struct slice payload);
    /* Hears the topic soon, and over all lives of the link, until unsubscribed. What was published
     * before the subscription holds is not heard: on_subscribed says when it does. Subscribing to
     * a topic twice does nothing more.
     * errors: false when this node listens to as many topics as it may */
    bool (*subscribe)(struct hints *, struct slice topic);
    void (*unsubscribe)(struct hints *, struct slice topic); /* no-op when not subscribed */
};

struct hints {
    const struct hints_ops *ops;
    void (*on_hint)(void *user, struct slice topic, struct slice payload);
    /* From now on the topic is heard: told once for each subscribe, and not after on_gap, which
     * says it for all. */
    void (*on_subscribed)(void *user, struct slice topic);
    void (*on_gap)(void *user);  /* all topics are heard again after a while in which none was */
    void (*on_lost)(void *user); /* what is published reaches others again after such a while */
    void *user;
};

#endif
