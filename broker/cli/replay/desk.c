/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated agents: they take every offer, read, answer, and close.
 *
 * Invariant: what an agent says carries the owner token of the assignment in force, and its numbers
 * go on per agent and play, whoever owned the case in between. A play's agent view is the view of
 * its present owner, from the first entry on.
 */
#include "cli/replay/desk_agents.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSALS_MAX = 20, AGAIN_MS = 200 };

/* ---- seats ------------------------------------------------------------------------------------
 */

static bool send_frame(void *context, const struct proto_frame *frame)
{
    struct seat *seat = context;
    return link_send(seat->agent->link, frame);
}

static void on_acked(void *context, uint64_t key, uint64_t n, const struct name *at)
{
    struct seat *seat = context;
    struct play *play = seat->play;
    (void)n, (void)at;
    if (key != seat->speaker.key)
        return;
    seat->speaker.key = 0;
    samples_add(&play->replay->ack, replay_now_ns() - play->said_ns[seat->speaker.turn]);
}

static void on_refused(void *context, uint64_t key, enum proto_error_code code)
{
    struct seat *seat = context;
    struct play *play = seat->play;
    char sentence[128];
    (void)key;
    seat->speaker.key = 0;
    play->must_look = true;
    if (code == PROTO_ERROR_FENCED && name_equal(&seat->speaker.owner, &play->owner))
        play->has_owner = false;
    if (++play->refusals <= REFUSALS_MAX)
        return;
    snprintf(sentence, sizeof sentence, "the agent's words were refused: %.*s",
            SLICE_ARGS(proto_error_info(code)->code));
    play_give_up(play, sentence);
}

static struct seat *take_seat(struct play *play, struct desk_agent *agent)
{
    char prefix[OUTBOX_PREFIX_MAX + 1];
    for (struct seat *seat = play->seats; seat != NULL; seat = seat->next)
        if (seat->agent == agent)
            return seat;
    struct seat *seat = calloc(1, sizeof *seat);
    check(seat != NULL);
    seat->play = play;
    seat->agent = agent;
    seat->next = play->seats;
    play->seats = seat;
    snprintf(prefix, sizeof prefix, "s%zu.", play->index);
    outbox_init(&seat->speaker.box,
            &(struct outbox_options){.conversation = slice_of_string(play->conversation),
                    .prefix = prefix,
                    .context = seat,
                    .send = send_frame,
                    .on_acked = on_acked,
                    .on_refused = on_refused});
    return seat;
}

/* The agent leaves the play, or another one has come. */
static void stand_up(struct play *play)
{
    if (play->seat != NULL)
        outbox_on_disconnect(&play->seat->speaker.box);
    play->seat = NULL;
    play->has_owner = false;
    play->must_look = true;
    play->close = CLOSE_NOT_YET;
    feed_reset(&play->agent_feed);
}

void desk_forget(struct play *play)
{
    stand_up(play);
}

static struct seat *seat_of(struct desk_agent *agent, struct slice conversation)
{
    struct play *play = replay_find_play(agent->desk->replay, conversation);
    bool is_theirs =
            play != NULL && !play->is_over && play->seat != NULL && play->seat->agent == agent;
    return is_theirs ? play->seat : NULL;
}

/* ---- what an agent hears ----------------------------------------------------------------------
 */

static void on_assigned(struct desk_agent *agent, const struct proto_assigned *assigned)
{
    struct play *play = replay_find_play(agent->desk->replay, assigned->conversation);
    if (play == NULL || play->is_over)
        return;
    if (play->seat == NULL || play->seat->agent != agent) {
        stand_up(play);
        play->seat = take_seat(play, agent);
        play->seated_ns = replay_now_ns();
    }
    if (!name_equal(&play->owner, &assigned->owner))
        play->must_look = true;
    play->owner = assigned->owner;
    play->has_owner = true;
    play->close = CLOSE_NOT_YET;
    play->agent_feed.is_asked = false;
    outbox_on_welcome(&play->seat->speaker.box, slice_of_string(agent->lineage));
    play_moved(play);
    play_go_on(play);
}

