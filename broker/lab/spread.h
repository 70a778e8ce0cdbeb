/* SPDX-License-Identifier: Apache-2.0 */
/* A mean over replications, and how sure it is. */
#ifndef WEFT_LAB_SPREAD_H
#define WEFT_LAB_SPREAD_H

#include <stddef.h>

enum { SPREAD_MAX = 100 };

struct spread {
    double values[SPREAD_MAX];
    size_t count;
};

/* There must be room. */
void spread_add(struct spread *spread, double value);
double spread_mean(const struct spread *spread);
/* Half the width of the 95 % confidence interval (Student's t); 0 with fewer than two values. */
double spread_half_width(const struct spread *spread);

#endif
