/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the stand-in of an S3 store, and speaks to its control by a plain blocking socket.
 *
 * Invariant: it is this process's child, and is killed with it.
 */
#include "stand_in.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned port;
static char endpoint[64], tls_endpoint[64], answer[1 << 18];

static void run_child(int out, const char *option, const char *value)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    execlp("python3", "python3", getenv("S3_STAND_IN"), option, value, (char *)NULL);
    _exit(127);
}

/* Its port. */
static unsigned start(const char *option, const char *value)
{
    int pipe_fds[2];
    char line[16] = {0};
    check(getenv("S3_STAND_IN") != NULL && pipe(pipe_fds) == 0);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0)
        run_child(pipe_fds[1], option, value);
    close(pipe_fds[1]);
    check(read(pipe_fds[0], line, sizeof line - 1) > 0); /* the pipe stays: one line fits */
    unsigned found = (unsigned)strtoul(line, NULL, 10);
    check(found > 0);
    return found;
}

static struct s3_options options_at(const char *where)
{
    return (struct s3_options){.endpoint = where,
            .region = "eu-test-1",
            .bucket = "attachments",
            .prefix = "weft/",
            .key_id = "WEFTTESTKEY",
            .secret = "s3cret/with+signs"};
}

struct s3_options stand_in_start(void)
{
    if (port == 0) {
        port = start("--max-bytes", "67108864");
        snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", port);
    }
    return options_at(endpoint);
}

struct s3_options stand_in_start_tls(const char *folder)
{
    snprintf(tls_endpoint, sizeof tls_endpoint, "https://127.0.0.1:%u", start("--tls", folder));
    return options_at(tls_endpoint);
}

const char *stand_in_tell(const char *command)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
            .sin_port = htons((uint16_t)port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[512];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    int len = snprintf(request, sizeof request,
            "POST /control?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
            "0\r\n\r\n",
            command);
    check(write(fd, request, (size_t)len) == len);
    size_t have = 0;
    for (ssize_t got = 1; got > 0 && have<sizeof answer - 1; have += got> 0 ? (size_t)got : 0)
        got = read(fd, answer + have, sizeof answer - 1 - have);
    answer[have] = '\0';
    close(fd);
    check(strstr(answer, " 200 ") != NULL);
    return answer;
}

unsigned stand_in_counts(const char *text)
{
    unsigned count = 0;
    for (const char *at = stand_in_tell(""); (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}
