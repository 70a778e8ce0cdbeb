/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a turn: a worker's commit or failure, or ours when it gave no sign.
 *
 * Invariant: the commit is kept whole, in its encoded form, until the log has answered; the log
 * decides whether the turn is still open (rule 4). The same commit again, after a lost ack, gets
 * the place of the first.
 */
#include "base/check.h"
#include "flow/body_check.h"
#include "flow/bot_turns.h"
#include "flow/entry_codec.h"

#include <stdlib.h>

static const char bot_absent_sentence[] =
        "Our assistant cannot answer just now. A colleague will take care of this here.";

/* ---- commit -----------------------------------------------------------------------------------
 */

struct commit_change {
    struct chat_change change;
    struct session_handle worker;
    struct id_text request_id, bot, reason;
    struct commit commit;
    struct slice bodies[PROTO_LIMIT_COMMIT_MESSAGES];
    struct pair pairs[ENTRY_PAIRS_MAX], labels[16];
    struct arena arena;
    _Alignas(16) uint8_t bytes[];
};

static void decide_commit(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct commit_change *change = LIST_ITEM(chat_change, struct commit_change, change);
    conversation_commit(fold, &change->commit, now_ms, decision);
}

static void on_commit(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct commit_change *change = LIST_ITEM(chat_change, struct commit_change, change);
    struct chat *chat = change->change.chat;
    struct session *worker = session_find(chat->node, change->worker);
    struct slice request_id = id_slice(&change->request_id);
    if (worker != NULL)
        worker->unacked--;
    if (worker != NULL && (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY)) {
        struct proto_frame frame = {.kind = PROTO_KIND_ACK};
        frame.as.ack = (struct proto_ack){
                .id = request_id, .conversation = chat_id(chat), .at = change->change.at};
        session_send(worker, &frame);
    } else if (worker != NULL) {
        session_error(worker, request_id, outcome_code(outcome, change->change.refusal), NULL);
    }
    free(change);
}

/* Equal commits have equal digests, whatever their request's id. */
static uint64_t commit_digest(const struct proto_commit *request, struct node *node)
{
    struct proto_commit bare = *request;
    size_t mark = node->scratch.used;
    enum { ROOM = 2 * PROTO_LIMIT_FRAME_BYTES };
    struct buffer out = buffer_make(arena_take_raw(&node->scratch, ROOM), ROOM);
    check(out.bytes != NULL);
    bare.id = SLICE_OF("");
    proto_shape_write(PROTO_MSGPACK, &proto_commit_shape, &bare, &out);
    check(!out.overflowed);
    uint64_t digest = crypto_digest(buffer_slice(&out));
    node->scratch.used = mark;
    return digest;
}

static void keep_pairs(struct commit_change *change, const struct proto_commit *request)
{
    for (size_t i = 0; i < request->state_count; i++)
        change->pairs[i] = (struct pair){arena_copy(&change->arena, request->state[i].name),
                request->state[i].value.bytes ? arena_copy(&change->arena, request->state[i].value)
                                              : SLICE_NONE};
    for (size_t i = 0; i < request->state_count; i++)
        if (request->state[i].value.bytes != NULL && request->state[i].value.len == 0)
            change->pairs[i].value = SLICE_OF("");
    for (size_t i = 0; i < request->labels_count; i++)
        change->labels[i] =
                (struct pair){arena_copy(&change->arena, request->labels[i]), SLICE_NONE};
}

static void keep_commit(
        struct commit_change *change, const struct proto_commit *request, struct session *worker)
{
    for (size_t i = 0; i < request->messages_count; i++)
        change->bodies[i] = body_encode(&request->messages[i], &change->arena);
    keep_pairs(change, request);
    id_set(&change->reason, request->handoff.reason);
    change->commit = (struct commit){
            .author = {AUTHOR_BOT, id_slice(&change->bot), id_slice(&change->bot)},
            .turn = request->turn,
            .digest = commit_digest(request, worker->node),
            .bodies = change->bodies,
            .body_count = request->messages_count,
            .pairs = change->pairs,
            .pair_count = request->state_count,
            .labels = change->labels,
            .label_count = request->labels_count,
            .is_handoff = request->has_handoff,
            .is_close = request->has_close && request->close,
            .reason = id_slice(&change->reason),
    };
    if (request->has_handoff)
        change->commit.handoff = handoff_encode(&request->handoff, &change->arena);
}

static bool may_commit(struct session *worker, const struct proto_commit *request)
{
    struct body_fault fault;
    for (size_t i = 0; i < request->messages_count; i++)
        if (!body_is_good(&request->messages[i], SPEAKER_BOT, &fault)) {
            session_error(worker, request->id, fault.code, fault.message);
            return false;
        }
    if (request->has_handoff && request->has_close && request->close) {
        session_error(worker, request->id, PROTO_ERROR_WRONG_TYPE,
                "A commit either hands over or closes, not both.");
        return false;
    }
    return true;
}

