/* SPDX-License-Identifier: Apache-2.0 */
/* The ids of tenants to whom somebody or something here belongs, or once did.
 *
 * Invariant: a text that was given out stays where it is until the node ends, also when its tenant
 * is removed. There are no more of them than tenants that the directory has named: a session has
 * been let in, and a conversation's key has been opened, before anybody asks.
 */
#include "flow/node.h"

#include "base/check.h"

#include <stdlib.h>

struct tenant_id {
    struct map_node by_id;
    char bytes[];
};

struct slice tenant_id_keep(struct node *node, struct slice id)
{
    struct map_node *found = map_find(&node->tenant_ids, id);
    if (found != NULL)
        return found->key;
    struct tenant_id *kept = malloc(sizeof *kept + id.len);
    check(kept != NULL);
    memcpy(kept->bytes, id.bytes, id.len);
    map_put(&node->tenant_ids, &kept->by_id, slice_make(kept->bytes, id.len));
    return kept->by_id.key;
}
