/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes live: so that they can share out work, and say nothing when nobody would hear it.
 *
 *   {w}nodes   a ZSET: member = a node's id, score = when it was there last (Redis TIME, ms)
 *
 * Each node raises its own score each second and reads the others'. It is a guess, never an
 * authority: for seconds two nodes may think differently, so whatever is shared out by it must bear
 * being done twice, or by nobody for a while.
 *
 * A node without hints is the only one: it writes nothing, and is the one member of its own.
 */
#ifndef WEFT_FLOW_MEMBERS_H
#define WEFT_FLOW_MEMBERS_H

#include "base/list.h"
#include "flow/node.h"

enum {
    MEMBER_ID_LEN = 16, /* lower case hexadecimal digits, made up at each start */
    MEMBERS_MAX = 64,   /* of more, those beyond go without a share and without hints */
    MEMBER_DEAD_MS = 3000,
    MEMBERS_LOOK_MS = 1000,
};

bool members_create(struct node *node); /* sets node->members */
/* The node says that it goes: the others need not wait until it is taken for dead. */
void members_leave(struct node *node);
/* Reads the set again, now: somebody came or went. */
void members_look(struct node *node);

struct slice members_self(const struct node *node); /* borrowed for the node's life */
/* Those that live, sorted by id, this node among them. */
size_t members_count(const struct node *node); /* at least 1 */
struct slice members_at(const struct node *node, size_t rank);
size_t members_rank(const struct node *node); /* of this node, from 0 */
bool members_have(const struct node *node, struct slice id);
bool members_are_others(const struct node *node); /* somebody besides this node lives */
/* Somebody may live whom this node has not seen yet: what hangs on being alone asks this. */
bool members_may_be_others(const struct node *node);

/* Of all that live, this node is the one for this piece of work, by rendezvous hashing: when a node
 * comes or goes, only its own share moves. */
bool members_is_mine(const struct node *node, uint64_t work);

/* Hears, from the loop, when somebody came or went. gone: somebody did go; what they had begun may
 * be unfinished, and what they should have told untold. */
struct members_watch {
    struct list at;
    void (*on_change)(struct members_watch *watch, bool gone);
};
void members_watch(struct node *node, struct members_watch *watch);
void members_unwatch(struct members_watch *watch);

#endif
