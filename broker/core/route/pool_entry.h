/* SPDX-License-Identifier: Apache-2.0 */
/* What a pool log says, as values.
 *
 *   request   a case that needs an agent, named by its conversation and the (seq, mark) of the
 *             conversation's entry that queued it; it lives from QUEUED to RELEASED
 *   offer     a request held out to one agent until a deadline; it takes capacity. Its name is that
 *             of the log entry that holds the OFFERED, and together with the agent it is unique:
 *             one log entry offers an agent at most one request
 *   exclusion a time for which an agent is not offered a request again
 *
 * One log entry may hold several of these values; they are applied in order. All times are
 * milliseconds of the log's own clock (the time of its entries). Every slice and array is borrowed:
 * by a decoder from its record, by pool_decide and pool_snapshot from the fold. The fold copies.
 */
#ifndef WEFT_CORE_ROUTE_POOL_ENTRY_H
#define WEFT_CORE_ROUTE_POOL_ENTRY_H

#include "base/name.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POOL_ID_MAX = 64,       /* bytes of an agent's or a conversation's id */
    POOL_NAME_MAX = 128,    /* bytes of an agent's name to show */
    POOL_WORD_MAX = 64,     /* bytes of a skill's or a term's name */
    POOL_LANGUAGE_MAX = 16, /* bytes of a BCP 47 tag */
    POOL_REQUIREMENTS_MAX = 16,
    POOL_SKILLS_MAX = 64,
    POOL_LANGUAGES_MAX = 8,
    POOL_TERMS_MAX = 16,
    POOL_EXCLUSIONS_MAX = 8, /* per request; a ninth takes the place of the one that ends first */
    POOL_LEVEL_MAX = 1000,
    POOL_CAPACITY_MAX = 1000,
    POOL_CAPACITY_DEFAULT = 4,
    POOL_POLICY_MAX = 16384, /* bytes of a policy's text */
    POOL_WEIGHT_FULL = 1000, /* a chat; capacity is counted in these */
    POOL_PREFERS_MAX = 4,
    POOL_QUEUES_MAX = 16,  /* that one agent serves */
    POOL_CHANNELS_MAX = 8, /* that weigh otherwise for one agent */
    POOL_VALUE_MAX = 1000000000,
    POOL_SHIFTS_MAX = 32,  /* that are over at the same time */
    POOL_PART_MAX = 65536, /* bytes of a part of a snapshot */
};

enum pool_kind {
    POOL_UNKNOWN,       /* what a decoder makes of a kind that it does not know */
    POOL_ROUTER,        /* incarnation: this router leads from here on */
    POOL_PRESENCE,      /* agent, profile: the whole of it, so the pool log needs no other source */
    POOL_STATUS,        /* agent, profile.status only: the rest of the profile stays */
    POOL_AGENT_REMOVED, /* agent: offline for good, forgotten once their last chat has ended */
    POOL_QUEUED,        /* request, need, exclusions */
    POOL_OFFERED,       /* request, agent, deadline_ms, terms, policy_version, chance, gap */
    POOL_ACCEPTED,      /* request, agent, offer */
    POOL_DECLINED,      /* request, agent, offer, until_ms */
    POOL_EXPIRED,       /* request, agent, offer, until_ms */
    POOL_RELEASED,      /* request, reason: gone, in whatever state it was */
    POOL_ADOPTED,       /* request, need, agent: a fact from the conversation's log, so without
                           regard to capacity or presence; moves a live request as well */
    POOL_TAKEN,         /* request, need, agent: an agent with room takes it without an offer,
                           new or waiting (reopening, pulling from the queue) */
    POOL_SNAPSHOT,      /* incarnation, pace: forgets everything; the next two build it anew */
    POOL_SNAPSHOT_AGENT,   /* agent, profile, kept_agent */
    POOL_SNAPSHOT_REQUEST, /* request, need, exclusions, kept_request, and when offered or active:
                              agent; when offered: offer, deadline_ms, terms, policy_version */
    POOL_POLICY,           /* policy, policy_version: in force from here on; the fold keeps the text
                              and never looks into it */
    POOL_ASSIGNED,         /* request, agent, terms, policy_version: offered and accepted at once */
    POOL_WRAPPING,  /* request, deadline_ms: the case is over, the agent has the place until then */
    POOL_WEIGHED,   /* request, weight: what an active chat weighs from now on; 0: as it needs */
    POOL_CHANGED,   /* request, need: a live request needs something else; its age stays */
    POOL_SHIFT,     /* shift, is_over: its agents get no new offers from here on, or do again */
    POOL_PART = 24, /* part: of a snapshot that takes several entries; changes nothing */
    POOL_KIND_COUNT,
};

/* 22 and 23 are not given. */
static inline bool pool_kind_is_known(uint64_t kind)
{
    return (kind > POOL_UNKNOWN && kind <= POOL_SHIFT) || kind == POOL_PART;
}

