/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors and gaps.
 *
 * Invariant: a cursor moves only to an entry whose `after` is the cursor itself, so a client holds
 * all that it may see up to its cursor, or nothing. Sequence numbers alone never decide: entries
 * that this client may not see are missing from its count, and a failover may have replaced an
 * entry by another one with the same number, which only the mark tells.
 */
#include "bots/sdk/c/cursors.h"

#include "base/check.h"

#include <stdlib.h>

struct cursor {
    struct map_node node;
    struct list by_use;
    struct name at;
    char conversation[CURSORS_CONVERSATION_MAX];
};

void cursors_init(struct cursors *cursors)
{
    *cursors = (struct cursors){0};
    list_init(&cursors->by_use);
}

static void forget(struct cursors *cursors, struct cursor *cursor)
{
    map_remove(&cursors->by_conversation, &cursor->node);
    list_remove(&cursor->by_use);
    cursors->len--;
    free(cursor);
}

void cursors_finish(struct cursors *cursors)
{
    LIST_EACH (node, next, &cursors->by_use)
        forget(cursors, LIST_ITEM(node, struct cursor, by_use));
    map_finish(&cursors->by_conversation);
}

static struct cursor *find(const struct cursors *cursors, struct slice conversation)
{
    return MAP_ITEM(map_find(&cursors->by_conversation, conversation), struct cursor, node);
}

static struct cursor *add(struct cursors *cursors, struct slice conversation)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);
    check(cursor != NULL && conversation.len <= CURSORS_CONVERSATION_MAX);
    if (cursors->len == CURSORS_MAX)
        forget(cursors, LIST_ITEM(cursors->by_use.prev, struct cursor, by_use));
    if (conversation.len > 0)
        memcpy(cursor->conversation, conversation.bytes, conversation.len);
    map_put(&cursors->by_conversation, &cursor->node,
            slice_make(cursor->conversation, conversation.len));
    list_init(&cursor->by_use);
    cursors->len++;
    return cursor;
}

enum cursors_verdict cursors_take(struct cursors *cursors, struct slice conversation,
        const struct name *at, const struct name *after)
{
    struct cursor *cursor = find(cursors, conversation);
    if (cursor == NULL)
        cursor = add(cursors, conversation);
    else if (name_equal(&cursor->at, at) || at->seq < cursor->at.seq)
        return CURSORS_SEEN;
    else if (!name_equal(&cursor->at, after))
        return CURSORS_GAP;
    cursor->at = *at;
    list_remove(&cursor->by_use);
    list_prepend(&cursors->by_use, &cursor->by_use);
    return CURSORS_NEXT;
}

bool cursors_find(const struct cursors *cursors, struct slice conversation, struct name *out_at)
{
    const struct cursor *cursor = find(cursors, conversation);
    if (cursor == NULL)
        return false;
    *out_at = cursor->at;
    return true;
}

void cursors_forget(struct cursors *cursors, struct slice conversation)
{
    struct cursor *cursor = find(cursors, conversation);
    if (cursor != NULL)
        forget(cursors, cursor);
}

size_t cursors_list(const struct cursors *cursors, struct proto_cursor *out_list, size_t max)
{
    size_t count = 0;
    LIST_EACH (node, next, &cursors->by_use) {
        const struct cursor *cursor = LIST_ITEM(node, struct cursor, by_use);
        if (count == max)
            break;
        out_list[count++] = (struct proto_cursor){cursor->node.key, cursor->at};
    }
    return count;
}
