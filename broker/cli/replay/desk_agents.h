/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated agent: the link, the presence, the offers. What happens in a play is desk.c's. */
#ifndef WEFT_CLI_REPLAY_DESK_AGENTS_H
#define WEFT_CLI_REPLAY_DESK_AGENTS_H

#include "cli/replay/play.h"

enum {
    DESK_AGENTS_MAX = 24,
    DESK_CHATS_MAX = 60, /* of one agent: one hello must be able to resume them all */
    DESK_OFFERS_MAX = 128,
    DESK_SKILLS_MAX = 32,
};

/* An offer that was accepted and not yet answered. */
struct desk_offer {
    struct name offer;
    uint64_t again_ms; /* 0: an answer is awaited */
};

struct desk_agent {
    struct desk *desk;
    size_t index;
    char id[32];
    const char *skills[DESK_SKILLS_MAX];
    size_t skill_count;
    struct link *link;
    char renewal[TOKEN_MAX + 1];
    char lineage[OUTBOX_LINEAGE_MAX + 1];
    bool is_connected, is_online, is_presence_asked;
    struct desk_offer offers[DESK_OFFERS_MAX];
    size_t offer_count;
};

struct desk {
    struct replay *replay;
    struct desk_agent agents[DESK_AGENTS_MAX];
    size_t agent_count;
};

/* Presence, offers, welcome: frames that are about no play. */
void desk_agent_on_frame(struct desk_agent *agent, const struct proto_frame *frame);
void desk_agent_on_error(struct desk_agent *agent, const struct proto_error *error);

/* Gives each agent their skills: two who can do everything in a group of services, two with half of
 * them each; as many groups as the services need.
 *
 * errors: false: the file names too many services; said */
bool desk_cast(struct desk *desk);

/* ---- for the agents' links ---------------------------------------------------------------------
 */

void desk_on_frame(void *context, const struct proto_frame *frame);
void desk_on_disconnect(struct desk_agent *agent);
size_t desk_list_cursors(void *context, struct proto_cursor *out_list, size_t max);

#endif
