/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the redis.conf of an embedded server.
 *
 * Invariants: no network port, only a socket that the same user can open. Every write goes to the
 * append-only file, by the durability asked for, and there are no snapshots beside it. When memory
 * is full it refuses writes: an evicted log would be a lost one. Its only user may run the commands
 * that the adapters send, and nothing that could run code, read files or change the settings.
 *
 * A rewrite of the file does not compress: records are sealed, so nothing would be won.
 */
#include "store/redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char settings[] =
        "port 0\n"
        "unixsocketperm 700\n"
        "protected-mode yes\n"
        "daemonize no\n"
        "supervised no\n"
        "databases 1\n"
        "timeout 0\n"
        "loglevel notice\n"
        "always-show-logo no\n"
        "save \"\"\n"
        "appendonly yes\n"
        "appenddirname \"appendonly\"\n"
        "no-appendfsync-on-rewrite no\n"
        "aof-load-truncated yes\n"
        "auto-aof-rewrite-percentage 100\n"
        "auto-aof-rewrite-min-size 16mb\n"
        "aof-rewrite-incremental-fsync yes\n"
        "rdbcompression no\n"
        "maxmemory-policy noeviction\n"
        "stream-node-max-bytes 1024\n"
        "io-threads 1\n"
        "latency-monitor-threshold 0\n"
        "user default on nopass resetchannels ~* &* -@all +auth +ping +time +info +wait"
        " +xadd +xrange +xrevrange +xlen +xtrim +xdel +zadd +zrem +zrange +zscore +zcard"
        " +set +get +getdel +del +exists +pexpire +publish +subscribe +unsubscribe"
        " +memory|usage +bgrewriteaof +client|setname +config|get +dbsize +scan +type\n";

/* Inside double quotes, as Redis reads them. */
static void write_quoted(FILE *file, const char *name, const char *value)
{
    fprintf(file, "%s \"", name);
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            fprintf(file, "\\x%02x", c);
        else
            fputc(c, file);
    }
    fputs("\"\n", file);
}

static void write_settings(FILE *file, const struct redis_server_options *options)
{
    fputs("# Written by Weft at each start: changes here do not stay.\n", file);
    write_quoted(file, "dir", options->folder);
    write_quoted(file, "unixsocket", options->socket_path);
    write_quoted(file, "logfile", options->log_path ? options->log_path : "");
    fprintf(file, "appendfsync %s\n",
            options->durability == DURABILITY_ALWAYS ? "always" : "everysec");
    fprintf(file, "maxmemory %" PRIu64 "\n", options->memory_bytes_max);
    fprintf(file, "maxclients %u\n", options->clients_max ? options->clients_max : 256);
    fputs(settings, file);
}

static bool write_file(const char *path, const struct redis_server_options *options)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    write_settings(file, options);
    bool written = fflush(file) == 0 && ferror(file) == 0;
    return fclose(file) == 0 && written;
}

bool redis_server_configure(
        const struct redis_server_options *options, struct redis_server_config *out_config)
{
    char path[REDIS_PATH_MAX], fresh[REDIS_PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/redis.conf", options->folder);
    int fresh_len = snprintf(fresh, sizeof fresh, "%s/redis.conf.new", options->folder);
    if (len < 0 || fresh_len >= REDIS_PATH_MAX ||
            strlen(options->socket_path) > REDIS_SOCKET_PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!write_file(fresh, options) || rename(fresh, path) != 0)
        return false;
    memcpy(out_config->path, path, sizeof path);
    out_config->arguments[0] = "redis-server";
    out_config->arguments[1] = out_config->path;
    out_config->arguments[2] = NULL;
    return true;
}
