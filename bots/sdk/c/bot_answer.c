/* SPDX-License-Identifier: Apache-2.0 */
/* What a bot says, sets and decides in a turn: the parts of its commit.
 *
 * Invariant: what has been added so far is always a commit within the limits of the protocol; what
 * would go over a limit is refused with false and leaves no trace, so a bot may simply go on.
 */
#include "bots/sdk/c/bot_turn.h"

#include "base/check.h"

bool bot_turn_take_text(struct bot_turn *turn, const char *text, size_t len_max, struct slice *out)
{
    size_t len = text ? strlen(text) : 0;
    const char *copy = len <= len_max ? bot_turn_copy(turn, slice_make(text, len)) : NULL;
    if (copy == NULL)
        return false;
    *out = slice_make(copy, len);
    return true;
}

bool bot_turn_take_optional(
        struct bot_turn *turn, const char *text, size_t len_max, struct slice *out)
{
    *out = SLICE_NONE;
    return text == NULL || text[0] == '\0' || bot_turn_take_text(turn, text, len_max, out);
}

/* ---- state ---------------------------------------------------------------------------------- */

static const char *find_state(const struct bot_turn *turn, const char *name)
{
    for (size_t i = 0; i < turn->state_count; i++)
        if (strcmp(turn->state[i].name, name) == 0)
            return turn->state[i].value;
    return NULL;
}

static struct proto_pair *find_patch(const struct bot_turn *turn, const char *name)
{
    for (size_t i = 0; i < turn->patch_count; i++)
        if (slice_is(turn->patch[i].name, name))
            return (struct proto_pair *)&turn->patch[i];
    return NULL;
}

const char *bot_get(const struct bot_turn *turn, const char *name)
{
    const struct proto_pair *changed = find_patch(turn, name);
    return changed ? changed->value.bytes : find_state(turn, name);
}

/* How many names the conversation has after this turn. */
static size_t count_names(const struct bot_turn *turn)
{
    size_t count = 0;
    for (size_t i = 0; i < turn->state_count; i++)
        count += bot_get(turn, turn->state[i].name) != NULL;
    for (size_t i = 0; i < turn->patch_count; i++)
        count += turn->patch[i].value.bytes != NULL &&
                 find_state(turn, turn->patch[i].name.bytes) == NULL;
    return count;
}

bool bot_set(struct bot_turn *turn, const char *name, const char *value)
{
    const char *now = bot_get(turn, name);
    struct proto_pair *changed = find_patch(turn, name), pair = {0};
    if (now == value || (now != NULL && value != NULL && strcmp(now, value) == 0))
        return true;
    if (now == NULL && count_names(turn) == PROTO_LIMIT_STATE_PAIRS)
        return false;
    if (changed == NULL && turn->patch_count == PROTO_LIMIT_STATE_PAIRS)
        return false;
    if (!bot_turn_take_text(turn, name, 64, &pair.name) ||
            (value != NULL && !bot_turn_take_text(turn, value, 2048, &pair.value)))
        return false;
    *(changed ? changed : &turn->patch[turn->patch_count++]) = pair;
    return true;
}

size_t bot_state_count(const struct bot_turn *turn)
{
    return turn->state_count;
}

const char *bot_state_name(const struct bot_turn *turn, size_t i)
{
    check(i < turn->state_count);
    return turn->state[i].name;
}

/* ---- words ---------------------------------------------------------------------------------- */

bool bot_say(struct bot_turn *turn, const char *text)
{
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT};
    if (turn->message_count == PROTO_LIMIT_COMMIT_MESSAGES ||
            !bot_turn_take_text(turn, text, PROTO_LIMIT_TEXT_BYTES, &body.text))
        return false;
    turn->messages[turn->message_count++] = body;
    return true;
}

bool bot_quick_replies(struct bot_turn *turn, const char *text, const struct bot_option *options,
        size_t options_count)
{
    struct proto_body body = {.kind = PROTO_BODY_KIND_QUICK_REPLIES};
    struct proto_option *copies = arena_take(&turn->arena, options_count * sizeof *copies);
    if (copies == NULL || options_count == 0 || options_count > PROTO_LIMIT_OPTIONS ||
            turn->message_count == PROTO_LIMIT_COMMIT_MESSAGES ||
            !bot_turn_take_text(turn, text, PROTO_LIMIT_TEXT_BYTES, &body.text))
        return false;
    for (size_t i = 0; i < options_count; i++)
        if (!bot_turn_take_text(turn, options[i].title, 80, &copies[i].title) ||
                !bot_turn_take_optional(turn, options[i].value, 256, &copies[i].value))
            return false;
    body.options = copies;
    body.options_count = options_count;
    turn->messages[turn->message_count++] = body;
    return true;
}

