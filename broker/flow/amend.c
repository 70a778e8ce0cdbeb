/* SPDX-License-Identifier: Apache-2.0 */
/* A message is edited, deleted or reacted to.
 *
 *   request --> limits --> the target is read --> chat_change (decide_amend.c) --> ack
 *
 * Invariant: the target is read from the log, after a look for news, so a no is true; what may
 * change since then (a deletion, the owner) is asked of the fold, in the decision. The words before
 * an edit or a deletion stay in the log, for an audit; no view shows them (chat_log.c).
 */
#include "base/check.h"
#include "flow/chat_read.h"
#include "flow/entry_codec.h"
#include "flow/requests.h"
#include "flow/sends.h"

#include <stdlib.h>

struct amend_change {
    struct chat_change change;
    struct chat_read read;
    struct chat *chat;
    struct session_handle session;
    struct id_text request_id, lineage, author_id, emoji, found_id;
    struct short_text author_name;
    struct amend amend;
    uint8_t page[AMENDMENTS_PAGE_BYTES];
    char bytes[]; /* the body */
};

static void answer(struct amend_change *change, enum log_outcome outcome, enum refusal refusal)
{
    struct session *session = session_find(change->chat->node, change->session);
    if (session == NULL)
        return;
    session->unacked--;
    if (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY)
        send_acked(session, id_slice(&change->request_id), id_slice(&change->lineage),
                change->amend.n, &change->change);
    else
        session_error_after(session, id_slice(&change->request_id), outcome_code(outcome, refusal),
                outcome_wait_ms(session->node, outcome), change->change.resend_from);
}

static void decide_amend(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct amend_change *change = LIST_ITEM(chat_change, struct amend_change, change);
    conversation_amend(fold, &change->amend, now_ms, decision);
}

static void on_amended(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct amend_change *change = LIST_ITEM(chat_change, struct amend_change, change);
    answer(change, outcome, chat_change->refusal);
    free(change);
}

/* ---- the target -------------------------------------------------------------------------------
 */

static bool is_tombstone(const struct part *part, struct arena *scratch)
{
    struct proto_body body;
    return !body_decode(part->body, scratch, &body) || body.kind == PROTO_BODY_KIND_DELETED;
}

static void on_target(struct chat_read *read, const struct record *record)
{
    struct amend_change *change = LIST_ITEM(read, struct amend_change, read);
    struct amend *amend = &change->amend;
    struct arena *scratch = &change->chat->node->scratch;
    size_t mark = scratch->used;
    struct entry entry;
    const struct part *part = NULL;
    if (name_equal(&record->at, &amend->target) && chat_read_entry(change->chat, record, &entry))
        part = entry_part(&entry, PART_MESSAGE);
    if (part != NULL) {
        id_set(&change->found_id, entry.author.id);
        amend->found.is_message = true;
        amend->found.is_deleted = is_tombstone(part, scratch);
        amend->found.author = (struct author){entry.author.kind, id_slice(&change->found_id), {0}};
        amend->found.visibility = part->visibility;
        amend->found.time_ms = record->time_ms;
    }
    scratch->used = mark;
}

static void on_target_read(struct chat_read *read, enum log_outcome outcome)
{
    struct amend_change *change = LIST_ITEM(read, struct amend_change, read);
    if (outcome == LOG_APPENDED && !read->is_cut) {
        chat_change(change->chat, &change->change);
        return;
    }
    answer(change, outcome == LOG_APPENDED ? LOG_RETRY : outcome, read->refusal);
    free(change);
}

/* ---- requests ---------------------------------------------------------------------------------
 */

/* What all three ask. */
struct amend_request {
    enum part_kind kind;
    struct slice id, conversation, lineage;
    struct name target;
    uint64_t n;
    const struct proto_body *body; /* NULL: none */
    struct slice emoji;
    bool is_active;
};

/* Equal requests have equal digests, and none has that of words said. */
static uint64_t digest_of(const struct amend_request *request, struct slice body)
{
    uint64_t digests[2] = {0, crypto_digest(body.len ? body : request->emoji)};
    char head[NAME_TEXT_MAX + 2];
    size_t len = name_write(&request->target, head);
    head[len++] = (char)('a' + (int)request->kind - PART_EDITED);
    head[len++] = request->is_active ? '+' : '-';
    digests[0] = crypto_digest(slice_make(head, len));
    return crypto_digest(slice_make(digests, sizeof digests));
}

