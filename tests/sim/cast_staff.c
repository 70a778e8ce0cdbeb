/* SPDX-License-Identifier: Apache-2.0 */
/* How bots and agents behave: workers answer turns, agents take chats, greet, and close them
 * or hand them on (cast_transfers.c).
 *
 * Invariant: as cast.c's: nobody here looks into the node.
 */
#include "cast_line.h"

#include "base/check.h"
#include "base/list.h"

#include <inttypes.h>
#include <stdio.h>

enum { NOTE_PER_MILLE = 250, LATE_PER_MILLE = 300, LINGERS_PER_MILLE = 600 };

/* ---- bots -------------------------------------------------------------------------------------
 */

static struct bot_turn_model *bot_find(struct bot_worker *bot, const struct name *turn)
{
    for (size_t i = 0; i < bot->turn_count; i++)
        if (name_equal(&bot->turns[i].turn, turn))
            return &bot->turns[i];
    return NULL;
}

static void bot_commit_turn(struct bot_worker *bot, const struct bot_turn_model *turn)
{
    char id[NAME_TEXT_MAX];
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = text_of(turn->text)};
    struct proto_skill skill = {.name = SLICE_OF("any")};
    struct proto_frame frame = {.kind = PROTO_KIND_COMMIT};
    frame.as.commit = (struct proto_commit){.id = slice_make(id, name_write(&turn->turn, id)),
            .conversation = text_of(turn->conversation),
            .turn = turn->turn,
            .messages = &body,
            .messages_count = 1,
            .has_handoff = turn->is_handoff,
            .handoff = {.reason = SLICE_OF("asked"), .skills = &skill, .skills_count = 1},
            .has_close = turn->is_close,
            .close = turn->is_close};
    fake_client_send(&bot->line.client, &frame);
}

static void bot_on_turn(struct bot_worker *bot, const struct proto_turn *frame)
{
    struct bot_turn_model *turn = bot_find(bot, &frame->turn);
    if (fake_random_chance(bot->line.random, bot->ignores_per_mille))
        return;
    if (turn == NULL) {
        if (bot->turn_count == CAST_TURNS_MAX)
            bot->turn_count = 0;
        turn = &bot->turns[bot->turn_count++];
        *turn = (struct bot_turn_model){.turn = frame->turn};
        cast_keep(turn->conversation, sizeof turn->conversation, frame->conversation);
        uint64_t choice = fake_random_below(bot->line.random, 10);
        turn->is_handoff = choice < 4;
        turn->is_close = choice == 9;
        snprintf(turn->text, sizeof turn->text, "re %" PRIu64, frame->turn.seq);
    }
    turn->is_over = false;
    line_arm(&bot->line, 50);
}

static void bot_on_frame(struct fake_client *client, const struct proto_frame *frame)
{
    struct bot_worker *bot =
            LIST_ITEM(LIST_ITEM(client, struct connection_model, client), struct bot_worker, line);
    char id[NAME_TEXT_MAX];
    bool is_error = frame->kind == PROTO_KIND_ERROR;
    if (is_error) {
        bot->line.awaits_welcome = false;
        tally_refusal(TALLY_BOT, frame->as.error.code);
    }
    if (frame->kind == PROTO_KIND_WELCOME)
        line_on_welcome(&bot->line, &frame->as.welcome);
    if (frame->kind == PROTO_KIND_TURN)
        bot_on_turn(bot, &frame->as.turn);
    bool is_final = frame->kind == PROTO_KIND_ACK ||
                    (is_error && frame->as.error.retry == PROTO_RETRY_NEVER);
    struct slice request_id = is_error ? frame->as.error.id : frame->as.ack.id;
    for (size_t i = 0; is_final && i < bot->turn_count; i++)
        if (slice_equal(request_id, slice_make(id, name_write(&bot->turns[i].turn, id))))
            bot->turns[i].is_over = true;
}

static void bot_again(struct timer *timer)
{
    struct bot_worker *bot =
            LIST_ITEM(LIST_ITEM(timer, struct connection_model, again), struct bot_worker, line);
    struct proto_bot_info info = {.name = SLICE_OF("bot"), .credits = 4};
    line_arm(&bot->line, AGAIN_MS);
    if (!bot->line.is_welcome) {
        if (line_may_say_hello(&bot->line))
            line_say_hello(&bot->line, NULL, 0, &info);
        return;
    }
    for (size_t i = 0; i < bot->turn_count; i++)
        if (!bot->turns[i].is_over)
            bot_commit_turn(bot, &bot->turns[i]);
}

