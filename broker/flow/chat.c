/* SPDX-License-Identifier: Apache-2.0 */
/* A chat's key and its changes.
 *
 *   unknown --first change--> loading --got it--> ready      (changes go to the log)
 *                                |------absent--> gone       (erased, or never was: changes are
 * refused)
 *                                `------no answer--> unknown (changes are to be tried again)
 *
 * Invariant: nothing of a log is read before its key is there, so a missing key is never taken for
 * a damaged log.
 */
#include "flow/chat.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/chat_fold.h"
#include "flow/directory.h"
#include "flow/due.h"
#include "flow/entry_codec.h"
#include "flow/pool_metrics.h"
#include "flow/pools.h"

#include <stdlib.h>

void chat_init(struct chat *chat)
{
    list_init(&chat->waiting);
    list_init(&chat->followers);
    list_init(&chat->key_check);
    log_init(&chat->log, &chat->node->logs, &chat_log_kind,
            slice_make(chat->log_key, sizeof chat->log_key),
            slice_make(chat->due_key, sizeof chat->due_key), chat_id(chat));
}

void chat_finish(struct chat *chat)
{
    check(chat->turn == NULL && chat->snapshot == NULL);
    log_finish(&chat->log);
    memset(chat->key, 0, sizeof chat->key);
}

bool chat_is_idle(const struct chat *chat)
{
    return chat->key_state != CHAT_KEY_LOADING && list_is_empty(&chat->waiting) &&
           chat->turn == NULL && chat->snapshot == NULL && log_is_idle(&chat->log);
}

const struct tenant *chat_tenant(const struct chat *chat)
{
    return directory_tenant(chat->node, chat->tenant);
}

void chat_give_key(struct chat *chat, struct slice tenant, const uint8_t key[KEY_SIZE])
{
    chat->tenant = tenant_id_keep(chat->node, tenant);
    memcpy(chat->key, key, KEY_SIZE);
    chat->log.seal_key = chat->key;
    chat->key_state = CHAT_KEY_READY;
}

void chat_forget(struct chat *chat)
{
    memset(chat->key, 0, sizeof chat->key);
    chat_fold_clear(chat);
    chat_fold(chat)->phase = PHASE_ERASED;
    chat->log.seal_key = NULL;
    chat->log.state = LOG_COLD;
    chat->key_state = CHAT_KEY_GONE;
    chat->is_erased = true;
}

/* ---- the key ----------------------------------------------------------------------------------
 */

size_t chat_key_wrap(struct node *node, const struct tenant *tenant, struct slice id,
        const uint8_t key[KEY_SIZE], uint8_t out[CHAT_KEY_RECORD_MAX])
{
    uint8_t nonce[SEAL_NONCE_SIZE];
    check(tenant->id.len <= ID_MAX);
    node->random->fill(node->random, nonce, sizeof nonce);
    out[0] = (uint8_t)tenant->id.len;
    memcpy(out + 1, tenant->id.bytes, tenant->id.len);
    crypto_seal(tenant->wrap_key, nonce, slice_make(key, KEY_SIZE), id, out + 1 + tenant->id.len);
    return 1 + tenant->id.len + WRAPPED_KEY_SIZE;
}

/* Whose key it is. NULL: nobody whom this node knows, or not (yet), or it is damaged. */
static const struct tenant *record_tenant(const struct node *node, struct slice record)
{
    size_t len = record.len ? (uint8_t)record.bytes[0] : 0;
    bool is_whole = record.len == 1 + len + WRAPPED_KEY_SIZE;
    return is_whole ? directory_tenant(node, slice_make(record.bytes + 1, len)) : NULL;
}

static bool unwrap(struct chat *chat, struct slice record)
{
    const struct tenant *tenant = record_tenant(chat->node, record);
    uint8_t key[KEY_SIZE];
    if (tenant == NULL)
        return false;
    struct slice sealed = slice_make(record.bytes + 1 + tenant->id.len, WRAPPED_KEY_SIZE);
    if (!crypto_open(tenant->wrap_key, sealed, chat_id(chat), key))
        return false;
    chat_give_key(chat, tenant->id, key);
    memset(key, 0, sizeof key);
    return true;
}

