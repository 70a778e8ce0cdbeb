/* SPDX-License-Identifier: Apache-2.0 */
/* The made-up bus of hints: that its faults are those it promises, and no others. What it shares
 * with the real one is the contract suite's (tests/integration/store). */
#include "lib/fake_hints.h"
#include "lib/test.h"

enum { HEARD_MAX = 512 };

struct listener {
    struct hints *hints;
    unsigned heard[HEARD_MAX];
    size_t count, subscribed, gaps, losses;
};

static struct fake_clock time_line;
static struct fake_bus *bus;
static struct listener one, two;

static void on_hint(void *user, struct slice topic, struct slice payload)
{
    struct listener *listener = user;
    expect(slice_is(topic, "t"));
    expect(payload.len == 2);
    listener->heard[listener->count++ % HEARD_MAX] =
            (unsigned char)payload.bytes[0] + 256U * (unsigned char)payload.bytes[1];
}

static void on_subscribed(void *user, struct slice topic)
{
    expect(slice_is(topic, "t"));
    ((struct listener *)user)->subscribed++;
}

static void on_gap(void *user)
{
    ((struct listener *)user)->gaps++;
}

static void on_lost(void *user)
{
    ((struct listener *)user)->losses++;
}

static void listen(struct listener *listener)
{
    *listener = (struct listener){.hints = fake_bus_join(bus)};
    listener->hints->on_hint = on_hint;
    listener->hints->on_subscribed = on_subscribed;
    listener->hints->on_gap = on_gap;
    listener->hints->on_lost = on_lost;
    listener->hints->user = listener;
    listener->hints->ops->subscribe(listener->hints, SLICE_OF("t"));
}

static void begin(uint64_t seed)
{
    fake_clock_init(&time_line, seed);
    bus = fake_bus_create(&time_line, seed);
    listen(&one);
    listen(&two);
    fake_clock_run_for(&time_line, 10);
}

static void end(void)
{
    fake_bus_destroy(bus);
    fake_clock_finish(&time_line);
}

static void say(struct listener *from, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        char bytes[2] = {(char)(i % 256), (char)(i / 256)};
        from->hints->ops->publish(from->hints, SLICE_OF("t"), slice_make(bytes, 2));
    }
}

static size_t disordered(const struct listener *listener)
{
    size_t count = 0;
    for (size_t i = 1; i < listener->count; i++)
        count += listener->heard[i] < listener->heard[i - 1];
    return count;
}

static void all_hear_in_order_and_later(void)
{
    begin(1);
    expect_u64(one.subscribed, 1);
    say(&one, 0, 100);
    expect_u64(one.count + two.count, 0);
    fake_clock_run_for(&time_line, 10);
    expect_u64(one.count, 100);
    expect_u64(two.count, 100);
    expect_u64(disordered(&one) + disordered(&two), 0);
    end();
}

static void faults_drop_double_and_reorder(void)
{
    begin(2);
    fake_bus_faults(bus)->drop_per_mille = 200;
    say(&one, 0, 100);
    fake_clock_run_for(&time_line, 10);
    expect(two.count > 50 && two.count < 100);
    fake_bus_faults(bus)->drop_per_mille = 0;
    fake_bus_faults(bus)->double_per_mille = 200;
    two.count = 0;
    say(&one, 0, 100);
    fake_clock_run_for(&time_line, 10);
    expect(two.count > 100 && two.count < 150);
    fake_bus_faults(bus)->double_per_mille = 0;
    fake_bus_faults(bus)->reorder_per_mille = 200;
    two.count = 0;
    say(&one, 0, 100);
    fake_clock_run_for(&time_line, 10);
    expect_u64(two.count, 100);
    expect(disordered(&two) > 0);
    end();
}

static void a_cut_is_told_and_what_was_said_meanwhile_is_lost(void)
{
    begin(3);
    say(&one, 0, 10);
    fake_hints_cut(two.hints);
    say(&one, 10, 10);
    say(&two, 20, 10);
    fake_clock_run_for(&time_line, 200);
    expect_u64(two.count, 0);
    expect_u64(one.count, 20);
    expect_u64(two.gaps, 1);
    expect_u64(two.losses, 1);
    expect_u64(one.gaps + one.losses, 0);
    say(&one, 0, 1);
    fake_clock_run_for(&time_line, 10);
    expect_u64(two.count, 1);
    end();
}

static void the_dead_hear_nothing(void)
{
    begin(4);
    say(&one, 0, 10);
    fake_hints_crash(two.hints);
    expect_u64(fake_hints_topic_count(two.hints), 0);
    fake_clock_run_for(&time_line, 200);
    expect_u64(two.count + two.gaps, 0);
    expect_u64(one.count, 10);
    end();
}

static void silence_is_told_to_nobody(void)
{
    begin(5);
    fake_bus_faults(bus)->is_silent = true;
    say(&one, 0, 10);
    fake_clock_run_for(&time_line, 200);
    expect_u64(one.count + two.count + one.gaps + two.gaps, 0);
    end();
}

static void unsubscribed_is_unheard(void)
{
    begin(6);
    two.hints->ops->unsubscribe(two.hints, SLICE_OF("t"));
    say(&one, 0, 10);
    fake_clock_run_for(&time_line, 20);
    expect_u64(two.count, 0);
    expect(!fake_hints_is_subscribed(two.hints, SLICE_OF("t")));
    end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(all_hear_in_order_and_later),
                    CASE(faults_drop_double_and_reorder),
                    CASE(a_cut_is_told_and_what_was_said_meanwhile_is_lost),
                    CASE(the_dead_hear_nothing), CASE(silence_is_told_to_nobody),
                    CASE(unsubscribed_is_unheard), {0}});
}
