/* SPDX-License-Identifier: Apache-2.0 */
/* A node, composed: loop, Redis links, web server, flows; and its life from start to drain.
 *
 *   start -> listen (clients are told to try again) -> directory read -> seeded -> READY=1
 *   SIGTERM -> stop accepting, bye to all -> everybody gone, or drain_ms -> end
 *
 * Invariant: this file knows every concrete type and decides nothing. Secrets stay in memory that
 * is not copied on.
 */
#include "serve.h"

#include "base/check.h"
#include "base/log_line.h"
#include "file_store.h"
#include "flow/members.h"
#include "flow/node.h"
#include "flow/seed.h"
#include "live_settings.h"
#include "loop/loop.h"
#include "loop/token_worker.h"
#include "policy_watch.h"
#include "port/crypto.h"
#include "secrets.h"
#include "store/redis_hints.h"
#include "store/redis_keystore.h"
#include "store/redis_sentinel.h"
#include "store/redis_store.h"
#include "supervisor/supervisor.h"
#include "ws/ws_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel doubles it. Left to itself it takes megabytes for one who does not read; here the ring
 * of the connection says when somebody is too slow. */
enum { SEND_BUFFER_BYTES = 64 * 1024 };

enum { SEED_AGAIN_MS = 500, DRAIN_LOOK_MS = 50, DAY_MS = 24 * 60 * 60 * 1000 };

/* Besides the conversations': pools, the directory, the node's own. */
enum { HINT_TOPICS_SPARE = 4096 };

/* One of the two Redis, and the texts that its options borrow. */
struct redis_way {
    char password[256], sentinel_password[256], socket[CONFIG_SOCKET_MAX];
    struct redis_sentinel *sentinel;
    struct redis_options options;
};

struct serve {
    const struct config *config; /* in force: another one after a reload */
    const char *config_path;
    unsigned index;
    struct loop *loop;
    struct timers *timers;
    struct redis_store *store;
    struct redis_keystore *keystore;
    struct redis_hints *hints; /* NULL: no other node can exist */
    struct file_store files;
    struct node *node;
    struct ws_server *server;
    struct node_settings settings;
    char admin_token[SECRETS_TOKEN_MAX];
    char public_url[CONFIG_TEXT_MAX];
    struct redis_way log_way, keys_way;
    struct seed seed;
    struct seed_tenant tenants[CONFIG_TENANTS_MAX];
    struct seed_bot bots[CONFIG_BOTS_MAX];
    struct timer seed_timer, drain_timer;
    struct policy_watch policy;
    uint64_t drain_until_ms;
    bool is_ready, is_seeding, is_reload_wanted;
    int exit_code;
};

/* ---- settings ---------------------------------------------------------------------------------
 */

static bool set_settings(struct serve *serve)
{
    const struct config *config = serve->config;
    struct node_settings *settings = &serve->settings;
    char token_path[CONFIG_PATH_MAX];
    *settings = (struct node_settings){
            .public_url = slice_of_string(serve->public_url),
            .durability = config->replicas > 0 ? PROTO_DURABILITY_REPLICATED
                          : config->durability == CONFIG_DURABLE_ALWAYS ? PROTO_DURABILITY_ALWAYS
                                                                        : PROTO_DURABILITY_EVERYSEC,
            .connections_max = config->limits.connections_max,
            .conversations_hot_max = config->limits.conversations_hot_max,
            .ping_ms = config->timeouts.ping_ms,
            .dead_ms = config->timeouts.dead_ms,
            .token_ms = 5 * 60 * 1000,
            .ticket_ms = DAY_MS,
            .customer_renewal_ms = (uint64_t)400 * DAY_MS,
            .agent_renewal_ms = DAY_MS / 2,
    };
    live_settings_take(config, settings);
    settings->policy = route_policy_default();
    settings->read_policy = policy_watch_read;
    if (!config_data_path(config, "admin.token", token_path) ||
            !secrets_read_text(token_path, serve->admin_token, sizeof serve->admin_token) ||
            !secrets_read_master(config, settings->master_key)) {
        fprintf(stderr, "weftd: the secrets in %s cannot be read: %s\n", config->data,
                strerror(errno));
        return false;
    }
    settings->admin_token = slice_of_string(serve->admin_token);
    return true;
}

static uint16_t chosen_port(const struct config *config)
{
    const char *given = getenv("WEFT_PORT");
    return (uint16_t)(given ? strtoul(given, NULL, 10) : config->listen.port);
}

