/* SPDX-License-Identifier: Apache-2.0 */
/* Options checked, copied and completed with defaults. Private to broker/store. */
#ifndef WEFT_STORE_REDIS_SETTINGS_H
#define WEFT_STORE_REDIS_SETTINGS_H

#include "store/redis_options.h"

#include <stdbool.h>

struct redis_settings {
    char unix_path[108], host[64], password[256], name[16]; /* empty: not given */
    uint16_t port;
    struct redis_sentinel *sentinel; /* NULL: the place is fixed */
    struct random *random;
    size_t requests_max;
    uint64_t watch_ms, silence_ms_max, retry_ms_min, retry_ms_max;
};

/* false: a text is too long, the host is no IP literal, or there is no one place to connect to;
 * the fault is logged. */
bool redis_settings_take(struct redis_settings *settings, const struct redis_options *options);

#endif
