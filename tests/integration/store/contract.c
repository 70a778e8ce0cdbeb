/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of port/store.h, as far as it can be seen without faults. */
#include "contract.h"

#include "asking.h"
#include "subject.h"

#include <stdio.h>

static void begin(void)
{
    subject_begin();
    asking_begin();
}

static void end(void)
{
    asking_end();
    subject_end();
}

static struct slice numbered(uint64_t seq)
{
    static char text[32];
    return slice_make(text, (size_t)snprintf(text, sizeof text, "record %d", (int)seq));
}

/* Entries 1..last, "record <seq>". */
static void fill(struct slice key, uint64_t last)
{
    expect_outcome(ask_birth(one, key, numbered(1)), STORE_OK);
    struct answer *answer = NULL;
    for (uint64_t seq = 2; seq <= last; seq++)
        answer = ask_append(one, key, seq, numbered(seq));
    if (answer != NULL)
        expect_outcome(answer, STORE_OK);
}

static void expect_entries(const struct answer *answer, uint64_t first, uint64_t last)
{
    expect_outcome(answer, STORE_OK);
    size_t count = (size_t)(first <= last ? last - first : first - last) + 1;
    expect_u64(answer->item_count, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t seq = first <= last ? first + i : first - i;
        expect_u64(answer->items[i].number, seq);
        expect_slice(answer->items[i].value, numbered(seq));
    }
}

static void appends_build_a_log_that_both_links_read(void)
{
    begin();
    struct slice key = key_of("log");
    fill(key, 5);
    expect_entries(ask_read(two, &(struct store_read){key, 1, UINT64_MAX, 10, false}), 1, 5);
    end();
}

static void an_append_is_refused_where_something_is(void)
{
    begin();
    struct slice key = key_of("log");
    fill(key, 3);
    expect_outcome(ask_append(two, key, 3, SLICE_OF("late")), STORE_REFUSED);
    expect_outcome(ask_append(two, key, 1, SLICE_OF("later")), STORE_REFUSED);
    expect_outcome(ask_birth(two, key, SLICE_OF("again")), STORE_REFUSED);
    struct answer *mine = ask_append(one, key, 4, SLICE_OF("mine"));
    struct answer *other = ask_append(two, key, 4, SLICE_OF("other"));
    bool is_mine = wait_for(mine)->outcome == STORE_OK;
    expect_outcome(is_mine ? mine : other, STORE_OK);
    expect_outcome(is_mine ? other : mine, STORE_REFUSED);
    end();
}

/* The compare is one-sided; whoever is ahead is believed. Nothing above this port may forget it. */
static void an_append_ahead_is_not_refused(void)
{
    begin();
    struct slice key = key_of("log");
    fill(key, 1);
    expect_outcome(ask_append(one, key, 7, numbered(7)), STORE_OK);
    expect_outcome(ask_append(one, key, 2, numbered(2)), STORE_REFUSED);
    end();
}

static void only_a_birth_makes_a_log(void)
{
    begin();
    struct slice key = key_of("log");
    expect_outcome(ask_append(one, key, 1, SLICE_OF("x")), STORE_ABSENT);
    expect_outcome(ask_append(one, key, 5, SLICE_OF("x")), STORE_ABSENT);
    expect_outcome(
            ask_read(one, &(struct store_read){key, 1, UINT64_MAX, 10, false}), STORE_ABSENT);
    expect_outcome(ask_birth(one, key, numbered(1)), STORE_OK);
    expect_entries(ask_read(two, &(struct store_read){key, 1, UINT64_MAX, 10, false}), 1, 1);
    end();
}

