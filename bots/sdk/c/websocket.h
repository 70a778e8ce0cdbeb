/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket frames, client side: bytes in, messages out, and back. No sockets here.
 *
 * A message is what the other end sent as one unit; it travels in one or more frames. Pings, pongs
 * and closes are frames of their own and may come between the frames of a message.
 */
#ifndef WEFT_BOTS_WEBSOCKET_H
#define WEFT_BOTS_WEBSOCKET_H

#include "base/buffer.h"

enum {
    WEBSOCKET_MESSAGE_MAX = 65536, /* the wire's frame_bytes */
    WEBSOCKET_CONTROL_MAX = 125,
    WEBSOCKET_HEAD_MAX = 14,
};

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

enum websocket_close {
    CLOSE_NORMAL = 1000,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_WRONG_KIND = 1003,
    CLOSE_NO_STATUS = 1005, /* a close frame without a code */
    CLOSE_ABNORMAL = 1006,  /* no close frame came: never on the wire */
    CLOSE_TOO_LARGE = 1009,
};

enum websocket_verdict {
    WEBSOCKET_MORE,    /* all bytes are read; none completes a message */
    WEBSOCKET_MESSAGE, /* out_message is set: a message, or a control frame */
    WEBSOCKET_BROKEN,  /* close with out_message->close_code; the reader is of no further use */
};

struct websocket_message {
    enum websocket_opcode opcode;
    struct slice payload; /* borrowed from the reader until the next read */
    int close_code;       /* CLOSE, and BROKEN */
};

struct websocket_reader {
    uint8_t head[WEBSOCKET_HEAD_MAX];
    size_t head_len;
    size_t payload_left; /* of the frame under way */
    enum websocket_opcode frame_opcode;
    bool in_payload, frame_is_final;
    bool in_message, message_is_over; /* a data message is under way; it was handed out */
    enum websocket_opcode message_opcode;
    char *message; /* grows as needed, at most WEBSOCKET_MESSAGE_MAX */
    size_t message_len, message_capacity;
    char control[WEBSOCKET_CONTROL_MAX];
    size_t control_len;
};

void websocket_reader_init(struct websocket_reader *reader);
void websocket_reader_finish(struct websocket_reader *reader);

/* Reads as far as the next message. Call again with the rest until it answers MORE.
 *
 * owns:   bytes is moved past what was read; the payload stays until the next call
 * errors: BROKEN for what RFC 6455 forbids a server, and for messages over the limit */
enum websocket_verdict websocket_read(struct websocket_reader *reader, struct slice *bytes,
        struct websocket_message *out_message);

/* Writes one whole, masked frame. mask: fresh random bytes for every frame.
 *
 * source: RFC 6455, 5.2 and 5.3 */
void websocket_write(struct buffer *out, enum websocket_opcode opcode, struct slice payload,
        const uint8_t mask[4]);

#endif
