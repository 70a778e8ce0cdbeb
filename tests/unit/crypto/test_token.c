/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and tickets: who is let in, and the long list of who is not. */
#include "crypto/paseto.h"
#include "lib/test.h"

#include "port/crypto.h"
#include <stdio.h>

static const uint64_t minute_ms = 60000, now_ms = 1795000000000;
static const uint8_t ticket_key[KEY_SIZE] = {7};
static uint8_t public_key[SIGNING_PUBLIC_SIZE], secret[SIGNING_SECRET_SIZE];
static char token_text[TOKEN_MAX], scratch[TOKEN_MAX];
static struct token_claims read_claims;

static void make_keys(uint8_t first_byte)
{
    uint8_t seed[KEY_SIZE] = {first_byte};
    crypto_signing_pair(seed, public_key, secret);
}

static struct token_claims ada(void)
{
    return (struct token_claims){SLICE_OF("demo"), SLICE_OF("customer"), SLICE_OF("x:crm-42"),
            SLICE_OF("Ada \"\\\n\xc3\xa9"), now_ms, now_ms + 5 * minute_ms};
}

static struct slice signed_token(const struct token_claims *claims)
{
    struct buffer out = buffer_make(token_text, sizeof token_text);
    expect(token_sign(secret, claims, &out));
    return buffer_slice(&out);
}

/* A token of the brand's own making, whatever it says. */
static struct slice signed_payload(const char *payload, const char *footer)
{
    struct buffer out = buffer_make(token_text, sizeof token_text);
    expect(paseto_sign(
            secret, slice_of_string(payload), slice_of_string(footer), SLICE_NONE, &out));
    return buffer_slice(&out);
}

static enum token_fault verify_with(struct slice token, const struct token_proof *proof)
{
    struct token_terms terms = {public_key, proof, now_ms, 5 * minute_ms};
    return token_verify(&terms, token, scratch, sizeof scratch, &read_claims);
}

static enum token_fault verify(struct slice token)
{
    return verify_with(token, NULL);
}

static void expect_same_claims(const struct token_claims *actual, const struct token_claims *wanted)
{
    expect_slice(actual->tenant, wanted->tenant);
    expect_slice(actual->role, wanted->role);
    expect_slice(actual->subject, wanted->subject);
    expect_slice(actual->name, wanted->name);
    expect_u64(actual->issued_ms, wanted->issued_ms);
    expect_u64(actual->expires_ms, wanted->expires_ms);
}

static void a_token_says_what_was_claimed(void)
{
    char tenant[64];
    struct token_claims claims = ada();
    make_keys(1);
    struct slice token = signed_token(&claims);
    expect_text(token_hint(token, tenant, sizeof tenant).tenant, "demo");
    expect(verify(token) == TOKEN_GOOD);
    expect_same_claims(&read_claims, &claims);
}

static void a_foreign_key_is_refused(void)
{
    struct token_claims claims = ada();
    make_keys(1);
    struct slice token = signed_token(&claims);
    make_keys(2);
    expect(verify(token) == TOKEN_FORGED);
}

