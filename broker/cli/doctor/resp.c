/* SPDX-License-Identifier: Apache-2.0 */
/* A few questions to a Redis, over a blocking socket with a deadline.
 *
 * Invariant: only commands that read are sent from here, and what comes back is bounded in bytes
 * and in time. The broker's own traffic never takes this way.
 */
#include "cli/doctor/resp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEADLINE_S = 3 };

/* ---- the connection ---------------------------------------------------------------------------
 */

static int connect_to(const struct sockaddr *address, socklen_t len)
{
    const struct timeval deadline = {DEADLINE_S, 0};
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
    if (connect(fd, address, len) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, len + 1);
    return connect_to((struct sockaddr *)&address, sizeof address);
}

static int connect_host(const struct config_redis *redis)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)redis->port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)redis->port)};
    if (inet_pton(AF_INET, redis->host, &four.sin_addr) == 1)
        return connect_to((struct sockaddr *)&four, sizeof four);
    if (inet_pton(AF_INET6, redis->host, &six.sin6_addr) == 1)
        return connect_to((struct sockaddr *)&six, sizeof six);
    errno = EINVAL;
    return -1;
}

bool resp_open(const struct config_redis *redis, const char *socket, struct resp *out_resp)
{
    int fd = redis->host[0] != '\0'     ? connect_host(redis)
             : redis->socket[0] != '\0' ? connect_unix(redis->socket)
                                        : connect_unix(socket);
    out_resp->fd = fd;
    return fd >= 0;
}

void resp_close(struct resp *resp)
{
    close(resp->fd);
}

/* ---- questions --------------------------------------------------------------------------------
 */

static bool send_words(struct resp *resp, const char *const *words)
{
    char bytes[2048];
    size_t count = 0, len = 0;
    while (words[count] != NULL)
        count++;
    len = (size_t)snprintf(bytes, sizeof bytes, "*%zu\r\n", count);
    for (size_t i = 0; i < count && len < sizeof bytes; i++)
        len += (size_t)snprintf(
                bytes + len, sizeof bytes - len, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
    return len < sizeof bytes && send(resp->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

struct answer {
    struct resp *resp;
    char *out;
    size_t len;
};

static bool read_exactly(struct resp *resp, char *out, size_t len)
{
    while (len > 0) {
        ssize_t got = recv(resp->fd, out, len, 0);
        if (got <= 0)
            return false;
        out += got;
        len -= (size_t)got;
    }
    return true;
}

/* A line without its end; false when it is longer than size. */
static bool read_line(struct resp *resp, char *out, size_t size)
{
    for (size_t len = 0; len + 1 < size; len++) {
        if (!read_exactly(resp, out + len, 1))
            return false;
        if (out[len] == '\n') {
            out[len > 0 ? len - 1 : 0] = '\0';
            return true;
        }
    }
    return false;
}

static bool put(struct answer *answer, const char *text, size_t len)
{
    if (answer->len + len + 2 > RESP_ANSWER_MAX)
        return false;
    memcpy(answer->out + answer->len, text, len);
    answer->len += len;
    answer->out[answer->len++] = '\n';
    answer->out[answer->len] = '\0';
    return true;
}

static bool take_bulk(struct answer *answer, long len)
{
    char text[RESP_ANSWER_MAX];
    if (len < 0)
        return put(answer, "", 0);
    return len < RESP_ANSWER_MAX - 2 && read_exactly(answer->resp, text, (size_t)len + 2) &&
           put(answer, text, (size_t)len);
}

/* An error is put with its sign, and ends the answer. */
static bool take_line(struct answer *answer, const char *line)
{
    const char *text = line[0] == '-' ? line : line + 1;
    return put(answer, text, strlen(text)) && line[0] != '-';
}

/* Reads one value; lists are counted down, not nested. */
static bool take_values(struct answer *answer)
{
    char line[512];
    for (long left = 1; left > 0; left--) {
        if (!read_line(answer->resp, line, sizeof line) || line[0] == '\0')
            return false; /* gone, or no Redis */
        long number = strtol(line + 1, NULL, 10);
        if (line[0] == '*' && number > RESP_ANSWER_MAX - left)
            return false; /* each value takes a byte of the answer */
        if (line[0] == '*')
            left += number > 0 ? number : 0;
        else if (!(line[0] == '$' ? take_bulk(answer, number) : take_line(answer, line)))
            return false;
    }
    return true;
}

bool resp_ask(struct resp *resp, const char *const *words, char out_answer[RESP_ANSWER_MAX])
{
    struct answer answer = {resp, out_answer, 0};
    out_answer[0] = '\0';
    return send_words(resp, words) && take_values(&answer);
}
