/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens' signatures, checked beside the loop: one takes as long as all the rest of a hello, and
 * nobody's chat should wait for it.
 *
 * Implemented by broker/loop on a thread; a made-up one for the tests answers at made-up times.
 */
#ifndef WEFT_PORT_VERIFIER_H
#define WEFT_PORT_VERIFIER_H

#include "base/list.h"
#include "port/crypto.h"

struct token_check {
    struct list waiting; /* the verifier's */
    struct token_proof
            proof; /* token and keys are the caller's; the token is borrowed until done */
    void (*done)(struct token_check *check);
};

struct verifier;

struct verifier_ops {
    /* Answers by done, once, in a later turn and in the order of the calls. Time has passed by
     * then: whether the key is still the tenant's, and the token still good, is to be asked anew.
     *
     * errors: false when too many wait; then done never comes, and the caller does it itself */
    bool (*verify)(struct verifier *, struct token_check *check);
};

struct verifier {
    const struct verifier_ops *ops;
};

#endif