static void reads_keep_to_their_bounds_both_ways(void)
{
    static const struct {
        uint64_t from, to;
        size_t count;
        bool is_reverse;
        uint64_t first, last; /* expected; 0: nothing */
    } rows[] = {{3, 6, 10, false, 3, 6}, {3, 6, 10, true, 6, 3}, {1, UINT64_MAX, 4, false, 1, 4},
            {1, UINT64_MAX, 4, true, 10, 7}, {10, 10, 1, false, 10, 10},
            {8, UINT64_MAX, 256, false, 8, 10}, {0, UINT64_MAX, 1, true, 10, 10},
            {11, UINT64_MAX, 10, false, 0, 0}, {11, 20, 10, true, 0, 0}, {6, 3, 10, false, 0, 0}};
    begin();
    struct slice key = key_of("log");
    fill(key, 10);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row %zu", i);
        struct answer *answer = ask_read(two, &(struct store_read){key, rows[i].from, rows[i].to,
                                                      rows[i].count, rows[i].is_reverse});
        if (rows[i].first > 0)
            expect_entries(answer, rows[i].first, rows[i].last);
        expect_outcome(answer, STORE_OK);
        expect(rows[i].first > 0 || answer->item_count == 0);
    }
    end();
}

static void one_read_holds_256_entries(void)
{
    begin();
    struct slice key = key_of("log");
    fill(key, 300);
    expect_entries(ask_read(one, &(struct store_read){key, 1, UINT64_MAX, STORE_ITEMS_MAX, false}),
            1, 256);
    expect_entries(
            ask_read(one, &(struct store_read){key, 257, UINT64_MAX, STORE_ITEMS_MAX, false}), 257,
            300);
    end();
}

static void any_bytes_may_be_in_keys_and_records(void)
{
    static const char spiteful[] = "a\0b\r\n$3\r\n*%s%n\xff";
    static char large[100000];
    struct slice record = slice_make(spiteful, sizeof spiteful - 1);
    begin();
    char bytes[96];
    struct slice plain = key_of("log");
    memcpy(bytes, plain.bytes, plain.len);
    memcpy(bytes + plain.len, spiteful, sizeof spiteful - 1);
    struct slice key = slice_make(bytes, plain.len + sizeof spiteful - 1);
    memset(large, '\r', sizeof large);
    expect_outcome(ask_birth(one, key, record), STORE_OK);
    expect_outcome(ask_append(one, key, 2, SLICE_NONE), STORE_OK);
    expect_outcome(ask_append(one, key, 3, slice_make(large, sizeof large)), STORE_OK);
    const struct answer *answer =
            wait_for(ask_read(two, &(struct store_read){key, 1, UINT64_MAX, 9, false}));
    expect_u64(answer->item_count, 3);
    expect_slice(answer->items[0].value, record);
    expect_u64(answer->items[1].value.len, 0);
    expect(slice_equal(answer->items[2].value, slice_make(large, sizeof large)));
    expect_outcome(ask_put(one, key_of("value"), record, 0), STORE_OK);
    expect_slice(wait_for(ask_get(one, key_of("value")))->value, record);
    end();
}

static void a_trimmed_log_keeps_its_last_place(void)
{
    begin();
    struct slice key = key_of("log");
    fill(key, 6);
    expect_outcome(ask_trim(one, key, 5), STORE_OK);
    expect_entries(ask_read(one, &(struct store_read){key, 1, UINT64_MAX, 10, false}), 5, 6);
    expect_outcome(ask_trim(one, key, 100), STORE_OK);
    expect_outcome(
            ask_read(one, &(struct store_read){key, 1, UINT64_MAX, 10, false}), STORE_ABSENT);
    expect_outcome(ask_read(one, &(struct store_read){key, 0, UINT64_MAX, 1, true}), STORE_ABSENT);
    expect_outcome(ask_read(one, &(struct store_read){key, 2, UINT64_MAX, 10, false}), STORE_OK);
    expect_outcome(ask_read(one, &(struct store_read){key, 1, 7, 10, false}), STORE_OK);
    expect_outcome(ask_append(one, key, 6, numbered(6)), STORE_REFUSED);
    expect_outcome(ask_append(one, key, 7, numbered(7)), STORE_OK);
    expect_outcome(ask_trim(one, key_of("nothing"), 5), STORE_OK);
    end();
}

