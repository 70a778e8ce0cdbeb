/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes tell each other: hints (port/hints.h) with a kind, a sender and a body.
 *
 *   {ab}h:<conversation>   to the nodes where somebody follows it
 *   {p:<tenant>}h          to the nodes that hold the tenant's pool
 *   {w}h…                  to all nodes; {w}h:directory, {w}h:revoked
 *   n:<node>               to one node
 *
 * A hint is version, kind, the sender's id, body. Unknown versions and kinds are dropped, and so is
 * what a node said itself. Nothing may depend on a hint; and a body comes from outside: whoever
 * takes one reads it as they would a client's. (A record is sealed, the rest is not.)
 *
 * While this node is alone nothing is published and nothing but {w}h and n:<node> subscribed.
 */
#ifndef WEFT_FLOW_BUS_H
#define WEFT_FLOW_BUS_H

#include "flow/members.h"
#include "port/hints.h"

/* Stored nowhere, but spoken between versions: numbers are never given anew. */
enum bus_kind {
    BUS_RECORD = 1,  /* an entry, with its record: bus_record.h */
    BUS_LOOK = 2,    /* an entry, by its seq alone */
    BUS_TYPING = 3,  /* typing.c */
    BUS_RECEIPT = 4, /* receipts.c */
    BUS_HERE = 5,    /* to all: I came, or I go: look at the members */
    BUS_AGAIN = 6,   /* to all: some of what I told may be lost: look at all that you follow */
    BUS_REVOKED = 7, /* tickets are void: revocations.c */
    /* 16..31: agents, bots and pools. */
    BUS_WORKERS = 16, /* to all: what the workers here can take: bot_nodes.c, as the next two */
    BUS_CALL = 17,    /* to one node: carry this turn */
    BUS_ANSWER = 18,  /* to the one that called: a worker has it, or cannot */
    BUS_INVITED = 19, /* to a pool: an agent was asked into a conversation: supervise.c */
    BUS_KINDS = 32,
};

enum { BUS_HEAD = 2 + MEMBER_ID_LEN, BUS_BODY_MAX = HINTS_PAYLOAD_MAX - BUS_HEAD };

struct bus_hint {
    enum bus_kind kind;
    struct slice from; /* the sender's id; borrowed, as body is, until the handler returns */
    struct slice body;
};

struct bus;

bool bus_create(struct node *node); /* sets node->bus; after members_create */

/* Somebody of this node who listens to a topic; embedded in its owner. */
struct bus_topic {
    struct map_node by_name;
    struct list at;
    void (*on_hint)(struct bus_topic *topic, const struct bus_hint *hint);
    /* Hints may have been missed up to now, and are heard from now on: look for yourself. */
    void (*on_gap)(struct bus_topic *topic);
    bool is_open;
};

/* Two may not listen to one topic. on_gap is called once the topic is heard.
 *
 * owns: borrows the name until bus_close */
void bus_open(struct node *node, struct bus_topic *topic, struct slice name);
void bus_close(struct node *node, struct bus_topic *topic); /* no-op when it is not open */

/* Whether there is anybody to tell. What is not told now, since there is not, whoever comes later
 * is told to look for (BUS_AGAIN). */
bool bus_is_heard(struct node *node);

/* Tells all who listen. Does nothing while this node is alone. A body that is too long is a
 * programmer's error. */
void bus_tell(struct node *node, struct slice name, enum bus_kind kind, struct slice body);
void bus_tell_all(struct node *node, enum bus_kind kind, struct slice body);
void bus_tell_node(struct node *node, struct slice id, enum bus_kind kind, struct slice body);

/* Takes hints of a kind that come to all nodes, or to this one; one taker a kind. */
void bus_take(struct node *node, enum bus_kind kind,
        void (*on_hint)(struct node *node, const struct bus_hint *hint));

#endif
