/* SPDX-License-Identifier: Apache-2.0 */
/* A raw client on a loopback socket: its own handshake bytes, frames and masks, so that it can also
 * say what no proper client would. While it waits, the server's loop turns. */
#ifndef WEFT_TESTS_WS_CLIENT_H
#define WEFT_TESTS_WS_CLIENT_H

#include "base/slice.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_WAIT_MS_MAX = 60000, CLIENT_BUFFER_SIZE = 512 * 1024, CLIENT_SMALL_SIZE = 4096 };

enum opcode {
    OPCODE_MORE = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10,
    OPCODE_FIN = 0x80,
};

struct client {
    struct loop *loop;
    int fd;
    uint8_t *bytes; /* what was received and not taken yet */
    size_t len, capacity;
    bool is_at_end; /* the other side has closed, or the socket failed */
    bool was_reset; /* it failed */
};

/* Turns the loop until holds() or the test fails. */
void turn_until(struct loop *loop, bool (*holds)(void *user), void *user, const char *what);

void turn_for_ms(struct loop *loop, uint64_t ms);
/* Lets the loop run as it does in a node; fails when it spins instead of sleeping. */
void expect_sleep(struct loop *loop, const char *while_what);

struct client client_connect(struct loop *loop, uint16_t port);
struct client client_connect_small(struct loop *loop, uint16_t port); /* one of a crowd */
void client_close(struct client *client);
void client_reset(struct client *client); /* with a RST */
void client_write(struct client *client, const void *bytes, size_t len);
void client_say(struct client *client, const char *text);

/* Waits until as much is received, or the end. */
bool client_wait(struct client *client, size_t len);
void client_expect_end(struct client *client);

/* Waits for one HTTP reply with its body, checks the status, and takes it. head and body are
 * borrowed until the next call. */
struct reply {
    struct slice head, body;
};
struct reply client_expect_reply(struct client *client, int status, bool is_head);
bool reply_has(const struct reply *reply, const char *text);

/* GET /v1/socket with these headers (NULL: left out), and no wait. */
void client_ask_upgrade(struct client *client, const char *subprotocol, const char *origin);
/* The same, and waits for 101. */
struct client client_join(struct loop *loop, uint16_t port, const char *subprotocol);

/* One masked frame. first_byte: an opcode, OPCODE_FIN added when it is the last. */
void client_frame(struct client *client, int first_byte, const void *bytes, size_t len);

struct frame {
    int first_byte;
    struct slice payload; /* borrowed until the next call */
};
/* Waits for one frame from the server. */
struct frame client_read_frame(struct client *client);
void client_expect_text(struct client *client, const char *text);
void client_expect_closed(struct client *client, uint16_t code);

#endif
