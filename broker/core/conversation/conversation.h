/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation, folded from its log: who owns the answer, what is open, who has said how much.
 *
 * The fold holds no messages: they are in the log. It is a plain value without pointers.
 */
#ifndef WEFT_CORE_CONVERSATION_CONVERSATION_H
#define WEFT_CORE_CONVERSATION_CONVERSATION_H

#include "core/conversation/amendments.h"
#include "core/conversation/callback.h"
#include "core/conversation/entry.h"
#include "core/conversation/journey.h"
#include "core/conversation/lineages.h"

enum {
    CONVERSATION_STATE_BYTES = 4096, /* all pairs of a case's state together */
    TURN_ATTEMPTS_MAX = 3,
    PAGE_MAX = 256, /* a longer address is left out */
};

/* Text held inside a value. */
struct short_text {
    uint8_t len;
    char bytes[DISPLAY_NAME_MAX];
};
struct id_text {
    uint8_t len;
    char bytes[ID_MAX];
};
struct page_text {
    uint16_t len;
    char bytes[PAGE_MAX];
};

static inline struct slice id_slice(const struct id_text *text)
{
    return text->len ? slice_make(text->bytes, text->len) : SLICE_NONE;
}

static inline struct slice short_slice(const struct short_text *text)
{
    return text->len ? slice_make(text->bytes, text->len) : SLICE_NONE;
}

void id_set(struct id_text *text, struct slice from);       /* cuts at ID_MAX */
void short_set(struct short_text *text, struct slice from); /* cuts at a character's edge */

enum conversation_phase {
    PHASE_UNBORN,
    PHASE_IDLE,   /* no case is open */
    PHASE_BOT,    /* a bot owns the answer; a turn may be open */
    PHASE_QUEUED, /* waits for an agent */
    PHASE_ACTIVE, /* an agent owns the answer */
    PHASE_SUPERSEDED,
    PHASE_ERASED,
};

enum { PARTICIPANTS_MAX = 4 };

/* An agent who joined beside the owner. */
struct participant {
    struct id_text id;
    struct name token;
};

/* What each message looks at comes first, side by side: of a thousand conversations hardly one is
 * in the processor's cache when its next message comes. */
struct conversation {
    struct name tail;
    uint64_t time_ms;
    struct name public_tail, staff_tail;
    enum conversation_phase phase;
    uint8_t participant_count, invited_count;
    uint16_t state_len;

    struct name owner;       /* the token: name of the entry that gave the ownership */
    struct name request;     /* QUEUED: the entry that asked; ACTIVE: the request that was served */
    struct name turn;        /* the open turn; none when seq is 0 */
    uint64_t input_from_seq; /* first customer message that no turn covers yet; 0: none */
    uint64_t spoken_ms;      /* the newest public words of the customer or an agent */
    uint64_t unanswered_ms;  /* the oldest words of the customer after the last answer; 0: none */
    uint64_t turn_attempt;
    uint64_t turn_from_seq; /* the open turn's input begins here */
    uint64_t packet_seq;    /* the entry that holds the case's handoff packet; 0: none yet */
    uint64_t first_queued_ms;
    uint64_t closed_ms; /* the last case was closed; 0: none was */
    struct callback callback;
    struct lineages lineages;

    struct id_text tenant;
    struct short_text contact_name;
    struct id_text channel, language;
    struct page_text page;    /* where the conversation was opened */
    struct id_text reference; /* keyed digest of the proven reference; empty: anonymous */
    struct id_text follow;    /* superseded: the conversation that goes on */

    uint64_t cases; /* opened so far */
    struct id_text owner_id;
    struct name last_owner; /* the token with which this case, or when idle the last one, was closed
                               or handed on */
    struct name closed_at;  /* the entry that closed the last case */
    struct id_text last_agent;
    struct participant participants[PARTICIPANTS_MAX];
    struct id_text invited[PARTICIPANTS_MAX]; /* may join */
    struct name committed_turn, committed_at;
    uint64_t committed_digest;

    char state[CONVERSATION_STATE_BYTES]; /* pairs: u8 name len, u16 value len (little endian),
                                             name, value */
    struct amendments amendments;
    struct journey journey;
};

