/* SPDX-License-Identifier: Apache-2.0 */
/* Turns on their way to bot workers.
 *
 *            a worker has credit             read           sent
 *   waiting ---------------------> reading ---------> out ---------> (committed, or ended)
 *      |  ^------- worker gone, or the read failed ----'|
 *      |  |                                             | lease over: another attempt
 *      |  |  a call to a node with credit               v deadline over: to the queue
 *      |  '-------> elsewhere (or another node appended the turn: its lease first)
 *      | nobody for bot_absent_ms, or too many
 *      v deliveries: to the queue
 *
 * Invariant: a turn is an entry of the log, and so is its end; what is here is only its way.
 * Handing a turn to two workers is harmless: one commit wins, the other is fenced. Every state has
 * a timer.
 */
#include "flow/turn_flight.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/chat_read.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/follow_up.h"

#include <stdlib.h>

enum {
    DELIVERIES_MAX = 3,
    INPUT_ENTRIES_MAX = 64,
    LATER_ENTRIES_MAX = 64, /* after the turn: only for what they say of its input */
};
enum { WORKERS_KNOWN_MS = 1500 }; /* until other nodes have told of theirs: bot_nodes.c */

struct bots {
    struct list workers; /* sessions, of_role */
    struct list flights;
    struct list waiting; /* those of them that are FLIGHT_WAITING: few, when there are workers */
};

static void carry(struct turn_flight *flight);

bool bots_create(struct node *node)
{
    node->bots = calloc(1, sizeof *node->bots);
    if (node->bots == NULL)
        return false;
    list_init(&node->bots->workers);
    list_init(&node->bots->flights);
    list_init(&node->bots->waiting);
    return true;
}

/* ---- workers ----------------------------------------------------------------------------------
 */

static bool is_worker_for(const struct session *worker, const struct chat *chat)
{
    return worker->phase == SESSION_OPEN && slice_equal(worker->tenant, chat->tenant) &&
           slice_equal(id_slice(&worker->subject), id_slice(&chat_fold(chat)->owner_id));
}

/* The one with the least to do; out_is_alive: there is one at all. */
static struct session *choose_worker(const struct chat *chat, bool *out_is_alive)
{
    struct session *best = NULL;
    *out_is_alive = false;
    LIST_EACH (at, next, &chat->node->bots->workers) {
        struct session *worker = LIST_ITEM(at, struct session, of_role);
        if (!is_worker_for(worker, chat))
            continue;
        *out_is_alive = true;
        if (worker->turns < worker->credits && (best == NULL || worker->turns < best->turns))
            best = worker;
    }
    return best;
}

struct list *bots_workers(struct node *node)
{
    return &node->bots->workers;
}

static void set_state(struct turn_flight *flight, enum flight_state state)
{
    flight->state = state;
    list_remove(&flight->of_waiting);
    if (state == FLIGHT_WAITING)
        list_append(&flight->chat->node->bots->waiting, &flight->of_waiting);
}

void bots_carry_waiting(struct node *node)
{
    LIST_EACH (at, next, &node->bots->waiting)
        carry(LIST_ITEM(at, struct turn_flight, of_waiting));
}

void bots_enter(struct session *worker)
{
    list_append(&worker->node->bots->workers, &worker->of_role);
    bots_carry_waiting(worker->node);
    bot_nodes_tell(worker->node);
}

static void wait_for_worker(struct turn_flight *flight)
{
    struct node *node = flight->chat->node;
    uint64_t wait_ms = node->settings->bot_absent_ms;
    if (wait_ms < WORKERS_KNOWN_MS && members_are_others(node))
        wait_ms = WORKERS_KNOWN_MS;
    set_state(flight, FLIGHT_WAITING);
    flight->worker = (struct session_handle){0};
    node->timers->ops->arm(node->timers, &flight->timer, node_clock_ms(node) + wait_ms);
}

static void begin_lease(struct turn_flight *flight)
{
    struct node *node = flight->chat->node;
    uint64_t lease_ms = node_clock_ms(node) + node->settings->turn_lease_ms;
    node->timers->ops->arm(node->timers, &flight->timer,
            lease_ms < flight->deadline_ms ? lease_ms : flight->deadline_ms);
    if (flight->state == FLIGHT_OUT && flight->caller.len > 0)
        bot_nodes_answer(flight->chat, id_slice(&flight->caller), &flight->turn, true);
}

static void go_elsewhere(struct turn_flight *flight, bool is_passive)
{
    set_state(flight, FLIGHT_ELSEWHERE);
    flight->is_passive = is_passive;
    begin_lease(flight);
}

