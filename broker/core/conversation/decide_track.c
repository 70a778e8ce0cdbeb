/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the journey: pages, carts, deliveries, as the brand's pages and servers tell them.
 *
 * Invariant: an event is in the log at most once, as long as fewer than JOURNEY_WINDOW others of
 * its conversation came between it and its repetition; beyond that a sender who repeats it is taken
 * at its word. Events open no case and no turn, and are nobody's words: who tracks does not speak.
 */
#include "base/check.h"
#include "core/conversation/draft.h"

#include <string.h>

bool journey_knows(const struct journey *journey, uint64_t digest)
{
    for (uint8_t i = 0; i < journey->count; i++)
        if (journey->digests[i] == digest)
            return true;
    return false;
}

void journey_record(struct journey *journey, uint64_t digest)
{
    if (journey->count == JOURNEY_WINDOW)
        memmove(journey->digests, journey->digests + 1,
                --journey->count * sizeof *journey->digests);
    journey->digests[journey->count++] = digest;
}

static bool is_new(
        const struct conversation *c, const struct entry *draft, const struct journey_event *event)
{
    for (size_t i = 0; i < draft->part_count; i++)
        if (draft->parts[i].digest == event->digest)
            return false;
    return !journey_knows(&c->journey, event->digest);
}

void conversation_track(const struct conversation *c, const struct journey_steps *steps,
        uint64_t now_ms, struct decision *decision)
{
    check(steps->count > 0 && steps->count <= ENTRY_PARTS_MAX);
    if (!is_living(c, decision))
        return;
    struct entry *draft = decision->draft;
    begin_draft(decision, c, &steps->author, now_ms);
    for (size_t i = 0; i < steps->count; i++) {
        const struct journey_event *event = &steps->events[i];
        if (!is_new(c, draft, event))
            continue;
        struct part *part = entry_add(draft, PART_EVENT);
        part->id = event->id;
        part->name = event->name;
        part->digest = event->digest;
        part->number = event->time_ms;
        part->body = event->properties;
    }
    if (draft->part_count == 0)
        already(decision, &c->tail);
}