static void no_byte_of_a_token_may_change(void)
{
    struct token_claims claims = ada();
    make_keys(1);
    struct slice token = signed_token(&claims);
    for (size_t bit = 0; bit < 8 * token.len; bit++) {
        char *byte = &token_text[bit / 8];
        test_note("bit %zu", bit);
        *byte = (char)(*byte ^ (1 << bit % 8));
        enum token_fault fault = verify(token);
        expect(fault == TOKEN_FORGED || fault == TOKEN_MALFORMED);
        *byte = (char)(*byte ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < token.len; len++)
        expect(verify(slice_make(token.bytes, len)) != TOKEN_GOOD);
    expect(verify(token) == TOKEN_GOOD);
}

static void time_decides(void)
{
    static const struct {
        int64_t issued_s, expires_s;
        enum token_fault fault;
    } rows[] = {{0, 300, TOKEN_GOOD}, {59, 300, TOKEN_GOOD}, {60, 300, TOKEN_GOOD},
            {61, 300, TOKEN_NOT_YET}, {3600, 3700, TOKEN_NOT_YET}, {-300, 0, TOKEN_GOOD},
            {-350, -59, TOKEN_GOOD}, {-350, -60, TOKEN_EXPIRED}, {-86700, -86400, TOKEN_EXPIRED},
            {0, 301, TOKEN_FORGED}, {-100000, 100000, TOKEN_FORGED}, {0, 0, TOKEN_MALFORMED},
            {10, 5, TOKEN_MALFORMED}};
    make_keys(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct token_claims claims = ada();
        claims.issued_ms = (uint64_t)((int64_t)now_ms + 1000 * rows[i].issued_s);
        claims.expires_ms = (uint64_t)((int64_t)now_ms + 1000 * rows[i].expires_s);
        test_note("row %zu", i);
        expect_u64(verify(signed_token(&claims)), rows[i].fault);
    }
}

static void the_footer_must_be_the_tenant_that_claims(void)
{
    char tenant[64];
    make_keys(1);
    const char *payload = "{\"t\":\"demo\",\"r\":\"customer\",\"s\":\"x:1\",\"n\":\"\","
                          "\"iat\":1795000000,\"exp\":1795000060}";
    expect(verify(signed_payload(payload, "demo")) == TOKEN_GOOD);
    expect(verify(signed_payload(payload, "other")) == TOKEN_FORGED);
    expect(verify(signed_payload(payload, "demo2")) == TOKEN_FORGED);
    expect(verify(signed_payload(payload, "")) == TOKEN_FORGED);
    expect(token_hint(signed_payload(payload, ""), tenant, sizeof tenant).tenant.len == 0);
    expect(token_hint(SLICE_OF("hello"), tenant, sizeof tenant).tenant.len == 0);
}

/* Which key is tried first: the other would be a second verification for each hello. */
static void a_known_contact_is_seen_before_verifying(void)
{
    static const struct {
        const char *subject;
        bool names_contact;
    } rows[] = {{"x:crm-42", true}, {"c:a7qk2m5x3c9d1f8g6h4j0n2p5r", false}, {"a:anna", false},
            {"k:shop", false}};
    char tenant[64];
    make_keys(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct token_claims claims = ada();
        claims.subject = slice_of_string(rows[i].subject);
        test_note("%s", rows[i].subject);
        struct token_hint hint = token_hint(signed_token(&claims), tenant, sizeof tenant);
        expect(hint.names_contact == rows[i].names_contact);
    }
}

/* The first is as Weft writes it, and read without cJSON. */
static void claims_are_read_alike_however_they_are_spelt(void)
{
    static const char *const spelt[] = {
            "{\"t\":\"demo\",\"r\":\"customer\",\"s\":\"x:crm-42\",\"n\":\"Ad\u00e0\",\"iat\":"
            "1795000000,"
            "\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"customer\",\"s\":\"x:crm-42\",\"n\":\"Ad\u00e0\",\"iat\":"
            "1795000000,"
            "\"exp\":1795000060} ",
            "{\"exp\":1795000060.0,\"iat\":1.795e9,\"n\":\"\\u0041d\u00e0\",\"s\":\"x:crm-42\","
            "\"r\":\"customer\",\"jti\":[-1.5,{}],\"t\":\"demo\"}",
    };
    struct token_claims wanted = {SLICE_OF("demo"), SLICE_OF("customer"), SLICE_OF("x:crm-42"),
            SLICE_OF("Ad\u00e0"), 1795000000000, 1795000060000};
    make_keys(1);
    for (size_t i = 0; i < sizeof spelt / sizeof *spelt; i++) {
        test_note("%s", spelt[i]);
        expect(verify(signed_payload(spelt[i], "demo")) == TOKEN_GOOD);
        expect_same_claims(&read_claims, &wanted);
    }
}

/* What ends where it must not, for either reader: the text as it is, and with a space behind it. */
static void claims_that_are_cut_are_none(void)
{
    static const char whole[] =
            "{\"t\":\"demo\",\"r\":\"customer\",\"s\":\"x:crm-42\",\"n\":\"\",\"iat\":1795000000,"
            "\"exp\":1795000060}";
    char text[sizeof whole + 1];
    make_keys(1);
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        snprintf(text, sizeof text, "%.*s", (int)len, whole);
        expect(verify(signed_payload(text, "demo")) == TOKEN_MALFORMED);
        snprintf(text, sizeof text, "%.*s ", (int)len, whole);
        expect(verify(signed_payload(text, "demo")) == TOKEN_MALFORMED);
    }
    expect(verify(signed_payload(whole, "demo")) == TOKEN_GOOD);
}

