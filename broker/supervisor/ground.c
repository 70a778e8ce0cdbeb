/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the data folder and the port, or says in one sentence why not.
 *
 * Invariant: two supervisors never work on the same data. The lock is an flock on DATA/run/lock
 * that the stores inherit: after a SIGKILL of the supervisor it stays taken until its Redis is
 * really gone. So a lock whose owner is dead is awaited for a moment, one whose owner lives is not.
 */
#include "supervisor/ground.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { ROOM_MIB_MIN = 64, LOCK_WAIT_MS = 2000, LOCK_STEP_MS = 20 };

static enum supervisor_exit refuse(enum supervisor_exit code, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static enum supervisor_exit refuse(enum supervisor_exit code, const char *format, ...)
{
    va_list values;
    fputs("weftd: ", stderr);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputs("\n", stderr);
    return code;
}

static bool is_folder(const char *path)
{
    struct stat status;
    bool is_there = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    if (!is_there)
        errno = ENOTDIR;
    return is_there;
}

/* The folder and those above it. */
static bool make_folder(const char *path)
{
    char part[CONFIG_PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(part, 0700) == 0 || (errno == EEXIST && is_folder(part));
}

static bool make_folders(const struct config *config)
{
    static const char *const names[] = {"run", "log", "keys"};
    char path[CONFIG_PATH_MAX];
    if (!make_folder(config->data))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!config_data_path(config, names[i], path) || !make_folder(path))
            return false;
    return true;
}

/* The folder of the sockets: below the data, or a short one that must be ours alone. */
static bool make_socket_folder(const struct config *config)
{
    char path[CONFIG_SOCKET_MAX];
    struct stat status;
    config_socket_path(config, "log", path);
    *strrchr(path, '/') = '\0';
    if (mkdir(path, 0700) == 0)
        return true;
    bool is_ours = errno == EEXIST && lstat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
                   status.st_uid == geteuid() && (status.st_mode & 0022) == 0;
    if (!is_ours)
        errno = errno == EEXIST ? EPERM : errno;
    return is_ours;
}

static pid_t read_owner(int fd)
{
    char text[16] = "";
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    return len > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* A killed process that nobody has waited for yet has a number, but no life. */
static bool is_alive(pid_t pid)
{
    char path[32], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    if (file == NULL)
        return pid > 0 && kill(pid, 0) == 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    const char *state = strrchr(text, ')'); /* "12 (a name) S …" */
    return len > 0 && state != NULL && strncmp(state, ") Z", 3) != 0 &&
           strncmp(state, ") X", 3) != 0;
}

static bool wait_for_lock(int fd)
{
    struct timespec step = {0, LOCK_STEP_MS * 1000000};
    for (int waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited_ms += LOCK_STEP_MS) {
        if (is_alive(read_owner(fd)) || waited_ms >= LOCK_WAIT_MS)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

static enum supervisor_exit take_lock(const struct config *config, struct ground *ground)
{
    char path[CONFIG_PATH_MAX], text[16];
    config_data_path(config, "run/lock", path);
    ground->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ground->lock_fd < 0)
        return refuse(EXIT_DATA_UNUSABLE, "the data folder %s cannot be written: %s", config->data,
                strerror(errno));
    if (!wait_for_lock(ground->lock_fd))
        return refuse(EXIT_DATA_IN_USE, "another weftd (process %d) already runs on the data in %s",
                (int)read_owner(ground->lock_fd), config->data);
    int len = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(ground->lock_fd, 0) != 0 || pwrite(ground->lock_fd, text, (size_t)len, 0) != len)
        return refuse(EXIT_DATA_UNUSABLE, "the data folder %s cannot be written: %s", config->data,
                strerror(errno));
    return EXIT_STOPPED;
}

static enum supervisor_exit check_room(const struct config *config)
{
    struct statvfs disk;
    if (statvfs(config->data, &disk) != 0)
        return refuse(EXIT_DATA_UNUSABLE, "the data folder %s cannot be looked at: %s",
                config->data, strerror(errno));
    unsigned long long room = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
    if (room < ROOM_MIB_MIN)
        return refuse(EXIT_DATA_UNUSABLE,
                "the disk of the data folder %s is full: %llu MiB free, at least %d are needed",
                config->data, room, ROOM_MIB_MIN);
    return EXIT_STOPPED;
}

static enum supervisor_exit take_data(const struct config *config, struct ground *ground)
{
    if (!make_folders(config))
        return refuse(EXIT_DATA_UNUSABLE, "the data folder %s cannot be made or written: %s",
                config->data, strerror(errno));
    enum supervisor_exit code = check_room(config);
    if (code == EXIT_STOPPED)
        code = take_lock(config, ground);
    if (code == EXIT_STOPPED && !make_socket_folder(config))
        code = refuse(EXIT_DATA_UNUSABLE,
                "the data folder %s is too deep for sockets and no short one can be made: %s",
                config->data, strerror(errno));
    return code;
}

struct endpoint {
    struct sockaddr_storage address;
    socklen_t len;
};

static struct endpoint endpoint_of(const struct config_listen *listen, uint32_t port)
{
    struct endpoint endpoint = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&endpoint.address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&endpoint.address;
    if (inet_pton(AF_INET, listen->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        endpoint.len = sizeof *four;
    } else if (inet_pton(AF_INET6, listen->address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        endpoint.len = sizeof *six;
    }
    return endpoint;
}

/* Returns the bound socket, or -1; *port 0 becomes the one that was found. */
static int bind_port(const struct config_listen *listen, uint32_t *port, int option)
{
    struct endpoint endpoint = endpoint_of(listen, *port);
    int on = 1, fd = socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, option, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&endpoint.address, endpoint.len) != 0 ||
            getsockname(fd, (struct sockaddr *)&endpoint.address, &endpoint.len) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    *port = endpoint.address.ss_family == AF_INET
                    ? ntohs(((struct sockaddr_in *)&endpoint.address)->sin_port)
                    : ntohs(((struct sockaddr_in6 *)&endpoint.address)->sin6_port);
    return fd;
}

/* First without SO_REUSEPORT, which would share the port with any other weftd of this user. */
static enum supervisor_exit take_port(const struct config *config, struct ground *ground)
{
    ground->port = config->listen.port;
    int probe = bind_port(&config->listen, &ground->port, SO_REUSEADDR);
    if (probe >= 0) {
        close(probe);
        ground->port_fd = bind_port(&config->listen, &ground->port, SO_REUSEPORT);
    }
    if (ground->port_fd >= 0)
        return EXIT_STOPPED;
    if (errno == EADDRINUSE)
        return refuse(EXIT_PORT_TAKEN, "port %u on %s is taken by another program", ground->port,
                config->listen.address);
    return refuse(EXIT_PORT_TAKEN, "port %u on %s cannot be used: %s", ground->port,
            config->listen.address, strerror(errno));
}

enum supervisor_exit ground_take(const struct config *config, struct ground *out_ground)
{
    struct ground ground = {-1, -1, 0};
    enum supervisor_exit code = take_data(config, &ground);
    if (code == EXIT_STOPPED)
        code = take_port(config, &ground);
    if (code == EXIT_STOPPED)
        *out_ground = ground;
    else if (ground.lock_fd >= 0)
        close(ground.lock_fd);
    return code;
}

void ground_give_back(const struct config *config, struct ground *ground)
{
    static const char *const names[] = {"log", "keys"};
    char path[CONFIG_SOCKET_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        config_socket_path(config, names[i], path);
        unlink(path);
    }
    *strrchr(path, '/') = '\0';
    if (strncmp(path, config->data, strlen(config->data)) != 0)
        rmdir(path);
    close(ground->port_fd);
    close(ground->lock_fd);
}
