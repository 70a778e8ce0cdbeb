/* SPDX-License-Identifier: Apache-2.0 */
/* The SDK for authors of bots in C.
 *
 *   static void on_turn(struct bot_turn *turn)
 *   {
 *       bot_say(turn, bot_text(turn));
 *   }
 *   int main(void)
 *   {
 *       return weft_bot_run(&(struct weft_bot){.name = "echo", .version = "1", .on_turn =
 * on_turn});
 *   }
 *
 * A turn is one question to the bot: what the customer said since the last one. Whatever the bot
 * says, sets and decides during a turn is collected, and committed whole or not at all when on_turn
 * returns. The process keeps nothing between turns: what must last goes into the conversation's
 * state by bot_set, so a worker may be killed at any moment and another goes on.
 *
 * All strings are UTF-8 and are copied. Functions that answer bool say false when a limit of the
 * protocol is reached; nothing is added then.
 */
#ifndef WEFT_BOT_H
#define WEFT_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bot_turn;
struct uv_loop_s;

enum bot_cancel {
    BOT_CANCEL_INTERRUPTED, /* the customer went on writing: a new turn follows */
    BOT_CANCEL_HUMAN_TOOK_OVER,
    BOT_CANCEL_LEASE_LOST, /* another worker has it */
    BOT_CANCEL_EXPIRED,    /* the deadline passed */
    BOT_CANCEL_WITHDRAWN,  /* the customer left */
};

struct weft_bot {
    const char *name, *version;
    unsigned credits;     /* turns that it takes at once; 0: 16 */
    const char *url;      /* ws://host:port; NULL: the environment's WEFT_URL */
    const char *key_file; /* holds the bot's key; NULL: the environment's WEFT_KEY_FILE */
    void *data;           /* for bot_data */
    /* A turn has begun. Must not block: see bot_hold. */
    void (*on_turn)(struct bot_turn *turn);
    /* Optional. A held turn is over: answering it is no use any more. The turn is gone when this
     * returns; without this function it must not be held. */
    void (*on_cancel)(struct bot_turn *turn, enum bot_cancel reason);
};

/* Runs until SIGTERM or SIGINT. Reconnects for ever; turns in flight survive a reconnect.
 *
 * errors: 0 stopped by a signal · 1 something is wrong with the settings, told on standard error
 *         · 2 the server has revoked the key */
int weft_bot_run(const struct weft_bot *bot);

/* ---- what the customer said ----------------------------------------------------------------- */

/* All messages of the turn, one a line; "" when the case was just opened. */
const char *bot_text(const struct bot_turn *turn);
/* The value of the quick reply, action or item that was chosen last; NULL when none was. */
const char *bot_chosen(const struct bot_turn *turn);
/* What was filled into this field of the form that was answered last; NULL when nothing was. */
const char *bot_form_answer(const struct bot_turn *turn, const char *name);
size_t bot_input_count(const struct bot_turn *turn);
const char *bot_input(const struct bot_turn *turn, size_t i);

/* ---- who the customer is: NULL when it is not known -------------------------------------------
 */

const char *bot_contact(const struct bot_turn *turn);
const char *bot_contact_name(const struct bot_turn *turn);
const char *bot_language(const struct bot_turn *turn);
const char *bot_page(const struct bot_turn *turn);
const char *bot_channel(const struct bot_turn *turn);
bool bot_is_proven(const struct bot_turn *turn);
/* Cases before this one. */
uint64_t bot_cases(const struct bot_turn *turn);

/* ---- the turn itself --------------------------------------------------------------------------
 */

const char *bot_conversation(const struct bot_turn *turn);
/* "conversation:turn": the same however often the turn is tried. Give it to whatever must happen
 * only once. */
const char *bot_idempotency_key(const struct bot_turn *turn);
/* 1 at first. */
uint64_t bot_attempt(const struct bot_turn *turn);
void *bot_data(const struct bot_turn *turn);

/* ---- the conversation's state ------------------------------------------------------------------
 */

