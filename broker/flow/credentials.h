/* SPDX-License-Identifier: Apache-2.0 */
/* What the doors issue and check beside directory.h's credential_check: tokens, renewals, keys. */
#ifndef WEFT_FLOW_CREDENTIALS_H
#define WEFT_FLOW_CREDENTIALS_H

#include "flow/conversations.h"
#include "flow/directory.h"
#include "flow/directory_codec.h"
#include "port/verifier.h"

/* Has the signature of check->proof.token looked at beside the loop. false: it is no token of a
 * tenant that is known, or there is nobody to look, or too much to look at; done never comes. */
bool credential_prove(struct node *node, struct token_check *check);
/* As credential_check; what the proof says of the signature is taken as it is (port/crypto.h), and
 * all else is judged now: the tenant's keys, its agents, the time. */
enum credential_fault credential_check_proven(struct node *node, struct slice token,
        const struct token_proof *proof, char *scratch, size_t scratch_len, struct credential *out);

/* Appends a token for the credential; role NULL: its own ("customer", "agent"), else "renewal-…".
 */
bool credential_token(struct node *node, const struct credential *credential, const char *role,
        uint64_t lifetime_ms, struct buffer *out);
/* A renewal, that is a token with exactly this role. */
enum credential_fault renewal_check(struct node *node, struct slice token, const char *role,
        char *scratch, size_t scratch_len, struct credential *out);
/* What is stored of a key's secret. */
void key_hash(const struct node *node, struct slice secret, uint8_t out[KEY_HASH_SIZE]);

#endif
