/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, tickets and their claims: the first byte chooses what the rest is.
 *
 * Guards: nothing that was not signed is ever good, and claims that a brand has signed are read
 * alike each time, inside the scratch that was given.
 */
#include "crypto/claims.h"
#include "crypto/paseto.h"
#include "fuzz.h"

enum { MINUTE_MS = 60000, WAYS = 4 };
static const uint64_t now_ms = 1795000000000;
static const uint8_t ticket_key[KEY_SIZE] = {7};
static uint8_t public_key[SIGNING_PUBLIC_SIZE], secret[SIGNING_SECRET_SIZE];

static struct token_terms terms;

static void start(void)
{
    static bool is_started;
    static const uint8_t seed[KEY_SIZE] = {1};
    if (is_started)
        return;
    check(crypto_start());
    crypto_signing_pair(seed, public_key, secret);
    terms = (struct token_terms){public_key, NULL, now_ms, 5 * MINUTE_MS};
    is_started = true;
}

static void check_inside(struct slice text, const char *scratch, size_t len)
{
    check(text.len == 0 || (text.bytes >= scratch && text.bytes + text.len <= scratch + len));
}

static void as_strangers_token(struct slice token)
{
    char tenant[CLAIM_TENANT_MAX], scratch[TOKEN_MAX];
    struct token_claims claims;
    check_inside(token_hint(token, tenant, sizeof tenant).tenant, tenant, sizeof tenant);
    check(token_verify(&terms, token, scratch, sizeof scratch, &claims) != TOKEN_GOOD);
    check(ticket_check(ticket_key, token, now_ms, scratch, sizeof scratch, &claims) != TOKEN_GOOD);
}

static void as_signed_payload(struct slice payload)
{
    static char text[2 * TOKEN_MAX];
    char scratch[TOKEN_MAX];
    struct token_claims claims;
    struct buffer token = buffer_make(text, sizeof text);
    if (!paseto_sign(secret, payload, SLICE_OF("demo"), SLICE_NONE, &token))
        return;
    if (token_verify(&terms, buffer_slice(&token), scratch, sizeof scratch, &claims) != TOKEN_GOOD)
        return;
    check(slice_is(claims.tenant, "demo") && claims.expires_ms > claims.issued_ms);
    check_inside(claims.subject, scratch, sizeof scratch);
    check_inside(claims.name, scratch, sizeof scratch);
}

/* With a space in it nothing looks as Weft writes it: the other reader's turn. */
static bool read_spaced(struct slice text, char *scratch, size_t len, struct token_claims *out)
{
    static char spaced[CLAIMS_TEXT_MAX];
    struct buffer copy = buffer_make(spaced, sizeof spaced);
    buffer_put_slice(&copy, text);
    buffer_put_char(&copy, ' ');
    return !copy.overflowed && claims_read(buffer_slice(&copy), scratch, len, out);
}

static void as_claims(struct slice text)
{
    char scratch[512], again[512], written[CLAIMS_TEXT_MAX];
    struct token_claims claims, same;
    struct buffer out = buffer_make(written, sizeof written);
    bool is_good = claims_read(text, scratch, sizeof scratch, &claims);
    if (text.len < CLAIMS_TEXT_MAX)
        check(read_spaced(text, again, sizeof again, &same) == is_good);
    if (!is_good)
        return;
    if (text.len < CLAIMS_TEXT_MAX)
        check(slice_equal(same.name, claims.name) && same.issued_ms == claims.issued_ms);
    check(claims_write(&claims, &out));
    check(claims_read(buffer_slice(&out), again, sizeof again, &same));
    check(slice_equal(same.subject, claims.subject) && same.expires_ms == claims.expires_ms);
}

static void as_base64url(struct slice text)
{
    static uint8_t bytes[4096];
    static char again[6000];
    size_t len;
    if (base64url_read(text, bytes, sizeof bytes, &len))
        check(slice_equal(slice_make(again, base64url_write(bytes, len, again)), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ways[WAYS])(struct slice) = {
            as_strangers_token, as_signed_payload, as_claims, as_base64url};
    if (size == 0)
        return 0;
    start();
    char *bytes = fuzz_copy(data + 1, size - 1);
    ways[data[0] % WAYS](slice_make(bytes, size - 1));
    free(bytes);
    return 0;
}
