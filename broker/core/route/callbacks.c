/* SPDX-License-Identifier: Apache-2.0 */
/* Who is offered a callback, by which ways and when.
 *
 * Invariant: a window that is offered is good for as long as it has not begun, under the same
 * policy: both ask the same question. An address that is taken can be called or written to as it
 * is kept; whether somebody answers there only the attempt can tell.
 */
#include "core/route/callbacks.h"

#include <string.h>

enum {
    DIGITS_MIN = 5,
    DIGITS_MAX = 15,
    LOCAL_PART_MAX = 64,
    LABEL_MAX = 63,
    LOOK_AHEAD_MS = 7 * 24 * 60 * 60 * 1000,
};

struct slice callback_channel_name(enum route_callback_channel channel)
{
    static const char *const names[ROUTE_CALLBACK_CHANNELS] = {[ROUTE_CALLBACK_CHAT] = "chat",
            [ROUTE_CALLBACK_PHONE] = "phone",
            [ROUTE_CALLBACK_EMAIL] = "email"};
    return slice_of_string(names[channel]);
}

bool callback_channel_find(struct slice name, enum route_callback_channel *out_channel)
{
    for (unsigned i = 0; i < ROUTE_CALLBACK_CHANNELS; i++) {
        enum route_callback_channel channel = (enum route_callback_channel)i;
        if (slice_equal(callback_channel_name(channel), name)) {
            *out_channel = channel;
            return true;
        }
    }
    return false;
}

bool callback_is_offered(
        const struct route_callback *callback, const struct callback_situation *situation)
{
    if (callback->channels == 0)
        return false;
    if (!situation->is_open || !situation->is_anybody_there)
        return true;
    return (situation->has_wait ? situation->wait_ms : situation->waited_ms) >= callback->wait_ms;
}

/* ---- windows ---- */

/* Open from then on for so long, without a break. */
static bool is_open_for(const struct route_queue *queue, uint64_t from_ms, uint64_t span_ms)
{
    if (!queue->has_hours)
        return true;
    for (uint64_t at_ms = from_ms; at_ms < from_ms + span_ms;) {
        if (!hours_are_open(&queue->hours, at_ms))
            return false;
        at_ms = hours_change_next_ms(&queue->hours, at_ms);
    }
    return true;
}

/* The next moment, after this one, that is a multiple of the span on the queue's clock. */
static uint64_t next_multiple(const struct route_queue *queue, uint64_t at_ms, uint64_t span_ms)
{
    int64_t offset_ms = (int64_t)zone_offset_s(queue->hours.zone, (int64_t)(at_ms / 1000)) * 1000;
    uint64_t local_ms = (uint64_t)((int64_t)at_ms + offset_ms);
    return at_ms + span_ms - local_ms % span_ms;
}

bool callback_window_is_good(const struct route_queue *queue, uint64_t now_ms, uint64_t from_ms)
{
    uint64_t span_ms = queue->callback.window_ms;
    return span_ms > 0 && from_ms > now_ms && from_ms - now_ms <= LOOK_AHEAD_MS &&
           is_open_for(queue, from_ms, span_ms);
}

/* Nothing begins between a closed moment and this one; never before the moment. */
static uint64_t skip_closed(const struct route_queue *queue, uint64_t at_ms, uint64_t most_ms)
{
    uint64_t opens_ms = hours_open_next_ms(&queue->hours, at_ms) - 1;
    uint64_t until_ms = opens_ms < most_ms ? opens_ms : most_ms;
    return until_ms > at_ms ? until_ms : at_ms;
}

size_t callback_windows(const struct route_queue *queue, uint64_t now_ms,
        struct callback_window out[CALLBACK_WINDOWS_MAX])
{
    uint64_t span_ms = queue->callback.window_ms, at_ms = now_ms;
    size_t count = 0;
    while (span_ms > 0 && count < CALLBACK_WINDOWS_MAX) {
        at_ms = next_multiple(queue, at_ms, span_ms);
        if (at_ms - now_ms > LOOK_AHEAD_MS)
            break;
        if (callback_window_is_good(queue, now_ms, at_ms))
            out[count++] = (struct callback_window){at_ms, at_ms + span_ms};
        else if (queue->has_hours && !hours_are_open(&queue->hours, at_ms))
            at_ms = skip_closed(queue, at_ms, now_ms + LOOK_AHEAD_MS);
    }
    return count;
}

/* ---- addresses ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_number(struct slice text, char *out, size_t *out_len)
{
    size_t len = 0, digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.bytes[i];
        bool is_plus = c == '+' && len == 0;
        if (is_digit(c) && digits == DIGITS_MAX)
            return false;
        if (is_digit(c) || is_plus)
            out[len++] = c;
        else if (memchr(" -./()", c, 6) == NULL)
            return false;
        digits += is_digit(c);
    }
    *out_len = len;
    return digits >= DIGITS_MIN;
}

static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if (c <= ' ' || c == 0x7f || memchr("<>()[],;:\"\\", c, 11) != NULL)
            return false;
    }
    return true;
}

/* Labels with a dot between them, two at least. */
static bool is_domain(struct slice text)
{
    size_t labels = 0, start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.bytes[i] != '.')
            continue;
        size_t len = i - start;
        if (len == 0 || len > LABEL_MAX || text.bytes[start] == '-' || text.bytes[i - 1] == '-')
            return false;
        labels++;
        start = i + 1;
    }
    return labels >= 2;
}

static bool is_mail_address(struct slice text)
{
    const char *at = text.len ? memchr(text.bytes, '@', text.len) : NULL;
    if (at == NULL || !is_printable(text))
        return false;
    size_t local = (size_t)(at - text.bytes);
    struct slice domain = slice_make(at + 1, text.len - local - 1);
    return local > 0 && local <= LOCAL_PART_MAX && domain.len > 0 &&
           memchr(domain.bytes, '@', domain.len) == NULL && is_domain(domain);
}

bool callback_address_read(enum route_callback_channel channel, struct slice text,
        char out[CALLBACK_TEXT_MAX], size_t *out_len)
{
    if (text.len > CALLBACK_TEXT_MAX)
        return false;
    switch (channel) {
    case ROUTE_CALLBACK_CHAT:
        *out_len = 0;
        return text.len == 0;
    case ROUTE_CALLBACK_PHONE:
        return read_number(text, out, out_len);
    case ROUTE_CALLBACK_EMAIL:
        if (!is_mail_address(text))
            return false;
        memcpy(out, text.bytes, text.len);
        *out_len = text.len;
        return true;
    }
    return false;
}
