/* SPDX-License-Identifier: Apache-2.0 */
/* The flows, whole, against an adversary: one node of the real code on a made-up Redis, with
 * customers on two devices each, a bot and two agents, while links are cut, answers lost, Redis and
 * the node killed.
 *
 * After the faults have ended everything must come to rest, and then hold:
 *   every message said was acked, and is in the log once, at its place, in its sender's order
 *   each device has seen exactly the public entries of the log, in order
 *   each turn was committed at most once, and only while it was open
 *   agents spoke only while they owned the conversation; no agent had more chats than capacity
 *   nothing waited while the customers were away: the due index and the pool saw to it
 *   nothing waits: no open turn, no queued case that an agent could take, no reserved capacity
 *
 *   SIM_SEEDS=N   how many seeds          SIM_SEED=S   only this one, with its trace
 */
#include "world.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/credentials.h"
#include "flow/directory_changes.h"
#include "lib/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct world *the_world; /* for callbacks without a user */

/* ---- the node ---------------------------------------------------------------------------------
 */

static void node_live(struct world *world)
{
    struct node_ports ports = {world->store, &world->keystore.base, fake_peers_port(world->peers),
            NULL, &world->node_timers.base, &world->node_random.base};
    check(world->life_count < LIVES_MAX);
    world->node = node_create(&ports, &world->settings);
    check(world->node != NULL);
    world->lives[world->life_count++] = world->node;
    fake_peers_serve(world->peers, &node_peer_events, world->node);
}

/* The process dies where it stands. Its memory is kept to the end: nothing may point into it. */
static void node_die(struct world *world)
{
    fake_store_crash(world->store);
    fake_store_crash(world->key_store);
    fake_keystore_finish(&world->keystore);
    fake_keystore_init(&world->keystore, world->key_store);
    fake_timers_crash(&world->node_timers);
    fake_peers_serve(world->peers, NULL, NULL);
    world->node = NULL;
    world->crashes++;
}

/* ---- setting up -------------------------------------------------------------------------------
 */

static void on_seeded(struct seed *seed, bool is_good)
{
    (void)seed;
    the_world->is_set_up = is_good;
}

static unsigned agents_made;

static void on_agent_made(struct directory_change *change, enum log_outcome outcome)
{
    check(outcome == LOG_APPENDED);
    free((void *)change->value);
    free(change);
    agents_made++;
}

static void make_agent(struct world *world, const char *id)
{
    struct directory_value *value = calloc(1, sizeof *value);
    struct directory_change *change = calloc(1, sizeof *change);
    check(value != NULL && change != NULL);
    *value = (struct directory_value){.kind = DIRECTORY_AGENT,
            .tenant = SLICE_OF("sim"),
            .id = slice_of_string(id),
            .name = slice_of_string(id),
            .number = CAPACITY,
            .skills = {{SLICE_OF("any"), 1000}},
            .skill_count = 1};
    change->value = value;
    change->done = on_agent_made;
    directory_submit(world->node, change);
}

static void give_token(struct world *world, struct connection_model *line, const char *role,
        const char *subject, bool is_brand)
{
    const struct tenant *tenant = directory_tenant(world->node, SLICE_OF("sim"));
    uint8_t brand[SIGNING_SECRET_SIZE];
    struct buffer out = buffer_make(line->token, sizeof line->token - 1);
    struct token_claims claims = {.tenant = SLICE_OF("sim"),
            .role = slice_of_string(role),
            .subject = slice_of_string(subject),
            .issued_ms = node_time_ms(world->node),
            .expires_ms = node_time_ms(world->node) + 20 * 3600 * 1000};
    directory_brand_secret(world->node, SLICE_OF("sim"), brand);
    check(token_sign(is_brand ? brand : tenant->secret_key, &claims, &out));
    line->token[out.len] = '\0';
}

static void set_up_line(struct world *world, struct connection_model *line)
{
    line->clock = &world->clock;
    line->timers = &world->cast_timers;
    line->peers = world->peers;
    line->random = &world->random;
    line->codec = fake_random_below(&world->random, 2) ? PEER_JSON : PEER_MSGPACK;
}

static void set_up_cast(struct world *world)
{
    char subject[32];
    for (unsigned i = 0; i < DEVICES; i++) {
        set_up_line(world, &world->devices[i].line);
        snprintf(subject, sizeof subject, "x:contact-%u", i % CONTACTS);
        give_token(world, &world->devices[i].line, "customer", subject, true);
        world->devices[i].leaves_when_content = true;
        device_start(&world->devices[i], MESSAGES);
    }
    set_up_line(world, &world->bot.line);
    snprintf(world->bot.line.token, sizeof world->bot.line.token, "%s", world->bot_seed.key);
    world->bot.ignores_per_mille = 60;
    bot_worker_start(&world->bot);
    for (unsigned i = 0; i < AGENTS; i++) {
        set_up_line(world, &world->agents[i].line);
        snprintf(subject, sizeof subject, "a:ag%u", i);
        give_token(world, &world->agents[i].line, "agent", subject, false);
        agent_start(&world->agents[i]);
    }
}