static void end_waiting(struct chat *chat, enum log_outcome outcome)
{
    chat->holds++;
    while (!list_is_empty(&chat->waiting)) {
        struct log_change *change = LIST_ITEM(chat->waiting.next, struct log_change, link);
        list_remove(&change->link);
        change->result.outcome = outcome;
        change->done(change, &chat->log);
    }
    chat_release(chat);
}

static void on_last_record(struct log_reader *reader, const struct record *record)
{
    struct chat *chat = LIST_ITEM(reader->log, struct chat, log);
    (void)record; /* without a key only ERASED can be read */
    chat->is_erased = true;
}

static void on_last_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct chat *chat = LIST_ITEM(reader->log, struct chat, log);
    if (outcome == LOG_QUARANTINED) /* sealed, and the key is gone: it is being erased */
        chat->is_erased = true;
    chat->key_state = outcome == LOG_RETRY ? CHAT_KEY_UNKNOWN : CHAT_KEY_GONE;
    free(reader);
    end_waiting(chat, outcome == LOG_RETRY ? LOG_RETRY : LOG_MISSING);
}

static void ask_for_last(struct chat *chat)
{
    struct log_reader *reader = calloc(1, sizeof *reader);
    check(reader != NULL);
    *reader = (struct log_reader){.from = 0,
            .to = UINT64_MAX,
            .count = 1,
            .is_reverse = true,
            .on_record = on_last_record,
            .done = on_last_read};
    log_read(&chat->log, reader);
}

static void on_key(void *user, enum keystore_outcome outcome, struct slice wrapped)
{
    struct chat *chat = user;
    if (outcome == KEYSTORE_ABSENT) {
        ask_for_last(chat);
        return;
    }
    bool is_good = outcome == KEYSTORE_OK && unwrap(chat, wrapped);
    if (!is_good) {
        /* A key that is there and does not open is not a key that is gone: with the wrong master
         * key a host would take all conversations for erased, and settle what others have open. */
        bool is_shut = outcome == KEYSTORE_OK && record_tenant(chat->node, wrapped) != NULL;
        if (is_shut)
            log_line(LOG_ERROR, "chat.key_does_not_open", "conversation=%.*s",
                    SLICE_ARGS(chat_id(chat)));
        chat->key_state = CHAT_KEY_UNKNOWN;
        end_waiting(chat, is_shut ? LOG_QUARANTINED : LOG_RETRY);
        return;
    }
    while (!list_is_empty(&chat->waiting)) {
        struct log_change *change = LIST_ITEM(chat->waiting.next, struct log_change, link);
        list_remove(&change->link);
        log_submit(&chat->log, change);
    }
}

static void on_refused_later(void *user, const struct store_reply *reply)
{
    struct chat *chat = user;
    (void)reply;
    end_waiting(chat, LOG_MISSING);
    chat_release(chat);
}

static void submit(struct chat *chat, struct log_change *change)
{
    struct node *node = chat->node;
    if (chat->key_state == CHAT_KEY_READY) {
        log_submit(&chat->log, change);
        return;
    }
    list_append(&chat->waiting, &change->link);
    if (chat->key_state == CHAT_KEY_UNKNOWN) {
        chat->key_state = CHAT_KEY_LOADING;
        chat->key_sure_in = node->store->ops->generation(node->store);
        node->keystore->ops->get(node->keystore, chat_id(chat), on_key, chat);
    } else if (chat->key_state == CHAT_KEY_GONE) {
        chat_hold_again(chat); /* another's answer may end this change, and free the chat */
        node->store->ops->barrier(node->store, 0, on_refused_later, chat);
    }
}

/* ---- changes ----------------------------------------------------------------------------------
 */

