/* SPDX-License-Identifier: Apache-2.0 */
/* Where attached files lie: a folder or a bucket, as the configuration says. */
#ifndef WEFT_FILE_STORE_H
#define WEFT_FILE_STORE_H

#include "config/config.h"
#include "port/blobs.h"
#include "s3/s3_options.h"

struct loop;

struct file_store {
    struct blobs *port;
    struct s3_options options; /* of a bucket: borrow from the configuration, and from here */
    struct config_files config;
    char secret[CONFIG_TEXT_MAX];
};

/* For the life of the process.
 *
 * errors: false, with a sentence on standard error */
bool file_store_open(struct file_store *store, const struct config *config, struct loop *loop);

#endif
