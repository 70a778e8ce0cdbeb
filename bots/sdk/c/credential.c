/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets and tokens.
 *
 * Invariant: a refused ticket is never shown again, and a refused token only when nobody can give
 * another one: then the refusal may be an operator's slip, and trying on is right.
 */
#include "bots/sdk/c/credential.h"

#include "base/check.h"

#include <stdlib.h>

void credential_finish(struct credential *credential)
{
    free(credential->token);
    free(credential->ticket);
    *credential = (struct credential){0};
}

void credential_set_token(struct credential *credential, const char *token)
{
    free(credential->token);
    credential->token = strdup(token);
    check(credential->token != NULL);
    credential->token_is_stale = false;
}

void credential_keep_ticket(
        struct credential *credential, const struct proto_welcome *welcome, uint64_t now_ms)
{
    free(credential->ticket);
    credential->ticket = NULL;
    if (welcome->ticket.len == 0)
        return;
    credential->ticket = strndup(welcome->ticket.bytes, welcome->ticket.len);
    check(credential->ticket != NULL);
    credential->ticket_until_ms = now_ms + welcome->ticket_expires_in_ms;
}

static bool has_ticket(const struct credential *credential, uint64_t now_ms)
{
    return credential->ticket != NULL && now_ms < credential->ticket_until_ms;
}

bool credential_is_ready(const struct credential *credential, uint64_t now_ms)
{
    return has_ticket(credential, now_ms) ||
           (credential->token != NULL && !credential->token_is_stale);
}

void credential_show(struct credential *credential, struct proto_hello *hello, uint64_t now_ms)
{
    credential->used_ticket = has_ticket(credential, now_ms);
    if (credential->used_ticket)
        hello->ticket = slice_of_string(credential->ticket);
    else
        hello->token = slice_of_string(credential->token);
}

static void drop_ticket(struct credential *credential)
{
    free(credential->ticket);
    credential->ticket = NULL;
}

void credential_distrust_shown(struct credential *credential)
{
    if (credential->used_ticket)
        drop_ticket(credential);
    else
        credential->token_is_stale = credential->is_renewable;
}

void credential_distrust_all(struct credential *credential)
{
    drop_ticket(credential);
    credential->token_is_stale = credential->is_renewable;
}
