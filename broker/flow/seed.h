/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration wants to exist: tenants, and keys for the bots that weftd starts. */
#ifndef WEFT_FLOW_SEED_H
#define WEFT_FLOW_SEED_H

#include "flow/directory.h"

struct seed_tenant {
    struct slice id, name;
    struct slice origins[TENANT_ORIGINS_MAX];
    size_t origin_count;
};

struct seed_bot {
    struct slice name, tenant;
    char key[256]; /* what its key file holds now; replaced when it opens nothing. NUL-terminated */
};

/* Borrowed until on_done, which runs later: what was missing is in the directory now. A bot whose
 * key had to be made has the new one in its seed. is_good false: the store could not say; again
 * later. */
struct seed {
    struct node *node;
    const struct seed_tenant *tenants;
    size_t tenant_count;
    struct seed_bot *bots;
    size_t bot_count;
    void (*on_done)(struct seed *seed, bool is_good);
    size_t next; /* its own */
};

/* order: the directory is ready */
void seed_start(struct seed *seed);

#endif
