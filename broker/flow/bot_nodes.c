/* SPDX-License-Identifier: Apache-2.0 */
/* Turns across nodes: each node tells how many turns its workers can take, and one that has none
 * for an open turn asks one that has.
 *
 *   here: a worker came, went, took a turn; each second ---WORKERS---> all nodes
 *   a turn is open, no credit here --CALL--> the node with the most --loads the conversation-->
 *       its worker has the turn --ANSWER carried--> the caller's lease begins anew
 *       no credit any more -------ANSWER not------> the caller looks elsewhere
 *
 * Invariant: these are hints. A lost call ends with the caller's lease, in another attempt; a call
 * that was heard twice, or that two nodes heard, makes two deliveries at most, and one commit wins.
 * What a node said of its workers is forgotten when it has been silent for some seconds.
 */
#include "flow/bot_nodes.h"

#include "base/check.h"
#include "flow/bus_body.h"

#include <stdlib.h>

enum { TELL_MS = 1000, FORGET_MS = 3500, REMOTES_MAX = 256, BODY_MAX = 8192 };

/* The workers of one bot at one other node. */
struct remote {
    struct id_text node, tenant, bot;
    uint64_t free, heard_ms;
};

struct bot_nodes {
    struct node *node;
    struct timer timer;
    bool has_told; /* there was something to tell last time */
    size_t count;
    struct remote remotes[REMOTES_MAX];
};

/* ---- what the others have ---------------------------------------------------------------------
 */

static bool is_remote_for(const struct remote *remote, const struct chat *chat)
{
    return slice_equal(id_slice(&remote->tenant), chat->tenant) &&
           slice_equal(id_slice(&remote->bot), id_slice(&chat_fold(chat)->owner_id)) &&
           remote->heard_ms + FORGET_MS > node_clock_ms(chat->node) &&
           members_have(chat->node, id_slice(&remote->node));
}

static void forget_node(struct bot_nodes *all, struct slice id)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++)
        if (!slice_equal(id_slice(&all->remotes[i].node), id))
            all->remotes[kept++] = all->remotes[i];
    all->count = kept;
}

static void on_workers(struct node *node, const struct bus_hint *hint)
{
    struct bot_nodes *all = node->bot_nodes;
    struct bus_reader reader = {.left = hint->body};
    forget_node(all, hint->from);
    while (reader.left.len > 0 && !reader.is_bad && all->count < REMOTES_MAX) {
        struct remote *remote = &all->remotes[all->count];
        *remote = (struct remote){.heard_ms = node_clock_ms(node)};
        id_set(&remote->node, hint->from);
        id_set(&remote->tenant, bus_read_text(&reader));
        id_set(&remote->bot, bus_read_text(&reader));
        remote->free = bus_read_u64(&reader);
        all->count += !reader.is_bad;
    }
    bots_carry_waiting(node);
}

bool bot_nodes_are_alive(const struct chat *chat)
{
    const struct bot_nodes *all = chat->node->bot_nodes;
    for (size_t i = 0; i < all->count; i++)
        if (is_remote_for(&all->remotes[i], chat))
            return true;
    return false;
}

/* ---- what is here -----------------------------------------------------------------------------
 */

static bool is_same_bot(const struct session *a, const struct session *b)
{
    return slice_equal(a->tenant, b->tenant) &&
           slice_equal(id_slice(&a->subject), id_slice(&b->subject));
}

/* One value for each bot: told at its first worker. */
static void put_bot(struct buffer *body, struct list *workers, const struct session *worker)
{
    uint64_t room = 0;
    bool is_reached = false;
    LIST_EACH (at, next, workers) {
        const struct session *other = LIST_ITEM(at, struct session, of_role);
        is_reached = is_reached || other == worker;
        if (!is_same_bot(other, worker))
            continue;
        if (!is_reached)
            return;
        room += other->credits > other->turns ? other->credits - other->turns : 0;
    }
    bus_put_text(body, worker->tenant);
    bus_put_text(body, id_slice(&worker->subject));
    bus_put_u64(body, room);
}

