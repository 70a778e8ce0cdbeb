/* SPDX-License-Identifier: Apache-2.0 */
/* A replay from beginning to end, on one loop.
 *
 *   GATHERING  the desk and the bot come in      -> PLAYING; OVER when they do not in time
 *   PLAYING    so many dialogues at once         -> READING when all are over
 *   READING    the stored log, one a turn        -> OVER
 *
 * A signal goes to OVER from anywhere. Invariant: whatever happens, the tenant that was made is
 * removed again, and the whole is bounded: a dialogue that does not move is given up.
 */
#include "cli/replay/play.h"

#include "base/check.h"
#include "bots/sdk/c/event_loop.h"
#include "cli/command.h"
#include "cli/replay/progress.h"
#include "cli/say.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { TICK_MS = 100, GATHER_MS = 30000 };

uint64_t replay_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t replay_random(void)
{
    static uint64_t state;
    while (state == 0)
        check(getrandom(&state, sizeof state, 0) == sizeof state);
    state ^= state << 13; /* xorshift: it only spreads retries */
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

struct play *replay_find_play(const struct replay *replay, struct slice conversation)
{
    return MAP_ITEM(map_find(&replay->by_conversation, conversation), struct play, by_conversation);
}

void replay_on_play_over(struct replay *replay)
{
    replay->playing--;
    waker_arm(replay->tick, 0);
}

/* ---- stages -----------------------------------------------------------------------------------
 */

static void close_links(struct replay *replay)
{
    for (size_t i = 0; i < replay->begun; i++)
        play_destroy(replay->plays[i]);
    replay->begun = 0;
    replay->reconnects += desk_reconnects(replay->desk) + bot_reconnects(replay->bot);
    desk_close(replay->desk);
    bot_close_link(replay->bot);
    replay->desk = NULL;
    replay->bot = NULL;
}

static void end(struct replay *replay)
{
    if (replay->desk != NULL)
        close_links(replay);
    replay->stage = REPLAY_OVER;
    waker_destroy(replay->tick);
    replay->tick = NULL;
    event_loop_release(replay->loop);
}

static void gather(struct replay *replay)
{
    if (desk_is_ready(replay->desk) && bot_is_ready(replay->bot)) {
        replay->stage = REPLAY_PLAYING;
        replay->started_ns = replay_now_ns();
        say("playing %zu dialogues as tenant %s", replay->dialogues.count, replay->tenant);
    } else if (waker_now_ms(replay->tick) >= replay->gather_until_ms) {
        say("the agents and the bot could not come in within 30 seconds");
        end(replay);
    }
}

static void fill(struct replay *replay)
{
    while (replay->playing < replay->options->concurrency &&
            replay->begun < replay->dialogues.count) {
        replay->playing++;
        replay->plays[replay->begun] = play_begin(replay, replay->begun);
        replay->begun++;
    }
}

/* The conversations' names outlive the plays: the stored log is read by them. */
static void keep_names(struct replay *replay)
{
    for (size_t i = 0; i < replay->begun; i++)
        snprintf(replay->names[i], sizeof replay->names[i], "%s", replay->plays[i]->conversation);
}

static void go_on_playing(struct replay *replay, uint64_t passed_ms)
{
    desk_tick(replay->desk);
    for (size_t i = 0; i < replay->begun; i++)
        play_look_after(replay->plays[i], passed_ms);
    fill(replay);
    if (replay->playing > 0)
        return;
    replay->ended_ns = replay_now_ns();
    keep_names(replay);
    close_links(replay);
    replay->stage = REPLAY_READING;
}

static void read_next(struct replay *replay)
{
    struct view view = {0};
    if (replay->read == replay->dialogues.count) {
        end(replay);
        return;
    }
    if (replay->names[replay->read][0] != '\0')
        stored_read(&replay->place, replay->names[replay->read], &view);
    check_view(&replay->dialogues.all[replay->read], &view, &replay->sums);
    view_clear(&view);
    replay->read++;
}

static void on_tick(void *context)
{
    struct replay *replay = context;
    uint64_t now_ms = waker_now_ms(replay->tick);
    uint64_t passed_ms = replay->ticked_ms ? now_ms - replay->ticked_ms : 0;
    replay->ticked_ms = now_ms;
    if (replay->is_interrupted) {
        end(replay);
        return;
    }
    if (replay->stage == REPLAY_GATHERING)
        gather(replay);
    else if (replay->stage == REPLAY_PLAYING)
        go_on_playing(replay, passed_ms);
    else if (replay->stage == REPLAY_READING)
        read_next(replay);
    progress_show(replay);
    if (replay->tick != NULL)
        waker_arm(replay->tick, replay->stage == REPLAY_READING ? 0 : TICK_MS);
}

static void on_signal(void *context)
{
    struct replay *replay = context;
    replay->is_interrupted = true;
    if (replay->tick != NULL)
        waker_arm(replay->tick, 0);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void open_all(struct replay *replay)
{
    replay->tick = waker_create(event_loop_uv(replay->loop), replay, on_tick);
    replay->gather_until_ms = waker_now_ms(replay->tick) + GATHER_MS;
    replay->bot = bot_open(replay);
    replay->desk = desk_open(replay);
    if (replay->desk != NULL) {
        waker_arm(replay->tick, 0);
        return;
    }
    bot_close_link(replay->bot);
    replay->bot = NULL;
    end(replay);
}

static int run_on_stage(struct replay *replay)
{
    open_all(replay);
    event_loop_run(replay->loop);
    progress_clear(replay);
    if (replay->is_interrupted)
        say("stopped by a signal");
    bool is_whole = replay->read == replay->dialogues.count && !replay->is_interrupted;
    return is_whole ? CLI_GOOD : CLI_NOT_RUN;
}

int replay_run(struct replay *replay)
{
    replay->plays = calloc(replay->dialogues.count, sizeof(struct play *));
    replay->names = calloc(replay->dialogues.count, sizeof *replay->names);
    check(replay->plays != NULL && replay->names != NULL);
    replay->loop = event_loop_open(replay, on_signal);
    int code = CLI_NOT_RUN;
    if (stage_build(replay)) {
        code = run_on_stage(replay);
        if (!stage_strike(replay) && code == CLI_GOOD)
            code = CLI_NOT_RUN;
    } else {
        event_loop_release(replay->loop);
        event_loop_run(replay->loop);
    }
    event_loop_close(replay->loop);
    map_finish(&replay->by_conversation);
    free(replay->plays);
    free(replay->names);
    return code;
}
