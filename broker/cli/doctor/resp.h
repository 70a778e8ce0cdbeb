/* SPDX-License-Identifier: Apache-2.0 */
/* Just enough of Redis's protocol to ask a server how it is: small answers, blocking, bounded. */
#ifndef WEFT_CLI_DOCTOR_RESP_H
#define WEFT_CLI_DOCTOR_RESP_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum { RESP_ANSWER_MAX = 16384 };

struct resp {
    int fd;
};

/* socket: used when redis names neither a socket nor a host.
 *
 * errors: false with errno set */
bool resp_open(const struct config_redis *redis, const char *socket, struct resp *out_resp);
void resp_close(struct resp *resp);

/* Sends one command (up to 4 words, ends with NULL); the answer's lines end with "\n", without the
 * signs of the protocol.
 *
 * errors: false: no answer in time, or an error: then the answer begins with "-" */
bool resp_ask(struct resp *resp, const char *const *words, char out_answer[RESP_ANSWER_MAX]);

#endif
