/* SPDX-License-Identifier: Apache-2.0 */
/* The admin door for agents.
 *
 *   POST   /v1/admin/tenants/T/agents     {id?, name, skills[], …} -> {agent, code, link}
 *          of one who exists: what is not said stays; nothing said: a fresh code
 *
 * Invariant: what is not said is taken from the directory when the entry is made, not when the
 * request came, so two who change one agent at once take nothing back from each other. The code is
 * answered once the store keeps it; it opens the desk once, within a day.
 */
#include "flow/door_admin.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINK_TTL_MS = 24 * 60 * 60 * 1000, AGENT_CAPACITY_DEFAULT = 4 };

static void on_code_kept(void *user, const struct store_reply *reply)
{
    struct admin_change *change = user;
    char link[512];
    if (reply->outcome != STORE_OK) {
        door_refuse_later(&change->door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
        free(change);
        return;
    }
    int len = snprintf(link, sizeof link, "%.*s/desk/#code=%.*s",
            SLICE_ARGS(change->door.node->settings->public_url), (int)change->once.code_len,
            change->once.code);
    struct admin_answer answer = {.agent = change->value.id,
            .code = slice_make(change->once.code, change->once.code_len),
            .link = slice_make(link, (size_t)len)};
    admin_answer_send(&change->door, 201, &answer);
    free(change);
}

static void make_code(struct admin_change *change)
{
    change->once = (struct once){
            .tenant = change->value.tenant, .agent = change->value.id, .ttl_ms = LINK_TTL_MS};
    once_make(change->door.node, &change->once, on_code_kept, change);
}

static void on_agent(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    if (admin_is_good(change, outcome))
        make_code(change);
}

/* What was not said of an agent who exists stays as it is when the entry is made. */
static void keep_unsaid(struct directory_change *directory_change)
{
    static const struct agent_profile nobody = {.capacity = AGENT_CAPACITY_DEFAULT};
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    struct directory_value *value = &change->value;
    const struct agent_profile *known =
            directory_agent(change->door.node, value->tenant, value->id);
    for (unsigned at = 0; at < AGENT_SETTINGS; at++)
        if ((change->said >> at & 1) == 0)
            directory_take_setting(value, known ? known : &nobody, (enum agent_setting)at);
}

static bool has_list(const void *items, size_t count)
{
    return items != NULL || count > 0; /* an empty list that was given is not NULL */
}

/* A bit for each setting of an agent that the body speaks of. */
static unsigned settings_said(const struct admin_body *body)
{
    const bool said[AGENT_SETTINGS] = {
            [AGENT_NAME] = body->name.len > 0,
            [AGENT_SKILLS] = has_list(body->skills, body->skills_count),
            [AGENT_LANGUAGES] = has_list(body->languages, body->languages_count),
            [AGENT_CAPACITY] = body->has_capacity,
            [AGENT_QUEUES] = has_list(body->queues, body->queues_count),
            [AGENT_CHANNELS] = has_list(body->channels, body->channels_count),
            [AGENT_SHIFT] = body->shift.bytes != NULL, /* an empty text takes it away */
            [AGENT_AUTO_ACCEPT] = body->has_auto_accept,
            [AGENT_SUPERVISOR] = body->has_supervisor,
    };
    unsigned bits = 0;
    for (unsigned at = 0; at < AGENT_SETTINGS; at++)
        bits |= (unsigned)said[at] << at;
    return bits;
}

static void take_agent(struct admin_change *change, const struct admin_body *body)
{
    struct directory_value *value = &change->value;
    struct arena *arena = &change->arena;
    value->name = arena_copy(arena, body->name);
    value->number = body->capacity;
    value->shift = arena_copy(arena, body->shift);
    value->auto_accept = body->auto_accept;
    value->is_supervisor = body->supervisor;
    value->skill_count = body->skills_count;
    for (size_t i = 0; i < body->skills_count; i++) {
        value->skills[i].name = arena_copy(arena, body->skills[i].name);
        value->skills[i].level =
                body->skills[i].has_level ? (uint32_t)body->skills[i].level : POOL_LEVEL_MAX;
    }
    value->queue_count = body->queues_count;
    for (size_t i = 0; i < body->queues_count; i++)
        value->queues[i] = arena_copy(arena, body->queues[i]);
    value->channel_count = body->channels_count;
    for (size_t i = 0; i < body->channels_count; i++) {
        value->channels[i].name = arena_copy(arena, body->channels[i].name);
        value->channels[i].weight = (uint32_t)body->channels[i].weight;
    }
    value->text_count = body->languages_count;
    for (size_t i = 0; i < body->languages_count; i++)
        value->texts[i] = arena_copy(arena, body->languages[i]);
}

void door_make_agent(struct door *door, struct slice tenant, const struct admin_body *body)
{
    const struct agent_profile *known = directory_agent(door->node, tenant, body->id);
    if ((body->id.len > 0 && !admin_id_is_plain(body->id)) ||
            (known == NULL && body->name.len == 0)) {
        door_refuse(door, 400, PROTO_ERROR_BAD_REQUEST,
                "A new agent has a name, and an id of a-z, 0-9 and dashes.");
        return;
    }
    struct admin_change *change = admin_change_make(door, DIRECTORY_AGENT, tenant);
    change->value.id = admin_choose_id(change, "ag", body->id);
    change->said = settings_said(body);
    if (change->said == 0) { /* only a fresh code is asked for */
        make_code(change);
        return;
    }
    take_agent(change, body);
    change->change.complete = keep_unsaid;
    change->change.done = on_agent;
    directory_submit(door->node, &change->change);
}
