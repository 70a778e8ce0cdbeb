/* SPDX-License-Identifier: Apache-2.0 */
/* Values in words: order numbers, e-mail addresses, numbers, choices.
 *
 * Invariant: from words that were not asked for, only what is unmistakable is taken; a wrong guess
 * costs the customer more than one question. Prices, dates and telephone numbers are no order
 * numbers.
 */
#include "bots/guide/find_slot.h"

#include "bots/guide/words.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool keep(const char *from, size_t len, char *out_value)
{
    if (len == 0 || len > SLOT_VALUE_MAX)
        return false;
    memcpy(out_value, from, len);
    out_value[len] = '\0';
    return true;
}

static bool keep_capitals(const char *from, size_t len, char *out_value)
{
    if (!keep(from, len, out_value))
        return false;
    for (char *at = out_value; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    return true;
}

/* The length of the pattern's match at the start of text; 0: none. */
static size_t match_pattern(const char *pattern, const char *text)
{
    size_t len = 0;
    for (; *pattern; pattern++, len++) {
        bool fits = *pattern == '#'   ? is_digit(text[len])
                    : *pattern == '@' ? is_letter(text[len])
                                      : strncasecmp(pattern, text + len, 1) == 0;
        if (!fits)
            return 0;
    }
    return is_letter(text[len]) || is_digit(text[len]) ? 0 : len;
}

static bool find_pattern(const char *pattern, const char *text, char *out_value)
{
    for (const char *at = text; *at; at++) {
        bool is_start = at == text || !(is_letter(at[-1]) || is_digit(at[-1]));
        size_t len = is_start ? match_pattern(pattern, at) : 0;
        if (len > 0)
            return keep_capitals(at, len, out_value);
    }
    return false;
}

/* A run of letters, digits and dashes with 4 to 12 digits, at most 4 letters. */
static bool is_order_number(const char *run, size_t len)
{
    size_t digits = 0, letters = 0, dashes = 0;
    for (size_t i = 0; i < len; i++) {
        digits += is_digit(run[i]);
        letters += is_letter(run[i]);
        dashes += run[i] == '-';
    }
    return digits >= 4 && digits <= 12 && letters <= 4 && dashes <= 1 && is_digit(run[len - 1]);
}

static bool find_order_number(const char *text, char *out_value)
{
    for (const char *at = text; *at;) {
        size_t len = 0;
        while (is_letter(at[len]) || is_digit(at[len]) || (at[len] == '-' && len > 0))
            len++;
        char before = at == text ? ' ' : at[-1];
        bool is_part = (before != '\0' && strchr("+.,/:@", before)) ||
                       (strchr(".,/:@", at[len]) && at[len] && is_digit(at[len + 1]));
        if (len > 0 && !is_part && is_order_number(at, len))
            return keep_capitals(at, len, out_value);
        at += len ? len : 1;
    }
    return false;
}

static bool is_address_letter(char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("._%+-", c) != NULL);
}

static bool find_email(const char *text, char *out_value)
{
    for (const char *at = strchr(text, '@'); at != NULL; at = strchr(at + 1, '@')) {
        const char *start = at, *end = at + 1;
        while (start > text && is_address_letter(start[-1]))
            start--;
        while (is_letter(*end) || is_digit(*end) || *end == '.' || *end == '-')
            end++;
        while (end > at + 1 && !is_letter(end[-1]))
            end--;
        const char *dot = memchr(at + 1, '.', (size_t)(end - at - 1));
        if (start < at && dot != NULL && dot > at + 1 && dot + 2 < end)
            return keep(start, (size_t)(end - start), out_value);
    }
    return false;
}

static bool find_number(const char *text, char *out_value)
{
    size_t at = strcspn(text, "0123456789");
    size_t len = strspn(text + at, "0123456789");
    if (len == 0)
        return false;
    char mark = text[at + len];
    if ((mark == '.' || mark == ',') && is_digit(text[at + len + 1]))
        len += 1 + strspn(text + at + len + 1, "0123456789");
    return keep(text + at, len, out_value);
}

static bool has_word(const struct words *words, const char *text)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i].text, text) == 0)
            return true;
    return false;
}

/* The choice with the most words, all of them in the text. */
static bool find_choice(const struct text_list *choices, const char *text, char *out_value)
{
    struct words words, choice;
    size_t best = 0;
    words_read(slice_of_string(text), &words);
    for (size_t i = 0; i < choices->count; i++) {
        size_t found = 0;
        words_read(slice_of_string(choices->items[i]), &choice);
        while (found < choice.count && has_word(&words, choice.items[found].text))
            found++;
        if (found == choice.count && found > best) {
            best = found;
            snprintf(out_value, SLOT_VALUE_MAX + 1, "%s", choices->items[i]);
        }
    }
    return best > 0;
}

static bool find_text(const char *text, char *out_value)
{
    while (*text == ' ' || *text == '\n')
        text++;
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\n'))
        len--;
    if (len > SLOT_VALUE_MAX) {
        len = SLOT_VALUE_MAX;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    return keep(text, len, out_value);
}

bool find_slot(const struct slot *slot, const char *text, bool was_asked,
        char out_value[SLOT_VALUE_MAX + 1])
{
    if (slot->pattern != NULL)
        return find_pattern(slot->pattern, text, out_value);
    switch (slot->kind) {
    case SLOT_TEXT:
        return was_asked && find_text(text, out_value);
    case SLOT_ORDER_NUMBER:
        return find_order_number(text, out_value);
    case SLOT_EMAIL:
        return find_email(text, out_value);
    case SLOT_NUMBER:
        return was_asked && find_number(text, out_value);
    case SLOT_CHOICE:
        return find_choice(&slot->choices, text, out_value);
    }
    return false;
}
