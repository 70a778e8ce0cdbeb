/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: exactly once from the client's side.
 *
 * Invariant: a message never has two numbers under which the server could accept it. A number is
 * given when a message is first sent, and taken back only when the server has certainly not
 * accepted the message under it: it said so, or an earlier number of that lineage stays unused for
 * ever (a hole), and behind a hole nothing is accepted. Messages of one lineage go out in the order
 * of their numbers; those of the next lineage wait until the last one is settled.
 *
 * A message that was told "later" goes out alone when the time is over, and nothing behind it
 * before its ack: so a long row under a limit is refused once a time, and not with all of it.
 */
#include "bots/sdk/c/outbox.h"

#include "base/buffer.h"
#include "base/check.h"
#include "bots/sdk/c/outbox_item.h"
#include "bots/sdk/c/outbox_numbers.h"

enum { MOVES_MAX = 3, FULL_WAIT_MS = 20 };

void outbox_init(struct outbox *outbox, const struct outbox_options *options)
{
    *outbox = (struct outbox){.options = *options, .next_n = 1};
    outbox_copy_text(outbox->prefix, sizeof outbox->prefix, slice_of_string(options->prefix));
    list_init(&outbox->items);
}

void outbox_finish(struct outbox *outbox)
{
    LIST_EACH (node, next, &outbox->items)
        outbox_item_destroy(outbox_item_of(node));
    outbox->kept = outbox->unacked = outbox->flying = 0;
}

uint64_t outbox_put(struct outbox *outbox, const struct outbox_message *message)
{
    if (outbox->unacked == OUTBOX_UNACKED_MAX)
        return 0;
    struct outbox_item *item = outbox_item_create(message);
    item->key = ++outbox->last_key;
    item->send.conversation = outbox->options.conversation;
    list_append(&outbox->items, &item->node);
    outbox->unacked++;
    return item->key;
}

/* ---- the connection ------------------------------------------------------------------------ */

void outbox_on_welcome(struct outbox *outbox, struct slice lineage)
{
    outbox->is_connected = true;
    outbox->quiet_until_ms = 0;
    if (lineage.len > 0 && lineage.len <= OUTBOX_LINEAGE_MAX)
        outbox_copy_text(outbox->spare, sizeof outbox->spare, lineage);
    outbox_mend_hole(outbox, true);
    if (outbox_has_fresh_lineage(outbox) &&
            (outbox->lineage[0] == '\0' || !outbox_has_numbered(outbox)))
        outbox_take_fresh_lineage(outbox);
}

