/* SPDX-License-Identifier: Apache-2.0 */
/* The due index: obligations that nobody looks after any more are found here. */
#ifndef WEFT_FLOW_DUE_H
#define WEFT_FLOW_DUE_H

#include "flow/node.h"

bool due_create(struct node *node); /* begins to look, once the directory is ready */
void due_destroy(struct node *node);

#endif
