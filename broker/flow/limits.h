/* SPDX-License-Identifier: Apache-2.0 */
/* How much may be asked for: by a session, a contact, a tenant, an address. */
#ifndef WEFT_FLOW_LIMITS_H
#define WEFT_FLOW_LIMITS_H

#include "base/slice.h"
#include "proto/frames.h"

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct node;
struct session;

/* A bucket: so many at once, then refilled evenly. Zeroed it is full. */
struct rate {
    uint64_t refilled_ms;
    uint64_t tokens_milli;
};

/* Takes one from a bucket of per_min a minute. 0: taken; else how long to wait, ms. */
uint64_t rate_take(struct rate *rate, uint32_t per_min, uint64_t clock_ms);

bool limits_create(struct node *node); /* sets node->limits */

/* What a welcome says of them. */
struct proto_limit_set limits_told(const struct session *session);

/* Each returns 0: it may, and is counted; else how long to wait, ms. */
/* A message, by what this session has sent. */
uint64_t limits_session_wait_ms(struct session *session);
/* A message into this chat, by what its contact has sent on all devices, and by what the session's
 * tenant has, on this node. */
uint64_t limits_chat_wait_ms(struct session *session, struct chat *chat);
/* What a contact's devices send or upload, together. */
uint64_t limits_contact_wait_ms(struct chat *chat);
/* Any other request of a person. */
uint64_t limits_request_wait_ms(struct session *session);
/* A new session over HTTP. */
uint64_t limits_address_wait_ms(struct node *node, struct slice address);

/* Takes one refusal from a session's bucket of them. Returns how long the session is to be told to
 * wait, at least wait_ms; 0: it has used them up, and is to be sent away. Whoever waits that long,
 * and then tries one thing in each of its conversations, never does. */
uint64_t refusal_wait_ms(struct rate *refusals, uint64_t wait_ms, uint64_t clock_ms);

/* Tells a session to try the same again after wait_ms or later (without a request id: nothing). One
 * that does not heed it is sent away with 4429. */
void limits_refuse(struct session *session, struct slice request_id, enum proto_error_code code,
        uint64_t wait_ms);

/* Tells it that the same will never do, which no other bucket has counted. Too often: as above. */
void limits_refuse_for_good(struct session *session, struct slice request_id,
        enum proto_error_code code, const char *detail);

/* One more device of a contact comes in. false: there are too many; it was sent away. */
bool limits_admit_device(struct session *session, const struct chat *chat);

#endif
