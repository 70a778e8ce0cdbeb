/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up blob store on virtual time, with a disk that can be full or broken. Several nodes may
 * share one. */
#ifndef WEFT_TESTS_FAKE_BLOBS_H
#define WEFT_TESTS_FAKE_BLOBS_H

#include "lib/fake_clock.h"
#include "port/blobs.h"

#include <stdbool.h>

enum { FAKE_BLOBS_MAX = 128 };

enum fake_blob_state { FAKE_BLOB_NONE, FAKE_BLOB_PART, FAKE_BLOB_LOOSE, FAKE_BLOB_KEPT };

struct fake_blob {
    enum fake_blob_state state;
    char shelf[BLOB_NAME_LEN], id[BLOB_NAME_LEN];
    uint64_t written_ms;
    char *bytes;
    size_t len, size; /* size: as it was announced */
};

struct fake_blobs {
    struct blobs base;
    struct timers *timers; /* borrowed */
    struct fake_blob blobs[FAKE_BLOBS_MAX];
    uint64_t room;    /* bytes that still fit */
    bool is_broken;   /* every call fails */
    unsigned waiting; /* calls that are not done yet */
};

void fake_blobs_init(struct fake_blobs *fake, struct timers *timers);
/* order: after the last done */
void fake_blobs_finish(struct fake_blobs *fake);
/* How many have this state. */
size_t fake_blobs_count(const struct fake_blobs *fake, enum fake_blob_state state);

#endif
