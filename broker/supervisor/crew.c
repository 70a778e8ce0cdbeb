/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to a list of processes: programs, arguments, environments, names.
 *
 * Invariant: names are unique and stable ("redis", "keys", "weftd", "weftd-1", "bot", "bot-1"),
 * since scripts look them up in up.json. Nothing is started here.
 */
#include "supervisor/crew.h"

#include <string.h>

enum { BOT_READY_AFTER_MS = 2000 };

static struct child *add(struct crew *crew, enum child_rank rank, const char *name, uint32_t index)
{
    struct child *child = &crew->children[crew->count++];
    *child = (struct child){.rank = rank, .kept_fd = -1, .ready_fd = -1};
    if (index == 0)
        snprintf(child->name, sizeof child->name, "%s", name);
    else
        snprintf(child->name, sizeof child->name, "%s-%u", name, index);
    return child;
}

static void set(struct child *child, size_t index, const char *name, const char *value)
{
    child->variables[index].name = name;
    snprintf(child->variables[index].value, sizeof child->variables[index].value, "%s", value);
}

static bool add_store(struct crew *crew, const struct config *config, const struct ground *ground,
        const char *shown, const char *name)
{
    struct child *child = add(crew, RANK_STORE, shown, 0);
    struct redis_server_config *server = &crew->servers[crew->count - 1];
    char folder[CONFIG_PATH_MAX], log[CONFIG_PATH_MAX], below[CONFIG_NAME_MAX];
    /* A key that is lost or comes back breaks a promise, whatever the logs may lose. */
    bool is_always = config->durability == CONFIG_DURABLE_ALWAYS || strcmp(name, "keys") == 0;
    struct redis_server_options options = {.folder = folder,
            .socket_path = child->socket,
            .log_path = log,
            .durability = is_always ? DURABILITY_ALWAYS : DURABILITY_EVERYSEC};
    config_socket_path(config, name, child->socket);
    child->kept_fd = ground->lock_fd;
    snprintf(below, sizeof below, "%s/redis.log", name);
    if (!config_data_path(config, name, folder) || !config_data_path(config, below, log) ||
            !redis_server_configure(&options, server))
        return false;
    memcpy(child->arguments, server->arguments, sizeof server->arguments);
    return true;
}

static void add_node(struct crew *crew, const struct ground *ground, uint32_t index,
        const char *config_path, const char *self_path)
{
    struct child *child = add(crew, RANK_NODE, "weftd", index);
    char port[16];
    snprintf(child->number, sizeof child->number, "%u", index);
    snprintf(port, sizeof port, "%u", ground->port);
    set(child, 0, "WEFT_PORT", port);
    const char *const arguments[] = {self_path, "--config", config_path, "--node", child->number};
    memcpy(child->arguments, arguments, sizeof arguments);
}

static bool add_bot(struct crew *crew, const struct config *config, uint32_t index)
{
    const struct config_bot *bot = &config->bots[index];
    struct child *child = add(crew, RANK_BOT, "bot", index);
    char below[CONFIG_NAME_MAX + 8];
    child->ready_after_ms = BOT_READY_AFTER_MS;
    for (uint32_t i = 0; i < bot->argument_count; i++)
        child->arguments[i] = bot->arguments[i];
    snprintf(below, sizeof below, "run/%s.key", bot->name);
    set(child, 0, "WEFT_URL", crew->local_url);
    child->variables[1].name = "WEFT_KEY_FILE";
    return config_data_path(config, below, child->variables[1].value);
}

static void put_urls(struct crew *crew, const struct config *config, uint32_t port)
{
    const char *address = config->listen.address;
    bool is_six = strchr(address, ':') != NULL;
    if (strcmp(address, "0.0.0.0") == 0)
        address = "127.0.0.1";
    if (strcmp(address, "::") == 0)
        address = "::1";
    snprintf(crew->local_url, sizeof crew->local_url, "ws://%s%s%s:%u/v1/socket", is_six ? "[" : "",
            address, is_six ? "]" : "", port);
    if (config->public_url[0] != '\0')
        snprintf(crew->url, sizeof crew->url, "%s", config->public_url);
    else
        snprintf(crew->url, sizeof crew->url, "http://%s%s%s:%u", is_six ? "[" : "", address,
                is_six ? "]" : "", port);
}

bool crew_make(struct crew *crew, const struct config *config, const struct ground *ground,
        const char *config_path, const char *self_path)
{
    *crew = (struct crew){0};
    put_urls(crew, config, ground->port);
    if (config_redis_is_embedded(&config->redis.log) &&
            !add_store(crew, config, ground, "redis", "log"))
        return false;
    if (config_redis_is_embedded(&config->redis.keys) &&
            !add_store(crew, config, ground, "keys", "keys"))
        return false;
    for (uint32_t i = 0; i < config->processes; i++)
        add_node(crew, ground, i, config_path, self_path);
    for (uint32_t i = 0; i < config->bot_count; i++)
        if (!add_bot(crew, config, i))
            return false;
    return true;
}
