/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1, for the one place where a standard still asks for it: the WebSocket handshake. */
#ifndef WEFT_BOTS_SHA1_H
#define WEFT_BOTS_SHA1_H

#include "base/slice.h"

#include <stdint.h>

enum { SHA1_SIZE = 20 };

/* source: RFC 3174. Proves nothing about who sent the bytes: never use it as a signature. */
void sha1(struct slice bytes, uint8_t out_digest[SHA1_SIZE]);

#endif
