/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a made-up link, and the commands that arrive after their link has died.
 *
 * Invariant: orphans run in their order, each after a delay of its own, on the life of the server
 * that their link stood on; nobody hears of their answers.
 */
#include "lib/fake_link.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdlib.h>

struct fake_request *fake_request_first(struct list *list)
{
    return list_is_empty(list) ? NULL : LIST_ITEM(list->next, struct fake_request, at);
}

void fake_request_free(struct fake_request *request)
{
    list_remove(&request->at);
    fake_answer_finish(&request->answer);
    if (!fake_command_is_write(request->command))
        free((void *)(uintptr_t)request->command);
    free(request);
}

void fake_request_free_all(struct list *list)
{
    while (!list_is_empty(list))
        fake_request_free(LIST_ITEM(list_take_first(list), struct fake_request, at));
}

void fake_orphans_free(struct fake_orphans *orphans)
{
    fake_timers_cancel(&orphans->server->timers, &orphans->timer);
    list_remove(&orphans->at);
    fake_request_free_all(&orphans->requests);
    free(orphans);
}

static void arm_orphans(struct fake_orphans *orphans)
{
    struct fake_server *server = orphans->server;
    fake_timers_arm(&server->timers, &orphans->timer,
            server->clock->now_ms +
                    fake_random_between(&server->random, 0, server->faults.orphan_ms_max));
}

static void on_orphan_due(struct timer *timer)
{
    struct fake_orphans *orphans = LIST_ITEM(timer, struct fake_orphans, timer);
    struct fake_server *server = orphans->server;
    struct fake_request *request = fake_request_first(&orphans->requests);
    fake_db_run(&orphans->life->db, request->command, fake_server_now_ms(server), &request->answer);
    fake_trace_add(&server->trace, "%" PRIu64 " orphan life%" PRIu64 " %s %.*s %" PRIu64 " %s",
            server->clock->now_ms, orphans->life->number, fake_verb_names[request->command->verb],
            SLICE_ARGS(request->command->key), request->command->number,
            fake_outcome_names[request->answer.outcome]);
    fake_request_free(request);
    if (list_is_empty(&orphans->requests))
        fake_orphans_free(orphans);
    else
        arm_orphans(orphans);
}

void fake_orphans_leave(struct fake_server *server, struct fake_life *life,
        const struct list *requests, const struct list *from)
{
    struct fake_orphans *orphans = calloc(1, sizeof *orphans);
    check(orphans != NULL);
    orphans->server = server;
    orphans->life = life;
    orphans->timer.on_due = on_orphan_due;
    list_init(&orphans->requests);
    list_append(&server->orphans, &orphans->at);
    for (; from != requests; from = from->next) {
        const struct fake_command *command =
                LIST_ITEM(from, const struct fake_request, at)->command;
        if (!fake_command_is_write(command))
            continue; /* nobody would see what it reads */
        struct fake_request *copy = calloc(1, sizeof *copy);
        check(copy != NULL);
        copy->command = command;
        list_append(&orphans->requests, &copy->at);
    }
    if (list_is_empty(&orphans->requests))
        fake_orphans_free(orphans);
    else
        arm_orphans(orphans);
}
