/* SPDX-License-Identifier: Apache-2.0 */
/* A turn's memory, and what its author may read of it.
 *
 * Invariant: everything that a turn knows and says lies in its one arena, so a turn in flight costs
 * a bounded, known amount, and is given back whole. The turn never changes the state that it was
 * handed: changes collect in the patch, and bot_get looks there first.
 */
#include "bots/sdk/c/bot_turn.h"

#include "base/check.h"
#include "proto/codec.h"

#include <stdlib.h>

enum { STATE_VALUE_MAX = 2048 };

/* The slot whose value the customer was asked for in the last turn. */
static const char asked_name[] = "_asked";

const char *bot_turn_copy(struct bot_turn *turn, struct slice text)
{
    char *copy = arena_take(&turn->arena, text.len + 1);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.bytes[i] ? text.bytes[i] : ' ';
    return copy;
}

static const char *copy_optional(struct bot_turn *turn, struct slice text)
{
    return text.bytes == NULL ? NULL : bot_turn_copy(turn, text);
}

static void read_context(struct bot_turn *turn, const struct proto_context *context)
{
    turn->contact = copy_optional(turn, context->contact);
    turn->contact_name = copy_optional(turn, context->name);
    turn->language = copy_optional(turn, context->language);
    turn->page = copy_optional(turn, context->page);
    turn->channel = copy_optional(turn, context->channel);
    turn->is_proven = context->has_proven && context->proven;
    turn->cases = context->has_cases ? context->cases : 0;
}

static void read_answers(struct bot_turn *turn, const struct proto_body *body)
{
    turn->answer_count = 0;
    for (size_t i = 0; i < body->answers_count && i < PROTO_LIMIT_FORM_FIELDS; i++)
        turn->answers[turn->answer_count++] =
                (struct bot_pair){bot_turn_copy(turn, body->answers[i].name),
                        copy_optional(turn, body->answers[i].value)};
}

static void read_input(struct bot_turn *turn, const struct proto_turn *frame)
{
    size_t len = 0;
    for (size_t i = 0; i < frame->input_count && i < BOT_INPUTS_MAX; i++) {
        const struct proto_body *body = &frame->input[i].body;
        turn->inputs[turn->input_count++] = bot_turn_copy(turn, body->text);
        len += body->text.len + 1;
        if (body->answers_count > 0)
            read_answers(turn, body);
        if (body->chosen.bytes != NULL)
            turn->chosen = bot_turn_copy(turn, body->chosen);
    }
    char *text = arena_take(&turn->arena, len + 1);
    check(text != NULL);
    struct buffer joined = buffer_make(text, len);
    for (size_t i = 0; i < turn->input_count; i++) {
        check(turn->inputs[i] != NULL);
        if (i > 0)
            buffer_put_char(&joined, '\n');
        buffer_put(&joined, turn->inputs[i], strlen(turn->inputs[i]));
    }
    turn->text = text; /* the arena is zeroed: it ends with a NUL */
}

static void read_state(struct bot_turn *turn, const struct proto_turn *frame)
{
    for (size_t i = 0; i < frame->state_count && i < PROTO_LIMIT_STATE_PAIRS; i++) {
        if (frame->state[i].value.bytes == NULL)
            continue;
        turn->state[turn->state_count++] =
                (struct bot_pair){bot_turn_copy(turn, frame->state[i].name),
                        bot_turn_copy(turn, frame->state[i].value)};
    }
}

/* The customer's words answer the question of the last turn. */
static void fill_asked_slot(struct bot_turn *turn)
{
    const char *slot = bot_get(turn, asked_name);
    if (slot == NULL || turn->input_count == 0)
        return;
    char value[STATE_VALUE_MAX + 1];
    size_t len = strnlen(turn->text, STATE_VALUE_MAX);
    while (turn->text[len] != '\0' && len > 0 && (turn->text[len] & 0xc0) == 0x80)
        len--; /* not in the middle of a character */
    memcpy(value, turn->text, len);
    value[len] = '\0';
    bot_set(turn, slot, value);
    bot_set(turn, asked_name, NULL);
}

static const char *write_key(struct bot_turn *turn)
{
    char name[NAME_TEXT_MAX];
    size_t len = name_write(&turn->name, name), before = turn->conversation.len;
    char *key = arena_take(&turn->arena, before + 1 + len + 1);
    check(key != NULL);
    memcpy(key, turn->conversation.bytes, before);
    key[before] = ':';
    memcpy(key + before + 1, name, len);
    return key;
}

