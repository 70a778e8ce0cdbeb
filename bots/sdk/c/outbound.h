/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out over one libuv stream: written at once when the network takes it, else kept, up to
 * a bound. Part of the doorway to libuv; only socket.c uses it. */
#ifndef WEFT_BOTS_OUTBOUND_H
#define WEFT_BOTS_OUTBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct outbound_bytes {
    char *bytes;
    size_t len, capacity;
};

struct outbound {
    uv_stream_t *stream;
    size_t bytes_max;
    void *context;
    void (*on_failed)(void *context); /* the stream broke; may come inside outbound_write */
    struct outbound_bytes waiting, writing;
    bool is_writing, is_stopped;
    uv_write_t request;
};

enum outbound_verdict { OUTBOUND_TAKEN, OUTBOUND_FULL, OUTBOUND_FAILED };

void outbound_init(struct outbound *outbound, uv_stream_t *stream, size_t bytes_max);
/* order: only after the stream's close callback */
void outbound_finish(struct outbound *outbound);

/* All of the bytes or none; they are copied. */
enum outbound_verdict outbound_write(struct outbound *outbound, char *bytes, size_t len);

/* The stream is about to be closed: starts no further write. */
void outbound_stop(struct outbound *outbound);

#endif
