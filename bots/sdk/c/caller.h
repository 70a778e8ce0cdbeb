/* SPDX-License-Identifier: Apache-2.0 */
/* Who a link says hello as: own copies of the client's and the bot's names. */
#ifndef WEFT_BOTS_CALLER_H
#define WEFT_BOTS_CALLER_H

#include "proto/frames.h"

struct caller {
    struct proto_client client;
    struct proto_bot_info bot;
    bool is_bot;
    char *names[4];
};

/* bot may be NULL. owns: both are copied */
void caller_init(
        struct caller *caller, const struct proto_client *client, const struct proto_bot_info *bot);
void caller_finish(struct caller *caller);

/* Fills in the hello, which borrows from the caller. */
void caller_show(const struct caller *caller, struct proto_hello *hello);

#endif