static void a_signed_payload_still_has_to_be_well_formed(void)
{
    static const char *const refused[] = {"", "[]", "null", "{}", "{\"t\":\"demo\"}",
            "{\"t\":\"demo\",\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"iat\":1795000000,"
            "\"exp\":1795000060}",
            "{\"t\":\"other\",\"\\u0074\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"iat\":"
            "1795000000,\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":7,\"s\":\"x\",\"n\":\"\",\"iat\":1795000000,\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":null,\"n\":\"\",\"iat\":1795000000,"
            "\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"\",\"n\":\"\",\"iat\":1795000000,"
            "\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"iat\":\"1795000000\","
            "\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"iat\":1795000000.5,"
            "\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"iat\":-1,\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"iat\":1795000000,\"exp\":1e300}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\\u0000y\",\"n\":\"\",\"iat\":1795000000,"
            "\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\xff\",\"n\":\"\",\"iat\":1795000000,"
            "\"exp\":1795000060}",
            "{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"iat\":1795000000,"
            "\"exp\":1795000060} x"};
    make_keys(1);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_note("row %zu", i);
        expect_u64(verify(signed_payload(refused[i], "demo")), TOKEN_MALFORMED);
    }
    expect(verify(signed_payload("{\"t\":\"demo\",\"r\":\"c\",\"s\":\"x\",\"n\":\"\",\"more\":"
                                 "{\"a\":[1]},\"iat\":1795000000,\"exp\":1795000060}",
                   "demo")) == TOKEN_GOOD);
}

static void too_long_strings_are_not_signed(void)
{
    static char text[300];
    struct buffer out = buffer_make(token_text, sizeof token_text);
    struct token_claims claims = ada();
    memset(text, 'x', sizeof text);
    make_keys(1);
    claims.name = slice_make(text, 257);
    expect(!token_sign(secret, &claims, &out));
    claims.name = SLICE_NONE;
    claims.tenant = slice_make(text, 65);
    out.len = 0;
    expect(!token_sign(secret, &claims, &out));
    claims.tenant = SLICE_NONE;
    out.len = 0;
    expect(!token_sign(secret, &claims, &out));
    struct buffer small = buffer_make(token_text, 40);
    claims = ada();
    expect(!token_sign(secret, &claims, &small));
}

static void a_small_scratch_is_no_overrun(void)
{
    struct token_claims claims = ada();
    make_keys(1);
    struct slice token = signed_token(&claims);
    struct token_terms terms = {public_key, NULL, now_ms, 5 * minute_ms};
    expect(token_verify(&terms, token, scratch, 20, &read_claims) == TOKEN_MALFORMED);
    expect(token_hint(token, scratch, 3).tenant.len == 0);
}

static void a_ticket_says_what_was_claimed_and_nothing_altered_does(void)
{
    char text[TICKET_MAX];
    struct token_claims claims = ada();
    struct buffer out = buffer_make(text, sizeof text);
    expect(ticket_make(ticket_key, &claims, &out));
    struct slice ticket = buffer_slice(&out);
    expect(ticket_check(ticket_key, ticket, now_ms, scratch, sizeof scratch, &read_claims) ==
            TOKEN_GOOD);
    expect_same_claims(&read_claims, &claims);
    for (size_t bit = 0; bit < 8 * ticket.len; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        test_note("bit %zu", bit);
        expect(ticket_check(ticket_key, ticket, now_ms, scratch, sizeof scratch, &read_claims) !=
                TOKEN_GOOD);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < ticket.len; len++)
        expect(ticket_check(ticket_key, slice_make(text, len), now_ms, scratch, sizeof scratch,
                       &read_claims) != TOKEN_GOOD);
}

