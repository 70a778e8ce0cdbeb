/* SPDX-License-Identifier: Apache-2.0 */
/* How much room a body takes, encoded.
 *
 * Invariant: never less than it takes; what is added to a body in the schema is added here, and the
 * largest bodies of each kind are encoded in a test.
 */
#include "flow/entry_codec.h"

enum { PIECE = 32 }; /* a member's or an element's own bytes */

static size_t of_options(const struct proto_option *options, size_t count)
{
    size_t room = PIECE;
    for (size_t i = 0; i < count; i++)
        room += 2 * PIECE + options[i].title.len + options[i].value.len;
    return room;
}

static size_t of_pairs(const struct proto_pair *pairs, size_t count)
{
    size_t room = PIECE;
    for (size_t i = 0; i < count; i++)
        room += 2 * PIECE + pairs[i].name.len + pairs[i].value.len;
    return room;
}

static size_t of_cards(const struct proto_card *cards, size_t count)
{
    size_t room = PIECE;
    for (size_t i = 0; i < count; i++) {
        const struct proto_card *card = &cards[i];
        room += 5 * PIECE + card->title.len + card->subtitle.len + card->image.len + card->alt.len;
        for (size_t j = 0; j < card->actions_count; j++)
            room += 3 * PIECE + card->actions[j].title.len + card->actions[j].value.len +
                    card->actions[j].url.len;
    }
    return room;
}

static size_t of_items(const struct proto_list_item *items, size_t count)
{
    size_t room = PIECE;
    for (size_t i = 0; i < count; i++)
        room += 3 * PIECE + items[i].title.len + items[i].text.len + items[i].value.len;
    return room;
}

static size_t of_fields(const struct proto_form_field *fields, size_t count)
{
    size_t room = PIECE;
    for (size_t i = 0; i < count; i++)
        room += 5 * PIECE + fields[i].name.len + fields[i].label.len +
                of_options(fields[i].options, fields[i].options_count);
    return room;
}

size_t body_room(const struct proto_body *body)
{
    return 4 * PIECE + body->text.len + body->chosen.len +
           of_options(body->options, body->options_count) +
           of_pairs(body->answers, body->answers_count) + of_cards(body->cards, body->cards_count) +
           of_items(body->items, body->items_count) + of_fields(body->fields, body->fields_count) +
           4 * PIECE + body->place.lat.len + body->place.lon.len + body->place.name.len +
           5 * PIECE + body->upload.len + body->name.len + body->type.len + body->url.len;
}