/* The value as it will be after this turn; NULL when there is none. */
const char *bot_get(const struct bot_turn *turn, const char *name);
/* value NULL removes the name. */
bool bot_set(struct bot_turn *turn, const char *name, const char *value);
size_t bot_state_count(const struct bot_turn *turn);
const char *bot_state_name(const struct bot_turn *turn, size_t i);

/* ---- answering ----------------------------------------------------------------------------------
 */

struct bot_option {
    const char *title, *value; /* value NULL: the title */
};

bool bot_say(struct bot_turn *turn, const char *text);
bool bot_quick_replies(struct bot_turn *turn, const char *text, const struct bot_option *options,
        size_t options_count);

/* ---- with more than words. text is always there: for mail, for readers aloud, for clients that
 * know no better. Addresses begin with https:// or http://; another one is refused. */

struct bot_action {
    const char *title;
    const char *value, *url; /* what it says, or the page that it opens: one of the two */
};

struct bot_card {
    const char *title, *subtitle; /* what is NULL is left out */
    const char *image, *alt;      /* its address; what it shows */
    const struct bot_action *actions;
    size_t actions_count;
};

struct bot_item {
    const char *title, *text, *value; /* value NULL: the title */
};

enum bot_field_kind {
    BOT_FIELD_TEXT,
    BOT_FIELD_MULTILINE,
    BOT_FIELD_NUMBER,
    BOT_FIELD_EMAIL,
    BOT_FIELD_PHONE,
    BOT_FIELD_DATE,
    BOT_FIELD_CHOICE, /* of options */
    BOT_FIELD_CHECKBOX,
};

struct bot_field {
    const char *name, *label;
    enum bot_field_kind kind;
    bool must;
    const struct bot_option *options;
    size_t options_count;
};

/* One card is a card, several are a carousel. */
bool bot_cards(
        struct bot_turn *turn, const char *text, const struct bot_card *cards, size_t cards_count);
bool bot_list(
        struct bot_turn *turn, const char *text, const struct bot_item *items, size_t items_count);
/* The answers come with the customer's next words: bot_form_answer. */
bool bot_form(struct bot_turn *turn, const char *text, const struct bot_field *fields,
        size_t fields_count);
/* Degrees as text: "-33.8568". */
bool bot_location(struct bot_turn *turn, const char *text, const char *lat, const char *lon,
        const char *name);

/* The slot's value; or NULL, and then the question is asked and the customer's next words become
 * the value. bot_set(turn, slot, NULL) forgets it. */
const char *bot_ask(struct bot_turn *turn, const char *slot, const char *question);

bool bot_label(struct bot_turn *turn, const char *label);

struct bot_pair {
    const char *name, *value;
};

struct bot_intent {
    const char *name;
    unsigned percent;
};

/* What the agent gets to see, so that nobody has to repeat themselves. */
struct bot_handoff {
    const char *reason; /* NULL: "asked" */
    const char *summary, *language, *sentiment;
    const char *const *skills; /* ends with NULL; or NULL */
    const struct bot_pair *slots;
    size_t slots_count;
    const char *const *missing; /* ends with NULL; or NULL */
    const char *const *tried;   /* the same */
    const struct bot_intent *intents;
    size_t intents_count;
};

/* The case goes to a person, with the turn's commit. */
bool bot_handoff(struct bot_turn *turn, const struct bot_handoff *handoff);
/* The case is solved, with the turn's commit. */
void bot_close(struct bot_turn *turn);

/* ---- answers that take their time ---------------------------------------------------------------
 */

/* The turn stays open when on_turn returns. Signs of life go out by themselves; bot_commit or
 * bot_fail must end it, from the loop's thread, unless on_cancel came first. */
void bot_hold(struct bot_turn *turn);
struct uv_loop_s *bot_loop(const struct bot_turn *turn);

/* Ends the turn; it must not be used any more. In on_turn it may be left out. */
void bot_commit(struct bot_turn *turn);
/* Ends the turn without an answer; retryable: another try may succeed. */
void bot_fail(struct bot_turn *turn, bool is_retryable, const char *reason);

#endif
