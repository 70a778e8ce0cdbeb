/* SPDX-License-Identifier: Apache-2.0 */
/* Is this UTF-8? No overlong forms, no surrogates, nothing above U+10FFFF. NUL is a character. */
#ifndef WEFT_BASE_UTF8_H
#define WEFT_BASE_UTF8_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

bool utf8_is_valid(struct slice text);

/* The length of the character at `at`; 0 when it is none, or does not end before `end`. */
size_t utf8_step(const char *at, const char *end);

enum { UTF8_STEP_MAX = 4 };
/* Writes a scalar value; returns its length. */
size_t utf8_write(uint32_t scalar, char *out);

#endif
