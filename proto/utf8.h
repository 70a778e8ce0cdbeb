/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef WEFT_PROTO_UTF8_H
#define WEFT_PROTO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the character at `at`; 0 when it is not UTF-8 or does not end before `end`. */
size_t proto_utf8_step(const char *at, const char *end);
bool proto_utf8_valid(const char *bytes, size_t len);
/* Writes a scalar value as 1 to 4 bytes and returns how many. */
size_t proto_utf8_write(uint32_t scalar, char *out);

#endif
