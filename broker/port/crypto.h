/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, tokens and tickets. Pure functions: time and random bytes come in from outside.
 *
 * Implemented by broker/crypto with libsodium; there is no fake, it is fast enough to be real.
 */
#ifndef WEFT_PORT_CRYPTO_H
#define WEFT_PORT_CRYPTO_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    KEY_SIZE = 32,
    SEAL_NONCE_SIZE = 24,
    SEAL_TAG_SIZE = 16,
    SEAL_OVERHEAD = SEAL_NONCE_SIZE + SEAL_TAG_SIZE,
    WRAPPED_KEY_SIZE = KEY_SIZE + SEAL_OVERHEAD,
    SIGNING_SECRET_SIZE = 64,
    SIGNING_PUBLIC_SIZE = 32,
    TOKEN_MAX = 2048,
    TICKET_MAX = 512,
    DIGEST_SIZE = 8,
};

/* Call once per process. false: the library could not start. */
bool crypto_start(void);

/* XChaCha20-Poly1305. out receives nonce, ciphertext, tag: plain.len + SEAL_OVERHEAD bytes; its
 * last SEAL_TAG_SIZE bytes are the tag. */
void crypto_seal(const uint8_t key[KEY_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
        struct slice plain, struct slice associated, uint8_t *out);
/* out receives sealed.len - SEAL_OVERHEAD bytes. false: not sealed by this key with this data. */
bool crypto_open(
        const uint8_t key[KEY_SIZE], struct slice sealed, struct slice associated, uint8_t *out);

/* A long plaintext sealed in pieces, which open only in their order and only up to their end:
 * XChaCha20-Poly1305 as libsodium's secretstream. Begun alike for sealing and for opening. */
enum { STREAM_HEAD_SIZE = 24, STREAM_OVERHEAD = 17, STREAM_STATE_SIZE = 52 };

struct crypto_stream {
    uint8_t state[STREAM_STATE_SIZE];
};

/* head: random for sealing, and stored; the stored one for opening. */
void crypto_stream_begin(struct crypto_stream *stream, const uint8_t key[KEY_SIZE],
        const uint8_t head[STREAM_HEAD_SIZE]);
/* out receives plain.len + STREAM_OVERHEAD bytes. */
void crypto_stream_seal(
        struct crypto_stream *stream, struct slice plain, bool is_last, uint8_t *out);
/* out receives sealed.len - STREAM_OVERHEAD bytes. false: not the next piece of this stream. */
bool crypto_stream_open(
        struct crypto_stream *stream, struct slice sealed, uint8_t *out, bool *out_is_last);

/* Keyed BLAKE2b; context separates uses ("ticket", "identity", "body"). */
void crypto_mac(const uint8_t key[KEY_SIZE], const char *context, struct slice message,
        uint8_t *out, size_t out_len /* 16..64 */);
/* Derives a key for one use from a master key. */
void crypto_derive(const uint8_t master[KEY_SIZE], const char *context, struct slice label,
        uint8_t out[KEY_SIZE]);
/* A short digest of a message body: equal bodies have equal digests. Not for secrets. */
uint64_t crypto_digest(struct slice message);
bool crypto_equal(const void *a, const void *b, size_t len); /* in constant time */

void crypto_signing_pair(const uint8_t seed[KEY_SIZE], uint8_t out_public[SIGNING_PUBLIC_SIZE],
        uint8_t out_secret[SIGNING_SECRET_SIZE]);

/* What a token says. Strings are borrowed: on reading from the scratch given. */
struct token_claims {
    struct slice tenant;
    struct slice role;    /* customer, agent, renewal-customer, renewal-agent */
    struct slice subject; /* "c:<conversation>" minted by Weft, "x:<reference>" a known contact of
                             the brand, "a:<agent>" */
    struct slice name;    /* to show; may be empty */
    uint64_t issued_ms, expires_ms;
};

enum token_fault { TOKEN_GOOD, TOKEN_MALFORMED, TOKEN_FORGED, TOKEN_EXPIRED, TOKEN_NOT_YET };

/* PASETO v4.public; the payload is JSON {"t","r","s","n","iat","exp"} with times in seconds as
 * numbers; the footer is the tenant's id, so that the right key can be found before verifying.
 * source: PASETO v4 specification */
bool token_sign(const uint8_t secret[SIGNING_SECRET_SIZE], const struct token_claims *claims,
        struct buffer *out);
/* What a token says of the key that it was signed with, unverified: the footer's tenant (empty: the
 * text is not a token), and whether a known contact seems to be named, as brands do. */
struct token_hint {
    struct slice tenant; /* in scratch */
    bool names_contact;
};
struct token_hint token_hint(struct slice token, char *scratch, size_t scratch_len);
/* Which of two keys signed a token. It says nothing of its time and claims. */
struct token_proof {
    struct slice token; /* borrowed; empty: nothing was proven */
    uint8_t keys[2][SIGNING_PUBLIC_SIZE];
    int signer; /* which of the keys; -1: neither */
};
/* Sets signer. The slow half of token_verify (some 70 us a key), and the one that any thread may
 * run: it looks at nothing but the proof. */
void token_prove(struct token_proof *proof);
/* What a token has to fulfil. proof: taken for the signature if it is of this token and this key;
 * else, and when it is NULL, the signature is verified. A lifetime over lifetime_max_ms is FORGED.
 */
struct token_terms {
    const uint8_t *public_key; /* SIGNING_PUBLIC_SIZE */
    const struct token_proof *proof;
    uint64_t now_ms, lifetime_max_ms;
};
/* scratch holds the decoded payload that out_claims borrows. skew: 60 s. */
enum token_fault token_verify(const struct token_terms *terms, struct slice token, char *scratch,
        size_t scratch_len, struct token_claims *out_claims);

/* Tickets: the same claims under a keyed hash, cheap to check. "tk1." base64url. */
bool ticket_make(
        const uint8_t key[KEY_SIZE], const struct token_claims *claims, struct buffer *out);
enum token_fault ticket_check(const uint8_t key[KEY_SIZE], struct slice ticket, uint64_t now_ms,
        char *scratch, size_t scratch_len, struct token_claims *out_claims);

/* Tells master keys apart, and nothing else of them: a keyed hash, as base32 text. */
enum { FINGERPRINT_LEN = 26 };
void crypto_fingerprint(const uint8_t master[KEY_SIZE], char out[FINGERPRINT_LEN]);

/* Text forms. Return the length written; out must have room for (4 * len + 2) / 3, or (8 * len + 4)
 * / 5. */
size_t base64url_write(const void *bytes, size_t len, char *out);
bool base64url_read(struct slice text, void *out, size_t capacity, size_t *out_len);
size_t base32_write(const void *bytes, size_t len, char *out); /* Crockford, lower case */

#endif
