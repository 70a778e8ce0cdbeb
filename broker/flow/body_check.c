/* SPDX-License-Identifier: Apache-2.0 */
/* Which bodies may be said, by whom.
 *
 * Invariant: whatever is kept can be shown by anybody: it has words for those who do not know its
 * kind, its members are those of its kind, its texts hold no control characters, and nothing in it
 * opens or loads but https and http addresses. There is no markup: words are words.
 */
#include "flow/body_check.h"

#include "flow/entry_codec.h"
#include "port/blobs.h"

/* ---- pieces -----------------------------------------------------------------------------------
 */

static bool is_label(struct slice text)
{
    return text.len > 0 && text_is_clean(text);
}

bool url_is_good(struct slice url)
{
    static const char *const schemes[] = {"https://", "http://"};
    size_t host = 0;
    for (size_t i = 0; i < 2 && host == 0; i++)
        if (slice_starts_with(url, slice_of_string(schemes[i])))
            host = strlen(schemes[i]);
    if (host == 0 || host == url.len || memchr("/?#:@[", url.bytes[host], 6) != NULL)
        return false;
    for (size_t i = host; i < url.len; i++) {
        unsigned char c = (unsigned char)url.bytes[i];
        if (c <= ' ' || c == 0x7f || memchr("<>\"'`\\", c, 6) != NULL)
            return false;
    }
    return true;
}

static bool options_are_good(const struct proto_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_label(options[i].title) || !text_is_clean(options[i].value))
            return false;
    return true;
}

static bool answers_are_good(const struct proto_body *body)
{
    for (size_t i = 0; i < body->answers_count; i++)
        if (!is_label(body->answers[i].name) || !text_is_clean(body->answers[i].value))
            return false;
    return text_is_clean(body->chosen);
}

static bool action_is_good(const struct proto_action *action)
{
    bool says = action->value.len > 0, opens = action->url.len > 0;
    return is_label(action->title) && says != opens && text_is_clean(action->value) &&
           (!opens || url_is_good(action->url));
}

static bool card_is_good(const struct proto_card *card)
{
    for (size_t i = 0; i < card->actions_count; i++)
        if (!action_is_good(&card->actions[i]))
            return false;
    return is_label(card->title) && text_is_clean(card->subtitle) && text_is_clean(card->alt) &&
           (card->image.len == 0 || url_is_good(card->image));
}

static bool cards_are_good(const struct proto_body *body)
{
    for (size_t i = 0; i < body->cards_count; i++)
        if (!card_is_good(&body->cards[i]))
            return false;
    return body->kind == PROTO_BODY_KIND_CARD ? body->cards_count == 1 : body->cards_count > 0;
}

static bool items_are_good(const struct proto_body *body)
{
    for (size_t i = 0; i < body->items_count; i++) {
        const struct proto_list_item *item = &body->items[i];
        if (!is_label(item->title) || !text_is_clean(item->text) || !text_is_clean(item->value))
            return false;
    }
    return body->items_count > 0;
}

static bool field_is_good(const struct proto_body *body, size_t at)
{
    const struct proto_form_field *field = &body->fields[at];
    bool is_choice = field->kind == PROTO_FIELD_KIND_CHOICE;
    for (size_t i = 0; i < at; i++)
        if (slice_equal(body->fields[i].name, field->name))
            return false;
    return is_label(field->name) && is_label(field->label) &&
           (field->options_count > 0) == is_choice &&
           options_are_good(field->options, field->options_count);
}

static bool form_is_good(const struct proto_body *body)
{
    for (size_t i = 0; i < body->fields_count; i++)
        if (!field_is_good(body, i))
            return false;
    return body->fields_count > 0;
}

/* "-33.8568": at most `most` degrees, up to seven decimals. */
static bool is_degrees(struct slice text, unsigned most)
{
    size_t at = text.len > 0 && text.bytes[0] == '-', digits = 0, decimals = 0;
    unsigned whole = 0;
    for (; at < text.len && text.bytes[at] >= '0' && text.bytes[at] <= '9' && digits < 4; digits++)
        whole = whole * 10 + (unsigned)(text.bytes[at++] - '0');
    bool has_point = at < text.len && text.bytes[at] == '.';
    bool is_over = false;
    for (at += has_point; has_point && at < text.len && decimals < 7; at++, decimals++) {
        if (text.bytes[at] < '0' || text.bytes[at] > '9')
            return false;
        is_over = is_over || text.bytes[at] != '0';
    }
    return digits > 0 && at == text.len && has_point == (decimals > 0) &&
           (whole < most || (whole == most && !is_over));
}

