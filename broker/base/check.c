/* SPDX-License-Identifier: Apache-2.0 */
/* Ends the process on a programmer's error.
 *
 * A state that cannot be is worth less than a restart: the supervisor starts the node again and the
 * log brings it back. The line names the place and the condition, never a value: values may be
 * somebody's words.
 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "%s:%d: %s: check failed: %s\n", file, line, function, condition);
    abort();
}
