/* SPDX-License-Identifier: Apache-2.0 */
/* Other people's words on a terminal. */
#ifndef WEFT_CLI_TERMINAL_TEXT_H
#define WEFT_CLI_TERMINAL_TEXT_H

#include "base/slice.h"

#include <stdio.h>

/* Writes the text so that nothing in it can steer the terminal: control characters (of both sets)
 * become "?", line ends are followed by `indent` spaces. */
void terminal_text_write(FILE *out, struct slice text, int indent);

#endif
