/* SPDX-License-Identifier: Apache-2.0 */
/* Accepting by ourselves, since libwebsockets would set no SO_REUSEPORT, count nobody, and spin
 * when descriptors run out.
 *
 * Invariant: an address is in the map exactly while a connection of it is counted. Out of
 * descriptors is met with a spare one (accept, answer, close, so that the queue moves on) and, when
 * that is gone too, with a pause: a readable socket that cannot be served must not keep the loop
 * awake.
 *
 * Whoever is over a cap gets one short HTTP answer and is closed: a designed answer, no silence.
 */
#include "ws/acceptor.h"

#include "base/check.h"
#include "base/list.h"
#include "base/log_line.h"
#include "ws/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 16, PAUSE_MS = 100, COMPLAIN_MS = 1000 };
enum { SPARE_DESCRIPTORS = 128, DESCRIPTORS_MIN = 4096 };

static void on_readable(uv_poll_t *poll, int status, int events);

static void address_key(const struct sockaddr_storage *from, char key[ADDRESS_KEY_SIZE])
{
    memset(key, 0, ADDRESS_KEY_SIZE);
    if (from->ss_family == AF_INET) {
        memcpy(key + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
        return;
    }
    const struct in6_addr *address = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address))
        memcpy(key + 12, address->s6_addr + 12, 4);
    else
        memcpy(key, address->s6_addr, 8); /* one household has a whole /64 */
}

/* Counts one more connection of this address; NULL when it has too many. */
static struct address_count *count_address(
        struct acceptor *acceptor, const struct sockaddr_storage *from)
{
    char key[ADDRESS_KEY_SIZE];
    address_key(from, key);
    struct map_node *node = map_find(&acceptor->addresses, slice_make(key, sizeof key));
    struct address_count *count = MAP_ITEM(node, struct address_count, node);
    if (count == NULL) {
        count = calloc(1, sizeof *count);
        if (count == NULL)
            return NULL;
        memcpy(count->key, key, sizeof key);
        map_put(&acceptor->addresses, &count->node, slice_make(count->key, sizeof count->key));
    } else if (acceptor->per_address_max > 0 && count->count >= acceptor->per_address_max) {
        return NULL;
    }
    count->count++;
    return count;
}

void acceptor_forget(struct acceptor *acceptor, struct address_count *count)
{
    if (count == NULL || --count->count > 0)
        return;
    map_remove(&acceptor->addresses, &count->node);
    free(count);
}

