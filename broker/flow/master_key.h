/* SPDX-License-Identifier: Apache-2.0 */
/* Is this node's master key the one that the stores were written with? */
#ifndef WEFT_FLOW_MASTER_KEY_H
#define WEFT_FLOW_MASTER_KEY_H

#include "flow/node.h"

bool master_key_create(struct node *node); /* sets node->master_key, begins to ask */
/* false: it is not known yet, or it is another one. */
bool master_key_is_right(const struct node *node);
/* The mark of the key store's birth: the one that this node has seen is there while the store is
 * the one that it was. */
void master_key_ask_birth(struct node *node, keystore_done done, void *user);
bool master_key_is_birth(const struct node *node, struct slice birth);

#endif
