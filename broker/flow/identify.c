/* SPDX-License-Identifier: Apache-2.0 */
/* An anonymous contact proves who they are, in the middle of a conversation.
 *
 * Invariant: only a token that the brand signed for its own reference counts, and only of the
 * session's own tenant. When that contact has a conversation already, the answer names it: the
 * client goes on there with the same token.
 */
#include "base/check.h"
#include "flow/contacts.h"
#include "flow/requests.h"

#include <stdlib.h>

struct identifying {
    struct node *node;
    struct session_handle session;
    struct id_text request_id;
};

static void on_identified(void *user, enum proto_error_code fault, struct slice conversation)
{
    struct identifying *identifying = user;
    struct session *session = session_find(identifying->node, identifying->session);
    struct slice request_id = id_slice(&identifying->request_id);
    if (session != NULL && fault == PROTO_ERROR_NONE) {
        struct proto_frame frame = {.kind = PROTO_KIND_DONE};
        frame.as.done = (struct proto_done){.id = request_id, .conversation = conversation};
        session_send(session, &frame);
    } else if (session != NULL) {
        session_error(session, request_id, fault, NULL);
    }
    free(identifying);
}

void identify(struct session *session, const struct proto_identify *request)
{
    struct node *node = session->node;
    char scratch[TOKEN_MAX];
    struct credential credential;
    enum credential_fault fault =
            credential_check(node, request->token, scratch, sizeof scratch, &credential);
    bool is_theirs = fault == CREDENTIAL_GOOD && credential.role == CREDENTIAL_CUSTOMER &&
                     credential.reference.len > 0 &&
                     slice_equal(credential.tenant->id, session->tenant);
    if (!is_theirs) {
        session_error(session, request->id, PROTO_ERROR_FORBIDDEN,
                fault == CREDENTIAL_EXPIRED ? "The token has expired."
                                            : "The token does not prove who this contact is.");
        return;
    }
    struct identifying *identifying = calloc(1, sizeof *identifying);
    check(identifying != NULL);
    identifying->node = node;
    identifying->session = session_handle(session);
    id_set(&identifying->request_id, request->id);
    contact_identify(node, credential.tenant, id_slice(&session->subject), credential.reference,
            credential.name, on_identified, identifying);
}
