/* SPDX-License-Identifier: Apache-2.0 */
/* Bots' workers at other nodes: who has some, and asking them to carry a turn. */
#ifndef WEFT_FLOW_BOT_NODES_H
#define WEFT_FLOW_BOT_NODES_H

#include "flow/bot_turns.h"

bool bot_nodes_create(struct node *node); /* sets node->bot_nodes; after bus_create */

/* Tells the others how much the workers here can take: they came, went, or took something. */
void bot_nodes_tell(struct node *node);
/* Some other node has a worker of the conversation's bot, busy or not. */
bool bot_nodes_are_alive(const struct chat *chat);
/* Asks the node with the most room to carry the open turn. false: nobody has any. */
bool bot_nodes_call(struct chat *chat, const struct name *turn);
/* To the node that asked: a worker here has the turn, for another lease; or there is none. */
void bot_nodes_answer(
        struct chat *chat, struct slice caller, const struct name *turn, bool is_carried);

/* bot_turns.c: what the other node said, about a turn that this node carries or is to carry. */
void bot_on_call(struct chat *chat, const struct name *turn, struct slice caller);
void bot_on_answer(struct chat *chat, const struct name *turn, bool is_carried);
void bots_carry_waiting(struct node *node);
/* The workers of this node: sessions, by of_role. */
struct list *bots_workers(struct node *node);

#endif
