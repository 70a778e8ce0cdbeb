/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated agents' comings and goings.
 *
 * Invariant: an agent is online whenever connected, whatever happened meanwhile, and an offer that
 * was once seen is accepted until the server has answered for good. An offer that asks for a skill
 * which the agent lacks is counted: routing must not do that.
 */
#include "cli/replay/desk_agents.h"

#include "base/check.h"
#include "bots/sdk/c/event_loop.h"
#include "cli/api.h"
#include "cli/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 200, DOOR_MS = 2000, ENTER_PATIENCE_MS = 70000, BODY_MAX = 8192 };

/* ---- presence ---------------------------------------------------------------------------------
 */

static void come_online(struct desk_agent *agent)
{
    struct proto_frame frame = {.kind = PROTO_KIND_SET_PRESENCE};
    frame.as.set_presence = (struct proto_set_presence){SLICE_OF("p"), PROTO_AVAILABILITY_ONLINE};
    agent->is_presence_asked = link_send(agent->link, &frame);
}

static void on_welcome(struct desk_agent *agent, const struct proto_welcome *welcome)
{
    snprintf(agent->lineage, sizeof agent->lineage, "%.*s", SLICE_ARGS(welcome->lineage));
    agent->is_connected = true;
    agent->offer_count = 0; /* those that are open are told again */
    agent->is_online = welcome->has_status && welcome->status == PROTO_AVAILABILITY_ONLINE;
    if (!agent->is_online)
        come_online(agent);
}

/* Colleagues' presence comes too; only one's own matters. */
static void on_presence(struct desk_agent *agent, const struct proto_presence *presence)
{
    if (!slice_is(presence->agent, agent->id))
        return;
    agent->is_online = presence->status == PROTO_AVAILABILITY_ONLINE;
    if (!agent->is_online && !agent->is_presence_asked)
        come_online(agent);
}

/* ---- offers -----------------------------------------------------------------------------------
 */

static bool has_skill(const struct desk_agent *agent, struct slice name)
{
    for (size_t i = 0; i < agent->skill_count; i++)
        if (slice_is(name, agent->skills[i]))
            return true;
    return false;
}

static void accept(struct desk_agent *agent, struct desk_offer *offer)
{
    char id[NAME_TEXT_MAX + 1] = "a";
    struct proto_frame frame = {.kind = PROTO_KIND_ACCEPT};
    frame.as.accept = (struct proto_accept){
            slice_make(id, 1 + name_write(&offer->offer, id + 1)), offer->offer};
    offer->again_ms =
            link_send(agent->link, &frame) ? 0 : waker_now_ms(agent->desk->replay->tick) + AGAIN_MS;
}

static struct desk_offer *find_offer(struct desk_agent *agent, const struct name *name)
{
    for (size_t i = 0; i < agent->offer_count; i++)
        if (name_equal(&agent->offers[i].offer, name))
            return &agent->offers[i];
    return NULL;
}

static void forget_offer(struct desk_agent *agent, struct desk_offer *offer)
{
    if (offer != NULL)
        *offer = agent->offers[--agent->offer_count];
}

static void on_offer(struct desk_agent *agent, const struct proto_offer *frame)
{
    struct desk_offer *offer = find_offer(agent, &frame->offer);
    for (size_t i = 0; frame->has_handoff && i < frame->handoff.skills_count; i++)
        agent->desk->replay->misrouted +=
                frame->handoff.skills[i].must && !has_skill(agent, frame->handoff.skills[i].name);
    if (offer == NULL && agent->offer_count == DESK_OFFERS_MAX)
        return; /* it is offered again when it expires */
    if (offer == NULL) {
        offer = &agent->offers[agent->offer_count++];
        offer->offer = frame->offer;
    }
    accept(agent, offer);
}

/* The offer that a request's id names: "a41-77aa10b2c3d4e5f6". */
static struct desk_offer *offer_of_request(struct desk_agent *agent, struct slice id)
{
    struct name name;
    bool is_accept = id.len > 1 && id.bytes[0] == 'a' &&
                     name_read(slice_make(id.bytes + 1, id.len - 1), &name);
    return is_accept ? find_offer(agent, &name) : NULL;
}

void desk_agent_on_error(struct desk_agent *agent, const struct proto_error *error)
{
    struct desk_offer *offer = offer_of_request(agent, error->id);
    if (slice_is(error->id, "p"))
        agent->is_presence_asked = false;
    if (offer == NULL)
        return;
    if (error->retry == PROTO_RETRY_NEVER)
        forget_offer(agent, offer);
    else
        offer->again_ms = waker_now_ms(agent->desk->replay->tick) + AGAIN_MS;
}

static void on_done(struct desk_agent *agent, const struct proto_done *done)
{
    forget_offer(agent, offer_of_request(agent, done->id));
    if (slice_is(done->id, "p"))
        agent->is_online = true, agent->is_presence_asked = false;
}

void desk_agent_on_frame(struct desk_agent *agent, const struct proto_frame *frame)
{
    if (frame->kind == PROTO_KIND_WELCOME)
        on_welcome(agent, &frame->as.welcome);
    else if (frame->kind == PROTO_KIND_PRESENCE)
        on_presence(agent, &frame->as.presence);
    else if (frame->kind == PROTO_KIND_OFFER)
        on_offer(agent, &frame->as.offer);
    else if (frame->kind == PROTO_KIND_CANCEL && frame->as.cancel.has_offer)
        forget_offer(agent, find_offer(agent, &frame->as.cancel.offer));
    else if (frame->kind == PROTO_KIND_DONE)
        on_done(agent, &frame->as.done);
}

