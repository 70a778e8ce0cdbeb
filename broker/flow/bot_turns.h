/* SPDX-License-Identifier: Apache-2.0 */
/* Bots on this node: the workers, and the turns that they carry. */
#ifndef WEFT_FLOW_BOT_TURNS_H
#define WEFT_FLOW_BOT_TURNS_H

#include "flow/conversations.h"
#include "flow/sessions.h"

bool bots_create(struct node *node);

/* A worker came (after welcome), or went. */
void bots_enter(struct session *worker);
void bots_leave(struct session *worker);

/* The conversation's open turn, if any, is carried to a worker; one that is over is let go. */
void bots_follow_up(struct chat *chat);

/* The worker's frames. bot_commit.c: commit and fail. */
void bot_progress(struct session *worker, const struct proto_progress *request);
void bot_commit(struct session *worker, const struct proto_commit *request);
void bot_fail(struct session *worker, const struct proto_fail *request);

/* Ends the turn without a commit: another attempt, or the queue. bot_commit.c */
void bot_end_turn(struct chat *chat, const struct name *turn, const char *reason, bool is_final);

#endif