/* For the node that asked: it is to look elsewhere when there is no worker here (any more). */
static void carry_or_refuse(struct turn_flight *flight)
{
    wait_for_worker(flight);
    carry(flight);
    if (flight->state != FLIGHT_WAITING || flight->caller.len == 0)
        return;
    bot_nodes_answer(flight->chat, id_slice(&flight->caller), &flight->turn, false);
    flight->caller.len = 0;
    go_elsewhere(flight, true);
}

void bots_leave(struct session *worker)
{
    struct node *node = worker->node;
    list_remove(&worker->of_role);
    LIST_EACH (at, next, &node->bots->flights) {
        struct turn_flight *flight = LIST_ITEM(at, struct turn_flight, link);
        if (flight->worker.number != worker->number)
            continue;
        carry_or_refuse(flight);
    }
    bot_nodes_tell(node);
}

static void give_back_worker(struct turn_flight *flight)
{
    struct session *worker = session_find(flight->chat->node, flight->worker);
    if (worker != NULL && worker->turns > 0)
        worker->turns--;
    flight->worker = (struct session_handle){0};
}

static void free_flight(struct turn_flight *flight)
{
    struct chat *chat = flight->chat;
    chat->node->timers->ops->cancel(chat->node->timers, &flight->timer);
    free(flight);
    chat_release(chat);
}

static void on_input_read(struct chat_read *read, enum log_outcome outcome)
{
    struct turn_flight *flight = LIST_ITEM(read, struct turn_flight, read);
    struct node *node = flight->chat->node;
    struct session *worker = session_find(node, flight->worker);
    size_t mark = flight->inputs ? flight->scratch_mark : node->scratch.used;
    if (flight->is_over) {
        free_flight(flight);
    } else if (outcome != LOG_APPENDED) {
        give_back_worker(flight);
        wait_for_worker(flight); /* and no sooner: the store is away */
    } else if (worker == NULL) {
        carry_or_refuse(flight); /* it left meanwhile; another one may be there */
    } else {
        turn_send(flight, worker);
        set_state(flight, FLIGHT_OUT);
        flight->deliveries++;
        begin_lease(flight);
    }
    node->scratch.used = mark;
}

/* ---- the way ----------------------------------------------------------------------------------
 */

/* Of a long input the newest part: that is what the turn is about. */
static uint64_t input_from(const struct chat *chat, const struct turn_flight *flight)
{
    uint64_t from =
            chat_fold(chat)->turn_from_seq ? chat_fold(chat)->turn_from_seq : flight->turn.seq;
    bool is_long = from + INPUT_ENTRIES_MAX <= flight->turn.seq;
    return is_long ? flight->turn.seq - INPUT_ENTRIES_MAX + 1 : from;
}

static void carry(struct turn_flight *flight)
{
    struct chat *chat = flight->chat;
    struct node *node = chat->node;
    bool is_alive;
    struct session *worker = choose_worker(chat, &is_alive);
    bool is_free = worker == NULL && !flight->read.is_under_way && flight->caller.len == 0;
    if (is_free && bot_nodes_call(chat, &flight->turn)) {
        go_elsewhere(flight, false);
        return;
    }
    if (worker == NULL || flight->read.is_under_way) {
        if (is_alive ||
                bot_nodes_are_alive(chat)) /* all are busy: one will be free, within the deadline */
            node->timers->ops->arm(node->timers, &flight->timer, flight->deadline_ms);
        return;
    }
    if (flight->deliveries >= DELIVERIES_MAX) {
        bot_end_turn(chat, &flight->turn, "too_many_deliveries", true);
        return;
    }
    worker->turns++;
    set_state(flight, FLIGHT_READING);
    flight->worker = session_handle(worker);
    flight->inputs = NULL;
    flight->input_count = 0;
    flight->read = (struct chat_read){
            .from = input_from(chat, flight),
            .to = UINT64_MAX,
            .count = INPUT_ENTRIES_MAX + LATER_ENTRIES_MAX,
            .on_record = turn_take_input,
            .done = on_input_read,
    };
    chat_read(chat, &flight->read);
}

static void on_due(struct timer *timer)
{
    struct turn_flight *flight = LIST_ITEM(timer, struct turn_flight, timer);
    struct node *node = flight->chat->node;
    uint64_t now_ms = node_clock_ms(node);
    bool is_past_deadline = now_ms >= flight->deadline_ms, is_alive;
    /* Ending may have to wait for the store: look again until the log has ended it. */
    node->timers->ops->arm(node->timers, timer, now_ms + 1000);
    if (flight->state == FLIGHT_READING && !is_past_deadline)
        return;
    if (flight->state == FLIGHT_WAITING && !is_past_deadline) { /* perhaps only the read failed */
        choose_worker(flight->chat, &is_alive);
        if (is_alive || bot_nodes_are_alive(flight->chat)) {
            carry(flight);
            return;
        }
    }
    if (flight->state == FLIGHT_ELSEWHERE && flight->is_passive && !is_past_deadline) {
        flight->is_passive = false; /* whoever had it gave no sign */
        carry_or_refuse(flight);
        return;
    }
    bool is_unanswered = flight->state == FLIGHT_WAITING;
    bot_end_turn(flight->chat, &flight->turn,
            is_past_deadline ? "deadline"
            : is_unanswered  ? "no_bot"
                             : "lease_lost",
            is_past_deadline || is_unanswered);
}

