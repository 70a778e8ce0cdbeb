/* SPDX-License-Identifier: Apache-2.0 */
/* A server with flows that only write down what happens, and echo. */
#ifndef WEFT_TESTS_WS_SERVER_FIXTURE_H
#define WEFT_TESTS_WS_SERVER_FIXTURE_H

#include "client.h"
#include "ws/ws_server.h"

#include <stdio.h>

enum { EVENTS_MAX = 8192, FIXTURE_PEERS_MAX = 2048 };

struct server_fixture {
    struct loop *loop;
    struct ws_server *server;
    struct peers *peers;
    struct http *http;
    uint16_t port;
    /* What happened: "opened(json,) frame(5) fault(0) writable closed request ". */
    char events[EVENTS_MAX];
    size_t events_len;
    struct peer last_peer;
    uint32_t opened, closed, frames, writable;
    bool is_inside_call; /* of peers_ops: no event may come */
    bool is_silent;      /* frames are not echoed */
    bool is_holding;     /* requests are not answered at once */
    size_t reply_len;    /* of replies in pieces; 0: whole ones */
    size_t stream_len;   /* that came, or left, in pieces */
    struct http_exchange last_exchange;
    char last_request[512]; /* "POST /v1/x?query origin auth body" */
    char last_address[64];  /* of who made it */
    struct slice extra_headers;
};

/* Fields of options that are 0 have their defaults. */
struct server_fixture *fixture_start(const struct ws_options *options);
/* Checks that every peer was told closed. */
void fixture_stop(struct server_fixture *fixture);

bool fixture_send(struct server_fixture *fixture, struct peer peer, const char *text);
void fixture_close_peer(
        struct server_fixture *fixture, struct peer peer, uint16_t code, const char *reason);
/* Turns until so many peers were closed. */
void fixture_await_closed(struct server_fixture *fixture, uint32_t closed);
void fixture_expect_events(struct server_fixture *fixture, const char *events);

#endif
