/* SPDX-License-Identifier: Apache-2.0 */
/* The made-up Redis itself: its lives, its faults from outside, and the doors of tests.
 *
 * Invariant: a life's data is what its writes make of nothing; a failover's new life shares the
 * first writes of the old, all that a barrier has covered among them.
 */
#include "base/check.h"
#include "lib/fake_link.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

static const uint64_t EPOCH_MS = 1700000000000;

static uint64_t clock_now(const struct fake_server *server)
{
    return server->clock->now_ms;
}

static struct fake_life *begin_life(struct fake_server *server)
{
    struct fake_life *life = calloc(1, sizeof *life);
    check(life != NULL);
    fake_db_init(&life->db);
    life->before = server->life;
    life->number = server->life ? server->life->number + 1 : 1;
    snprintf(life->history, sizeof life->history, "life%" PRIu64, life->number);
    server->life = life;
    return life;
}

struct fake_server *fake_server_create(struct fake_clock *clock, uint64_t seed)
{
    struct fake_server *server = calloc(1, sizeof *server);
    check(server != NULL);
    server->clock = clock;
    server->faults = (struct fake_faults){.delay_ms_max = 3};
    fake_timers_init(&server->timers, clock);
    fake_random_init(&server->random, seed);
    list_init(&server->orphans);
    begin_life(server);
    return server;
}

void fake_server_destroy(struct fake_server *server)
{
    while (server->links != NULL) {
        struct fake_link *link = server->links;
        server->links = link->next;
        fake_link_drop(link);
        free(link);
    }
    while (!list_is_empty(&server->orphans))
        fake_orphans_free(LIST_ITEM(server->orphans.next, struct fake_orphans, at));
    while (server->life != NULL) {
        struct fake_life *life = server->life;
        server->life = life->before;
        fake_db_finish(&life->db);
        free(life);
    }
    fake_shelf_finish(&server->shelf);
    free(server);
}

struct fake_faults *fake_server_faults(struct fake_server *server)
{
    return &server->faults;
}

struct store *fake_server_join(struct fake_server *server)
{
    struct fake_link *link = calloc(1, sizeof *link);
    check(link != NULL);
    fake_link_init(link, server);
    link->next = server->links;
    server->links = link;
    fake_link_connect_later(link);
    return &link->base;
}

void fake_store_cut(struct store *store)
{
    struct fake_link *link = fake_link_of(store);
    if (link->state != FAKE_LINK_UP)
        return;
    fake_link_cut(link);
    fake_link_notice_later(link);
}

void fake_store_cut_for(struct store *store, uint64_t ms)
{
    struct fake_link *link = fake_link_of(store);
    link->away_until_ms = link->server->clock->now_ms + ms;
    fake_store_cut(store);
}

void fake_store_crash(struct store *store)
{
    struct fake_link *link = fake_link_of(store);
    fake_link_trace(link, "crash");
    if (link->state == FAKE_LINK_UP)
        fake_link_cut(link);
    fake_link_drop(link);
    link->state = FAKE_LINK_DOWN;
    link->generation = 0;
    link->doom = FAKE_FATE_NONE;
    link->now_ms_last = 0;
    link->base.on_generation = NULL;
    link->base.on_generation_user = NULL;
    fake_link_connect_later(link);
}

void fake_store_doom(struct store *store, enum fake_fate fate)
{
    fake_link_of(store)->doom = fate;
}

void fake_store_stall(struct store *store, uint64_t until_ms)
{
    fake_timers_stall(&fake_link_of(store)->timers, until_ms);
}

size_t fake_store_outstanding(const struct store *store)
{
    return ((const struct fake_link *)(const void *)store)->outstanding;
}

void fake_server_kill(struct fake_server *server)
{
    server->is_down = true;
    for (struct fake_link *link = server->links; link != NULL; link = link->next)
        fake_store_cut(&link->base);
}

void fake_server_start(struct fake_server *server)
{
    server->is_down = false;
}

