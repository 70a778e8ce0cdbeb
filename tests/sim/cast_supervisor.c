/* SPDX-License-Identifier: Apache-2.0 */
/* A supervisor: looks at the list, looks on, whispers, joins and speaks beside the owner, leaves,
 * takes over. What they then own they treat as any agent does (cast_staff.c).
 *
 * Invariant: a request's id says what was asked for and of which chat: "w2.17". Whether customers
 * see what they must not, and who may speak, is judge_owners.c's to say.
 */
#include "cast_line.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>

enum { LIST_PER_MILLE = 150, ACT_PER_MILLE = 400 };

/* What may be asked for: the first letter of its id. */
enum asking {
    ASK_LIST = 'c',
    ASK_WATCH = 'w',
    ASK_UNWATCH = 'u',
    ASK_JOIN = 'j',
    ASK_LEAVE = 'l',
    ASK_TAKE_OVER = 'k',
    ASK_SAY = 's',
};

static struct slice ask_id(struct agent_model *agent, enum asking asking, size_t chat, char out[32])
{
    int len = snprintf(out, 32, "%c%zu.%" PRIu64, (char)asking, chat, ++agent->line.next_id);
    return slice_make(out, (size_t)len);
}

/* NULL: the id is of nothing that a supervisor asks for of a chat. */
static struct agent_chat_model *asked_chat(struct agent_model *agent, struct slice id)
{
    bool is_of_chat = agent->supervises && id.len > 3 && id.bytes[2] == '.' &&
                      memchr("wujlks", id.bytes[0], 6) != NULL;
    size_t index = is_of_chat ? (size_t)(id.bytes[1] - '0') : CAST_CHATS_MAX;
    return index < agent->chat_count ? &agent->chats[index] : NULL;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static void ask_of_chat(
        struct agent_model *agent, const struct agent_chat_model *chat, enum asking asking)
{
    char bytes[32];
    struct slice id = ask_id(agent, asking, (size_t)(chat - agent->chats), bytes);
    struct slice conversation = text_of(chat->conversation);
    struct proto_frame frame;
    if (asking == ASK_WATCH)
        frame = (struct proto_frame){.kind = PROTO_KIND_WATCH, .as.watch = {id, conversation}};
    else if (asking == ASK_UNWATCH)
        frame = (struct proto_frame){.kind = PROTO_KIND_UNWATCH, .as.unwatch = {id, conversation}};
    else if (asking == ASK_JOIN)
        frame = (struct proto_frame){.kind = PROTO_KIND_JOIN, .as.join = {id, conversation}};
    else if (asking == ASK_LEAVE)
        frame = (struct proto_frame){.kind = PROTO_KIND_LEAVE, .as.leave = {id, conversation}};
    else
        frame = (struct proto_frame){
                .kind = PROTO_KIND_TAKE_OVER, .as.take_over = {id, conversation}};
    fake_client_send(&agent->line.client, &frame);
}

static void list(struct agent_model *agent)
{
    char bytes[32];
    struct proto_frame frame = {.kind = PROTO_KIND_LIST_CASES};
    frame.as.list_cases.id = ask_id(agent, ASK_LIST, 0, bytes);
    fake_client_send(&agent->line.client, &frame);
}

static void begin_to_say(struct agent_model *agent, struct agent_chat_model *chat, bool is_note)
{
    if (chat->wants_to_greet)
        return;
    chat->wants_to_greet = true;
    chat->is_note = is_note;
    snprintf(chat->text, sizeof chat->text, "%s %" PRIu64, is_note ? "quiet" : "aside",
            ++agent->said);
}

static void act_on(struct agent_model *agent, struct agent_chat_model *chat)
{
    uint64_t choice = fake_random_below(agent->line.random, 10);
    bool is_beside = chat->beside.seq != 0;
    if (choice == 0)
        ask_of_chat(agent, chat, ASK_TAKE_OVER);
    else if (choice == 1 && chat->is_watched)
        ask_of_chat(agent, chat, is_beside ? ASK_LEAVE : ASK_UNWATCH);
    else if (choice < 4 && chat->is_watched)
        begin_to_say(agent, chat, true);
    else if (is_beside)
        begin_to_say(agent, chat, false);
    else
        ask_of_chat(agent, chat, chat->is_watched || choice < 6 ? ASK_JOIN : ASK_WATCH);
}

/* What is under way is said until it is answered; nothing new once everything is to come to rest.
 */
void supervisor_act(struct agent_model *agent)
{
    char bytes[32];
    struct fake_random *random = agent->line.random;
    for (size_t i = 0; i < agent->chat_count; i++) {
        struct agent_chat_model *chat = &agent->chats[i];
        if (chat->is_mine)
            continue;
        if (chat->wants_to_greet && (chat->is_note || chat->beside.seq != 0))
            agent_say(agent, chat, ask_id(agent, ASK_SAY, i, bytes), &chat->beside);
        if (agent->line.is_restless && fake_random_chance(random, ACT_PER_MILLE))
            act_on(agent, chat);
    }
    if (agent->line.is_restless && fake_random_chance(random, LIST_PER_MILLE))
        list(agent);
    calls_list(agent);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

void supervisor_on_cases(struct agent_model *agent, const struct proto_cases *cases)
{
    tally_action(ACTION_CASES);
    for (size_t i = 0; i < cases->cases_count; i++)
        agent_chat(agent, cases->cases[i].conversation);
}

static void on_taken(
        struct agent_model *agent, const struct agent_chat_model *chat, const struct name *at)
{
    tally_action(ACTION_TAKE_OVER);
    for (unsigned i = 0; i < agent->taken_count; i++)
        if (name_equal(&agent->taken[i].at, at))
            return;
    if (agent->taken_count == CAST_TRANSFERS_MAX)
        return;
    struct taken_model *taken = &agent->taken[agent->taken_count++];
    memcpy(taken->conversation, chat->conversation, sizeof taken->conversation);
    taken->at = *at;
}

void supervisor_on_done(struct agent_model *agent, const struct proto_done *done)
{
    struct agent_chat_model *chat = asked_chat(agent, done->id);
    if (chat == NULL)
        return;
    line_arm(&agent->line, 50);
    switch ((enum asking)done->id.bytes[0]) {
    case ASK_WATCH:
        chat->is_watched = !chat->is_mine;
        tally_action(ACTION_WATCH);
        break;
    case ASK_UNWATCH:
        chat->is_watched = false;
        chat->last = chat->is_mine ? chat->last : (struct name){0};
        break;
    case ASK_JOIN:
        chat->is_watched = !chat->is_mine;
        chat->beside = done->at;
        tally_action(ACTION_JOIN);
        break;
    case ASK_LEAVE:
        chat->beside = (struct name){0};
        tally_action(ACTION_LEAVE);
        break;
    case ASK_TAKE_OVER:
        on_taken(agent, chat, &done->at);
        break;
    case ASK_LIST:
    case ASK_SAY:
        break;
    }
}

/* What may not be said any more is not said. */
void supervisor_on_error(struct agent_model *agent, const struct proto_error *error)
{
    struct agent_chat_model *chat = asked_chat(agent, error->id);
    if (chat == NULL || error->retry != PROTO_RETRY_NEVER)
        return;
    if (slice_is(error->code, "forbidden"))
        agent->fault = "a supervisor may not supervise";
    if (error->id.bytes[0] == ASK_SAY && !chat->is_mine &&
            !slice_is(error->code, "different_body")) {
        chat->wants_to_greet = false;
        chat->beside = (struct name){0};
    }
}
