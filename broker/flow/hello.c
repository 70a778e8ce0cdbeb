/* SPDX-License-Identifier: Apache-2.0 */
/* The first frame: who is it, and where were they?
 *
 *   new --hello--> credential --customer--> contact --> conversation loaded --> welcome, follow
 *                      |------agent-------> welcome, own chats, open offers
 *                      |------bot---------> welcome, turns
 *                      `------service-----> welcome
 *
 * A turn of the loop takes few (hello_queue.h). A token's signature is checked beside the loop
 * (port/verifier.h): all else of the credential, and with it time, revocation and the tenant's
 * keys, is judged when that is back.
 *
 * Invariant: role and tenant come from the credential alone. A session is open once its welcome was
 * sent, and entries come after it. What waits ends with a hello's time, by the name of what it
 * waited for (session_hold_hello), and a second frame meanwhile is refused. All refusals of a
 * credential look alike. With several nodes a refusal rests on a read of the directory that is
 * newer than the hello: the tenant, the agent or the key may have been made on another node a
 * moment ago (rule 6).
 */
#include "base/check.h"
#include "flow/assignments.h"
#include "flow/bot_turns.h"
#include "flow/callbacks.h"
#include "flow/contacts.h"
#include "flow/credentials.h"
#include "flow/deliver.h"
#include "flow/hello_queue.h"
#include "flow/members.h"
#include "flow/pools.h"
#include "flow/requests.h"

#include <stdlib.h>

enum { NEWER_AGAIN_MS = 5000 }; /* what a newer node wrote: until an upgrade is a little further */

struct entering {
    struct chat_touch touch;
    struct node *node;
    struct session_handle session;
    struct id_text request_id;
};

/* NULL: it is gone, or on its way out. */
static struct session *entering_session(const struct entering *entering)
{
    struct session *session = session_find(entering->node, entering->session);
    return session != NULL && session->phase == SESSION_ENTERING ? session : NULL;
}

/* ---- welcome --------------------------------------------------------------------------------- */

static bool issue_ticket(struct session *session, struct buffer *out)
{
    struct credential credential = {
            .role = session->role,
            .tenant = directory_tenant(session->node, session->tenant),
            .subject = id_slice(&session->subject),
            .name = session->name,
    };
    return credential.tenant != NULL && ticket_issue(session->node, &credential, out);
}

static enum proto_role role_word(enum credential_role role)
{
    switch (role) {
    case CREDENTIAL_CUSTOMER:
        return PROTO_ROLE_CUSTOMER;
    case CREDENTIAL_AGENT:
        return PROTO_ROLE_AGENT;
    case CREDENTIAL_BOT:
        return PROTO_ROLE_BOT;
    case CREDENTIAL_SERVICE:
        return PROTO_ROLE_SERVICE;
    }
    return PROTO_ROLE_CUSTOMER;
}

static bool send_welcome(struct session *session, struct slice request_id, const struct chat *chat)
{
    struct node *node = session->node;
    char ticket_bytes[TICKET_MAX], lineage[LINEAGE_LEN];
    struct buffer ticket = buffer_make(ticket_bytes, sizeof ticket_bytes);
    uint8_t random[8];
    struct proto_frame frame = {.kind = PROTO_KIND_WELCOME};
    if (!issue_ticket(session, &ticket)) {
        session_error(session, request_id, PROTO_ERROR_UNAUTHENTICATED, NULL);
        return false;
    }
    node->random->fill(node->random, random, sizeof random);
    lineage_make(node_time_ms(node), random, lineage);
    struct proto_welcome *welcome = &frame.as.welcome;
    *welcome = (struct proto_welcome){.id = request_id,
            .role = role_word(session->role),
            .tenant = session->tenant,
            .session = session_id(session),
            .node = members_self(node),
            .subject = id_slice(&session->subject),
            .name = session->name,
            .lineage = slice_make(lineage, sizeof lineage),
            .ticket = buffer_slice(&ticket),
            .ticket_expires_in_ms = node->settings->ticket_ms,
            .limits = limits_told(session),
            .durability = node->settings->durability,
            .time_ms = node_time_ms(node)};
    if (chat != NULL) {
        welcome->conversation = chat_id(chat);
        welcome->name = short_slice(&chat_fold(chat)->contact_name);
        welcome->has_proven = true;
        welcome->proven = chat_fold(chat)->reference.len > 0;
        welcome->has_head = true;
        welcome->head = chat_fold(chat)->public_tail;
    }
    if (session->role == CREDENTIAL_AGENT) {
        welcome->has_status = true;
        welcome->status = agents_presence(session);
        welcome->has_supervisor = true;
        welcome->supervisor = session_supervises(session);
    }
    session->phase = SESSION_OPEN;
    session->has_entered = true;
    session_has_arrived(session);
    return session_send(session, &frame);
}

