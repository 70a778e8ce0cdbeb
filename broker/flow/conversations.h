/* SPDX-License-Identifier: Apache-2.0 */
/* The conversations that are open on this node: each with its key, its log and its fold.
 *
 * A chat is made when somebody asks for it and kept while somebody holds or follows it; after that
 * the one unused for longest makes room. All changes go through chat_change, which waits for the
 * key and then for the log.
 */
#ifndef WEFT_FLOW_CONVERSATIONS_H
#define WEFT_FLOW_CONVERSATIONS_H

#include "base/map.h"
#include "core/conversation/conversation.h"
#include "flow/bus.h"
#include "flow/limits.h"
#include "flow/node.h"
#include "flow/readers.h"
#include "port/crypto.h"

enum {
    CONVERSATION_ID_LEN = 26,
    CONVERSATION_BUCKETS = 1024,
    BUCKET_LEN = 4, /* "{ab}" */
    CONVERSATION_KEY_LEN = BUCKET_LEN + 2 + CONVERSATION_ID_LEN,
};

enum chat_key { CHAT_KEY_UNKNOWN, CHAT_KEY_LOADING, CHAT_KEY_READY, CHAT_KEY_GONE };

struct turn_flight; /* bot_turns.c */
struct chat_change;
struct chat_topic; /* chat_hints.c */

struct chat_read;

struct chat {
    struct node *node;
    struct map_node by_id;
    char log_key[CONVERSATION_KEY_LEN]; /* ends with the id */
    char due_key[BUCKET_LEN + 3];
    bool is_erased;
    enum chat_key key_state;
    unsigned holds;
    struct slice tenant; /* tenant_id_keep's; known once the key is */
    uint8_t key[KEY_SIZE];
    struct log log;
    struct conversation *fold_in_use; /* chat_fold gives it; NULL: it is put away */
    struct slice fold_away;           /* owned: the packed fold of a chat that rests */
    struct list in_use;               /* linked while there is a fold: chat_fold.c */
    uint64_t used_ms;
    struct list waiting;      /* changes that wait for the key */
    struct list followers;    /* subscriptions, deliver.h */
    struct readers readers;   /* what the followers were told of receipts */
    struct chat_topic *topic; /* what other nodes tell of it: chat_hints.c; NULL: nobody listens */
    struct list unused;       /* linked while nobody holds or follows it */
    struct list key_check;    /* linked while its key is to be asked for again: key_checks.c */
    uint64_t key_sure_in;     /* the life of the link in which it was asked for last */
    uint64_t obligations[2];  /* as of the last follow_up: what is in the due index */
    uint64_t sure_in;         /* the life of the link in which that was made sure of */
    uint8_t obligation_count;
    bool is_learnt;                       /* while what was read is followed up: chat_log.c */
    bool is_callback_offered;             /* while the case waits, as told last */
    const struct record *told;            /* while this record is: the same; else NULL */
    struct rate sends;                    /* of the contact, from all devices */
    struct name seen_owner, seen_request; /* as of the last follow_up */
    struct slice seen_agent;              /* owned: the same; empty: none */
    uint64_t told_place;                  /* in the queue, as the customer was told last */
    uint64_t told_wait_ms;                /* the estimate with it; 0: none */
    uint64_t told_opens_ms;               /* and when the queue opens; 0: it is open */
    uint64_t told_callback; /* a mark of what the customer was told of it; 0: nothing */
    uint64_t told_ahead;    /* a mark of what the index was told: callbacks_ahead.c; 0: nothing */
    uint64_t ways_until_ms, ways_policy; /* what was offered stays the same until then, by it */
    struct turn_flight *turn;       /* the open turn, as this node carries it; NULL: not here */
    uint64_t own_seq;               /* the last entry that this node appended */
    uint64_t saved_seq;             /* of the last snapshot */
    struct chat_change *snapshot;   /* under way; NULL: none */
    const struct chat_read *paging; /* while a record is read that its pages tell of; else NULL */
};

static inline struct slice chat_id(const struct chat *chat)
{
    return slice_make(
            chat->log_key + CONVERSATION_KEY_LEN - CONVERSATION_ID_LEN, CONVERSATION_ID_LEN);
}

/* chat_fold.c: takes it out again. */
struct conversation *chat_fold_take_out(struct chat *chat);

/* What follows from the log. Borrowed until the loop turns, or the log moves. */
static inline struct conversation *chat_fold(const struct chat *chat)
{
    return chat->fold_in_use ? chat->fold_in_use : chat_fold_take_out((struct chat *)chat);
}

