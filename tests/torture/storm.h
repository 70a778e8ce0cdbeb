/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of WebSocket clients in one process: what they hold, and how they come and go. */
#ifndef WEFT_TORTURE_STORM_H
#define WEFT_TORTURE_STORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENTS_MAX = 20000, TEXT_MAX = 8000, NAME_ROOM = 48, OPENING_MAX = 512 };

enum client_state { AWAY, OPENING, GREETING, THERE };

struct client {
    int fd;
    enum client_state state;
    bool is_slow, is_deaf, is_service; /* deaf: not read from at all but by bytes */
    uint32_t attempt;
    uint64_t due_ns;      /* AWAY: when to come back */
    uint64_t welcomed_ns; /* of the last welcome */
    uint64_t n, acked;    /* said so far, and acked so far */
    uint64_t sent_ns;
    uint64_t entries, own /* of them its own words */, gaps, doubles, resets, cut, refused;
    char cursor[NAME_ROOM], conversation[NAME_ROOM], lineage[NAME_ROOM], ticket[640];
    char *in;
    size_t held, room;
};

struct storm {
    struct client *clients;
    uint32_t count, there, opening;
    uint16_t port;
    const char *tenant, *service_key;
    uint8_t secret[64];
    int poll_fd;
    /* What the mode does with frames. */
    void (*on_welcome)(struct client *client);
    void (*on_ack)(struct client *client, const char *text, size_t len);
};

extern struct storm storm;

uint64_t now_ns(void);
void storm_start(uint16_t port, uint32_t count, const char *tenant, const char *secret);
/* One turn of the loop, at most wait_ms long: frames, and those whose time to come has come. */
void storm_turn(int wait_ms);
/* Says the client's next words in a conversation; text of len bytes, no quotes in it. */
void client_say(struct client *client, const char *conversation, uint64_t n, size_t len);
void client_listen(struct client *client, bool is_listening);
/* Reads at most this many bytes. */
void client_read(struct client *client, size_t most);
/* The value of a text member, into out; false when it is not there. */
bool text_member(const char *text, size_t len, const char *name, char *out, size_t room);
uint64_t number_member(const char *text, size_t len, const char *name);

#endif
