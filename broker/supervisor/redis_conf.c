/* SPDX-License-Identifier: Apache-2.0 */
/* What an embedded Redis is told: no network, one file that holds everything, nothing evicted.
 *
 * Invariant: what is acknowledged is in the append-only file first; snapshots are off, since a
 * second copy with another age would only be a way to go back in time. The file is written anew at
 * each start, so a changed setting is in force and nobody edits it in vain.
 */
#include "supervisor/redis_conf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Redis reads "…" with backslash escapes. */
static void put_quoted(FILE *out, const char *word, const char *path)
{
    fprintf(out, "%s \"", word);
    for (; *path != '\0'; path++)
        fprintf(out, "%s%c", *path == '"' || *path == '\\' ? "\\" : "", *path);
    fputs("\"\n", out);
}

static void put_all(FILE *out, const struct config *config, const char *name)
{
    char path[CONFIG_PATH_MAX], socket[CONFIG_SOCKET_MAX];
    config_socket_path(config, name, socket);
    fputs("# Written by weftd at each start; changes are lost.\n"
          "port 0\n"
          "unixsocketperm 700\n"
          "daemonize no\n"
          "logfile \"\"\n"
          "loglevel warning\n"
          "appendonly yes\n"
          "save \"\"\n"
          "maxmemory-policy noeviction\n"
          "stream-node-max-bytes 1024\n"
          "enable-debug-command no\n"
          "set-proc-title no\n",
            out);
    fprintf(out, "appendfsync %s\n",
            config->durability == DURABILITY_ALWAYS ? "always" : "everysec");
    put_quoted(out, "unixsocket", socket);
    config_data_path(config, name, path);
    put_quoted(out, "dir", path);
}

bool redis_conf_write(const struct config *config, const char *name, char out_path[CONFIG_PATH_MAX])
{
    char below[CONFIG_NAME_MAX];
    snprintf(below, sizeof below, "run/%s.conf", name);
    FILE *out = config_data_path(config, below, out_path) ? fopen(out_path, "we") : NULL;
    if (out == NULL)
        return false;
    put_all(out, config, name);
    bool is_whole = !ferror(out);
    return fclose(out) == 0 && is_whole;
}
