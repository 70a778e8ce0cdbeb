/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's keys, derived from the master key, the tenant's id and its birth.
 *
 * Invariant: the same three give the same keys, on every node and after every start. The birth is
 * made up once for each tenant, so a tenant that takes the id of one that is gone shares none.
 */
#include "flow/tenant_keys.h"

#include "base/check.h"
#include "flow/conversations.h"
#include "flow/directory_codec.h"

enum { LABEL_MAX = ID_MAX + 1 + KEY_HASH_SIZE };

/* What the keys hang on beside the master key. An id holds no zero byte. */
static struct slice key_label(const struct tenant *tenant, struct buffer *out)
{
    buffer_put_slice(out, tenant->id);
    if (tenant->birth.len > 0) {
        buffer_put_char(out, '\0');
        buffer_put_slice(out, tenant->birth);
    }
    check(!out->overflowed);
    return buffer_slice(out);
}

static void derive_signing(const uint8_t master[KEY_SIZE], const char *use, struct slice label,
        uint8_t out_public[SIGNING_PUBLIC_SIZE], uint8_t out_secret[SIGNING_SECRET_SIZE])
{
    uint8_t seed[KEY_SIZE];
    crypto_derive(master, use, label, seed);
    crypto_signing_pair(seed, out_public, out_secret);
    memset(seed, 0, sizeof seed);
}

void tenant_keys_derive(const uint8_t master[KEY_SIZE], struct tenant *tenant)
{
    char bytes[LABEL_MAX];
    struct buffer text = buffer_make(bytes, sizeof bytes);
    struct slice label = key_label(tenant, &text);
    uint8_t brand_secret[SIGNING_SECRET_SIZE];
    crypto_derive(master, "wrap", label, tenant->wrap_key);
    crypto_derive(master, "ticket", label, tenant->ticket_key);
    crypto_derive(master, "identity", label, tenant->identity_key);
    derive_signing(master, "weft", label, tenant->public_key, tenant->secret_key);
    derive_signing(master, "brand", label, tenant->brand_public_key, brand_secret);
    memset(brand_secret, 0, sizeof brand_secret);
}

void tenant_brand_secret(const uint8_t master[KEY_SIZE], const struct tenant *tenant,
        uint8_t out[SIGNING_SECRET_SIZE])
{
    char bytes[LABEL_MAX];
    struct buffer label = buffer_make(bytes, sizeof bytes);
    uint8_t public_key[SIGNING_PUBLIC_SIZE];
    derive_signing(master, "brand", key_label(tenant, &label), public_key, out);
}
