/* SPDX-License-Identifier: Apache-2.0 */
/* The client's half of the WebSocket handshake, as text in and text out. */
#ifndef WEFT_BOTS_HANDSHAKE_H
#define WEFT_BOTS_HANDSHAKE_H

#include "base/buffer.h"
#include "bots/sdk/c/address.h"

enum { HANDSHAKE_NONCE_SIZE = 16, HANDSHAKE_KEY_LEN = 24, HANDSHAKE_HEAD_MAX = 8192 };

struct handshake {
    char key[HANDSHAKE_KEY_LEN + 1];
    const char *subprotocol; /* borrowed; a literal */
};

enum handshake_verdict {
    HANDSHAKE_MORE,    /* the head is not complete */
    HANDSHAKE_DONE,    /* the socket is open */
    HANDSHAKE_REFUSED, /* a sound HTTP answer, but not a 101 */
    HANDSHAKE_BROKEN,  /* not the answer to our question */
};

/* nonce: random bytes, new for each connection. */
void handshake_init(struct handshake *handshake, const uint8_t nonce[HANDSHAKE_NONCE_SIZE],
        const char *subprotocol);

/* Writes the request. origin may be NULL: then none is sent. */
void handshake_write(const struct handshake *handshake, const struct address *address,
        const char *origin, struct buffer *out);

/* Reads the answer.
 *
 * shape:  out_len is the length of the head, out_status its HTTP status; both set when DONE or
 *         REFUSED
 * source: RFC 6455, 4.1 and 4.2.2 */
enum handshake_verdict handshake_read(
        const struct handshake *handshake, struct slice bytes, size_t *out_len, int *out_status);

#endif
