/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the journey on their way into a conversation's log, from a session or from the door. */
#ifndef WEFT_FLOW_JOURNEY_H
#define WEFT_FLOW_JOURNEY_H

#include "flow/conversations.h"
#include "flow/sessions.h"

struct track_event {
    struct slice id, name;
    uint64_t time_ms; /* by the sender's clock; 0: not said */
    const struct proto_pair *properties;
    size_t property_count;
};

/* One entry's worth of events. Owned by journey.c until done returns. */
struct track_change {
    struct chat_change change;
    void (*done)(struct track_change *change, enum log_outcome outcome);
    void *user;
    struct session_handle session; /* of the frame, if it was one */
    struct id_text request_id;
    struct id_text author_id;
    struct short_text author_name;
    struct journey_steps steps;
    size_t fresh; /* how many of them were new */
    size_t size;
    struct journey_event events[];
};

struct track_author {
    enum author_kind kind;
    struct slice id, name;
};

/* Whether these are readable and within the limits; else why not. */
bool track_is_good(const struct track_event *event, const char **out_why);
/* Keeps what the events hold. count: 1 to ENTRY_PARTS_MAX; each is good.
 * errors: NULL when scratch is full */
struct track_change *track_make(struct node *node, const struct track_author *author,
        const struct track_event *events, size_t count);
/* Its done runs once, later. */
void track_start(struct chat *chat, struct slice tenant, struct track_change *change);

#endif
