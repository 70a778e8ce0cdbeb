/* SPDX-License-Identifier: Apache-2.0 */
/* What the doors share: reading a JSON body, answering with one. Private to door_*.c and doors.c.
 */
#ifndef WEFT_FLOW_DOOR_H
#define WEFT_FLOW_DOOR_H

#include "flow/conversations.h"
#include "flow/doors.h"

/* A request being answered: copy it into whatever waits. */
struct door {
    struct node *node;
    struct http_exchange exchange;
    char origin_bytes[256]; /* whom the browser may show the answer to; empty: nobody */
};

/* Reads the body. false: the answer was sent. Slices borrow from node->scratch. */
bool door_read(struct door *door, const struct http_request *request,
        const struct proto_shape *shape, void *out);
void door_answer(struct door *door, int status, const struct proto_shape *shape, const void *value);
void door_refuse(struct door *door, int status, enum proto_error_code code, const char *sentence);
void door_refuse_later(
        struct door *door, int status, enum proto_error_code code, uint64_t retry_after_ms);
/* For a change of a log that did not succeed. */
void door_refuse_outcome(struct door *door, enum log_outcome outcome, enum refusal refusal);

/* The admin token was given. false: refused. */
bool door_is_admin(struct door *door, const struct http_request *request);

/* "Bearer …": what stands behind it. Empty: there is none. */
struct slice door_bearer(const struct http_request *request);
/* The lines that let the door's origin read the answer. */
struct slice door_origin_headers(const struct door *door, char *out, size_t capacity);

/* Each returns false when the path is not its own. */
bool door_uploads(struct door *door, const struct http_request *request);   /* uploads.c */
bool door_downloads(struct door *door, const struct http_request *request); /* downloads.c */
bool door_sessions(struct door *door, const struct http_request *request); /* visitors and agents */
bool door_admin(struct door *door, const struct http_request *request);  /* tenants, agents, keys */
bool door_policy(struct door *door, const struct http_request *request); /* admin: routing policy */
bool door_metrics(struct door *door, const struct http_request *request); /* admin: OpenMetrics */
bool door_routing(struct door *door, const struct http_request *request); /* admin: a pool's log */
bool door_journey(struct door *door, const struct http_request *request); /* services: events */
bool door_records(struct door *door, const struct http_request *request); /* admin: conversations */

/* A one-time code for an agent: it opens the desk once, within ttl_ms. */
struct once {
    struct slice tenant, agent;
    uint64_t ttl_ms;
    char code[32]; /* made by once_make */
    size_t code_len;
};
void once_make(struct node *node, struct once *once, store_done done, void *user);
/* The store key of a code. */
struct slice once_key(struct node *node, struct slice code, char out[64]);

#endif
