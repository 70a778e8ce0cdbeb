/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of proto: the text of JSON strings. */
#ifndef WEFT_PROTO_JSON_TEXT_H
#define WEFT_PROTO_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From behind the opening quote of what may be a string to its closing one; else to the end, or to
 * the first byte that no string holds: a control, what is not UTF-8, a wrong escape. */
const char *proto_json_string_end(const char *at, const char *end, bool *out_has_escapes);

/* The first byte that JSON must escape: a quote, a backslash or a control. */
const char *proto_json_unescaped_end(const char *at, const char *end);

/* The first quote or backslash; there is one. */
char *proto_json_quote_or_escape(char *at, const char *end);

/* Reads an escape, surrogate pairs included, at *at (a backslash). False: not valid, and
 * *at stays. */
bool proto_json_escape_read(const char **at, const char *end, uint32_t *out_scalar);

enum { PROTO_JSON_ESCAPE_MAX = 6 };
/* Writes the escape of a quote, backslash or control; returns its length. */
size_t proto_json_escape_write(uint32_t scalar, char *out);

/* Decodes a valid string in place; returns the new length. */
size_t proto_json_unescape(char *text, size_t len);

/* Rewrites a valid string in place to its one shortest spelling, in which only quotes, backslashes
 * and controls are escaped: "\u0061b" becomes "ab" and spaces. Returns the new length. */
size_t proto_json_respell(char *text, size_t len);

#endif
