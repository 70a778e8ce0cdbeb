/* SPDX-License-Identifier: Apache-2.0 */
/* One request against the agents: who may be offered it at its current step, and who should. */
#ifndef WEFT_CORE_ROUTE_MATCH_H
#define WEFT_CORE_ROUTE_MATCH_H

#include "core/route/fold.h"
#include "core/route/route.h"
#include "core/route/setup.h"
#include "core/route/terms/term.h"

/* What holds for all requests of one decision. */
struct match {
    const struct pool *pool;
    const struct route_policy *policy;
    uint64_t now_ms;
};

/* ---- candidates.c ---- */

/* Until direct_ms, and while they are online and have not refused, only the agent whom the case was
 * handed to by name. Their slot, or SLOT_NONE when everybody may have it. */
uint32_t match_direct_agent(const struct match *match, const struct request *request);
/* The musts still in force, a bit a requirement. Uses the grid's row GRID_CANDIDATES. */
uint32_t match_musts(const struct match *match, const struct request *request);
/* The end of the agent's exclusion; 0: not excluded now. */
uint64_t match_excluded_until(
        const struct match *match, const struct request *request, uint32_t agent_word);
/* Fills the grid's row GRID_CANDIDATES from those in the open row. false: nobody. */
bool match_candidates(const struct match *match, const struct request *request, uint32_t open_row);
/* Of the agents that the case prefers, those whom it waits for alone now; 0: everybody may have it.
 */
uint32_t match_preferred(const struct match *match, const struct request *request,
        uint32_t agents[POOL_PREFERS_MAX]);
/* The grid's rows of the queues whose agents may have it now; GRID_EVERY may as well. Only when
 * agents list their queues. */
uint32_t match_reach(const struct match *match, const struct request *request,
        uint32_t rows[1 + ROUTE_OVERFLOW_MAX]);
bool match_is_in_reach(const struct match *match, const struct request *request, uint32_t agent);
/* Has the agent the levels that these musts ask for? */
bool match_has_levels(
        const struct match *match, const struct request *request, uint32_t musts, uint32_t agent);
/* Those of the musts that ask for more than the skill itself. */
uint32_t match_levelled(const struct request *request, uint32_t musts);
/* Has whoever is open room for each of those who wait? Only while nothing is planned. */
bool match_is_open_enough(const struct pool *pool);
/* The grid's rows of the musts still in force, and those musts. false: nobody in the pool has one
 * of them. */
bool match_must_rows(const struct match *match, const struct request *request,
        uint32_t rows[POOL_REQUIREMENTS_MAX], uint32_t *out_count, uint32_t *out_musts);
/* May this agent be offered it at its current step, and have they room for it? */
bool match_is_candidate(const struct match *match, const struct request *request, uint32_t agent);
bool match_is_excluded(const struct match *match, const struct request *request, uint32_t agent);
/* Until presence or skills change no step relaxes its musts: out_must is one of them; or it has
 * none, then that is WORD_NONE. out_is_settled: nor does anything else of who may have it depend on
 * the time or on who refused. A request without a must lasts only when it is settled. */
bool match_lasts(const struct match *match, const struct request *request, uint32_t *out_must,
        bool *out_is_settled);
/* When the step changes or an exclusion ends: the next time after now, or ROUTE_NEVER. */
uint64_t match_next_step_ms(const struct match *match, const struct request *request);

/* ---- score.c ---- */

/* The sum of the weighted terms, with what the decision has planned for the agent. */
uint64_t match_score(const struct match *match, const struct request *request, uint32_t agent);
/* The score in parts, so that an auction counts each once: what the request's own terms give, what
 * the agent's own give when so much more is planned, and what the pair's give. terms: those that
 * may apply (match_may_apply), a bit a term; the rest is not asked. */
uint32_t match_urgency(const struct match *match, const struct request *request, uint32_t terms);
uint32_t match_place(const struct match *match, uint32_t agent, uint32_t planned_weight);
uint32_t match_pair(
        const struct match *match, const struct request *request, uint32_t agent, uint32_t terms);
/* Adds to the value of each agent what the pair's terms give. */
void match_add_pairs(const struct match *match, const struct request *request,
        const uint32_t *agents, uint32_t *values, uint32_t count);
/* The terms of the request and of the pair that apply to it, a bit a term, whatever the agent, the
 * weights and the time. */
uint32_t match_may_apply(const struct match *match, const struct request *request);
/* What urgency and pair cannot exceed, when no other terms apply. */
uint32_t match_most_urgency(const struct match *match, uint64_t first_queued_ms, uint32_t terms);
uint32_t match_most_pair(const struct match *match, uint32_t terms);
/* Of two with equal scores: the one idle for longest, then the lower id. */
bool match_comes_first(const struct pool *pool, uint32_t a, uint32_t b);
/* The same, term by term; names are static. Returns the number of terms. */
size_t match_terms(const struct match *match, const struct request *request, uint32_t agent,
        struct pool_term out[ROUTE_TERM_COUNT]);
/* The candidate with the best score. There must be one. */
uint32_t match_best(const struct match *match, const struct request *request);

#endif
