/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a link.
 *
 *   WAITING   the backoff runs            -> WANTING, DIALLING
 *   WANTING   no credential; asked for    -> DIALLING
 *   DIALLING  a socket is opening         -> GREETING, WAITING
 *   GREETING  the hello is out            -> GREETED, WAITING, OVER
 *   GREETED   frames flow both ways       -> WAITING, OVER
 *   OVER      coming back is no use       -> (link_close)
 *
 * Every state but OVER has a deadline: the one timer is armed in each. Invariant: at most one
 * socket belongs to the link, and only in DIALLING, GREETING and GREETED. A link never gives up
 * because of the network; it ends only when the server says that coming back is no use.
 */
#include "bots/sdk/c/link.h"

#include "base/buffer.h"
#include "base/check.h"
#include "bots/sdk/c/address.h"
#include "bots/sdk/c/backoff.h"
#include "bots/sdk/c/caller.h"
#include "bots/sdk/c/credential.h"
#include "bots/sdk/c/link_frames.h"
#include "bots/sdk/c/link_retry.h"
#include "bots/sdk/c/socket.h"
#include "bots/sdk/c/waker.h"
#include "bots/sdk/c/websocket.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
    OUTBOUND_BYTES_MAX = 262144,
    SILENT_MS_MAX = 40000,
    GREETING_MS_MAX = 10000,
    BYE_MS_MAX = 5000,
    WANTING_MS_MAX = 10000
};
enum stage { WAITING, WANTING, DIALLING, GREETING, GREETED, OVER };

struct link {
    struct link_options options;
    struct address address;
    struct caller caller;
    struct credential credential;
    enum stage stage;
    enum link_state shown; /* what on_state said last */
    struct socket *socket;
    struct waker *waker;
    struct backoff backoff;
    uint64_t floor_ms; /* what the server asked us to wait */
    unsigned address_choice;
    bool got_bye, is_renewing;
    uint64_t reconnects, connects, last_id;
    char hello_id[21];
    int depth; /* callbacks of the owner under way */
    bool is_closed;
};

/* ---- the owner's callbacks ------------------------------------------------------------------ */

static void free_link(struct link *link)
{
    credential_finish(&link->credential);
    caller_finish(&link->caller);
    free(link);
}

static void enter(struct link *link)
{
    link->depth++;
}

/* Answers false when the owner has closed the link meanwhile: it is gone. */
static bool leave(struct link *link)
{
    if (--link->depth > 0 || !link->is_closed)
        return !link->is_closed;
    free_link(link);
    return false;
}

static bool show(struct link *link, enum link_state state, const struct link_reason *reason)
{
    if (link->shown == state)
        return true;
    link->shown = state;
    enter(link);
    if (link->options.on_state != NULL)
        link->options.on_state(link->options.context, state, reason);
    return leave(link);
}

static bool show_frame(struct link *link, const struct proto_frame *frame)
{
    enter(link);
    link->options.on_frame(link->options.context, frame);
    return leave(link);
}

/* ---- stages --------------------------------------------------------------------------------- */

static uint64_t random_number(void)
{
    uint64_t value;
    check(getrandom(&value, sizeof value, 0) == sizeof value);
    return value;
}

static void wait_before_dialling(struct link *link)
{
    link->stage = WAITING;
    waker_arm(link->waker, backoff_next_ms(&link->backoff, random_number(), link->floor_ms));
    link->floor_ms = 0;
}

/* The present socket is over; what now? */
static void go_on_after(struct link *link, const struct link_reason *reason)
{
    if (link_retry_is_use(reason)) {
        wait_before_dialling(link);
        show(link, LINK_DISCONNECTED, reason);
        return;
    }
    link->stage = OVER;
    waker_disarm(link->waker);
    show(link, LINK_ENDED, reason);
}

static void leave_socket(struct link *link, int close_code, const struct link_reason *reason)
{
    struct socket *socket = link->socket;
    link->socket = NULL;
    if (reason->kind == LINK_SILENT)
        socket_drop(socket);
    else
        socket_close(socket, close_code);
    go_on_after(link, reason);
}

static void want_token(struct link *link)
{
    link->stage = WANTING;
    waker_arm(link->waker, WANTING_MS_MAX);
    if (link->options.on_token_wanted == NULL)
        return;
    enter(link);
    link->options.on_token_wanted(link->options.context);
    leave(link);
}

/* ---- the socket's events -------------------------------------------------------------------- */

