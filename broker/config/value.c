/* SPDX-License-Identifier: Apache-2.0 */
/* One scalar of the file becomes one value: types, ranges, formats and relative paths.
 *
 * Invariant: a value that was stored fits its member and passes its row's check. The place of the
 * fault in the file is the reader's business, not known here.
 */
#include "config/config.h"
#include "config/settings.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 256 };

const struct setting *setting_find(const struct setting *rows, const char *name)
{
    for (; rows->name != NULL; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters must be put in, left out or exchanged to make one of the other. */
static size_t distance(const char *a, const char *b)
{
    enum { LEN_MAX = 40 };
    size_t previous[LEN_MAX + 1], current[LEN_MAX + 1], len = strlen(b);
    if (strlen(a) > LEN_MAX || len > LEN_MAX)
        return LEN_MAX;
    for (size_t j = 0; j <= len; j++)
        previous[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        current[0] = i + 1;
        for (size_t j = 0; j < len; j++)
            current[j + 1] =
                    smallest(previous[j] + (a[i] != b[j]), previous[j + 1] + 1, current[j] + 1);
        memcpy(previous, current, sizeof previous);
    }
    return previous[len];
}

const struct setting *setting_nearest(const struct setting *rows, const char *name)
{
    const struct setting *nearest = NULL;
    size_t least = 1 + strlen(name) / 3;
    for (; rows->name != NULL; rows++) {
        size_t away = distance(name, rows->name);
        if (away <= least && (nearest == NULL || away < least)) {
            nearest = rows;
            least = away;
        }
    }
    return nearest;
}

static bool consists_of(const char *text, size_t len, const char *allowed)
{
    return len > 0 && strspn(text, allowed) >= len;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

bool is_id(const char *text)
{
    return consists_of(text, strlen(text), LOWER DIGITS "-") && strlen(text) < CONFIG_ID_MAX;
}

bool is_address(const char *text)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

bool is_place(const char *text)
{
    char host[CONFIG_PLACE_MAX];
    uint16_t port;
    return config_place_read(text, host, &port);
}

bool is_name(const char *text)
{
    return consists_of(text, strlen(text), LOWER UPPER DIGITS "._-");
}

bool is_origin(const char *text)
{
    const char *rest = strstr(text, "://");
    if (rest == NULL || !consists_of(text, (size_t)(rest - text), LOWER DIGITS "+-."))
        return false;
    rest += 3;
    if (*rest == '[') {
        size_t len = strcspn(rest, "]");
        if (rest[len] == '\0')
            return false;
        rest += len + 1;
    } else {
        size_t len = strcspn(rest, ":");
        if (!consists_of(rest, len, LOWER DIGITS "-._"))
            return false;
        rest += len;
    }
    return *rest == '\0' || (*rest == ':' && consists_of(rest + 1, strlen(rest + 1), DIGITS));
}

bool is_base_url(const char *text)
{
    size_t scheme = strncmp(text, "https://", 8) == 0  ? 8
                    : strncmp(text, "http://", 7) == 0 ? 7
                                                       : 0;
    size_t len = strlen(text);
    return scheme > 0 && len > scheme && text[scheme] != '/' && text[len - 1] != '/' &&
           strpbrk(text, " \"<>\\^`{|}?#") == NULL;
}

/* An origin of the web: no path. */
bool is_endpoint(const char *text)
{
    const char *rest = strstr(text, "://");
    return is_base_url(text) && strchr(rest + 3, '/') == NULL && strchr(rest + 3, '@') == NULL;
}

bool is_bucket(const char *text)
{
    size_t len = strlen(text);
    return consists_of(text, len, LOWER DIGITS "-.") && len >= 3 && len <= 63;
}

bool is_key_prefix(const char *text)
{
    size_t len = strlen(text);
    return consists_of(text, len, LOWER UPPER DIGITS "-_./") && text[0] != '/' &&
           text[len - 1] == '/' && strstr(text, "//") == NULL && strstr(text, "..") == NULL;
}

static const char *store_number(
        const struct setting *row, uint32_t *at, const char *text, char why[WHY_MAX])
{
    size_t len = strlen(text);
    if (!consists_of(text, len, DIGITS)) {
        snprintf(why, WHY_MAX, "must be a whole number, not '%.60s'", text);
        return why;
    }
    unsigned long long value = len > 12 ? UINT64_MAX : strtoull(text, NULL, 10);
    if (value < row->least || value > row->most) {
        snprintf(why, WHY_MAX, "is %.20s; it must be between %u and %u", text, row->least,
                row->most);
        return why;
    }
    *at = (uint32_t)value;
    return NULL;
}

static const char *store_choice(
        const struct setting *row, uint32_t *at, const char *text, char why[WHY_MAX])
{
    for (uint32_t i = 0; row->choices[i] != NULL; i++)
        if (strcmp(row->choices[i], text) == 0) {
            *at = i;
            return NULL;
        }
    int len = snprintf(why, WHY_MAX, "is '%.60s'; it must be one of", text);
    for (uint32_t i = 0; row->choices[i] != NULL; i++)
        len += snprintf(why + len, WHY_MAX - (size_t)len, "%s %s", i ? "," : "", row->choices[i]);
    return why;
}

static const char *store_text(const struct setting *row, char *at, const char *text,
        const char *folder, char why[WHY_MAX])
{
    if (row->is_valid != NULL && !row->is_valid(text)) {
        snprintf(why, WHY_MAX, "is '%.60s'; it must be %s", text, row->wanted);
        return why;
    }
    if (text[0] == '\0')
        return "must not be empty";
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c < ' ' || *c == 0x7f)
            return "must not hold control characters";
    bool is_relative = row->kind == SETTING_PATH && text[0] != '/';
    bool is_here = is_relative && strcmp(text, ".") == 0;
    int len = snprintf(at, row->size, "%s%s%s", is_relative ? folder : "",
            is_relative && !is_here ? "/" : "", is_here ? "" : text);
    if ((size_t)len < row->size)
        return NULL;
    snprintf(why, WHY_MAX, "is too long: at most %zu bytes%s", row->size - 1,
            is_relative ? ", with the folder of this file before it" : "");
    return why;
}

const char *setting_store(const struct setting *row, void *at, const char *text, const char *folder,
        char why[WHY_MAX])
{
    switch (row->kind) {
    case SETTING_NUMBER:
        return store_number(row, at, text, why);
    case SETTING_CHOICE:
        return store_choice(row, at, text, why);
    case SETTING_TEXT:
    case SETTING_PATH:
    case SETTING_TEXTS:
        return store_text(row, at, text, folder, why);
    case SETTING_SECTION:
    case SETTING_SECTIONS:
        break;
    }
    return "must hold settings, not one value";
}
