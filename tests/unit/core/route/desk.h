/* SPDX-License-Identifier: Apache-2.0 */
/* Domain verbs for tests of routing: one pool, one log, a clock that moves when told to. */
#ifndef WEFT_TESTS_DESK_H
#define WEFT_TESTS_DESK_H

#include "pool_log.h"

/* Each begins with an empty pool at 1,000,000 ms and the default policy. */
void desk_open(void);
void desk_close(void);

extern struct pool *desk_pool;
extern struct pool_log desk_log;
extern struct route_policy desk_policy;
extern uint64_t desk_now_ms;

/* ---- what people do ----
 * skills: "billing:900 parcels" (1000 when no level is given); languages: "de en". */
/* "a7": one of many. The text is the test's own until sixty-four more were named. */
const char *one_of_many(char letter, unsigned number);
void agent_comes(const char *agent, uint32_t capacity, const char *skills, const char *languages);
void agent_is(const char *agent, enum pool_status status);
void agent_is_removed(const char *agent);
/* skills: "billing! fast" (! is a must). Queues the conversation's request of this number. */
void customer_waits(const char *conversation, const char *skills);
void customer_waits_speaking(const char *conversation, const char *skills, const char *language);
/* Queues what need says, which the caller fills; first_queued_ms 0 is now. */
void customer_waits_as(const char *conversation, uint64_t seq, struct pool_need need);
/* As a colleague's handoff: this agent shall have it, from shall not before a while. */
void customer_is_handed(const char *conversation, uint64_t seq, const char *from, const char *to);
void accepts(const char *agent, const char *conversation);
void declines(const char *agent, const char *conversation);
void ends(const char *conversation);
void owns(const char *agent, const char *conversation); /* ADOPTED */
void time_passes(uint64_t ms);
/* Decides and appends until there is nothing more. Returns the number of offers made. */
size_t router_works(void);
/* Moves the clock to each due time, working, until nothing is due before the limit. */
void time_passes_working(uint64_t ms);

/* ---- what must be so ---- */
void expect_offered_to(const char *conversation, const char *agent);
void expect_talks_to(const char *conversation, const char *agent);
void expect_waiting(const char *conversation);
void expect_gone(const char *conversation);
void expect_load(const char *agent, uint32_t load);
void expect_nobody_waits_while_somebody_is_free(void);

/* ---- values ---- */
struct pool_key key_of(const char *conversation, uint64_t seq);
struct pool_request_view view_of(const char *conversation);
/* Appends and folds one value; the fold's answer. */
enum pool_outcome desk_says(const struct pool_entry *entry);
/* Fills out from "billing! fast". Returns the count; the array lives until the next call. */
struct pool_need need_of(const char *skills, const char *language);

#endif