static void refuse(struct acceptor *acceptor, int fd, enum admission admission)
{
    static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    static const char address_full[] = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\n"
                                       "Content-Length: 0\r\nConnection: close\r\n\r\n";
    const char *answer = admission == ADMISSION_FULL ? full : address_full;
    acceptor->refused_total++;
    ssize_t sent = send(fd, answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent; /* a courtesy */
    close(fd);
}

static void admit(struct acceptor *acceptor, int fd, const struct sockaddr_storage *from)
{
    struct address_count *count = count_address(acceptor, from);
    if (count == NULL) {
        refuse(acceptor, fd, ADMISSION_ADDRESS_FULL);
        return;
    }
    enum admission admission = acceptor->on_socket(acceptor->user, fd, count);
    if (admission == ADMISSION_TAKEN) {
        acceptor->accepted_total++;
        return;
    }
    acceptor_forget(acceptor, count);
    refuse(acceptor, fd, admission);
}

static void on_pause_over(struct timer *timer)
{
    struct acceptor *acceptor = LIST_ITEM(timer, struct acceptor, pause);
    acceptor->is_paused = false;
    for (size_t i = 0; i < acceptor->listener_count; i++)
        uv_poll_start(&acceptor->listeners[i].poll, UV_READABLE, on_readable);
}

static void pause_accepting(struct acceptor *acceptor)
{
    if (acceptor->is_paused)
        return;
    acceptor->is_paused = true;
    for (size_t i = 0; i < acceptor->listener_count; i++)
        uv_poll_stop(&acceptor->listeners[i].poll);
    acceptor->timers->ops->arm(acceptor->timers, &acceptor->pause,
            acceptor->timers->ops->now_ms(acceptor->timers) + PAUSE_MS);
}

static void complain(struct acceptor *acceptor)
{
    uint64_t now_ms = acceptor->timers->ops->now_ms(acceptor->timers);
    if (now_ms < acceptor->complain_ms)
        return;
    acceptor->complain_ms = now_ms + COMPLAIN_MS;
    log_line(LOG_WARN, "ws.descriptors", "refused=%llu",
            (unsigned long long)acceptor->refused_total);
}

/* Gives up the spare descriptor for as long as it takes to turn one caller away. */
static void turn_one_away(struct acceptor *acceptor, int listening_fd)
{
    if (acceptor->spare_fd >= 0)
        close(acceptor->spare_fd);
    int fd = accept4(listening_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        refuse(acceptor, fd, ADMISSION_FULL);
    else if (errno != EAGAIN)
        pause_accepting(acceptor);
    acceptor->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    complain(acceptor);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;
    struct acceptor *acceptor = listener->acceptor;
    (void)status, (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage from;
        socklen_t from_len = sizeof from;
        memset(&from, 0, sizeof from);
        int fd = accept4(
                listener->fd, (struct sockaddr *)&from, &from_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            admit(acceptor, fd, &from);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return turn_one_away(acceptor, listener->fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

/* Each socket that is accepted has the options of the one that listens. */
static void set_options(const struct acceptor *acceptor, int fd)
{
    int yes = 1, size = acceptor->send_buffer_bytes;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (size > 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static bool watch(struct acceptor *acceptor, int fd)
{
    struct listener *listener = &acceptor->listeners[acceptor->listener_count];
    set_options(acceptor, fd);
    listener->acceptor = acceptor;
    listener->fd = fd;
    if (uv_poll_init_socket(acceptor->uv, &listener->poll, fd) != 0)
        return false;
    listener->poll.data = listener;
    acceptor->listener_count++;
    return uv_poll_start(&listener->poll, UV_READABLE, on_readable) == 0;
}

bool acceptor_listen(struct acceptor *acceptor, const char *address, uint16_t port, char *sentence,
        size_t sentence_len)
{
    int fds[LISTENERS_MAX];
    size_t count = listen_open(address, port, fds, &acceptor->port, sentence, sentence_len);
    acceptor->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    acceptor->pause.on_due = on_pause_over;
    for (size_t i = 0; i < count; i++)
        check(watch(acceptor, fds[i]));
    return count > 0;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    close(listener->fd);
    listener->acceptor->closing_count--;
}

void acceptor_stop(struct acceptor *acceptor)
{
    acceptor->timers->ops->cancel(acceptor->timers, &acceptor->pause);
    for (size_t i = 0; i < acceptor->listener_count; i++) {
        acceptor->closing_count++;
        uv_close((uv_handle_t *)&acceptor->listeners[i].poll, on_listener_closed);
    }
    acceptor->listener_count = 0;
}

void acceptor_finish(struct acceptor *acceptor)
{
    check(acceptor->listener_count == 0 && acceptor->closing_count == 0);
    check(acceptor->addresses.len == 0);
    map_finish(&acceptor->addresses);
    if (acceptor->spare_fd >= 0)
        close(acceptor->spare_fd);
}

/* Debian's libwebsockets is built with its assertions, one of which looks, at each close, through a
 * table as long as the limit, 14 us at 20,000: a container's usual million would be most of a hello
 * (lws_contexts.c has the short ones). */
uint32_t descriptor_allowance(uint32_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    rlim_t needed = (rlim_t)wanted + SPARE_DESCRIPTORS;
    rlim_t ample = needed > DESCRIPTORS_MIN ? needed : DESCRIPTORS_MIN;
    if (limit.rlim_cur < needed || limit.rlim_cur > ample) {
        rlim_t fitting = limit.rlim_cur > ample ? ample : needed;
        limit.rlim_cur = fitting < limit.rlim_max ? fitting : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed)
        return wanted;
    return limit.rlim_cur > SPARE_DESCRIPTORS ? (uint32_t)(limit.rlim_cur - SPARE_DESCRIPTORS) : 0;
}
