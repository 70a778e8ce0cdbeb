/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a dialogue.
 *
 *   customer's turn: the customer's own socket has shown all turns before it -> outbox
 *   first answer:    the bot, when it is asked; the agent, when the case came without it
 *   other answers:   the agent who owns the case, when their own socket has shown all before
 *   after the last:  the agent closes the case; the customer sees it closed; over
 *
 * Invariant: `next` is the first turn that nobody has in hand. It goes back only after a change of
 * owner, once the new owner's view reaches to the entry that made them owner: whatever is not in it
 * by then will never be, since the old owner is fenced from there on.
 */
#include "cli/replay/play.h"

#include "base/check.h"
#include "bots/sdk/c/event_loop.h"
#include "cli/say.h"

#include <stdlib.h>

enum { STILL_MS_MAX = 60000, SILENT_MS_MAX = 300000, BOT_PACE_MS_MAX = 2000 };

/* ---- what was heard ---------------------------------------------------------------------------
 */

/* A planted loss is taken for said, by both sides. */
static size_t lost_before(const struct play *play, size_t turn)
{
    const struct plant *plant = &play->replay->plant;
    return plant->kind == PLANT_LOSE && plant->dialogue == play->index && plant->turn < turn;
}

bool play_heard(const struct play *play, const struct feed *feed, size_t turn)
{
    size_t customer = dialogue_customer_turns(play->dialogue, turn);
    size_t company = turn - customer;
    return feed->view.customer_count >= customer - lost_before(play, turn) &&
           feed_company_count(feed) >= company;
}

/* The n-th turn of a side; the count of turns when there is none. */
static size_t nth_turn(const struct dialogue *dialogue, bool is_customer, size_t n)
{
    for (size_t i = 0; i < dialogue->turn_count; i++)
        if (dialogue->turns[i].is_customer == is_customer && n-- == 0)
            return i;
    return dialogue->turn_count;
}

void play_note_delivery(
        struct play *play, bool is_customer, size_t before, size_t after, uint64_t since_ns)
{
    struct replay *replay = play->replay;
    for (size_t n = before; n < after; n++) {
        size_t turn = nth_turn(play->dialogue, is_customer, n);
        if (turn == play->dialogue->turn_count || play->said_ns[turn] <= since_ns)
            continue;
        samples_add(&replay->deliver, replay_now_ns() - play->said_ns[turn]);
        replay->messages_seen++;
    }
}

/* ---- speaking ---------------------------------------------------------------------------------
 */

static bool is_paced(struct play *play, bool is_bot)
{
    uint64_t now_ms = waker_now_ms(play->waker), pace_ms = play->replay->options->pace_ms;
    if (is_bot && pace_ms > BOT_PACE_MS_MAX)
        pace_ms = BOT_PACE_MS_MAX; /* its lease runs */
    if (pace_ms == 0)
        return true;
    if (play->paced != play->next) {
        play->paced = play->next;
        play->pace_until_ms = now_ms + pace_ms;
    }
    if (now_ms >= play->pace_until_ms)
        return true;
    play_wake(play, play->pace_until_ms - now_ms);
    return false;
}

/* After a change of owner: goes back to what the log really has. */
static void look_up(struct play *play)
{
    const struct feed *feed = &play->agent_feed;
    bool is_there = play->must_look && play->has_owner && feed->is_whole &&
                    feed->last.seq >= play->owner.seq &&
                    outbox_unacked(&play->seat->speaker.box) == 0;
    if (!is_there)
        return;
    play->must_look = false;
    size_t missing = nth_turn(play->dialogue, false, feed_company_count(feed));
    if (missing < play->next)
        play->next = missing;
}

enum side { SIDE_NOBODY, SIDE_CUSTOMER, SIDE_BOT, SIDE_AGENT };

/* Who can say the next turn now. */
static enum side whose_turn(const struct play *play)
{
    if (play->dialogue->turns[play->next].is_customer)
        return play->conversation[0] != '\0' && play_heard(play, &play->customer_feed, play->next)
                       ? SIDE_CUSTOMER
                       : SIDE_NOBODY;
    if (play->has_owner && !play->must_look && play_heard(play, &play->agent_feed, play->next))
        return SIDE_AGENT;
    bool is_first = play->next == nth_turn(play->dialogue, false, 0);
    return is_first && play->bot == BOT_ASKED && play->seat == NULL ? SIDE_BOT : SIDE_NOBODY;
}

static bool speak(struct play *play)
{
    enum side side = whose_turn(play);
    if (side == SIDE_NOBODY || !is_paced(play, side == SIDE_BOT))
        return false;
    size_t turn = play->next++;
    play->said_ns[turn] = replay_now_ns();
    if (side == SIDE_CUSTOMER)
        customer_say(play, turn);
    else if (side == SIDE_BOT)
        bot_say_turn(play, turn);
    else
        desk_say(play, turn);
    return true;
}