size_t fake_server_fail_over(struct fake_server *server, size_t lost_max)
{
    struct fake_life *old = server->life;
    size_t exposed = old->db.write_count - old->covered;
    size_t lost = fake_random_between(&server->random, 0, exposed < lost_max ? exposed : lost_max);
    struct fake_life *life = begin_life(server);
    fake_db_replay(&life->db, &old->db, old->db.write_count - lost);
    life->covered = life->db.write_count;
    fake_server_note(server, "failover to life%" PRIu64 ", lost %zu writes", life->number, lost);
    return lost;
}

void fake_server_demote(struct fake_server *server)
{
    for (struct fake_link *link = server->links; link != NULL; link = link->next)
        if (link->life != server->life)
            fake_store_cut(&link->base);
}

static void run_at_once(struct fake_server *server, const struct fake_command *command,
        struct fake_answer *out_answer)
{
    fake_db_run(&server->life->db, fake_shelf_put(&server->shelf, command),
            fake_server_now_ms(server), out_answer);
}

enum store_outcome fake_server_append(
        struct fake_server *server, struct slice key, uint64_t seq, struct slice record)
{
    struct fake_answer answer;
    run_at_once(server,
            &(struct fake_command){.verb = FAKE_APPEND,
                    .number = seq,
                    .flag = seq == 1,
                    .key = key,
                    .value = record},
            &answer);
    fake_server_note(server, "stranger appends %.*s %" PRIu64 " %s", SLICE_ARGS(key), seq,
            fake_outcome_names[answer.outcome]);
    return answer.outcome;
}

void fake_server_drop(struct fake_server *server, struct slice key)
{
    struct fake_answer answer;
    run_at_once(server, &(struct fake_command){.verb = FAKE_REMOVE, .key = key}, &answer);
    fake_server_note(server, "stranger drops %.*s", SLICE_ARGS(key));
}

bool fake_server_zset_is_empty(struct fake_server *server, struct slice key)
{
    struct fake_command command = {
            .verb = FAKE_ZSET_RANGE, .to = UINT64_MAX, .count = 1, .key = key};
    struct fake_answer answer = {0};
    fake_db_run(&server->life->db, &command, fake_server_now_ms(server), &answer);
    bool is_empty = answer.item_count == 0;
    fake_answer_finish(&answer);
    return is_empty;
}

bool fake_server_holds(struct fake_server *server, struct slice key)
{
    struct fake_command command = {.verb = FAKE_GET, .key = key};
    struct fake_answer answer = {0};
    fake_db_run(&server->life->db, &command, fake_server_now_ms(server), &answer);
    bool is_there = answer.outcome == STORE_OK;
    fake_answer_finish(&answer);
    return is_there;
}

size_t fake_server_read(struct fake_server *server, struct slice key, uint64_t from, size_t count,
        struct store_item *out_items)
{
    struct fake_answer answer;
    run_at_once(server,
            &(struct fake_command){
                    .verb = FAKE_READ, .from = from, .to = UINT64_MAX, .count = count, .key = key},
            &answer);
    size_t got = answer.item_count;
    if (got > 0)
        memcpy(out_items, answer.items, got * sizeof *out_items);
    fake_answer_finish(&answer);
    return got;
}

uint64_t fake_server_now_ms(const struct fake_server *server)
{
    return EPOCH_MS + clock_now(server) + (uint64_t)server->clock_shift_ms;
}

void fake_server_shift_clock(struct fake_server *server, int64_t ms)
{
    server->clock_shift_ms += ms;
    fake_server_note(server, "the clock jumps by %" PRId64 " ms", ms);
}

const struct fake_tally *fake_server_tally(const struct fake_server *server)
{
    return &server->tally;
}

const char *fake_verb_name(unsigned verb)
{
    return fake_verb_names[verb];
}

const char *fake_outcome_name(unsigned outcome)
{
    return fake_outcome_names[outcome];
}

void fake_server_trace(const struct fake_server *server, FILE *out)
{
    fake_trace_print(&server->trace, out);
}

void fake_server_trace_to(struct fake_server *server, FILE *out)
{
    server->trace.stream = out;
}

void fake_server_keep_no_trace(struct fake_server *server)
{
    server->trace.is_off = true;
}

void fake_server_note(struct fake_server *server, const char *format, ...)
{
    char text[FAKE_TRACE_WIDTH];
    va_list values;
    if (server->trace.is_off)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    fake_trace_add(&server->trace, "%" PRIu64 " %s", clock_now(server), text);
}