static void fill(struct amend_change *change, struct session *session,
        const struct amend_request *request, struct slice body)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    id_set(&change->request_id, request->id);
    id_set(&change->lineage, request->lineage);
    id_set(&change->emoji, request->emoji);
    if (!is_customer)
        change->author_id = session->subject;
    short_set(&change->author_name, session->name);
    change->amend = (struct amend){
            .kind = request->kind,
            .author = {send_author_kind(session), id_slice(&change->author_id),
                    is_customer ? SLICE_NONE : short_slice(&change->author_name)},
            .lineage = id_slice(&change->lineage),
            .n = request->n,
            .digest = digest_of(request, body),
            .target = request->target,
            .body = body,
            .emoji = id_slice(&change->emoji),
            .is_active = request->is_active,
            .edit_window_ms = session->node->settings->edit_window_ms,
            .page = change->page,
    };
}

static struct amend_change *make_change(
        struct session *session, const struct amend_request *request, struct chat *chat)
{
    struct node *node = session->node;
    size_t mark = node->scratch.used;
    struct slice body = request->body ? body_encode(request->body, &node->scratch) : SLICE_NONE;
    struct amend_change *change = calloc(1, sizeof *change + body.len);
    check(change != NULL && (request->body == NULL || body.bytes != NULL));
    if (body.len > 0)
        memcpy(change->bytes, body.bytes, body.len);
    node->scratch.used = mark;
    change->chat = chat;
    change->session = session_handle(session);
    fill(change, session, request,
            request->body ? slice_make(change->bytes, body.len) : SLICE_NONE);
    change->change.tenant = session->tenant;
    change->change.decide = decide_amend;
    change->change.done = on_amended;
    change->read = (struct chat_read){.from = request->target.seq,
            .to = request->target.seq,
            .count = 1,
            .is_fresh = true,
            .on_record = on_target,
            .done = on_target_read};
    return change;
}

static void ask(struct session *session, const struct amend_request *request)
{
    if (!send_is_within_limits(session, request->id))
        return;
    struct chat *chat = request_chat(session, &request->id, request->conversation);
    if (chat == NULL)
        return;
    if (send_may_enter(session, chat, request->id))
        chat_read(chat, &make_change(session, request, chat)->read);
    chat_release(chat);
}

void edit(struct session *session, const struct proto_edit *request)
{
    if (!body_is_sendable(session, request->id, &request->body))
        return;
    if (request->body.kind == PROTO_BODY_KIND_FILE) {
        limits_refuse_for_good(
                session, request->id, PROTO_ERROR_FORBIDDEN, "Words do not become a file.");
        return;
    }
    ask(session, &(struct amend_request){.kind = PART_EDITED,
                         .id = request->id,
                         .conversation = request->conversation,
                         .lineage = request->lineage,
                         .target = request->target,
                         .n = request->n,
                         .body = &request->body});
}

void delete_message(struct session *session, const struct proto_delete *request)
{
    ask(session, &(struct amend_request){.kind = PART_DELETED,
                         .id = request->id,
                         .conversation = request->conversation,
                         .lineage = request->lineage,
                         .target = request->target,
                         .n = request->n});
}

/* No words: keycaps begin with a digit, everything else that is ASCII is no emoji. */
static bool is_emoji(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        bool is_keycap = (c >= '0' && c <= '9') || c == '#' || c == '*';
        if (c < 0x80 && !(is_keycap && i == 0 && text.len > 1))
            return false;
    }
    return text.len > 0;
}

void react(struct session *session, const struct proto_react *request)
{
    if (!is_emoji(request->emoji)) {
        limits_refuse_for_good(
                session, request->id, PROTO_ERROR_OUT_OF_RANGE, "Field 'emoji' is no emoji.");
        return;
    }
    ask(session, &(struct amend_request){.kind = PART_REACTED,
                         .id = request->id,
                         .conversation = request->conversation,
                         .lineage = request->lineage,
                         .target = request->target,
                         .n = request->n,
                         .emoji = request->emoji,
                         .is_active = request->active});
}
