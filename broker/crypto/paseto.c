/* SPDX-License-Identifier: Apache-2.0 */
/* PASETO v4.public: Ed25519 over the pre-authentication encoding of header, payload, footer and
 * implicit assertion.
 *
 * Invariant: what is signed is injective in its four pieces (each piece carries its length), so no
 * byte can wander from one piece into the next. A token has one spelling: canonical base64url, and
 * no trailing dot without a footer.
 *
 * Everything is bounded by TOKEN_MAX and lives on the stack.
 */
#include "crypto/paseto.h"

#include <sodium.h>
#include <string.h>

enum {
    SIGNATURE_SIZE = crypto_sign_BYTES,
    PIECE_COUNT = 4,
    ENCODING_MAX = 8 * (PIECE_COUNT + 1) + 2 * TOKEN_MAX,
};

static const struct slice header = {"v4.public.", sizeof "v4.public." - 1};

static void put_length(struct buffer *out, uint64_t len)
{
    for (unsigned shift = 0; shift < 64; shift += 8)
        buffer_put_char(out, (char)(len >> shift & (shift == 56 ? 0x7f : 0xff)));
}

static struct slice encode_pieces(const struct slice pieces[PIECE_COUNT], struct buffer *out)
{
    put_length(out, PIECE_COUNT);
    for (size_t i = 0; i < PIECE_COUNT; i++) {
        put_length(out, pieces[i].len);
        buffer_put_slice(out, pieces[i]);
    }
    return buffer_slice(out);
}

static void put_base64url(struct buffer *out, const void *bytes, size_t len)
{
    char text[(4 * TOKEN_MAX + 2) / 3];
    if (len > TOKEN_MAX)
        out->overflowed = true;
    else
        buffer_put(out, text, base64url_write(bytes, len, text));
}

bool paseto_sign(const uint8_t secret[SIGNING_SECRET_SIZE], struct slice payload,
        struct slice footer, struct slice implicit, struct buffer *out)
{
    char encoding[ENCODING_MAX], body[TOKEN_MAX];
    const struct slice pieces[PIECE_COUNT] = {header, payload, footer, implicit};
    struct buffer encoded = buffer_make(encoding, sizeof encoding);
    struct buffer signed_body = buffer_make(body, sizeof body);
    uint8_t signature[SIGNATURE_SIZE];
    struct slice to_sign = encode_pieces(pieces, &encoded);
    size_t start = out->len;
    if (encoded.overflowed)
        return false;
    crypto_sign_detached(signature, NULL, (const uint8_t *)to_sign.bytes, to_sign.len, secret);
    buffer_put_slice(&signed_body, payload);
    buffer_put(&signed_body, signature, sizeof signature);
    buffer_put_slice(out, header);
    put_base64url(out, body, signed_body.len);
    if (footer.len > 0) {
        buffer_put_char(out, '.');
        put_base64url(out, footer.bytes, footer.len);
    }
    return !signed_body.overflowed && !out->overflowed && out->len - start <= TOKEN_MAX;
}

bool paseto_read(struct slice token, struct paseto *out_paseto)
{
    size_t body_len, footer_len = 0;
    if (token.len > TOKEN_MAX || !slice_starts_with(token, header))
        return false;
    struct slice body = slice_make(token.bytes + header.len, token.len - header.len);
    const char *dot = memchr(body.bytes, '.', body.len);
    struct slice footer = SLICE_NONE;
    if (dot != NULL) {
        footer = slice_make(dot + 1, body.len - (size_t)(dot + 1 - body.bytes));
        body.len = (size_t)(dot - body.bytes);
        if (footer.len == 0)
            return false;
    }
    uint8_t *bytes = out_paseto->bytes;
    if (!base64url_read(body, bytes, TOKEN_MAX, &body_len) || body_len < SIGNATURE_SIZE ||
            !base64url_read(footer, bytes + body_len, TOKEN_MAX - body_len, &footer_len))
        return false;
    out_paseto->payload = slice_make(bytes, body_len - SIGNATURE_SIZE);
    out_paseto->signature = bytes + body_len - SIGNATURE_SIZE;
    out_paseto->footer = slice_make(bytes + body_len, footer_len);
    return true;
}

bool paseto_verify(const uint8_t public_key[SIGNING_PUBLIC_SIZE], const struct paseto *paseto,
        struct slice implicit)
{
    char encoding[ENCODING_MAX];
    const struct slice pieces[PIECE_COUNT] = {header, paseto->payload, paseto->footer, implicit};
    struct buffer encoded = buffer_make(encoding, sizeof encoding);
    struct slice was_signed = encode_pieces(pieces, &encoded);
    return !encoded.overflowed &&
           crypto_sign_verify_detached(paseto->signature, (const uint8_t *)was_signed.bytes,
                   was_signed.len, public_key) == 0;
}
