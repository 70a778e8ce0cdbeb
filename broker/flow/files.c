/* SPDX-License-Identifier: Apache-2.0 */
/* The life of what is attached: made with the node, and swept by it.
 *
 * Invariant: an upload that no message names has a deadline, UNUSED_MS, which every node that lives
 * sees to; also that of a node that died in the middle.
 */
#include "flow/files.h"

#include <stdlib.h>

enum { UNUSED_MS = 60 * 60 * 1000, SWEEP_EVERY_MS = 60 * 1000 };

static void on_sweep_due(struct timer *timer)
{
    struct files *files = LIST_ITEM(timer, struct files, sweep_timer);
    struct node *node = files->node;
    node->blobs->ops->sweep(node->blobs, UNUSED_MS, NULL, NULL);
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + SWEEP_EVERY_MS);
}

bool files_create(struct node *node)
{
    struct files *files = node->files = calloc(1, sizeof *files);
    if (files == NULL)
        return false;
    files->node = node;
    list_init(&files->uploads);
    list_init(&files->downloads);
    files->sweep_timer.on_due = on_sweep_due;
    if (node->blobs != NULL)
        node->timers->ops->arm(
                node->timers, &files->sweep_timer, node_clock_ms(node) + SWEEP_EVERY_MS);
    return true;
}
