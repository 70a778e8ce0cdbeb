/* SPDX-License-Identifier: Apache-2.0 */
/* One link to the made-up Redis: what travels, what runs, and how it dies.
 *
 * Invariant: a request sits in exactly one list of its link (sent, answered, ending, refused or
 * refusing) until it completes, once, from a timer; never inside a call. All chances come from the
 * server's own random stream, in the order of virtual time, so a seed is a run.
 *
 * What a command does to the data is fake_db's business.
 */
#include "lib/fake_link.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdlib.h>

const char *const fake_verb_names[] = {"append", "read", "barrier", "trim", "zset_add",
        "zset_remove", "zset_range", "claim", "put", "get", "take", "remove"};
const char *const fake_outcome_names[] = {"ok", "refused", "absent", "full", "unknown"};

static uint64_t clock_now(const struct fake_server *server)
{
    return server->clock->now_ms;
}

static void move_all(struct list *to, struct list *from)
{
    LIST_EACH (node, next, from) {
        list_remove(node);
        list_append(to, node);
    }
}

static void trace_command(const struct fake_link *link, const char *what,
        const struct fake_command *command, enum store_outcome outcome)
{
    struct fake_server *server = link->server;
    bool is_scan = !fake_command_is_write(command) && outcome == STORE_OK;
    if (server->trace.is_off || is_scan)
        return; /* scans would be all that there is to read */
    fake_trace_add(&server->trace,
            "%" PRIu64 " link%zu g%" PRIu64 " life%" PRIu64 " %s %s %.*s %" PRIu64 " %zuB %s",
            clock_now(server), link->index, link->generation, link->life->number, what,
            fake_verb_names[command->verb], SLICE_ARGS(command->key),
            command->verb == FAKE_READ || command->verb == FAKE_ZSET_RANGE ? command->from
                                                                           : command->number,
            command->value.len, fake_outcome_names[outcome]);
}

void fake_link_trace(const struct fake_link *link, const char *what)
{
    fake_trace_add(&link->server->trace, "%" PRIu64 " link%zu g%" PRIu64 " %s",
            clock_now(link->server), link->index, link->generation, what);
}

static void complete(struct fake_link *link, struct fake_request *request)
{
    struct store_reply reply = {request->answer.outcome, request->generation, request->answer.value,
            request->answer.items, request->answer.item_count};
    list_remove(&request->at);
    link->server->tally.times[request->command->verb][reply.outcome]++;
    link->outstanding--;
    if (request->done != NULL)
        request->done(request->user, &reply);
    fake_request_free(request);
}

static void complete_unknown(struct fake_link *link, struct fake_request *request)
{
    fake_answer_finish(&request->answer);
    request->answer = (struct fake_answer){.outcome = STORE_UNKNOWN};
    trace_command(link, "lost", request->command, STORE_UNKNOWN);
    complete(link, request);
}

static void on_answer_due(struct timer *timer)
{
    struct fake_link *link = LIST_ITEM(timer, struct fake_link, answer_timer);
    struct fake_request *request = fake_request_first(&link->answered);
    struct fake_request *after = request->at.next == &link->answered
                                         ? NULL
                                         : LIST_ITEM(request->at.next, struct fake_request, at);
    if (after != NULL)
        fake_timers_arm(&link->timers, timer, after->due_ms);
    complete(link, request);
}

static void on_refuse_due(struct timer *timer)
{
    struct fake_link *link = LIST_ITEM(timer, struct fake_link, refuse_timer);
    move_all(&link->refusing, &link->refused);
    while (!list_is_empty(&link->refusing))
        complete_unknown(link, fake_request_first(&link->refusing));
}

void fake_link_connect_later(struct fake_link *link)
{
    struct fake_server *server = link->server;
    fake_timers_arm(&link->timers, &link->link_timer,
            clock_now(server) + 1 +
                    fake_random_between(&server->random, 0, server->faults.reconnect_ms_max));
}

static void tell_generation(struct fake_link *link)
{
    if (link->base.on_generation != NULL)
        link->base.on_generation(link->base.on_generation_user, link->generation);
}

static void come_up(struct fake_link *link)
{
    struct fake_server *server = link->server;
    link->state = FAKE_LINK_UP;
    link->life = server->life;
    link->generation = ++link->generation_last;
    link->clock_error_ms =
            fake_random_between(&server->random, 0, server->faults.clock_error_ms_max);
    fake_link_trace(link, "up");
    tell_generation(link);
}

