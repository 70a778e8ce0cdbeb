/* SPDX-License-Identifier: Apache-2.0 */
/* What every port of hints does, the made-up one and the real one. */
#ifndef WEFT_TESTS_HINTS_CONTRACT_H
#define WEFT_TESTS_HINTS_CONTRACT_H

#include "lib/test.h"
#include "port/hints.h"

/* Two nodes with links that are up. */
void hints_begin(struct hints **out_one, struct hints **out_two);
void hints_end(void);
/* Returns after something may have happened. */
void hints_turn(void);
/* Breaks the link of the second node. */
void hints_cut(void);

extern const struct test_case hints_contract_cases[];

#endif