static void end_case(struct play *play)
{
    size_t all = play->dialogue->turn_count;
    bool is_due = play->has_owner && !play->must_look && play->close == CLOSE_NOT_YET &&
                  waker_now_ms(play->waker) >= play->close_again_ms &&
                  play_heard(play, &play->agent_feed, all) &&
                  play_heard(play, &play->customer_feed, all);
    if (is_due)
        desk_end_case(play);
}

/* A dialogue without any answer: the bot only hands over. */
static void hand_over_silently(struct play *play)
{
    bool has_answer = nth_turn(play->dialogue, false, 0) < play->dialogue->turn_count;
    if (!has_answer && play->bot == BOT_ASKED && play->next == play->dialogue->turn_count)
        bot_say_turn(play, play->dialogue->turn_count);
}

void play_wake(struct play *play, uint64_t wait_ms)
{
    uint64_t due_ms = waker_now_ms(play->waker) + wait_ms;
    if (play->again_ms == 0 || due_ms < play->again_ms ||
            play->again_ms <= waker_now_ms(play->waker))
        play->again_ms = due_ms;
    waker_arm(play->waker, play->again_ms - waker_now_ms(play->waker));
}

void play_go_on(struct play *play)
{
    if (play->is_over)
        return;
    bool is_speaking = true;
    while (is_speaking) {
        look_up(play);
        is_speaking = play->next < play->dialogue->turn_count && speak(play);
    }
    hand_over_silently(play);
    if (play->next == play->dialogue->turn_count)
        end_case(play);
    uint64_t wait_ms = outbox_flush(&play->customer_speaker.box, waker_now_ms(play->waker));
    if (wait_ms > 0)
        play_wake(play, wait_ms);
    desk_flush(play);
}

static void on_due(void *context)
{
    play_go_on(context);
}

/* ---- beginning and end ------------------------------------------------------------------------
 */

struct play *play_begin(struct replay *replay, size_t index)
{
    struct play *play = calloc(1, sizeof *play);
    check(play != NULL);
    play->replay = replay;
    play->index = index;
    play->dialogue = &replay->dialogues.all[index];
    play->paced = SIZE_MAX;
    play->must_look = true;
    play->said_ns = calloc(play->dialogue->turn_count + 1, sizeof *play->said_ns);
    play->waker = waker_create(event_loop_uv(replay->loop), play, on_due);
    check(play->said_ns != NULL && customer_open(play));
    play_moved(play);
    return play;
}

static void leave(struct play *play)
{
    struct replay *replay = play->replay;
    play->is_over = true;
    waker_disarm(play->waker);
    replay->reconnects += link_reconnects(play->customer);
    check_view(play->dialogue, &play->customer_feed.view, &replay->sums);
    check_view(play->dialogue, &play->agent_feed.view, &replay->sums);
    desk_forget(play);
    feed_reset(&play->customer_feed);
    feed_reset(&play->agent_feed);
    link_close(play->customer);
    play->customer = NULL;
    replay_on_play_over(replay);
}

void play_finish(struct play *play)
{
    if (play->next < play->dialogue->turn_count)
        play_give_up(play, "the case was closed before its end");
    else if (!play->is_over)
        leave(play);
}

void play_give_up(struct play *play, const char *sentence)
{
    if (play->is_over)
        return;
    say("dialogue %s, turn %zu of %zu: %s", play->dialogue->id, play->next + 1,
            play->dialogue->turn_count, sentence);
    play->replay->stuck++;
    leave(play);
}

void play_moved(struct play *play)
{
    play->moved_ms = waker_now_ms(play->waker);
    play->still_ms = 0;
}

void play_look_after(struct play *play, uint64_t passed_ms)
{
    if (play->is_over)
        return;
    bool is_connected = link_state(play->customer) == LINK_CONNECTED &&
                        bot_is_ready(play->replay->bot) && desk_is_ready(play->replay->desk);
    if (is_connected)
        play->still_ms += passed_ms;
    uint64_t pace_ms = play->replay->options->pace_ms;
    if (play->still_ms > STILL_MS_MAX + pace_ms)
        play_give_up(play, "nothing has happened for a minute; what is missing counts as lost");
    else if (waker_now_ms(play->waker) - play->moved_ms > SILENT_MS_MAX + pace_ms)
        play_give_up(play, "no connection for five minutes; what is missing counts as lost");
    else
        play_go_on(play);
}

void play_destroy(struct play *play)
{
    if (play->customer != NULL)
        link_close(play->customer);
    outbox_finish(&play->customer_speaker.box);
    while (play->seats != NULL) {
        struct seat *seat = play->seats;
        play->seats = seat->next;
        outbox_finish(&seat->speaker.box);
        free(seat);
    }
    if (play->conversation[0] != '\0')
        map_remove(&play->replay->by_conversation, &play->by_conversation);
    feed_reset(&play->customer_feed);
    feed_reset(&play->agent_feed);
    waker_destroy(play->waker);
    free(play->said_ns);
    free(play);
}