static void notice_death(struct fake_link *link)
{
    fake_link_trace(link, "down");
    link->state = FAKE_LINK_DOWN;
    link->generation = 0;
    while (!list_is_empty(&link->ending))
        complete_unknown(link, fake_request_first(&link->ending));
    tell_generation(link);
    if (link->link_timer.heap_at == 0)
        fake_link_connect_later(link);
}

static void on_link_due(struct timer *timer)
{
    struct fake_link *link = LIST_ITEM(timer, struct fake_link, link_timer);
    if (link->state == FAKE_LINK_DYING)
        notice_death(link);
    else if (link->server->is_down || clock_now(link->server) < link->away_until_ms)
        fake_link_connect_later(link);
    else
        come_up(link);
}

/* The first run_count of the commands underway still run; the rest are dropped, or arrive later. */
static void cut(struct fake_link *link, size_t run_count, bool may_leave_orphans)
{
    struct fake_server *server = link->server;
    struct list *at = link->sent.next;
    for (; run_count > 0 && at != &link->sent; run_count--, at = at->next) {
        struct fake_request *request = LIST_ITEM(at, struct fake_request, at);
        fake_db_run(
                &link->life->db, request->command, fake_server_now_ms(server), &request->answer);
        trace_command(link, "ran, answer lost,", request->command, request->answer.outcome);
    }
    if (may_leave_orphans && at != &link->sent &&
            fake_random_chance(&server->random, server->faults.orphans_per_mille))
        fake_orphans_leave(server, link->life, &link->sent, at);
    fake_timers_cancel(&link->timers, &link->run_timer);
    fake_timers_cancel(&link->timers, &link->answer_timer);
    move_all(&link->ending, &link->answered);
    move_all(&link->ending, &link->sent);
    link->state = FAKE_LINK_DYING;
    fake_link_trace(link, "cut");
}

void fake_link_cut(struct fake_link *link)
{
    size_t len = 0;
    LIST_EACH (node, next, &link->sent)
        len++;
    cut(link, fake_random_below(&link->server->random, len + 1), true);
}

void fake_link_notice_later(struct fake_link *link)
{
    struct fake_server *server = link->server;
    fake_timers_arm(&link->timers, &link->link_timer,
            clock_now(server) +
                    fake_random_between(&server->random, 0, server->faults.detect_ms_max));
}

static uint64_t travel_ms(struct fake_server *server)
{
    return fake_random_between(
            &server->random, server->faults.delay_ms_min, server->faults.delay_ms_max);
}

static enum fake_fate draw_fate(struct fake_server *server, const struct fake_command *command)
{
    const struct fake_faults *faults = &server->faults;
    bool ran = (faults->cut_per_mille | faults->unknown_per_mille) != 0 &&
               fake_random_chance(&server->random, 500);
    if (fake_random_chance(&server->random, faults->cut_per_mille))
        return ran ? FAKE_FATE_CUT_RAN : FAKE_FATE_CUT_NEVER;
    if (fake_random_chance(&server->random, faults->unknown_per_mille))
        return ran ? FAKE_FATE_UNKNOWN_RAN : FAKE_FATE_UNKNOWN_NEVER;
    if (fake_command_is_write(command) &&
            fake_random_chance(&server->random, faults->full_per_mille))
        return FAKE_FATE_FULL;
    return FAKE_FATE_NONE;
}

static void run_barrier(struct fake_link *link, struct fake_answer *answer)
{
    struct fake_server *server = link->server;
    bool is_old = link->life != server->life && !server->faults.barriers_are_hollow;
    if (is_old || fake_random_chance(&server->random, server->faults.barrier_fails_per_mille))
        answer->outcome = STORE_UNKNOWN;
    else if (!server->faults.barriers_are_hollow)
        link->life->covered = link->life->db.write_count;
}

static void run_command(struct fake_link *link, struct fake_request *request)
{
    fake_db_run(
            &link->life->db, request->command, fake_server_now_ms(link->server), &request->answer);
    if (request->command->verb == FAKE_BARRIER)
        run_barrier(link, &request->answer);
    if (request->fate == FAKE_FATE_UNKNOWN_RAN) {
        fake_answer_finish(&request->answer);
        request->answer = (struct fake_answer){.outcome = STORE_UNKNOWN};
    }
}

