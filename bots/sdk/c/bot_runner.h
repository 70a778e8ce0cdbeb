/* SPDX-License-Identifier: Apache-2.0 */
/* A bot at work: its link, and the turns in its hands. weft_bot_run is a process around one. */
#ifndef WEFT_BOTS_BOT_RUNNER_H
#define WEFT_BOTS_BOT_RUNNER_H

#include "bots/sdk/c/weft_bot.h"

struct bot_runner;

struct bot_runner_options {
    struct uv_loop_s *loop;
    const struct weft_bot *bot; /* must outlive the runner */
    const char *url, *key;      /* copied */
    void *context;
    /* Optional: gives the key anew after it was refused; NULL: the first one stays in use. The
     * answer is copied; NULL: none at hand. */
    const char *(*read_key)(void *context);
    /* Called once, later: after bot_runner_stop, or when the server has ended the link. */
    void (*on_stopped)(void *context, bool is_revoked);
};

/* errors: NULL when url is not a ws:// address */
struct bot_runner *bot_runner_open(const struct bot_runner_options *options);

/* Takes no new turns, waits a while for those in flight, then calls on_stopped. */
void bot_runner_stop(struct bot_runner *runner);

/* order: only in or after on_stopped */
void bot_runner_close(struct bot_runner *runner);

#endif
