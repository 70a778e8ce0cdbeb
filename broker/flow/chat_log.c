/* SPDX-License-Identifier: Apache-2.0 */
/* How a conversation's log is folded, and what happens when it grew.
 *
 * Invariant: the fold moves by conversation_apply alone, for own and for foreign entries alike. New
 * entries go to the followers (deliver.c) and call for what follows from them (follow_up.c); both
 * look at where the conversation stands, not at who brought it there.
 */
#include "flow/chat.h"

#include "base/check.h"
#include "flow/assignments.h"
#include "flow/chat_fold.h"
#include "flow/chat_hints.h"
#include "flow/chat_read.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/erase.h"
#include "flow/follow_up.h"
#include "flow/key_checks.h"

#include <stdlib.h>

/* While a snapshot is on its way others get in before it. */
enum { SNAPSHOT_EVERY = 64, LOAD_COUNT = SNAPSHOT_EVERY + 16 };

/* What is folded is told at once, where the store's answer is enough. So the entry that was folded
 * last stays decoded, a message's or another short one: its bytes, ENTRY_PARTS_MAX parts, and a
 * pair in every four bytes fit. */
enum { KEPT_PLAIN_MAX = 1024, KEPT_BYTES = 32 * 1024 };

struct kept_entry {
    const struct chat *chat; /* whose; NULL: none is kept */
    struct arena arena;      /* what the entry borrows from */
    struct entry entry;
    uint8_t bytes[KEPT_BYTES];
};

bool kept_entry_create(struct node *node)
{
    node->kept = calloc(1, sizeof *node->kept);
    if (node->kept != NULL)
        arena_init(&node->kept->arena, node->kept->bytes, KEPT_BYTES);
    return node->kept != NULL;
}

void kept_entry_destroy(struct node *node)
{
    free(node->kept);
    node->kept = NULL;
}

static struct chat *chat_of(struct log *log)
{
    return LIST_ITEM(log, struct chat, log);
}

/* Whoever can write to the store can write an unsealed record: of all that a conversation says,
 * only that it was erased may be unsealed, for then there is no key. */
static bool is_authentic(const struct record *record, const struct entry *entry)
{
    return record->is_sealed || (entry->part_count == 1 && entry->parts[0].kind == PART_ERASED);
}

static enum log_fold decode_into(
        struct arena *arena, const struct record *record, struct entry *entry)
{
    switch (entry_decode(record->plain, arena, entry)) {
    case ENTRY_GOOD:
        if (!is_authentic(record, entry))
            return LOG_FOLD_DAMAGED;
        entry->at = record->at;
        entry->time_ms = record->time_ms;
        return LOG_FOLDED;
    case ENTRY_UNKNOWN_KIND:
        return LOG_FOLD_UNKNOWN;
    case ENTRY_DAMAGED:
        return LOG_FOLD_DAMAGED;
    }
    return LOG_FOLD_DAMAGED;
}

static enum log_fold decode(struct chat *chat, const struct record *record, struct entry *entry)
{
    return decode_into(&chat->node->scratch, record, entry);
}

/* A name says which entry it is, and on which branch. */
static bool is_kept(const struct chat *chat, const struct record *record)
{
    const struct kept_entry *kept = chat->node->kept;
    return kept->chat == chat && name_equal(&kept->entry.at, &record->at);
}

static void copy_kept(const struct node *node, struct entry *out_entry)
{
    const struct entry *entry = &node->kept->entry;
    memcpy(out_entry, entry, offsetof(struct entry, parts));
    memcpy(out_entry->parts, entry->parts, entry->part_count * sizeof *entry->parts);
    out_entry->part_count = entry->part_count;
}

/* What became of the message, as table and pages know it; the table is newer. */
static const struct amendment *amendment_of(const struct chat *chat, const struct name *target)
{
    const struct amendment *found = amendments_find(&chat_fold(chat)->amendments, target);
    const struct chat_read *paging = chat->paging;
    for (size_t i = 0; paging != NULL && found == NULL && i < paging->paged_count; i++)
        if (name_equal(&paging->paged[i].target, target))
            found = &paging->paged[i];
    return found;
}