/* Online takes offers; away keeps chats and pending offers and gets no new ones. */
enum pool_status { POOL_OFFLINE, POOL_AWAY, POOL_ONLINE };

enum pool_state { POOL_WAITING, POOL_OFFER_OPEN, POOL_ACTIVE, POOL_WRAP_UP };

struct pool_key {
    struct slice conversation;
    struct name name;
};

struct pool_skill {
    struct slice name;
    uint32_t level; /* 0..1000; 0 is the same as not listing it */
};

/* What a channel weighs for one agent. */
struct pool_channel {
    struct slice name;
    uint32_t weight; /* thousandths of a chat; 0: the agent does not take it */
};

struct pool_profile {
    enum pool_status status;
    uint32_t capacity; /* chats at once, of POOL_WEIGHT_FULL each */
    const struct pool_skill *skills;
    size_t skill_count;
    const struct slice *languages;
    size_t language_count;
    struct slice name;          /* to show; may be empty */
    const struct slice *queues; /* that the agent serves; none: all */
    size_t queue_count;
    const struct pool_channel *channels; /* others weigh what the case says */
    size_t channel_count;
    bool auto_accept;   /* is not asked: gets what would be offered */
    struct slice shift; /* whose hours the agent has; empty: always */
};

struct pool_requirement {
    struct slice name;
    bool must;          /* false: preferred */
    uint32_t min_level; /* a must: who has less does not have it; 0: any level will do */
};

struct pool_need {
    uint64_t first_queued_ms; /* the original age: kept through requeues and transfers */
    const struct pool_requirement *skills;
    size_t skill_count;
    struct slice language;       /* empty: any */
    struct slice last_agent;     /* who had this contact before; empty: nobody */
    struct slice to_agent;       /* handed to this agent by name; empty: to the best */
    const struct slice *prefers; /* agents to wait for a while */
    size_t prefer_count;
    struct slice queue;      /* empty: the default one */
    struct slice channel;    /* empty: a chat */
    struct slice class_name; /* the customer's class; empty: none */
    uint64_t value;          /* at stake, 0..POOL_VALUE_MAX */
    uint64_t promise_ms; /* when it should have been answered, on the log's clock; 0: no promise */
    uint32_t weight;     /* thousandths of a chat; 0: POOL_WEIGHT_FULL */
    bool is_interruptible; /* makes way for what is not, and is kept */
    bool is_stranded;      /* no agent that exists has its musts: they are preferred at once */
};

struct pool_exclusion {
    struct slice agent;
    uint64_t until_ms;
};

/* One term of a score: its weighted contribution in thousandths. The score is their sum. */
struct pool_term {
    struct slice name;
    uint32_t value;
};

/* How fast the queue moves: the mean time between two pick-ups while others were waiting. */
struct pool_pace {
    uint64_t mean_ms;
    uint64_t samples;
    uint64_t last_ms; /* of the last pick-up */
    bool was_waited;  /* somebody was still waiting after it */
};

/* A part of a snapshot: of the state after the entry named base. Who has all parts of one writer,
 * from 0 to the last, has the values to begin with. */
struct pool_part {
    struct name base;
    uint64_t writer; /* random: each attempt has its own */
    uint64_t index;
    bool is_last;
    uint64_t digest;    /* of bytes */
    struct slice bytes; /* encoded values; what of them is not the fold's matter */
};

/* What a snapshot keeps of an agent beside the profile. */
struct pool_kept_agent {
    uint64_t since_ms; /* in this status */
    uint64_t idle_since_ms;
    uint32_t missed;
    bool is_removed;
};

/* What a snapshot keeps of a request beside what queued it. */
struct pool_kept_request {
    enum pool_state state;
    uint64_t queued_ms; /* when this request came into the pool */
    uint64_t since_ms;  /* in this state */
    uint32_t weighed;   /* what WEIGHED said; 0: nothing */
};

/* The fields that a kind uses are listed beside the kind; the others are zero. */
struct pool_entry {
    enum pool_kind kind;
    struct pool_key request;
    struct slice agent;
    struct pool_need need;
    struct pool_profile profile;
    const struct pool_exclusion *exclusions;
    size_t exclusion_count;
    struct name offer;
    uint64_t deadline_ms;
    uint64_t until_ms; /* the agent is not offered this request again before */
    const struct pool_term *terms;
    size_t term_count;
    uint64_t policy_version;
    struct slice policy; /* its text, as it was put */
    uint32_t chance;     /* per mille with which this agent was chosen, given all that the entries
                            before say; 1000: it could not have been another. Not kept */
    uint32_t gap;        /* of the batch's certificate, per mille. Not kept */
    uint32_t weight;
    struct slice reason; /* not kept by the fold */
    struct slice shift;
    bool is_over;
    uint64_t incarnation;
    struct pool_pace pace;
    struct pool_kept_agent kept_agent;
    struct pool_kept_request kept_request;
    const struct pool_part *part;
};

#endif
