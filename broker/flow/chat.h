/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a chat: its key, its log kind, its changes. Private to conversations.c and chat*.c.
 */
#ifndef WEFT_FLOW_CHAT_H
#define WEFT_FLOW_CHAT_H

#include "flow/conversations.h"

void chat_init(struct chat *chat);
void chat_finish(struct chat *chat);
bool chat_is_idle(const struct chat *chat);
void chat_give_key(struct chat *chat, struct slice tenant, const uint8_t key[KEY_SIZE]);
/* Puts the chat among the unused when nobody holds or follows it any more. */
void chat_settle(struct chat *chat);

extern const struct log_kind chat_log_kind; /* chat_log.c */
/* Appends a snapshot when the last one is far behind. */
void chat_snapshot(struct chat *chat); /* chat_log.c */

/* chat_log.c: sets node->kept. errors: false when out of memory */
bool kept_entry_create(struct node *node);
void kept_entry_destroy(struct node *node);

#endif