/* Room for what keep_commit keeps, encoded. */
static size_t commit_room(const struct proto_commit *request)
{
    enum { PIECE = 160 }; /* a piece's members, and its alignment */
    size_t room = request->has_handoff ? PROTO_LIMIT_FRAME_BYTES + PIECE : 0;
    for (size_t i = 0; i < request->messages_count; i++)
        room += PIECE + body_room(&request->messages[i]);
    for (size_t i = 0; i < request->state_count; i++)
        room += PIECE + request->state[i].name.len + request->state[i].value.len;
    for (size_t i = 0; i < request->labels_count; i++)
        room += PIECE + request->labels[i].len;
    return room;
}

/* Of one worker only so much is kept while the log has not answered. */
static bool is_within_limits(struct session *worker, struct slice request_id)
{
    if (worker->unacked < PROTO_LIMIT_UNACKED_SENDS + worker->credits)
        return true;
    session_error_after(worker, request_id, PROTO_ERROR_TOO_MANY_UNACKED, 200, 0);
    return false;
}

void bot_commit(struct session *worker, const struct proto_commit *request)
{
    if (!may_commit(worker, request) || !is_within_limits(worker, request->id))
        return;
    struct chat *chat = session_chat(worker, request->id, request->conversation);
    if (chat == NULL)
        return;
    size_t room = commit_room(request);
    struct commit_change *change = calloc(1, sizeof *change + room);
    check(change != NULL);
    arena_init(&change->arena, change->bytes, room);
    worker->unacked++;
    change->worker = session_handle(worker);
    id_set(&change->request_id, request->id);
    change->bot = worker->subject;
    keep_commit(change, request, worker);
    change->change.tenant = worker->tenant;
    change->change.decide = decide_commit;
    change->change.done = on_commit;
    chat_change(chat, &change->change);
    chat_release(chat);
}

/* ---- without a commit -------------------------------------------------------------------------
 */

struct end_change {
    struct chat_change change;
    struct name turn;
    struct id_text reason, request_id;
    bool is_final;
    struct session_handle worker;
};

/* A bot that could not go on hands over nothing itself: what it had learnt goes with the case. */
static void add_packet(const struct conversation *fold, struct slice reason, struct entry *draft,
        struct arena *scratch)
{
    struct pair pairs[ENTRY_PAIRS_MAX];
    struct proto_pair slots[ENTRY_PAIRS_MAX];
    struct proto_handoff packet = {.reason = reason, .slots = slots};
    packet.slots_count = conversation_pairs(fold, pairs);
    for (size_t i = 0; i < packet.slots_count; i++)
        slots[i] = (struct proto_pair){pairs[i].name, pairs[i].value};
    for (size_t i = 0; i < draft->part_count && packet.slots_count > 0; i++)
        if (draft->parts[i].kind == PART_QUEUED)
            draft->parts[i].handoff = handoff_encode(&packet, scratch);
}

static void decide_end(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct end_change *change = LIST_ITEM(chat_change, struct end_change, change);
    struct arena *scratch = &change->change.chat->node->scratch;
    struct slice body = system_body(bot_absent_sentence, scratch);
    conversation_end_turn(fold, &change->turn, id_slice(&change->reason), change->is_final, body,
            now_ms, decision);
    if (decision->verdict == VERDICT_APPEND)
        add_packet(fold, id_slice(&change->reason), decision->draft, scratch);
}

static void on_ended(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct end_change *change = LIST_ITEM(chat_change, struct end_change, change);
    struct session *worker = session_find(change->change.chat->node, change->worker);
    if (worker != NULL)
        worker->unacked--;
    if (worker != NULL && outcome == LOG_APPENDED)
        session_done(worker, id_slice(&change->request_id), &change->change.at);
    else if (worker != NULL)
        session_error(worker, id_slice(&change->request_id),
                outcome_code(outcome, change->change.refusal), NULL);
    free(change);
}

static struct end_change *make_end(const struct name *turn, struct slice reason, bool is_final)
{
    struct end_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->turn = *turn;
    change->is_final = is_final;
    id_set(&change->reason, reason);
    change->change.decide = decide_end;
    change->change.done = on_ended;
    return change;
}

void bot_end_turn(struct chat *chat, const struct name *turn, const char *reason, bool is_final)
{
    chat_change(chat, &make_end(turn, slice_of_string(reason), is_final)->change);
}

void bot_fail(struct session *worker, const struct proto_fail *request)
{
    if (!is_within_limits(worker, request->id))
        return;
    struct chat *chat = session_chat(worker, request->id, request->conversation);
    if (chat == NULL)
        return;
    struct end_change *change =
            make_end(&request->turn, SLICE_OF("bot_failed"), !request->retryable);
    change->worker = session_handle(worker);
    worker->unacked++;
    id_set(&change->request_id, request->id);
    change->change.tenant = worker->tenant;
    chat_change(chat, &change->change);
    chat_release(chat);
}
