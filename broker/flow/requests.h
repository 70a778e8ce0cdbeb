/* SPDX-License-Identifier: Apache-2.0 */
/* One function a frame: what clients ask for. receive.c calls them; each is in the file of its
 * name. */
#ifndef WEFT_FLOW_REQUESTS_H
#define WEFT_FLOW_REQUESTS_H

#include "flow/sessions.h"

void hello(struct session *session, const struct proto_hello *request); /* hello.c */
void say(struct session *session, const struct proto_send *request);    /* say.c */
void edit(struct session *session, const struct proto_edit *request);   /* amend.c */
void delete_message(struct session *session, const struct proto_delete *request);
void react(struct session *session, const struct proto_react *request);
void history(struct session *session, const struct proto_history *request); /* history.c */
void receipt(struct session *session, const struct proto_receipt *request); /* receipts.c */
/* To a session that begins to follow: how far everybody is. */
void receipts_tell(struct session *session, struct chat *chat);
/* Other nodes may have told of receipts unheard: what is stored is told where it goes further. */
void receipts_look(struct chat *chat);
/* Those followers who could not be told. */
void receipts_tell_rest(struct chat *chat);
/* What is news of a reader, to all followers here but one (may be NULL): two frames, of which the
 * members that are no news are taken away. false: nothing is. */
bool receipts_spread(struct chat *chat, struct proto_frame *staff, struct proto_frame *customers,
        const struct session *but);
/* The end of the log that the places lay in is lost: they are read, and told, anew. */
void receipts_forget(struct chat *chat);
struct proto_who session_who(const struct session *session); /* typing.c */
/* The customer, or the agent who owns the case: those whom the customer talks with. typing.c */
bool session_answers(struct session *session, struct chat *chat);
void typing(struct session *session, const struct proto_typing *request);     /* typing.c */
void identify(struct session *session, const struct proto_identify *request); /* identify.c */
void track(struct session *session, const struct proto_event *request);       /* journey.c */

/* The conversation that a request is about: the customer's own, or the one named, which the session
 * must follow. NULL, with the error sent (unless request_id is NULL): none. */
struct chat *request_chat(
        struct session *session, const struct slice *request_id, struct slice conversation);

#endif
