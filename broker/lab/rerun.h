/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded pool log, lived through again by the same core under another policy.
 *
 *   history   what came from outside: customers, agents, how long each chat took, who gave up when
 *   rerun     the same outside, and a router that decides by the policy given
 */
#ifndef WEFT_LAB_RERUN_H
#define WEFT_LAB_RERUN_H

#include "base/map.h"
#include "core/route/route.h"
#include "stored/pool_codec.h"

enum { RERUN_NAME_MAX = POOL_ID_MAX + 24, RERUN_TERMS_MAX = 256 };

#define RERUN_NEVER UINT64_MAX

/* What became of a request. */
struct rerun_fate {
    char agent[POOL_ID_MAX + 1]; /* who took it last; empty: nobody */
    uint64_t answered_ms;        /* since it was queued; RERUN_NEVER: never */
    bool has_left;               /* before anybody answered */
    char terms[RERUN_TERMS_MAX]; /* of the offer that was taken: "skill 900, load 300" */
};

struct rerun_request {
    struct map_node by_name;
    char name[RERUN_NAME_MAX]; /* conversation:seq */
    size_t conversation_len;
    struct name entry; /* of the conversation, that queued it */
    uint32_t number;   /* in the order of the history */
    uint64_t queued_ms;
    uint64_t offered_ms, taken_ms; /* as recorded; 0: not */
    uint64_t pause_ms;             /* from the offer to the answer */
    uint64_t released_ms;          /* 0: never */
    bool is_old;                   /* was there when the recording began */
    struct rerun_fate recorded;
};

struct rerun_line {
    struct slice text; /* borrowed from the caller */
    uint64_t time_ms;
};

struct rerun_history {
    struct map by_name;
    struct rerun_request **requests;
    struct rerun_line *lines;
    size_t request_count, line_count, request_room, line_room;
    uint64_t serve_ms; /* the mean chat: for customers who gave up then and are served now */
    uint64_t serve_sum_ms, served;
    bool is_begun;
};

/* Adds a line of an export, in order; its text must outlive the history.
 *
 * errors: false: it is no such line, or there is no memory */
bool rerun_add(struct rerun_history *history, struct slice text, struct arena *scratch);
void rerun_finish(struct rerun_history *history);

/* Reads a policy's text. NULL: not readable. owns: free() it */
typedef struct route_policy *rerun_read_policy(struct slice text);

/* Lives through it.
 *
 * shape:   policy NULL: by the log's own, each from where it was put on; fates has room for
 *          history->request_count
 * errors:  false: no memory */
bool rerun_run(const struct rerun_history *history, const struct route_policy *policy,
        rerun_read_policy *read_policy, struct arena *scratch, struct rerun_fate *fates);

#endif
