/* SPDX-License-Identifier: Apache-2.0 */
/* The little XML that an S3 store answers with. Private to broker/s3. */
#ifndef WEFT_S3_S3_TEXT_H
#define WEFT_S3_S3_TEXT_H

#include "base/slice.h"

#include <stdint.h>

/* What stands in the first element of that name; none when there is none that ends. */
struct slice s3_text_find(struct slice text, const char *name);
/* The same for each in turn: text goes on behind it. */
struct slice s3_text_next(struct slice *text, const char *name);

/* errors: false when it is no number of up to 18 digits */
bool s3_text_number(struct slice digits, uint64_t *out);
/* Seconds since 1970 of "2026-11-22T04:40:19.000Z".
 *
 * errors: false when it is no such date */
bool s3_text_date(struct slice text, int64_t *out_s);

#endif
