/* SPDX-License-Identifier: Apache-2.0 */
/* The outbound side of a connection.
 *
 * Invariant: bytes leave in the order in which they were taken, and waiting + writing never exceed
 * the bound; a full buffer is an answer, never a larger buffer. Two byte strings take turns: one is
 * with libuv, the other collects, so a slow network costs one write per round trip and no list.
 */
#include "bots/sdk/c/outbound.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP_BYTES_MAX = 16384 }; /* a larger buffer is given back once it has drained */

void outbound_init(struct outbound *outbound, uv_stream_t *stream, size_t bytes_max)
{
    *outbound = (struct outbound){.stream = stream, .bytes_max = bytes_max};
}

void outbound_finish(struct outbound *outbound)
{
    free(outbound->waiting.bytes);
    free(outbound->writing.bytes);
    outbound->waiting = outbound->writing = (struct outbound_bytes){0};
}

void outbound_stop(struct outbound *outbound)
{
    outbound->is_stopped = true;
}

static void fail(struct outbound *outbound)
{
    if (outbound->is_stopped)
        return;
    outbound->is_stopped = true;
    outbound->on_failed(outbound->context);
}

static void start_write(struct outbound *outbound);

static void on_written(uv_write_t *request, int status)
{
    struct outbound *outbound = request->data;
    outbound->is_writing = false;
    outbound->writing.len = 0;
    if (outbound->writing.capacity > KEEP_BYTES_MAX) {
        free(outbound->writing.bytes);
        outbound->writing = (struct outbound_bytes){0};
    }
    if (status < 0)
        fail(outbound);
    else if (outbound->waiting.len > 0 && !outbound->is_stopped)
        start_write(outbound);
}

static void start_write(struct outbound *outbound)
{
    struct outbound_bytes next = outbound->waiting;
    outbound->waiting = outbound->writing;
    outbound->writing = next;
    uv_buf_t buffer = uv_buf_init(next.bytes, (unsigned)next.len);
    outbound->request.data = outbound;
    outbound->is_writing = true;
    if (uv_write(&outbound->request, outbound->stream, &buffer, 1, on_written) < 0) {
        outbound->is_writing = false;
        fail(outbound);
    }
}

static void keep(struct outbound_bytes *kept, const char *bytes, size_t len)
{
    size_t wanted = kept->len + len, capacity = kept->capacity ? kept->capacity : 1024;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity != kept->capacity) {
        kept->bytes = realloc(kept->bytes, capacity);
        check(kept->bytes != NULL);
        kept->capacity = capacity;
    }
    memcpy(kept->bytes + kept->len, bytes, len);
    kept->len = wanted;
}

enum outbound_verdict outbound_write(struct outbound *outbound, char *bytes, size_t len)
{
    size_t done = 0;
    if (outbound->is_stopped)
        return OUTBOUND_FAILED;
    if (outbound->waiting.len + outbound->writing.len + len > outbound->bytes_max)
        return OUTBOUND_FULL;
    if (!outbound->is_writing) {
        uv_buf_t buffer = uv_buf_init(bytes, (unsigned)len);
        int written = uv_try_write(outbound->stream, &buffer, 1);
        if (written < 0 && written != UV_EAGAIN) {
            fail(outbound);
            return OUTBOUND_FAILED;
        }
        done = written > 0 ? (size_t)written : 0;
    }
    if (done < len) {
        keep(&outbound->waiting, bytes + done, len - done);
        if (!outbound->is_writing)
            start_write(outbound);
    }
    return OUTBOUND_TAKEN;
}
