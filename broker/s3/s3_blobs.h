/* SPDX-License-Identifier: Apache-2.0 */
/* port/blobs.h in a bucket of an S3-compatible store. */
#ifndef WEFT_S3_S3_BLOBS_H
#define WEFT_S3_S3_BLOBS_H

#include "port/blobs.h"
#include "port/timers.h"
#include "s3/s3_options.h"

#include <stdbool.h>

struct uv_loop_s;
struct s3_blobs;

/* Asks the store nothing yet.
 *
 * owns: borrows the options and what they name */
struct s3_blobs *s3_blobs_create(
        struct uv_loop_s *loop, struct timers *timers, const struct s3_options *options);
/* order: after the last done; turn the loop afterwards until nothing is closing */
void s3_blobs_destroy(struct s3_blobs *s3);
bool s3_blobs_is_idle(const struct s3_blobs *s3);
struct blobs *s3_blobs_port(struct s3_blobs *s3); /* borrowed */

#endif
