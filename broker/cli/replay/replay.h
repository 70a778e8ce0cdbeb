/* SPDX-License-Identifier: Apache-2.0 */
/* A replay under way, as its parts see it.
 *
 * Glossary: a *play* is one dialogue being played, with a customer's link of its own. The *desk* is
 * the simulated agents, each with a link; a *seat* is an agent's place in one play. One bot link
 * serves all plays.
 */
#ifndef WEFT_CLI_REPLAY_REPLAY_H
#define WEFT_CLI_REPLAY_REPLAY_H

#include "base/map.h"
#include "bots/sdk/c/link.h"
#include "bots/sdk/c/waker.h"
#include "cli/place.h"
#include "cli/replay/check.h"
#include "cli/replay/plant.h"
#include "cli/replay/samples.h"
#include "port/crypto.h"

enum { REPLAY_ID_MAX = 64, REPLAY_KEY_MAX = 256 };

struct replay_options {
    const char *up, *plant;
    uint64_t concurrency, pace_ms, limit;
    bool is_json;
};

struct play;
struct desk;
struct replay_bot;
struct event_loop;

enum replay_stage { REPLAY_GATHERING, REPLAY_PLAYING, REPLAY_READING, REPLAY_OVER };

struct replay {
    const struct replay_options *options;
    struct place place;
    struct dialogues dialogues;
    struct plant plant;
    char tenant[REPLAY_ID_MAX + 1], bot_key[REPLAY_KEY_MAX];
    uint8_t signing_secret[SIGNING_SECRET_SIZE];
    struct event_loop *loop;
    struct waker *tick;
    enum replay_stage stage;
    struct play **plays; /* by dialogue; NULL: not begun */
    struct map by_conversation;
    char (*names)[REPLAY_ID_MAX + 1]; /* of the conversations, by dialogue; empty: never begun */
    struct desk *desk;
    struct replay_bot *bot;
    size_t begun, playing, read;
    uint64_t gather_until_ms, ticked_ms, shown_ms;
    bool is_interrupted;

    struct samples ack, deliver;
    struct verdict sums;
    uint64_t reconnects, stuck, misrouted, messages_seen; /* stuck: dialogues given up */
    uint64_t started_ns, ended_ns;
};

struct play *replay_find_play(const struct replay *replay, struct slice conversation);
/* A play has ended: its customer's and agent's views are judged. */
void replay_on_play_over(struct replay *replay);

/* Plays everything; out_replay's figures are then filled in. Returns one of enum cli_exit's 0 and
 * 2; what went wrong has been said. */
int replay_run(struct replay *replay);

uint64_t replay_now_ns(void);
uint64_t replay_random(void);

/* ---- the stage: what has to be there before the first word, and gone after the last ------------
 */

/* Makes the tenant and the bot's key. errors: false: said */
bool stage_build(struct replay *replay);
/* Removes the tenant with all that was said. errors: false: said */
bool stage_strike(struct replay *replay);

/* Reads the stored log of one conversation into a view.
 *
 * errors: false: it could not be read; the view is empty; said */
bool stored_read(const struct place *place, const char *conversation, struct view *out_view);

#endif
