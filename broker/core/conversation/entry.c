/* SPDX-License-Identifier: Apache-2.0 */
/* Parts and who may see them.
 *
 * Invariant: visibility is a property of the part's kind, except for messages and what is done to
 * them, which carry their own. Every transport asks here, so that no transport can forget a kind.
 */
#include "core/conversation/entry.h"

#include "base/check.h"

bool part_is_known(uint64_t kind)
{
    bool is_gap = (kind > PART_AMENDMENTS && kind < PART_PARTICIPANT) || /* kept for others */
                  (kind > PART_CALLBACK && kind < PART_EVENT);
    return kind >= PART_CREATED && kind <= PART_KIND_LAST && !is_gap;
}

bool part_has_own_visibility(enum part_kind kind)
{
    return kind == PART_MESSAGE || kind == PART_EDITED || kind == PART_DELETED ||
           kind == PART_REACTED;
}

enum visibility part_visibility(enum part_kind kind)
{
    switch (kind) {
    case PART_MESSAGE:
    case PART_EDITED:
    case PART_DELETED:
    case PART_REACTED:
    case PART_OWNER:
    case PART_CASE_OPENED:
    case PART_CASE_CLOSED:
    case PART_QUEUED:
    case PART_IDENTITY:
    case PART_SUPERSEDED:
    case PART_JOINED:
    case PART_ERASED:
    case PART_PARTICIPANT:
    case PART_CALLBACK:
        return VISIBLE_TO_ALL;
    case PART_INVITED:
    case PART_EVENT:
        return VISIBLE_TO_STAFF;
    case PART_CREATED:
    case PART_TURN:
    case PART_TURN_OVER:
    case PART_COMMITTED:
    case PART_STATE:
    case PART_LABELS:
    case PART_VOIDED:
    case PART_SNAPSHOT:
    case PART_AMENDMENTS:
        return VISIBLE_TO_NOBODY;
    }
    return VISIBLE_TO_NOBODY;
}

bool part_is_visible(const struct part *part, bool to_staff)
{
    enum visibility least = to_staff ? VISIBLE_TO_STAFF : VISIBLE_TO_ALL;
    return part->visibility <= least;
}

bool entry_is_visible(const struct entry *entry, bool to_staff)
{
    for (size_t i = 0; i < entry->part_count; i++)
        if (part_is_visible(&entry->parts[i], to_staff))
            return true;
    return false;
}

const struct part *entry_part(const struct entry *entry, enum part_kind kind)
{
    for (size_t i = 0; i < entry->part_count; i++)
        if (entry->parts[i].kind == kind)
            return &entry->parts[i];
    return NULL;
}

struct part *entry_add(struct entry *entry, enum part_kind kind)
{
    check(entry->part_count < ENTRY_PARTS_MAX);
    struct part *part = &entry->parts[entry->part_count++];
    *part = (struct part){.kind = kind, .visibility = part_visibility(kind)};
    return part;
}