static void say_hello(struct link *link)
{
    struct proto_cursor cursors[PROTO_LIMIT_CURSORS];
    struct proto_frame frame = {.kind = PROTO_KIND_HELLO};
    struct proto_hello *hello = &frame.as.hello;
    hello->id = slice_make(link->hello_id, link_next_id(link, link->hello_id));
    credential_show(&link->credential, hello, waker_now_ms(link->waker));
    caller_show(&link->caller, hello);
    hello->cursors = cursors;
    if (link->options.list_cursors != NULL)
        hello->cursors_count =
                link->options.list_cursors(link->options.context, cursors, PROTO_LIMIT_CURSORS);
    link_frames_send(link->socket, link->options.use_json, &frame);
}

static void on_open(void *context)
{
    struct link *link = context;
    link->stage = GREETING;
    say_hello(link);
}

static void on_end(void *context, const struct socket_end *end)
{
    struct link *link = context;
    struct link_reason reason = {
            .kind = LINK_CLOSED, .http_status = end->http_status, .close_code = end->close_code};
    link->socket = NULL;
    if (end->kind == SOCKET_UNREACHABLE) {
        reason.kind = LINK_UNREACHABLE;
        link->address_choice++;
    } else if (end->kind == SOCKET_REFUSED) {
        reason.kind = LINK_REFUSED;
    } else if (end->close_code == PROTO_CLOSE_UNAUTHENTICATED && link->stage == GREETED) {
        credential_distrust_all(&link->credential);
    } else if (end->close_code == PROTO_CLOSE_UNAUTHENTICATED) {
        credential_distrust_shown(&link->credential);
    }
    go_on_after(link, &reason);
}

static void watch_for_silence(struct link *link)
{
    waker_arm(link->waker, link->options.silent_ms_max / 3 + 1);
}

static void on_welcome(struct link *link, const struct proto_frame *frame)
{
    link->stage = GREETED;
    link->got_bye = false;
    credential_keep_ticket(&link->credential, &frame->as.welcome, waker_now_ms(link->waker));
    backoff_reset(&link->backoff);
    if (link->connects++ > 0)
        link->reconnects++;
    watch_for_silence(link);
    if (show(link, LINK_CONNECTED, NULL))
        show_frame(link, frame);
}

static void on_greeting_refused(struct link *link, const struct proto_error *error)
{
    const struct link_reason reason = {
            .kind = LINK_NOT_GREETED, .error = proto_error_find(error->code)};
    if (error->has_retry_after_ms)
        link->floor_ms = link_retry_floor_ms(error->retry_after_ms);
    if (error->retry == PROTO_RETRY_TOKEN)
        credential_distrust_shown(&link->credential);
    if (error->retry == PROTO_RETRY_NEVER) {
        struct socket *socket = link->socket;
        link->socket = NULL;
        socket_close(socket, CLOSE_NORMAL);
        link->stage = OVER;
        waker_disarm(link->waker);
        show(link, LINK_ENDED, &reason);
        return;
    }
    leave_socket(link, CLOSE_NORMAL, &reason);
}

static void on_greeting_frame(struct link *link, const struct proto_frame *frame)
{
    if (frame->kind == PROTO_KIND_WELCOME)
        on_welcome(link, frame);
    else if (frame->kind == PROTO_KIND_ERROR)
        on_greeting_refused(link, &frame->as.error);
    else if (frame->kind == PROTO_KIND_BYE)
        link->floor_ms = link_retry_floor_ms(frame->as.bye.retry_after_ms);
}

static void on_message(void *context, bool is_binary, char *bytes, size_t len)
{
    struct link *link = context;
    struct proto_frame frame;
    switch (link_frames_read(is_binary, link->options.use_json, bytes, len, &frame)) {
    case LINK_FRAME_UNKNOWN:
        return;
    case LINK_FRAME_GARBLED:
        leave_socket(link, CLOSE_PROTOCOL_ERROR, &(struct link_reason){.kind = LINK_GARBLED});
        return;
    case LINK_FRAME_READ:
        break;
    }
    if (link->stage == GREETING) {
        on_greeting_frame(link, &frame);
        return;
    }
    if (frame.kind == PROTO_KIND_BYE) {
        link->floor_ms = link_retry_floor_ms(frame.as.bye.retry_after_ms);
        link->got_bye = true;
        waker_arm(link->waker, BYE_MS_MAX);
    }
    show_frame(link, &frame);
}

/* ---- deadlines ------------------------------------------------------------------------------ */

