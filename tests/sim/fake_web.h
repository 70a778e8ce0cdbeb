/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up HTTP port: one node's door for files, and calls of clients that go there, with delays,
 * bodies in pieces and lines that break.
 *
 *   call.done = on_done;  fake_web_post(&call, web, query, ticket, body)
 */
#ifndef WEFT_TESTS_SIM_FAKE_WEB_H
#define WEFT_TESTS_SIM_FAKE_WEB_H

#include "lib/fake_clock.h"
#include "port/http.h"

enum { WEB_EXCHANGES = 16, WEB_TEXT_MAX = 640, WEB_PIECE_MAX = 20000 };

struct fake_web;

/* The client's end. */
struct web_call {
    /* Once, and later; status 0: the line broke. The body is borrowed during the call. */
    void (*done)(struct web_call *call, int status, struct slice body);
    struct fake_web *web; /* NULL: it is not under way */
    struct http_exchange exchange;
};

struct web_exchange {
    uint32_t generation;
    bool is_open;          /* for the node */
    struct web_call *call; /* NULL: the client has gone */
    enum http_method method;
    char path[WEB_TEXT_MAX], query[WEB_TEXT_MAX], authorization[WEB_TEXT_MAX];
    struct slice body; /* the caller's */
    size_t sent;
    int status;
    char *reply;
    size_t reply_len, expected;
};

struct fake_web {
    struct http base;
    struct fake_timers *node_timers, *client_timers;
    struct fake_random random;
    unsigned break_per_mille; /* of each step of a call */
    const struct http_events *events;
    void *user; /* the node; NULL: it is dead */
    struct web_exchange exchanges[WEB_EXCHANGES];
};

/* node_timers: they stand still, and die, with the node. */
void fake_web_init(struct fake_web *web, struct fake_timers *node_timers,
        struct fake_timers *client_timers, uint64_t seed);
/* NULL: the node has died; whoever waits learns that the line broke. */
void fake_web_serve(struct fake_web *web, const struct http_events *events, void *user);

struct web_request {
    enum http_method method;
    struct slice path, query, bearer;
    struct slice body; /* the caller's until done */
};
/* false: there is no room, or nobody there; done does not come. */
bool fake_web_ask(struct fake_web *web, struct web_call *call, const struct web_request *request);
/* The client goes: done does not come any more. */
void fake_web_leave(struct web_call *call);

#endif
