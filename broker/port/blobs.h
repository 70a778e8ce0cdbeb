/* SPDX-License-Identifier: Apache-2.0 */
/* The blob store: files that people attach, as sealed bytes that it does not understand.
 *
 *     put … put ──finish──> loose ──keep──> kept
 *        part                 │
 *          └──── sweep ───────┴── after a while
 *
 * A shelf is a conversation. What is not kept has a deadline: sweep takes it away. Every node of an
 * installation sees the same shelves. There is no way back from kept to loose: whoever wished to
 * take it could not know that no other node is about to name the file.
 *
 * Implemented by broker/folder (one folder of files), broker/s3 (a bucket) and
 * tests/lib/fake_blobs.h; all pass tests/integration/blobs.
 */
#ifndef WEFT_PORT_BLOBS_H
#define WEFT_PORT_BLOBS_H

#include "base/slice.h"

#include <stdint.h>

/* shelf and id are of lower-case letters and digits, BLOB_NAME_LEN each. */
enum { BLOB_NAME_LEN = 26, BLOB_PIECE_MAX = 128 * 1024 };

struct blob_name {
    struct slice shelf, id;
};

enum blob_outcome {
    BLOB_OK,
    BLOB_ABSENT,
    BLOB_FULL,   /* no room: what was put last is not there */
    BLOB_FAILED, /* a fault of the disk: perhaps done, perhaps not */
};

/* The next bytes of a part: pieces come in order, without gaps between them. */
struct blob_piece {
    uint64_t at, size;  /* size: of the whole, the same each time */
    struct slice bytes; /* not empty; the caller's until done */
};

struct blob_reply {
    enum blob_outcome outcome;
    struct slice bytes; /* read; borrowed during the call */
    uint64_t size;      /* measure */
};

/* Runs once for each call, later, never inside the call. */
typedef void (*blob_done)(void *user, const struct blob_reply *reply);

struct blobs;

/* What is given by a name is copied. done may be NULL, but not for put. Calls that name one blob
 * are made one after the other by a node; another node may keep what this one keeps. */
struct blobs_ops {
    /* Adds to the part; at 0 it begins anew. ABSENT: there is none to go on with. */
    void (*put)(struct blobs *, const struct blob_name *, const struct blob_piece *, blob_done,
            void *user);
    /* order: all of size was put. The part is whole, and durable when OK. */
    void (*finish)(struct blobs *, const struct blob_name *, blob_done, void *user);
    /* OK also when it was kept already. Durable then. */
    void (*keep)(struct blobs *, const struct blob_name *, blob_done, void *user);
    /* Of what is finished; fewer bytes than len: the end. len <= BLOB_PIECE_MAX. */
    void (*read)(struct blobs *, const struct blob_name *, uint64_t at, uint32_t len, blob_done,
            void *user);
    /* Whatever has that name. OK also when there was none; so the next one. */
    void (*remove)(struct blobs *, const struct blob_name *, blob_done, void *user);
    void (*remove_shelf)(struct blobs *, struct slice shelf, blob_done, void *user);
    /* The bytes of all that lies on the shelf; parts too, those of this node at least. */
    void (*measure)(struct blobs *, struct slice shelf, blob_done, void *user);
    /* Removes what is not kept and was written to longer ago than that. */
    void (*sweep)(struct blobs *, uint64_t older_than_ms, blob_done, void *user);
};

struct blobs {
    const struct blobs_ops *ops;
};

#endif
