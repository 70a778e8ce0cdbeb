/* SPDX-License-Identifier: Apache-2.0 */
/* One turn in the hands of a bot: what it was asked, and what it has decided so far. */
#ifndef WEFT_BOTS_BOT_TURN_H
#define WEFT_BOTS_BOT_TURN_H

#include "base/arena.h"
#include "base/list.h"
#include "bots/sdk/c/weft_bot.h"
#include "proto/frames.h"

enum {
    BOT_INPUTS_MAX = 16,
    BOT_LABELS_MAX = 16,
    BOT_LISTS_MAX = 16, /* skills, missing, tried */
    BOT_INTENTS_MAX = 8,
    BOT_TURN_BYTES = 262144,
};

enum bot_turn_stage {
    BOT_TURN_OPEN,
    BOT_TURN_COMMITTED, /* until it is acknowledged or refused */
    BOT_TURN_FAILED,    /* until the server has heard it */
};

struct bot_runner;

struct bot_turn {
    struct list node;
    struct bot_runner *runner; /* NULL in tests of turns alone */
    const struct weft_bot *bot;
    enum bot_turn_stage stage;
    bool is_held, is_in_on_turn;
    bool is_sent; /* its end, on this connection */
    char id[24];  /* of the request that ends it; the same when it is sent again */
    uint64_t progress_ms, retry_ms; /* when the next sign of life, the next try is due */

    struct name name;
    struct slice conversation;
    const char *idempotency_key;
    uint64_t attempt, lease_ms;
    const char *contact, *contact_name, *language, *page, *channel;
    bool is_proven;
    uint64_t cases;
    const char *inputs[BOT_INPUTS_MAX], *text, *chosen;
    size_t input_count;
    struct bot_pair answers[PROTO_LIMIT_FORM_FIELDS]; /* of the form that was filled in last */
    size_t answer_count;
    struct bot_pair state[PROTO_LIMIT_STATE_PAIRS];
    size_t state_count;

    struct proto_body messages[PROTO_LIMIT_COMMIT_MESSAGES];
    struct proto_pair patch[PROTO_LIMIT_STATE_PAIRS];
    struct slice labels[BOT_LABELS_MAX];
    size_t message_count, patch_count, label_count;
    bool has_handoff, is_closing, is_retryable;
    struct proto_handoff handoff;
    struct slice fail_reason;
    struct arena arena;
    char *bytes;
};

/* owns: copies the frame; bot_turn_destroy frees all */
struct bot_turn *bot_turn_create(const struct weft_bot *bot, const struct proto_turn *frame);
void bot_turn_destroy(struct bot_turn *turn);

/* The frame that ends the turn: commit or fail. It borrows from the turn. */
void bot_turn_write_end(const struct bot_turn *turn, struct proto_frame *out_frame);

/* Is the commit larger than the wire allows? */
bool bot_turn_is_too_large(const struct bot_turn *turn);

/* Gives up what the bot wanted to say; reason is for the operator. */
void bot_turn_turn_into_failure(struct bot_turn *turn, bool is_retryable, const char *reason);

/* Takes a text of the bot's into the turn; NULL is an empty one. errors: false: too long, or the
 * turn is full */
bool bot_turn_take_text(struct bot_turn *turn, const char *text, size_t len_max, struct slice *out);
/* The same; empty and missing texts stay absent. */
bool bot_turn_take_optional(
        struct bot_turn *turn, const char *text, size_t len_max, struct slice *out);

/* Copies a text into the turn, with a NUL; NULL when the turn is full. */
const char *bot_turn_copy(struct bot_turn *turn, struct slice text);

#endif
