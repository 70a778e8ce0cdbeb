/* SPDX-License-Identifier: Apache-2.0 */
/* The replay's own bot: it answers the first question of each dialogue with the dialogue's first
 * answer, and hands over to people who know the dialogue's services.
 *
 * Invariant: a turn that comes again, under whatever name, is answered with the very same words; a
 * commit goes out again on every connection until it was answered for good.
 */
#include "cli/replay/play.h"

#include "base/check.h"
#include "bots/sdk/c/event_loop.h"
#include "cli/say.h"

#include <stdio.h>
#include <stdlib.h>

enum { CREDITS = 1024, AGAIN_MS = 200 };

struct replay_bot {
    struct replay *replay;
    struct link *link;
    struct waker *waker; /* commits that have to go out again */
    bool is_connected;
};

static struct slice first_answer(const struct dialogue *dialogue)
{
    for (size_t i = 0; i < dialogue->turn_count; i++)
        if (!dialogue->turns[i].is_customer)
            return dialogue->turns[i].text;
    return SLICE_NONE;
}

static void commit(struct play *play)
{
    const struct dialogue *dialogue = play->dialogue;
    struct proto_skill skills[DIALOGUE_SERVICES_MAX];
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = first_answer(dialogue)};
    struct proto_frame frame = {.kind = PROTO_KIND_COMMIT};
    char id[32];
    int len = snprintf(id, sizeof id, "b%zu", play->index);
    for (size_t i = 0; i < dialogue->service_count; i++)
        skills[i] = (struct proto_skill){slice_of_string(dialogue->services[i]), true, true};
    frame.as.commit = (struct proto_commit){.id = slice_make(id, (size_t)len),
            .conversation = slice_of_string(play->conversation),
            .turn = play->turn,
            .messages = &body,
            .messages_count = body.text.len > 0,
            .has_handoff = true,
            .handoff = {.reason = SLICE_OF("asked"),
                    .summary = slice_of_string(dialogue->id),
                    .skills = skills,
                    .skills_count = dialogue->service_count}};
    link_send(play->replay->bot->link, &frame); /* a lost one goes out after the welcome */
}

void bot_say_turn(struct play *play, size_t turn)
{
    (void)turn;
    play->bot = BOT_SAYING;
    commit(play);
}

/* ---- what the server says ---------------------------------------------------------------------
 */

static void on_turn(struct replay_bot *bot, const struct proto_turn *turn)
{
    struct play *play = replay_find_play(bot->replay, turn->conversation);
    if (play == NULL || play->is_over)
        return;
    play->turn = turn->turn;
    play_moved(play);
    if (play->bot == BOT_SAYING || play->bot == BOT_DONE) {
        play->bot = BOT_SAYING;
        commit(play);
        return;
    }
    play->bot = BOT_ASKED;
    play_go_on(play);
}

static struct play *play_of_request(const struct replay_bot *bot, struct slice id)
{
    size_t index = 0;
    for (size_t i = 1; i < id.len && id.bytes[i] >= '0' && id.bytes[i] <= '9' && i < 12; i++)
        index = index * 10 + (size_t)(id.bytes[i] - '0');
    bool is_commit = id.len > 1 && id.bytes[0] == 'b' && index < bot->replay->dialogues.count;
    struct play *play = is_commit ? bot->replay->plays[index] : NULL;
    return play != NULL && !play->is_over && play->bot == BOT_SAYING ? play : NULL;
}

static void on_ack(struct replay_bot *bot, const struct proto_ack *ack)
{
    struct play *play = play_of_request(bot, ack->id);
    if (play == NULL)
        return;
    play->bot = BOT_DONE;
    for (size_t i = 0; i < play->dialogue->turn_count; i++)
        if (!play->dialogue->turns[i].is_customer) {
            samples_add(&bot->replay->ack, replay_now_ns() - play->said_ns[i]);
            return;
        }
}

static void on_error(struct replay_bot *bot, const struct proto_error *error)
{
    struct play *play = play_of_request(bot, error->id);
    if (play != NULL && error->retry == PROTO_RETRY_NEVER)
        play->bot = BOT_DONE; /* the case has gone on without it: the agent says it */
    else if (play != NULL)
        waker_arm(bot->waker, AGAIN_MS);
}

static void on_cancel(struct replay_bot *bot, const struct proto_cancel *cancel)
{
    struct play *play = replay_find_play(bot->replay, cancel->conversation);
    bool is_open = play != NULL && cancel->has_turn && play->bot == BOT_ASKED &&
                   name_equal(&cancel->turn, &play->turn);
    if (is_open)
        play->bot = BOT_IDLE;
}

static void commit_again(void *context)
{
    struct replay_bot *bot = context;
    for (size_t i = 0; i < bot->replay->begun; i++)
        if (!bot->replay->plays[i]->is_over && bot->replay->plays[i]->bot == BOT_SAYING)
            commit(bot->replay->plays[i]);
}

static void on_frame(void *context, const struct proto_frame *frame)
{
    struct replay_bot *bot = context;
    if (frame->kind == PROTO_KIND_WELCOME) {
        bot->is_connected = true;
        commit_again(bot);
    } else if (frame->kind == PROTO_KIND_TURN) {
        on_turn(bot, &frame->as.turn);
    } else if (frame->kind == PROTO_KIND_ACK) {
        on_ack(bot, &frame->as.ack);
    } else if (frame->kind == PROTO_KIND_ERROR) {
        on_error(bot, &frame->as.error);
    } else if (frame->kind == PROTO_KIND_CANCEL) {
        on_cancel(bot, &frame->as.cancel);
    }
}

static void on_state(void *context, enum link_state state, const struct link_reason *reason)
{
    struct replay_bot *bot = context;
    if (state == LINK_DISCONNECTED || state == LINK_ENDED)
        bot->is_connected = false;
    if (state == LINK_ENDED)
        say("the server sent the replay's bot away for good (%d, %d)", reason->close_code,
                (int)reason->error);
}

struct replay_bot *bot_open(struct replay *replay)
{
    const struct proto_bot_info info = {
            .name = SLICE_OF("replay"), .version = SLICE_OF("1"), .credits = CREDITS};
    struct replay_bot *bot = calloc(1, sizeof *bot);
    check(bot != NULL);
    bot->replay = replay;
    bot->waker = waker_create(event_loop_uv(replay->loop), bot, commit_again);
    bot->link = link_open(&(struct link_options){.loop = event_loop_uv(replay->loop),
            .url = replay->place.ws_url,
            .token = replay->bot_key,
            .client = {SLICE_OF("weft-replay"), SLICE_OF("1")},
            .bot = &info,
            .context = bot,
            .on_state = on_state,
            .on_frame = on_frame});
    check(bot->link != NULL);
    return bot;
}

void bot_close_link(struct replay_bot *bot)
{
    link_close(bot->link);
    waker_destroy(bot->waker);
    free(bot);
}

bool bot_is_ready(const struct replay_bot *bot)
{
    return bot->is_connected;
}

uint64_t bot_reconnects(const struct replay_bot *bot)
{
    return link_reconnects(bot->link);
}