bool conversations_create(struct node *node); /* sets node->conversations */

bool conversation_id_is_well_formed(struct slice id);
/* How many buckets there are: the settings' due_buckets, or all. */
unsigned conversation_buckets(const struct node *node);
/* Two characters of an id: one of CONVERSATION_BUCKETS. */
void conversation_bucket_name(unsigned bucket, char out[2]);
unsigned conversation_bucket(struct slice id); /* of a well-formed one */
/* Makes up an id; its first two characters are the bucket. */
void conversation_id_make(struct node *node, char out[CONVERSATION_ID_LEN]);
/* "{ab}c:<id>", "{ab}h:<id>", "{ab}due", "{ab}cur:<id>". Return the length. */
size_t conversation_log_key(struct slice id, char out[64]);
size_t conversation_topic(struct slice id, char out[64]);
size_t conversation_due_key(struct slice id, char out[64]);
size_t conversation_cursors_key(struct slice id, char out[64]);

/* The chat, open from now on; hold it across anything that completes later.
 * errors: NULL when the table is full of chats in use (busy) */
struct chat *chat_hold(struct node *node, struct slice id);
void chat_hold_again(struct chat *chat);
void chat_release(struct chat *chat);
struct chat *chat_find(
        struct node *node, struct slice id); /* only if it is open; NULL: it is not */
/* A chat under an id that was just made up, with a key that the key store has by now. */
struct chat *chat_hold_newborn(
        struct node *node, struct slice id, struct slice tenant, const uint8_t key[KEY_SIZE]);

/* A change of a conversation: decide with the core, encode, append. The flow embeds it. */
struct chat_change {
    struct log_change log;
    struct chat *chat;
    /* Calls one of the core's conversation_… functions. */
    void (*decide)(struct chat_change *change, const struct conversation *fold, uint64_t now_ms,
            struct decision *decision);
    /* The chat is held until done returns. */
    void (*done)(struct chat_change *change, enum log_outcome outcome);
    struct slice tenant; /* tenant_id_keep's: whose the asker is; another tenant's conversation
                            is none. Empty: Weft itself */
    enum refusal refusal;
    uint8_t callback_event; /* of the draft, for who counts: pool_metrics.h */
    uint64_t resend_from;
    struct name at; /* of the entry that did it */
    uint64_t time_ms;
};
/* Takes its own hold on the chat. */
void chat_change(struct chat *chat, struct chat_change *change);

/* Reads the log up to its end; then done. outcome LOG_WAS_ALREADY: the fold is durable, and no
 * older than the call: a no, or a removal, may rest on it (rule 6). */
struct chat_touch {
    struct chat_change change;
    uint64_t since; /* a stamp of the node's logs: no older than that will do; 0: than the call */
    void (*done)(struct chat_touch *touch, enum log_outcome outcome);
};
void chat_touch(struct chat *chat, struct chat_touch *touch);

/* The tenant that the conversation belongs to; NULL when it was removed. */
const struct tenant *chat_tenant(const struct chat *chat);

/* The wrapped form of a conversation's key, as the key store keeps it: whose tenant it is, and the
 * key sealed by that tenant's key. */
enum { CHAT_KEY_RECORD_MAX = 1 + ID_MAX + WRAPPED_KEY_SIZE };
size_t chat_key_wrap(struct node *node, const struct tenant *tenant, struct slice id,
        const uint8_t key[KEY_SIZE], uint8_t out[CHAT_KEY_RECORD_MAX]);

/* Decodes a record of the chat's log into entry, which is good for the event at hand; lists go to
 * node->scratch, unless this is the entry that was folded last, which is decoded. Words that were
 * edited or deleted later are not in it, as far as the fold knows: read by chat_read.h, which sees
 * to it that the fold is as new as the record. */
bool chat_read_entry(struct chat *chat, const struct record *record, struct entry *out_entry);

/* Forgets key and fold: the conversation was erased. A follow_up then settles what was open. */
void chat_forget(struct chat *chat);

/* The error that a client is told for a change that was not made. */
enum proto_error_code refusal_code(enum refusal refusal);
enum proto_error_code outcome_code(enum log_outcome outcome, enum refusal refusal);
/* For how long to wait before the same may be tried again; 0: the code says all. */
uint64_t outcome_wait_ms(struct node *node, enum log_outcome outcome);

#endif