/* When the due index looks after an entry, if its node has not. */
static uint64_t due_delay_ms(const struct node_settings *settings, const struct entry *entry)
{
    if (entry_part(entry, PART_TURN) != NULL)
        return settings->turn_lease_ms + 2000;
    if (entry_part(entry, PART_QUEUED) != NULL || entry_part(entry, PART_VOIDED) != NULL ||
            entry_part(entry, PART_CALLBACK) != NULL) /* which may be a request of its own */
        return DUE_AHEAD_MS_MIN;
    const struct part *owner = entry_part(entry, PART_OWNER);
    return owner != NULL && owner->owner == OWNER_AGENT ? 10000 : 0;
}

static enum log_decision decide(
        struct log_change *log_change, struct log *log, struct log_draft *draft)
{
    struct chat_change *change = LIST_ITEM(log_change, struct chat_change, log);
    struct chat *chat = LIST_ITEM(log, struct chat, log);
    struct entry entry;
    struct decision decision = {.draft = &entry};
    size_t mark = chat->node->scratch.used;
    if (change->tenant.len > 0 && !slice_equal(change->tenant, chat->tenant)) {
        change->refusal = REFUSAL_UNBORN;
        return LOG_NO;
    }
    change->decide(change, chat_fold(chat), node_time_ms(chat->node), &decision);
    change->refusal = decision.refusal;
    change->resend_from = decision.resend_from;
    change->at = decision.already;
    if (decision.verdict == VERDICT_APPEND) {
        check(log->seal_key != NULL); /* without a key it could only be stored for all to read */
        uint64_t delay_ms = due_delay_ms(chat->node->settings, &entry);
        entry_encode(&entry, &draft->plain);
        draft->time_ms = entry.time_ms;
        draft->is_due = delay_ms > 0;
        draft->due_at_ms = entry.time_ms + delay_ms;
        if (draft->is_due)
            due_note(chat->node, chat_id(chat), draft->due_at_ms);
        const struct part *called = entry_part(&entry, PART_CALLBACK);
        change->callback_event = called ? callback_event_of(called->reason) : 0;
    }
    chat->node->scratch.used = mark;
    return decision.verdict == VERDICT_APPEND    ? LOG_APPEND
           : decision.verdict == VERDICT_ALREADY ? LOG_ALREADY
                                                 : LOG_NO;
}

static void on_done(struct log_change *log_change, struct log *log)
{
    struct chat_change *change = LIST_ITEM(log_change, struct chat_change, log);
    struct chat *chat = LIST_ITEM(log, struct chat, log);
    enum log_outcome outcome = log_change->result.outcome;
    if (outcome == LOG_APPENDED) {
        change->at = log_change->result.at;
        change->time_ms = log_change->result.time_ms;
    }
    struct team *team = outcome == LOG_APPENDED && change->callback_event > 0
                                ? pools_team(chat->node, chat->tenant)
                                : NULL;
    if (team != NULL)
        team_count_callback(team, change->callback_event);
    if (outcome == LOG_QUARANTINED && chat->is_erased)
        outcome = LOG_MISSING; /* its key went while the log was being read */
    if (outcome == LOG_MISSING)
        change->refusal = chat->is_erased ? REFUSAL_ERASED : REFUSAL_UNBORN;
    change->done(change, outcome);
    chat_release(chat);
}

void chat_change(struct chat *chat, struct chat_change *change)
{
    change->chat = chat;
    change->refusal = REFUSAL_NONE;
    change->log.decide = decide;
    change->log.done = on_done;
    chat_hold_again(chat);
    submit(chat, &change->log);
}

/* Other nodes append as well: what is here counts once it was read after the question. */
static void decide_touch(struct chat_change *change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    (void)now_ms;
    uint64_t since = LIST_ITEM(change, struct chat_touch, change)->since;
    bool is_fresh = log_is_fresh(change->log.log, since ? since : change->log.asked_at);
    decision->verdict = is_fresh ? VERDICT_ALREADY : VERDICT_NO;
    decision->already = fold->tail;
}