enum conversation_fold { FOLD_OK, FOLD_UNKNOWN_KIND };

/* Folds one entry, which must be the next one: what was appended is taken as it is, and every node
 * folds alike. errors: FOLD_UNKNOWN_KIND leaves the state as it was (rule 14). */
enum conversation_fold conversation_apply(
        struct conversation *conversation, const struct entry *entry);

/* The state's pairs, borrowed from the conversation. Returns how many, at most ENTRY_PAIRS_MAX. */
size_t conversation_pairs(
        const struct conversation *conversation, struct pair out[ENTRY_PAIRS_MAX]);

/* ---- decisions: a fold and a request in, a draft or a no out ----------------------------------
 */

enum verdict {
    VERDICT_APPEND,  /* the draft is to be appended */
    VERDICT_ALREADY, /* it was done before, by the entry named out_at */
    VERDICT_NO,      /* see the reason; true only of a fresh fold */
};

enum refusal {
    REFUSAL_NONE,
    REFUSAL_FENCED,
    REFUSAL_CLOSED,
    REFUSAL_OPEN,
    REFUSAL_ERASED,
    REFUSAL_SUPERSEDED,
    REFUSAL_BAD_LINEAGE,
    REFUSAL_RESEND, /* out.resend_from */
    REFUSAL_OTHER_BODY,
    REFUSAL_LONG_AGO,
    REFUSAL_IDENTITY_TAKEN,
    REFUSAL_STATE_FULL,
    REFUSAL_UNBORN,
    REFUSAL_NO_MESSAGE, /* there is no such message for them */
    REFUSAL_DELETED,
    REFUSAL_TOO_LATE,
    REFUSAL_NOT_WAITING,
    REFUSAL_NO_CALLBACK, /* none is agreed */
};

struct decision {
    enum verdict verdict;
    enum refusal refusal;
    struct name already;
    uint64_t resend_from;
    struct entry *draft; /* the caller's; filled on VERDICT_APPEND, without its name */
};

struct say {
    struct author author;
    struct slice lineage;
    uint64_t n, digest;
    struct slice body;
    struct name reply_to;
    bool is_note;
    struct name owner; /* agents: the token they hold */
    bool has_bot;      /* the tenant has a bot to begin with */
    struct slice bot_id, bot_name;
};

/* An edit, a deletion or a reaction. */
struct amend {
    enum part_kind kind; /* EDITED, DELETED, REACTED */
    struct author author;
    struct slice lineage;
    uint64_t n, digest;
    struct name target;
    struct slice body;  /* EDITED */
    struct slice emoji; /* REACTED */
    bool is_active;     /* REACTED: added, not taken back */
    uint64_t edit_window_ms;
    /* The target, as the log has it. */
    struct {
        bool is_message, is_deleted;
        struct author author;
        enum visibility visibility;
        uint64_t time_ms;
    } found;
    uint8_t *page; /* the caller's AMENDMENTS_PAGE_BYTES, for a page that may have to be written */
};

/* Steps of the journey that come together: one entry. */
struct journey_event {
    struct slice id, name, properties; /* properties: encoded, may be empty */
    uint64_t digest;                   /* of author's kind and id: what it is known again by */
    uint64_t time_ms;                  /* by its sender's clock; 0: not said */
};
struct journey_steps {
    struct author author;
    const struct journey_event *events;
    size_t count; /* at most ENTRY_PARTS_MAX */
};

struct commit {
    struct author author;
    struct name turn;
    uint64_t digest;
    const struct slice *bodies;
    size_t body_count;
    const struct pair *pairs, *labels;
    size_t pair_count, label_count;
    bool is_handoff, is_close;
    struct slice handoff, reason;
};

struct requeue {
    struct author by;
    struct name owner;     /* the token held */
    struct slice to_agent; /* empty: whoever fits best */
    struct slice reason, handoff;
};

/* What the customer of a waiting case asks for. */
struct callback_wish {
    struct author author;
    struct slice channel, address;
    uint64_t due_ms, until_ms; /* 0: at its turn; nothing is promised */
};

