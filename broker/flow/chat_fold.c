/* SPDX-License-Identifier: Apache-2.0 */
/* The shelf: a fold is 16 KiB while it is worked with, and some hundred bytes while nothing
 * happens.
 *
 *   in use: fold ----- 5 s without anybody ----> put away: the same bytes without their zeros
 *              <---- whoever asks for it --------
 *
 * A fold is a plain value, and most of it is room for what few conversations have. It goes nowhere
 * but into this process's memory, so its bytes are kept and not what they mean: a snapshot, which
 * names everything, takes three times the room and a hundred times the work.
 *
 * At most SHELF_FOLDS_MAX are in use from one look to the next: beyond that the one unused for
 * longest rests early. So a storm of loads works in the same few megabytes, however long it lasts.
 *
 * Folds in use lie together (base/slabs.h), and among nothing else: so their memory is the system's
 * again when they rest, and a thousand of them are few pages to a processor.
 *
 * Ten thousand customers who only have a page open cost what they have to, not what a busy
 * conversation costs. Nothing is read from the store for it, in either direction.
 *
 * Invariant: a chat has a fold or a packed one, and chat_fold gives the same value either way.
 * Only the shelf's timer puts away, never anything that a flow calls: a fold in hand stays where it
 * is until the loop turns.
 */
#include "flow/chat_fold.h"

#include "base/check.h"
#include "base/slabs.h"
#include "flow/chat.h"

#include <stdlib.h>

/* Shorter runs of zeros are kept: the head of a run is as long. */
enum {
    RUN_HEAD = 4,
    ZEROS_MIN = 8,
    FOLD_SIZE = sizeof(struct conversation),
    FOLD_ROOM = (FOLD_SIZE + 63) / 64 * 64 /* whole lines of the processor's cache */
};

_Static_assert(FOLD_SIZE <= UINT16_MAX, "the lengths of runs are of 16 bits");

struct shelf {
    struct node *node;
    struct timer timer;
    unsigned in_use_count;
    struct list in_use; /* chats with a fold, the least recently used first */
    struct slabs folds;
};

static unsigned folds_max(const struct shelf *shelf)
{
    uint32_t wanted = shelf->node->settings->folds_max;
    return wanted > 0 ? wanted : SHELF_FOLDS_MAX;
}

void chat_fold_used(struct chat *chat)
{
    struct shelf *shelf = chat->node->shelf;
    chat->used_ms = node_clock_ms(chat->node);
    list_remove(&chat->in_use);
    if (chat->fold_in_use != NULL)
        list_append(&shelf->in_use, &chat->in_use);
}

/* ---- the bytes --------------------------------------------------------------------------------
 */

static bool are_eight_zeros(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word == 0;
}

static size_t zeros_at(const uint8_t *bytes, size_t at)
{
    size_t start = at;
    while (at + 8 <= FOLD_SIZE && are_eight_zeros(bytes + at))
        at += 8;
    while (at < FOLD_SIZE && bytes[at] == 0)
        at++;
    return at - start;
}

static void put_run(struct buffer *out, size_t zeros, const uint8_t *bytes, size_t len)
{
    uint16_t head[2] = {(uint16_t)zeros, (uint16_t)len};
    _Static_assert(sizeof head == RUN_HEAD, "");
    buffer_put(out, head, sizeof head);
    buffer_put(out, bytes, len);
}

/* Runs: so many zeros, then so many bytes as they are. */
static void pack(const struct conversation *fold, struct buffer *out)
{
    const uint8_t *bytes = (const uint8_t *)fold;
    size_t at = 0;
    while (at < FOLD_SIZE) {
        size_t zeros = zeros_at(bytes, at), start = at + zeros, gap = 0;
        for (at = start; at<FOLD_SIZE; at += gap> 0 ? gap : 1) {
            gap = zeros_at(bytes, at);
            if (gap >= ZEROS_MIN || at + gap == FOLD_SIZE)
                break;
        }
        put_run(out, zeros, bytes + start, at - start);
    }
}

/* fold is all zero. */
static void unpack(struct slice packed, struct conversation *fold)
{
    uint8_t *bytes = (uint8_t *)fold;
    size_t from = 0, to = 0;
    while (from < packed.len) {
        uint16_t head[2];
        memcpy(head, packed.bytes + from, sizeof head);
        from += sizeof head;
        to += head[0];
        memcpy(bytes + to, packed.bytes + from, head[1]);
        from += head[1];
        to += head[1];
    }
    check(from == packed.len && to <= FOLD_SIZE);
}

