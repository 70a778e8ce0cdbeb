/* SPDX-License-Identifier: Apache-2.0 */
/* The WebSocket protocol without a socket: handshake, framing, addresses, backoff, credentials. */
#include "bots/sdk/c/address.h"
#include "bots/sdk/c/backoff.h"
#include "bots/sdk/c/credential.h"
#include "bots/sdk/c/handshake.h"
#include "bots/sdk/c/link_retry.h"
#include "bots/sdk/c/sha1.h"
#include "bots/sdk/c/websocket.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- SHA-1 and addresses -------------------------------------------------------------------- */

static void expect_sha1(const char *text, const char *wanted)
{
    uint8_t digest[SHA1_SIZE];
    char hex[2 * SHA1_SIZE + 1];
    sha1(slice_of_string(text), digest);
    for (size_t i = 0; i < SHA1_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    expect_text(slice_of_string(hex), wanted);
}

static void sha1_gives_the_digests_of_its_standard(void)
{
    expect_sha1("", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect_sha1("abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    expect_sha1(
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901",
            "daa9055e30e0ac793ab26219c0c96384d24620e0");
}

static void addresses_are_taken_apart(void)
{
    static const struct {
        const char *text, *host, *port, *path;
    } rows[] = {{"ws://localhost", "localhost", "80", "/v1/socket"},
            {"ws://localhost:8080/", "localhost", "8080", "/v1/socket"},
            {"http://127.0.0.1:8080", "127.0.0.1", "8080", "/v1/socket"},
            {"ws://[::1]:9000/v1/socket?x=1", "::1", "9000", "/v1/socket?x=1"},
            {"ws://[::1]/chat", "::1", "80", "/chat"}};
    struct address address;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row '%s'", rows[i].text);
        expect(address_read(rows[i].text, &address) == ADDRESS_READ);
        expect_text(slice_of_string(address.host), rows[i].host);
        expect_text(slice_of_string(address.port), rows[i].port);
        expect_text(slice_of_string(address.path), rows[i].path);
    }
    expect(address_read("wss://chat.example.com", &address) == ADDRESS_NEEDS_TLS);
}

/* ---- the handshake -------------------------------------------------------------------------- */

/* The key and answer of RFC 6455, 1.3. */
static struct handshake sample_handshake(void)
{
    struct handshake handshake;
    handshake_init(&handshake, (const uint8_t *)"the sample nonce", "weft.v1.json");
    expect_text(slice_of_string(handshake.key), "dGhlIHNhbXBsZSBub25jZQ==");
    return handshake;
}

static const char good_answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, Upgrade"
        "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        "Sec-WebSocket-Protocol: weft.v1.json\r\n\r\n\x81\x02hi";

static void the_request_holds_what_the_standard_wants(void)
{
    char space[1024];
    struct buffer out = buffer_make(space, sizeof space);
    struct address address;
    struct handshake handshake = sample_handshake();
    address_read("ws://[::1]:8080/v1/socket", &address);
    handshake_write(&handshake, &address, "https://shop.example", &out);
    expect_text(buffer_slice(&out),
            "GET /v1/socket HTTP/1.1\r\nHost: [::1]:8080\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade"
            "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: weft.v1.json\r\nOrigin: https://shop.example\r\n\r\n");
}

static void only_the_right_answer_opens(void)
{
    static const char *const spoilers[][2] = {{"101 Switching", "200 Switching"},
            {"WebSocket\r\nconn", "h2c\r\nconn"}, {"Upgrade\r\nSec", "close\r\nSec"},
            {"xOo=", "xOO="}, {"weft.v1.json", "weft.v2.json"},
            {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions: permessage-deflate\r\nX"},
            {"HTTP/1.1", "HTTP/2.0"}, {" 101 ", " 1x1 "}};
    struct handshake handshake = sample_handshake();
    struct slice good = slice_of_string(good_answer);
    size_t len = 0;
    int status = 0;
    expect(handshake_read(&handshake, good, &len, &status) == HANDSHAKE_DONE);
    expect_u64(len, good.len - 4);
    for (size_t i = 0; i < good.len - 4; i++)
        expect(handshake_read(&handshake, slice_make(good.bytes, i), &len, &status) ==
                HANDSHAKE_MORE);
    for (size_t i = 0; i < sizeof spoilers / sizeof *spoilers; i++) {
        char text[600];
        const char *at = strstr(good_answer, spoilers[i][0]);
        test_note("row '%s'", spoilers[i][1]);
        expect(at != NULL);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good_answer), good_answer,
                spoilers[i][1], at + strlen(spoilers[i][0]));
        enum handshake_verdict verdict =
                handshake_read(&handshake, slice_of_string(text), &len, &status);
        expect(verdict == (i == 0 ? HANDSHAKE_REFUSED : HANDSHAKE_BROKEN));
    }
}

