/* SPDX-License-Identifier: Apache-2.0 */
/* All children that a configuration asks for, and their addresses. */
#ifndef WEFT_SUPERVISOR_CREW_H
#define WEFT_SUPERVISOR_CREW_H

#include "store/redis_server.h"
#include "supervisor/child.h"
#include "supervisor/ground.h"

enum { CREW_MAX = 2 + 64 + CONFIG_BOTS_MAX, URL_MAX = CONFIG_TEXT_MAX + 32 };

struct crew {
    struct child children[CREW_MAX];
    size_t count;
    struct redis_server_config servers[2]; /* of the first two children */
    char url[URL_MAX];                     /* as the outside sees it */
    char local_url[URL_MAX]; /* as bots on this machine reach it: ws://…/v1/socket */
};

/* Lists the children in the order of their ranks; writes the files that they read. The paths are
 * borrowed. errors: false when a file cannot be written, with errno */
bool crew_make(struct crew *crew, const struct config *config, const struct ground *ground,
        const char *config_path, const char *self_path);

#endif
