/* SPDX-License-Identifier: Apache-2.0 */
/* Is this UTF-8? No overlong forms, no surrogates, nothing above U+10FFFF. NUL is a character. */
#ifndef WEFT_BASE_UTF8_H
#define WEFT_BASE_UTF8_H

#include "base/slice.h"

#include <stdbool.h>

bool utf8_is_valid(struct slice text);

#endif