void outbox_on_disconnect(struct outbox *outbox)
{
    outbox->is_connected = false;
    LIST_EACH (node, next, &outbox->items)
        if (outbox_item_of(node)->state == OUTBOX_FLYING)
            outbox_set_state(outbox, outbox_item_of(node), OUTBOX_WAITING);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void forget_oldest_kept(struct outbox *outbox)
{
    LIST_EACH (node, next, &outbox->items) {
        if (outbox->kept <= OUTBOX_KEPT_MAX)
            return;
        if (outbox_item_of(node)->state == OUTBOX_ACKED)
            outbox_discard(outbox, outbox_item_of(node));
    }
}

static void accept(struct outbox *outbox, struct outbox_item *item, const struct name *at)
{
    bool is_news = !item->has_at || (at != NULL && !name_equal(at, &item->at));
    uint64_t key = item->key, n = item->send.n;
    outbox_set_state(outbox, item, OUTBOX_ACKED);
    item->is_unsure = item->was_told_later = false;
    item->has_at = true;
    if (at != NULL)
        item->at = *at;
    backoff_reset(&outbox->backoff);
    forget_oldest_kept(outbox);
    if (is_news)
        outbox->options.on_acked(outbox->options.context, key, n, at);
}

static struct outbox_item *find_number(struct outbox *outbox, struct slice lineage, uint64_t n)
{
    LIST_EACH (node, next, &outbox->items) {
        struct outbox_item *item = outbox_item_of(node);
        if (item->state != OUTBOX_NEW && item->send.n == n && slice_is(lineage, item->lineage))
            return item;
    }
    return NULL;
}

static struct outbox_item *find_flying(struct outbox *outbox, struct slice id)
{
    LIST_EACH (node, next, &outbox->items) {
        struct outbox_item *item = outbox_item_of(node);
        if (item->state == OUTBOX_FLYING && slice_equal(item->send.id, id))
            return item;
    }
    return NULL;
}

static enum outbox_verdict verdict_of(bool is_mended)
{
    return is_mended ? OUTBOX_SETTLED : OUTBOX_RECONNECT;
}

static enum outbox_verdict on_ack(struct outbox *outbox, const struct proto_ack *ack)
{
    struct outbox_item *item =
            ack->has_n ? find_number(outbox, ack->lineage, ack->n) : find_flying(outbox, ack->id);
    if (item == NULL)
        return OUTBOX_NOT_MINE;
    accept(outbox, item, &ack->at);
    return verdict_of(outbox_mend_hole(outbox, false));
}

/* The lineage is not known to the server. What cannot have been accepted moves to another one. */
static enum outbox_verdict on_bad_lineage(
        struct outbox *outbox, struct outbox_item *item, bool was_unsure)
{
    uint64_t key = item->key;
    bool is_present = strcmp(item->lineage, outbox->lineage) == 0;
    bool may_move = !was_unsure && item->moves++ < MOVES_MAX;
    if (may_move)
        outbox_take_number_back(outbox, item);
    else
        outbox_discard(outbox, item);
    if (is_present && outbox_has_fresh_lineage(outbox))
        outbox_take_fresh_lineage(outbox);
    else if (is_present)
        outbox->lineage[0] = '\0';
    if (!may_move)
        outbox->options.on_refused(outbox->options.context, key, PROTO_ERROR_BAD_LINEAGE);
    return verdict_of(outbox->lineage[0] != '\0');
}

static enum outbox_verdict on_never(
        struct outbox *outbox, struct outbox_item *item, enum proto_error_code code)
{
    uint64_t key = item->key;
    if (code == PROTO_ERROR_ALREADY_SENT) {
        accept(outbox, item, NULL);
        return verdict_of(outbox_mend_hole(outbox, false));
    }
    if (code != PROTO_ERROR_DIFFERENT_BODY)
        outbox_open_hole(outbox, item->lineage, item->send.n);
    outbox_discard(outbox, item);
    bool is_mended = outbox_mend_hole(outbox, false);
    outbox->options.on_refused(outbox->options.context, key, code);
    return verdict_of(is_mended);
}

/* The server misses earlier numbers: those that it had once acknowledged go out again. */
static enum outbox_verdict on_resend(
        struct outbox *outbox, struct outbox_item *item, const struct proto_error *error)
{
    uint64_t from = error->has_resend_from ? error->resend_from : item->send.n;
    outbox_set_state(outbox, item, OUTBOX_WAITING);
    item->is_unsure = false;
    bool is_at_hand = find_number(outbox, item->send.lineage, from) != NULL;
    if (!is_at_hand && from < item->send.n)
        outbox_open_hole(outbox, item->lineage, from);
    LIST_EACH (node, next, &outbox->items) {
        struct outbox_item *kept = outbox_item_of(node);
        if (kept->state == OUTBOX_ACKED && kept->send.n >= from &&
                strcmp(kept->lineage, item->lineage) == 0)
            outbox_set_state(outbox, kept, OUTBOX_WAITING);
    }
    return verdict_of(outbox_mend_hole(outbox, false));
}

/* What was in the air together is refused together: all of it is one failure. */
static void wait_again(struct outbox *outbox, const struct outbox_item *item, uint64_t floor_ms,
        uint64_t random, uint64_t now_ms)
{
    uint64_t wait_ms = floor_ms;
    if (item->sent_in == outbox->round) {
        wait_ms = backoff_next_ms(&outbox->backoff, random, floor_ms);
        outbox->round++;
    }
    if (now_ms + wait_ms > outbox->quiet_until_ms)
        outbox->quiet_until_ms = now_ms + wait_ms;
}

static enum outbox_verdict on_again(struct outbox *outbox, struct outbox_item *item,
        const struct proto_error *error, uint64_t random, uint64_t now_ms)
{
    /* "later" is said before anything is written; "same" may hide an append that went through. */
    if (error->retry == PROTO_RETRY_LATER && !slice_is(error->code, "internal"))
        item->is_unsure = false;
    outbox_set_state(outbox, item, OUTBOX_WAITING);
    item->was_told_later = true;
    wait_again(outbox, item, error->has_retry_after_ms ? error->retry_after_ms : 0, random, now_ms);
    return verdict_of(outbox_mend_hole(outbox, false));
}

static enum outbox_verdict on_error(
        struct outbox *outbox, const struct proto_error *error, uint64_t random, uint64_t now_ms)
{
    struct outbox_item *item = find_flying(outbox, error->id);
    enum proto_error_code code = proto_error_find(error->code);
    if (item == NULL)
        return OUTBOX_NOT_MINE;
    switch (error->retry) {
    case PROTO_RETRY_NEVER:
        return code == PROTO_ERROR_BAD_LINEAGE ? on_bad_lineage(outbox, item, item->was_unsure)
                                               : on_never(outbox, item, code);
    case PROTO_RETRY_RESEND:
        return on_resend(outbox, item, error);
    case PROTO_RETRY_SAME:
    case PROTO_RETRY_LATER:
        return on_again(outbox, item, error, random, now_ms);
    case PROTO_RETRY_TOKEN:
        break; /* the connection ends; it goes out on the next one */
    }
    return OUTBOX_SETTLED;
}

/* Our own words come back: they are accepted, whatever became of the ack. */
static enum outbox_verdict on_entry(struct outbox *outbox, const struct proto_entry_view *entry)
{
    enum outbox_verdict verdict = OUTBOX_NOT_MINE;
    for (size_t i = 0; i < entry->parts_count; i++) {
        const struct proto_part *part = &entry->parts[i];
        struct outbox_item *item = part->has_n ? find_number(outbox, part->lineage, part->n) : NULL;
        if (item == NULL)
            continue;
        accept(outbox, item, &entry->at);
        verdict = verdict_of(outbox_mend_hole(outbox, false));
    }
    return verdict;
}

static bool is_our_conversation(const struct outbox *outbox, struct slice conversation)
{
    return outbox->options.conversation.len == 0 ||
           slice_equal(outbox->options.conversation, conversation);
}

/* The store may have lost what it had acknowledged: all that we keep goes out again, and gets its
 * old place or a new one. */
static enum outbox_verdict on_reset(struct outbox *outbox, const struct proto_reset *reset)
{
    if (!is_our_conversation(outbox, reset->conversation) ||
            reset->reason == PROTO_RESET_REASON_SUPERSEDED)
        return OUTBOX_NOT_MINE;
    LIST_EACH (node, next, &outbox->items)
        if (outbox_item_of(node)->state == OUTBOX_ACKED)
            outbox_set_state(outbox, outbox_item_of(node), OUTBOX_WAITING);
    return OUTBOX_SETTLED;
}

enum outbox_verdict outbox_on_frame(
        struct outbox *outbox, const struct proto_frame *frame, uint64_t random, uint64_t now_ms)
{
    if (frame->kind == PROTO_KIND_ACK)
        return on_ack(outbox, &frame->as.ack);
    if (frame->kind == PROTO_KIND_ERROR)
        return on_error(outbox, &frame->as.error, random, now_ms);
    if (frame->kind == PROTO_KIND_ENTRY)
        return is_our_conversation(outbox, frame->as.entry.conversation)
                       ? on_entry(outbox, &frame->as.entry)
                       : OUTBOX_NOT_MINE;
    if (frame->kind == PROTO_KIND_RESET)
        return on_reset(outbox, &frame->as.reset);
    return OUTBOX_NOT_MINE;
}

/* ---- sending -------------------------------------------------------------------------------- */

static void number(struct outbox *outbox, struct outbox_item *item)
{
    char space[64];
    struct buffer id = buffer_make(space, sizeof space);
    buffer_put(&id, outbox->prefix, strlen(outbox->prefix));
    buffer_put_u64(&id, outbox->lineage_count);
    buffer_put_char(&id, '.');
    buffer_put_u64(&id, outbox->next_n);
    outbox_item_number(item, outbox->lineage, outbox->next_n++, buffer_slice(&id));
    outbox_set_state(outbox, item, OUTBOX_WAITING);
}

/* May this message go out now, behind those of lineage `group`? */
static bool is_next(const struct outbox *outbox, const struct outbox_item *item, const char *group)
{
    bool is_full = outbox->flying >= (item->was_told_later ? 1 : OUTBOX_FLYING_MAX);
    if (is_full || outbox_is_behind_hole(outbox, item))
        return false;
    if (item->state == OUTBOX_NEW)
        return !outbox->has_hole && outbox->lineage[0] != '\0' &&
               (group == NULL || strcmp(group, outbox->lineage) == 0);
    return group == NULL || strcmp(group, item->lineage) == 0;
}

static bool send_item(struct outbox *outbox, struct outbox_item *item)
{
    const struct proto_frame frame = {.kind = PROTO_KIND_SEND, .as.send = item->send};
    if (!outbox->options.send(outbox->options.context, &frame))
        return false;
    item->was_unsure = item->is_unsure;
    item->is_unsure = true;
    item->sent_in = outbox->round;
    outbox_set_state(outbox, item, OUTBOX_FLYING);
    return true;
}

uint64_t outbox_flush(struct outbox *outbox, uint64_t now_ms)
{
    const char *group = NULL;
    if (!outbox->is_connected || outbox->unacked == 0)
        return 0;
    if (now_ms < outbox->quiet_until_ms)
        return outbox->quiet_until_ms - now_ms;
    LIST_EACH (node, next, &outbox->items) {
        struct outbox_item *item = outbox_item_of(node);
        if (item->state == OUTBOX_ACKED)
            continue;
        if (item->state != OUTBOX_FLYING) {
            if (!is_next(outbox, item, group))
                return 0;
            if (item->state == OUTBOX_NEW)
                number(outbox, item);
            if (!send_item(outbox, item))
                return FULL_WAIT_MS;
        }
        if (item->was_told_later)
            return 0; /* the next one follows its ack */
        group = item->lineage;
    }
    return 0;
}
