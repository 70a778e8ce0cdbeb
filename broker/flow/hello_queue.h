/* SPDX-License-Identifier: Apache-2.0 */
/* How many hellos are taken in one turn of the loop; the others wait for theirs. */
#ifndef WEFT_FLOW_HELLO_QUEUE_H
#define WEFT_FLOW_HELLO_QUEUE_H

#include "base/list.h"
#include "flow/node.h"

enum {
    HELLOS_PER_TURN = 16,
    HELLOS_WAITING_MAX = 4096, /* who comes then is taken at once */
};

/* A hello that waits for its turn; in the memory of whoever keeps it. */
struct hello_place {
    struct list waiting;
    /* Once; the place may be freed in it. false: the node ends, and nothing is taken any more. */
    void (*on_turn)(struct hello_place *place, bool is_turn);
};

bool hello_queue_create(struct node *node); /* sets node->hellos */
void hello_queue_destroy(struct node *node);

/* true: there is room in this turn, and one of its places is taken. */
bool hello_queue_admits(struct node *node);
/* In the order of the calls, HELLOS_PER_TURN in each later turn. */
void hello_queue_wait(struct node *node, struct hello_place *place);

#endif
