/* SPDX-License-Identifier: Apache-2.0 */
/* What a token or a ticket says, as a small JSON object: {"t","r","s","n","iat","exp"}. */
#ifndef WEFT_CRYPTO_CLAIMS_H
#define WEFT_CRYPTO_CLAIMS_H

#include "port/crypto.h"

enum {
    CLAIM_TENANT_MAX = 64,
    CLAIM_ROLE_MAX = 32,
    CLAIM_SUBJECT_MAX = 256,
    CLAIM_NAME_MAX = 256,
    CLAIMS_TEXT_MAX = TOKEN_MAX,
    CLOCK_SKEW_MS = 60000,
};

/* units: times are cut to whole seconds
 * errors: false when a string is too long or not UTF-8, or out is full */
bool claims_write(const struct token_claims *claims, struct buffer *out);

/* Refuses members that are missing, doubled, of another type, empty where they must not be, or too
 * long. Members that it does not know are ignored: the brand's own server may add some.
 *
 * owns: the strings are copied into scratch */
bool claims_read(
        struct slice text, char *scratch, size_t scratch_len, struct token_claims *out_claims);

/* TOKEN_GOOD, TOKEN_EXPIRED or TOKEN_NOT_YET; both ends forgive CLOCK_SKEW_MS. */
enum token_fault claims_judge_time(const struct token_claims *claims, uint64_t now_ms);

#endif
