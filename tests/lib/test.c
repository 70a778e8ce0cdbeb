/* SPDX-License-Identifier: Apache-2.0 */
/* The harness behind tests/lib/test.h.
 *
 * Invariant: each case prints exactly one TAP line, also when an expectation jumps out of it.
 * Memory of a failed case is not freed: leak checks are off once a case has failed.
 */
#include "lib/test.h"

#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static jmp_buf leave;
static enum { RUNNING, FAILED, SKIPPED } verdict;
static char why[1024], note[512], folder[256];

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(name, argv[i]) != NULL)
            return true;
    return argc < 2;
}

static bool run_case(const struct test_case *test, int number)
{
    verdict = RUNNING;
    why[0] = note[0] = '\0';
    if (setjmp(leave) == 0)
        test->run();
    if (verdict == FAILED)
        printf("not ok %d - %s\n# %s%s%s\n", number, test->name, why, note[0] ? " · " : "", note);
    else
        printf("ok %d - %s%s%s\n", number, test->name, verdict == SKIPPED ? " # SKIP " : "", why);
    fflush(stdout);
    return verdict != FAILED;
}

int test_main(int argc, char **argv, const struct test_case *cases)
{
    int count = 0, failed = 0;
    for (; cases->name != NULL; cases++)
        if (is_wanted(cases->name, argc, argv))
            failed += !run_case(cases, ++count);
    printf("1..%d\n", count);
    if (failed > 0) {
        fflush(stdout);
        exit(1);
    }
    return 0;
}

void test_skip(const char *reason)
{
    verdict = SKIPPED;
    snprintf(why, sizeof why, "%s", reason);
    longjmp(leave, 1);
}

void test_note(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(note, sizeof note, format, values);
    va_end(values);
}

static _Noreturn void fail(const char *file, int line, const char *format, ...)
{
    va_list values;
    int len = snprintf(why, sizeof why, "%s:%d: ", file, line);
    va_start(values, format);
    vsnprintf(why + len, sizeof why - (size_t)len, format, values);
    va_end(values);
    verdict = FAILED;
    longjmp(leave, 1);
}

void test_expect(bool holds, const char *what, const char *file, int line)
{
    if (!holds)
        fail(file, line, "expected: %s", what);
}

void test_expect_u64(uint64_t actual, uint64_t wanted, const char *what, const char *file, int line)
{
    if (actual != wanted)
        fail(file, line, "%s is %" PRIu64 ", expected %" PRIu64, what, actual, wanted);
}

void test_expect_slice(
        struct slice actual, struct slice wanted, const char *what, const char *file, int line)
{
    if (!slice_equal(actual, wanted))
        fail(file, line, "%s is '%.*s', expected '%.*s'", what, SLICE_ARGS(actual),
                SLICE_ARGS(wanted));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_folder(void)
{
    if (folder[0] == '\0') {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/weft-test-XXXXXX", base ? base : "/tmp");
        if (mkdtemp(folder) == NULL)
            abort();
        atexit(remove_folder);
    }
    return folder;
}
