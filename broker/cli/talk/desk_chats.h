/* SPDX-License-Identifier: Apache-2.0 */
/* The chats in one agent's hands, each with a number, an outbox and an owner token. */
#ifndef WEFT_CLI_TALK_DESK_CHATS_H
#define WEFT_CLI_TALK_DESK_CHATS_H

#include "bots/sdk/c/link.h"
#include "cli/talk/talk.h"

enum { DESK_CHATS_KEPT_MAX = 60, DESK_OFFERS_KEPT_MAX = 32 };

struct desk_chats;

struct desk_chat {
    struct desk_chats *chats;
    struct talk talk;
    struct outbox outbox;
    struct name owner;
    bool is_ours; /* the owner token is in force */
    char contact[129];
};

struct desk_chats {
    struct console *console;
    struct link *link;                          /* set by the owner before the first frame */
    struct desk_chat *all[DESK_CHATS_KEPT_MAX]; /* number - 1; NULL: none */
    size_t current;                             /* number of the one that is typed to; 0: none */
    struct cursors cursors;
    char lineage[OUTBOX_LINEAGE_MAX + 1];
    struct name offers[DESK_OFFERS_KEPT_MAX]; /* open ones, the oldest first */
    size_t offer_count;
};

void desk_chats_init(struct desk_chats *chats, struct console *console);
void desk_chats_finish(struct desk_chats *chats);

/* Frames about chats and offers. Returns the milliseconds after which to flush, 0: not needed. */
uint64_t desk_chats_on_frame(
        struct desk_chats *chats, const struct proto_frame *frame, uint64_t now_ms);
void desk_chats_on_disconnect(struct desk_chats *chats);
uint64_t desk_chats_flush(struct desk_chats *chats, uint64_t now_ms);
size_t desk_chats_unacked(const struct desk_chats *chats);

/* The chat that is typed to; NULL and a note when there is none. */
struct desk_chat *desk_chats_current(struct desk_chats *chats);
/* errors: false: there is no chat of this number */
bool desk_chats_switch(struct desk_chats *chats, size_t number);
void desk_chats_list(struct desk_chats *chats);
void desk_chat_say(struct desk_chat *chat, const char *text, bool is_note);
/* Answers the oldest open offer. errors: false: there is none */
bool desk_chats_answer(struct desk_chats *chats, bool is_yes);

#endif
