/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing what is too long to be held in memory, piece by piece.
 *
 * Invariant: pieces open in the order in which they were sealed; one that was left out, doubled or
 * moved does not open, and the last one says that it is the last, so a cut stream is known as such.
 *
 * libsodium would make up the head itself. It begins both ways with the same state, so we begin as
 * if to open: the head comes from outside, as all that is random does.
 *
 * source: libsodium's crypto_secretstream_xchacha20poly1305
 */
#include "base/check.h"
#include "port/crypto.h"

#include <sodium.h>
#include <string.h>

_Static_assert(STREAM_HEAD_SIZE == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "head");
_Static_assert(STREAM_OVERHEAD == crypto_secretstream_xchacha20poly1305_ABYTES, "overhead");
_Static_assert(KEY_SIZE == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key");
_Static_assert(STREAM_STATE_SIZE == sizeof(crypto_secretstream_xchacha20poly1305_state), "state");

typedef crypto_secretstream_xchacha20poly1305_state stream_state;

void crypto_stream_begin(struct crypto_stream *stream, const uint8_t key[KEY_SIZE],
        const uint8_t head[STREAM_HEAD_SIZE])
{
    stream_state state;
    int fault = crypto_secretstream_xchacha20poly1305_init_pull(&state, head, key);
    check(fault == 0);
    memcpy(stream->state, &state, sizeof state);
    sodium_memzero(&state, sizeof state);
}

void crypto_stream_seal(
        struct crypto_stream *stream, struct slice plain, bool is_last, uint8_t *out)
{
    stream_state state;
    uint8_t tag = is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0;
    memcpy(&state, stream->state, sizeof state);
    int fault = crypto_secretstream_xchacha20poly1305_push(
            &state, out, NULL, (const uint8_t *)plain.bytes, plain.len, NULL, 0, tag);
    check(fault == 0);
    memcpy(stream->state, &state, sizeof state);
}

bool crypto_stream_open(
        struct crypto_stream *stream, struct slice sealed, uint8_t *out, bool *out_is_last)
{
    stream_state state;
    uint8_t tag;
    if (sealed.len < STREAM_OVERHEAD)
        return false;
    memcpy(&state, stream->state, sizeof state);
    if (crypto_secretstream_xchacha20poly1305_pull(
                &state, out, NULL, &tag, (const uint8_t *)sealed.bytes, sealed.len, NULL, 0) != 0)
        return false;
    memcpy(stream->state, &state, sizeof state);
    *out_is_last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return true;
}