/* ---- out and away -----------------------------------------------------------------------------
 */

static void drop_packed(struct chat *chat)
{
    free((char *)chat->fold_away.bytes);
    chat->fold_away = SLICE_NONE;
}

/* Nothing at all is packed to nothing. */
void chat_fold_clear(struct chat *chat)
{
    drop_packed(chat);
    if (chat->fold_in_use != NULL)
        memset(chat->fold_in_use, 0, sizeof *chat->fold_in_use);
    chat_fold_used(chat);
}

void chat_fold_finish(struct chat *chat)
{
    struct shelf *shelf = chat->node->shelf;
    drop_packed(chat);
    shelf->in_use_count -= chat->fold_in_use != NULL;
    slabs_give_back(&shelf->folds, chat->fold_in_use);
    list_remove(&chat->in_use);
    chat->fold_in_use = NULL;
}

static void look_at(struct shelf *shelf, uint64_t at_ms)
{
    shelf->node->timers->ops->arm(shelf->node->timers, &shelf->timer, at_ms);
}

struct conversation *chat_fold_take_out(struct chat *chat)
{
    struct shelf *shelf = chat->node->shelf;
    chat->fold_in_use = slabs_take(&shelf->folds);
    check(chat->fold_in_use != NULL);
    memset(chat->fold_in_use, 0, FOLD_SIZE);
    unpack(chat->fold_away, chat->fold_in_use);
    drop_packed(chat);
    chat_fold_used(chat);
    if (++shelf->in_use_count == folds_max(shelf) + 1)
        look_at(shelf, node_clock_ms(chat->node));
    return chat->fold_in_use;
}

/* What is being read or appended, or was never read, stays. */
static bool may_go(const struct chat *chat)
{
    return chat_is_idle(chat) && chat->log.state == LOG_READY && chat->paging == NULL &&
           name_equal(&chat->fold_in_use->tail, &chat->log.tail);
}

static void put_away(struct chat *chat)
{
    char room[FOLD_SIZE + 2 * RUN_HEAD];
    struct buffer out = buffer_make(room, sizeof room);
    pack(chat->fold_in_use, &out);
    check(!out.overflowed);
    char *kept = malloc(out.len);
    if (kept != NULL) {
        memcpy(kept, out.bytes, out.len);
        chat_fold_finish(chat);
        chat->fold_away = slice_make(kept, out.len);
    } else {
        chat_fold_used(chat); /* later */
    }
}

/* Of those in use, the one unused for longest; NULL: it is not to go yet. */
static struct chat *next_to_go(const struct shelf *shelf, uint64_t now_ms)
{
    struct chat *chat = LIST_ITEM(shelf->in_use.next, struct chat, in_use);
    bool is_at_rest = !list_is_empty(&shelf->in_use) && chat->used_ms + SHELF_AFTER_MS <= now_ms;
    return is_at_rest || shelf->in_use_count > folds_max(shelf) ? chat : NULL;
}

static void on_look(struct timer *timer)
{
    struct shelf *shelf = LIST_ITEM(timer, struct shelf, timer);
    uint64_t now_ms = node_clock_ms(shelf->node);
    struct chat *chat = next_to_go(shelf, now_ms);
    for (int i = 0; i < SHELF_AT_ONCE && chat != NULL; i++, chat = next_to_go(shelf, now_ms)) {
        if (may_go(chat))
            put_away(chat);
        else
            chat_fold_used(chat);
    }
    bool is_crowded = shelf->in_use_count > folds_max(shelf);
    look_at(shelf, now_ms + (is_crowded ? SHELF_CROWDED_MS : SHELF_LOOK_MS));
}

bool shelf_create(struct node *node)
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    node->shelf = shelf;
    if (shelf == NULL)
        return false;
    shelf->node = node;
    shelf->timer.on_due = on_look;
    list_init(&shelf->in_use);
    slabs_init(&shelf->folds, FOLD_ROOM);
    look_at(shelf, node_clock_ms(node) + SHELF_LOOK_MS);
    return true;
}
