/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of text lines.
 *
 * Invariant: line n is in slot n modulo the size of the ring; nothing is allocated, so it may be
 * kept on through runs of millions of steps.
 */
#include "lib/fake_trace.h"

#include <stdarg.h>

void fake_trace_add(struct fake_trace *trace, const char *format, ...)
{
    va_list values;
    if (trace->is_off)
        return;
    va_start(values, format);
    char *line = trace->lines[trace->count++ % FAKE_TRACE_LINES];
    vsnprintf(line, FAKE_TRACE_WIDTH, format, values);
    va_end(values);
    if (trace->stream != NULL)
        fprintf(trace->stream, "# %s\n", line);
}

void fake_trace_print(const struct fake_trace *trace, FILE *out)
{
    uint64_t first = trace->count > FAKE_TRACE_LINES ? trace->count - FAKE_TRACE_LINES : 0;
    for (uint64_t i = first; i < trace->count; i++)
        fprintf(out, "# %s\n", trace->lines[i % FAKE_TRACE_LINES]);
}