/* Words that no longer hold are not shown: what stands in their place says so. */
static void withhold(struct chat *chat, struct part *part, bool is_deleted)
{
    struct proto_body body = {.kind = is_deleted ? PROTO_BODY_KIND_DELETED : PROTO_BODY_KIND_EDITED,
            .text = is_deleted ? SLICE_OF("This message was deleted.")
                               : SLICE_OF("This message was edited.")};
    part->body = body_encode(&body, &chat->node->scratch);
}

static void withhold_amended(struct chat *chat, struct entry *entry)
{
    for (size_t i = 0; i < entry->part_count; i++) {
        struct part *part = &entry->parts[i];
        bool is_edit = part->kind == PART_EDITED;
        if (part->kind != PART_MESSAGE && !is_edit)
            continue;
        const struct amendment *by = amendment_of(chat, is_edit ? &part->ref : &entry->at);
        bool is_current = by == NULL || (is_edit && !by->is_deleted && by->by_seq == entry->at.seq);
        if (!is_current)
            withhold(chat, part, by->is_deleted);
    }
}

bool chat_read_entry(struct chat *chat, const struct record *record, struct entry *out_entry)
{
    if (is_kept(chat, record))
        copy_kept(chat->node, out_entry);
    else if (decode(chat, record, out_entry) != LOG_FOLDED)
        return false;
    withhold_amended(chat, out_entry);
    return true;
}

static void clear(struct log *log)
{
    struct chat *chat = chat_of(log);
    chat_fold_clear(chat);
    chat->saved_seq = 0;
}

static enum log_fold apply_entry(struct chat *chat, const struct entry *entry)
{
    if (conversation_apply(chat_fold(chat), entry) != FOLD_OK)
        return LOG_FOLD_UNKNOWN;
    if (entry_part(entry, PART_SNAPSHOT) != NULL)
        chat->saved_seq = entry->at.seq;
    return LOG_FOLDED;
}

static enum log_fold apply_long(struct chat *chat, const struct record *record)
{
    struct entry entry;
    size_t mark = chat->node->scratch.used;
    enum log_fold fold = decode(chat, record, &entry);
    if (fold == LOG_FOLDED)
        fold = apply_entry(chat, &entry);
    chat->node->scratch.used = mark;
    return fold;
}

static enum log_fold apply_and_keep(struct chat *chat, const struct record *record)
{
    struct kept_entry *kept = chat->node->kept;
    arena_reset(&kept->arena);
    enum log_fold fold = decode_into(&kept->arena, record, &kept->entry);
    if (fold == LOG_FOLDED)
        fold = apply_entry(chat, &kept->entry);
    if (fold == LOG_FOLDED)
        kept->chat = chat;
    return fold;
}

static enum log_fold apply(struct log *log, const struct record *record)
{
    struct chat *chat = chat_of(log);
    chat->node->kept->chat = NULL;
    return record->plain.len <= KEPT_PLAIN_MAX ? apply_and_keep(chat, record)
                                               : apply_long(chat, record);
}

static bool holds_snapshot(struct log *log, const struct record *record)
{
    struct chat *chat = chat_of(log);
    struct entry entry;
    size_t mark = chat->node->scratch.used;
    bool holds =
            entry_may_stand_for_all(record->plain, &chat->node->scratch) &&
            decode(chat, record, &entry) == LOG_FOLDED &&
            (entry_part(&entry, PART_SNAPSHOT) != NULL || entry_part(&entry, PART_ERASED) != NULL);
    chat->node->scratch.used = mark;
    return holds;
}

