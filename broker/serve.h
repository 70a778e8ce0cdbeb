/* SPDX-License-Identifier: Apache-2.0 */
/* One node of weftd: everything concrete, put together. */
#ifndef WEFT_SERVE_H
#define WEFT_SERVE_H

#include "config/config.h"

/* Serves until SIGTERM or SIGINT; SIGHUP reads the file at config_path again. Returns the process's
 * exit code. */
int serve_run(const struct config *config, const char *config_path, unsigned index);

#endif
