/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of proto: base64url without padding (RFC 4648, section 5), one spelling for all bytes. */
#ifndef WEFT_PROTO_BASE64_H
#define WEFT_PROTO_BASE64_H

#include "base/buffer.h"

/* Decodes in place and sets the new length. False: not base64url, or not its one spelling. */
bool proto_base64_decode(char *text, size_t *len);
void proto_base64_write(struct buffer *out, struct slice bytes);

#endif
