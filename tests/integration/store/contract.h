/* SPDX-License-Identifier: Apache-2.0 */
/* What every store does, the fake one and the real one. */
#ifndef WEFT_TESTS_STORE_CONTRACT_H
#define WEFT_TESTS_STORE_CONTRACT_H

#include "lib/test.h"

/* Ends with {0}. Each case begins and ends the subject by itself. */
extern const struct test_case contract_cases[];

#endif