void bot_worker_start(struct bot_worker *bot)
{
    line_start(&bot->line, bot_on_frame, bot_again);
}

/* ---- agents -----------------------------------------------------------------------------------
 */

struct agent_chat_model *agent_chat(struct agent_model *agent, struct slice conversation)
{
    for (size_t i = 0; i < agent->chat_count; i++)
        if (slice_is(conversation, agent->chats[i].conversation))
            return &agent->chats[i];
    check(agent->chat_count < CAST_CHATS_MAX);
    struct agent_chat_model *chat = &agent->chats[agent->chat_count++];
    cast_keep(chat->conversation, sizeof chat->conversation, conversation);
    return chat;
}

static void agent_on_assigned(struct agent_model *agent, const struct proto_assigned *assigned)
{
    struct agent_chat_model *chat = agent_chat(agent, assigned->conversation);
    bool is_news = !chat->is_mine || !name_equal(&chat->owner, &assigned->owner);
    if (!is_news)
        agent->fault = "told twice of one assignment";
    chat->is_mine = true;
    chat->last = (struct name){0};
    chat->owner = assigned->owner;
    if (is_news && !chat->wants_to_greet) {
        chat->wants_to_greet = true;
        chat->is_note =
                agent->line.is_lively && fake_random_chance(agent->line.random, NOTE_PER_MILLE);
        snprintf(chat->text, sizeof chat->text, "%s %" PRIu64, chat->is_note ? "note" : "hello",
                ++agent->said);
    }
    chat->is_watched = false;
    if (is_news)
        transfers_begin(agent, chat, assigned);
    if (is_news)
        calls_on_assigned(agent, chat, assigned);
    line_arm(&agent->line, 30);
}

static void agent_on_entry(struct agent_model *agent, const struct proto_entry_view *entry)
{
    struct agent_chat_model *chat = agent_chat(agent, entry->conversation);
    if (chat->last.seq != 0 && entry->at.seq <= chat->last.seq)
        agent->fault = "an entry came twice, or out of order";
    else if (chat->last.seq != 0 && !name_equal(&entry->after, &chat->last))
        agent->fault = "a gap in live delivery";
    chat->last = entry->at;
    bool is_own = slice_is(entry->author.id, agent->id);
    for (size_t i = 0; i < entry->parts_count; i++) {
        if (entry->parts[i].has_body)
            line_hear(&agent->line, entry->parts[i].body.text, agent->line.asked_ms);
        if (entry->parts[i].kind == PROTO_PART_KIND_CALLBACK && !entry->parts[i].has_callback)
            chat->call = 0; /* nobody needs to call any more */
        if (chat->is_mine && !is_own && entry->parts[i].kind == PROTO_PART_KIND_NOTE)
            tally_action(ACTION_NOTE_CAME);
    }
}

static void agent_on_cancel(struct agent_model *agent, const struct proto_cancel *cancel)
{
    for (size_t i = 0; i < CAST_OFFERS_MAX; i++)
        if (cancel->has_offer && name_equal(&agent->offers[i], &cancel->offer))
            agent->offers[i] = (struct name){0};
}

static void agent_note_offer(struct agent_model *agent, const struct name *offer)
{
    for (size_t i = 0; i < CAST_OFFERS_MAX; i++)
        if (name_equal(&agent->offers[i], offer) && !agent->may_hear_again)
            agent->fault = "told twice of one offer";
    agent->offers[agent->offer_count++ % CAST_OFFERS_MAX] = *offer;
}

static void agent_on_offer(struct agent_model *agent, const struct proto_offer *offer)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_ACCEPT};
    agent_note_offer(agent, &offer->offer);
    if (fake_random_chance(agent->line.random, 200)) {
        agent->declined++;
        frame.kind = PROTO_KIND_DECLINE;
        frame.as.decline =
                (struct proto_decline){.id = line_next_id(&agent->line, id), .offer = offer->offer};
    } else {
        agent->accepted++;
        frame.as.accept = (struct proto_accept){line_next_id(&agent->line, id), offer->offer};
    }
    fake_client_send(&agent->line.client, &frame);
}

