/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the keys of the conversations that are held here are still there. */
#ifndef WEFT_FLOW_KEY_CHECKS_H
#define WEFT_FLOW_KEY_CHECKS_H

#include "flow/conversations.h"

bool key_checks_create(struct node *node); /* sets node->key_checks */
/* The chat's log was read: in a life of the link in which its key was not asked for yet it is,
 * soon. Keys that are gone are forgotten, as when ERASED is read. */
void key_check(struct chat *chat);

#endif
