/* SPDX-License-Identifier: Apache-2.0 */
/* One dialogue under way: whose turn it is, and what each side has heard. */
#ifndef WEFT_CLI_REPLAY_PLAY_H
#define WEFT_CLI_REPLAY_PLAY_H

#include "bots/sdk/c/outbox.h"
#include "cli/replay/feed.h"
#include "cli/replay/replay.h"

struct desk_agent;

enum play_bot { BOT_IDLE, BOT_ASKED, BOT_SAYING, BOT_DONE };
enum play_close { CLOSE_NOT_YET, CLOSE_ASKED };

/* What one speaker has in the outbox. */
struct speaker {
    struct outbox box;
    size_t turn; /* the turn said last */
    uint64_t key;
    struct name owner; /* agents: the token that it was said with */
};

/* An agent's place in a play; kept until the play ends, since its numbers go on counting. */
struct seat {
    struct seat *next;
    struct play *play;
    struct desk_agent *agent;
    struct speaker speaker;
};

struct play {
    struct replay *replay;
    const struct dialogue *dialogue;
    size_t index;
    bool is_over;
    struct waker *waker;
    struct map_node by_conversation;
    char conversation[REPLAY_ID_MAX + 1];

    size_t next;       /* the turn to be said next */
    uint64_t *said_ns; /* per turn; 0: not yet */
    size_t paced;      /* the turn that pace_until_ms is for */
    uint64_t pace_until_ms, again_ms;
    uint64_t moved_ms; /* when something last happened */
    uint64_t still_ms; /* since then, while everybody was connected */

    struct link *customer;
    struct speaker customer_speaker;
    struct feed customer_feed;

    enum play_bot bot;
    struct name turn;

    struct seat *seats, *seat; /* all, and whose it is */
    struct feed agent_feed;
    struct name owner;
    bool has_owner; /* the seat's agent may speak */
    bool must_look; /* what was said already is to be looked up in the agent's view first */
    uint64_t seated_ns;
    enum play_close close;
    uint64_t close_again_ms; /* not before */
    unsigned refusals;
};

/* Begins the play: the customer's link opens. */
struct play *play_begin(struct replay *replay, size_t index);
/* Does what can be done now; called after everything that happens. */
void play_go_on(struct play *play);
/* Something happened: it is not stuck. */
void play_moved(struct play *play);
/* Every so often: gives a play up that is stuck. */
void play_look_after(struct play *play, uint64_t passed_ms);
/* It cannot go on; the sentence is said. */
void play_give_up(struct play *play, const char *sentence);
/* The case is closed and the customer has seen it. */
void play_finish(struct play *play);
/* order: only when it is over, or the whole replay ends */
void play_destroy(struct play *play);

/* Are all turns before this one in the view? */
bool play_heard(const struct play *play, const struct feed *feed, size_t turn);
/* Takes the times of what was heard for the first time. before: messages of that side until now. */
void play_note_delivery(
        struct play *play, bool is_customer, size_t before, size_t after, uint64_t since_ns);
/* When the outbox must be flushed again, at the latest. */
void play_wake(struct play *play, uint64_t wait_ms);

/* ---- the customer ------------------------------------------------------------------------------
 */

bool customer_open(struct play *play);
void customer_say(struct play *play, size_t turn);

/* ---- the desk ----------------------------------------------------------------------------------
 */

struct desk *desk_open(struct replay *replay);
void desk_close(struct desk *desk);
bool desk_is_ready(const struct desk *desk);
/* Every so often: what has to be asked again. */
void desk_tick(struct desk *desk);
void desk_say(struct play *play, size_t turn);
void desk_flush(struct play *play);
void desk_end_case(struct play *play);
uint64_t desk_reconnects(const struct desk *desk);
void desk_forget(struct play *play);

/* ---- the bot -----------------------------------------------------------------------------------
 */

struct replay_bot *bot_open(struct replay *replay);
void bot_close_link(struct replay_bot *bot);
bool bot_is_ready(const struct replay_bot *bot);
void bot_say_turn(struct play *play, size_t turn);
uint64_t bot_reconnects(const struct replay_bot *bot);

#endif