struct bot_turn *bot_turn_create(const struct weft_bot *bot, const struct proto_turn *frame)
{
    struct bot_turn *turn = calloc(1, sizeof *turn);
    check(turn != NULL && (turn->bytes = malloc(BOT_TURN_BYTES)) != NULL);
    arena_init(&turn->arena, turn->bytes, BOT_TURN_BYTES);
    list_init(&turn->node);
    turn->bot = bot;
    turn->name = frame->turn;
    turn->attempt = frame->attempt;
    turn->lease_ms = frame->lease_ms;
    turn->conversation = slice_of_string(bot_turn_copy(turn, frame->conversation));
    turn->idempotency_key = write_key(turn);
    read_context(turn, &frame->context);
    read_input(turn, frame);
    read_state(turn, frame);
    fill_asked_slot(turn);
    return turn;
}

void bot_turn_destroy(struct bot_turn *turn)
{
    list_remove(&turn->node);
    free(turn->bytes);
    free(turn);
}

bool bot_turn_is_too_large(const struct bot_turn *turn)
{
    static _Thread_local char space[PROTO_LIMIT_FRAME_BYTES];
    struct buffer out = buffer_make(space, sizeof space);
    struct proto_frame frame;
    bot_turn_write_end(turn, &frame);
    proto_frame_write(PROTO_MSGPACK, &frame, &out);
    return out.overflowed;
}

void bot_turn_turn_into_failure(struct bot_turn *turn, bool is_retryable, const char *reason)
{
    struct slice text = slice_of_string(reason);
    turn->stage = BOT_TURN_FAILED;
    turn->is_retryable = is_retryable;
    text.len = text.len > 128 ? 128 : text.len;
    turn->fail_reason = slice_of_string(bot_turn_copy(turn, text));
}

static void write_commit(const struct bot_turn *turn, struct proto_commit *commit)
{
    *commit = (struct proto_commit){.id = slice_of_string(turn->id),
            .conversation = turn->conversation,
            .turn = turn->name,
            .messages = turn->messages,
            .messages_count = turn->message_count,
            .state = turn->patch,
            .state_count = turn->patch_count,
            .labels = turn->labels,
            .labels_count = turn->label_count,
            .has_handoff = turn->has_handoff,
            .handoff = turn->handoff,
            .has_close = turn->is_closing,
            .close = turn->is_closing};
}

void bot_turn_write_end(const struct bot_turn *turn, struct proto_frame *out_frame)
{
    if (turn->stage == BOT_TURN_FAILED) {
        out_frame->kind = PROTO_KIND_FAIL;
        out_frame->as.fail = (struct proto_fail){.id = slice_of_string(turn->id),
                .conversation = turn->conversation,
                .turn = turn->name,
                .retryable = turn->is_retryable,
                .reason = turn->fail_reason};
        return;
    }
    out_frame->kind = PROTO_KIND_COMMIT;
    write_commit(turn, &out_frame->as.commit);
}

const char *bot_text(const struct bot_turn *turn)
{
    return turn->text;
}

const char *bot_chosen(const struct bot_turn *turn)
{
    return turn->chosen;
}

const char *bot_form_answer(const struct bot_turn *turn, const char *name)
{
    for (size_t i = 0; i < turn->answer_count; i++)
        if (turn->answers[i].name != NULL && strcmp(turn->answers[i].name, name) == 0)
            return turn->answers[i].value;
    return NULL;
}

size_t bot_input_count(const struct bot_turn *turn)
{
    return turn->input_count;
}

const char *bot_input(const struct bot_turn *turn, size_t i)
{
    check(i < turn->input_count);
    return turn->inputs[i];
}

const char *bot_contact(const struct bot_turn *turn)
{
    return turn->contact;
}

const char *bot_contact_name(const struct bot_turn *turn)
{
    return turn->contact_name;
}

const char *bot_language(const struct bot_turn *turn)
{
    return turn->language;
}

const char *bot_page(const struct bot_turn *turn)
{
    return turn->page;
}

const char *bot_channel(const struct bot_turn *turn)
{
    return turn->channel;
}

bool bot_is_proven(const struct bot_turn *turn)
{
    return turn->is_proven;
}

uint64_t bot_cases(const struct bot_turn *turn)
{
    return turn->cases;
}

const char *bot_conversation(const struct bot_turn *turn)
{
    return turn->conversation.bytes;
}

const char *bot_idempotency_key(const struct bot_turn *turn)
{
    return turn->idempotency_key;
}

uint64_t bot_attempt(const struct bot_turn *turn)
{
    return turn->attempt;
}

void *bot_data(const struct bot_turn *turn)
{
    return turn->bot->data;
}