static void on_entry(struct desk_agent *agent, const struct proto_entry_view *entry)
{
    struct seat *seat = seat_of(agent, entry->conversation);
    if (seat == NULL)
        return;
    struct play *play = seat->play;
    struct feed *feed = &play->agent_feed;
    size_t before = feed->view.customer_count;
    if (feed_take(feed, entry) == FEED_GAP) {
        link_reconnect(agent->link);
        return;
    }
    play_note_delivery(play, true, before, feed->view.customer_count, play->seated_ns);
    play_moved(play);
}

static void ask_for_missing(struct play *play)
{
    char id[32];
    struct proto_frame frame = {.kind = PROTO_KIND_HISTORY};
    if (play->is_over || play->seat == NULL ||
            !feed_wants_page(
                    &play->agent_feed, slice_of_string(play->conversation), &frame.as.history))
        return;
    int len = snprintf(id, sizeof id, "h%zu", play->index);
    frame.as.history.id = slice_make(id, (size_t)len);
    play->agent_feed.is_asked = link_send(play->seat->agent->link, &frame);
}

/* The play that a request's id names: "s12.1.4", "h12", "c12". */
static struct play *play_of_request(const struct desk_agent *agent, struct slice id)
{
    const struct replay *replay = agent->desk->replay;
    size_t index = 0;
    for (size_t i = 1; i < id.len && id.bytes[i] >= '0' && id.bytes[i] <= '9' && i < 12; i++)
        index = index * 10 + (size_t)(id.bytes[i] - '0');
    bool is_known =
            id.len > 1 && strchr("shc", id.bytes[0]) != NULL && index < replay->dialogues.count;
    return is_known ? replay->plays[index] : NULL;
}

static void on_case_error(struct play *play, const struct proto_error *error)
{
    if (slice_is(error->code, "case_closed"))
        return; /* the customer's socket will show it */
    if (slice_is(error->code, "fenced"))
        play->has_owner = false;
    play->close = CLOSE_NOT_YET;
    play->close_again_ms = waker_now_ms(play->waker) + AGAIN_MS;
    play_wake(play, AGAIN_MS);
}

static void on_error(struct desk_agent *agent, const struct proto_error *error)
{
    struct play *play = play_of_request(agent, error->id);
    if (play == NULL)
        desk_agent_on_error(agent, error);
    else if (error->id.bytes[0] == 'c')
        on_case_error(play, error);
    else if (error->id.bytes[0] == 'h')
        play->agent_feed.is_asked = false, play_wake(play, AGAIN_MS);
}

static void on_released(struct desk_agent *agent, const struct proto_released *released)
{
    struct seat *seat = seat_of(agent, released->conversation);
    if (seat != NULL && !slice_is(released->reason, "closed"))
        stand_up(seat->play);
}

static void on_reset(struct desk_agent *agent, const struct proto_reset *reset)
{
    struct seat *seat = seat_of(agent, reset->conversation);
    if (seat == NULL)
        return;
    feed_reset(&seat->play->agent_feed);
    seat->play->must_look = true;
}

/* Which play a frame is about, once it was looked at. */
static struct play *play_of_frame(struct desk_agent *agent, const struct proto_frame *frame)
{
    struct slice conversation = SLICE_NONE;
    if (frame->kind == PROTO_KIND_ENTRY)
        conversation = frame->as.entry.conversation;
    else if (frame->kind == PROTO_KIND_ACK)
        conversation = frame->as.ack.conversation;
    else if (frame->kind == PROTO_KIND_PAGE)
        conversation = frame->as.page.conversation;
    else if (frame->kind == PROTO_KIND_RESET)
        conversation = frame->as.reset.conversation;
    else if (frame->kind == PROTO_KIND_ERROR)
        return play_of_request(agent, frame->as.error.id);
    return replay_find_play(agent->desk->replay, conversation);
}

