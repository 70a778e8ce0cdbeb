/* SPDX-License-Identifier: Apache-2.0 */
/* Student's interval for a mean of independent replications.
 *
 * The quantile of t is a table for few degrees of freedom, and beyond it the Cornish-Fisher series
 * around the normal quantile, good to four digits there.
 */
#include "lab/spread.h"

#include "base/check.h"

#include <math.h>

static double quantile_975(size_t freedom)
{
    static const double table[] = {
            0, 12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281};
    const double z = 1.959964;
    if (freedom < sizeof table / sizeof table[0])
        return table[freedom];
    double f = (double)freedom, cube = z * z * z, fifth = cube * z * z;
    return z + (cube + z) / (4 * f) + (5 * fifth + 16 * cube + 3 * z) / (96 * f * f);
}

void spread_add(struct spread *spread, double value)
{
    check(spread->count < SPREAD_MAX);
    spread->values[spread->count++] = value;
}

double spread_mean(const struct spread *spread)
{
    double sum = 0;
    for (size_t i = 0; i < spread->count; i++)
        sum += spread->values[i];
    return spread->count > 0 ? sum / (double)spread->count : 0;
}

double spread_half_width(const struct spread *spread)
{
    double mean = spread_mean(spread), squares = 0, count = (double)spread->count;
    if (spread->count < 2)
        return 0;
    for (size_t i = 0; i < spread->count; i++)
        squares += (spread->values[i] - mean) * (spread->values[i] - mean);
    return quantile_975(spread->count - 1) * sqrt(squares / (count - 1) / count);
}
