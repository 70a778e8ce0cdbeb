/* SPDX-License-Identifier: Apache-2.0 */
/* Where a broker is: the parts of ws://host:port/path. */
#ifndef WEFT_BOTS_ADDRESS_H
#define WEFT_BOTS_ADDRESS_H

#include "base/slice.h"

enum { ADDRESS_HOST_MAX = 253, ADDRESS_PATH_MAX = 512 };

struct address {
    char host[ADDRESS_HOST_MAX + 1]; /* a name or an IP literal, without brackets */
    char port[6];                    /* decimal, "80" when the text has none */
    char path[ADDRESS_PATH_MAX + 1]; /* "/v1/socket" when the text has none or only "/" */
};

enum address_verdict {
    ADDRESS_READ,
    ADDRESS_NOT_A_URL,
    ADDRESS_NEEDS_TLS, /* wss:// or https:// */
};

/* Reads ws:// and http:// addresses.
 *
 * errors: out_address is untouched unless the answer is ADDRESS_READ
 * source: RFC 6455, 3 */
enum address_verdict address_read(const char *text, struct address *out_address);

#endif
