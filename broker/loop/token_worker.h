/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens' signatures, checked on a thread of libuv's. */
#ifndef WEFT_LOOP_TOKEN_WORKER_H
#define WEFT_LOOP_TOKEN_WORKER_H

#include "loop/loop.h"
#include "port/verifier.h"

enum {
    TOKEN_CHECKS_MAX = 256, /* that wait or are looked at; who comes then does it itself */
    TOKEN_BATCH_MAX = 16,   /* their welcomes wait for all of them: some 1.2 ms */
    TOKEN_LATE_MS = 50,     /* until a batch that no thread has begun is checked on the loop */
};

struct token_worker;

/* errors: out of memory ends the process, as at any start */
struct token_worker *token_worker_create(struct loop *loop);
/* Turns the loop until nothing is under way; what has not begun is never answered. */
void token_worker_destroy(struct token_worker *worker);

struct verifier *token_worker_port(struct token_worker *worker);

#endif
