/* SPDX-License-Identifier: Apache-2.0 */
/* Contradictions between settings that are each fine alone.
 *
 * One function a rule; the first breach is told. A rule names the setting that a person would
 * change, so that the message can point at its line.
 */
#include "config/rules.h"

#include <stdarg.h>
#include <string.h>

static bool breach(struct breach *out, const char *where, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static bool breach(struct breach *out, const char *where, const char *format, ...)
{
    va_list values;
    snprintf(out->where, sizeof out->where, "%s", where);
    va_start(values, format);
    vsnprintf(out->sentence, sizeof out->sentence, format, values);
    va_end(values);
    return false;
}

static bool one_way_to(const struct config_redis *redis, const char *where, struct breach *out)
{
    bool has_socket = redis->socket[0] != '\0', has_host = redis->host[0] != '\0';
    bool has_sentinels = redis->sentinel_count > 0, has_master = redis->master[0] != '\0';
    if (has_socket && has_host)
        return breach(out, where, "'%s' has a socket and a host; give one of them", where);
    if (has_sentinels && (has_socket || has_host))
        return breach(out, where, "'%s' has sentinels and a %s; give one of them", where,
                has_socket ? "socket" : "host");
    if (has_sentinels != has_master)
        return breach(out, where, "'%s' has %s; the two go together", where,
                has_master ? "a master but no sentinels" : "sentinels but no master");
    if (!has_sentinels && redis->sentinel_password_file[0] != '\0')
        return breach(out, where, "'%s' has a sentinel_password_file but no sentinels", where);
    if (config_redis_is_embedded(redis) && redis->password_file[0] != '\0')
        return breach(out, where,
                "'%s' has a password_file but neither a socket nor a host; the Redis that Weft "
                "runs itself needs none",
                where);
    return true;
}

static bool stores_are_apart(const struct config *config, struct breach *out)
{
    const struct config_redis *log = &config->redis.log, *keys = &config->redis.keys;
    bool is_same_socket = keys->socket[0] != '\0' && strcmp(log->socket, keys->socket) == 0;
    bool is_same_host =
            keys->host[0] != '\0' && strcmp(log->host, keys->host) == 0 && log->port == keys->port;
    bool is_same_master = keys->master[0] != '\0' && strcmp(log->master, keys->master) == 0 &&
                          strcmp(log->sentinels[0], keys->sentinels[0]) == 0;
    return !(is_same_socket || is_same_host || is_same_master) ||
           breach(out, "redis.keys",
                   "'redis.keys' is the same server as 'redis.log'; keys live apart from what they "
                   "seal, or erasing a key would not erase");
}

static bool replicas_can_be(const struct config *config, struct breach *out)
{
    if (config->replicas == 0)
        return true;
    if (config->durability != CONFIG_DURABLE_ALWAYS)
        return breach(out, "replicas",
                "'replicas' is %u, which goes with 'durability: always' only: a replica does not "
                "make up for a disk that is a second behind",
                config->replicas);
    bool is_log = config_redis_is_embedded(&config->redis.log);
    if (is_log || config_redis_is_embedded(&config->redis.keys))
        return breach(out, "replicas",
                "'replicas' is %u, but the Redis that Weft runs itself has none; give your own "
                "under 'redis.%s'",
                config->replicas, is_log ? "log" : "keys");
    return true;
}

/* All or nothing: half a store is a mistake that would only show at the first file. */
static bool files_are_whole(const struct config_files *files, struct breach *out)
{
    const struct {
        const char *name, *value;
    } wanted[] = {{"endpoint", files->endpoint}, {"bucket", files->bucket},
            {"key_id", files->key_id}, {"secret_file", files->secret_file}};
    const char *missing = NULL, *given = files->prefix[0] != '\0'    ? "prefix"
                                         : files->ca_file[0] != '\0' ? "ca_file"
                                                                     : NULL;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        missing = wanted[i].value[0] == '\0' && missing == NULL ? wanted[i].name : missing;
        given = wanted[i].value[0] != '\0' ? wanted[i].name : given;
    }
    return missing == NULL || given == NULL ||
           breach(out, "files", "'files' has a %s but no %s", given, missing);
}

static bool times_agree(const struct config_timeouts *timeouts, struct breach *out)
{
    if (timeouts->dead_ms <= timeouts->ping_ms)
        return breach(out, "timeouts.dead_ms",
                "'timeouts.dead_ms' is %u; it must be above 'timeouts.ping_ms', which is %u",
                timeouts->dead_ms, timeouts->ping_ms);
    if (timeouts->turn_deadline_ms < timeouts->turn_lease_ms)
        return breach(out, "timeouts.turn_deadline_ms",
                "'timeouts.turn_deadline_ms' is %u; it must not be below "
                "'timeouts.turn_lease_ms', which is %u",
                timeouts->turn_deadline_ms, timeouts->turn_lease_ms);
    return true;
}

static bool has_tenant(const struct config *config, const char *id, uint32_t before)
{
    for (uint32_t i = 0; i < before; i++)
        if (strcmp(config->tenants[i].id, id) == 0)
            return true;
    return false;
}

static bool tenants_differ(const struct config *config, struct breach *out)
{
    char where[CONFIG_NAME_MAX];
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        snprintf(where, sizeof where, "tenants.%u.id", i);
        if (has_tenant(config, config->tenants[i].id, i))
            return breach(out, where, "a tenant '%s' is there already", config->tenants[i].id);
    }
    return true;
}

static bool bots_are_sound(const struct config *config, struct breach *out)
{
    char where[CONFIG_NAME_MAX];
    for (uint32_t i = 0; i < config->bot_count; i++) {
        const struct config_bot *bot = &config->bots[i];
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(config->bots[j].name, bot->name) == 0) {
                snprintf(where, sizeof where, "bots.%u.name", i);
                return breach(out, where, "a bot '%s' is there already", bot->name);
            }
        snprintf(where, sizeof where, "bots.%u.tenant", i);
        if (!has_tenant(config, bot->tenant, config->tenant_count))
            return breach(out, where, "bot '%s' serves a tenant '%s' that is not in 'tenants'",
                    bot->name, bot->tenant);
        snprintf(where, sizeof where, "bots.%u.command", i);
        if (bot->argument_count == 0)
            return breach(out, where, "bot '%s' has an empty command", bot->name);
    }
    return true;
}

bool rules_hold(const struct config *config, struct breach *out_breach)
{
    return one_way_to(&config->redis.log, "redis.log", out_breach) &&
           one_way_to(&config->redis.keys, "redis.keys", out_breach) &&
           stores_are_apart(config, out_breach) && replicas_can_be(config, out_breach) &&
           files_are_whole(&config->files, out_breach) &&
           times_agree(&config->timeouts, out_breach) && tenants_differ(config, out_breach) &&
           bots_are_sound(config, out_breach);
}
