/* SPDX-License-Identifier: Apache-2.0 */
/* Senders count (rule 8 of the log): is this number the next of its lineage?
 *
 * Invariant: everything that people send (words, edits, deletions, reactions) counts in one row,
 * and a repeated number is answered with the place it got, before anything else is asked.
 */
#include "core/conversation/sender.h"

#include "core/conversation/draft.h"

enum { CLOCKS_APART_MS_MAX = 3600 * 1000 }; /* of two nodes, or of two masters */

/* A birth that lies ahead was made up: forgotten one day, it would make everybody too old. */
static bool is_born_ahead(
        const struct conversation *c, const struct sender *sender, uint64_t now_ms)
{
    uint64_t known_ms = now_ms > c->time_ms ? now_ms : c->time_ms;
    return lineage_is_well_formed(sender->lineage) &&
           lineage_birth_ms(sender->lineage) > known_ms + CLOCKS_APART_MS_MAX;
}

static bool is_taken_before(
        const struct conversation *c, const struct sender *sender, struct decision *decision)
{
    struct lineage_place place;
    switch (lineages_ask(&c->lineages, sender->lineage, sender->n, sender->digest, &place)) {
    case LINEAGE_NEXT:
        return false;
    case LINEAGE_ALREADY:
        already(decision, &place.at);
        return true;
    case LINEAGE_OTHER:
        refuse(decision, REFUSAL_OTHER_BODY);
        return true;
    case LINEAGE_LONG_AGO:
        refuse(decision, REFUSAL_LONG_AGO);
        return true;
    case LINEAGE_AHEAD:
        refuse(decision, REFUSAL_RESEND);
        decision->resend_from = place.at.seq;
        return true;
    case LINEAGE_MALFORMED:
        refuse(decision, REFUSAL_BAD_LINEAGE);
        return true;
    }
    return true;
}

bool sender_is_next(const struct conversation *c, const struct sender *sender, uint64_t now_ms,
        struct decision *decision)
{
    if (is_born_ahead(c, sender, now_ms)) {
        refuse(decision, REFUSAL_BAD_LINEAGE);
        return false;
    }
    return !is_taken_before(c, sender, decision);
}
