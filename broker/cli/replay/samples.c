/* SPDX-License-Identifier: Apache-2.0 */
/* Exact percentiles of measured times: a growing array, sorted when asked. */
#include "cli/replay/samples.h"

#include "base/check.h"

#include <stdbool.h>
#include <stdlib.h>

enum { FIRST_ROOM = 1024 };

void samples_add(struct samples *samples, uint64_t ns)
{
    size_t count = samples->count;
    bool is_full = count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
    if (is_full) {
        size_t room = count ? count * 2 : FIRST_ROOM;
        samples->all = realloc(samples->all, room * sizeof *samples->all);
        check(samples->all != NULL);
    }
    samples->all[samples->count++] = ns;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

double samples_percentile_ms(struct samples *samples, unsigned percent)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->all, samples->count, sizeof *samples->all, compare);
    size_t rank = (samples->count * percent + 99) / 100;
    return (double)samples->all[rank > 0 ? rank - 1 : 0] / 1e6;
}

void samples_finish(struct samples *samples)
{
    free(samples->all);
    *samples = (struct samples){0};
}
