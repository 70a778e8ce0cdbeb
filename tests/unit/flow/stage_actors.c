/* SPDX-License-Identifier: Apache-2.0 */
/* The actors on the stage: what they say, and what they hear.
 *
 * Invariant: what an actor heard is kept as the JSON text of each frame, one a line, whatever its
 * codec, so "never reaches them by any frame" is one search.
 */
#include "stage.h"

#include "base/check.h"
#include "flow/tenant_keys.h"
#include "lib/test.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MS = 60 };

static struct actor *actors[ACTORS_MAX];
static size_t actor_count;
static size_t on; /* the node that new actors connect to */
static enum peer_codec spoken;

void stage_actors_begin(void)
{
    on = 0;
    spoken = PEER_JSON;
}

void stage_actors_end(void)
{
    while (actor_count > 0)
        free(actors[--actor_count]);
}

void stage_on(size_t node)
{
    check(node < stage.node_count);
    on = node;
}

void stage_speak(enum peer_codec codec)
{
    spoken = codec;
}

/* ---- hearing ----------------------------------------------------------------------------------
 */

/* Keeps what the text gives this member, when it is a string. */
static void take(const char *line, const char *member, char *out, size_t capacity)
{
    char key[48];
    snprintf(key, sizeof key, "\"%s\":\"", member);
    const char *from = strstr(line, key);
    const char *to = from ? strchr(from + strlen(key), '"') : NULL;
    if (to != NULL)
        snprintf(out, capacity, "%.*s", (int)(to - from - (ptrdiff_t)strlen(key)),
                from + strlen(key));
}

static void learn(struct actor *actor, enum proto_kind kind, const char *line)
{
    if (kind == PROTO_KIND_WELCOME) {
        if (actor->lineage[0] == '\0')
            take(line, "lineage", actor->lineage, sizeof actor->lineage);
        take(line, "ticket", actor->ticket, sizeof actor->ticket);
        take(line, "conversation", actor->conversation, sizeof actor->conversation);
    } else if (kind == PROTO_KIND_ASSIGNED) {
        take(line, "conversation", actor->conversation, sizeof actor->conversation);
        take(line, "owner", actor->owner, sizeof actor->owner);
    } else if (kind == PROTO_KIND_TURN) {
        take(line, "conversation", actor->conversation, sizeof actor->conversation);
        take(line, "turn", actor->turn, sizeof actor->turn);
    } else if (kind == PROTO_KIND_OFFER) {
        take(line, "offer", actor->offer, sizeof actor->offer);
        take(line, "conversation", actor->conversation, sizeof actor->conversation);
    }
}

static void on_frame(struct fake_client *client, const struct proto_frame *frame)
{
    struct actor *actor = LIST_ITEM(client, struct actor, client);
    struct buffer out = buffer_make(
            actor->heard + actor->heard_len, sizeof actor->heard - actor->heard_len - 2);
    proto_frame_write(PROTO_JSON, frame, &out);
    check(!out.overflowed);
    out.bytes[out.len] = '\0';
    learn(actor, frame->kind, out.bytes);
    out.bytes[out.len] = '\n';
    out.bytes[out.len + 1] = '\0';
    actor->heard_len += out.len + 1;
}

static void on_down(struct fake_client *client, int close_code)
{
    LIST_ITEM(client, struct actor, client)->close_code = close_code;
}

bool heard(const struct actor *actor, const char *text)
{
    return strstr(actor->heard + actor->mark, text) != NULL;
}

bool heard_ever(const struct actor *actor, const char *text)
{
    return strstr(actor->heard, text) != NULL;
}

