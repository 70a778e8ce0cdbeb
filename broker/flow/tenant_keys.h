/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a tenant, made from the master key; see directory.h's struct tenant. */
#ifndef WEFT_FLOW_TENANT_KEYS_H
#define WEFT_FLOW_TENANT_KEYS_H

#include "flow/directory.h"

/* Fills in all keys of the tenant, whose id and birth are set. */
void tenant_keys_derive(const uint8_t master[KEY_SIZE], struct tenant *tenant);
/* What the brand's server signs tokens with: it is shown, and kept nowhere. */
void tenant_brand_secret(const uint8_t master[KEY_SIZE], const struct tenant *tenant,
        uint8_t out[SIGNING_SECRET_SIZE]);

#endif