static void run_or_not(struct fake_link *link, struct fake_request *request)
{
    switch (request->fate) {
    case FAKE_FATE_NONE:
    case FAKE_FATE_UNKNOWN_RAN:
    case FAKE_FATE_CUT_RAN:
        run_command(link, request);
        return;
    case FAKE_FATE_UNKNOWN_NEVER:
    case FAKE_FATE_CUT_NEVER:
        request->answer = (struct fake_answer){.outcome = STORE_UNKNOWN};
        return;
    case FAKE_FATE_FULL:
        request->answer = (struct fake_answer){.outcome = STORE_FULL};
        return;
    }
}

static void answer_later(struct fake_link *link, struct fake_request *request)
{
    uint64_t due_ms = clock_now(link->server) + travel_ms(link->server);
    struct list *last = link->answered.prev;
    list_remove(&request->at);
    if (last == &link->answered)
        fake_timers_arm(&link->timers, &link->answer_timer, due_ms);
    else if (LIST_ITEM(last, struct fake_request, at)->due_ms > due_ms)
        due_ms = LIST_ITEM(last, struct fake_request, at)->due_ms;
    request->due_ms = due_ms;
    list_append(&link->answered, &request->at);
}

static void on_run_due(struct timer *timer)
{
    struct fake_link *link = LIST_ITEM(timer, struct fake_link, run_timer);
    struct fake_request *request = fake_request_first(&link->sent);
    bool is_scripted = request->fate != FAKE_FATE_NONE;
    if (!is_scripted)
        request->fate = draw_fate(link->server, request->command);
    run_or_not(link, request);
    trace_command(link, "ran", request->command, request->answer.outcome);
    if (request->fate == FAKE_FATE_CUT_RAN || request->fate == FAKE_FATE_CUT_NEVER) {
        list_remove(&request->at);
        list_append(&link->answered, &request->at);
        if (is_scripted)
            cut(link, 0, false);
        else
            fake_link_cut(link);
        fake_link_notice_later(link);
        return;
    }
    answer_later(link, request);
    if (!list_is_empty(&link->sent))
        fake_timers_arm(&link->timers, timer, fake_request_first(&link->sent)->due_ms);
}

static void send(struct fake_link *link, struct fake_request *request)
{
    uint64_t due_ms = clock_now(link->server) + travel_ms(link->server);
    if (list_is_empty(&link->sent))
        fake_timers_arm(&link->timers, &link->run_timer, due_ms);
    else if (LIST_ITEM(link->sent.prev, struct fake_request, at)->due_ms > due_ms)
        due_ms = LIST_ITEM(link->sent.prev, struct fake_request, at)->due_ms;
    request->due_ms = due_ms;
    list_append(&link->sent, &request->at);
}

static void refuse(struct fake_link *link, struct fake_request *request)
{
    list_append(&link->refused, &request->at);
    if (link->refuse_timer.heap_at == 0)
        fake_timers_arm(&link->timers, &link->refuse_timer, clock_now(link->server));
}

void fake_link_submit(struct fake_link *link, const struct fake_command *command,
        uint64_t generation, store_done done, void *user)
{
    struct fake_request *request = calloc(1, sizeof *request);
    check(request != NULL);
    request->command = fake_command_is_write(command)
                               ? fake_shelf_put(&link->server->shelf, command)
                               : fake_command_copy(command);
    request->done = done;
    request->user = user;
    list_init(&request->at);
    link->outstanding++;
    if (link->state == FAKE_LINK_DOWN || generation != link->generation) {
        refuse(link, request);
        return;
    }
    request->generation = generation;
    request->fate = link->doom;
    link->doom = FAKE_FATE_NONE;
    if (link->state == FAKE_LINK_DYING)
        list_append(&link->ending, &request->at);
    else
        send(link, request);
}

void fake_link_init(struct fake_link *link, struct fake_server *server)
{
    link->base.ops = &fake_store_ops;
    link->server = server;
    link->life = server->life;
    link->index = server->link_count++;
    fake_timers_init(&link->timers, server->clock);
    list_init(&link->sent);
    list_init(&link->answered);
    list_init(&link->ending);
    list_init(&link->refused);
    list_init(&link->refusing);
    link->run_timer.on_due = on_run_due;
    link->answer_timer.on_due = on_answer_due;
    link->refuse_timer.on_due = on_refuse_due;
    link->link_timer.on_due = on_link_due;
}

void fake_link_drop(struct fake_link *link)
{
    fake_timers_crash(&link->timers);
    fake_request_free_all(&link->sent);
    fake_request_free_all(&link->answered);
    fake_request_free_all(&link->ending);
    fake_request_free_all(&link->refused);
    fake_request_free_all(&link->refusing);
    link->outstanding = 0;
}
