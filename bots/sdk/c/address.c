/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the address of a broker.
 *
 * Invariant: host, port and path of a read address hold no space, control character or quote, so
 * they can be written into a request's head as they are. Deliberately absent: user names,
 * passwords and fragments, and TLS, which a proxy in front of the broker does.
 */
#include "bots/sdk/c/address.h"

#include <stdlib.h>

static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] <= ' ' || text.bytes[i] > '~' || strchr("\"<>\\^`{|}@#", text.bytes[i]))
            return false;
    return true;
}

static bool copy_text(struct slice from, char *to, size_t capacity)
{
    if (from.len == 0 || from.len >= capacity || !is_plain(from))
        return false;
    memcpy(to, from.bytes, from.len);
    to[from.len] = '\0';
    return true;
}

static bool read_port(struct slice text, struct address *address)
{
    if (!copy_text(text, address->port, sizeof address->port))
        return false;
    char *end;
    unsigned long port = strtoul(address->port, &end, 10);
    return address->port[0] >= '0' && address->port[0] <= '9' && *end == '\0' && port > 0 &&
           port <= 65535;
}

/* host, host:port or [v6]:port */
static bool read_authority(struct slice text, struct address *address)
{
    bool bracketed = text.len > 0 && text.bytes[0] == '[';
    const char *host_end = text.len ? memchr(text.bytes, bracketed ? ']' : ':', text.len) : NULL;
    if (bracketed && host_end == NULL)
        return false;
    size_t host_start = bracketed ? 1 : 0;
    size_t host_len = host_end ? (size_t)(host_end - text.bytes) - host_start : text.len;
    size_t rest = host_start + host_len + (bracketed ? 1 : 0);
    if (!copy_text(
                slice_make(text.bytes + host_start, host_len), address->host, sizeof address->host))
        return false;
    if (rest == text.len) {
        memcpy(address->port, "80", 3);
        return true;
    }
    return text.bytes[rest] == ':' &&
           read_port(slice_make(text.bytes + rest + 1, text.len - rest - 1), address);
}

enum address_verdict address_read(const char *text, struct address *out_address)
{
    struct slice all = slice_of_string(text);
    struct address address = {0};
    if (slice_starts_with(all, SLICE_OF("wss://")) || slice_starts_with(all, SLICE_OF("https://")))
        return ADDRESS_NEEDS_TLS;
    size_t skip = slice_starts_with(all, SLICE_OF("ws://"))     ? 5
                  : slice_starts_with(all, SLICE_OF("http://")) ? 7
                                                                : 0;
    if (skip == 0)
        return ADDRESS_NOT_A_URL;
    const char *authority = text + skip, *path = strchr(authority, '/');
    size_t len = path ? (size_t)(path - authority) : strlen(authority);
    if (path == NULL || path[1] == '\0')
        path = "/v1/socket";
    if (!read_authority(slice_make(authority, len), &address) ||
            !copy_text(slice_of_string(path), address.path, sizeof address.path))
        return ADDRESS_NOT_A_URL;
    *out_address = address;
    return ADDRESS_READ;
}