void bot_nodes_tell(struct node *node)
{
    struct list *workers = bots_workers(node);
    char bytes[BODY_MAX];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    bool is_any = !list_is_empty(workers);
    if (!members_are_others(node) || (!is_any && !node->bot_nodes->has_told))
        return;
    LIST_EACH (at, next, workers)
        if (body.len + 3 * ID_MAX < sizeof bytes)
            put_bot(&body, workers, LIST_ITEM(at, struct session, of_role));
    node->bot_nodes->has_told = is_any;
    bus_tell_all(node, BUS_WORKERS, buffer_slice(&body));
}

static void on_timer(struct timer *timer)
{
    struct bot_nodes *all = LIST_ITEM(timer, struct bot_nodes, timer);
    all->node->timers->ops->arm(all->node->timers, timer, node_clock_ms(all->node) + TELL_MS);
    bot_nodes_tell(all->node);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static void put_turn(struct buffer *body, const struct chat *chat, const struct name *turn)
{
    bus_put_text(body, chat_id(chat));
    bus_put_name(body, turn);
}

bool bot_nodes_call(struct chat *chat, const struct name *turn)
{
    struct bot_nodes *all = chat->node->bot_nodes;
    struct remote *best = NULL;
    char bytes[128];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    for (size_t i = 0; i < all->count; i++)
        if (all->remotes[i].free > (best ? best->free : 0) && is_remote_for(&all->remotes[i], chat))
            best = &all->remotes[i];
    if (best == NULL)
        return false;
    best->free--; /* until it says itself what is left */
    put_turn(&body, chat, turn);
    bus_tell_node(chat->node, id_slice(&best->node), BUS_CALL, buffer_slice(&body));
    return true;
}

void bot_nodes_answer(
        struct chat *chat, struct slice caller, const struct name *turn, bool is_carried)
{
    char bytes[128];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    put_turn(&body, chat, turn);
    buffer_put_char(&body, (char)is_carried);
    bus_tell_node(chat->node, caller, BUS_ANSWER, buffer_slice(&body));
}

static void on_answer(struct node *node, const struct bus_hint *hint)
{
    struct bus_reader reader = {.left = hint->body};
    struct slice id = bus_read_text(&reader);
    struct name turn = bus_read_name(&reader);
    bool is_carried = bus_read_byte(&reader);
    struct chat *chat = bus_read_all(&reader) && conversation_id_is_well_formed(id)
                                ? chat_find(node, id)
                                : NULL;
    for (size_t i = 0; !is_carried && i < node->bot_nodes->count; i++)
        if (slice_equal(id_slice(&node->bot_nodes->remotes[i].node), hint->from))
            node->bot_nodes->remotes[i].free = 0; /* until it says itself what it has */
    if (chat != NULL)
        bot_on_answer(chat, &turn, is_carried);
}

struct call {
    struct chat_touch touch;
    struct name turn;
    struct id_text caller;
};

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct call *call = LIST_ITEM(touch, struct call, touch);
    struct chat *chat = touch->change.chat;
    if (outcome == LOG_WAS_ALREADY)
        bot_on_call(chat, &call->turn, id_slice(&call->caller));
    chat_release(chat);
    free(call);
}

static void on_call(struct node *node, const struct bus_hint *hint)
{
    struct bus_reader reader = {.left = hint->body};
    struct slice id = bus_read_text(&reader);
    struct name turn = bus_read_name(&reader);
    struct chat *chat = bus_read_all(&reader) && conversation_id_is_well_formed(id) &&
                                        !node->is_draining && node->is_open
                                ? chat_hold(node, id)
                                : NULL;
    if (chat == NULL)
        return;
    struct call *call = calloc(1, sizeof *call);
    check(call != NULL);
    call->turn = turn;
    id_set(&call->caller, hint->from);
    call->touch.done = on_loaded;
    chat_touch(chat, &call->touch);
}

bool bot_nodes_create(struct node *node)
{
    node->bot_nodes = calloc(1, sizeof *node->bot_nodes);
    if (node->bot_nodes == NULL)
        return false;
    node->bot_nodes->node = node;
    node->bot_nodes->timer.on_due = on_timer;
    node->timers->ops->arm(node->timers, &node->bot_nodes->timer, node_clock_ms(node) + TELL_MS);
    bus_take(node, BUS_WORKERS, on_workers);
    bus_take(node, BUS_CALL, on_call);
    bus_take(node, BUS_ANSWER, on_answer);
    return true;
}
