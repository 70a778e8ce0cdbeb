/* SPDX-License-Identifier: Apache-2.0 */
/* What a hello proves itself with: the ticket of the last welcome while it is valid, else a token.
 */
#ifndef WEFT_BOTS_CREDENTIAL_H
#define WEFT_BOTS_CREDENTIAL_H

#include "proto/frames.h"

struct credential {
    char *token, *ticket; /* owned; NULL when there is none */
    uint64_t ticket_until_ms;
    bool is_renewable;   /* there is somebody to ask for another token */
    bool token_is_stale; /* the server has refused it */
    bool used_ticket;    /* in the last hello */
};

void credential_finish(struct credential *credential);

/* The token is copied. */
void credential_set_token(struct credential *credential, const char *token);
void credential_keep_ticket(
        struct credential *credential, const struct proto_welcome *welcome, uint64_t now_ms);

bool credential_is_ready(const struct credential *credential, uint64_t now_ms);

/* Fills in the hello. order: only while credential_is_ready
 *
 * owns: the hello borrows from the credential */
void credential_show(struct credential *credential, struct proto_hello *hello, uint64_t now_ms);

/* The server has refused what the last hello showed. A key that cannot be renewed stays in use. */
void credential_distrust_shown(struct credential *credential);
/* The server has ended a session that was greeted: neither its ticket nor its token is any use. */
void credential_distrust_all(struct credential *credential);

#endif