/* ---- customers ------------------------------------------------------------------------------- */

/* The store could not say: the same hello may come again on this socket. */
static void ask_again(struct session *session, struct slice request_id)
{
    struct node *node = session->node;
    session->phase = SESSION_NEW;
    session_await_hello(session);
    session_error_after(session, request_id, PROTO_ERROR_STORE_UNAVAILABLE,
            outcome_wait_ms(node, LOG_RETRY), 0);
}

static void enter_customer(struct session *session, struct chat *chat, struct slice request_id)
{
    struct name cursor = session_cursor(session, chat_id(chat));
    session_forget_cursors(session); /* a customer follows this chat alone */
    if (!limits_admit_device(session, chat) || !send_welcome(session, request_id, chat))
        return;
    deliver_follow(session, chat, cursor.seq ? &cursor : NULL, DELIVER_READ_TO_ITS_END);
    receipts_tell(session, chat);
    chat->told_place = 0;
    queue_tell_one(chat);
    chat->told_callback = 0;
    callback_tell(chat);
}

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct entering *entering = LIST_ITEM(touch, struct entering, touch);
    struct chat *chat = touch->change.chat;
    struct session *session = entering_session(entering);
    struct slice request_id = id_slice(&entering->request_id);
    if (session != NULL && outcome == LOG_WAS_ALREADY && chat_fold(chat)->phase != PHASE_ERASED) {
        enter_customer(session, chat, request_id);
    } else if (session != NULL && outcome == LOG_RETRY) {
        ask_again(session, request_id);
    } else if (session != NULL && outcome == LOG_MISSING &&
               touch->change.refusal == REFUSAL_UNBORN) {
        deliver_loss(session, chat, request_id);
    } else if (session != NULL && outcome == LOG_READ_ONLY) {
        session_error_after(session, request_id, PROTO_ERROR_NEWER_LOG, NEWER_AGAIN_MS, 0);
        session_bye(session, "newer_log", NEWER_AGAIN_MS, PROTO_CLOSE_GOING_AWAY);
    } else if (session != NULL) {
        session_error(session, request_id,
                outcome == LOG_WAS_ALREADY ? PROTO_ERROR_CONVERSATION_ERASED
                                           : outcome_code(outcome, touch->change.refusal),
                NULL);
        session_close(session, PROTO_CLOSE_REVOKED, "revoked");
    }
    chat_release(chat);
    free(entering);
}

static void load_conversation(struct entering *entering, struct slice id)
{
    struct session *session = entering_session(entering);
    struct chat *chat = chat_hold(entering->node, id);
    if (session == NULL || chat == NULL) {
        if (session != NULL)
            ask_again(session, id_slice(&entering->request_id));
        if (chat != NULL)
            chat_release(chat);
        free(entering);
        return;
    }
    id_set(&session->subject, id);
    entering->touch.change.tenant = session->tenant;
    entering->touch.change.log.is_patient = true;
    entering->touch.done = on_loaded;
    chat_touch(chat, &entering->touch);
}

static void on_contact(void *user, enum proto_error_code fault, struct slice conversation)
{
    struct entering *entering = user;
    struct session *session = entering_session(entering);
    if (fault == PROTO_ERROR_NONE) {
        load_conversation(entering, conversation);
        return;
    }
    bool is_of_store = fault == PROTO_ERROR_STORE_UNAVAILABLE || fault == PROTO_ERROR_STORE_FULL;
    if (session != NULL && is_of_store) {
        ask_again(session, id_slice(&entering->request_id));
    } else if (session != NULL) {
        session_error(session, id_slice(&entering->request_id), fault, NULL);
        session_close(session, PROTO_CLOSE_REVOKED, "revoked");
    }
    free(entering);
}

