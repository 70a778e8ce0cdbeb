/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks: who is offered one, what was agreed, what became of it. */
#ifndef WEFT_FLOW_CALLBACKS_H
#define WEFT_FLOW_CALLBACKS_H

#include "core/route/callbacks.h"
#include "flow/pools.h"

/* Of the channel that a log names. false: a later version's. */
bool callback_word(struct slice channel, enum proto_callback_channel *out_word);
/* What is agreed, as it is told. false: nothing is. Borrowed from the fold. */
bool callback_view(const struct callback *callback, struct proto_callback_view *out_view);
/* The same, to staff, of a case that has a request in the pool. */
bool callback_view_case(
        struct chat *chat, const struct name *request, struct proto_callback_view *out_view);

/* Tells the customer what they may ask for and what is agreed, when that is other than what they
 * were told last. */
void callback_tell(struct chat *chat);

/* The case is not to be offered yet. */
bool callback_waits(const struct chat *chat);
/* An agent who records no outcome for so long gives the case back. */
uint64_t callback_outcome_ms(struct team *team, struct slice queue);

/* Requests of the customer and of the agent. */
void callback_ask(struct session *session, const struct proto_ask_callback *request);
void callback_cancel(struct session *session, const struct proto_cancel_callback *request);
void callback_outcome(struct session *session, const struct proto_callback_outcome *request);

#endif
