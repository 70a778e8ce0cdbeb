/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of the directory's entries. */
#ifndef WEFT_FLOW_DIRECTORY_CODEC_H
#define WEFT_FLOW_DIRECTORY_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "flow/directory.h"

enum directory_kind { DIRECTORY_TENANT = 1, DIRECTORY_TENANT_GONE, DIRECTORY_AGENT, DIRECTORY_KEY };

enum {
    DIRECTORY_TEXTS_MAX = 16,
    DIRECTORY_SKILLS_MAX = 32,
    DIRECTORY_LISTS_MAX = 8,
    KEY_HASH_SIZE = 32
};

struct directory_value {
    enum directory_kind kind;
    struct slice tenant;
    struct slice id, name;                   /* agent, key */
    struct slice role;                       /* key: bot, service */
    struct slice hash;                       /* key: of its secret · tenant: its birth */
    uint64_t number;                         /* agent: capacity */
    struct slice texts[DIRECTORY_TEXTS_MAX]; /* tenant: origins · agent: languages */
    size_t text_count;
    struct {
        struct slice name;
        uint32_t level;
    } skills[DIRECTORY_SKILLS_MAX];
    size_t skill_count;
    struct slice queues[DIRECTORY_LISTS_MAX]; /* agent */
    size_t queue_count;
    struct {
        struct slice name;
        uint32_t weight;
    } channels[DIRECTORY_LISTS_MAX]; /* agent */
    size_t channel_count;
    struct slice shift;              /* agent */
    bool auto_accept, is_supervisor; /* agent */
};

/* What an agent's value holds, each of which may be changed alone. */
enum agent_setting {
    AGENT_NAME,
    AGENT_SKILLS,
    AGENT_LANGUAGES,
    AGENT_CAPACITY,
    AGENT_QUEUES,
    AGENT_CHANNELS,
    AGENT_SHIFT,
    AGENT_AUTO_ACCEPT,
    AGENT_SUPERVISOR,
    AGENT_SETTINGS,
};

/* This setting of the profile, borrowed, into an agent's value. */
void directory_take_setting(struct directory_value *value, const struct agent_profile *profile,
        enum agent_setting setting);
/* What an agent's value says; its slices are the value's. Tenant and revision are the caller's. */
struct agent_profile directory_profile(const struct directory_value *value);
/* errors: out->overflowed */
void directory_encode(const struct directory_value *value, struct buffer *out);

enum directory_fault { DIRECTORY_GOOD, DIRECTORY_DAMAGED, DIRECTORY_UNKNOWN };
/* out_value is one block of memory with all that its slices borrow: the caller frees it. */
enum directory_fault directory_decode(
        struct slice plain, struct arena *scratch, struct directory_value **out_value);

#endif
