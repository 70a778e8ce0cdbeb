/* SPDX-License-Identifier: Apache-2.0 */
/* Paths below the data folder.
 *
 * Invariant: every process with the same configuration and the same user gets the same paths, so
 * nodes find the sockets that the supervisor's Redis opened. Nothing is created here.
 */
#include "config/config.h"

#include <inttypes.h>
#include <unistd.h>

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