void desk_tick(struct desk *desk)
{
    uint64_t now_ms = waker_now_ms(desk->replay->tick);
    for (size_t i = 0; i < desk->agent_count; i++) {
        struct desk_agent *agent = &desk->agents[i];
        if (!agent->is_connected)
            continue;
        if (!agent->is_online && !agent->is_presence_asked)
            come_online(agent);
        for (size_t j = 0; j < agent->offer_count; j++)
            if (agent->offers[j].again_ms != 0 && agent->offers[j].again_ms <= now_ms)
                accept(agent, &agent->offers[j]);
    }
}

/* ---- links ------------------------------------------------------------------------------------
 */

static void on_state(void *context, enum link_state state, const struct link_reason *reason)
{
    struct desk_agent *agent = context;
    if (state == LINK_ENDED)
        say("the server sent agent %s away for good (%d, %d)", agent->id, reason->close_code,
                (int)reason->error);
    if (state != LINK_DISCONNECTED && state != LINK_ENDED)
        return;
    agent->is_connected = agent->is_online = agent->is_presence_asked = false;
    desk_on_disconnect(agent);
}

static void enter_by(
        struct desk_agent *agent, const char *member, const char *proof, uint64_t patience_ms)
{
    struct api_answer answer;
    char body[TOKEN_MAX + 64];
    snprintf(body, sizeof body, "{\"%s\":\"%s\"}", member, proof);
    bool is_good = api_ask_patiently(&agent->desk->replay->place, false, "POST",
            "/v1/agents/sessions", body, patience_ms, &answer);
    const char *token = is_good ? api_text(&answer, "token") : NULL;
    const char *renewal = is_good ? api_text(&answer, "renewal") : NULL;
    if (token != NULL && renewal != NULL) {
        snprintf(agent->renewal, sizeof agent->renewal, "%s", renewal);
        link_set_token(agent->link, token);
    } else {
        say("agent %s got no token: %s", agent->id, answer.sentence);
    }
    api_finish(&answer);
}

static void on_token_wanted(void *context)
{
    struct desk_agent *agent = context;
    if (agent->renewal[0] != '\0')
        enter_by(agent, "renewal", agent->renewal, DOOR_MS);
}

static void write_agent(const struct desk_agent *agent, char *out, size_t size)
{
    struct buffer body = buffer_make(out, size - 1);
    char head[128];
    int len = snprintf(head, sizeof head,
            "{\"id\":\"%s\",\"name\":\"Agent %zu\",\"languages\":[\"en\"],\"capacity\":%d,"
            "\"skills\":[",
            agent->id, agent->index + 1, DESK_CHATS_MAX);
    buffer_put(&body, head, (size_t)len);
    for (size_t i = 0; i < agent->skill_count; i++) {
        char skill[160];
        check(strpbrk(agent->skills[i], "\"\\") == NULL);
        len = snprintf(skill, sizeof skill, "%s{\"name\":\"%s\"}", i ? "," : "", agent->skills[i]);
        buffer_put(&body, skill, (size_t)len);
    }
    buffer_put(&body, "]}", 2);
    check(!body.overflowed);
    out[body.len] = '\0';
}

static bool hire(struct desk_agent *agent)
{
    struct replay *replay = agent->desk->replay;
    struct api_answer answer;
    char path[API_PATH_MAX], body[BODY_MAX];
    snprintf(path, sizeof path, "/v1/admin/tenants/%s/agents", replay->tenant);
    write_agent(agent, body, sizeof body);
    bool is_good =
            api_ask_patiently(&replay->place, true, "POST", path, body, ENTER_PATIENCE_MS, &answer);
    const char *code = is_good ? api_text(&answer, "code") : NULL;
    if (code != NULL)
        enter_by(agent, "code", code, ENTER_PATIENCE_MS);
    else
        say("agent %s could not be made: %s", agent->id, answer.sentence);
    api_finish(&answer);
    return agent->renewal[0] != '\0';
}

static bool open_agent(struct desk_agent *agent)
{
    struct replay *replay = agent->desk->replay;
    agent->link = link_open(&(struct link_options){
            .loop = event_loop_uv(replay->loop),
            .url = replay->place.ws_url,
            .use_json = agent->index % 2 == 1,
            .client = {SLICE_OF("weft-replay"), SLICE_OF("1")},
            .context = agent,
            .on_state = on_state,
            .on_frame = desk_on_frame,
            .on_token_wanted = on_token_wanted,
            .list_cursors = desk_list_cursors,
    });
    return agent->link != NULL && hire(agent);
}

struct desk *desk_open(struct replay *replay)
{
    struct desk *desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->replay = replay;
    bool is_good = desk_cast(desk);
    for (size_t i = 0; i < desk->agent_count && is_good; i++)
        is_good = open_agent(&desk->agents[i]);
    if (is_good)
        return desk;
    desk_close(desk);
    return NULL;
}

void desk_close(struct desk *desk)
{
    for (size_t i = 0; i < desk->agent_count; i++)
        if (desk->agents[i].link != NULL)
            link_close(desk->agents[i].link);
    free(desk);
}

bool desk_is_ready(const struct desk *desk)
{
    for (size_t i = 0; i < desk->agent_count; i++)
        if (!desk->agents[i].is_online)
            return false;
    return true;
}

uint64_t desk_reconnects(const struct desk *desk)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < desk->agent_count; i++)
        sum += link_reconnects(desk->agents[i].link);
    return sum;
}
