/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file of an embedded Redis. */
#ifndef WEFT_SUPERVISOR_REDIS_CONF_H
#define WEFT_SUPERVISOR_REDIS_CONF_H

#include "config/config.h"

/* Writes DATA/run/NAME.conf for the Redis that keeps DATA/NAME and listens on its unix socket.
 * errors: false with errno set */
bool redis_conf_write(
        const struct config *config, const char *name, char out_path[CONFIG_PATH_MAX]);

#endif
