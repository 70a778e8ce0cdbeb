/* SPDX-License-Identifier: Apache-2.0 */
/* An outbox, a wire, and a model of the server behind it: each case begins with begin and ends with
 * finish. */
#ifndef WEFT_TESTS_OUTBOX_MODEL_H
#define WEFT_TESTS_OUTBOX_MODEL_H

#include "bots/sdk/c/outbox.h"

enum { LOG_MAX = 600, WIRE_MAX = 4096 };

/* The server's side of one conversation: rule 8 of the log. */
struct model {
    struct {
        char lineage[33], text[24];
        uint64_t n;
    } log[LOG_MAX];
    size_t log_len;
};

struct flying {
    char id[64], lineage[33], text[24];
    uint64_t n;
};

extern struct model model;
extern struct flying wire[WIRE_MAX];
extern size_t wire_len;
extern bool wire_is_full;
extern uint64_t retry_after_ms; /* what the server says when it says "later"; 0: nothing */
extern struct outbox outbox;
extern char trace[20000];
extern size_t acked, refused; /* so many messages were */

void begin(void);
void finish(void);
/* Returns the message's key. */
uint64_t put(const char *text);
/* "m<from>" to "m<to>". */
void put_numbered(size_t from, size_t to);
enum outbox_verdict ack(const struct flying *it, uint64_t seq);
enum outbox_verdict refuse(
        const struct flying *it, enum proto_error_code code, uint64_t resend_from, uint64_t now_ms);
/* The server takes the next frame from the wire; its answer is lost when is_lost. */
enum outbox_verdict serve(enum proto_error_code veto, bool is_lost, uint64_t now_ms);
/* Until nothing flies and nothing waits. */
void serve_all(void);
void expect_log(const char *wanted);

#endif
