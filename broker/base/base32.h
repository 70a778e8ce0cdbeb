/* SPDX-License-Identifier: Apache-2.0 */
/* The 32 digits of ids: lower case, without i, l, o and u, which are misread.
 * source: Douglas Crockford, "Base 32" */
#ifndef WEFT_BASE_BASE32_H
#define WEFT_BASE_BASE32_H

#include "base/slice.h"

#include <stdint.h>

extern const char base32_digits[33];
/* One more than a digit's value; 0 is no digit. */
extern const uint8_t base32_values[256];

/* Nothing but digits. */
bool base32_is_text(struct slice text);

#endif