static void a_head_without_end_is_broken(void)
{
    static char endless[HANDSHAKE_HEAD_MAX];
    struct handshake handshake = sample_handshake();
    size_t len;
    int status;
    memset(endless, 'x', sizeof endless);
    expect(handshake_read(&handshake, slice_make(endless, sizeof endless), &len, &status) ==
            HANDSHAKE_BROKEN);
}

/* ---- framing -------------------------------------------------------------------------------- */

static void read_in_pieces(struct slice bytes, size_t piece, char *out, size_t capacity)
{
    struct websocket_reader reader;
    struct websocket_message message = {0};
    websocket_reader_init(&reader);
    out[0] = '\0';
    for (size_t at = 0; at < bytes.len; at += piece) {
        struct slice part =
                slice_make(bytes.bytes + at, piece < bytes.len - at ? piece : bytes.len - at);
        while (websocket_read(&reader, &part, &message) == WEBSOCKET_MESSAGE) {
            size_t len = strlen(out);
            snprintf(out + len, capacity - len, "%d:%.*s;", (int)message.opcode,
                    SLICE_ARGS(message.payload));
        }
    }
    websocket_reader_finish(&reader);
}

static void fragments_and_control_frames_are_put_together(void)
{
    static const char stream[] = "\x81\x05hello"
                                 "\x01\x03hel\x89\x02go\x00\x01l\x8a\x00\x80\x01o"
                                 "\x82\x00"
                                 "\x88\x06\x03\xe9"
                                 "away";
    char text[200];
    for (size_t piece = 1; piece < sizeof stream; piece++) {
        test_note("pieces of %zu", piece);
        read_in_pieces(slice_make(stream, sizeof stream - 1), piece, text, sizeof text);
        expect_text(slice_of_string(text), "1:hello;9:go;10:;1:hello;2:;8:\x03\xe9"
                                           "away;");
    }
}

static void what_a_server_must_not_send_is_broken(void)
{
    static const struct {
        const char *what;
        struct slice bytes;
        int code;
    } rows[] = {{"masked", {"\x81\x81\1\2\3\4x", 7}, CLOSE_PROTOCOL_ERROR},
            {"reserved bit", {"\xc1\x00", 2}, CLOSE_PROTOCOL_ERROR},
            {"unknown opcode", {"\x83\x00", 2}, CLOSE_PROTOCOL_ERROR},
            {"unknown control", {"\x8b\x00", 2}, CLOSE_PROTOCOL_ERROR},
            {"fragmented ping", {"\x09\x00", 2}, CLOSE_PROTOCOL_ERROR},
            {"long ping", {"\x89\x7e\x00\x80", 4}, CLOSE_PROTOCOL_ERROR},
            {"continuation of nothing", {"\x80\x00", 2}, CLOSE_PROTOCOL_ERROR},
            {"new message inside one", {"\x01\x01x\x81\x01y", 6}, CLOSE_PROTOCOL_ERROR},
            {"close with half a code", {"\x88\x01\x03", 3}, CLOSE_PROTOCOL_ERROR},
            {"close with a secret code", {"\x88\x02\x03\xee", 4}, CLOSE_PROTOCOL_ERROR},
            {"too large", {"\x82\x7f\0\0\0\0\0\1\0\1", 10}, CLOSE_TOO_LARGE},
            {"absurdly large", {"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10}, CLOSE_TOO_LARGE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct websocket_reader reader;
        struct websocket_message message = {0};
        struct slice bytes = rows[i].bytes;
        test_note("%s", rows[i].what);
        websocket_reader_init(&reader);
        expect(websocket_read(&reader, &bytes, &message) == WEBSOCKET_BROKEN);
        expect_u64((uint64_t)message.close_code, (uint64_t)rows[i].code);
        expect_u64(reader.message_capacity, i == 7 ? 512 : 0);
        websocket_reader_finish(&reader);
    }
}

static void fragments_may_not_add_up_to_too_much(void)
{
    struct websocket_reader reader;
    struct websocket_message message = {0};
    static char piece[4 + 40000] = "\x02\x7e\x9c\x40";
    struct slice first = slice_make(piece, sizeof piece);
    websocket_reader_init(&reader);
    expect(websocket_read(&reader, &first, &message) == WEBSOCKET_MORE);
    piece[0] = 0;
    struct slice second = slice_make(piece, sizeof piece);
    expect(websocket_read(&reader, &second, &message) == WEBSOCKET_BROKEN);
    expect_u64((uint64_t)message.close_code, CLOSE_TOO_LARGE);
    websocket_reader_finish(&reader);
}

static void frames_are_written_masked_and_with_the_shortest_length(void)
{
    static char payload[70000], space[70020];
    static const struct {
        size_t len, head;
    } rows[] = {{0, 6}, {1, 6}, {125, 6}, {126, 8}, {65535, 8}, {65536, 14}};
    static const uint8_t mask[4] = {1, 2, 3, 0xff};
    memset(payload, 'a', sizeof payload);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("len %zu", rows[i].len);
        struct buffer out = buffer_make(space, sizeof space);
        websocket_write(&out, WEBSOCKET_BINARY, slice_make(payload, rows[i].len), mask);
        expect_u64(out.len, rows[i].head + rows[i].len);
        expect((uint8_t)space[0] == 0x82 && (uint8_t)space[1] & 0x80);
        for (size_t j = 0; j < rows[i].len; j++)
            if ((uint8_t)space[rows[i].head + j] != ('a' ^ mask[j % 4]))
                expect(!"masked right");
    }
    struct buffer small = buffer_make(space, 10);
    websocket_write(&small, WEBSOCKET_TEXT, SLICE_OF("hello"), mask);
    expect(small.overflowed);
}

static void random_bytes_never_hurt_the_reader(void)
{
    uint64_t state = 1;
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        struct websocket_reader reader;
        struct websocket_message message = {0};
        struct slice rest = slice_make(bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (char)(state >> 56);
        }
        websocket_reader_init(&reader);
        while (websocket_read(&reader, &rest, &message) == WEBSOCKET_MESSAGE)
            continue;
        websocket_reader_finish(&reader);
    }
}

