/* SPDX-License-Identifier: Apache-2.0 */
/* The listening sockets, and who may come in: caps in total and per address. */
#ifndef WEFT_WS_ACCEPTOR_H
#define WEFT_WS_ACCEPTOR_H

#include "base/map.h"
#include "port/timers.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

enum { LISTENERS_MAX = 2, ADDRESS_KEY_SIZE = 16 };

struct address_count {
    struct map_node node;
    char key[ADDRESS_KEY_SIZE];
    uint32_t count;
};

struct acceptor;

struct listener {
    uv_poll_t poll;
    struct acceptor *acceptor;
    int fd;
};

/* What a new socket meets. */
enum admission { ADMISSION_TAKEN, ADMISSION_FULL, ADMISSION_ADDRESS_FULL };

struct acceptor {
    uv_loop_t *uv;
    struct timers *timers;
    struct listener listeners[LISTENERS_MAX];
    size_t listener_count; /* 0 again once it has stopped */
    size_t closing_count;  /* handles whose close callback is still to come */
    int spare_fd;          /* given up for a moment when descriptors run out */
    struct timer pause;
    bool is_paused;
    uint64_t complain_ms; /* not before, so that a flood of callers is no flood of lines */
    struct map addresses;
    uint32_t per_address_max; /* 0: no cap */
    int send_buffer_bytes;    /* 0: the kernel's choice */
    uint16_t port;
    uint64_t accepted_total, refused_total;
    /* Takes the socket over when it answers TAKEN; count is this address's, already counted. */
    enum admission (*on_socket)(void *user, int fd, struct address_count *count);
    void *user;
};

/* order: zeroed, with uv, timers, per_address_max, on_socket and user set
 * errors: false with a sentence; nothing is left open */
bool acceptor_listen(struct acceptor *acceptor, const char *address, uint16_t port, char *sentence,
        size_t sentence_len);
/* May be called twice. The loop has to turn until closing_count is 0. */
void acceptor_stop(struct acceptor *acceptor);
void acceptor_finish(struct acceptor *acceptor);

/* The connection that was counted under this address has ended. */
void acceptor_forget(struct acceptor *acceptor, struct address_count *count);

/* Sets the soft descriptor limit to what wanted needs, as far as the hard limit allows and not
 * below some thousands, and returns how many connections then fit below it, spare descriptors left
 * out. */
uint32_t descriptor_allowance(uint32_t wanted);

#endif
