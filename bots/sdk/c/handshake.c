/* SPDX-License-Identifier: Apache-2.0 */
/* The opening handshake of RFC 6455, client side.
 *
 * Invariant: a socket opens only after a 101 with the right Sec-WebSocket-Accept, the subprotocol
 * that was asked for, and no extension: none was offered. Whoever answers otherwise is a proxy, a
 * stranger or a newer protocol, and gets no frame.
 */
#include "bots/sdk/c/handshake.h"

#include "bots/sdk/c/sha1.h"

#include <strings.h>

static size_t write_base64(struct slice bytes, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (i + j < bytes.len ? (uint8_t)bytes.bytes[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            out[len++] = i + j > bytes.len ? '=' : digits[group >> (18 - 6 * j) & 63];
    }
    return len;
}

void handshake_init(struct handshake *handshake, const uint8_t nonce[HANDSHAKE_NONCE_SIZE],
        const char *subprotocol)
{
    size_t len = write_base64(slice_make(nonce, HANDSHAKE_NONCE_SIZE), handshake->key);
    handshake->key[len] = '\0';
    handshake->subprotocol = subprotocol;
}

static void put_text(struct buffer *out, const char *text)
{
    buffer_put(out, text, strlen(text));
}

void handshake_write(const struct handshake *handshake, const struct address *address,
        const char *origin, struct buffer *out)
{
    bool is_v6 = strchr(address->host, ':') != NULL;
    static const char upgrade[] = "\r\nUpgrade: websocket\r\nConnection: Upgrade"
                                  "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
    const char *const pieces[] = {"GET ", address->path, " HTTP/1.1\r\nHost: ", is_v6 ? "[" : "",
            address->host, is_v6 ? "]:" : ":", address->port, upgrade, handshake->key,
            "\r\nSec-WebSocket-Protocol: ", handshake->subprotocol, origin ? "\r\nOrigin: " : "",
            origin ? origin : "", "\r\n\r\n"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        put_text(out, pieces[i]);
}

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t'))
        text = slice_make(text.bytes + 1, text.len - 1);
    while (text.len > 0 && strchr(" \t\r", text.bytes[text.len - 1]))
        text.len--;
    return text;
}

/* The value of the one header of this name; bytes is NULL when there is none. */
static struct slice find_header(struct slice head, const char *name)
{
    size_t name_len = strlen(name);
    const char *at = head.bytes, *end = head.bytes + head.len;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t len = line_end ? (size_t)(line_end - at) : (size_t)(end - at);
        if (len > name_len && at[name_len] == ':' && strncasecmp(at, name, name_len) == 0)
            return trim(slice_make(at + name_len + 1, len - name_len - 1));
        at += len + 1;
    }
    return SLICE_NONE;
}

static bool has_token(struct slice value, const char *token)
{
    size_t len = strlen(token);
    for (size_t i = 0; i + len <= value.len; i++)
        if (strncasecmp(value.bytes + i, token, len) == 0)
            return true;
    return false;
}

static bool accept_is_right(const struct handshake *handshake, struct slice accept)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[HANDSHAKE_KEY_LEN + sizeof guid], wanted[32];
    uint8_t digest[SHA1_SIZE];
    memcpy(text, handshake->key, HANDSHAKE_KEY_LEN);
    memcpy(text + HANDSHAKE_KEY_LEN, guid, sizeof guid - 1);
    sha1(slice_make(text, HANDSHAKE_KEY_LEN + sizeof guid - 1), digest);
    return slice_equal(
            accept, slice_make(wanted, write_base64(slice_make(digest, SHA1_SIZE), wanted)));
}

static bool is_our_upgrade(const struct handshake *handshake, struct slice head)
{
    return has_token(find_header(head, "Upgrade"), "websocket") &&
           has_token(find_header(head, "Connection"), "upgrade") &&
           accept_is_right(handshake, find_header(head, "Sec-WebSocket-Accept")) &&
           slice_is(find_header(head, "Sec-WebSocket-Protocol"), handshake->subprotocol) &&
           find_header(head, "Sec-WebSocket-Extensions").len == 0;
}

/* "HTTP/1.1 101 …" -> 101, or -1. */
static int read_status(struct slice head)
{
    int status = 0;
    if (head.len < 13 || !slice_starts_with(head, SLICE_OF("HTTP/1.1 ")))
        return -1;
    for (size_t i = 9; i < 12; i++) {
        if (head.bytes[i] < '0' || head.bytes[i] > '9')
            return -1;
        status = status * 10 + (head.bytes[i] - '0');
    }
    return status;
}

enum handshake_verdict handshake_read(
        const struct handshake *handshake, struct slice bytes, size_t *out_len, int *out_status)
{
    const char *end = bytes.len ? memmem(bytes.bytes, bytes.len, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return bytes.len < HANDSHAKE_HEAD_MAX ? HANDSHAKE_MORE : HANDSHAKE_BROKEN;
    struct slice head = slice_make(bytes.bytes, (size_t)(end - bytes.bytes) + 2);
    int status = read_status(head);
    if (status < 0 || (status == 101 && !is_our_upgrade(handshake, head)))
        return HANDSHAKE_BROKEN;
    *out_len = head.len + 2;
    *out_status = status;
    return status == 101 ? HANDSHAKE_DONE : HANDSHAKE_REFUSED;
}
