/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, lineages and holes of an outbox.
 *
 * A hole is a number that the server has refused for good while messages with higher numbers were
 * already on their way. Invariant: a message behind the hole gets a new number only when it cannot
 * be accepted under its old one: the server has said no to it, or the hole stays open for ever
 * because the outbox has gone over to another lineage.
 */
#include "bots/sdk/c/outbox_numbers.h"

#include "base/check.h"

void outbox_copy_text(char *to, size_t capacity, struct slice from)
{
    check(from.len < capacity);
    if (from.len > 0)
        memcpy(to, from.bytes, from.len);
    to[from.len] = '\0';
}

/* ---- states of one message ------------------------------------------------------------------ */

void outbox_set_state(struct outbox *outbox, struct outbox_item *item, enum outbox_item_state state)
{
    outbox->flying -= item->state == OUTBOX_FLYING;
    outbox->kept -= item->state == OUTBOX_ACKED;
    outbox->unacked -= item->state != OUTBOX_ACKED;
    item->state = state;
    outbox->flying += state == OUTBOX_FLYING;
    outbox->kept += state == OUTBOX_ACKED;
    outbox->unacked += state != OUTBOX_ACKED;
}

void outbox_discard(struct outbox *outbox, struct outbox_item *item)
{
    outbox_set_state(outbox, item, OUTBOX_ACKED);
    outbox->kept--;
    outbox_item_destroy(item);
}

void outbox_take_number_back(struct outbox *outbox, struct outbox_item *item)
{
    outbox_set_state(outbox, item, OUTBOX_NEW);
    item->is_unsure = false;
    item->id[0] = item->lineage[0] = '\0';
    item->send.id = item->send.lineage = SLICE_NONE;
    item->send.n = 0;
}

static bool is_numbered(const struct outbox_item *item)
{
    return item->state == OUTBOX_WAITING || item->state == OUTBOX_FLYING;
}

/* ---- lineages and holes --------------------------------------------------------------------- */

bool outbox_has_fresh_lineage(const struct outbox *outbox)
{
    return outbox->spare[0] != '\0' && strcmp(outbox->spare, outbox->lineage) != 0;
}

void outbox_take_fresh_lineage(struct outbox *outbox)
{
    memcpy(outbox->lineage, outbox->spare, sizeof outbox->lineage);
    outbox->lineage_count++;
    outbox->next_n = 1;
}

bool outbox_is_behind_hole(const struct outbox *outbox, const struct outbox_item *item)
{
    return outbox->has_hole && is_numbered(item) && item->send.n >= outbox->hole_n &&
           strcmp(item->lineage, outbox->hole_lineage) == 0;
}

/* What is known of the messages behind the hole. */
static void look_behind_hole(struct outbox *outbox, bool *out_flying, bool *out_unsure)
{
    *out_flying = *out_unsure = false;
    LIST_EACH (node, next, &outbox->items) {
        const struct outbox_item *item = outbox_item_of(node);
        if (!outbox_is_behind_hole(outbox, item))
            continue;
        *out_flying |= item->state == OUTBOX_FLYING;
        *out_unsure |= item->is_unsure;
    }
}

static void renumber_behind_hole(struct outbox *outbox)
{
    LIST_EACH (node, next, &outbox->items)
        if (outbox_is_behind_hole(outbox, outbox_item_of(node)))
            outbox_take_number_back(outbox, outbox_item_of(node));
    if (strcmp(outbox->hole_lineage, outbox->lineage) == 0)
        outbox->next_n = outbox->hole_n;
    outbox->has_hole = false;
}

/* Renumbers as soon as that is safe. Answers false when only a new lineage can help. */
bool outbox_mend_hole(struct outbox *outbox, bool is_last_resort)
{
    bool flying, unsure;
    if (!outbox->has_hole)
        return true;
    look_behind_hole(outbox, &flying, &unsure);
    bool is_old = strcmp(outbox->hole_lineage, outbox->lineage) != 0;
    if (!is_old && flying)
        return true; /* their answers are still to come */
    if (!is_old && unsure && outbox_has_fresh_lineage(outbox))
        outbox_take_fresh_lineage(outbox);
    else if (!is_old && unsure && !is_last_resort)
        return false;
    renumber_behind_hole(outbox);
    return true;
}

void outbox_open_hole(struct outbox *outbox, const char *lineage, uint64_t n)
{
    bool is_same = outbox->has_hole && strcmp(outbox->hole_lineage, lineage) == 0;
    if (is_same && outbox->hole_n <= n)
        return;
    outbox->has_hole = true;
    outbox->hole_n = n;
    outbox_copy_text(outbox->hole_lineage, sizeof outbox->hole_lineage, slice_of_string(lineage));
}

bool outbox_has_numbered(struct outbox *outbox)
{
    LIST_EACH (node, next, &outbox->items)
        if (is_numbered(outbox_item_of(node)))
            return true;
    return false;
}
