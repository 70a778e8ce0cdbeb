/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, keyed hashes, derived keys and digests.
 *
 * Invariant: no use of a key can stand in for another one. Every keyed hash is personalised with
 * its context, and deriving is told from hashing by the salt, so crypto_derive(k, c, x) is never
 * crypto_mac(k, c, x).
 *
 * Not here: where nonces come from. XChaCha20's 24 bytes are meant to be random; the caller fills
 * them from its random source, so a replay in the simulator is exact.
 *
 * source: libsodium's crypto_aead_xchacha20poly1305_ietf and BLAKE2b with salt and personalisation
 */
#include "port/crypto.h"

#include "base/check.h"

#include <sodium.h>
#include <string.h>

_Static_assert(KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(SEAL_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(SIGNING_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "signing secret");
_Static_assert(SIGNING_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "signing public");

bool crypto_start(void)
{
    return sodium_init() >= 0;
}

void crypto_seal(const uint8_t key[KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
        struct slice plain, struct slice associated, uint8_t *out)
{
    memmove(out, nonce, SEAL_NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + SEAL_NONCE_SIZE, NULL,
            (const uint8_t *)plain.bytes, plain.len, (const uint8_t *)associated.bytes,
            associated.len, NULL, nonce, key);
}

bool crypto_open(
        const uint8_t key[KEY_SIZE], struct slice sealed, struct slice associated, uint8_t *out)
{
    if (sealed.len < SEAL_OVERHEAD)
        return false;
    const uint8_t *nonce = (const uint8_t *)sealed.bytes;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, nonce + SEAL_NONCE_SIZE,
                   sealed.len - SEAL_NONCE_SIZE, (const uint8_t *)associated.bytes, associated.len,
                   nonce, key) == 0;
}

static void keyed_hash(const uint8_t key[KEY_SIZE], const char *salt_word, const char *context,
        struct slice message, uint8_t *out, size_t out_len)
{
    uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
    uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};
    size_t salt_len = strlen(salt_word), context_len = strlen(context);
    check(salt_len <= sizeof salt && context_len > 0 && context_len <= sizeof personal);
    memcpy(salt, salt_word, salt_len);
    memcpy(personal, context, context_len);
    check(crypto_generichash_blake2b_salt_personal(out, out_len, (const uint8_t *)message.bytes,
                  message.len, key, KEY_SIZE, salt, personal) == 0);
}

void crypto_mac(const uint8_t key[KEY_SIZE], const char *context, struct slice message,
        uint8_t *out, size_t out_len)
{
    check(out_len >= crypto_generichash_blake2b_BYTES_MIN);
    keyed_hash(key, "mac", context, message, out, out_len);
}

void crypto_derive(const uint8_t master[KEY_SIZE], const char *context, struct slice label,
        uint8_t out[KEY_SIZE])
{
    keyed_hash(master, "derive", context, label, out, KEY_SIZE);
}

void crypto_fingerprint(const uint8_t master[KEY_SIZE], char out[FINGERPRINT_LEN])
{
    uint8_t key[KEY_SIZE], mac[16];
    crypto_derive(master, "finger", SLICE_NONE, key);
    crypto_mac(key, "finger", SLICE_NONE, mac, sizeof mac);
    check(base32_write(mac, sizeof mac, out) == FINGERPRINT_LEN);
    sodium_memzero(key, sizeof key);
}

uint64_t crypto_digest(struct slice message)
{
    uint8_t hash[crypto_generichash_BYTES];
    uint64_t digest = 0;
    check(crypto_generichash(
                  hash, sizeof hash, (const uint8_t *)message.bytes, message.len, NULL, 0) == 0);
    for (size_t i = 0; i < DIGEST_SIZE; i++)
        digest = digest << 8 | hash[i];
    return digest;
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return len == 0 || sodium_memcmp(a, b, len) == 0;
}

void crypto_signing_pair(const uint8_t seed[KEY_SIZE], uint8_t out_public[SIGNING_PUBLIC_SIZE],
        uint8_t out_secret[SIGNING_SECRET_SIZE])
{
    check(crypto_sign_seed_keypair(out_public, out_secret, seed) == 0);
}
