/* SPDX-License-Identifier: Apache-2.0 */
/* Filling templates.
 *
 * Invariant: what a customer wrote is only ever inserted, never read as a template itself, so
 * nobody writes {name} into our mouth. A brace or bracket without its partner is an ordinary
 * character.
 */
#include "bots/guide/template.h"

struct filling {
    template_value_fn *value;
    const void *context;
    struct buffer *out;
};

/* Answers false when the name had no value. */
static bool put_value(const struct filling *filling, struct slice name)
{
    const char *value = filling->value(filling->context, name);
    if (value == NULL || value[0] == '\0')
        return false;
    buffer_put(filling->out, value, strlen(value));
    return true;
}

static bool fill(const struct filling *filling, const char *text, const char *end);

static const char *find_partner(const char *text, const char *end, char partner)
{
    return end > text ? memchr(text, partner, (size_t)(end - text)) : NULL;
}

/* Left out again when something in it had no value. */
static void fill_optional(const struct filling *filling, const char *text, const char *end)
{
    struct buffer before = *filling->out;
    if (!fill(filling, text, end))
        *filling->out = before;
}

static bool fill(const struct filling *filling, const char *text, const char *end)
{
    bool is_whole = true;
    while (text < end) {
        const char *partner = NULL;
        if (*text == '{' || *text == '[')
            partner = find_partner(text + 1, end, *text == '{' ? '}' : ']');
        if (*text == '\\' && text + 1 < end && strchr("[]{}\\", text[1])) {
            buffer_put_char(filling->out, text[1]);
            text += 2;
            continue;
        }
        if (partner == NULL) {
            buffer_put_char(filling->out, *text++);
            continue;
        }
        if (*text == '{')
            is_whole &= put_value(filling, slice_make(text + 1, (size_t)(partner - text - 1)));
        else
            fill_optional(filling, text + 1, partner);
        text = partner + 1;
    }
    return is_whole;
}

void template_fill(
        const char *text, template_value_fn *value, const void *context, struct buffer *out)
{
    const struct filling filling = {value, context, out};
    fill(&filling, text, text + strlen(text));
}