static void of_two_claims_the_first_holds(void)
{
    begin();
    struct slice key = key_of("name");
    struct answer *first = ask_claim(one, key, SLICE_OF("mine"));
    struct answer *second = ask_claim(two, key, SLICE_OF("theirs"));
    bool is_mine = wait_for(first)->outcome == STORE_OK;
    const struct answer *loser = is_mine ? second : first;
    expect_outcome(is_mine ? first : second, STORE_OK);
    expect_outcome(loser, STORE_REFUSED);
    expect_text(loser->value, is_mine ? "mine" : "theirs");
    expect_outcome(ask_claim(one, key, SLICE_OF("again")), STORE_REFUSED);
    end();
}

static void of_two_takers_one_gets_it(void)
{
    begin();
    struct slice key = key_of("ticket");
    expect_outcome(ask_put(one, key, SLICE_OF("prize"), 0), STORE_OK);
    struct answer *a = ask_take(one, key), *b = ask_take(two, key);
    bool is_a = wait_for(a)->outcome == STORE_OK;
    expect_outcome(is_a ? b : a, STORE_ABSENT);
    expect_outcome(is_a ? a : b, STORE_OK);
    expect_text((is_a ? a : b)->value, "prize");
    end();
}

static void a_value_is_put_got_and_removed(void)
{
    begin();
    struct slice key = key_of("value");
    expect_outcome(ask_get(one, key), STORE_ABSENT);
    expect_outcome(ask_put(one, key, SLICE_OF("a"), 0), STORE_OK);
    expect_outcome(ask_put(one, key, SLICE_OF("b"), 60000), STORE_OK);
    expect_text(wait_for(ask_get(two, key))->value, "b");
    expect_outcome(ask_remove(two, key), STORE_OK);
    expect_outcome(ask_remove(two, key), STORE_OK);
    expect_outcome(ask_get(one, key), STORE_ABSENT);
    end();
}

static void a_value_goes_when_its_time_is_over(void)
{
    begin();
    struct slice key = key_of("value");
    expect_outcome(ask_put(one, key, SLICE_OF("a"), 1), STORE_OK);
    unsigned asked = 0;
    while (wait_for(ask_get(one, key))->outcome == STORE_OK)
        expect(asked++ < 10000);
    expect_outcome(ask_claim(one, key, SLICE_OF("b")), STORE_OK);
    end();
}

static void a_sorted_set_is_read_by_score(void)
{
    const uint64_t top = (UINT64_C(1) << 53) - 1;
    begin();
    struct slice key = key_of("due");
    expect_outcome(ask_zset_range(one, key, 0, UINT64_MAX, 10), STORE_OK);
    ask_zset_add(one, key, SLICE_OF("c"), 20, ZSET_SET);
    ask_zset_add(one, key, SLICE_OF("b"), 10, ZSET_SET);
    ask_zset_add(one, key, SLICE_OF("a"), 20, ZSET_SET);
    expect_outcome(ask_zset_add(one, key, SLICE_OF("d"), top, ZSET_SET), STORE_OK);
    const struct answer *all = wait_for(ask_zset_range(two, key, 0, UINT64_MAX, 10));
    expect_u64(all->item_count, 4);
    expect_text(all->items[0].value, "b");
    expect_text(all->items[1].value, "a");
    expect_text(all->items[2].value, "c");
    expect_u64(all->items[3].number, top);
    const struct answer *some = wait_for(ask_zset_range(two, key, 11, 20, 1));
    expect_u64(some->item_count, 1);
    expect_text(some->items[0].value, "a");
    expect_u64(some->items[0].number, 20);
    expect_outcome(ask_zset_remove(one, key, SLICE_OF("a")), STORE_OK);
    expect_outcome(ask_zset_remove(one, key, SLICE_OF("a")), STORE_OK);
    expect_u64(wait_for(ask_zset_range(two, key, 20, 20, 10))->item_count, 1);
    end();
}