static void feed_outbox(
        struct desk_agent *agent, struct play *play, const struct proto_frame *frame)
{
    struct seat *seat = play->seats;
    while (seat != NULL && seat->agent != agent)
        seat = seat->next;
    if (seat == NULL)
        return;
    uint64_t now_ms = waker_now_ms(play->waker);
    if (outbox_on_frame(&seat->speaker.box, frame, replay_random(), now_ms) == OUTBOX_RECONNECT)
        link_reconnect(agent->link);
}

void desk_on_frame(void *context, const struct proto_frame *frame)
{
    struct desk_agent *agent = context;
    struct play *play = play_of_frame(agent, frame);
    if (play != NULL && !play->is_over)
        feed_outbox(agent, play, frame);
    if (frame->kind == PROTO_KIND_ASSIGNED)
        on_assigned(agent, &frame->as.assigned);
    else if (frame->kind == PROTO_KIND_ENTRY)
        on_entry(agent, &frame->as.entry);
    else if (frame->kind == PROTO_KIND_PAGE && seat_of(agent, frame->as.page.conversation) != NULL)
        feed_take_page(&play->agent_feed, &frame->as.page);
    else if (frame->kind == PROTO_KIND_RELEASED)
        on_released(agent, &frame->as.released);
    else if (frame->kind == PROTO_KIND_RESET)
        on_reset(agent, &frame->as.reset);
    else if (frame->kind == PROTO_KIND_ERROR)
        on_error(agent, &frame->as.error);
    else
        desk_agent_on_frame(agent, frame);
    if (play != NULL && !play->is_over) {
        ask_for_missing(play);
        play_go_on(play);
    }
}

void desk_on_disconnect(struct desk_agent *agent)
{
    struct replay *replay = agent->desk->replay;
    for (size_t i = 0; i < replay->begun; i++) {
        struct play *play = replay->plays[i];
        if (play->is_over || play->seat == NULL || play->seat->agent != agent)
            continue;
        outbox_on_disconnect(&play->seat->speaker.box);
        play->agent_feed.is_asked = false;
        play->close = CLOSE_NOT_YET;
        play->has_owner = false; /* until it is assigned again, on the next connection */
    }
}

size_t desk_list_cursors(void *context, struct proto_cursor *out_list, size_t max)
{
    struct desk_agent *agent = context;
    struct replay *replay = agent->desk->replay;
    size_t count = 0;
    for (size_t i = 0; i < replay->begun && count < max; i++) {
        const struct play *play = replay->plays[i];
        if (!play->is_over && play->seat != NULL && play->seat->agent == agent &&
                !name_is_none(&play->agent_feed.last))
            out_list[count++] = (struct proto_cursor){
                    slice_of_string(play->conversation), play->agent_feed.last};
    }
    return count;
}

/* ---- what an agent says -----------------------------------------------------------------------
 */

void desk_say(struct play *play, size_t turn)
{
    struct speaker *speaker = &play->seat->speaker;
    const struct proto_body body = {
            .kind = PROTO_BODY_KIND_TEXT, .text = play->dialogue->turns[turn].text};
    speaker->turn = turn;
    speaker->owner = play->owner;
    speaker->key = outbox_put(
            &speaker->box, &(struct outbox_message){.body = &body, .owner = &speaker->owner});
    check(speaker->key != 0);
}

void desk_flush(struct play *play)
{
    if (play->seat == NULL || !play->has_owner)
        return;
    uint64_t wait_ms = outbox_flush(&play->seat->speaker.box, waker_now_ms(play->waker));
    if (wait_ms > 0)
        play_wake(play, wait_ms);
}

void desk_end_case(struct play *play)
{
    char id[32];
    int len = snprintf(id, sizeof id, "c%zu", play->index);
    struct proto_frame frame = {.kind = PROTO_KIND_CLOSE};
    frame.as.close = (struct proto_close){.id = slice_make(id, (size_t)len),
            .conversation = slice_of_string(play->conversation),
            .owner = play->owner};
    if (link_send(play->seat->agent->link, &frame))
        play->close = CLOSE_ASKED;
}