static void enter_as_customer(
        struct session *session, const struct credential *credential, struct slice request_id)
{
    struct entering *entering = calloc(1, sizeof *entering);
    check(entering != NULL);
    entering->node = session->node;
    entering->touch.since = session->node->logs.stamp;
    entering->session = session_handle(session);
    id_set(&entering->request_id, request_id);
    session_hold_hello(session, request_id, PROTO_ERROR_STORE_UNAVAILABLE);
    if (credential->reference.len > 0)
        contact_resolve(session->node, credential->tenant, credential->reference, credential->name,
                on_contact, entering);
    else
        load_conversation(entering, credential->subject);
}

/* ---- everybody ------------------------------------------------------------------------------- */

static void enter_as_staff(struct session *session, const struct proto_hello *request)
{
    if (session->role == CREDENTIAL_BOT && !request->has_bot) {
        session_error(session, request->id, PROTO_ERROR_MISSING_FIELD,
                "A bot's hello has the member 'bot'.");
        return;
    }
    if (session->role == CREDENTIAL_BOT) {
        session->credits = (uint32_t)request->bot.credits;
    }
    if (!send_welcome(session, request->id, NULL))
        return;
    if (session->role == CREDENTIAL_AGENT)
        agents_enter(session);
    if (session->role == CREDENTIAL_BOT)
        bots_enter(session);
}

static enum credential_fault check_credential(struct session *session,
        const struct proto_hello *request, const struct token_proof *proof, char *scratch,
        size_t scratch_len, struct credential *out)
{
    if (request->ticket.len > 0)
        return ticket_redeem(session->node, request->ticket, scratch, scratch_len, out);
    return credential_check_proven(session->node, request->token, proof, scratch, scratch_len, out);
}

/* What there is to say against it; PROTO_ERROR_NONE: nothing. */
static enum proto_error_code find_fault(struct session *session, const struct proto_hello *request,
        const struct token_proof *proof, char *scratch, size_t scratch_len, struct credential *out)
{
    enum credential_fault fault =
            check_credential(session, request, proof, scratch, scratch_len, out);
    if (fault != CREDENTIAL_GOOD)
        return fault == CREDENTIAL_EXPIRED ? PROTO_ERROR_TOKEN_EXPIRED
                                           : PROTO_ERROR_UNAUTHENTICATED;
    struct slice origin = session_origin(session);
    bool is_stranger = origin.len > 0 && out->role == CREDENTIAL_CUSTOMER &&
                       !directory_admits_origin(session->node, out->tenant, origin);
    return is_stranger ? PROTO_ERROR_BAD_ORIGIN : PROTO_ERROR_NONE;
}

static void refuse(struct session *session, struct slice request_id, enum proto_error_code fault)
{
    session_error(session, request_id, fault, NULL);
    if (fault == PROTO_ERROR_BAD_ORIGIN)
        session_close(session, PROTO_CLOSE_REVOKED, "bad_origin");
}

static void admit(struct session *session, const struct proto_hello *request,
        const struct credential *credential)
{
    session->role = credential->role;
    session->tenant = tenant_id_keep(session->node, credential->tenant->id);
    id_set(&session->subject, credential->subject);
    struct short_text name;
    short_set(&name, credential->name);
    session_keep_text(&session->name, short_slice(&name));
    if (credential->role == CREDENTIAL_CUSTOMER)
        enter_as_customer(session, credential, request->id);
    else
        enter_as_staff(session, request);
}

/* ---- a hello that waits ---------------------------------------------------------------------- */

/* For its turn (hello_queue.h), then for the signature of its token, then until the directory has
 * been read since somebody may have been made on another node; or for some of these. Its cursors
 * are the session's already. */
struct waiting_hello {
    struct hello_place place;
    struct token_check check;
    struct directory_look look;
    struct node *node;
    struct session_handle session;
    struct proto_hello request;
    char bytes[];
};

static struct waiting_hello *keep_hello(struct session *session, const struct proto_hello *from)
{
    size_t len = from->id.len + from->token.len + from->ticket.len + from->bot.version.len;
    struct waiting_hello *waiting = malloc(sizeof *waiting + len);
    check(waiting != NULL);
    struct buffer out = buffer_make(waiting->bytes, len);
    *waiting = (struct waiting_hello){.node = session->node,
            .session = session_handle(session),
            .request = {.has_bot = from->has_bot}};
    struct proto_hello *request = &waiting->request;
    request->id = buffer_keep(&out, from->id);
    request->token = buffer_keep(&out, from->token);
    request->ticket = buffer_keep(&out, from->ticket);
    request->bot.credits = from->bot.credits;
    request->bot.version = buffer_keep(&out, from->bot.version);
    return waiting;
}