const char *bot_ask(struct bot_turn *turn, const char *slot, const char *question)
{
    const char *value = bot_get(turn, slot);
    if (value != NULL)
        return value;
    bot_say(turn, question);
    bot_set(turn, "_asked", slot);
    return NULL;
}

bool bot_label(struct bot_turn *turn, const char *label)
{
    if (turn->label_count == BOT_LABELS_MAX ||
            !bot_turn_take_text(turn, label, 64, &turn->labels[turn->label_count]))
        return false;
    turn->label_count++;
    return true;
}

/* ---- the end of the bot's part --------------------------------------------------------------- */

void bot_close(struct bot_turn *turn)
{
    turn->is_closing = true;
}

static bool copy_list(struct bot_turn *turn, const char *const *list, size_t len_max,
        const struct slice **out_list, size_t *out_count)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    struct slice *copies = arena_take(&turn->arena, (count + 1) * sizeof *copies);
    if (copies == NULL || count > BOT_LISTS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!bot_turn_take_text(turn, list[i], len_max, &copies[i]))
            return false;
    *out_list = copies;
    *out_count = count;
    return true;
}

static bool copy_skills(
        struct bot_turn *turn, const struct bot_handoff *from, struct proto_handoff *to)
{
    const struct slice *names = NULL;
    size_t count = 0;
    if (!copy_list(turn, from->skills, 64, &names, &count))
        return false;
    struct proto_skill *skills = arena_take(&turn->arena, (count + 1) * sizeof *skills);
    if (skills == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        skills[i].name = names[i];
    to->skills = skills;
    to->skills_count = count;
    return true;
}

static bool copy_slots(
        struct bot_turn *turn, const struct bot_handoff *from, struct proto_handoff *to)
{
    struct proto_pair *slots = arena_take(&turn->arena, (from->slots_count + 1) * sizeof *slots);
    if (slots == NULL || from->slots_count > PROTO_LIMIT_STATE_PAIRS)
        return false;
    for (size_t i = 0; i < from->slots_count; i++)
        if (!bot_turn_take_text(turn, from->slots[i].name, 64, &slots[i].name) ||
                !bot_turn_take_text(turn, from->slots[i].value, 2048, &slots[i].value))
            return false;
    to->slots = slots;
    to->slots_count = from->slots_count;
    return true;
}

static bool copy_intents(
        struct bot_turn *turn, const struct bot_handoff *from, struct proto_handoff *to)
{
    struct proto_intent *intents =
            arena_take(&turn->arena, (from->intents_count + 1) * sizeof *intents);
    if (intents == NULL || from->intents_count > BOT_INTENTS_MAX)
        return false;
    for (size_t i = 0; i < from->intents_count; i++) {
        if (!bot_turn_take_text(turn, from->intents[i].name, 64, &intents[i].name))
            return false;
        intents[i].has_percent = true;
        intents[i].percent = from->intents[i].percent > 100 ? 100 : from->intents[i].percent;
    }
    to->intents = intents;
    to->intents_count = from->intents_count;
    return true;
}

bool bot_handoff(struct bot_turn *turn, const struct bot_handoff *handoff)
{
    struct proto_handoff copy = {0};
    const char *reason = handoff->reason ? handoff->reason : "asked";
    if (!bot_turn_take_text(turn, reason, 64, &copy.reason) ||
            !bot_turn_take_optional(turn, handoff->summary, 2048, &copy.summary) ||
            !bot_turn_take_optional(turn, handoff->language, 16, &copy.language) ||
            !bot_turn_take_optional(turn, handoff->sentiment, 16, &copy.sentiment) ||
            !copy_list(turn, handoff->missing, 64, &copy.missing, &copy.missing_count) ||
            !copy_list(turn, handoff->tried, 256, &copy.tried, &copy.tried_count) ||
            !copy_skills(turn, handoff, &copy) || !copy_slots(turn, handoff, &copy) ||
            !copy_intents(turn, handoff, &copy))
        return false;
    turn->handoff = copy;
    turn->has_handoff = true;
    return true;
}
