/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and tickets: who somebody is, for a short while.
 *
 * Invariant: no claim leaves this file before its signature or keyed hash held, and the tenant that
 * chose the key (the footer) is the tenant that the claims name: a brand's key speaks for that
 * brand only.
 *
 * A token is signed (73 us to verify) and may come from a brand's own server; a ticket is the same
 * claims under a keyed hash (about 1 us) that only Weft can make. A ticket is not a bearer of more:
 * it carries the expiry that it was made with.
 */
#include "crypto/claims.h"
#include "crypto/paseto.h"

#include <string.h>

enum { TICKET_MAC_SIZE = 32 };

static const struct slice ticket_head = {"tk1.", sizeof "tk1." - 1};

bool token_sign(const uint8_t secret[SIGNING_SECRET_SIZE], const struct token_claims *claims,
        struct buffer *out)
{
    char text[CLAIMS_TEXT_MAX];
    struct buffer payload = buffer_make(text, sizeof text);
    return claims_write(claims, &payload) &&
           paseto_sign(secret, buffer_slice(&payload), claims->tenant, SLICE_NONE, out);
}

struct token_hint token_hint(struct slice token, char *scratch, size_t scratch_len)
{
    struct paseto paseto;
    if (!paseto_read(token, &paseto) || paseto.footer.len == 0 ||
            paseto.footer.len > CLAIM_TENANT_MAX || paseto.footer.len > scratch_len)
        return (struct token_hint){0};
    memcpy(scratch, paseto.footer.bytes, paseto.footer.len);
    return (struct token_hint){.tenant = slice_make(scratch, paseto.footer.len),
            .names_contact = memmem(paseto.payload.bytes, paseto.payload.len, "\"x:", 3) != NULL};
}

void token_prove(struct token_proof *proof)
{
    struct paseto paseto;
    proof->signer = -1;
    if (!paseto_read(proof->token, &paseto))
        return;
    for (int i = 0; i < 2 && proof->signer < 0; i++)
        if (paseto_verify(proof->keys[i], &paseto, SLICE_NONE))
            proof->signer = i;
}

/* A key that the proof does not name, or a text that it is not of, is verified as if there were
 * none. Once one key has been found the other was not tried; nobody signs with both. */
static bool is_signed(
        const struct token_terms *terms, struct slice token, const struct paseto *paseto)
{
    const struct token_proof *proof = terms->proof;
    for (int i = 0; proof != NULL && slice_equal(proof->token, token) && i < 2; i++)
        if (memcmp(proof->keys[i], terms->public_key, SIGNING_PUBLIC_SIZE) == 0)
            return proof->signer == i;
    return paseto_verify(terms->public_key, paseto, SLICE_NONE);
}

enum token_fault token_verify(const struct token_terms *terms, struct slice token, char *scratch,
        size_t scratch_len, struct token_claims *out_claims)
{
    struct paseto paseto;
    struct token_claims claims;
    if (!paseto_read(token, &paseto))
        return TOKEN_MALFORMED;
    if (!is_signed(terms, token, &paseto))
        return TOKEN_FORGED;
    if (!claims_read(paseto.payload, scratch, scratch_len, &claims))
        return TOKEN_MALFORMED;
    if (!slice_equal(claims.tenant, paseto.footer) ||
            claims.expires_ms - claims.issued_ms > terms->lifetime_max_ms)
        return TOKEN_FORGED;
    enum token_fault fault = claims_judge_time(&claims, terms->now_ms);
    if (fault == TOKEN_GOOD)
        *out_claims = claims;
    return fault;
}

bool ticket_make(const uint8_t key[KEY_SIZE], const struct token_claims *claims, struct buffer *out)
{
    uint8_t bytes[CLAIMS_TEXT_MAX + TICKET_MAC_SIZE];
    char text[(4 * sizeof bytes + 2) / 3];
    struct buffer payload = buffer_make(bytes, CLAIMS_TEXT_MAX);
    size_t start = out->len;
    if (!claims_write(claims, &payload))
        return false;
    crypto_mac(key, "ticket", buffer_slice(&payload), bytes + payload.len, TICKET_MAC_SIZE);
    buffer_put_slice(out, ticket_head);
    buffer_put(out, text, base64url_write(bytes, payload.len + TICKET_MAC_SIZE, text));
    return !out->overflowed && out->len - start <= TICKET_MAX;
}

enum token_fault ticket_check(const uint8_t key[KEY_SIZE], struct slice ticket, uint64_t now_ms,
        char *scratch, size_t scratch_len, struct token_claims *out_claims)
{
    uint8_t bytes[TICKET_MAX], mac[TICKET_MAC_SIZE];
    struct token_claims claims;
    size_t len;
    if (ticket.len > TICKET_MAX || !slice_starts_with(ticket, ticket_head))
        return TOKEN_MALFORMED;
    struct slice body = slice_make(ticket.bytes + ticket_head.len, ticket.len - ticket_head.len);
    if (!base64url_read(body, bytes, sizeof bytes, &len) || len < TICKET_MAC_SIZE)
        return TOKEN_MALFORMED;
    struct slice payload = slice_make(bytes, len - TICKET_MAC_SIZE);
    crypto_mac(key, "ticket", payload, mac, sizeof mac);
    if (!crypto_equal(mac, bytes + payload.len, sizeof mac))
        return TOKEN_FORGED;
    if (!claims_read(payload, scratch, scratch_len, &claims))
        return TOKEN_MALFORMED;
    enum token_fault fault = claims_judge_time(&claims, now_ms);
    if (fault == TOKEN_GOOD)
        *out_claims = claims;
    return fault;
}
