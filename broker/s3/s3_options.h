/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bucket is, and who asks. */
#ifndef WEFT_S3_S3_OPTIONS_H
#define WEFT_S3_S3_OPTIONS_H

#include <stdint.h>

/* Texts are borrowed for the life of what is made with them. */
struct s3_options {
    const char *endpoint; /* "https://s3.eu-central-1.amazonaws.com": no slash at the end */
    const char *region, *bucket;
    const char *prefix; /* before every key: "" or "weft/" */
    const char *key_id, *secret;
    const char *ca_file; /* the only authority that is trusted; "" or NULL: those of the system */
    uint32_t silence_ms_max; /* without a byte, before a request is given up. 0: 20 s */
};

#endif