static void set_public_url(struct serve *serve, uint16_t port)
{
    const struct config *config = serve->config;
    bool is_any = strcmp(config->listen.address, "0.0.0.0") == 0;
    if (config->public_url[0] != '\0')
        snprintf(serve->public_url, sizeof serve->public_url, "%s", config->public_url);
    else
        snprintf(serve->public_url, sizeof serve->public_url, "http://%s:%u",
                is_any ? "127.0.0.1" : config->listen.address, port);
}

/* ---- adapters ---------------------------------------------------------------------------------
 */

static struct redis_sentinel *ask_sentinels(
        struct serve *serve, const struct config_redis *redis, const char *password)
{
    struct redis_place places[CONFIG_SENTINELS_MAX];
    for (uint32_t i = 0; i < redis->sentinel_count; i++)
        check(config_place_read(redis->sentinels[i], places[i].host, &places[i].port));
    struct redis_sentinel_options options = {.sentinels = places,
            .count = redis->sentinel_count,
            .master = redis->master,
            .password = password};
    return redis_sentinel_create(loop_uv(serve->loop), serve->timers, &options);
}

static bool find_redis(struct serve *serve, const struct config_redis *redis, const char *name,
        const char *link_name, struct redis_way *way)
{
    struct redis_options *options = &way->options;
    if (!secrets_read_password(redis->password_file, way->password) ||
            !secrets_read_password(redis->sentinel_password_file, way->sentinel_password))
        return false;
    *options = (struct redis_options){.name = link_name,
            .random = system_random(),
            .password = way->password,
            .replicas = serve->config->replicas};
    config_socket_path(serve->config, name, way->socket);
    if (redis->sentinel_count > 0) {
        way->sentinel = ask_sentinels(serve, redis, way->sentinel_password);
        options->sentinel = way->sentinel;
        return way->sentinel != NULL;
    }
    options->host = redis->host[0] != '\0' ? redis->host : NULL;
    options->port = (uint16_t)redis->port;
    if (options->host == NULL)
        options->unix_path = redis->socket[0] != '\0' ? redis->socket : way->socket;
    return true;
}

/* The embedded Redis is this supervisor's own; any other may be shared with other hosts. */
static bool may_have_company(const struct config *config)
{
    return config->processes > 1 || !config_redis_is_embedded(&config->redis.log);
}

static bool open_stores(struct serve *serve)
{
    const struct config *config = serve->config;
    struct uv_loop_s *uv = loop_uv(serve->loop);
    enum durability durability =
            config->durability == CONFIG_DURABLE_ALWAYS ? DURABILITY_ALWAYS : DURABILITY_EVERYSEC;
    if (!find_redis(serve, &config->redis.log, "log", "store", &serve->log_way) ||
            !find_redis(serve, &config->redis.keys, "keys", "keystore", &serve->keys_way))
        return false;
    serve->store = redis_store_create(uv, serve->timers, &serve->log_way.options, durability);
    serve->keystore = redis_keystore_create(uv, serve->timers, &serve->keys_way.options);
    if (may_have_company(config))
        serve->hints = redis_hints_create(uv, serve->timers, &serve->log_way.options, durability,
                config->limits.conversations_hot_max + HINT_TOPICS_SPARE);
    bool is_told = serve->hints != NULL || !may_have_company(config);
    return serve->store != NULL && serve->keystore != NULL && is_told;
}

static bool open_server(struct serve *serve, uint16_t port)
{
    const struct config *config = serve->config;
    struct ws_failure failure;
    struct ws_options options = {.listen_address = config->listen.address,
            .port = port,
            .assets_folder = config->assets[0] ? config->assets : NULL,
            .connections_max = config->limits.connections_max,
            .send_buffer_bytes = SEND_BUFFER_BYTES,
            .connections_per_address_max = config->limits.connections_per_ip_max,
            .ping_ms = config->timeouts.ping_ms,
            .dead_ms = config->timeouts.dead_ms};
    struct ws_handlers handlers = {&node_peer_events, serve->node, &node_http_events, serve->node};
    serve->server = ws_server_create(serve->loop, &options, &handlers, &failure);
    if (serve->server == NULL)
        fprintf(stderr, "weftd: %s\n", failure.sentence);
    else
        node_connect(serve->node, ws_server_peers(serve->server), ws_server_http(serve->server));
    return serve->server != NULL;
}

/* ---- ready ------------------------------------------------------------------------------------
 */

