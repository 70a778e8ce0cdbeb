/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, hashing and deriving: what comes back, and that nothing altered does. */
#include "lib/test.h"
#include "port/crypto.h"

#include <string.h>

static const uint8_t key[KEY_SIZE] = {1, 2, 3}, other_key[KEY_SIZE] = {1, 2, 4};
static const uint8_t nonce[SEAL_NONCE_SIZE] = {9, 8, 7};

static void what_is_sealed_opens_again(void)
{
    static uint8_t plain[3000], sealed[sizeof plain + SEAL_OVERHEAD], opened[sizeof plain];
    memset(plain, 'x', sizeof plain);
    static const size_t lens[] = {0, 1, 15, 16, 63, 64, 65, sizeof plain};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct slice text = slice_make(plain, lens[i]);
        crypto_seal(key, nonce, text, SLICE_OF("who"), sealed);
        struct slice all = slice_make(sealed, lens[i] + SEAL_OVERHEAD);
        expect(crypto_open(key, all, SLICE_OF("who"), opened));
        expect_slice(slice_make(opened, lens[i]), text);
        expect_slice(slice_make(sealed, SEAL_NONCE_SIZE), slice_make(nonce, SEAL_NONCE_SIZE));
    }
}

static void a_fingerprint_tells_keys_apart(void)
{
    char one[FINGERPRINT_LEN], again[FINGERPRINT_LEN], other[FINGERPRINT_LEN];
    crypto_fingerprint(key, one);
    crypto_fingerprint(key, again);
    crypto_fingerprint(other_key, other);
    expect(memcmp(one, again, sizeof one) == 0);
    expect(memcmp(one, other, sizeof one) != 0);
}

static void nothing_altered_opens(void)
{
    uint8_t sealed[11 + SEAL_OVERHEAD], opened[sizeof sealed];
    crypto_seal(key, nonce, SLICE_OF("Hello there"), SLICE_OF("who"), sealed);
    struct slice all = slice_make(sealed, sizeof sealed);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        test_note("bit %zu", bit);
        expect(!crypto_open(key, all, SLICE_OF("who"), opened));
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof sealed; len++)
        expect(!crypto_open(key, slice_make(sealed, len), SLICE_OF("who"), opened));
    expect(!crypto_open(other_key, all, SLICE_OF("who"), opened));
    expect(!crypto_open(key, all, SLICE_OF("whO"), opened));
    expect(!crypto_open(key, all, SLICE_NONE, opened));
    expect(crypto_open(key, all, SLICE_OF("who"), opened));
}

static void every_use_of_a_key_is_its_own(void)
{
    uint8_t results[6][32];
    crypto_mac(key, "ticket", SLICE_OF("m"), results[0], 32);
    crypto_mac(key, "identity", SLICE_OF("m"), results[1], 32);
    crypto_mac(other_key, "ticket", SLICE_OF("m"), results[2], 32);
    crypto_mac(key, "ticket", SLICE_OF("n"), results[3], 32);
    crypto_derive(key, "ticket", SLICE_OF("m"), results[4]);
    crypto_derive(key, "identity", SLICE_OF("m"), results[5]);
    for (size_t a = 0; a < 6; a++)
        for (size_t b = a + 1; b < 6; b++)
            expect(!crypto_equal(results[a], results[b], 32));
    uint8_t again[32];
    crypto_mac(key, "ticket", SLICE_OF("m"), again, 32);
    expect(crypto_equal(again, results[0], 32));
}

static void a_digest_tells_bodies_apart(void)
{
    expect(crypto_digest(SLICE_OF("a")) == crypto_digest(slice_of_string("a")));
    expect(crypto_digest(SLICE_OF("a")) != crypto_digest(SLICE_OF("b")));
    expect(crypto_digest(SLICE_NONE) != 0);
}

static void a_stream_opens_in_its_order_and_to_its_end(void)
{
    static const uint8_t head[STREAM_HEAD_SIZE] = {5, 6, 7};
    uint8_t one[3 + STREAM_OVERHEAD], two[3 + STREAM_OVERHEAD], opened[3];
    struct slice first = slice_make(one, sizeof one), second = slice_make(two, sizeof two);
    struct crypto_stream sealing, opening;
    bool is_last;
    crypto_stream_begin(&sealing, key, head);
    crypto_stream_seal(&sealing, SLICE_OF("abc"), false, one);
    crypto_stream_seal(&sealing, SLICE_OF("def"), true, two);
    crypto_stream_begin(&opening, key, head);
    expect(!crypto_stream_open(&opening, second, opened, &is_last)); /* out of its order */
    expect(crypto_stream_open(&opening, first, opened, &is_last) && !is_last);
    expect(!crypto_stream_open(&opening, first, opened, &is_last)); /* doubled */
    expect(crypto_stream_open(&opening, second, opened, &is_last) && is_last);
    expect_slice(slice_make(opened, sizeof opened), SLICE_OF("def"));
    crypto_stream_begin(&opening, other_key, head);
    expect(!crypto_stream_open(&opening, first, opened, &is_last));
    crypto_stream_begin(&opening, key, head);
    expect(!crypto_stream_open(&opening, slice_make(one, 5), opened, &is_last));
    one[4] ^= 1;
    expect(!crypto_stream_open(&opening, first, opened, &is_last));
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(what_is_sealed_opens_again),
                    CASE(a_fingerprint_tells_keys_apart), CASE(nothing_altered_opens),
                    CASE(every_use_of_a_key_is_its_own), CASE(a_digest_tells_bodies_apart),
                    CASE(a_stream_opens_in_its_order_and_to_its_end), {0}});
}
