/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of port/hints.h. What may be lost is not tested here; what must be told is. */
#include "hints_contract.h"

#include <stdio.h>

enum { HEARD_MAX = 4096 };

struct listener {
    struct hints *hints;
    unsigned heard[HEARD_MAX]; /* the number that each hint began with */
    size_t count, last_len, subscribed, gaps, losses;
    bool is_spoilt;
};

static struct listener one, two;
static bool is_inside; /* a call of the port */

static void on_hint(void *user, struct slice topic, struct slice payload)
{
    struct listener *listener = user;
    unsigned number = 0;
    (void)topic;
    expect(!is_inside && payload.len >= 2 && listener->count < HEARD_MAX);
    number = (unsigned)((unsigned char)payload.bytes[0] << 8 | (unsigned char)payload.bytes[1]);
    for (size_t i = 2; i < payload.len; i++)
        listener->is_spoilt |= payload.bytes[i] != (char)(i * 7);
    listener->heard[listener->count++] = number;
    listener->last_len = payload.len;
}

static void on_subscribed(void *user, struct slice topic)
{
    (void)topic;
    expect(!is_inside);
    ((struct listener *)user)->subscribed++;
}

static void on_gap(void *user)
{
    expect(!is_inside);
    ((struct listener *)user)->gaps++;
}

static void on_lost(void *user)
{
    ((struct listener *)user)->losses++;
}

static void wire(struct listener *listener, struct hints *hints)
{
    *listener = (struct listener){.hints = hints};
    hints->on_hint = on_hint;
    hints->on_subscribed = on_subscribed;
    hints->on_gap = on_gap;
    hints->on_lost = on_lost;
    hints->user = listener;
}

static bool subscribe(struct listener *listener, const char *topic)
{
    is_inside = true;
    bool is_good = listener->hints->ops->subscribe(listener->hints, slice_of_string(topic));
    is_inside = false;
    return is_good;
}

static void unsubscribe(struct listener *listener, const char *topic)
{
    is_inside = true;
    listener->hints->ops->unsubscribe(listener->hints, slice_of_string(topic));
    is_inside = false;
}

static void say(struct listener *from, const char *topic, unsigned number, size_t len)
{
    static char payload[HINTS_PAYLOAD_MAX];
    payload[0] = (char)(number >> 8);
    payload[1] = (char)number;
    for (size_t i = 2; i < len; i++)
        payload[i] = (char)(i * 7);
    is_inside = true;
    from->hints->ops->publish(from->hints, slice_of_string(topic), slice_make(payload, len));
    is_inside = false;
}

static void begin(void)
{
    struct hints *a, *b;
    hints_begin(&a, &b);
    wire(&one, a);
    wire(&two, b);
    expect(subscribe(&one, "{t}h") && subscribe(&two, "{t}h"));
    while (one.subscribed + one.gaps == 0 || two.subscribed + two.gaps == 0)
        hints_turn();
}

/* Until both have heard so many. */
static void wait_for(size_t of_one, size_t of_two)
{
    while (one.count < of_one || two.count < of_two)
        hints_turn();
}

static void all_who_listen_hear_the_speaker_too(void)
{
    begin();
    say(&one, "{t}h", 7, 2);
    wait_for(1, 1);
    expect_u64(one.heard[0], 7);
    expect_u64(two.heard[0], 7);
    hints_end();
}

static void any_bytes_up_to_the_limit_arrive_as_they_were(void)
{
    begin();
    say(&one, "{t}h", 1, HINTS_PAYLOAD_MAX);
    say(&one, "{t}h", 2, 3);
    wait_for(2, 2);
    expect(!one.is_spoilt && !two.is_spoilt);
    expect_u64(two.last_len, 3);
    hints_end();
}

static void what_one_says_is_heard_in_order(void)
{
    begin();
    for (unsigned i = 0; i < 1000; i++)
        say(&one, "{t}h", i, 64);
    wait_for(1000, 1000);
    for (unsigned i = 0; i < 1000; i++)
        expect_u64(two.heard[i], i);
    hints_end();
}

static void a_topic_is_heard_once_however_often_it_is_subscribed(void)
{
    begin();
    expect(subscribe(&two, "{t}h") && subscribe(&two, "{t}h"));
    say(&one, "{t}h", 1, 2);
    say(&one, "{t}h", 2, 2);
    wait_for(2, 2);
    expect_u64(two.heard[1], 2);
    hints_end();
}

static void other_topics_are_not_heard(void)
{
    begin();
    say(&one, "{t}other", 1, 2);
    say(&one, "{t}h", 2, 2);
    wait_for(1, 1);
    expect_u64(two.heard[0], 2);
    hints_end();
}

static void what_is_unsubscribed_is_heard_no_more(void)
{
    begin();
    expect(subscribe(&two, "{t}mark"));
    while (two.subscribed + two.gaps < 2)
        hints_turn();
    unsubscribe(&two, "{t}h");
    say(&one, "{t}h", 1, 2);
    say(&one, "{t}mark", 2, 2);
    wait_for(1, 1);
    expect_u64(two.heard[0], 2);
    hints_end();
}

/* Before the first answers are there: the last word counts. */
static void who_changes_their_mind_is_understood(void)
{
    begin();
    for (int i = 0; i < 20; i++) {
        unsubscribe(&two, "{t}h");
        expect(subscribe(&two, "{t}h"));
    }
    size_t before = two.subscribed;
    while (two.subscribed == before)
        hints_turn();
    say(&one, "{t}h", 1, 2);
    wait_for(1, 1);
    hints_end();
}

static void after_a_break_all_topics_are_heard_again_and_it_is_told(void)
{
    begin();
    expect(subscribe(&two, "{t}more"));
    while (two.subscribed + two.gaps < 2)
        hints_turn();
    size_t before = two.gaps;
    hints_cut();
    expect(subscribe(&two, "{t}meanwhile"));
    while (two.gaps == before)
        hints_turn();
    say(&one, "{t}h", 1, 2);
    say(&one, "{t}more", 2, 2);
    say(&one, "{t}meanwhile", 3, 2);
    wait_for(1, 3);
    hints_end();
}

const struct test_case hints_contract_cases[] = {CASE(all_who_listen_hear_the_speaker_too),
        CASE(any_bytes_up_to_the_limit_arrive_as_they_were), CASE(what_one_says_is_heard_in_order),
        CASE(a_topic_is_heard_once_however_often_it_is_subscribed),
        CASE(other_topics_are_not_heard), CASE(what_is_unsubscribed_is_heard_no_more),
        CASE(who_changes_their_mind_is_understood),
        CASE(after_a_break_all_topics_are_heard_again_and_it_is_told), {0}};