static void tell_ready(struct serve *serve)
{
    const char *given = getenv("WEFT_READY_FD");
    if (serve->is_ready)
        return;
    serve->is_ready = true;
    log_line(LOG_INFO, "node.ready", "port=%u id=%.*s", ws_server_port(serve->server),
            SLICE_ARGS(members_self(serve->node)));
    if (given != NULL) {
        int fd = (int)strtol(given, NULL, 10);
        ssize_t written = write(fd, "READY=1\n", 8);
        (void)written; /* the supervisor is gone: so are we, soon */
    }
}

static void take_configuration(struct serve *serve);

static void start_seeding(struct serve *serve)
{
    serve->is_seeding = true;
    seed_start(&serve->seed);
}

static void key_path(const struct serve *serve, size_t bot, char out[CONFIG_PATH_MAX])
{
    char below[CONFIG_NAME_MAX + 16];
    snprintf(below, sizeof below, "run/%s.key", serve->config->bots[bot].name);
    if (!config_data_path(serve->config, below, out))
        out[0] = '\0';
}

static void on_seeded(struct seed *seed, bool is_good)
{
    struct serve *serve = (struct serve *)((char *)seed - offsetof(struct serve, seed));
    char path[CONFIG_PATH_MAX], kept[256];
    for (size_t i = 0; i < seed->bot_count; i++) {
        key_path(serve, i, path);
        bool is_same =
                secrets_read_text(path, kept, sizeof kept) && strcmp(kept, serve->bots[i].key) == 0;
        if (serve->bots[i].key[0] != '\0' && !is_same &&
                !secrets_write_text(path, serve->bots[i].key))
            log_line(LOG_ERROR, "seed.key_not_written", "bot=%s", serve->config->bots[i].name);
    }
    serve->is_seeding = !is_good;
    if (is_good && serve->is_reload_wanted)
        take_configuration(serve);
    serve->is_reload_wanted &= !is_good;
    if (is_good)
        tell_ready(serve);
    else
        serve->timers->ops->arm(serve->timers, &serve->seed_timer,
                serve->timers->ops->now_ms(serve->timers) + SEED_AGAIN_MS);
}

static void on_seed_due(struct timer *timer)
{
    struct serve *serve = (struct serve *)((char *)timer - offsetof(struct serve, seed_timer));
    start_seeding(serve);
}

static void prepare_seed(struct serve *serve)
{
    const struct config *config = serve->config;
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        const struct config_tenant *from = &config->tenants[i];
        struct seed_tenant *to = &serve->tenants[i];
        to->id = slice_of_string(from->id);
        to->name = slice_of_string(from->name);
        to->origin_count = from->origin_count;
        for (uint32_t j = 0; j < from->origin_count; j++)
            to->origins[j] = slice_of_string(from->origins[j]);
    }
    for (uint32_t i = 0; i < config->bot_count; i++) {
        char path[CONFIG_PATH_MAX];
        serve->bots[i].name = slice_of_string(config->bots[i].name);
        serve->bots[i].tenant = slice_of_string(config->bots[i].tenant);
        key_path(serve, i, path);
        secrets_read_text(path, serve->bots[i].key, sizeof serve->bots[i].key);
    }
    serve->seed = (struct seed){.node = serve->node,
            .tenants = serve->tenants,
            .tenant_count = config->tenant_count,
            .bots = serve->bots,
            .bot_count = config->bot_count,
            .on_done = on_seeded};
    serve->seed_timer.on_due = on_seed_due;
}

/* One node of several writes what the configuration wants; the others only wait for the directory.
 */
static void on_node_ready(void *user)
{
    struct serve *serve = user;
    if (serve->index == 0)
        start_seeding(serve);
    else
        tell_ready(serve);
}

static void on_wrong_key(void *user)
{
    struct serve *serve = user;
    fprintf(stderr,
            "weftd: %s/keys/master.key is not the key that these stores were written with: copy it "
            "from a host that works\n",
            serve->config->data);
    serve->exit_code = EXIT_WRONG_KEY;
    loop_stop(serve->loop);
}

/* ---- the end ----------------------------------------------------------------------------------
 */

static void on_drain_due(struct timer *timer)
{
    struct serve *serve = (struct serve *)((char *)timer - offsetof(struct serve, drain_timer));
    uint64_t now_ms = serve->timers->ops->now_ms(serve->timers);
    if (node_is_quiet(serve->node) || now_ms >= serve->drain_until_ms)
        loop_stop(serve->loop);
    else
        serve->timers->ops->arm(serve->timers, timer, now_ms + DRAIN_LOOK_MS);
}