/* From a snapshot, or from ERASED, which stands for everything before it. */
static enum log_fold restore(struct log *log, const struct record *record)
{
    struct chat *chat = chat_of(log);
    struct entry entry;
    size_t mark = chat->node->scratch.used;
    enum log_fold fold = decode(chat, record, &entry);
    const struct part *part = fold == LOG_FOLDED ? entry_part(&entry, PART_SNAPSHOT) : NULL;
    if (part != NULL && !fold_decode(part->body, &chat->node->scratch, chat_fold(chat)))
        fold = LOG_FOLD_DAMAGED;
    chat_fold(chat)->tail.seq = record->at.seq - 1;
    if (fold == LOG_FOLDED && conversation_apply(chat_fold(chat), &entry) != FOLD_OK)
        fold = LOG_FOLD_UNKNOWN;
    chat->saved_seq = record->at.seq;
    chat->node->scratch.used = mark;
    return fold;
}

static void decide_snapshot(struct chat_change *change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct arena *scratch = &change->chat->node->scratch;
    enum { ROOM = 32768 };
    if (fold->phase == PHASE_ERASED || fold->phase == PHASE_UNBORN) {
        decision->verdict = VERDICT_NO; /* nothing comes after ERASED */
        decision->refusal = REFUSAL_ERASED;
        return;
    }
    struct buffer out = buffer_make(arena_take_raw(scratch, ROOM), ROOM);
    check(out.bytes != NULL);
    fold_encode(fold, scratch, &out);
    check(!out.overflowed);
    *decision->draft = (struct entry){.time_ms = now_ms,
            .author.kind = AUTHOR_SYSTEM,
            .after_public = fold->public_tail,
            .after_staff = fold->staff_tail};
    entry_add(decision->draft, PART_SNAPSHOT)->body = buffer_slice(&out);
    decision->verdict = VERDICT_APPEND;
}

static void on_snapshot(struct chat_change *change, enum log_outcome outcome)
{
    (void)outcome; /* the next entry tries again */
    change->chat->snapshot = NULL;
    spares_give_back(&change->chat->node->changes, change, sizeof *change);
}

void chat_snapshot(struct chat *chat)
{
    if (chat->snapshot != NULL || chat_fold(chat)->tail.seq < chat->saved_seq + SNAPSHOT_EVERY ||
            chat_fold(chat)->phase == PHASE_ERASED)
        return;
    chat->snapshot = spares_take(&chat->node->changes, sizeof *chat->snapshot);
    if (chat->snapshot == NULL)
        return;
    *chat->snapshot = (struct chat_change){.decide = decide_snapshot, .done = on_snapshot};
    chat_change(chat, chat->snapshot);
}

static void follow_up_record(struct chat *chat, const struct record *record)
{
    deliver_record(chat, record);
    chat->told = record;
    follow_up(chat);
    chat->told = NULL;
}

static void on_record(struct log *log, const struct record *record)
{
    struct chat *chat = chat_of(log);
    chat->own_seq = record->at.seq;
    chat_tell_record(chat, record);
    follow_up_record(chat, record);
    chat_snapshot(chat);
}

/* The node that appended it sees to snapshots. */
static void on_foreign(struct log *log, const struct record *record)
{
    follow_up_record(chat_of(log), record);
}

static void on_moved(struct log *log)
{
    struct chat *chat = chat_of(log);
    if (chat_fold(chat)->phase == PHASE_ERASED && chat->key_state == CHAT_KEY_READY)
        erase_here(chat);
    key_check(chat);
    deliver_moved(chat);
    chat->is_learnt = true;
    follow_up(chat);
    chat->is_learnt = false;
}

static void on_lost(struct log *log)
{
    deliver_lost(chat_of(log));
    assignments_lost(chat_of(log));
}

const struct log_kind chat_log_kind = {
        .clear = clear,
        .apply = apply,
        .holds_snapshot = holds_snapshot,
        .load_count = LOAD_COUNT,
        .loads_wait = true,
        .restore = restore,
        .on_record = on_record,
        .on_moved = on_moved,
        .on_foreign = on_foreign,
        .on_lost = on_lost,
};
