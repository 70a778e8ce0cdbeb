/* SPDX-License-Identifier: Apache-2.0 */
/* From which pages a browser may come.
 *
 * Invariant: an origin is compared whole, as the browser sent it; a tenant admits those of its own
 * list and this Weft's own pages, and no other tenant's.
 */
#include "flow/directory.h"

static bool tenant_allows_origin(const struct tenant *tenant, struct slice origin)
{
    for (size_t i = 0; i < tenant->origin_count; i++)
        if (slice_equal(tenant->origins[i], origin))
            return true;
    return false;
}

static bool is_own_origin(const struct node *node, struct slice origin)
{
    return origin.len > 0 && slice_equal(origin, node->settings->public_url);
}

bool directory_knows_origin(const struct node *node, struct slice origin)
{
    const struct tenant *tenant = NULL;
    while ((tenant = directory_next_tenant(node, tenant)) != NULL)
        if (tenant_allows_origin(tenant, origin))
            return true;
    return is_own_origin(node, origin);
}

bool directory_admits_origin(
        const struct node *node, const struct tenant *tenant, struct slice origin)
{
    return is_own_origin(node, origin) || tenant_allows_origin(tenant, origin);
}
