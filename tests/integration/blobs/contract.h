/* SPDX-License-Identifier: Apache-2.0 */
/* What port/blobs.h promises, asked of whoever implements it. */
#ifndef WEFT_TESTS_INTEGRATION_BLOBS_CONTRACT_H
#define WEFT_TESTS_INTEGRATION_BLOBS_CONTRACT_H

#include "port/blobs.h"

/* Turns the subject's world until the call is done. */
extern void (*contract_wait)(const _Bool *is_done);
/* Lets so much time pass for what was written. */
extern void (*contract_age)(const struct blob_name *name, uint64_t ms);

/* Runs every case; each on a shelf of its own. other: the same store, as another node has it. */
void blobs_contract(struct blobs *blobs, struct blobs *other);

#endif
