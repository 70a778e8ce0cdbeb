/* SPDX-License-Identifier: Apache-2.0 */
/* The stage: nodes on one made-up store, and who is in their directory.
 *
 * Invariant: nothing happens but by its clock, and stage_end leaves nothing of a stage to the next.
 */
#include "stage.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/credentials.h"
#include "flow/directory_changes.h"
#include "lib/test.h"
#include "stored/pool_codec.h"

#include <stdio.h>
#include <stdlib.h>

struct stage stage;
static unsigned changes_done;
static struct blobs *files; /* NULL: nothing can be attached */
static bool is_bell_silent;

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
    fake_verifier_init(&at->verifier, &at->timers, 11 + index);
    struct node_ports ports = {at->store, &at->keystore.base, fake_peers_port(at->peers), NULL,
            &at->timers.base, &at->random.base, at->hints, files, &at->verifier.base};
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
    stage_actors_begin();
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
    stage_actors_end();
}

void stage_run(uint64_t ms)
{
    fake_clock_run_for(&stage.clock, ms);
}
