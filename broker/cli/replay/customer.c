/* SPDX-License-Identifier: Apache-2.0 */
/* The customer of one play: a link with a token that the brand signed for a known contact, an
 * outbox, and a view of what this socket shows.
 *
 * Invariant: the link is used as a page would use it; after any disconnection it resumes by cursor
 * and the outbox sends again what was not acknowledged. Every second customer speaks JSON, the
 * others MessagePack.
 */
#include "cli/replay/play.h"

#include "base/check.h"
#include "bots/sdk/c/event_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TOKEN_LIFETIME_MS = 300000, AGAIN_MS = 500 };

/* ---- who it is --------------------------------------------------------------------------------
 */

static void on_token_wanted(void *context)
{
    struct play *play = context;
    struct replay *replay = play->replay;
    char subject[REPLAY_ID_MAX + 32], bytes[TOKEN_MAX + 1];
    struct buffer token = buffer_make(bytes, TOKEN_MAX);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(subject, sizeof subject, "x:%zu-%s", play->index, play->dialogue->id);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000;
    const struct token_claims claims = {.tenant = slice_of_string(replay->tenant),
            .role = SLICE_OF("customer"),
            .subject = slice_of_string(subject),
            .name = SLICE_OF("Replay"),
            .issued_ms = now_ms,
            .expires_ms = now_ms + TOKEN_LIFETIME_MS};
    check(token_sign(replay->signing_secret, &claims, &token));
    bytes[token.len] = '\0';
    link_set_token(play->customer, bytes);
}

/* ---- what it hears ----------------------------------------------------------------------------
 */

static void on_welcome(struct play *play, const struct proto_welcome *welcome)
{
    bool is_first = play->conversation[0] == '\0';
    if (is_first && welcome->conversation.len > 0 && welcome->conversation.len <= REPLAY_ID_MAX) {
        memcpy(play->conversation, welcome->conversation.bytes, welcome->conversation.len);
        map_put(&play->replay->by_conversation, &play->by_conversation,
                slice_of_string(play->conversation));
    }
    play->customer_feed.is_asked = false;
    outbox_on_welcome(&play->customer_speaker.box, welcome->lineage);
}

static void on_entry(struct play *play, const struct proto_entry_view *entry)
{
    struct feed *feed = &play->customer_feed;
    size_t before = feed_company_count(feed);
    if (feed_take(feed, entry) == FEED_GAP) {
        link_reconnect(play->customer);
        return;
    }
    play_note_delivery(play, false, before, feed_company_count(feed), 0);
    if (feed_entry_has(entry, PROTO_PART_KIND_CASE_CLOSED) && feed->is_whole)
        play_finish(play);
}

static void ask_for_missing(struct play *play)
{
    struct proto_frame frame = {.kind = PROTO_KIND_HISTORY};
    if (play->is_over || !feed_wants_page(&play->customer_feed, SLICE_NONE, &frame.as.history))
        return;
    frame.as.history.id = SLICE_OF("h");
    play->customer_feed.is_asked = link_send(play->customer, &frame);
}

static void on_error(struct play *play, const struct proto_error *error)
{
    if (!slice_is(error->id, "h"))
        return;
    play->customer_feed.is_asked = false;
    play_wake(play, AGAIN_MS);
}

static void on_frame(void *context, const struct proto_frame *frame)
{
    struct play *play = context;
    uint64_t now_ms = waker_now_ms(play->waker);
    enum outbox_verdict verdict =
            outbox_on_frame(&play->customer_speaker.box, frame, replay_random(), now_ms);
    play_moved(play);
    if (frame->kind == PROTO_KIND_WELCOME)
        on_welcome(play, &frame->as.welcome);
    else if (frame->kind == PROTO_KIND_ENTRY)
        on_entry(play, &frame->as.entry);
    else if (frame->kind == PROTO_KIND_PAGE)
        feed_take_page(&play->customer_feed, &frame->as.page);
    else if (frame->kind == PROTO_KIND_RESET)
        feed_reset(&play->customer_feed);
    else if (frame->kind == PROTO_KIND_ERROR)
        on_error(play, &frame->as.error);
    if (verdict == OUTBOX_RECONNECT && !play->is_over)
        link_reconnect(play->customer);
    ask_for_missing(play);
    play_go_on(play);
}

static void on_state(void *context, enum link_state state, const struct link_reason *reason)
{
    struct play *play = context;
    char sentence[96];
    if (state == LINK_DISCONNECTED)
        outbox_on_disconnect(&play->customer_speaker.box);
    if (state != LINK_ENDED)
        return;
    snprintf(sentence, sizeof sentence, "the server sent the customer away for good (%d, %d)",
            reason->close_code, (int)reason->error);
    play_give_up(play, sentence);
}

static size_t list_cursors(void *context, struct proto_cursor *out_list, size_t max)
{
    const struct play *play = context;
    if (max == 0 || name_is_none(&play->customer_feed.last))
        return 0;
    out_list[0] =
            (struct proto_cursor){slice_of_string(play->conversation), play->customer_feed.last};
    return 1;
}

/* ---- what it says -----------------------------------------------------------------------------
 */

static bool send_frame(void *context, const struct proto_frame *frame)
{
    struct play *play = context;
    return play->customer != NULL && link_send(play->customer, frame);
}

static void on_acked(void *context, uint64_t key, uint64_t n, const struct name *at)
{
    struct play *play = context;
    struct speaker *speaker = &play->customer_speaker;
    (void)n, (void)at;
    if (key != speaker->key)
        return;
    speaker->key = 0;
    samples_add(&play->replay->ack, replay_now_ns() - play->said_ns[speaker->turn]);
}

static void on_refused(void *context, uint64_t key, enum proto_error_code code)
{
    struct play *play = context;
    char sentence[128];
    (void)key;
    snprintf(sentence, sizeof sentence, "the customer's words were refused: %.*s",
            SLICE_ARGS(proto_error_info(code)->code));
    play_give_up(play, sentence);
}

static void put(struct play *play, struct slice text)
{
    const struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = text};
    const struct outbox_message message = {.body = &body};
    play->customer_speaker.key = outbox_put(&play->customer_speaker.box, &message);
    check(play->customer_speaker.key != 0);
}

void customer_say(struct play *play, size_t turn)
{
    const struct plant *plant = &play->replay->plant;
    char scratch[PROTO_LIMIT_TEXT_BYTES];
    struct slice text = plant_text(plant, play->index, play->dialogue, turn, scratch);
    play->customer_speaker.turn = turn;
    if (plant_is_at(plant, PLANT_LOSE, play->index, turn))
        return;
    if (plant_is_at(plant, PLANT_DOUBLE, play->index, turn))
        put(play, text);
    put(play, text);
}

bool customer_open(struct play *play)
{
    struct replay *replay = play->replay;
    outbox_init(&play->customer_speaker.box, &(struct outbox_options){.prefix = "c",
                                                     .context = play,
                                                     .send = send_frame,
                                                     .on_acked = on_acked,
                                                     .on_refused = on_refused});
    play->customer = link_open(&(struct link_options){
            .loop = event_loop_uv(replay->loop),
            .url = replay->place.ws_url,
            .use_json = play->index % 2 == 1,
            .client = {SLICE_OF("weft-replay"), SLICE_OF("1")},
            .context = play,
            .on_state = on_state,
            .on_frame = on_frame,
            .on_token_wanted = on_token_wanted,
            .list_cursors = list_cursors,
    });
    return play->customer != NULL;
}