static void a_ticket_of_another_key_or_time_is_refused(void)
{
    char text[TICKET_MAX];
    const uint8_t other_key[KEY_SIZE] = {8};
    struct token_claims claims = ada();
    struct buffer out = buffer_make(text, sizeof text);
    expect(ticket_make(ticket_key, &claims, &out));
    struct slice ticket = buffer_slice(&out);
    expect_u64(ticket_check(other_key, ticket, now_ms, scratch, sizeof scratch, &read_claims),
            TOKEN_FORGED);
    expect_u64(ticket_check(ticket_key, ticket, now_ms + 7 * minute_ms, scratch, sizeof scratch,
                       &read_claims),
            TOKEN_EXPIRED);
    expect_u64(ticket_check(ticket_key, ticket, now_ms - 2 * minute_ms, scratch, sizeof scratch,
                       &read_claims),
            TOKEN_NOT_YET);
    expect_u64(ticket_check(ticket_key, signed_payload("{}", "demo"), now_ms, scratch,
                       sizeof scratch, &read_claims),
            TOKEN_MALFORMED);
}

static void a_proof_says_who_signed_and_is_of_its_token_and_keys_alone(void)
{
    static char other_text[TOKEN_MAX];
    uint8_t others_public[SIGNING_PUBLIC_SIZE], others_secret[SIGNING_SECRET_SIZE];
    struct token_claims claims = ada();
    make_keys(1);
    crypto_signing_pair((uint8_t[KEY_SIZE]){2}, others_public, others_secret);
    struct token_proof proof = {.token = signed_token(&claims)};
    struct slice token = proof.token;
    memcpy(proof.keys[0], others_public, sizeof others_public);
    memcpy(proof.keys[1], public_key, sizeof public_key);
    token_prove(&proof);
    expect(proof.signer == 1);
    expect(verify_with(token, &proof) == TOKEN_GOOD);
    proof.signer = 0; /* taken as it is */
    expect(verify_with(token, &proof) == TOKEN_FORGED);
    proof.signer = 1;
    memcpy(public_key, others_public, sizeof public_key);
    expect(verify_with(token, &proof) == TOKEN_FORGED);
    make_keys(3); /* a key that it does not name, and another's token: looked at here */
    expect(verify_with(token, &proof) == TOKEN_FORGED);
    make_keys(1);
    struct buffer out = buffer_make(other_text, sizeof other_text);
    expect(token_sign(others_secret, &claims, &out));
    expect(verify_with(buffer_slice(&out), &proof) == TOKEN_FORGED);
    proof.token = SLICE_OF("v4.public.nothing");
    token_prove(&proof);
    expect(proof.signer == -1);
    proof.token = buffer_slice(&out);
    memcpy(proof.keys[0], public_key, sizeof public_key);
    token_prove(&proof);
    expect(proof.signer == -1);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_token_says_what_was_claimed),
                    CASE(a_proof_says_who_signed_and_is_of_its_token_and_keys_alone),
                    CASE(a_foreign_key_is_refused), CASE(no_byte_of_a_token_may_change),
                    CASE(time_decides), CASE(the_footer_must_be_the_tenant_that_claims),
                    CASE(a_known_contact_is_seen_before_verifying),
                    CASE(claims_are_read_alike_however_they_are_spelt),
                    CASE(claims_that_are_cut_are_none),
                    CASE(a_signed_payload_still_has_to_be_well_formed),
                    CASE(too_long_strings_are_not_signed), CASE(a_small_scratch_is_no_overrun),
                    CASE(a_ticket_says_what_was_claimed_and_nothing_altered_does),
                    CASE(a_ticket_of_another_key_or_time_is_refused), {0}});
}
