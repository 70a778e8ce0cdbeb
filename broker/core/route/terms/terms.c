/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the terms, with the weights of the default policy.
 *
 * The weights are chosen so that language and skill each outweigh load and fairness together, a
 * known agent tips the scales between similar ones, and a direct handoff outweighs everything but a
 * long wait. Age says who is served first when not all can be: each 10 minutes are worth a perfect
 * skill.
 */
#include "core/route/terms/term.h"

const struct term_row term_rows[ROUTE_TERM_COUNT] = {
        [ROUTE_TERM_DIRECT] = {"direct", 5000, term_direct},
        [ROUTE_TERM_SKILL] = {"skill", 1000, term_skill},
        [ROUTE_TERM_LANGUAGE] = {"language", 1000, term_language},
        [ROUTE_TERM_CONTINUITY] = {"continuity", 400, term_continuity},
        [ROUTE_TERM_WILLING] = {"willing", 500, term_willing},
        [ROUTE_TERM_LOAD] = {"load", 300, term_load},
        [ROUTE_TERM_FAIRNESS] = {"fairness", 200, term_fairness},
        [ROUTE_TERM_AGE] = {"age", 1000, term_age},
        [ROUTE_TERM_CLASS] = {"class", 500, term_class},
        [ROUTE_TERM_VALUE] = {"value", 300, term_value_at_stake},
        [ROUTE_TERM_PROMISE] = {"promise", 1000, term_promise},
        [ROUTE_TERM_CALM] = {"calm", 200, term_calm},
};
