/* SPDX-License-Identifier: Apache-2.0 */
/* One request against the agents: who may be offered it at its current step, and who should. */
#ifndef WEFT_CORE_ROUTE_MATCH_H
#define WEFT_CORE_ROUTE_MATCH_H

#include "core/route/fold.h"
#include "core/route/route.h"

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
/* When the step changes or an exclusion ends: the next time after now, or ROUTE_NEVER. */
uint64_t match_next_step_ms(const struct match *match, const struct request *request);

/* ---- score.c ---- */

/* The sum of the weighted terms, with what the decision has planned for the agent. */
uint64_t match_score(const struct match *match, const struct request *request, uint32_t agent);
/* The same, term by term; names are static. Returns the number of terms. */
size_t match_terms(const struct match *match, const struct request *request, uint32_t agent,
        struct pool_term out[ROUTE_TERM_COUNT]);
/* The candidate with the best score. There must be one. */
uint32_t match_best(const struct match *match, const struct request *request);

#endif
