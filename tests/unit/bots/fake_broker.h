/* SPDX-License-Identifier: Apache-2.0 */
/* A broker for tests of clients: it accepts, greets, and otherwise does what the test says. */
#ifndef WEFT_TESTS_FAKE_BROKER_H
#define WEFT_TESTS_FAKE_BROKER_H

#include "proto/codec.h"

#include <stdbool.h>
#include <uv.h>

struct fake_broker;
struct fake_client; /* a connection, as the broker sees it */

/* How the broker answers the HTTP request. */
enum fake_manners {
    FAKE_POLITE,
    FAKE_WRONG_ACCEPT,      /* 101 with another key's answer */
    FAKE_WRONG_SUBPROTOCOL, /* 101 with a subprotocol that nobody asked for */
    FAKE_UNAVAILABLE,       /* 503 */
    FAKE_MUTE,              /* accepts the connection and says nothing */
};

struct fake_broker_options {
    uv_loop_t *loop;
    bool use_json;
    enum fake_manners manners;
    bool greets_by_hand; /* a hello is handed to on_frame; else it is welcomed at once */
    void *context;
    void (*on_frame)(void *context, struct fake_client *client, const struct proto_frame *frame);
};

/* port 0: a free one. */
struct fake_broker *fake_broker_open(const struct fake_broker_options *options, int port);
/* Stops listening and resets all connections, as a SIGKILL would. */
void fake_broker_kill(struct fake_broker *broker);
int fake_broker_port(const struct fake_broker *broker);
/* ws://127.0.0.1:port; stays until the next call. */
const char *fake_broker_url(const struct fake_broker *broker);
void fake_broker_set_manners(struct fake_broker *broker, enum fake_manners manners);

size_t fake_broker_accepted(const struct fake_broker *broker); /* connections so far */
size_t fake_broker_pongs(const struct fake_broker *broker);
/* The latest connection that said hello; NULL when it is gone. */
struct fake_client *fake_broker_client(struct fake_broker *broker);

void fake_client_welcome(struct fake_client *client, const char *lineage, const char *ticket);
void fake_client_send(struct fake_client *client, const struct proto_frame *frame);
void fake_client_send_raw(struct fake_client *client, struct slice bytes);
void fake_client_ping(struct fake_client *client);
void fake_client_close(struct fake_client *client, int code);
void fake_client_reset(struct fake_client *client);
/* Neither reads nor answers any more, and keeps the connection: a half-open one. */
void fake_client_freeze(struct fake_client *client);

#endif
