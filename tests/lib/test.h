/* SPDX-License-Identifier: Apache-2.0 */
/* A small test harness that speaks TAP.
 *
 *   static void a_full_buffer_says_so(void) { ... expect(buffer.overflowed); ... }
 *   int main(int argc, char **argv) { return test_main(argc, argv, (struct test_case[]){
 *       CASE(a_full_buffer_says_so), {0}}); }
 *
 * A failed expectation names its line and values and ends that case; the others still run. With
 * arguments only the cases whose name contains one of them run.
 */
#ifndef WEFT_TESTS_TEST_H
#define WEFT_TESTS_TEST_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

#define CASE(function) \
    { \
#function, function \
    }

int test_main(int argc, char **argv, const struct test_case *cases);

/* Ends the running case as skipped, with the reason. */
_Noreturn void test_skip(const char *reason);
/* Added to the message of the next failure: a seed, a row of a table. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#ifdef __clang_analyzer__
/* A failed expectation does not come back: it jumps out of the case. */
#define expect(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define expect(condition) test_expect((condition), #condition, __FILE__, __LINE__)
#endif
#define expect_u64(actual, wanted) test_expect_u64((actual), (wanted), #actual, __FILE__, __LINE__)
#define expect_text(actual, wanted) \
    test_expect_slice((actual), slice_of_string(wanted), #actual, __FILE__, __LINE__)
#define expect_slice(actual, wanted) \
    test_expect_slice((actual), (wanted), #actual, __FILE__, __LINE__)

void test_expect(bool holds, const char *what, const char *file, int line);
void test_expect_u64(
        uint64_t actual, uint64_t wanted, const char *what, const char *file, int line);
void test_expect_slice(
        struct slice actual, struct slice wanted, const char *what, const char *file, int line);

/* A fresh folder under TMPDIR, removed with all it holds when the process ends. */
const char *test_folder(void);

#endif
