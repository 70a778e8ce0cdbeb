/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of RFC 6455 as a client meets it.
 *
 * Invariant: at most one message is under way, its collected length never exceeds the limit, and
 * memory for it grows only with bytes that have really come: a length in a head reserves nothing.
 * Masked frames, reserved bits, unknown opcodes and oversized control frames end the connection.
 * Whether a text is UTF-8 is judged by the codec, which has to look at each byte anyway.
 */
#include "bots/sdk/c/websocket.h"

#include "base/check.h"

#include <stdlib.h>

void websocket_reader_init(struct websocket_reader *reader)
{
    *reader = (struct websocket_reader){0};
}

void websocket_reader_finish(struct websocket_reader *reader)
{
    free(reader->message);
    *reader = (struct websocket_reader){0};
}

static bool is_control(enum websocket_opcode opcode)
{
    return opcode >= WEBSOCKET_CLOSE;
}

static size_t head_size(const struct websocket_reader *reader)
{
    if (reader->head_len < 2)
        return 2;
    uint8_t length = reader->head[1] & 0x7f;
    return length == 127 ? 10 : length == 126 ? 4 : 2;
}

static uint64_t payload_size(const uint8_t *head)
{
    uint64_t size = 0;
    uint8_t length = head[1] & 0x7f;
    if (length < 126)
        return length;
    for (size_t i = 0; i < (length == 126 ? 2u : 8u); i++)
        size = size << 8 | head[2 + i];
    return size;
}

static bool opcode_is_known(uint8_t opcode)
{
    return opcode <= WEBSOCKET_BINARY || (opcode >= WEBSOCKET_CLOSE && opcode <= WEBSOCKET_PONG);
}

static bool order_is_right(const struct websocket_reader *reader, uint8_t opcode)
{
    return opcode == WEBSOCKET_CONTINUATION ? reader->in_message : !reader->in_message;
}

/* The head is complete: what kind of frame is this? Returns 0, or the code to close with. */
static int begin_frame(struct websocket_reader *reader)
{
    uint8_t opcode = reader->head[0] & 0x0f;
    uint64_t size = payload_size(reader->head);
    bool is_final = reader->head[0] & 0x80, reserved = reader->head[0] & 0x70,
         masked = reader->head[1] & 0x80;
    if (reserved || masked || !opcode_is_known(opcode))
        return CLOSE_PROTOCOL_ERROR;
    if (is_control((enum websocket_opcode)opcode)) {
        if (!is_final || size > WEBSOCKET_CONTROL_MAX)
            return CLOSE_PROTOCOL_ERROR;
        reader->control_len = 0;
    } else {
        if (!order_is_right(reader, opcode))
            return CLOSE_PROTOCOL_ERROR;
        if (size > WEBSOCKET_MESSAGE_MAX - reader->message_len)
            return CLOSE_TOO_LARGE;
        if (opcode != WEBSOCKET_CONTINUATION)
            reader->message_opcode = (enum websocket_opcode)opcode;
        reader->in_message = true;
    }
    reader->frame_opcode = (enum websocket_opcode)opcode;
    reader->frame_is_final = is_final;
    reader->payload_left = (size_t)size;
    reader->in_payload = true;
    return 0;
}

static void reserve_message(struct websocket_reader *reader, size_t more)
{
    size_t wanted = reader->message_len + more, capacity = reader->message_capacity;
    if (wanted <= capacity)
        return;
    capacity = capacity ? capacity : 512;
    while (capacity < wanted)
        capacity *= 2;
    reader->message = realloc(reader->message, capacity);
    check(reader->message != NULL);
    reader->message_capacity = capacity;
}

