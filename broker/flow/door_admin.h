/* SPDX-License-Identifier: Apache-2.0 */
/* What the admin doors share: a request, and a change of the directory that answers it. Private to
 * door_admin.c and door_agents.c. */
#ifndef WEFT_FLOW_DOOR_ADMIN_H
#define WEFT_FLOW_DOOR_ADMIN_H

#include "flow/directory_changes.h"
#include "flow/door.h"

struct skill_body {
    struct slice name;
    bool has_level;
    uint64_t level;
};

struct channel_body {
    struct slice name;
    uint64_t weight;
};

struct admin_body {
    struct slice id, name, role, shift;
    const struct slice *origins;
    size_t origins_count;
    const struct skill_body *skills;
    size_t skills_count;
    const struct slice *languages;
    size_t languages_count;
    bool has_capacity;
    uint64_t capacity;
    const struct slice *queues;
    size_t queues_count;
    const struct channel_body *channels;
    size_t channels_count;
    bool has_auto_accept, auto_accept, has_supervisor, supervisor;
};

struct admin_answer {
    struct slice tenant, signing_secret, agent, code, link, key;
};

/* A change of the directory with its answer: it keeps the request's bytes. */
struct admin_change {
    struct directory_change change;
    struct door door;
    struct directory_value value;
    unsigned said; /* of an agent: a bit a setting */
    char id_bytes[40], secret[64];
    struct once once;
    size_t id_len, secret_len;
    uint8_t hash[KEY_HASH_SIZE];
    struct arena arena;
    _Alignas(16) uint8_t bytes[8192];
};

bool admin_id_is_plain(struct slice id);

/* With the door, and a copy of the tenant's id. Freed by whoever answers. */
struct admin_change *admin_change_make(
        struct door *door, enum directory_kind kind, struct slice tenant);
/* The id asked for, or a new one with this prefix. */
struct slice admin_choose_id(struct admin_change *change, const char *prefix, struct slice wanted);
/* false: the change was not made; that was answered, and it is freed. */
bool admin_is_good(struct admin_change *change, enum log_outcome outcome);
void admin_answer_send(struct door *door, int status, const struct admin_answer *answer);

/* Makes or changes an agent, or gives one a fresh code: door_agents.c */
void door_make_agent(struct door *door, struct slice tenant, const struct admin_body *body);

#endif
