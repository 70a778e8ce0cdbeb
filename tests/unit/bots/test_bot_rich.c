/* SPDX-License-Identifier: Apache-2.0 */
/* Cards, lists, forms and places of a bot: what the SDK takes the server takes, and what the server
 * would refuse the SDK refuses, so that no turn is lost by it. */
#include "bots/sdk/c/bot_turn.h"
#include "flow/body_check.h"
#include "lib/test.h"

static const struct proto_pair answers[] = {{{"size", 4}, {"42", 2}}, {{"note", 4}, {NULL, 0}}};

static struct bot_turn *new_turn(void)
{
    const struct proto_input input = {.at = {1, {1}},
            .body = {.kind = PROTO_BODY_KIND_TEXT,
                    .text = SLICE_OF("42"),
                    .answers = answers,
                    .answers_count = 2}};
    const struct proto_turn frame = {.turn = {16, {1}},
            .conversation = SLICE_OF("c1"),
            .attempt = 1,
            .context = {.contact = SLICE_OF("ct")},
            .input = &input,
            .input_count = 1};
    return bot_turn_create(&(struct weft_bot){.on_turn = NULL}, &frame);
}

static const struct bot_action buy = {"Buy", "buy-1", NULL}, more = {"More", NULL, "https://a.b/c"};
static const struct bot_option sizes[] = {{"S", NULL}, {"L", "large"}};
static const struct bot_card two_cards[] = {
        {"Red", "5 EUR", "https://a.b/r.jpg", "A red shoe", &buy, 1},
        {"Blue", NULL, NULL, NULL, &more, 1}};
static const struct bot_item items[] = {{"One", "first", "1"}, {"Two", NULL, NULL}};
static const struct bot_field fields[] = {{"who", "Name", BOT_FIELD_TEXT, true, NULL, 0},
        {"size", "Size", BOT_FIELD_CHOICE, false, sizes, 2}};

static void what_the_sdk_takes_the_server_takes(void)
{
    struct bot_turn *turn = new_turn();
    struct proto_frame frame;
    struct body_fault fault = {0};
    expect(bot_cards(turn, "A shoe", two_cards, 1));
    expect(bot_cards(turn, "Two shoes", two_cards, 2));
    expect(bot_list(turn, "One or two?", items, 2));
    expect(bot_form(turn, "Your name?", fields, 2));
    expect(bot_location(turn, "Opera House", "-33.8568", "151.2153", "Opera House"));
    bot_turn_write_end(turn, &frame);
    expect_u64(frame.as.commit.messages_count, 5);
    for (size_t i = 0; i < frame.as.commit.messages_count; i++) {
        test_note("message %zu", i);
        expect(body_is_good(&frame.as.commit.messages[i], SPEAKER_BOT, &fault));
    }
    expect_u64(frame.as.commit.messages[0].kind, PROTO_BODY_KIND_CARD);
    expect_u64(frame.as.commit.messages[1].kind, PROTO_BODY_KIND_CAROUSEL);
    expect_slice(frame.as.commit.messages[1].cards[1].actions[0].url, SLICE_OF("https://a.b/c"));
    bot_turn_destroy(turn);
}

static bool card_is_taken(struct bot_turn *turn, const struct bot_card *card)
{
    return bot_cards(turn, "x", card, 1);
}

static bool field_is_taken(struct bot_turn *turn, const struct bot_field *field, size_t count)
{
    return bot_form(turn, "x", field, count);
}

static void what_the_server_would_refuse_is_refused_before(void)
{
    static const char *const bad_urls[] = {"javascript:alert(1)", "data:text/html,x", "//a.b", "/a",
            "https://", "https:///a", "https://a b", "https://a\"b"};
    static const char *const bad_degrees[] = {
            "", "91", "-91", "NaN", "1.", ".5", "1e1", "1.12345678"};
    const struct bot_field twice[] = {fields[0], fields[0]};
    struct bot_action idle = {"Title", NULL, NULL}, busy = {"Title", "value", "https://a.b"};
    struct bot_turn *turn = new_turn();
    for (size_t i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++) {
        test_note("address '%s'", bad_urls[i]);
        struct bot_action opens = {"Title", NULL, bad_urls[i]};
        expect(!card_is_taken(turn, &(struct bot_card){.title = "t", .image = bad_urls[i]}));
        expect(!card_is_taken(
                turn, &(struct bot_card){.title = "t", .actions = &opens, .actions_count = 1}));
    }
    for (size_t i = 0; i < sizeof bad_degrees / sizeof *bad_degrees; i++) {
        test_note("degrees '%s'", bad_degrees[i]);
        expect(!bot_location(turn, "x", bad_degrees[i], "0", NULL));
    }
    expect(!card_is_taken(
            turn, &(struct bot_card){.title = "t", .actions = &idle, .actions_count = 1}));
    expect(!card_is_taken(
            turn, &(struct bot_card){.title = "t", .actions = &busy, .actions_count = 1}));
    expect(!card_is_taken(turn, &(struct bot_card){.title = ""}));
    expect(!bot_cards(turn, "", two_cards, 2) && !bot_cards(turn, "x", two_cards, 0));
    expect(!bot_list(turn, "x", items, 0) && !bot_list(turn, NULL, items, 2));
    expect(!field_is_taken(turn, twice, 2));
    expect(!field_is_taken(
            turn, &(struct bot_field){"a", "b", BOT_FIELD_CHOICE, false, NULL, 0}, 1));
    expect(!field_is_taken(
            turn, &(struct bot_field){"a", "b", BOT_FIELD_TEXT, false, sizes, 2}, 1));
    expect_u64(turn->message_count, 0);
    bot_turn_destroy(turn);
}

static void what_was_filled_in_is_told_by_name(void)
{
    struct bot_turn *turn = new_turn();
    expect_slice(slice_of_string(bot_form_answer(turn, "size")), SLICE_OF("42"));
    expect(bot_form_answer(turn, "note") == NULL && bot_form_answer(turn, "other") == NULL);
    bot_turn_destroy(turn);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(what_the_sdk_takes_the_server_takes),
                    CASE(what_the_server_would_refuse_is_refused_before),
                    CASE(what_was_filled_in_is_told_by_name), {0}});
}
