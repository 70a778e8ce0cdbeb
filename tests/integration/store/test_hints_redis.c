/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of hints on a real redis-server, and what only a real one can suffer. */
#include "hints_contract.h"
#include "loop/loop.h"
#include "real.h"
#include "store/redis_hints.h"
#include "subject.h"

#include <signal.h>

enum { SILENCE_MS = 2000 };

static struct redis_process server;
static struct redis_hints *first, *second;
static size_t gaps, losses, heard;

static struct redis_hints *make(size_t topics_max)
{
    struct redis_options options = real_options(&server);
    options.silence_ms_max = SILENCE_MS;
    return redis_hints_create(loop_uv(real_loop()), loop_timers(real_loop()), &options,
            DURABILITY_ALWAYS, topics_max);
}

static void start_server(void)
{
    if (server.pid != 0)
        return;
    redis_process_init(&server, "hints", DURABILITY_ALWAYS);
    redis_process_start(&server);
}

void hints_begin(struct hints **out_one, struct hints **out_two)
{
    start_server();
    first = make(100);
    second = make(100);
    *out_one = redis_hints_port(first);
    *out_two = redis_hints_port(second);
}

void hints_end(void)
{
    redis_hints_destroy(first);
    redis_hints_destroy(second);
    for (int i = 0; i < 3; i++)
        loop_turn(real_loop());
}

void hints_turn(void)
{
    subject_turn();
}

void hints_cut(void)
{
    redis_hints_cut(second);
}

static void on_gap(void *user)
{
    (void)user;
    gaps++;
}

static void on_lost(void *user)
{
    (void)user;
    losses++;
}

static void on_hint(void *user, struct slice topic, struct slice payload)
{
    (void)user, (void)topic, (void)payload;
    heard++;
}

static void listen(struct hints *hints)
{
    gaps = losses = heard = 0;
    hints->on_gap = on_gap;
    hints->on_lost = on_lost;
    hints->on_hint = on_hint;
    hints->ops->subscribe(hints, SLICE_OF("t"));
}

static void a_restarted_server_is_a_gap_and_what_was_said_meanwhile_a_loss(void)
{
    struct hints *speaker, *listener;
    hints_begin(&speaker, &listener);
    listen(listener);
    listener->on_lost = NULL;
    speaker->on_lost = on_lost;
    while (gaps == 0)
        hints_turn();
    redis_process_kill(&server);
    for (int i = 0; i < 3; i++)
        speaker->ops->publish(speaker, SLICE_OF("t"), SLICE_OF("lost"));
    redis_process_start(&server);
    while (gaps < 2 || losses == 0)
        hints_turn();
    speaker->ops->publish(speaker, SLICE_OF("t"), SLICE_OF("heard"));
    while (heard == 0)
        hints_turn();
    expect_u64(heard, 1);
    hints_end();
}

static void a_server_that_hangs_is_left_and_found_again(void)
{
    struct hints *speaker, *listener;
    hints_begin(&speaker, &listener);
    listen(listener);
    while (gaps == 0)
        hints_turn();
    kill(server.pid, SIGSTOP);
    uint64_t from_ms = loop_timers(real_loop())->ops->now_ms(loop_timers(real_loop()));
    while (loop_timers(real_loop())->ops->now_ms(loop_timers(real_loop())) <
            from_ms + SILENCE_MS + 500)
        hints_turn();
    kill(server.pid, SIGCONT);
    while (gaps < 2)
        hints_turn();
    speaker->ops->publish(speaker, SLICE_OF("t"), SLICE_OF("heard"));
    while (heard == 0)
        hints_turn();
    hints_end();
}

static void topics_are_bounded(void)
{
    start_server();
    first = make(2);
    second = make(2);
    struct hints *speaker = redis_hints_port(first);
    expect(speaker->ops->subscribe(speaker, SLICE_OF("a")));
    expect(speaker->ops->subscribe(speaker, SLICE_OF("b")));
    expect(!speaker->ops->subscribe(speaker, SLICE_OF("c")));
    speaker->ops->unsubscribe(speaker, SLICE_OF("a"));
    expect(speaker->ops->subscribe(speaker, SLICE_OF("c")));
    hints_end();
}

static const struct test_case own_cases[] = {
        CASE(a_restarted_server_is_a_gap_and_what_was_said_meanwhile_a_loss),
        CASE(a_server_that_hangs_is_left_and_found_again), CASE(topics_are_bounded), {0}};

int main(int argc, char **argv)
{
    struct test_case all[32] = {0};
    size_t count = 0;
    for (const struct test_case *at = hints_contract_cases; at->name != NULL; at++)
        all[count++] = *at;
    for (const struct test_case *at = own_cases; at->name != NULL; at++)
        all[count++] = *at;
    int failed = test_main(argc, argv, all);
    if (server.pid != 0)
        redis_process_kill(&server);
    real_finish();
    return failed;
}
