/* SPDX-License-Identifier: Apache-2.0 */
/* Customers who need not wait, and who calls them back: what they ask for, what they are told, and
 * what agents and supervisors are told of it. */
#ifndef WEFT_TESTS_SIM_CAST_CALLS_H
#define WEFT_TESTS_SIM_CAST_CALLS_H

#include "proto/frames.h"

enum { WISHES_MAX = 8, CALL_WINDOWS = 10, CALLS_TOLD_MAX = 24, CALL_LISTS_MAX = 64 };
/* The policy: so many attempts, so long after each other. */
enum { CALL_ATTEMPTS = 2, CALL_WINDOW_MS = 4000, CALL_RETRY_MS = 3000, CALL_OUTCOME_MS = 4000 };

struct device;
struct agent_model;
struct agent_chat_model;

/* Something that a device asks for; each has a number of its own to be called at. */
struct wish {
    char conversation[32], address[16]; /* no address: in the chat */
    bool is_cancel, is_move, is_promised;
    uint64_t from_ms; /* 0: at its turn */
    struct name at;
};

struct customer_calls {
    bool is_possible; /* in this world */
    bool is_offered, is_agreed;
    bool is_wanted;   /* to be asked for, as soon as may be */
    bool is_moving;   /* agreed at its turn, which is too soon after all */
    bool is_patient;  /* says nothing meanwhile */
    bool is_open;     /* the last wish is not answered */
    uint64_t back_ms; /* the page is closed until then */
    uint64_t windows[CALL_WINDOWS];
    size_t window_count;
    struct wish wishes[WISHES_MAX];
    unsigned wish_count;
};

enum call_fate { CALL_REACHED, CALL_MISSED, CALL_FORGOTTEN, CALL_IGNORED };

/* What a desk was told of a callback with an assignment, and what it made of it. */
struct told_call {
    char conversation[32], address[16];
    struct name owner, at; /* at: promised: the entry after which it is recorded */
    bool is_call, is_recorded, is_promised;
    enum call_fate fate;
    uint64_t attempts;
};

/* What a supervisor was shown of who is to be called back later, by the clock on the wall. */
struct call_list {
    uint64_t asked_ms, heard_ms;
    bool has_more;
    size_t count;
    struct listed_call {
        char conversation[32];
        uint64_t from_ms;
    } calls[4];
};

struct staff_calls {
    struct told_call told[CALLS_TOLD_MAX];
    unsigned told_count;
    const struct fake_server *wall; /* whose clock hangs there; NULL: nothing is listed */
    char list_id[24];
    struct call_list lists[CALL_LISTS_MAX];
    unsigned list_count;
};

/* Of a device. */
void calls_begin(struct device *device); /* a new connection, or a new conversation */
void calls_take(struct device *device, const struct proto_callback *news);
bool calls_are_away(struct device *device);   /* the page is closed */
bool calls_hold(const struct device *device); /* nothing new is to be said */
bool calls_are_settled(const struct device *device);
void calls_ask(struct device *device);
void calls_on_done(struct device *device, const struct proto_done *done);
/* false: this error is of no wish. */
bool calls_on_error(struct device *device, const struct proto_error *error);

/* Of a desk. */
void calls_on_assigned(struct agent_model *agent, struct agent_chat_model *chat,
        const struct proto_assigned *assigned);
/* false: there is nothing to record; the case is treated as any other. */
bool calls_record(struct agent_model *agent, struct agent_chat_model *chat);
void calls_on_recorded(struct agent_model *agent, const struct proto_done *done);
void calls_on_refused(struct agent_model *agent, const struct proto_error *error);
void calls_list(struct agent_model *agent);
void calls_take_list(struct agent_model *agent, const struct proto_cases *cases);

#endif
