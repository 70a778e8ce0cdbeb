/* SPDX-License-Identifier: Apache-2.0 */
/* PASETO v4.public around any payload; what the payload says is claims.h.
 *
 * source: https://github.com/paseto-standard/paseto-spec, "Version 4", v4.public
 */
#ifndef WEFT_CRYPTO_PASETO_H
#define WEFT_CRYPTO_PASETO_H

#include "port/crypto.h"

/* errors: false when the token would be longer than TOKEN_MAX or does not fit out */
bool paseto_sign(const uint8_t secret[SIGNING_SECRET_SIZE], struct slice payload,
        struct slice footer, struct slice implicit, struct buffer *out);

/* A token taken apart, nothing verified. payload and footer are borrowed from bytes. */
struct paseto {
    uint8_t bytes[TOKEN_MAX];
    struct slice payload, footer;
    const uint8_t *signature;
};

/* errors: false when the text is not a v4.public token in its one spelling */
bool paseto_read(struct slice token, struct paseto *out_paseto);
bool paseto_verify(const uint8_t public_key[SIGNING_PUBLIC_SIZE], const struct paseto *paseto,
        struct slice implicit);

#endif
