/* SPDX-License-Identifier: Apache-2.0 */
/* What a client reads of a server: the answer to its handshake, then frames. The first byte
 * chooses, and says how the bytes are cut into pieces.
 *
 * Guards: a socket opens only after the right answer; a message is the same however the network
 * has cut it, and never longer than its limit.
 */
#include "bots/sdk/c/handshake.h"
#include "bots/sdk/c/websocket.h"
#include "fuzz.h"

static const uint8_t nonce[HANDSHAKE_NONCE_SIZE] = "the sample nonce";

static void as_head(struct slice bytes)
{
    struct handshake handshake;
    size_t len = 0;
    int status = 0;
    handshake_init(&handshake, nonce, "weft.v1.json");
    enum handshake_verdict verdict = handshake_read(&handshake, bytes, &len, &status);
    if (verdict == HANDSHAKE_DONE || verdict == HANDSHAKE_REFUSED)
        check(len <= bytes.len && (verdict == HANDSHAKE_DONE) == (status == 101));
}

struct tally {
    size_t messages, bytes;
    bool is_broken;
    int close_code;
    uint32_t digest;
};

static void count(struct tally *tally, const struct websocket_message *message)
{
    check(message->payload.len <= WEBSOCKET_MESSAGE_MAX);
    tally->messages++;
    tally->bytes += message->payload.len;
    for (size_t i = 0; i < message->payload.len; i++)
        tally->digest = tally->digest * 31 + (uint8_t)message->payload.bytes[i];
}

static struct tally read_all(struct slice bytes, size_t piece)
{
    struct websocket_reader reader;
    struct tally tally = {0};
    websocket_reader_init(&reader);
    for (size_t at = 0; at < bytes.len && !tally.is_broken; at += piece) {
        size_t len = bytes.len - at < piece ? bytes.len - at : piece;
        char *own = fuzz_copy(bytes.bytes + at, len);
        struct slice rest = slice_make(own, len);
        struct websocket_message message;
        enum websocket_verdict verdict;
        while ((verdict = websocket_read(&reader, &rest, &message)) == WEBSOCKET_MESSAGE)
            count(&tally, &message);
        if (verdict == WEBSOCKET_BROKEN) {
            tally.is_broken = true;
            tally.close_code = message.close_code;
        }
        free(own);
    }
    websocket_reader_finish(&reader);
    return tally;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct slice bytes = slice_make((const char *)data + 1, size - 1);
    if (data[0] == 0) {
        char *own = fuzz_copy(bytes.bytes, bytes.len);
        as_head(slice_make(own, bytes.len));
        free(own);
        return 0;
    }
    struct tally whole = read_all(bytes, bytes.len), cut = read_all(bytes, data[0]);
    check(whole.messages == cut.messages && whole.bytes == cut.bytes &&
            whole.is_broken == cut.is_broken && whole.close_code == cut.close_code &&
            whole.digest == cut.digest);
    return 0;
}
