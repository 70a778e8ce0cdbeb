/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one fuzzer over kept inputs, as an ordinary test: no input that was once bad is bad again.
 *
 * usage: replay_NAME FILE…
 *
 * A line of a file is an input; \xNN is a byte, \\ a backslash, and # begins a remark. A fuzzer
 * that finds something ends the process.
 */
#include "fuzz.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 512 * 1024 };

static unsigned hex(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static size_t decode(const char *line, size_t len, uint8_t *out)
{
    size_t out_len = 0;
    for (size_t i = 0; i < len; i++) {
        if (line[i] != '\\') {
            out[out_len++] = (uint8_t)line[i];
        } else if (i + 1 < len && line[i + 1] == '\\') {
            out[out_len++] = '\\';
            i++;
        } else {
            check(i + 3 < len && line[i + 1] == 'x');
            out[out_len++] = (uint8_t)(hex(line[i + 2]) << 4 | hex(line[i + 3]));
            i += 3;
        }
    }
    return out_len;
}

static unsigned run_file(const char *path)
{
    static char line[LINE_MAX_BYTES];
    static uint8_t input[LINE_MAX_BYTES];
    unsigned count = 0;
    FILE *file = fopen(path, "r");
    check(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        size_t len = strcspn(line, "\n");
        check(line[len] == '\n');
        if (line[0] == '#' || len == 0)
            continue;
        size_t input_len = decode(line, len, input);
        printf("# %u of %s\n", ++count, path);
        fflush(stdout);
        LLVMFuzzerTestOneInput(input, input_len);
    }
    fclose(file);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++)
        count += run_file(argv[i]);
    printf("%sok 1 - %u inputs\n1..1\n", count > 0 ? "" : "not ", count);
    return count > 0 ? 0 : 1;
}
