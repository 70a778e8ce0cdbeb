/* SPDX-License-Identifier: Apache-2.0 */
/* The stage. Invariant: what an actor heard is kept as the JSON text of each frame, one a line,
 * whatever its codec, so "never reaches them by any frame" is one search. */
#include "stage.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/credentials.h"
#include "flow/directory_changes.h"
#include "flow/tenant_keys.h"
#include "lib/test.h"
#include "stored/pool_codec.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MS = 60 };

struct stage stage;
static struct actor *actors[ACTORS_MAX];
static size_t actor_count;
static unsigned changes_done;
static struct blobs *files; /* NULL: nothing can be attached */
static bool is_bell_silent;
static size_t on; /* the node that new actors connect to */
static enum peer_codec spoken;

/* ---- the directory ----------------------------------------------------------------------------
 */

struct made {
    struct directory_change change;
    struct directory_value value;
    uint8_t hash[KEY_HASH_SIZE];
};

static void on_made(struct directory_change *change, enum log_outcome outcome)
{
    check(outcome == LOG_APPENDED);
    free(LIST_ITEM(change, struct made, change));
    changes_done++;
}

static void make(const struct directory_value *value, const char *secret)
{
    struct made *made = calloc(1, sizeof *made);
    check(made != NULL);
    made->value = *value;
    if (secret != NULL) {
        key_hash(stage.node, slice_of_string(secret), made->hash);
        made->value.hash = slice_make(made->hash, sizeof made->hash);
    }
    made->change.value = &made->value;
    made->change.done = on_made;
    directory_submit(stage.node, &made->change);
}

static void make_agent(struct slice tenant, const char *id, struct slice skill)
{
    struct directory_value value = {.kind = DIRECTORY_AGENT,
            .tenant = tenant,
            .id = slice_of_string(id),
            .name = slice_of_string(id),
            .number = 2,
            .skills = {{skill, 1000}},
            .skill_count = 1};
    make(&value, NULL);
}

void stage_make_supervisor(const char *tenant, const char *id)
{
    struct directory_value value = {.kind = DIRECTORY_AGENT,
            .tenant = slice_of_string(tenant),
            .id = slice_of_string(id),
            .name = slice_of_string(id),
            .number = 2,
            .is_supervisor = true};
    make(&value, NULL);
    stage_run(20);
}

void stage_add_agent(const char *tenant, unsigned number)
{
    char id[16];
    snprintf(id, sizeof id, "more-%u", number);
    make_agent(slice_of_string(tenant), id, SLICE_OF("any"));
    stage_run(20);
}

void stage_set_pool_ahead(const char *tenant, uint64_t ms)
{
    char key[64], plain[512];
    static uint8_t scratch[16384];
    uint8_t bytes[4096], random[24] = {1};
    struct arena arena;
    struct store_item last[256];
    struct slice log = slice_make(key, (size_t)snprintf(key, sizeof key, "{p:%s}log", tenant));
    size_t count = fake_server_read(stage.server, log, 1, 256, last);
    struct buffer out = buffer_make(plain, sizeof plain);
    struct pool_entry entry = {.kind = POOL_ROUTER, .incarnation = 1};
    struct record record;
    arena_init(&arena, scratch, sizeof scratch);
    check(count > 0 && pool_encode(&entry, 1, &arena, &out));
    check(record_read(last[count - 1].value, last[count - 1].number, log, NULL, bytes, &record) ==
            RECORD_GOOD);
    memcpy(record.prev, record.at.mark, MARK_SIZE);
    record.at.seq++;
    record.time_ms = fake_server_now_ms(stage.server) + ms;
    record.plain = buffer_slice(&out);
    size_t len = record_write(&record, log, NULL, random, bytes);
    check(fake_server_append(stage.server, log, record.at.seq, slice_make(bytes, len)) == STORE_OK);
}

static void make_key(struct slice tenant, const char *role, char out[160])
{
    struct directory_value value = {.kind = DIRECTORY_KEY,
            .tenant = tenant,
            .id = slice_of_string(role),
            .name = slice_of_string(role),
            .role = slice_of_string(role)};
    make(&value, "secret");
    snprintf(out, 160, "wk_%.*s_%s_secret", SLICE_ARGS(tenant), role);
}

static void make_tenant(struct slice id, char (*keys)[160])
{
    struct directory_value value = {.kind = DIRECTORY_TENANT, .tenant = id, .name = id};
    make(&value, NULL);
    make_key(id, "bot", keys[0]);
    make_key(id, "service", keys[1]);
    make_agent(id, "anna", SLICE_OF("any"));
    make_agent(id, "ben", SLICE_OF("any"));
}

/* ---- the stage --------------------------------------------------------------------------------
 */

static void use_settings(void)
{
    stage.settings = (struct node_settings){.durability = PROTO_DURABILITY_ALWAYS,
            .connections_max = FAKE_PEERS_MAX,
            .conversations_hot_max = 64,
            .messages_per_min = 1000,
            .agent_messages_per_min = 1000,
            .sessions_per_min_per_ip = 1000,
            .edit_window_ms = 900000,
            .turn_lease_ms = 5000,
            .turn_deadline_ms = 20000,
            .bot_absent_ms = 500,
            .presence_grace_ms = 3000,
            .token_ms = 300000,
            .ticket_ms = 3600 * 1000,
            .customer_renewal_ms = (uint64_t)400 * 24 * 3600 * 1000,
            .agent_renewal_ms = 12 * 3600 * 1000,
            .policy = route_policy_default()};
    stage.settings.policy.exclusion_ms = 3000;
    stage.settings.policy.offer_ms = 5000;
}