/* Its session, as if the hello had come now; NULL: it is gone, or on its way out. */
static struct session *resume_hello(const struct waiting_hello *waiting)
{
    struct session *session = session_find(waiting->node, waiting->session);
    if (session == NULL || session->phase != SESSION_ENTERING)
        return NULL;
    session->phase = SESSION_NEW;
    return session;
}

static void on_looked(struct directory_look *look, bool is_fresh)
{
    struct waiting_hello *waiting = LIST_ITEM(look, struct waiting_hello, look);
    const struct proto_hello *request = &waiting->request;
    struct session *session = resume_hello(waiting);
    char scratch[TOKEN_MAX];
    struct credential credential;
    if (session != NULL) {
        enum proto_error_code fault = find_fault(
                session, request, &waiting->check.proof, scratch, sizeof scratch, &credential);
        if (fault == PROTO_ERROR_NONE)
            admit(session, request, &credential);
        else if (is_fresh)
            refuse(session, request->id, fault);
        else
            ask_again(session, request->id);
    }
    free(waiting);
}

/* Takes the hello as far as it gets in this turn. waiting: where it is kept; NULL: nowhere yet. */
static void judge(
        struct session *session, const struct proto_hello *request, struct waiting_hello *waiting)
{
    const struct token_proof *proof = waiting ? &waiting->check.proof : NULL;
    char scratch[TOKEN_MAX];
    struct credential credential;
    enum proto_error_code fault =
            find_fault(session, request, proof, scratch, sizeof scratch, &credential);
    bool is_doubtful = fault == PROTO_ERROR_UNAUTHENTICATED || fault == PROTO_ERROR_BAD_ORIGIN;
    if (is_doubtful && members_may_be_others(session->node)) {
        struct waiting_hello *kept = waiting ? waiting : keep_hello(session, request);
        kept->look.done = on_looked;
        session_hold_hello(session, kept->request.id, PROTO_ERROR_STORE_UNAVAILABLE);
        directory_look(session->node, &kept->look);
        return;
    }
    if (fault == PROTO_ERROR_NONE)
        admit(session, request, &credential);
    else
        refuse(session, request->id, fault);
    free(waiting);
}

static void on_proven(struct token_check *check)
{
    struct waiting_hello *waiting = LIST_ITEM(check, struct waiting_hello, check);
    struct session *session = resume_hello(waiting);
    if (session != NULL)
        judge(session, &waiting->request, waiting);
    else
        free(waiting);
}

/* waiting: as judge's. */
static void take(
        struct session *session, const struct proto_hello *request, struct waiting_hello *waiting)
{
    if (request->ticket.len == 0 && session->node->verifier != NULL) {
        waiting = waiting ? waiting : keep_hello(session, request);
        waiting->check.done = on_proven;
        waiting->check.proof.token = waiting->request.token;
        session_hold_hello(session, waiting->request.id, PROTO_ERROR_BUSY);
        if (credential_prove(session->node, &waiting->check))
            return;
        session->phase = SESSION_NEW;
        waiting->check.proof.token = SLICE_NONE; /* nothing is known of it */
    }
    judge(session, request, waiting);
}

static void on_turn(struct hello_place *place, bool is_turn)
{
    struct waiting_hello *waiting = LIST_ITEM(place, struct waiting_hello, place);
    struct session *session = is_turn ? resume_hello(waiting) : NULL;
    if (session != NULL)
        take(session, &waiting->request, waiting);
    else
        free(waiting);
}

void hello(struct session *session, const struct proto_hello *request)
{
    struct node *node = session->node;
    if (!node->is_open) {
        ask_again(session, request->id);
        return;
    }
    session_await_hello(session); /* what it waits for has its time, however late it came itself */
    session_keep_cursors(session, request);
    if (hello_queue_admits(node)) {
        take(session, request, NULL);
        return;
    }
    struct waiting_hello *waiting = keep_hello(session, request);
    waiting->place.on_turn = on_turn;
    session_hold_hello(session, request->id, PROTO_ERROR_BUSY);
    hello_queue_wait(node, &waiting->place);
}
