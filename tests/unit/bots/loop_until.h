/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a loop until something has happened. */
#ifndef WEFT_TESTS_LOOP_UNTIL_H
#define WEFT_TESTS_LOOP_UNTIL_H

#include <stdbool.h>
#include <uv.h>

/* Answers false when it has not happened within wait_ms. */
bool loop_until(
        uv_loop_t *loop, bool (*has_happened)(void *context), void *context, unsigned wait_ms);

/* Runs the loop until nothing is left on it, and closes it; nothing may be left for long. */
void loop_finish(uv_loop_t *loop);

#endif