static void run_until(struct world *world, bool (*is_there)(struct world *), uint64_t ms_max)
{
    uint64_t until_ms = world->clock.now_ms + ms_max;
    while (world->clock.now_ms < until_ms && !is_there(world))
        if (!fake_clock_step(&world->clock))
            return;
}

static bool is_open(struct world *world)
{
    return world->node->is_open;
}

static bool is_set_up(struct world *world)
{
    return world->is_set_up && agents_made == AGENTS;
}

static void set_up(struct world *world)
{
    world->settings = (struct node_settings){.durability = PROTO_DURABILITY_ALWAYS,
            .connections_max = FAKE_PEERS_MAX,
            .conversations_hot_max = 64,
            .messages_per_min = 100000,
            .agent_messages_per_min = 100000,
            .edit_window_ms = 900000,
            .turn_lease_ms = 5000,
            .turn_deadline_ms = 20000,
            .bot_absent_ms = 500,
            .presence_grace_ms = 3000,
            .ticket_ms = 3600 * 1000,
            .customer_renewal_ms = (uint64_t)400 * 24 * 3600 * 1000,
            .policy = route_policy_default()};
    world->settings.policy.exclusion_ms = 3000;
    world->settings.policy.offer_ms = 5000;
    fake_clock_init(&world->clock, world->seed | 1);
    fake_random_init(&world->random, world->seed * 3 + 1);
    fake_random_init(&world->node_random, world->seed * 7 + 5);
    world->server = fake_server_create(&world->clock, world->seed);
    world->key_server = fake_server_create(&world->clock, world->seed + 1);
    world->store = fake_server_join(world->server);
    world->key_store = fake_server_join(world->key_server);
    fake_keystore_init(&world->keystore, world->key_store);
    fake_timers_init(&world->node_timers, &world->clock);
    fake_timers_init(&world->cast_timers, &world->clock);
    fake_timers_init(&world->world_timers, &world->clock);
    world->peers = fake_peers_create(&world->clock, world->seed + 2, 20);
    agents_made = 0;
    node_live(world);
    run_until(world, is_open, 10000);
    world->tenant = (struct seed_tenant){.id = SLICE_OF("sim"), .name = SLICE_OF("Sim")};
    world->bot_seed = (struct seed_bot){.name = SLICE_OF("bot"), .tenant = SLICE_OF("sim")};
    world->seeding = (struct seed){.node = world->node,
            .tenants = &world->tenant,
            .tenant_count = 1,
            .bots = &world->bot_seed,
            .bot_count = 1,
            .on_done = on_seeded};
    seed_start(&world->seeding);
    fake_clock_run_for(&world->clock, 500);
    make_agent(world, "ag0");
    make_agent(world, "ag1");
    run_until(world, is_set_up, 10000);
    check(is_set_up(world));
    set_up_cast(world);
}

/* ---- faults -----------------------------------------------------------------------------------
 */

static void cut_somebody(struct world *world)
{
    uint64_t who = fake_random_below(&world->random, DEVICES + AGENTS + 1);
    struct connection_model *line = who < DEVICES            ? &world->devices[who].line
                                    : who < DEVICES + AGENTS ? &world->agents[who - DEVICES].line
                                                             : &world->bot.line;
    if (line->client.peers != NULL)
        fake_client_cut(&line->client);
}

static void on_fault(struct timer *timer)
{
    struct world *world = LIST_ITEM(timer, struct world, fault);
    uint64_t what = fake_random_below(&world->random, 100);
    if (world->is_quiet)
        return;
    if (world->node == NULL) {
        node_live(world);
    } else if (what < 12 && world->life_count < LIVES_MAX - 1) {
        node_die(world);
    } else if (what < 20) {
        fake_server_kill(world->server);
        fake_clock_run_for(&world->clock, 0);
        world->kills++;
    } else if (what < 24) {
        fake_server_kill(world->key_server);
    } else if (what < 45) {
        fake_store_cut(world->store);
    } else if (what < 50) {
        fake_store_cut(world->key_store);
    } else {
        cut_somebody(world);
    }
    if (what >= 20 || what < 12) {
        fake_server_start(world->server);
        fake_server_start(world->key_server);
    }
    fake_timers_arm(&world->world_timers, timer,
            world->clock.now_ms + 50 + fake_random_below(&world->random, 2500));
}

