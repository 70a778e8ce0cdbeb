/* SPDX-License-Identifier: Apache-2.0 */
/* One PING, spoken by hand: the supervisor needs no client library for eleven bytes.
 *
 * Only "+PONG" counts. A Redis that still reads its files says -LOADING, a dead one refuses the
 * connection, a hung one says nothing within the time; all three are "not yet".
 */
#include "supervisor/probe.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_MS_MAX = 100 };

static bool ask(int fd)
{
    char answer[8] = "";
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    return send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 && poll(&wait, 1, ANSWER_MS_MAX) == 1 &&
           recv(fd, answer, sizeof answer - 1, 0) >= 5 && strncmp(answer, "+PONG", 5) == 0;
}

bool probe_answers(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(socket_path);
    if (len >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, socket_path, len + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool is_there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && ask(fd);
    close(fd);
    return is_there;
}
