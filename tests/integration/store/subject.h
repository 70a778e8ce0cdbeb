/* SPDX-License-Identifier: Apache-2.0 */
/* What the contract suite runs on: two links to one server, made up or real. */
#ifndef WEFT_TESTS_STORE_SUBJECT_H
#define WEFT_TESTS_STORE_SUBJECT_H

#include "port/store.h"

/* Connects one and two, to a server that holds nothing under the keys of this case. */
void subject_begin(void);
void subject_end(void);
/* Returns after something may have happened. */
void subject_turn(void);

extern struct store *one, *two;

#endif
