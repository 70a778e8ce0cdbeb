/* SPDX-License-Identifier: Apache-2.0 */
/* Elements are found by their tags, in a text that is bounded by whoever received it.
 *
 * Invariant: whatever the text is, nothing outside of it is read. Entities are not decoded, since
 * what is looked for has none: keys that Weft wrote, numbers, dates and codes.
 */
#include "s3/s3_text.h"

#include "base/check.h"

#include <stdio.h>
#include <time.h>

enum { TAG_MAX = 48, DATE_LEN = 19 };

struct slice s3_text_next(struct slice *text, const char *name)
{
    char begin[TAG_MAX], end[TAG_MAX];
    int begin_len = snprintf(begin, sizeof begin, "<%s>", name);
    int end_len = snprintf(end, sizeof end, "</%s>", name);
    check(end_len < TAG_MAX);
    const char *last = text->bytes + text->len;
    const char *from = text->len ? memmem(text->bytes, text->len, begin, (size_t)begin_len) : NULL;
    from = from ? from + begin_len : NULL;
    const char *to = from ? memmem(from, (size_t)(last - from), end, (size_t)end_len) : NULL;
    if (to == NULL) {
        *text = SLICE_NONE;
        return SLICE_NONE;
    }
    *text = slice_make(to + end_len, (size_t)(last - to) - (size_t)end_len);
    return slice_make(from, (size_t)(to - from));
}

struct slice s3_text_find(struct slice text, const char *name)
{
    return s3_text_next(&text, name);
}

bool s3_text_number(struct slice digits, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.bytes[i] < '0' || digits.bytes[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(digits.bytes[i] - '0');
        if (i >= 18)
            return false;
    }
    *out = number;
    return digits.len > 0;
}

static bool read_part(struct slice text, size_t at, size_t len, int *out)
{
    uint64_t number;
    if (!s3_text_number(slice_make(text.bytes + at, len), &number))
        return false;
    *out = (int)number;
    return true;
}

bool s3_text_date(struct slice text, int64_t *out_s)
{
    struct tm tm = {0};
    if (text.len < DATE_LEN || text.bytes[4] != '-' || text.bytes[7] != '-' ||
            text.bytes[10] != 'T' || text.bytes[13] != ':' || text.bytes[16] != ':' ||
            !read_part(text, 0, 4, &tm.tm_year) || !read_part(text, 5, 2, &tm.tm_mon) ||
            !read_part(text, 8, 2, &tm.tm_mday) || !read_part(text, 11, 2, &tm.tm_hour) ||
            !read_part(text, 14, 2, &tm.tm_min) || !read_part(text, 17, 2, &tm.tm_sec))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out_s = (int64_t)timegm(&tm);
    return true;
}