static void agent_has_greeted(struct agent_model *agent, struct agent_chat_model *chat)
{
    chat->wants_to_greet = false;
    tally_action(chat->is_note                         ? ACTION_NOTE
                 : !chat->is_mine && agent->supervises ? ACTION_BESIDE
                                                       : ACTION_GREETING);
    chat->n++;
    line_arm(&agent->line, 30);
}

static void agent_on_ack(struct agent_model *agent, const struct proto_ack *ack)
{
    struct agent_chat_model *chat = agent_chat(agent, ack->conversation);
    if (chat->wants_to_greet && ack->n == chat->n + 1) /* else it is a repeated ack */
        agent_has_greeted(agent, chat);
}

/* The log was cut short, so numbers that were acked are free again: what is said next takes them.
 */
static void agent_on_error(struct agent_model *agent, const struct proto_error *error)
{
    tally_refusal(TALLY_AGENT, error->code);
    agent->line.awaits_welcome = false;
    transfers_on_error(agent, error);
    supervisor_on_error(agent, error);
    calls_on_refused(agent, error);
    bool is_used = slice_is(error->code, "different_body");
    bool is_kept = slice_is(error->code, "already_sent"); /* its place is not at hand any more */
    for (size_t i = 0; i < agent->chat_count; i++) {
        struct agent_chat_model *chat = &agent->chats[i];
        bool is_about = chat->wants_to_greet;
        if (is_about && is_kept && slice_equal(error->id, text_of(chat->greeting_id)))
            agent_has_greeted(agent, chat);
        if (is_about && is_used)
            chat->n++; /* a late copy of what was said before has taken the number back */
        if (is_about && error->retry == PROTO_RETRY_RESEND && chat->n + 1 > error->resend_from &&
                error->resend_from > 0)
            chat->n = error->resend_from - 1;
    }
}

static void agent_on_released(struct agent_model *agent, const struct proto_released *released)
{
    struct agent_chat_model *chat = agent_chat(agent, released->conversation);
    chat->is_mine = chat->is_watched = false;
    chat->last = (struct name){0};
}

static void agent_on_frame(struct fake_client *client, const struct proto_frame *frame)
{
    struct agent_model *agent =
            LIST_ITEM(LIST_ITEM(client, struct connection_model, client), struct agent_model, line);
    switch ((int)frame->kind) {
    case PROTO_KIND_WELCOME:
        line_on_welcome(&agent->line, &frame->as.welcome);
        agent->is_present = false;
        memset(agent->offers, 0, sizeof agent->offers);
        if (agent->lineage_len == 0) {
            agent->lineage_len = frame->as.welcome.lineage.len;
            cast_keep(agent->lineage, sizeof agent->lineage, frame->as.welcome.lineage);
        }
        memset(agent->colleagues, 0, sizeof agent->colleagues);
        for (size_t i = 0; i < agent->chat_count; i++) {
            agent->chats[i].is_mine = false; /* `assigned` says so again */
            agent->chats[i].is_watched = false;
            agent->chats[i].last = (struct name){0};
        }
        line_arm(&agent->line, 20);
        break;
    case PROTO_KIND_OFFER:
        agent_on_offer(agent, &frame->as.offer);
        break;
    case PROTO_KIND_CANCEL:
        agent_on_cancel(agent, &frame->as.cancel);
        break;
    case PROTO_KIND_ASSIGNED:
        agent_on_assigned(agent, &frame->as.assigned);
        break;
    case PROTO_KIND_RELEASED:
        agent_on_released(agent, &frame->as.released);
        break;
    case PROTO_KIND_ENTRY:
        agent_on_entry(agent, &frame->as.entry);
        break;
    case PROTO_KIND_RESET:
        agent_chat(agent, frame->as.reset.conversation)->last = (struct name){0};
        break;
    case PROTO_KIND_PRESENCE:
        signs_take_presence(agent, &frame->as.presence);
        break;
    case PROTO_KIND_ACK:
        agent_on_ack(agent, &frame->as.ack);
        break;
    case PROTO_KIND_CASES:
        supervisor_on_cases(agent, &frame->as.cases);
        calls_take_list(agent, &frame->as.cases);
        break;
    case PROTO_KIND_DONE:
        transfers_on_done(agent, &frame->as.done);
        supervisor_on_done(agent, &frame->as.done);
        calls_on_recorded(agent, &frame->as.done);
        break;
    case PROTO_KIND_ERROR:
        agent_on_error(agent, &frame->as.error);
        break;
    default:
        break;
    }
}

