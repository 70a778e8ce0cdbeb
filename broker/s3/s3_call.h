/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the port while it is under way, and what all calls share. Private to broker/s3. */
#ifndef WEFT_S3_S3_CALL_H
#define WEFT_S3_S3_CALL_H

#include "s3/s3_blobs.h"
#include "s3/s3_request.h"

#include <uv.h>

enum { S3_KEY_MAX = 72 };

struct s3_word {
    char text[BLOB_NAME_LEN + 1];
};

struct s3_blobs {
    struct blobs base;
    struct s3_service service;
    struct list parts, streams; /* s3_uploads.c, s3_downloads.c */
    unsigned stream_count;
    struct timer rest_timer; /* armed while there are streams */
    struct list answers;     /* calls whose done is to run */
    uv_idle_t idle;          /* runs while there are answers */
    unsigned underway;       /* calls */
};

struct s3_call {
    struct list at;
    struct s3_blobs *s3;
    struct s3_word shelf, id;
    blob_done done;
    void *user;
    struct blob_reply reply;
    uint64_t from;  /* read: the place */
    unsigned looks; /* read: how often it was looked for */
    size_t len;     /* of out; reply.bytes grows in it */
    char out[];
};

struct s3_call *s3_call_make(
        struct blobs *blobs, const struct blob_name *name, size_t len, blob_done done, void *user);
/* done runs in a later turn; the call is gone then. */
void s3_call_answer(struct s3_call *call, enum blob_outcome outcome);

/* "kept/<shelf>/<id>", below "loose/" otherwise. */
void s3_key(bool is_kept, const struct s3_call *call, char out[S3_KEY_MAX]);
enum blob_outcome s3_blob_outcome(enum s3_outcome outcome);

/* ---- the operations: s3_moves.c, s3_uploads.c, s3_downloads.c, s3_shelves.c -------------------
 */

void s3_keep(struct s3_call *call);
void s3_remove(struct s3_call *call);
void s3_put(struct s3_call *call, const struct blob_piece *piece);
void s3_finish(struct s3_call *call);
void s3_read(struct s3_call *call);
void s3_remove_shelf(struct s3_call *call);
void s3_measure(struct s3_call *call);
void s3_sweep(struct s3_call *call, uint64_t older_than_ms);

/* Parts of a shelf, or those that were written to longer ago. */
void s3_part_drop(struct s3_blobs *s3, const struct s3_call *name); /* if there is one */
void s3_parts_drop_shelf(struct s3_blobs *s3, const char *shelf);
void s3_parts_sweep(struct s3_blobs *s3, uint64_t older_than_ms);
uint64_t s3_parts_size(const struct s3_blobs *s3, const char *shelf);
void s3_streams_on_rest(struct timer *timer);
void s3_streams_drop_all(struct s3_blobs *s3);

#endif
