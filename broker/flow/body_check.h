/* SPDX-License-Identifier: Apache-2.0 */
/* What a body may hold, beyond what the schema's tables bound. */
#ifndef WEFT_FLOW_BODY_CHECK_H
#define WEFT_FLOW_BODY_CHECK_H

#include "proto/codec.h"

enum speaker { SPEAKER_CUSTOMER, SPEAKER_STAFF /* agents, services */, SPEAKER_BOT };

struct body_fault {
    enum proto_error_code code;
    const char *message; /* NULL: the code's own */
};

/* errors: false, with the fault */
bool body_is_good(
        const struct proto_body *body, enum speaker speaker, struct body_fault *out_fault);

/* An address that may be opened: https or http, a host, no spaces, quotes or angle brackets. */
bool url_is_good(struct slice url);

#endif
