/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a time zone: the 64-bit part of a TZif file, and the rule in its footer.
 *
 * Invariant: nothing is read beyond the bytes that were given, and a file that is not understood
 * whole is refused: half a zone would be an hour wrong one day.
 * source: RFC 8536; the footer is a POSIX TZ string ("CET-1CEST,M3.5.0,M10.5.0/3")
 */
#include "core/route/hours.h"

enum { HEAD_BYTES = 44, TYPE_BYTES = 6, HOUR_S = 3600 };

struct head {
    uint32_t ut_count, std_count, leap_count, change_count, type_count, text_count;
};

static uint32_t read_u32(const char *bytes)
{
    const uint8_t *at = (const uint8_t *)bytes;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const char *bytes)
{
    return (int64_t)((uint64_t)read_u32(bytes) << 32 | read_u32(bytes + 4));
}

static bool read_head(struct slice file, size_t at, struct head *out)
{
    if (file.len < at + HEAD_BYTES || memcmp(file.bytes + at, "TZif", 4) != 0 ||
            file.bytes[at + 4] < '2')
        return false;
    const char *counts = file.bytes + at + 20;
    *out = (struct head){read_u32(counts), read_u32(counts + 4), read_u32(counts + 8),
            read_u32(counts + 12), read_u32(counts + 16), read_u32(counts + 20)};
    return out->change_count < 65536 && out->type_count > 0 && out->type_count <= 256 &&
           out->text_count < 65536 && out->leap_count < 65536 && out->ut_count <= 256 &&
           out->std_count <= 256;
}

static size_t body_bytes(const struct head *head, size_t time_bytes)
{
    return (size_t)head->change_count * (time_bytes + 1) + head->type_count * TYPE_BYTES +
           head->text_count + head->leap_count * (time_bytes + 4) + head->std_count +
           head->ut_count;
}

/* ---- the footer ---- */

static bool skip_char(struct slice *text, char c)
{
    if (text->len == 0 || text->bytes[0] != c)
        return false;
    *text = slice_make(text->bytes + 1, text->len - 1);
    return true;
}

static bool read_number(struct slice *text, int32_t most, int32_t *out)
{
    int32_t value = 0;
    size_t digits = 0;
    while (text->len > 0 && text->bytes[0] >= '0' && text->bytes[0] <= '9') {
        value = value * 10 + (text->bytes[0] - '0');
        if (value > most)
            return false;
        *text = slice_make(text->bytes + 1, text->len - 1);
        digits++;
    }
    *out = value;
    return digits > 0;
}

/* [+|-]h[:m[:s]] in seconds. */
static bool read_time(struct slice *text, int32_t *out_s)
{
    bool is_minus = skip_char(text, '-');
    int32_t hours, minutes = 0, seconds = 0;
    if (!is_minus)
        skip_char(text, '+');
    if (!read_number(text, 167, &hours))
        return false;
    if (skip_char(text, ':') && !read_number(text, 59, &minutes))
        return false;
    if (skip_char(text, ':') && !read_number(text, 59, &seconds))
        return false;
    *out_s = (hours * HOUR_S + minutes * 60 + seconds) * (is_minus ? -1 : 1);
    return true;
}

static bool skip_abbreviation(struct slice *text)
{
    bool is_quoted = skip_char(text, '<');
    size_t len = 0;
    while (len < text->len &&
            (is_quoted ? text->bytes[len] != '>'
                       : (text->bytes[len] | 32) >= 'a' && (text->bytes[len] | 32) <= 'z'))
        len++;
    *text = slice_make(text->bytes + len, text->len - len);
    return len >= 3 && (!is_quoted || skip_char(text, '>'));
}

/* ,Mm.w.d[/time] */
static bool read_rule(struct slice *text, struct zone_rule *out)
{
    int32_t month, week, weekday, at_s = 2 * HOUR_S;
    if (!skip_char(text, ',') || !skip_char(text, 'M') || !read_number(text, 12, &month) ||
            !skip_char(text, '.') || !read_number(text, 5, &week) || !skip_char(text, '.') ||
            !read_number(text, 6, &weekday) || month == 0 || week == 0)
        return false;
    if (skip_char(text, '/') && !read_time(text, &at_s))
        return false;
    *out = (struct zone_rule){(uint8_t)month, (uint8_t)week, (uint8_t)weekday, at_s};
    return true;
}

/* An empty footer says that the last change holds for ever. */
static bool read_footer(struct slice text, struct zone *zone)
{
    int32_t west_s;
    if (text.len == 0)
        return true;
    if (!skip_abbreviation(&text) || !read_time(&text, &west_s))
        return false;
    zone->standard_s = zone->summer_s = -west_s;
    if (text.len == 0) /* no summer time: what the last change says, or this from the beginning */
        return true;
    zone->summer_s += HOUR_S;
    if (!skip_abbreviation(&text))
        return false;
    if (text.len > 0 && text.bytes[0] != ',') {
        if (!read_time(&text, &west_s))
            return false;
        zone->summer_s = -west_s;
    }
    zone->has_rule = true;
    return read_rule(&text, &zone->summer_begins) && read_rule(&text, &zone->summer_ends) &&
           text.len == 0;
}

/* ---- the file ---- */

static bool read_changes(const char *times, const struct head *head, struct zone *zone)
{
    const char *indexes = times + (size_t)head->change_count * 8;
    const char *types = indexes + head->change_count;
    zone->first_offset_s = (int32_t)read_u32(types);
    for (uint32_t i = 0; i < head->change_count; i++) {
        uint8_t type = (uint8_t)indexes[i];
        if (type >= head->type_count)
            return false;
        zone->changes[i] = (struct zone_change){read_i64(times + (size_t)i * 8),
                (int32_t)read_u32(types + (size_t)type * TYPE_BYTES)};
        if (i > 0 && zone->changes[i].at_s <= zone->changes[i - 1].at_s)
            return false;
    }
    zone->change_count = head->change_count;
    return true;
}

bool zone_read(struct slice file, struct zone *out_zone)
{
    struct head head;
    if (!read_head(file, 0, &head))
        return false;
    size_t at = HEAD_BYTES + body_bytes(&head, 4);
    if (!read_head(file, at, &head) || head.change_count > ZONE_CHANGES_MAX)
        return false;
    size_t body = at + HEAD_BYTES, end = body + body_bytes(&head, 8);
    if (file.len < end + 2 || file.bytes[end] != '\n' || file.bytes[file.len - 1] != '\n')
        return false;
    struct zone zone = {0};
    if (!read_changes(file.bytes + body, &head, &zone) ||
            !read_footer(slice_make(file.bytes + end + 1, file.len - end - 2), &zone))
        return false;
    *out_zone = zone;
    return true;
}
