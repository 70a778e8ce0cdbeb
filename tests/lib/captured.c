/* SPDX-License-Identifier: Apache-2.0 */
/* Standard error, led into a file for a while.
 *
 * Invariant: between capture_standard_error and captured_end nothing that is said is seen; so an
 * expectation that fails is looked at after the end, or its words are lost.
 */
#include "lib/captured.h"

#include "lib/test.h"

#include <string.h>
#include <unistd.h>

struct captured capture_standard_error(void)
{
    struct captured captured = {dup(STDERR_FILENO), tmpfile()};
    expect(captured.file != NULL && dup2(fileno(captured.file), STDERR_FILENO) >= 0);
    return captured;
}

size_t captured_lines(struct captured *captured, const char *words)
{
    char line[1024];
    size_t count = 0;
    rewind(captured->file);
    while (fgets(line, sizeof line, captured->file) != NULL)
        count += strstr(line, words) != NULL;
    return count;
}

void captured_end(struct captured *captured)
{
    dup2(captured->real_fd, STDERR_FILENO);
    close(captured->real_fd);
    fclose(captured->file);
}
