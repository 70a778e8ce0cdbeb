/* SPDX-License-Identifier: Apache-2.0 */
/* Opens listening sockets. */
#ifndef WEFT_WS_LISTEN_H
#define WEFT_WS_LISTEN_H

#include <stddef.h>
#include <stdint.h>

/* Listens on a numeric address, on "localhost" (127.0.0.1, and ::1 where there is one) or on "*"
 * (every address), with SO_REUSEPORT so that the nodes of one machine share the port.
 *
 * shape: fds has room for two; returns how many were opened, all of one port
 * errors: 0, with a sentence */
size_t listen_open(const char *address, uint16_t port, int *fds, uint16_t *out_port, char *sentence,
        size_t sentence_len);

#endif