static void agent_close_chat(struct agent_model *agent, const struct agent_chat_model *chat)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_CLOSE};
    frame.as.close = (struct proto_close){.id = line_next_id(&agent->line, id),
            .conversation = text_of(chat->conversation),
            .owner = chat->owner};
    fake_client_send(&agent->line.client, &frame);
}

void agent_say(struct agent_model *agent, const struct agent_chat_model *chat, struct slice id,
        const struct name *owner)
{
    struct proto_frame frame = {.kind = PROTO_KIND_SEND};
    frame.as.send = (struct proto_send){.id = id,
            .conversation = text_of(chat->conversation),
            .lineage = slice_make(agent->lineage, agent->lineage_len),
            .n = chat->n + 1,
            .body = {.kind = PROTO_BODY_KIND_TEXT, .text = text_of(chat->text)},
            .has_visibility = chat->is_note,
            .visibility = PROTO_VISIBILITY_INTERNAL,
            .has_owner = !chat->is_note,
            .owner = *owner};
    fake_client_send(&agent->line.client, &frame);
}

/* Whoever had a case may try to speak with the token that they had. */
static bool speaks_late(const struct agent_model *agent, const struct agent_chat_model *chat)
{
    return agent->line.is_restless && !chat->is_mine && !chat->is_note && chat->wants_to_greet &&
           chat->owner.seq != 0 && fake_random_chance(agent->line.random, LATE_PER_MILLE);
}

static void agent_greet(struct agent_model *agent, struct agent_chat_model *chat)
{
    char id[24];
    struct slice request_id = line_next_id(&agent->line, id);
    cast_keep(chat->greeting_id, sizeof chat->greeting_id, request_id);
    agent_say(agent, chat, request_id, &chat->owner);
}

static void agent_be_present(struct agent_model *agent)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_SET_PRESENCE};
    bool is_away = agent->line.is_restless && fake_random_chance(agent->line.random, 200);
    frame.as.set_presence = (struct proto_set_presence){line_next_id(&agent->line, id),
            is_away ? PROTO_AVAILABILITY_AWAY : PROTO_AVAILABILITY_ONLINE};
    agent->is_present = true;
    tally_action(is_away ? ACTION_AWAY : ACTION_ONLINE);
    fake_client_send(&agent->line.client, &frame);
}

/* So that there is time for somebody to look on. */
static bool lingers(const struct agent_model *agent)
{
    return agent->line.is_restless && fake_random_chance(agent->line.random, LINGERS_PER_MILLE);
}

static void agent_again(struct timer *timer)
{
    struct agent_model *agent =
            LIST_ITEM(LIST_ITEM(timer, struct connection_model, again), struct agent_model, line);
    line_arm(&agent->line, AGAIN_MS);
    if (!agent->line.is_welcome) {
        if (line_may_say_hello(&agent->line))
            line_say_hello(&agent->line, NULL, 0, NULL);
        return;
    }
    if (!agent->is_present || fake_random_chance(agent->line.random, 100))
        agent_be_present(agent);
    if (agent->supervises)
        supervisor_act(agent);
    for (size_t i = 0; i < agent->chat_count; i++) {
        struct agent_chat_model *chat = &agent->chats[i];
        if (chat->is_mine || chat->is_watched)
            signs_say_at_desk(agent, chat);
        if ((chat->is_mine && chat->wants_to_greet) || speaks_late(agent, chat))
            agent_greet(agent, chat);
        else if (lingers(agent) || (chat->is_mine && calls_record(agent, chat)))
            continue;
        else if (chat->is_mine && chat->transfer != CAST_NO_TRANSFER)
            transfers_send(agent, chat);
        else if (chat->is_mine)
            agent_close_chat(agent, chat);
    }
}

void agent_start(struct agent_model *agent)
{
    line_start(&agent->line, agent_on_frame, agent_again);
}