static void a_raised_score_never_falls(void)
{
    begin();
    struct slice key = key_of("cursors");
    ask_zset_add(one, key, SLICE_OF("m"), 10, ZSET_RAISE);
    ask_zset_add(one, key, SLICE_OF("m"), 7, ZSET_RAISE);
    expect_u64(wait_for(ask_zset_range(one, key, 0, 100, 9))->items[0].number, 10);
    ask_zset_add(one, key, SLICE_OF("m"), 12, ZSET_RAISE);
    expect_u64(wait_for(ask_zset_range(one, key, 0, 100, 9))->items[0].number, 12);
    ask_zset_add(one, key, SLICE_OF("m"), 3, ZSET_SET);
    expect_u64(wait_for(ask_zset_range(one, key, 0, 100, 9))->items[0].number, 3);
    end();
}

static void answers_come_in_the_order_of_the_calls(void)
{
    enum { COUNT = 500 };
    struct answer *asked[COUNT];
    begin();
    struct slice log = key_of("log"), value = key_of("value"), due = key_of("due");
    asked[0] = ask_birth(one, log, numbered(1));
    for (size_t i = 1; i < COUNT; i++) {
        if (i % 4 == 0)
            asked[i] = ask_append(one, log, i / 4 + 1, numbered(i));
        else if (i % 4 == 1)
            asked[i] = ask_read(one, &(struct store_read){log, 1, UINT64_MAX, 3, i % 8 == 1});
        else if (i % 4 == 2)
            asked[i] = ask_put(one, value, numbered(i), 0);
        else
            asked[i] = ask_zset_add(one, due, numbered(i), i, ZSET_SET);
    }
    expect_outcome(asked[COUNT - 1], STORE_OK);
    for (size_t i = 0; i < COUNT; i++) {
        test_note("request %zu", i);
        expect_outcome(asked[i], STORE_OK);
        expect_u64(asked[i]->generation, one->ops->generation(one));
        expect(i == 0 || asked[i]->place == asked[i - 1]->place + 1);
    }
    end();
}

static void a_barrier_holds_for_its_own_generation(void)
{
    begin();
    uint64_t generation = one->ops->generation(one);
    expect(generation > 0);
    fill(key_of("log"), 3);
    expect_outcome(ask_barrier(one, generation), STORE_OK);
    expect_outcome(ask_barrier(one, generation + 1), STORE_UNKNOWN);
    expect_outcome(ask_barrier(one, 0), STORE_UNKNOWN);
    end();
}

static void the_servers_time_never_falls(void)
{
    begin();
    uint64_t before_ms = one->ops->now_ms(one);
    expect(before_ms > UINT64_C(1600000000000));
    for (size_t i = 0; i < 50; i++) {
        expect_outcome(ask_get(one, key_of("x")), STORE_ABSENT);
        uint64_t now_ms = one->ops->now_ms(one);
        expect(now_ms >= before_ms && now_ms < before_ms + 10000);
        before_ms = now_ms;
        asking_begin();
    }
    end();
}

static void nobody_need_listen(void)
{
    begin();
    struct slice key = key_of("log");
    struct store_append birth = {key, 1, true, numbered(1)};
    one->ops->append(one, &birth, NULL, NULL);
    one->ops->barrier(one, one->ops->generation(one), NULL, NULL);
    one->ops->remove(one, key_of("value"), NULL, NULL);
    expect_entries(ask_read(one, &(struct store_read){key, 1, UINT64_MAX, 10, false}), 1, 1);
    end();
}

const struct test_case contract_cases[] = {CASE(appends_build_a_log_that_both_links_read),
        CASE(an_append_is_refused_where_something_is), CASE(an_append_ahead_is_not_refused),
        CASE(only_a_birth_makes_a_log), CASE(reads_keep_to_their_bounds_both_ways),
        CASE(one_read_holds_256_entries), CASE(any_bytes_may_be_in_keys_and_records),
        CASE(a_trimmed_log_keeps_its_last_place), CASE(of_two_claims_the_first_holds),
        CASE(of_two_takers_one_gets_it), CASE(a_value_is_put_got_and_removed),
        CASE(a_value_goes_when_its_time_is_over), CASE(a_sorted_set_is_read_by_score),
        CASE(a_raised_score_never_falls), CASE(answers_come_in_the_order_of_the_calls),
        CASE(a_barrier_holds_for_its_own_generation), CASE(the_servers_time_never_falls),
        CASE(nobody_need_listen), {0}};
