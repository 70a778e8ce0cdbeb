/* SPDX-License-Identifier: Apache-2.0 */
/* The assets: a folder that is read once and served from memory. */
#ifndef WEFT_WS_STATIC_FILES_H
#define WEFT_WS_STATIC_FILES_H

#include "base/slice.h"

struct static_files;

struct static_request {
    struct slice path; /* decoded, without the query */
    bool accepts_gzip;
    struct slice if_none_match; /* the header, or empty */
};

enum { STATIC_HEADERS_MAX = 1024 };

struct static_reply {
    int status; /* 200, 304, 308 or 404 */
    struct slice content_type;
    struct slice body; /* borrowed for the life of the files */
    char headers[STATIC_HEADERS_MAX];
    size_t headers_len;
};

/* Reads every file below folder, but none whose name begins with a dot and no links. A file
 * "x.gz" beside "x" is x, compressed.
 *
 * errors: NULL, with a sentence, when the folder cannot be read or holds more than 16 MiB */
struct static_files *static_files_load(const char *folder, char *sentence, size_t sentence_len);
void static_files_destroy(struct static_files *files);

/* files may be NULL: then nothing is found. */
void static_files_answer(const struct static_files *files, const struct static_request *request,
        struct static_reply *out_reply);

#endif
