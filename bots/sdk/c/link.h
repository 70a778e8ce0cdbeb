/* SPDX-License-Identifier: Apache-2.0 */
/* A link: a client's lasting connection to a broker. Sockets come and go beneath it.
 *
 *   DISCONNECTED -> CONNECTING -> CONNECTED -> DISCONNECTED -> ...      for ever, with backoff
 *                             `-> ENDED                                 when coming back is no use
 *
 * Glossary: the greeting is hello and welcome; the credential of a hello is the ticket of the last
 * welcome while it is valid, else the token; a silent link is a dead one.
 *
 * A link remembers nothing of conversations: cursors.h does that, and outbox.h keeps what is not
 * yet acknowledged. Hundreds of links may share a loop.
 */
#ifndef WEFT_BOTS_LINK_H
#define WEFT_BOTS_LINK_H

#include "proto/frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link;
struct uv_loop_s;

enum link_state { LINK_DISCONNECTED, LINK_CONNECTING, LINK_CONNECTED, LINK_ENDED };

/* Why a link is disconnected or ended. */
struct link_reason {
    enum {
        LINK_UNREACHABLE, /* nobody answered at the address */
        LINK_REFUSED,     /* http_status, or 0: whoever answered speaks no Weft */
        LINK_CLOSED,      /* close_code; 1006: the connection broke */
        LINK_SILENT,      /* no sign of life in time */
        LINK_NOT_GREETED, /* the hello was refused: error; or not answered: PROTO_ERROR_NONE */
        LINK_GARBLED,     /* a frame came that cannot be read */
        LINK_RENEWED,     /* link_reconnect was called */
    } kind;
    int http_status;
    int close_code;
    enum proto_error_code error;
};

struct link_options {
    struct uv_loop_s *loop;
    const char *url;    /* ws://host:port, with the path /v1/socket when it has none */
    bool use_json;      /* weft.v1.json instead of weft.v1.msgpack: for debugging */
    const char *origin; /* sent with the handshake when not NULL */
    const char *token;  /* a token or key to begin with; NULL: on_token_wanted is asked */
    struct proto_client client;
    const struct proto_bot_info *bot; /* bots only */
    size_t outbound_bytes_max;        /* 0: 256 KiB */
    uint64_t silent_ms_max;           /* 0: 40 s; a ping goes out at a third of it */
    uint64_t greeting_ms_max;         /* from dialling to the welcome; 0: 10 s */
    void *context;

    /* reason is set for DISCONNECTED and ENDED, else NULL. CONNECTED comes before the welcome. */
    void (*on_state)(void *context, enum link_state state, const struct link_reason *reason);
    /* Every frame from the server, the welcome included; borrowed for the call. */
    void (*on_frame)(void *context, const struct proto_frame *frame);
    /* Optional. There is no valid credential: call link_set_token, now or later. Without this
     * callback the first token is used for ever, as a key is. */
    void (*on_token_wanted)(void *context);
    /* Optional. Writes the cursors for the next hello, at most max; they are read at once. */
    size_t (*list_cursors)(void *context, struct proto_cursor *out_list, size_t max);
};

/* Opens a link; the first callback comes later, from the loop.
 *
 * owns:   copies url, token, client and bot; origin must outlive the link
 * errors: NULL when url is not a ws:// address; see address.h for why */
struct link *link_open(const struct link_options *options);

/* Sends one frame.
 *
 * errors: false, and nothing is sent, when the link is not connected, when the outbound buffer is
 *         full, or when the frame is larger than the wire allows */
bool link_send(struct link *link, const struct proto_frame *frame);

/* A new token; used by the next hello that has no ticket. Copied. */
void link_set_token(struct link *link, const char *token);

/* Leaves the present socket and resumes with a new one, at once: after a gap. */
void link_reconnect(struct link *link);

/* Ends the link in good order. No callback comes after this call; may be called inside one. */
void link_close(struct link *link);

enum link_state link_state(const struct link *link);

/* How often the link was connected again after the first time. */
uint64_t link_reconnects(const struct link *link);

/* A request id that this link has not used yet, as decimal text.
 *
 * shape: out has room for 21 bytes; returns the length, without the NUL */
size_t link_next_id(struct link *link, char *out);

#endif
