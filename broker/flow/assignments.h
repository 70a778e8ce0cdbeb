/* SPDX-License-Identifier: Apache-2.0 */
/* Agents and the conversations they own: telling them, and what they may do with them. */
#ifndef WEFT_FLOW_ASSIGNMENTS_H
#define WEFT_FLOW_ASSIGNMENTS_H

#include "flow/pools.h"

/* After a new owner was folded: `released` to the one before, `assigned` to the one now. */
void assignments_follow_up(struct chat *chat);
/* The store has lost the whole log: whoever had the case, or looked on, hears that it is over. */
void assignments_lost(struct chat *chat);
/* Tells one session that the conversation is its agent's, if it is. */
void assignments_tell(struct session *session, const struct pool_key *key);
/* Whether the session was told that its agent has the case. */
bool assignments_is_told(struct session *session, struct chat *chat);
/* The pool gave the request to an agent who is here, or took it away: reads the conversation, and
 * what it says is told. */
void assignments_look(struct team *team, const struct pool_key *key);

/* Whose business a conversation is: the agent who has it, had it last, or is being offered it.
 * agent_requests.c */
bool agent_may_watch(const struct chat *chat, const struct session *session);
/* The same, of an agent by id. */
bool agent_may_see(const struct chat *chat, struct slice agent);

/* The agent's requests. */
void agent_accept(struct session *session, const struct proto_accept *request);
void agent_decline(struct session *session, const struct proto_decline *request);
void agent_close(struct session *session, const struct proto_close *request);
void agent_transfer(struct session *session, const struct proto_transfer *request);
void agent_reopen(struct session *session, const struct proto_reopen *request);
/* supervise.c: the directory says that this agent is a supervisor */
bool session_supervises(const struct session *session);
enum proto_case_state case_state_word(enum pool_state state);
void agent_invite(struct session *session, const struct proto_invite *request);
void agent_join(struct session *session, const struct proto_join *request);
void agent_leave(struct session *session, const struct proto_leave *request);
void agent_take_over(struct session *session, const struct proto_take_over *request);
void agent_list_cases(struct session *session, const struct proto_list_cases *request);
/* explain.c */
void agent_explain(struct session *session, const struct proto_explain *request);
void agent_wrapped_up(struct session *session, const struct proto_wrapped_up *request);
void agent_watch(struct session *session, const struct proto_watch *request);
void agent_unwatch(struct session *session, const struct proto_unwatch *request);

#endif