static void take_payload(struct websocket_reader *reader, struct slice *bytes)
{
    size_t len = bytes->len < reader->payload_left ? bytes->len : reader->payload_left;
    if (len == 0)
        return;
    if (is_control(reader->frame_opcode)) {
        memcpy(reader->control + reader->control_len, bytes->bytes, len);
        reader->control_len += len;
    } else {
        reserve_message(reader, len);
        memcpy(reader->message + reader->message_len, bytes->bytes, len);
        reader->message_len += len;
    }
    reader->payload_left -= len;
    *bytes = slice_make(bytes->bytes + len, bytes->len - len);
}

static bool close_code_is_legal(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static enum websocket_verdict end_control(
        struct websocket_reader *reader, struct websocket_message *out)
{
    out->opcode = reader->frame_opcode;
    out->payload = slice_make(reader->control, reader->control_len);
    if (reader->frame_opcode != WEBSOCKET_CLOSE)
        return WEBSOCKET_MESSAGE;
    out->close_code = CLOSE_NO_STATUS;
    if (reader->control_len == 0)
        return WEBSOCKET_MESSAGE;
    if (reader->control_len >= 2)
        out->close_code = (uint8_t)reader->control[0] << 8 | (uint8_t)reader->control[1];
    if (close_code_is_legal(out->close_code))
        return WEBSOCKET_MESSAGE;
    out->close_code = CLOSE_PROTOCOL_ERROR;
    return WEBSOCKET_BROKEN;
}

/* The payload is complete. */
static enum websocket_verdict end_frame(
        struct websocket_reader *reader, struct websocket_message *out)
{
    reader->in_payload = false;
    reader->head_len = 0;
    if (is_control(reader->frame_opcode))
        return end_control(reader, out);
    if (!reader->frame_is_final)
        return WEBSOCKET_MORE;
    reader->in_message = false;
    reader->message_is_over = true;
    out->opcode = reader->message_opcode;
    out->payload = slice_make(reader->message, reader->message_len);
    return WEBSOCKET_MESSAGE;
}

static bool take_head(struct websocket_reader *reader, struct slice *bytes)
{
    while (reader->head_len < head_size(reader)) {
        if (bytes->len == 0)
            return false;
        reader->head[reader->head_len++] = (uint8_t)bytes->bytes[0];
        *bytes = slice_make(bytes->bytes + 1, bytes->len - 1);
    }
    return true;
}

enum websocket_verdict websocket_read(
        struct websocket_reader *reader, struct slice *bytes, struct websocket_message *out_message)
{
    if (reader->message_is_over) {
        reader->message_is_over = false;
        reader->message_len = 0;
    }
    for (;;) {
        if (!reader->in_payload && !take_head(reader, bytes))
            return WEBSOCKET_MORE;
        int code = reader->in_payload ? 0 : begin_frame(reader);
        if (code != 0) {
            out_message->close_code = code;
            return WEBSOCKET_BROKEN;
        }
        take_payload(reader, bytes);
        if (reader->payload_left > 0)
            return WEBSOCKET_MORE;
        enum websocket_verdict verdict = end_frame(reader, out_message);
        if (verdict != WEBSOCKET_MORE)
            return verdict;
    }
}

void websocket_write(struct buffer *out, enum websocket_opcode opcode, struct slice payload,
        const uint8_t mask[4])
{
    char head[WEBSOCKET_HEAD_MAX] = {(char)(0x80 | opcode)};
    size_t len = 2, extra = payload.len < 126 ? 0 : payload.len < 65536 ? 2 : 8;
    head[1] = (char)(0x80 | (extra == 0 ? payload.len : extra == 2 ? 126 : 127));
    for (size_t i = extra; i > 0; i--)
        head[len++] = (char)((uint64_t)payload.len >> 8 * (i - 1) & 0xff);
    memcpy(head + len, mask, 4);
    if (out->capacity - out->len < len + 4 + payload.len)
        out->overflowed = true;
    buffer_put(out, head, len + 4);
    if (out->overflowed)
        return;
    for (size_t i = 0; i < payload.len; i++)
        out->bytes[out->len + i] = (char)(payload.bytes[i] ^ (char)mask[i & 3]);
    out->len += payload.len;
}
