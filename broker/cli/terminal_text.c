/* SPDX-License-Identifier: Apache-2.0 */
/* Words from the wire, made harmless for a terminal.
 *
 * Invariant: no byte below 0x20 but the line end, no 0x7f and no character of U+0080 to U+009F gets
 * out: an escape sequence could rename the window, or type commands.
 */
#include "cli/terminal_text.h"

#include "base/utf8.h"

static int is_second_control_set(const char *at, size_t step)
{
    return step == 2 && (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0;
}

void terminal_text_write(FILE *out, struct slice text, int indent)
{
    const char *end = text.bytes + text.len;
    for (const char *at = text.bytes; at < end;) {
        size_t step = utf8_step(at, end);
        unsigned char c = (unsigned char)*at;
        if (step == 1 && c == '\n')
            fprintf(out, "\n%*s", indent, "");
        else if (step == 0 || (step == 1 && (c < ' ' || c == 0x7f)) ||
                 is_second_control_set(at, step))
            fputc('?', out);
        else
            fwrite(at, 1, step, out);
        at += step ? step : 1;
    }
}
