/* SPDX-License-Identifier: Apache-2.0 */
/* The published vectors of PASETO v4.public, and everything next to them refused.
 * source: https://github.com/paseto-standard/test-vectors, v4.json */
#include "crypto/paseto.h"

#include "lib/test.h"

#include <stdio.h>

#define BODY \
    "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDo" \
    "wMCswMDowMCJ9"
#define FOOTER_TEXT "eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9"

static const char seed_text[] = "b4cbfb43df4ce210727d953e4a713307fa19bb7d9f85041438d9e11b942a3774";
static const char public_text[] =
        "1eb9dbbbbc047c03fd70604e0071f0987e16b28b757225c11f00415d0e20b1a2";
static const struct slice payload = {
        "{\"data\":\"this is a signed message\",\"exp\":\"2022-01-01T00:00:00+00:00\"}", 69};

static const struct vector {
    const char *name, *footer, *implicit, *token;
} vectors[] = {
        {"4-S-1", "", "",
                BODY "bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXE"
                     "FtkqxT1ciiQEDA"},
        {"4-S-2", "{\"kid\":\"zVhMiPBP9fRf2snEcT7gFTioeA9COcNy9DfgL1W60haN\"}", "",
                BODY "v3Jt8mx_TdM2ceTGoqwrh4yDFn0XsHvvV_D0DtwQxVrJEBMl0F2caAdgnpKlt4p7xBnx1HcO"
                     "-SPo8FPp214HDw." FOOTER_TEXT},
        {"4-S-3", "{\"kid\":\"zVhMiPBP9fRf2snEcT7gFTioeA9COcNy9DfgL1W60haN\"}",
                "{\"test-vector\":\"4-S-3\"}",
                BODY "NPWciuD3d0o5eXJXG5pJy-DiVEoyPYWs1YSTwWHNJq6DZD3je5gf-0M4JR9ipdUSJbIovzmB"
                     "ECeaWmaqcaP0DQ." FOOTER_TEXT},
};

static uint8_t public_key[SIGNING_PUBLIC_SIZE], secret[SIGNING_SECRET_SIZE];

static void make_keys(void)
{
    uint8_t seed[KEY_SIZE];
    char text[2 * SIGNING_PUBLIC_SIZE + 1];
    for (size_t i = 0; i < sizeof seed; i++)
        expect(sscanf(seed_text + 2 * i, "%2hhx", &seed[i]) == 1);
    crypto_signing_pair(seed, public_key, secret);
    for (size_t i = 0; i < sizeof public_key; i++)
        snprintf(text + 2 * i, 3, "%02x", public_key[i]);
    expect_text(slice_of_string(text), public_text);
}

static void each_published_vector_signs_to_its_token(void)
{
    make_keys();
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char text[TOKEN_MAX];
        struct buffer out = buffer_make(text, sizeof text);
        test_note("%s", vectors[i].name);
        expect(paseto_sign(secret, payload, slice_of_string(vectors[i].footer),
                slice_of_string(vectors[i].implicit), &out));
        expect_text(buffer_slice(&out), vectors[i].token);
    }
}

static void each_published_vector_verifies(void)
{
    make_keys();
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct paseto paseto;
        struct slice implicit = slice_of_string(vectors[i].implicit);
        test_note("%s", vectors[i].name);
        expect(paseto_read(slice_of_string(vectors[i].token), &paseto));
        expect_slice(paseto.payload, payload);
        expect_text(paseto.footer, vectors[i].footer);
        expect(paseto_verify(public_key, &paseto, implicit));
        expect(!paseto_verify(public_key, &paseto, SLICE_OF("another")));
        public_key[3] ^= 1;
        expect(!paseto_verify(public_key, &paseto, implicit));
        public_key[3] ^= 1;
    }
}

static bool verifies(struct slice token)
{
    struct paseto paseto;
    return paseto_read(token, &paseto) && paseto_verify(public_key, &paseto, SLICE_NONE);
}

static void no_bit_of_a_token_may_flip(void)
{
    char text[TOKEN_MAX];
    struct slice token = slice_of_string(vectors[1].token);
    make_keys();
    memcpy(text, token.bytes, token.len);
    expect(verifies(slice_make(text, token.len)));
    for (size_t bit = 0; bit < 8 * token.len; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        test_note("bit %zu", bit);
        expect(!verifies(slice_make(text, token.len)));
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < token.len; len++) {
        test_note("cut to %zu", len);
        expect(!verifies(slice_make(text, len)));
    }
}

static void other_versions_and_spellings_are_refused(void)
{
    static const char *const refused[] = {"", ".", "v4.public", "v4.public.", "v4.public..",
            "v4.public.AAAA", "v4.local.AAAA", "v3.public.AAAA", "V4.public.AAAA", " v4.public.",
            BODY "bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1c"
                 "iiQEDA.",
            BODY "bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1c"
                 "iiQEDA=",
            BODY "bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1c"
                 "iiQEDA.e30.e30"};
    struct paseto paseto;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_note("row %zu", i);
        expect(!paseto_read(slice_of_string(refused[i]), &paseto));
    }
    char long_token[TOKEN_MAX + 1];
    memset(long_token, 'A', sizeof long_token);
    memcpy(long_token, "v4.public.", 10);
    expect(!paseto_read(slice_make(long_token, sizeof long_token), &paseto));
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(each_published_vector_signs_to_its_token),
                    CASE(each_published_vector_verifies), CASE(no_bit_of_a_token_may_flip),
                    CASE(other_versions_and_spellings_are_refused), {0}});
}
