/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with more than words: cards, lists, forms, places.
 *
 * Invariant: what the server would refuse is refused here, with false, before anything is added: a
 * refused commit is a lost turn. Only what a schema cannot say is looked at: pieces that must be
 * there, addresses, and that an action does one thing.
 */
#include "bots/sdk/c/bot_turn.h"

#include <stdlib.h>

enum { TITLE_MAX = 120, LABEL_MAX = 128, SHORT_MAX = 80, VALUE_MAX = 256, URL_MAX = 1024 };
enum { ACTIONS_MAX = 4, NAME_MAX_BYTES = 64, DEGREES_MAX = 16 };

static bool is_there(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool url_is_good(const char *url)
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    if (scheme == 0 || url[scheme] == '\0' || strchr("/?#:@[", url[scheme]) != NULL)
        return false;
    for (const char *at = url; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("<>\"'`\\", *at) != NULL)
            return false;
    return true;
}

static bool take_url(struct bot_turn *turn, const char *url, struct slice *out)
{
    return (!is_there(url) || url_is_good(url)) && bot_turn_take_optional(turn, url, URL_MAX, out);
}

/* Begins a message with the words that stand for it. */
static bool begin(
        struct bot_turn *turn, enum proto_body_kind kind, const char *text, struct proto_body *out)
{
    *out = (struct proto_body){.kind = kind};
    return turn->message_count < PROTO_LIMIT_COMMIT_MESSAGES && is_there(text) &&
           bot_turn_take_text(turn, text, PROTO_LIMIT_TEXT_BYTES, &out->text);
}

static bool add(struct bot_turn *turn, const struct proto_body *body)
{
    turn->messages[turn->message_count++] = *body;
    return true;
}

/* ---- cards ------------------------------------------------------------------------------------
 */

static bool take_action(
        struct bot_turn *turn, const struct bot_action *action, struct proto_action *out)
{
    return is_there(action->title) && is_there(action->value) != is_there(action->url) &&
           bot_turn_take_text(turn, action->title, SHORT_MAX, &out->title) &&
           bot_turn_take_optional(turn, action->value, VALUE_MAX, &out->value) &&
           take_url(turn, action->url, &out->url);
}

static bool take_card(struct bot_turn *turn, const struct bot_card *card, struct proto_card *out)
{
    struct proto_action *actions =
            arena_take(&turn->arena, (card->actions_count + 1) * sizeof *actions);
    bool is_good = actions != NULL && card->actions_count <= ACTIONS_MAX && is_there(card->title);
    for (size_t i = 0; is_good && i < card->actions_count; i++)
        is_good = take_action(turn, &card->actions[i], &actions[i]);
    out->actions = actions;
    out->actions_count = card->actions_count;
    return is_good && bot_turn_take_text(turn, card->title, TITLE_MAX, &out->title) &&
           bot_turn_take_optional(turn, card->subtitle, VALUE_MAX, &out->subtitle) &&
           take_url(turn, card->image, &out->image) &&
           bot_turn_take_optional(turn, card->alt, VALUE_MAX, &out->alt);
}