static size_t times_from(const char *at, const char *text)
{
    size_t count = 0;
    for (; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

size_t times_heard(const struct actor *actor, const char *text)
{
    return times_from(actor->heard, text);
}

size_t times_heard_lately(const struct actor *actor, const char *text)
{
    return times_from(actor->heard + actor->mark, text);
}

bool will_hear(struct actor *actor, const char *text, uint64_t ms)
{
    uint64_t until_ms = stage.clock.now_ms + ms;
    while (!heard(actor, text) && stage.clock.now_ms < until_ms)
        if (!fake_clock_step(&stage.clock))
            break;
    return heard(actor, text);
}

/* ---- speaking ---------------------------------------------------------------------------------
 */

static void send_text(struct actor *actor, char *text, size_t len)
{
    static uint8_t bytes[1 << 20];
    struct arena arena;
    struct proto_frame frame;
    struct proto_problem problem;
    arena_init(&arena, bytes, sizeof bytes);
    struct proto_source source = {PROTO_JSON, text, len, &proto_trusted_bounds, &arena};
    if (!proto_frame_read(&source, PROTO_FROM_CLIENT, &frame, &problem))
        check_failed(problem.message, __FILE__, __LINE__, __func__);
    fake_client_send(&actor->client, &frame);
}

void act_ask(struct actor *actor, const char *format, ...)
{
    static char text[1 << 17];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check(len > 0 && (size_t)len < sizeof text);
    actor->mark = actor->heard_len;
    send_text(actor, text, (size_t)len);
    stage_run(ANSWER_MS);
}

void act_later(struct actor *actor, uint64_t ms, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check(len > 0 && (size_t)len < sizeof text);
    send_text(actor, text, (size_t)len);
    stage_run(ms);
}

struct actor *stage_actor(void)
{
    struct actor *actor = calloc(1, sizeof *actor);
    check(actor != NULL && actor_count < ACTORS_MAX);
    actor->on = on;
    actor->client.on_frame = on_frame;
    actor->client.on_down = on_down;
    actors[actor_count++] = actor;
    return actor;
}

void act_enter(struct actor *actor)
{
    static const char bot[] = ",\"bot\":{\"name\":\"bot\",\"credits\":4}";
    actor->close_code = 0;
    check(fake_client_connect(&actor->client, stage.nodes[actor->on].peers, spoken));
    act_ask(actor, "{\"type\":\"hello\",\"id\":\"h\",\"token\":\"%s\"%s}", actor->token,
            actor->is_bot ? bot : "");
}

void act_leave(struct actor *actor)
{
    fake_client_cut(&actor->client);
    stage_run(ANSWER_MS);
}

void act_sign(struct actor *actor, const char *tenant, const char *role, const char *subject,
        bool is_brand)
{
    struct slice id = slice_of_string(tenant);
    uint8_t brand[SIGNING_SECRET_SIZE];
    struct buffer out = buffer_make(actor->token, sizeof actor->token - 1);
    struct token_claims claims = {.tenant = id,
            .role = slice_of_string(role),
            .subject = slice_of_string(subject),
            .issued_ms = node_time_ms(stage.node),
            .expires_ms = node_time_ms(stage.node) + 3600 * 1000};
    tenant_brand_secret(stage.settings.master_key, directory_tenant(stage.node, id), brand);
    check(token_sign(
            is_brand ? brand : directory_tenant(stage.node, id)->secret_key, &claims, &out));
    actor->token[out.len] = '\0';
}

struct actor *stage_known(const char *tenant, const char *reference)
{
    char subject[64];
    struct actor *actor = stage_actor();
    snprintf(subject, sizeof subject, "x:%s", reference);
    act_sign(actor, tenant, "customer", subject, true);
    act_enter(actor);
    expect(will_hear(actor, "\"welcome\"", 1000));
    return actor;
}

struct actor *stage_customer(const char *tenant)
{
    static unsigned made;
    char reference[32];
    snprintf(reference, sizeof reference, "contact-%u", ++made);
    return stage_known(tenant, reference);
}

struct actor *stage_window(const char *tenant, const char *id, size_t node)
{
    char subject[64];
    struct actor *actor = stage_actor();
    actor->on = node;
    snprintf(subject, sizeof subject, "a:%s", id);
    act_sign(actor, tenant, "agent", subject, false);
    act_enter(actor);
    expect(heard(actor, "\"welcome\""));
    return actor;
}

struct actor *stage_agent(const char *tenant, const char *id)
{
    struct actor *actor = stage_window(tenant, id, on);
    act_ask(actor, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"online\"}");
    expect(heard(actor, "\"done\""));
    return actor;
}

static struct actor *stage_worker(const char *key, bool is_bot)
{
    struct actor *actor = stage_actor();
    snprintf(actor->token, sizeof actor->token, "%s", key);
    actor->is_bot = is_bot;
    act_enter(actor);
    expect(heard(actor, "\"welcome\""));
    return actor;
}

struct actor *stage_bot(const char *tenant)
{
    return stage_worker(stage.keys[strcmp(tenant, "north") == 0 ? 0 : 2], true);
}

struct actor *stage_service(const char *tenant)
{
    return stage_worker(stage.keys[strcmp(tenant, "north") == 0 ? 1 : 3], false);
}

struct actor *stage_customer_at(size_t node)
{
    stage_on(node);
    return stage_customer("north");
}

struct actor *stage_agent_at(size_t node, const char *id)
{
    stage_on(node);
    return stage_agent("north", id);
}

struct actor *stage_bot_at(size_t node)
{
    stage_on(node);
    return stage_bot("north");
}

void act_say(struct actor *actor, const char *text)
{
    char owner[64] = "";
    if (actor->owner[0] != '\0')
        snprintf(owner, sizeof owner, ",\"owner\":\"%s\"", actor->owner);
    act_ask(actor,
            "{\"type\":\"send\",\"id\":\"s%" PRIu64
            "\",\"conversation\":\"%s\",\"lineage\":\"%s\",\"n\":%" PRIu64
            ",\"body\":{\"kind\":\"text\",\"text\":\"%s\"}%s}",
            ++actor->next_id, actor->conversation, actor->lineage, actor->n + 1, text, owner);
    actor->n += heard(actor, "\"type\":\"ack\"");
}

void act_note(struct actor *agent, const char *text)
{
    act_ask(agent,
            "{\"type\":\"send\",\"id\":\"s%" PRIu64
            "\",\"conversation\":\"%s\",\"lineage\":\"%s\",\"n\":%" PRIu64
            ",\"visibility\":\"internal\",\"body\":{\"kind\":\"text\",\"text\":\"%s\"}}",
            ++agent->next_id, agent->conversation, agent->lineage, agent->n + 1, text);
    agent->n += heard(agent, "\"type\":\"ack\"");
}

void act_commit(struct actor *bot, const char *text, const char *extra)
{
    act_ask(bot,
            "{\"type\":\"commit\",\"id\":\"c%" PRIu64
            "\",\"conversation\":\"%s\",\"turn\":\"%s\",\"messages\":[{\"kind\":\"text\","
            "\"text\":\"%s\"}]%s}",
            ++bot->next_id, bot->conversation, bot->turn, text, extra);
}

void hand_to_agent(struct actor *customer, struct actor *bot, struct actor *agent)
{
    act_say(customer, "My parcel is late");
    expect(heard(customer, "\"ack\""));
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague takes over",
            ",\"handoff\":{\"reason\":\"asked\",\"summary\":\"the-packet\"}");
    expect(heard(bot, "\"ack\""));
    expect(will_hear(agent, "\"offer\"", 2000));
    act_ask(agent, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", agent->offer);
    expect(will_hear(agent, "\"assigned\"", 1000));
}

const struct conversation *fold_of(const struct actor *actor)
{
    struct chat *chat = chat_find(stage.node, slice_of_string(actor->conversation));
    check(chat != NULL);
    return chat_fold(chat);
}

void stage_hand_over_ben(struct actor **ada, struct actor **anna, struct actor **ben)
{
    struct actor *bot = stage_bot("north");
    *anna = stage_agent("north", "anna");
    *ada = stage_customer("north");
    hand_to_agent(*ada, bot, *anna);
    *ben = stage_agent("north", "ben");
    memcpy((*ben)->conversation, (*anna)->conversation, sizeof(*anna)->conversation);
}