static void let_go(struct turn_flight *flight)
{
    struct chat *chat = flight->chat;
    struct session *worker = session_find(chat->node, flight->worker);
    bool is_committed = name_equal(&chat_fold(chat)->committed_turn, &flight->turn);
    if (worker != NULL && flight->state == FLIGHT_OUT && !is_committed) {
        bool is_human =
                chat_fold(chat)->phase == PHASE_QUEUED || chat_fold(chat)->phase == PHASE_ACTIVE;
        struct proto_frame frame = {.kind = PROTO_KIND_CANCEL};
        frame.as.cancel = (struct proto_cancel){.has_turn = true,
                .turn = flight->turn,
                .conversation = chat_id(chat),
                .reason = is_human ? PROTO_CANCEL_REASON_HUMAN_TOOK_OVER
                                   : PROTO_CANCEL_REASON_LEASE_LOST};
        session_send(worker, &frame);
    }
    give_back_worker(flight);
    list_remove(&flight->link);
    list_remove(&flight->of_waiting);
    chat->node->timers->ops->cancel(chat->node->timers, &flight->timer);
    chat->turn = NULL;
    flight->is_over = true;
    if (!flight->read.is_under_way)
        free_flight(flight);
}

static void take_up(struct chat *chat)
{
    struct node *node = chat->node;
    struct turn_flight *flight = calloc(1, sizeof *flight);
    check(flight != NULL);
    *flight = (struct turn_flight){.chat = chat,
            .turn = chat_fold(chat)->turn,
            .timer.on_due = on_due,
            .deadline_ms = node_clock_ms(node) + node->settings->turn_deadline_ms};
    list_append(&node->bots->flights, &flight->link);
    list_init(&flight->of_waiting);
    chat->turn = flight;
    chat_hold_again(chat);
    if (chat->own_seq != flight->turn.seq && members_are_others(node))
        go_elsewhere(flight, true); /* the node that appended it sees to it, or it asks */
    else
        carry_or_refuse(flight);
}

void bots_follow_up(struct chat *chat)
{
    const struct name *turn = &chat_fold(chat)->turn;
    bool is_open = turn->seq != 0 && chat_fold(chat)->phase == PHASE_BOT;
    bool is_carried = chat->turn != NULL && name_equal(&chat->turn->turn, turn);
    struct node *node = chat->node;
    if (chat->turn != NULL && (!is_open || !is_carried)) {
        let_go(chat->turn);
        bots_carry_waiting(node);
    }
    if (is_open && !is_carried && !node->is_draining)
        take_up(chat);
}

void bot_progress(struct session *worker, const struct proto_progress *request)
{
    struct node *node = worker->node;
    struct chat *chat = conversation_id_is_well_formed(request->conversation)
                                ? chat_find(node, request->conversation)
                                : NULL;
    struct turn_flight *flight = chat ? chat->turn : NULL;
    if (flight == NULL || flight->state != FLIGHT_OUT || flight->worker.number != worker->number ||
            !name_equal(&flight->turn, &request->turn))
        return;
    begin_lease(flight);
}

/* ---- turns of other nodes ---------------------------------------------------------------------
 */

void bot_on_call(struct chat *chat, const struct name *turn, struct slice caller)
{
    follow_up(chat);
    struct turn_flight *flight = chat->turn;
    if (flight == NULL || !name_equal(&flight->turn, turn))
        return; /* it is over */
    id_set(&flight->caller, caller);
    if (flight->state == FLIGHT_ELSEWHERE || flight->state == FLIGHT_WAITING)
        carry_or_refuse(flight);
    else
        bot_nodes_answer(chat, caller, turn, true);
}

void bot_on_answer(struct chat *chat, const struct name *turn, bool is_carried)
{
    struct turn_flight *flight = chat->turn;
    if (flight == NULL || !name_equal(&flight->turn, turn) || flight->is_passive ||
            flight->state != FLIGHT_ELSEWHERE)
        return;
    if (is_carried)
        begin_lease(flight);
    else
        carry_or_refuse(flight);
}
