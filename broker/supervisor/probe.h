/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a Redis on a unix socket answers: it has read its files and takes commands. */
#ifndef WEFT_SUPERVISOR_PROBE_H
#define WEFT_SUPERVISOR_PROBE_H

#include <stdbool.h>

/* Takes at most some 100 ms. */
bool probe_answers(const char *socket_path);

#endif