void stage_attach(struct blobs *blobs)
{
    files = blobs;
}

static void start_node(size_t index)
{
    struct stage_node *at = &stage.nodes[index];
    fake_keystore_init(&at->keystore, at->keystore.store);
    fake_timers_init(&at->timers, &stage.clock);
    struct node_ports ports = {at->store, &at->keystore.base, fake_peers_port(at->peers), NULL,
            &at->timers.base, &at->random.base, at->hints, files};
    at->node = node_create(&ports, &stage.settings);
    check(at->node != NULL);
    fake_peers_serve(at->peers, &node_peer_events, at->node);
}

static void make_node(size_t index)
{
    struct stage_node *at = &stage.nodes[index];
    fake_random_init(&at->random, 7 + index);
    at->store = fake_server_join(stage.server);
    at->keystore.store = fake_server_join(stage.key_server);
    at->peers = fake_peers_create(&stage.clock, 3 + index, 2);
    if (stage.bus != NULL)
        at->hints = fake_bus_join(stage.bus);
    start_node(index);
}

void stage_kill(size_t index)
{
    struct stage_node *at = &stage.nodes[index];
    fake_peers_serve(at->peers, NULL, NULL);
    fake_store_crash(at->store);
    fake_store_crash(at->keystore.store);
    fake_keystore_finish(&at->keystore);
    fake_timers_crash(&at->timers);
    if (at->hints != NULL)
        fake_hints_crash(at->hints);
    at->node = NULL;
}

void stage_revive(size_t index)
{
    start_node(index);
    if (index == 0)
        stage.node = stage.nodes[0].node;
    stage_run(300);
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

/* As if hints told of every entry, some milliseconds later. */
static void on_bell(struct timer *timer)
{
    fake_timers_arm(&stage.world_timers, timer, stage.clock.now_ms + 10);
    for (size_t i = 0; i < stage.node_count; i++) {
        struct node *node = stage.nodes[i].node;
        if (node == NULL)
            continue;
        LIST_EACH (at, next, &node->logs.logs) {
            struct log *log = LIST_ITEM(at, struct log, link);
            if (log->is_followed && log->state == LOG_READY)
                log_hint(log, UINT64_MAX);
        }
    }
}

void stage_silence_bell(void)
{
    is_bell_silent = true;
}

void stage_start(void)
{
    stage_start_nodes(1);
}

void stage_start_nodes(size_t count)
{
    crypto_start();
    log_line_setup(getenv("STAGE_LOG") ? LOG_DEBUG : LOG_ERROR + 1, "stage");
    memset(&stage, 0, sizeof stage);
    use_settings();
    fake_clock_init(&stage.clock, 0);
    stage.server = fake_server_create(&stage.clock, 1);
    stage.key_server = fake_server_create(&stage.clock, 2);
    stage.bus = count > 1 ? fake_bus_create(&stage.clock, 4) : NULL;
    stage.node_count = count;
    on = 0;
    spoken = PEER_JSON;
    for (size_t i = 0; i < count; i++)
        make_node(i);
    stage.store = stage.nodes[0].store;
    stage.peers = stage.nodes[0].peers;
    stage.node = stage.nodes[0].node;
    fake_timers_init(&stage.world_timers, &stage.clock);
    stage.bell.on_due = on_bell;
    if (count > 1 && !is_bell_silent)
        fake_timers_arm(&stage.world_timers, &stage.bell, stage.clock.now_ms + 10);
    stage_run(300);
    check(stage.node->is_open);
    changes_done = 0;
    make_tenant(SLICE_OF("north"), &stage.keys[0]);
    make_tenant(SLICE_OF("south"), &stage.keys[2]);
    stage_run(500);
    check(changes_done == 10);
}

/* What the node holds then is let go of with the process: its work is cut off in the middle. */
void stage_end(void)
{
    for (size_t i = 0; i < stage.node_count; i++) {
        stage_kill(i);
        fake_peers_destroy(stage.nodes[i].peers);
    }
    fake_timers_crash(&stage.world_timers);
    if (stage.bus != NULL)
        fake_bus_destroy(stage.bus);
    fake_server_destroy(stage.server);
    fake_server_destroy(stage.key_server);
    fake_clock_finish(&stage.clock);
    while (actor_count > 0)
        free(actors[--actor_count]);
}

void stage_run(uint64_t ms)
{
    fake_clock_run_for(&stage.clock, ms);
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

struct actor *stage_agent(const char *tenant, const char *id)
{
    char subject[64];
    struct actor *actor = stage_actor();
    snprintf(subject, sizeof subject, "a:%s", id);
    act_sign(actor, tenant, "agent", subject, false);
    act_enter(actor);
    expect(heard(actor, "\"welcome\""));
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