/* ---- coming back ---------------------------------------------------------------------------- */

static void the_backoff_grows_to_its_cap_and_keeps_to_the_floor(void)
{
    struct backoff backoff = {0};
    static const uint64_t most[] = {50, 100, 200, 400, 800, 1600, 2000, 2000};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        struct backoff twin = backoff;
        expect_u64(backoff_next_ms(&twin, 0, 0), 0);
        expect_u64(backoff_next_ms(&backoff, most[i], 0), most[i]);
    }
    expect_u64(backoff_next_ms(&backoff, 1, 850), 851);
    backoff_reset(&backoff);
    expect(backoff_next_ms(&backoff, UINT64_MAX, 0) <= 50);
}

static void only_some_close_codes_end_a_link(void)
{
    static const int again[] = {1001, 1002, 1005, 1006, 1011, 1012, 4401, 4408, 4413, 4429, 4999};
    static const int over[] = {1000, 1003, 1007, 1009, 4400, 4403};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++)
        expect(link_retry_is_use(
                &(struct link_reason){.kind = LINK_CLOSED, .close_code = again[i]}));
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        expect(!link_retry_is_use(
                &(struct link_reason){.kind = LINK_CLOSED, .close_code = over[i]}));
    expect(link_retry_is_use(&(struct link_reason){.kind = LINK_REFUSED, .http_status = 403}));
    expect_u64(link_retry_floor_ms(UINT64_MAX), 300000);
}

static void a_ticket_goes_before_a_token_until_it_is_refused_or_old(void)
{
    struct credential credential = {.is_renewable = true};
    struct proto_welcome welcome = {.ticket = SLICE_OF("tk"), .ticket_expires_in_ms = 100};
    struct proto_hello hello = {0}, second = {0};
    expect(!credential_is_ready(&credential, 0));
    credential_set_token(&credential, "t1");
    credential_keep_ticket(&credential, &welcome, 1000);
    credential_show(&credential, &hello, 1099);
    expect_text(hello.ticket, "tk");
    expect(hello.token.bytes == NULL);
    credential_show(&credential, &second, 1100);
    expect_text(second.token, "t1");
    credential_distrust_shown(&credential);
    expect(credential_is_ready(&credential, 1099));  /* the ticket is still good */
    expect(!credential_is_ready(&credential, 1100)); /* the token is not */
    credential_distrust_all(&credential);
    expect(!credential_is_ready(&credential, 1099));
    credential_finish(&credential);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(sha1_gives_the_digests_of_its_standard),
                    CASE(addresses_are_taken_apart),
                    CASE(the_request_holds_what_the_standard_wants),
                    CASE(only_the_right_answer_opens), CASE(a_head_without_end_is_broken),
                    CASE(fragments_and_control_frames_are_put_together),
                    CASE(what_a_server_must_not_send_is_broken),
                    CASE(fragments_may_not_add_up_to_too_much),
                    CASE(frames_are_written_masked_and_with_the_shortest_length),
                    CASE(random_bytes_never_hurt_the_reader),
                    CASE(the_backoff_grows_to_its_cap_and_keeps_to_the_floor),
                    CASE(only_some_close_codes_end_a_link),
                    CASE(a_ticket_goes_before_a_token_until_it_is_refused_or_old), {0}});
}
