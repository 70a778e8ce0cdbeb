/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's transfers on the loop. Private to broker/s3. */
#ifndef WEFT_S3_S3_WIRE_H
#define WEFT_S3_S3_WIRE_H

#include <curl/curl.h>

struct uv_loop_s;
struct s3_wire;

/* Tells of a transfer that is over; never inside s3_wire_add, nor inside a callback of the
 * transfer's. The handle may be removed then, and others added. */
typedef void (*s3_wire_over)(CURL *easy, CURLcode code);

struct s3_wire *s3_wire_create(struct uv_loop_s *loop, s3_wire_over on_over);
/* order: after all transfers were removed; turn the loop afterwards until nothing is closing */
void s3_wire_destroy(struct s3_wire *wire);
void s3_wire_add(struct s3_wire *wire, CURL *easy);
void s3_wire_remove(struct s3_wire *wire, CURL *easy);

#endif
