/* SPDX-License-Identifier: Apache-2.0 */
/* An intrusive, circular, doubly linked list. An unlinked node points at itself. */
#ifndef WEFT_BASE_LIST_H
#define WEFT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev, *next;
};

/* The struct that holds the node. */
#define LIST_ITEM(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
/* Safe against removing the current node. */
#define LIST_EACH(node, next_node, head) \
    for (struct list *node = (head)->next, *next_node = node->next; node != (head); \
            node = next_node, next_node = node->next)

static inline void list_init(struct list *list)
{
    list->prev = list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_append(struct list *list, struct list *node)
{
    node->prev = list->prev;
    node->next = list;
    list->prev->next = node;
    list->prev = node;
}

static inline void list_prepend(struct list *list, struct list *node)
{
    list_append(list->next, node);
}

/* The analyser cannot tell the nodes of a ring apart, and takes one that was freed for the next. */
/* NOLINTBEGIN(clang-analyzer-*) */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}
/* NOLINTEND(clang-analyzer-*) */

/* Takes the first node out; the list is not empty. This one the analyser can follow. */
static inline struct list *list_take_first(struct list *list)
{
    struct list *first = list->next;
    list->next = first->next;
    list->next->prev = list;
    list_init(first);
    return first;
}

#endif
