/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up bus of hints for several nodes: it drops, doubles, delays and reorders.
 *
 *   struct fake_bus *bus = fake_bus_create(&clock, seed);
 *   struct hints *a = fake_bus_join(bus), *b = fake_bus_join(bus);
 *   fake_bus_faults(bus)->drop_per_mille = 100;
 *
 * All that it draws comes from its own seed. Hints reach each listener in the order in which they
 * were published unless reorder_per_mille says otherwise.
 */
#ifndef WEFT_TESTS_FAKE_HINTS_H
#define WEFT_TESTS_FAKE_HINTS_H

#include "lib/fake_clock.h"
#include "port/hints.h"

#include <stddef.h>

struct fake_bus;

struct fake_bus_faults {
    uint64_t delay_ms_min, delay_ms_max; /* of a hint, and of a subscription; 0..3 at first */
    unsigned drop_per_mille, double_per_mille;
    unsigned reorder_per_mille; /* this one may be overtaken, or overtake */
    uint64_t reconnect_ms_max;  /* after a cut: gone for 1 ms and up to so much more */
    bool is_silent;             /* swallows every hint, without anybody being told */
};

struct fake_bus *fake_bus_create(struct fake_clock *clock, uint64_t seed);
void fake_bus_destroy(struct fake_bus *bus);
struct fake_bus_faults *fake_bus_faults(struct fake_bus *bus);
size_t fake_bus_delivered(const struct fake_bus *bus); /* hints heard so far, by all nodes */

/* Borrowed, for the life of the bus. Its link is up from the start. */
struct hints *fake_bus_join(struct fake_bus *bus);
/* The node's link breaks: it hears and says nothing until on_gap and on_lost tell it. */
void fake_hints_cut(struct hints *hints);
/* The node died: its subscriptions and handlers are gone, and nothing is told. The next life of the
 * node uses the same port. */
void fake_hints_crash(struct hints *hints);
bool fake_hints_is_subscribed(const struct hints *hints, struct slice topic);
size_t fake_hints_topic_count(const struct hints *hints);
/* Says a hint as somebody who does not keep to the rules. */
void fake_bus_say(struct fake_bus *bus, struct slice topic, struct slice payload);

#endif