bool bot_cards(
        struct bot_turn *turn, const char *text, const struct bot_card *cards, size_t cards_count)
{
    struct proto_body body;
    if (cards_count == 0 || cards_count > PROTO_LIMIT_CARDS ||
            !begin(turn, cards_count == 1 ? PROTO_BODY_KIND_CARD : PROTO_BODY_KIND_CAROUSEL, text,
                    &body))
        return false;
    struct proto_card *taken = arena_take(&turn->arena, cards_count * sizeof *taken);
    bool is_good = taken != NULL;
    for (size_t i = 0; is_good && i < cards_count; i++)
        is_good = take_card(turn, &cards[i], &taken[i]);
    body.cards = taken;
    body.cards_count = cards_count;
    return is_good && add(turn, &body);
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static bool take_item(
        struct bot_turn *turn, const struct bot_item *item, struct proto_list_item *out)
{
    return is_there(item->title) && bot_turn_take_text(turn, item->title, TITLE_MAX, &out->title) &&
           bot_turn_take_optional(turn, item->text, VALUE_MAX, &out->text) &&
           bot_turn_take_optional(turn, item->value, VALUE_MAX, &out->value);
}

bool bot_list(
        struct bot_turn *turn, const char *text, const struct bot_item *items, size_t items_count)
{
    struct proto_body body;
    if (items_count == 0 || items_count > PROTO_LIMIT_LIST_ITEMS ||
            !begin(turn, PROTO_BODY_KIND_LIST, text, &body))
        return false;
    struct proto_list_item *taken = arena_take(&turn->arena, items_count * sizeof *taken);
    bool is_good = taken != NULL;
    for (size_t i = 0; is_good && i < items_count; i++)
        is_good = take_item(turn, &items[i], &taken[i]);
    body.items = taken;
    body.items_count = items_count;
    return is_good && add(turn, &body);
}

/* ---- forms ------------------------------------------------------------------------------------
 */

static bool take_options(
        struct bot_turn *turn, const struct bot_field *field, struct proto_form_field *out)
{
    size_t count = field->options_count;
    struct proto_option *options = arena_take(&turn->arena, (count + 1) * sizeof *options);
    bool is_good = options != NULL && count <= PROTO_LIMIT_OPTIONS &&
                   (count > 0) == (field->kind == BOT_FIELD_CHOICE);
    for (size_t i = 0; is_good && i < count; i++)
        is_good =
                is_there(field->options[i].title) &&
                bot_turn_take_text(turn, field->options[i].title, SHORT_MAX, &options[i].title) &&
                bot_turn_take_optional(turn, field->options[i].value, VALUE_MAX, &options[i].value);
    out->options = options;
    out->options_count = count;
    return is_good;
}

static bool take_field(
        struct bot_turn *turn, const struct bot_field *field, struct proto_form_field *out)
{
    static const enum proto_field_kind kinds[] = {
            [BOT_FIELD_TEXT] = PROTO_FIELD_KIND_TEXT,
            [BOT_FIELD_MULTILINE] = PROTO_FIELD_KIND_MULTILINE,
            [BOT_FIELD_NUMBER] = PROTO_FIELD_KIND_NUMBER,
            [BOT_FIELD_EMAIL] = PROTO_FIELD_KIND_EMAIL,
            [BOT_FIELD_PHONE] = PROTO_FIELD_KIND_PHONE,
            [BOT_FIELD_DATE] = PROTO_FIELD_KIND_DATE,
            [BOT_FIELD_CHOICE] = PROTO_FIELD_KIND_CHOICE,
            [BOT_FIELD_CHECKBOX] = PROTO_FIELD_KIND_CHECKBOX,
    };
    if ((unsigned)field->kind > BOT_FIELD_CHECKBOX || !is_there(field->name) ||
            !is_there(field->label) || !take_options(turn, field, out))
        return false;
    out->kind = kinds[field->kind];
    out->has_must = field->must;
    out->must = field->must;
    return bot_turn_take_text(turn, field->name, NAME_MAX_BYTES, &out->name) &&
           bot_turn_take_text(turn, field->label, LABEL_MAX, &out->label);
}

static bool has_name_before(const struct proto_form_field *fields, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (slice_equal(fields[i].name, fields[at].name))
            return true;
    return false;
}

bool bot_form(struct bot_turn *turn, const char *text, const struct bot_field *fields,
        size_t fields_count)
{
    struct proto_body body;
    if (fields_count == 0 || fields_count > PROTO_LIMIT_FORM_FIELDS ||
            !begin(turn, PROTO_BODY_KIND_FORM, text, &body))
        return false;
    struct proto_form_field *taken = arena_take(&turn->arena, fields_count * sizeof *taken);
    bool is_good = taken != NULL;
    for (size_t i = 0; is_good && i < fields_count; i++)
        is_good = take_field(turn, &fields[i], &taken[i]) && !has_name_before(taken, i);
    body.fields = taken;
    body.fields_count = fields_count;
    return is_good && add(turn, &body);
}

/* ---- places -----------------------------------------------------------------------------------
 */

static bool is_degrees(const char *text, unsigned most)
{
    char *end = NULL;
    if (!is_there(text) || strspn(text, "-0123456789.") != strlen(text))
        return false;
    double degrees = strtod(text, &end);
    const char *point = strchr(text, '.');
    return *end == '\0' && degrees >= -(double)most && degrees <= (double)most &&
           text[strspn(text, "-")] != '.' &&
           (point == NULL || (point[1] != '\0' && strlen(point + 1) <= 7));
}

bool bot_location(
        struct bot_turn *turn, const char *text, const char *lat, const char *lon, const char *name)
{
    struct proto_body body;
    if (!is_degrees(lat, 90) || !is_degrees(lon, 180) ||
            !begin(turn, PROTO_BODY_KIND_LOCATION, text, &body))
        return false;
    body.has_place = true;
    return bot_turn_take_text(turn, lat, DEGREES_MAX, &body.place.lat) &&
           bot_turn_take_text(turn, lon, DEGREES_MAX, &body.place.lon) &&
           bot_turn_take_optional(turn, name, LABEL_MAX, &body.place.name) && add(turn, &body);
}