static void begin_faults(struct world *world)
{
    struct fake_faults *faults = fake_server_faults(world->server);
    faults->delay_ms_max = 3;
    faults->cut_per_mille = 3;
    faults->unknown_per_mille = 8;
    faults->detect_ms_max = 200;
    faults->reconnect_ms_max = 300;
    faults->orphans_per_mille = 300;
    faults->orphan_ms_max = 500;
    faults->full_per_mille = 2;
    *fake_server_faults(world->key_server) = *faults;
    world->fault.on_due = on_fault;
    fake_timers_arm(&world->world_timers, &world->fault, world->clock.now_ms + 1000);
}

static void end_faults(struct world *world)
{
    world->is_quiet = true;
    *fake_server_faults(world->server) =
            (struct fake_faults){.delay_ms_max = 3, .reconnect_ms_max = 300};
    *fake_server_faults(world->key_server) = *fake_server_faults(world->server);
    fake_server_start(world->server);
    fake_server_start(world->key_server);
    world->bot.ignores_per_mille = 0;
    if (world->node == NULL)
        node_live(world);
}

/* ---- nobody looks on --------------------------------------------------------------------------
 */

static void on_looked(struct chat_touch *touch, enum log_outcome outcome)
{
    check(outcome == LOG_WAS_ALREADY);
    the_world->is_looked_at = true;
    chat_release(touch->change.chat);
}

/* All customers are gone. What was open when they left must be settled when they come back. */
static void look_unattended(struct world *world)
{
    struct chat_touch touch = {.done = on_looked};
    fake_clock_run_for(&world->clock, UNATTENDED_MS);
    for (unsigned i = 0; i < CONTACTS; i++) {
        struct device *device = &world->devices[i];
        bool is_content =
                device_is_content(device) && device_is_content(&world->devices[i + CONTACTS]);
        if (!is_content)
            continue; /* still here: it had too little time */
        struct chat *chat = chat_hold(world->node, slice_of_string(device->conversation));
        world->is_looked_at = false;
        chat_touch(chat, &touch);
        while (!world->is_looked_at)
            check(fake_clock_step(&world->clock));
        if (chat->fold.turn.seq != 0 || chat->fold.phase == PHASE_QUEUED ||
                chat->fold.phase == PHASE_ACTIVE)
            world->unattended = "a case was left open while nobody looked on";
    }
    for (unsigned i = 0; i < DEVICES; i++)
        world->devices[i].leaves_when_content = false;
}

static void tear_down(struct world *world)
{
    fake_peers_serve(world->peers, NULL, NULL);
    fake_store_crash(world->store);
    fake_store_crash(world->key_store);
    fake_keystore_finish(&world->keystore);
    fake_timers_crash(&world->node_timers);
    fake_timers_crash(&world->cast_timers);
    fake_timers_crash(&world->world_timers);
    fake_peers_destroy(world->peers);
    fake_server_destroy(world->server);
    fake_server_destroy(world->key_server);
    fake_clock_finish(&world->clock);
}

static bool run_seed(uint64_t seed, bool is_telling)
{
    static struct world world;
    world = (struct world){.seed = seed};
    the_world = &world;
    set_up(&world);
    begin_faults(&world);
    fake_clock_run_for(&world.clock, FAULT_MS);
    end_faults(&world);
    look_unattended(&world);
    run_until(&world, is_at_rest, REST_MS);
    const char *fault = judge(&world);
    if (fault != NULL || is_telling) {
        fprintf(stderr,
                "seed %" PRIu64 ": %s (%" PRIu64 " crashes, %" PRIu64 " kills, at %" PRIu64
                " ms)\n",
                seed, fault ? fault : "good", world.crashes, world.kills, world.clock.now_ms);
        fake_server_trace(world.server, stderr);
    }
    tear_down(&world);
    return fault == NULL;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void everything_comes_to_rest_and_nothing_is_lost(void)
{
    uint64_t only = number_from("SIM_SEED", 0), count = number_from("SIM_SEEDS", 150);
    crypto_start();
    log_line_setup(getenv("SIM_LOG") ? LOG_DEBUG : LOG_ERROR + 1, "sim");
    if (only != 0) {
        expect(run_seed(only, true));
        return;
    }
    for (uint64_t seed = 1; seed <= count; seed++) {
        test_note("SIM_SEED=%" PRIu64 " replays it", seed);
        expect(run_seed(seed, false));
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(everything_comes_to_rest_and_nothing_is_lost), {0}});
}