/* What an agent records who called back. */
struct callback_outcome {
    struct author by;
    struct name owner; /* the token held */
    bool is_reached;
    uint64_t attempts_max;
    uint64_t again_ms; /* not reached: when the next attempt is due */
    struct slice body; /* not reached for the last time: what the customer is told */
};

/* Each fills decision->draft with author, time and parts. now_ms: the store's clock. */
void conversation_create(const struct conversation *, const struct part *created, uint64_t now_ms,
        struct decision *);
void conversation_say(
        const struct conversation *, const struct say *, uint64_t now_ms, struct decision *);
/* Own words are edited (for a while) and deleted; reacted to is what the reader may see. An agent
 * does so to what customers see only as the owner, but may always take own words back. */
void conversation_amend(
        const struct conversation *, const struct amend *, uint64_t now_ms, struct decision *);
/* What is new among the steps becomes an entry; already: nothing is. */
void conversation_track(const struct conversation *, const struct journey_steps *, uint64_t now_ms,
        struct decision *);
void conversation_commit(
        const struct conversation *, const struct commit *, uint64_t now_ms, struct decision *);
/* The turn ends without a commit: another attempt, or, when is_final or after the last one, the
 * queue. body: what the customer is told then, may be empty. */
void conversation_end_turn(const struct conversation *, const struct name *turn,
        struct slice reason, bool is_final, struct slice body, uint64_t now_ms, struct decision *);
void conversation_own(const struct conversation *, const struct name *request, struct slice agent,
        struct slice agent_name, uint64_t now_ms, struct decision *);
/* A new request in place of this one, so that a late owner of the old one is fenced. */
void conversation_void(const struct conversation *, const struct name *request, uint64_t now_ms,
        struct decision *);
/* Says something to the customer whose case was queued by the newest entry; at most once, then. */
void conversation_tell_waiting(const struct conversation *, const struct name *request,
        struct slice body, uint64_t now_ms, struct decision *);
/* The owner's case goes back to the queue. */
void conversation_requeue(
        const struct conversation *, const struct requeue *, uint64_t now_ms, struct decision *);
void conversation_close(const struct conversation *, const struct author *by,
        const struct name *owner, struct slice reason, uint64_t now_ms, struct decision *);
void conversation_reopen(
        const struct conversation *, const struct author *by, uint64_t now_ms, struct decision *);
/* The owner asks a colleague in. */
void conversation_invite(const struct conversation *, const struct author *by,
        const struct name *owner, struct slice agent, uint64_t now_ms, struct decision *);
/* Whoever was invited joins; with may_barge anybody. What they say carries the entry's name. */
void conversation_join(const struct conversation *, const struct author *by, bool may_barge,
        uint64_t now_ms, struct decision *);
void conversation_leave(
        const struct conversation *, const struct author *by, uint64_t now_ms, struct decision *);
/* A case that waits or is an agent's becomes this agent's. */
void conversation_take_over(
        const struct conversation *, const struct author *by, uint64_t now_ms, struct decision *);
/* While the case waits. The same again: already. */
void conversation_ask_callback(const struct conversation *, const struct callback_wish *,
        uint64_t now_ms, struct decision *);
/* The case waits on, or goes on, as any other. */
void conversation_cancel_callback(
        const struct conversation *, const struct author *by, uint64_t now_ms, struct decision *);
/* Reached: the chat goes on as any other. Not reached: back to the queue, due again later; after
 * the last attempt the case is closed with a word to the customer. */
void conversation_end_callback(const struct conversation *, const struct callback_outcome *,
        uint64_t now_ms, struct decision *);
/* The participant of this id; NULL: none. */
const struct participant *conversation_participant(const struct conversation *, struct slice agent);
bool conversation_has_invited(const struct conversation *, struct slice agent);
void conversation_identify(const struct conversation *, struct slice reference, struct slice name,
        uint64_t now_ms, struct decision *);

/* What must be watched until a later entry settles it (rule 11): the entries that opened the open
 * turn, the waiting request, the agent's ownership. Returns how many (0 or 1). */
size_t conversation_obligations(const struct conversation *, uint64_t out_seqs[2]);

#endif
