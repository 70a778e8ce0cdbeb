/* SPDX-License-Identifier: Apache-2.0 */
/* Places: paths below the data folder, addresses of Redis servers.
 *
 * Invariant: every process with the same configuration and the same user gets the same paths, so
 * nodes find the sockets that the supervisor's Redis opened. Nothing is created here.
 */
#include "config/config.h"
#include "config/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool config_redis_is_embedded(const struct config_redis *redis)
{
    return redis->socket[0] == '\0' && redis->host[0] == '\0' && redis->sentinel_count == 0;
}

bool config_place_read(const char *place, char out_host[CONFIG_PLACE_MAX], uint16_t *out_port)
{
    const char *colon = strrchr(place, ':');
    bool is_bracketed = place[0] == '[';
    if (colon == NULL || strlen(place) >= CONFIG_PLACE_MAX)
        return false;
    size_t len = (size_t)(colon - place), port_len = strlen(colon + 1);
    if (is_bracketed && (len < 2 || colon[-1] != ']'))
        return false;
    snprintf(out_host, CONFIG_PLACE_MAX, "%.*s", (int)(is_bracketed ? len - 2 : len),
            place + is_bracketed);
    bool is_six = strchr(out_host, ':') != NULL;
    if (!is_address(out_host) || is_six != is_bracketed || port_len == 0 || port_len > 5 ||
            strspn(colon + 1, "0123456789") != port_len)
        return false;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    *out_port = (uint16_t)port;
    return port >= 1 && port <= UINT16_MAX;
}

bool config_data_path(
        const struct config *config, const char *below, char out_path[CONFIG_PATH_MAX])
{
    int len = snprintf(out_path, CONFIG_PATH_MAX, "%s/%s", config->data, below);
    return len > 0 && len < CONFIG_PATH_MAX;
}

/* FNV-1a: names a folder, protects nothing (whoever makes the folder checks whose it is). */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

void config_socket_path(
        const struct config *config, const char *name, char out_path[CONFIG_SOCKET_MAX])
{
    int len = snprintf(out_path, CONFIG_SOCKET_MAX, "%s/run/%s.sock", config->data, name);
    if (len < CONFIG_SOCKET_MAX)
        return;
    if (geteuid() == 0)
        snprintf(out_path, CONFIG_SOCKET_MAX, "/run/weft-%016" PRIx64 "/%s.sock",
                hash_of(config->data), name);
    else
        snprintf(out_path, CONFIG_SOCKET_MAX, "/tmp/weft-%u-%016" PRIx64 "/%s.sock",
                (unsigned)geteuid(), hash_of(config->data), name);
}