static void on_touched(struct chat_change *change, enum log_outcome outcome)
{
    struct chat_touch *touch = LIST_ITEM(change, struct chat_touch, change);
    touch->done(touch, outcome);
}

void chat_touch(struct chat *chat, struct chat_touch *touch)
{
    touch->change.decide = decide_touch;
    touch->change.done = on_touched;
    chat_change(chat, &touch->change);
}

/* ---- what a client is told --------------------------------------------------------------------
 */

enum proto_error_code refusal_code(enum refusal refusal)
{
    switch (refusal) {
    case REFUSAL_NONE:
        return PROTO_ERROR_INTERNAL;
    case REFUSAL_FENCED:
        return PROTO_ERROR_FENCED;
    case REFUSAL_CLOSED:
        return PROTO_ERROR_CASE_CLOSED;
    case REFUSAL_OPEN:
        return PROTO_ERROR_CASE_OPEN;
    case REFUSAL_ERASED:
        return PROTO_ERROR_CONVERSATION_ERASED;
    case REFUSAL_SUPERSEDED:
    case REFUSAL_UNBORN:
        return PROTO_ERROR_UNKNOWN_CONVERSATION;
    case REFUSAL_BAD_LINEAGE:
        return PROTO_ERROR_BAD_LINEAGE;
    case REFUSAL_RESEND:
        return PROTO_ERROR_RESEND;
    case REFUSAL_OTHER_BODY:
        return PROTO_ERROR_DIFFERENT_BODY;
    case REFUSAL_LONG_AGO:
        return PROTO_ERROR_ALREADY_SENT;
    case REFUSAL_IDENTITY_TAKEN:
        return PROTO_ERROR_IDENTITY_TAKEN;
    case REFUSAL_STATE_FULL:
        return PROTO_ERROR_OUT_OF_RANGE;
    case REFUSAL_NO_MESSAGE:
        return PROTO_ERROR_NO_SUCH_MESSAGE;
    case REFUSAL_DELETED:
        return PROTO_ERROR_MESSAGE_DELETED;
    case REFUSAL_TOO_LATE:
        return PROTO_ERROR_TOO_LATE;
    case REFUSAL_NOT_WAITING:
        return PROTO_ERROR_NOT_WAITING;
    case REFUSAL_NO_CALLBACK:
        return PROTO_ERROR_NO_CALLBACK;
    }
    return PROTO_ERROR_INTERNAL;
}

/* A store that was lost is soon back; one that is full waits for somebody to make room. */
uint64_t outcome_wait_ms(struct node *node, enum log_outcome outcome)
{
    static const struct outage_bounds lost = {100, 2000}, full = {500, 5000};
    uint64_t drawn = 0;
    if (outcome != LOG_RETRY && outcome != LOG_FULL)
        return 0;
    node->random->fill(node->random, &drawn, sizeof drawn);
    return outcome == LOG_RETRY
                   ? outage_wait_ms(&node->store_lost, &lost, node_clock_ms(node), drawn)
                   : outage_wait_ms(&node->store_full, &full, node_clock_ms(node), drawn);
}

enum proto_error_code outcome_code(enum log_outcome outcome, enum refusal refusal)
{
    switch (outcome) {
    case LOG_APPENDED:
    case LOG_WAS_ALREADY:
        return PROTO_ERROR_INTERNAL; /* not an error */
    case LOG_REFUSED:
        return refusal_code(refusal);
    case LOG_RETRY:
        return PROTO_ERROR_STORE_UNAVAILABLE;
    case LOG_FULL:
        return PROTO_ERROR_STORE_FULL;
    case LOG_MISSING:
        return refusal == REFUSAL_ERASED ? PROTO_ERROR_CONVERSATION_ERASED
                                         : PROTO_ERROR_UNKNOWN_CONVERSATION;
    case LOG_QUARANTINED:
        return PROTO_ERROR_QUARANTINED;
    case LOG_READ_ONLY:
        return PROTO_ERROR_NEWER_LOG;
    }
    return PROTO_ERROR_INTERNAL;
}