static void dial(struct link *link)
{
    if (!credential_is_ready(&link->credential, waker_now_ms(link->waker))) {
        want_token(link);
        return;
    }
    link->stage = DIALLING;
    waker_arm(link->waker, link->options.greeting_ms_max);
    link->socket = socket_open(&(struct socket_options){
            .loop = link->options.loop,
            .address = &link->address,
            .address_choice = link->address_choice,
            .subprotocol = link->options.use_json ? "weft.v1.json" : "weft.v1.msgpack",
            .origin = link->options.origin,
            .outbound_bytes_max = link->options.outbound_bytes_max,
            .context = link,
            .on_open = on_open,
            .on_message = on_message,
            .on_end = on_end,
    });
    show(link, LINK_CONNECTING, NULL);
}

static void check_silence(struct link *link)
{
    uint64_t silent_ms = socket_silent_ms(link->socket);
    if (link->got_bye) {
        leave_socket(link, CLOSE_NORMAL,
                &(struct link_reason){.kind = LINK_CLOSED, .close_code = PROTO_CLOSE_GOING_AWAY});
        return;
    }
    if (silent_ms >= link->options.silent_ms_max) {
        leave_socket(link, CLOSE_ABNORMAL, &(struct link_reason){.kind = LINK_SILENT});
        return;
    }
    if (silent_ms >= link->options.silent_ms_max / 3)
        socket_ping(link->socket);
    watch_for_silence(link);
}

/* link_reconnect calls nobody back: what it did is told here. */
static bool show_renewal(struct link *link)
{
    if (!link->is_renewing)
        return true;
    link->is_renewing = false;
    return show(link, LINK_DISCONNECTED, &(struct link_reason){.kind = LINK_RENEWED});
}

static void on_due(void *context)
{
    struct link *link = context;
    switch (link->stage) {
    case WAITING:
        if (show_renewal(link))
            dial(link);
        break;
    case WANTING:
        dial(link);
        break;
    case DIALLING:
    case GREETING:
        leave_socket(link, CLOSE_NORMAL, &(struct link_reason){.kind = LINK_NOT_GREETED});
        break;
    case GREETED:
        check_silence(link);
        break;
    case OVER:
        break;
    }
}

/* ---- what the owner calls ------------------------------------------------------------------- */

static void fill_defaults(struct link_options *options)
{
    if (options->outbound_bytes_max == 0)
        options->outbound_bytes_max = OUTBOUND_BYTES_MAX;
    if (options->silent_ms_max == 0)
        options->silent_ms_max = SILENT_MS_MAX;
    if (options->greeting_ms_max == 0)
        options->greeting_ms_max = GREETING_MS_MAX;
}

struct link *link_open(const struct link_options *options)
{
    struct address address;
    check(options->loop != NULL && options->on_frame != NULL);
    if (address_read(options->url, &address) != ADDRESS_READ)
        return NULL;
    struct link *link = calloc(1, sizeof *link);
    check(link != NULL);
    link->options = *options;
    link->address = address;
    fill_defaults(&link->options);
    caller_init(&link->caller, &options->client, options->bot);
    link->credential.is_renewable = options->on_token_wanted != NULL;
    if (options->token != NULL)
        link_set_token(link, options->token);
    link->waker = waker_create(options->loop, link, on_due);
    waker_arm(link->waker, 0);
    return link;
}

void link_set_token(struct link *link, const char *token)
{
    credential_set_token(&link->credential, token);
    if (link->stage == WANTING)
        waker_arm(link->waker, 0);
}

bool link_send(struct link *link, const struct proto_frame *frame)
{
    return link->stage == GREETED && link_frames_send(link->socket, link->options.use_json, frame);
}

void link_reconnect(struct link *link)
{
    if (link->socket == NULL)
        return;
    socket_close(link->socket, CLOSE_NORMAL);
    link->socket = NULL;
    link->stage = WAITING;
    link->is_renewing = true;
    waker_arm(link->waker, 0);
}

void link_close(struct link *link)
{
    if (link->socket != NULL)
        socket_close(link->socket, CLOSE_NORMAL);
    link->socket = NULL;
    link->stage = OVER;
    waker_destroy(link->waker);
    link->is_closed = true;
    if (link->depth == 0)
        free_link(link);
}

enum link_state link_state(const struct link *link)
{
    switch (link->stage) {
    case WAITING:
    case WANTING:
        return LINK_DISCONNECTED;
    case DIALLING:
    case GREETING:
        return LINK_CONNECTING;
    case GREETED:
        return LINK_CONNECTED;
    case OVER:
        break;
    }
    return LINK_ENDED;
}

uint64_t link_reconnects(const struct link *link)
{
    return link->reconnects;
}

size_t link_next_id(struct link *link, char *out)
{
    struct buffer text = buffer_make(out, 20);
    buffer_put_u64(&text, ++link->last_id);
    out[text.len] = '\0';
    return text.len;
}
