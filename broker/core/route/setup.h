/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy names: channels, classes of customers, queues. One plain value without pointers but
 * for time zones, filled by whoever reads the policy and checked as a whole.
 *
 *   channel  how much a case of it weighs, and whether live work may interrupt it
 *   class    of customers: how much it counts in the score
 *   queue    where a case waits, who serves it, and what each of its cases needs. A case names one
 *            or waits in ROUTE_QUEUE_DEFAULT; an agent who lists none serves all
 *   shift    the hours of a group of agents
 *   overflow another queue whose agents may serve the case as well from some time on
 */
#ifndef WEFT_CORE_ROUTE_SETUP_H
#define WEFT_CORE_ROUTE_SETUP_H

#include "core/route/hours.h"

enum {
    ROUTE_NAME_MAX = 32,
    ROUTE_CHANNELS_MAX = 16,
    ROUTE_CLASSES_MAX = 16,
    ROUTE_QUEUES_MAX = 32,
    ROUTE_OVERFLOW_MAX = 4,
    ROUTE_QUEUE_SKILLS_MAX = 4,
    ROUTE_SHIFTS_MAX = 16,
    ROUTE_OFFLINE_TEXT_MAX = 512,
};

#define ROUTE_QUEUE_DEFAULT "default"

struct route_name {
    uint8_t len;
    char bytes[ROUTE_NAME_MAX];
};

struct route_channel {
    struct route_name name;
    uint32_t weight; /* thousandths of a chat, 1..POOL_WEIGHT_FULL */
    bool is_interruptible;
};

struct route_class {
    struct route_name name;
    uint32_t worth; /* 0..1000 */
};

struct route_overflow {
    struct route_name queue;
    uint64_t after_ms; /* since the request was queued */
};

/* What every case of a queue needs. */
struct route_skill {
    struct route_name name;
    uint32_t min_level; /* 0: any level will do */
};

/* How somebody comes back to a customer who need not wait. */
enum route_callback_channel { ROUTE_CALLBACK_CHAT, ROUTE_CALLBACK_PHONE, ROUTE_CALLBACK_EMAIL };
enum { ROUTE_CALLBACK_CHANNELS = ROUTE_CALLBACK_EMAIL + 1 };

struct route_callback {
    uint32_t channels;   /* bits, by channel; 0: none is offered */
    uint64_t wait_ms;    /* offered from an estimated wait of so long on */
    uint64_t window_ms;  /* how long a time that may be chosen is; 0: at the case's turn */
    uint32_t attempts;   /* at most */
    uint64_t retry_ms;   /* between two of them */
    uint64_t outcome_ms; /* an agent who records nothing for so long gives it back */
    uint16_t missed_len; /* what is said after the last attempt; 0: Weft's own words */
    char missed_text[ROUTE_OFFLINE_TEXT_MAX];
};

struct route_queue {
    struct route_name name;
    struct route_skill skills[ROUTE_QUEUE_SKILLS_MAX];
    uint32_t skill_count;
    struct route_overflow overflow[ROUTE_OVERFLOW_MAX];
    uint32_t overflow_count;
    uint64_t promise_ms; /* 0: the policy's */
    bool has_hours;      /* false: always open */
    struct route_hours hours;
    uint16_t offline_len; /* 0: nothing is said */
    char offline_text[ROUTE_OFFLINE_TEXT_MAX];
    struct route_callback callback;
};

/* Hours of a group of agents: outside of them they get no new offers. */
struct route_shift {
    struct route_name name;
    struct route_hours hours;
};

struct route_setup {
    struct route_channel channels[ROUTE_CHANNELS_MAX];
    struct route_class classes[ROUTE_CLASSES_MAX];
    struct route_queue queues[ROUTE_QUEUES_MAX];
    struct route_shift shifts[ROUTE_SHIFTS_MAX];
    uint32_t channel_count, class_count, queue_count, shift_count;
};

/* Who exists, for whoever puts a policy: one that needs what nobody has is refused. */
struct route_staff {
    bool (*has_skill)(void *user, struct slice skill, uint32_t min_level);
    void *user;
};

static inline struct slice route_name_slice(const struct route_name *name)
{
    return slice_make(name->bytes, name->len);
}

/* false: empty or too long. */
bool route_name_set(struct route_name *name, struct slice text);

/* NULL: not named. An empty queue is the default one. */
const struct route_channel *route_find_channel(const struct route_setup *setup, struct slice name);
const struct route_class *route_find_class(const struct route_setup *setup, struct slice name);
const struct route_shift *route_find_shift(const struct route_setup *setup, struct slice name);
const struct route_queue *route_find_queue(const struct route_setup *setup, struct slice name);

enum route_fault {
    ROUTE_SETUP_GOOD,
    ROUTE_FAULT_TWICE,       /* two channels, classes or queues of one name */
    ROUTE_FAULT_WEIGHT,      /* of a channel: 0 or more than a chat; of a class: more than 1000 */
    ROUTE_FAULT_OVERFLOW,    /* to a queue that is not named, or to itself */
    ROUTE_FAULT_CYCLE,       /* a case would overflow in a circle */
    ROUTE_FAULT_HOURS,       /* of a queue: they overlap, end before they begin, or no date */
    ROUTE_FAULT_SHIFT,       /* two shifts of one name */
    ROUTE_FAULT_SHIFT_HOURS, /* of a shift, as FAULT_HOURS */
};

/* What is wrong with it, and at which channel, class or queue. */
enum route_fault route_setup_check(const struct route_setup *setup, uint32_t *out_at);
/* The same as a sentence's end: "overflows in a circle". */
const char *route_fault_text(enum route_fault fault);

#endif
