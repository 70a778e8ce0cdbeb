/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter between libcurl and libuv: libcurl says which sockets and which time it waits for,
 * the loop says when.
 *
 * Invariant: nothing here blocks (names are looked up on libcurl's own thread), and every error of
 * a socket reaches libcurl, as for hiredis (store/redis_poll.c). The number of sockets is bounded;
 * a transfer beyond waits for one, under its own deadline.
 */
#include "s3/s3_wire.h"

#include "base/check.h"

#include <stdlib.h>
#include <uv.h>

/* Beside those of clients; ws keeps so many descriptors free. */
enum { SOCKETS_MAX = 96, SOCKETS_IDLE_MAX = 8 };

struct s3_wire {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    s3_wire_over on_over;
};

struct watch {
    uv_poll_t poll;
    curl_socket_t socket;
    struct s3_wire *wire;
};

static void collect(struct s3_wire *wire)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(wire->multi, &left)) != NULL;)
        if (message->msg == CURLMSG_DONE)
            wire->on_over(message->easy_handle, message->data.result);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct s3_wire *wire = watch->wire;
    int running, what = status != 0 ? CURL_CSELECT_ERR : 0;
    what |= (events & UV_READABLE) ? CURL_CSELECT_IN : 0;
    what |= (events & UV_WRITABLE) ? CURL_CSELECT_OUT : 0;
    curl_multi_socket_action(wire->multi, watch->socket, what, &running);
    collect(wire); /* the watch may be gone */
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watch *make_watch(struct s3_wire *wire, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof *watch);
    check(watch != NULL);
    watch->wire = wire;
    watch->socket = socket;
    watch->poll.data = watch;
    check(uv_poll_init_socket(wire->loop, &watch->poll, socket) == 0);
    curl_multi_assign(wire->multi, socket, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *known)
{
    struct s3_wire *wire = user;
    struct watch *watch = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(wire->multi, socket, NULL);
        if (watch != NULL)
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        return 0;
    }
    if (watch == NULL)
        watch = make_watch(wire, socket);
    int events = what == CURL_POLL_IN    ? UV_READABLE
                 : what == CURL_POLL_OUT ? UV_WRITABLE
                                         : UV_READABLE | UV_WRITABLE;
    uv_poll_start(&watch->poll, events, on_event);
    return 0;
}

static void on_due(uv_timer_t *timer)
{
    struct s3_wire *wire = timer->data;
    int running;
    curl_multi_socket_action(wire->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(wire);
}

/* At once is in a millisecond: a timer of 0 ms would run again in the same pass of the loop. */
static int on_wanted_time(CURLM *multi, long ms, void *user)
{
    struct s3_wire *wire = user;
    (void)multi;
    if (ms < 0)
        uv_timer_stop(&wire->timer);
    else
        uv_timer_start(&wire->timer, on_due, ms > 0 ? (uint64_t)ms : 1, 0);
    return 0;
}

struct s3_wire *s3_wire_create(struct uv_loop_s *loop, s3_wire_over on_over)
{
    struct s3_wire *wire = calloc(1, sizeof *wire);
    check(wire != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    wire->loop = loop;
    wire->on_over = on_over;
    wire->multi = curl_multi_init();
    check(wire->multi != NULL && uv_timer_init(loop, &wire->timer) == 0);
    wire->timer.data = wire;
    curl_multi_setopt(wire->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(wire->multi, CURLMOPT_SOCKETDATA, wire);
    curl_multi_setopt(wire->multi, CURLMOPT_TIMERFUNCTION, on_wanted_time);
    curl_multi_setopt(wire->multi, CURLMOPT_TIMERDATA, wire);
    curl_multi_setopt(wire->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)SOCKETS_MAX);
    curl_multi_setopt(wire->multi, CURLMOPT_MAXCONNECTS, (long)SOCKETS_IDLE_MAX);
    return wire;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void s3_wire_destroy(struct s3_wire *wire)
{
    curl_multi_cleanup(wire->multi);
    uv_close((uv_handle_t *)&wire->timer, on_timer_closed);
}

void s3_wire_add(struct s3_wire *wire, CURL *easy)
{
    check(curl_multi_add_handle(wire->multi, easy) == CURLM_OK);
}

void s3_wire_remove(struct s3_wire *wire, CURL *easy)
{
    check(curl_multi_remove_handle(wire->multi, easy) == CURLM_OK);
}
