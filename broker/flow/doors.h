/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP doors: sessions for visitors and agents, health, administration. */
#ifndef WEFT_FLOW_DOORS_H
#define WEFT_FLOW_DOORS_H

#include "flow/node.h"

bool doors_create(struct node *node);

#endif
