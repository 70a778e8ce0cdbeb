/* SPDX-License-Identifier: Apache-2.0 */
/* Entries to sessions: each follower gets every entry that it may see, once, in order. */
#ifndef WEFT_FLOW_DELIVER_H
#define WEFT_FLOW_DELIVER_H

#include "flow/chat_read.h"
#include "flow/sessions.h"

enum { FOLLOW_FROM_START_ENTRIES = 50, SUBSCRIPTIONS_PER_SESSION_MAX = 256 };

/* A session that follows a chat. */
/* Whether the session was told how far everybody is (receipts.c). */
enum places { PLACES_UNTOLD, PLACES_READING, PLACES_TOLD };

struct subscription {
    struct session *session;
    struct chat *chat;
    struct list of_chat, of_session;
    bool is_staff;
    bool is_watching; /* an agent who looks on: not the owner */
    bool is_behind, is_over;
    bool was_at_end; /* what it lacks since then is news, and does not wait */
    bool has_looked; /* for what other nodes appended before it followed */
    enum places places : 8;
    struct name
            sent; /* the last entry that was looked at for this session; none: find a beginning */
    struct name told_owner;           /* an agent's: of which ownership they were told */
    uint64_t delivered_seq, read_seq; /* as this session has said */
    uint64_t begin_seq;
    struct subscription_read *read; /* under way; NULL: none. Most only ever hear of what is new */
};

/* What the caller knows of the chat's fold: it holds all that was appended before the session asked
 * (chat_touch has just seen to it), or other nodes may be ahead of it. */
enum deliver_from { DELIVER_READ_TO_ITS_END, DELIVER_LOOK_FIRST };

/* Begins to follow, after the cursor (none: the newest FOLLOW_FROM_START_ENTRIES visible entries).
 * Following twice moves nothing. errors: false when the session follows too many */
bool deliver_follow(struct session *session, struct chat *chat, const struct name *cursor,
        enum deliver_from from);
struct subscription *deliver_subscription(
        struct session *session, struct chat *chat); /* NULL: none */
void deliver_unfollow(struct session *session, struct chat *chat);
void deliver_unfollow_all(struct session *session);

/* This node appended the record. */
void deliver_record(struct chat *chat, const struct record *record);
/* The tail moved otherwise: followers read what they lack. */
void deliver_moved(struct chat *chat);
/* The conversation is being erased: staff who follow it are told to forget it. */
void deliver_erased(struct chat *chat);
/* The store has lost the whole log: customers who follow it begin anew. */
void deliver_lost(struct chat *chat);
/* Tells a customer so: what they hold is void, and so is what they came in by. Ends the session. */
void deliver_loss(struct session *session, const struct chat *chat, struct slice request_id);
/* The session's ring has room again. */
void deliver_resume(struct session *session);

/* Sends a frame to all followers of a kind but one (may be NULL). */
void deliver_frame(struct chat *chat, const struct proto_frame *frame, bool to_customers,
        bool to_staff, const struct session *but);

#endif