static void on_stop(void *user, int signal_number)
{
    struct serve *serve = user;
    uint64_t now_ms = serve->timers->ops->now_ms(serve->timers);
    if (serve->drain_until_ms != 0)
        return;
    log_line(LOG_INFO, "node.draining", "signal=%d", signal_number);
    serve->drain_until_ms = now_ms + serve->config->timeouts.drain_ms;
    ws_server_stop_accepting(serve->server);
    node_drain(serve->node);
    serve->drain_timer.on_due = on_drain_due;
    serve->timers->ops->arm(serve->timers, &serve->drain_timer, now_ms + DRAIN_LOOK_MS);
}

/* A bad file changes nothing. Of a good one, what can change does; the rest is named. */
static void take_configuration(struct serve *serve)
{
    static struct config files[2]; /* the one in force may be either */
    struct config *fresh = serve->config == &files[0] ? &files[1] : &files[0];
    struct config_problem problem;
    if (!config_load(serve->config_path, fresh, &problem)) {
        log_line(LOG_ERROR, "node.reload_refused", "reason=\"%s\"", problem.text);
        return;
    }
    const char *stuck = live_settings_stuck(serve->config, fresh);
    if (stuck != NULL)
        log_line(LOG_WARN, "node.reload_needs_restart", "setting=%s", stuck);
    live_settings_keep(serve->config, fresh);
    live_settings_take(fresh, &serve->settings);
    log_line_set_level(fresh->log.level);
    serve->config = fresh;
    log_line(LOG_INFO, "node.reloaded", "file=%s", serve->config_path);
    if (serve->index == 0) { /* tenants that are new */
        prepare_seed(serve);
        start_seeding(serve);
    }
}

static void on_reload(void *user, int signal_number)
{
    struct serve *serve = user;
    log_line(LOG_INFO, "node.reload", "signal=%d", signal_number);
    serve->is_reload_wanted = serve->is_seeding; /* what is seeded borrows from the old one */
    if (!serve->is_seeding)
        take_configuration(serve);
    if (serve->config->policy_file[0] != '\0')
        policy_watch_look(&serve->policy);
}

static bool start_policy(struct serve *serve)
{
    struct config_problem problem;
    const char *path = serve->config->policy_file;
    if (path[0] == '\0' || policy_watch_start(&serve->policy, serve->node, path, &problem))
        return true;
    fprintf(stderr, "weftd: %s\n", problem.text);
    return false;
}

int serve_run(const struct config *config, const char *config_path, unsigned index)
{
    static struct serve serve; /* large; one a process */
    char who[32];
    snprintf(who, sizeof who, "node=%u", index);
    log_line_setup(config->log.level, who);
    serve = (struct serve){
            .config = config, .config_path = config_path, .index = index, .loop = loop_create()};
    if (serve.loop == NULL || !crypto_start())
        return 70;
    serve.timers = loop_timers(serve.loop);
    uint16_t port = chosen_port(config);
    set_public_url(&serve, port);
    if (!set_settings(&serve) || !open_stores(&serve) ||
            !file_store_open(&serve.files, config, serve.loop))
        return 74;
    struct node_ports ports = {.store = redis_store_port(serve.store),
            .keystore = redis_keystore_port(serve.keystore),
            .timers = serve.timers,
            .random = system_random(),
            .hints = serve.hints ? redis_hints_port(serve.hints) : NULL,
            .blobs = serve.files.port,
            .verifier = token_worker_port(token_worker_create(serve.loop))};
    uint64_t seed;
    ports.random->fill(ports.random, &seed, sizeof seed);
    map_seed(seed);
    serve.node = node_create(&ports, &serve.settings);
    if (serve.node == NULL || !open_server(&serve, port))
        return 69;
    serve.node->on_ready = on_node_ready;
    serve.node->on_wrong_key = on_wrong_key;
    serve.node->on_ready_user = &serve;
    if (!start_policy(&serve))
        return 78;
    prepare_seed(&serve);
    loop_on_signal(serve.loop, SIGHUP, on_reload, &serve);
    loop_on_signal(serve.loop, SIGTERM, on_stop, &serve);
    loop_on_signal(serve.loop, SIGINT, on_stop, &serve);
    loop_run(serve.loop);
    log_line(LOG_INFO, "node.stopped", "port=%u", port);
    return serve.exit_code; /* the process ends here: the logs are in Redis, memory goes with it */
}
