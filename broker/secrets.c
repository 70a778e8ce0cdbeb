/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets in the data folder: the admin token, the master key, the bots' keys.
 *
 * Invariant: a secret file is whole or absent (written beside, synced, put in place, and its folder
 * synced), readable by its owner only, and never overwritten by a start, nor by two at once. Losing
 * master.key loses every conversation: backups keep it apart from the logs
 * (docs/how-to/operate.md), and no new one is made where there are logs that want the old one.
 */
#include "secrets.h"

#include "port/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Else a power cut could take back the name, though not the bytes. */
static bool sync_folder_of(const char *path)
{
    char folder[CONFIG_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = slash != NULL && slash != path ? (int)(slash - path) : 1;
    snprintf(folder, sizeof folder, "%.*s", len, slash != NULL ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_synced = fsync(fd) == 0;
    close(fd);
    return is_synced;
}

/* A file that is there already stays as it is, unless it may be replaced. */
static bool put_in_place(const char *beside, const char *path, bool may_replace)
{
    if (may_replace)
        return rename(beside, path) == 0;
    bool is_there = link(beside, path) == 0 || errno == EEXIST;
    return unlink(beside) == 0 && is_there;
}

static bool write_file(const char *path, const void *bytes, size_t len, bool may_replace)
{
    char beside[CONFIG_PATH_MAX + 32];
    snprintf(beside, sizeof beside, "%s.new.%ld", path, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_written = write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
    close(fd);
    return is_written && put_in_place(beside, path, may_replace) && sync_folder_of(path);
}

static bool write_line(const char *path, const char *text, bool may_replace)
{
    char line[512];
    int len = snprintf(line, sizeof line, "%s\n", text);
    return write_file(path, line, (size_t)len, may_replace);
}

bool secrets_write_text(const char *path, const char *text)
{
    return write_line(path, text, true);
}

static ssize_t read_file(const char *path, void *out, size_t capacity)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, out, capacity);
    close(fd);
    return len;
}

bool secrets_read_text(const char *path, char *out, size_t capacity)
{
    ssize_t len = read_file(path, out, capacity - 1);
    if (len < 0)
        return false;
    out[len] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

bool secrets_read_password(const char *path, char out[256])
{
    out[0] = '\0';
    if (path[0] == '\0' || secrets_read_text(path, out, 256))
        return true;
    fprintf(stderr, "weftd: cannot read %s: %s\n", path, strerror(errno));
    return false;
}

static bool complain(const char *what, const char *path)
{
    fprintf(stderr, "weftd: cannot %s %s: %s\n", what, path, strerror(errno));
    return false;
}

/* The embedded stores have been written to. */
static bool has_logs(const struct config *config)
{
    char log[CONFIG_PATH_MAX], keys[CONFIG_PATH_MAX];
    return (config_data_path(config, "log/appendonly", log) && access(log, F_OK) == 0) ||
           (config_data_path(config, "keys/appendonly", keys) && access(keys, F_OK) == 0);
}

static bool ensure_master(const struct config *config)
{
    uint8_t key[MASTER_KEY_SIZE];
    char folder[CONFIG_PATH_MAX], path[CONFIG_PATH_MAX];
    if (!config_data_path(config, "keys", folder) ||
            !config_data_path(config, "keys/master.key", path))
        return false;
    if (mkdir(config->data, 0700) != 0 && errno != EEXIST)
        return complain("make the data folder", config->data);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return complain("make", folder);
    if (access(path, F_OK) == 0)
        return true;
    if (has_logs(config)) {
        fprintf(stderr,
                "weftd: %s is missing, and nothing that was said in %s can be read without it: put "
                "it back from its backup\n",
                path, config->data);
        return false;
    }
    bool is_made = getrandom(key, sizeof key, 0) == (ssize_t)sizeof key &&
                   write_file(path, key, sizeof key, false);
    memset(key, 0, sizeof key);
    return is_made || complain("write", path);
}

static bool ensure_admin_token(const struct config *config)
{
    uint8_t random[24];
    char path[CONFIG_PATH_MAX], token[SECRETS_TOKEN_MAX] = "wa_";
    if (!config_data_path(config, "admin.token", path))
        return false;
    if (access(path, F_OK) == 0)
        return true;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    token[3 + base32_write(random, sizeof random, token + 3)] = '\0';
    return write_line(path, token, false) || complain("write", path);
}

bool secrets_prepare(const struct config *config)
{
    return ensure_master(config) && ensure_admin_token(config);
}

bool secrets_read_master(const struct config *config, uint8_t out_key[MASTER_KEY_SIZE])
{
    char path[CONFIG_PATH_MAX];
    return config_data_path(config, "keys/master.key", path) &&
           read_file(path, out_key, MASTER_KEY_SIZE) == MASTER_KEY_SIZE;
}