static bool place_is_good(const struct proto_body *body)
{
    return body->has_place && is_degrees(body->place.lat, 90) && is_degrees(body->place.lon, 180) &&
           text_is_clean(body->place.name);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* Members that its kind does not have. */
static bool has_file_members(const struct proto_body *body)
{
    return body->upload.len > 0 || body->name.len > 0 || body->type.len > 0 || body->has_bytes ||
           body->url.len > 0;
}

/* What else it says of the file is the server's to say, and is not looked at. */
static bool upload_is_good(struct slice upload)
{
    for (size_t i = 0; i < upload.len; i++)
        if (!((upload.bytes[i] >= 'a' && upload.bytes[i] <= 'z') ||
                    (upload.bytes[i] >= '0' && upload.bytes[i] <= '9')))
            return false;
    return upload.len == BLOB_NAME_LEN;
}

static bool has_others(const struct proto_body *body)
{
    enum proto_body_kind kind = body->kind;
    bool has_cards = kind == PROTO_BODY_KIND_CARD || kind == PROTO_BODY_KIND_CAROUSEL;
    bool is_text = kind == PROTO_BODY_KIND_TEXT;
    return (body->cards_count > 0 && !has_cards) ||
           (body->items_count > 0 && kind != PROTO_BODY_KIND_LIST) ||
           (body->fields_count > 0 && kind != PROTO_BODY_KIND_FORM) ||
           (body->has_place && kind != PROTO_BODY_KIND_LOCATION) ||
           (body->options_count > 0 && kind != PROTO_BODY_KIND_QUICK_REPLIES) ||
           (has_file_members(body) && kind != PROTO_BODY_KIND_FILE) ||
           ((body->answers_count > 0 || body->chosen.len > 0) && !is_text);
}

static const char *member_fault(const struct proto_body *body)
{
    if (has_others(body))
        return "The body has members of another kind of body.";
    switch (body->kind) {
    case PROTO_BODY_KIND_TEXT:
        return answers_are_good(body) ? NULL : "Field 'body.answers' is not well-formed.";
    case PROTO_BODY_KIND_QUICK_REPLIES:
        return options_are_good(body->options, body->options_count)
                       ? NULL
                       : "Field 'body.options' is not well-formed.";
    case PROTO_BODY_KIND_CARD:
    case PROTO_BODY_KIND_CAROUSEL:
        return cards_are_good(body) ? NULL : "Field 'body.cards' is not well-formed.";
    case PROTO_BODY_KIND_LIST:
        return items_are_good(body) ? NULL : "Field 'body.items' is not well-formed.";
    case PROTO_BODY_KIND_FORM:
        return form_is_good(body) ? NULL : "Field 'body.fields' is not well-formed.";
    case PROTO_BODY_KIND_LOCATION:
        return place_is_good(body) ? NULL : "Field 'body.place' is not well-formed.";
    case PROTO_BODY_KIND_SYSTEM:
    case PROTO_BODY_KIND_DELETED:
    case PROTO_BODY_KIND_EDITED:
        return NULL;
    case PROTO_BODY_KIND_FILE:
        return upload_is_good(body->upload) ? NULL : "Field 'body.upload' is not well-formed.";
    }
    return NULL;
}

/* Customers say words, where they are, and files; the rest is for those who serve them. */
static bool may_say(enum proto_body_kind kind, enum speaker speaker)
{
    bool is_plain = kind == PROTO_BODY_KIND_TEXT || kind == PROTO_BODY_KIND_LOCATION;
    bool is_rich = kind == PROTO_BODY_KIND_QUICK_REPLIES || kind == PROTO_BODY_KIND_CARD ||
                   kind == PROTO_BODY_KIND_CAROUSEL || kind == PROTO_BODY_KIND_LIST ||
                   kind == PROTO_BODY_KIND_FORM;
    bool is_file = kind == PROTO_BODY_KIND_FILE && speaker != SPEAKER_BOT;
    return is_plain || is_file || (is_rich && speaker != SPEAKER_CUSTOMER);
}

bool body_is_good(const struct proto_body *body, enum speaker speaker, struct body_fault *out_fault)
{
    bool is_empty_allowed =
            speaker == SPEAKER_BOT &&
            (body->kind == PROTO_BODY_KIND_TEXT || body->kind == PROTO_BODY_KIND_QUICK_REPLIES);
    if (!text_is_clean(body->text) || (body->text.len == 0 && !is_empty_allowed)) {
        *out_fault = (struct body_fault){PROTO_ERROR_OUT_OF_RANGE,
                "Field 'body.text' is empty, or holds control characters."};
        return false;
    }
    if (!may_say(body->kind, speaker)) {
        *out_fault = body->kind == PROTO_BODY_KIND_FILE
                             ? (struct body_fault){PROTO_ERROR_BODY_UNSUPPORTED, NULL}
                             : (struct body_fault){PROTO_ERROR_FORBIDDEN,
                                       "This role may not send messages of this kind."};
        return false;
    }
    *out_fault = (struct body_fault){PROTO_ERROR_OUT_OF_RANGE, member_fault(body)};
    return out_fault->message == NULL;
}
