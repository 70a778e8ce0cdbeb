/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks too much: told for how long to wait, and sent away only if they do not. */
#include "flow/limits.h"

#include "lib/test.h"
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- buckets ----------------------------------------------------------------------------------
 */

static void a_flood_of_requests_is_refused_and_not_passed_on(void)
{
    struct actor *ada, *anna, *ben;
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    anna->mark = anna->heard_len;
    for (unsigned i = 0; i < 100; i++)
        act_later(ada, 0, "{\"type\":\"typing\",\"active\":false}");
    stage_run(100);
    expect(!heard(anna, "typist"));
    stage.settings.messages_per_min = 5;
    for (unsigned i = 0; i < 50; i++)
        act_later(ada, 0, "{\"type\":\"history\",\"id\":\"h\"}");
    stage_run(100);
    expect(heard(ada, "\"rate_limited\""));
    stage_run(20000);
    act_ask(ada, "{\"type\":\"history\",\"id\":\"h\"}");
    expect(heard(ada, "\"page\""));
    stage_end();
}

static void say_under(struct actor *actor, const char *lineage, unsigned n)
{
    act_later(actor, 0,
            "{\"type\":\"send\",\"id\":\"s\",\"lineage\":\"%s\",\"n\":%u,\"body\":{\"kind\":"
            "\"text\",\"text\":\"%s %u\"}}",
            lineage, n, lineage, n);
}

/* What one line has under way is bounded, under however many lineages; a lineage on another line
 * finds all of its places again. */
static void a_line_has_so_many_unanswered_and_a_lineage_so_many_places(void)
{
    enum { HALF = PROTO_LIMIT_UNACKED_SENDS / 2 };
    char other[40];
    stage_start();
    stage.settings.messages_per_min = stage.settings.messages_per_min_per_contact = 1000;
    struct actor *phone = stage_known("north", "ada"), *laptop = stage_known("north", "ada");
    memcpy(other, laptop->lineage, sizeof other);
    fake_store_stall(stage.store, node_clock_ms(stage.node) + 500);
    for (unsigned n = 1; n <= HALF; n++) {
        say_under(phone, phone->lineage, n);
        say_under(phone, other, n);
    }
    expect(!heard_ever(phone, "\"too_many_unacked\""));
    say_under(phone, other, HALF + 1);
    stage_run(1000);
    expect_u64(times_heard(phone, "\"too_many_unacked\""), 1);
    expect_u64(times_heard(phone, "\"ack\""), PROTO_LIMIT_UNACKED_SENDS);
    for (unsigned n = 1; n <= HALF; n++)
        say_under(laptop, other, n);
    stage_run(1000);
    expect_u64(times_heard(laptop, "\"ack\""), HALF);
    expect(!heard_ever(laptop, "\"already_sent\""));
    stage_end();
}

static void a_contact_has_one_bucket_for_all_devices(void)
{
    stage_start();
    stage.settings.messages_per_min = 6;
    stage.settings.messages_per_min_per_contact = 10;
    struct actor *phone = stage_known("north", "ada"), *laptop = stage_known("north", "ada");
    struct actor *other = stage_known("north", "bob");
    for (unsigned i = 0; i < 6; i++) {
        act_say(phone, "phone");
        act_say(laptop, "laptop");
        act_say(other, "other");
    }
    expect_u64(times_heard(phone, "\"ack\"") + times_heard(laptop, "\"ack\""), 10);
    expect(heard(laptop, "\"rate_limited\"") && heard(laptop, "\"retry_after_ms\""));
    expect_u64(times_heard(other, "\"ack\""), 6);
    stage_run(60000);
    act_say(phone, "again");
    expect(heard(phone, "\"ack\""));
    stage_end();
}

static void a_tenant_takes_nothing_from_another(void)
{
    stage_start();
    stage.settings.messages_per_min_per_tenant = 12;
    struct actor *ada = stage_customer("north"), *bob = stage_customer("north");
    struct actor *eve = stage_customer("south");
    for (unsigned i = 0; i < 8; i++) {
        act_say(ada, "north");
        act_say(bob, "north");
        act_say(eve, "south");
    }
    expect_u64(times_heard(ada, "\"ack\"") + times_heard(bob, "\"ack\""), 12);
    expect(heard(bob, "\"rate_limited\""));
    expect_u64(times_heard(eve, "\"ack\""), 8);
    stage_end();
}

static void a_contact_has_only_so_many_devices_at_once(void)
{
    stage_start();
    stage.settings.sessions_per_contact_max = 2;
    struct actor *first = stage_known("north", "ada"), *second = stage_known("north", "ada");
    struct actor *third = stage_actor();
    act_sign(third, "north", "customer", "x:ada", true);
    act_enter(third);
    stage_run(1000);
    expect(!heard_ever(third, "\"welcome\"") && heard_ever(third, "\"bye\""));
    expect_u64((uint64_t)third->close_code, 4429);
    expect_u64((uint64_t)second->close_code, 0);
    act_leave(first);
    act_enter(third);
    expect(will_hear(third, "\"welcome\"", 1000));
    stage_end();
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

/* In each of so many conversations all that may be in the air is refused at once; from then on each
 * tries one thing whenever its time is over, and is refused, for an hour. */
static uint64_t tries_of_who_heeds(size_t lanes)
{
    enum { LANES_MAX = 9, HOUR_MS = 3600 * 1000 };
    struct rate refusals = {0};
    uint64_t due_ms[LANES_MAX] = {0}, tries = 0;
    for (size_t i = 0; i < lanes * PROTO_LIMIT_UNACKED_SENDS; i++) {
        uint64_t wait_ms = refusal_wait_ms(&refusals, 1, 1);
        expect(wait_ms > 0);
        due_ms[i % lanes] = 1 + wait_ms;
    }
    for (uint64_t now_ms = 1; now_ms < HOUR_MS; now_ms++)
        for (size_t i = 0; i < lanes; i++)
            if (due_ms[i] <= now_ms) {
                uint64_t wait_ms = refusal_wait_ms(&refusals, 1, now_ms);
                expect(wait_ms > 0);
                due_ms[i] = now_ms + wait_ms;
                tries++;
            }
    return tries;
}

static void who_waits_as_long_as_told_never_uses_up_the_refusals(void)
{
    expect(tries_of_who_heeds(1) > 10000); /* and is not kept waiting by them */
    expect(tries_of_who_heeds(9) > 10000);
}

static void who_does_not_wait_uses_them_up_and_gets_new_ones_with_time(void)
{
    struct rate refusals = {0};
    size_t count = 0;
    while (refusal_wait_ms(&refusals, 5, 1000) > 0)
        count++;
    expect_u64(count, PROTO_LIMIT_REFUSALS_PER_MIN);
    expect_u64(refusal_wait_ms(&refusals, 5, 1000), 0);
    for (count = 0; refusal_wait_ms(&refusals, 5, 31000) > 0;)
        count++;
    expect_u64(count, PROTO_LIMIT_REFUSALS_PER_MIN / 2);
    expect_u64(refusal_wait_ms(&refusals, 5000, 91000), 5000); /* never less than asked for */
}

static void who_heeds_no_limit_is_sent_away(void)
{
    stage_start();
    struct actor *ada = stage_customer("north"), *bob = stage_customer("north");
    stage.settings.messages_per_min = 5;
    for (unsigned i = 0; i < PROTO_LIMIT_REFUSALS_PER_MIN; i++)
        act_later(bob, 0, "{\"type\":\"history\",\"id\":\"h\"}");
    stage_run(1000);
    expect_u64((uint64_t)bob->close_code, 0); /* a burst is no attack */
    for (unsigned i = 0; i < 2 * PROTO_LIMIT_REFUSALS_PER_MIN; i++)
        act_later(ada, 0, "{\"type\":\"history\",\"id\":\"h\"}");
    stage_run(1000);
    expect_u64((uint64_t)ada->close_code, 4429);
    expect(heard_ever(ada, "\"bye\"") && heard_ever(ada, "\"too_many\""));
    stage_end();
}

/* Says good things as often as it may, and fifty times a second what is refused. */
static void expect_cut_although_it_mixes(const char *refused)
{
    test_note("%s", refused);
    stage_start();
    struct actor *ada = stage_customer("north");
    stage.settings.messages_per_min = 60;
    for (unsigned ms = 0; ms < 120 * 1000 && ada->close_code == 0; ms += 20) {
        act_later(ada, 20, "%s", refused);
        if (ms % 2000 == 0)
            act_say(ada, "a good one");
    }
    expect(heard_ever(ada, "\"ack\""));
    expect_u64((uint64_t)ada->close_code, 4429);
    stage_end();
}

static void who_mixes_good_and_refused_is_sent_away_too(void)
{
    expect_cut_although_it_mixes("{\"type\":\"history\",\"id\":\"h\",\"limit\":1}");
    expect_cut_although_it_mixes(
            "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"2-0000000000000000\"}");
    expect_cut_although_it_mixes("{\"type\":\"send\",\"id\":\"s\",\"lineage\":\"l\",\"n\":1,"
                                 "\"body\":{\"kind\":\"text\",\"text\":\"\"}}");
    expect_cut_although_it_mixes(
            "{\"type\":\"react\",\"id\":\"r\",\"lineage\":\"l\",\"n\":1,"
            "\"target\":\"2-0000000000000000\",\"emoji\":\"no\",\"active\":true}");
}

/* A tab with a row of words, which tries only the first one when its time is over. */
struct tab {
    struct actor *actor;
    unsigned acked;
    uint64_t due_ms;
};

static void try_word(struct tab *tab, unsigned n)
{
    act_later(tab->actor, 0,
            "{\"type\":\"send\",\"id\":\"w\",\"lineage\":\"%s\",\"n\":%u,\"body\":{\"kind\":"
            "\"text\","
            "\"text\":\"word\"}}",
            tab->actor->lineage, n);
}

/* What the tab was told since its mark. */
static void heed(struct tab *tab)
{
    static const char member[] = "\"retry_after_ms\":";
    struct actor *actor = tab->actor;
    for (const char *at = actor->heard + actor->mark; (at = strstr(at, "\"ack\"")) != NULL; at++)
        tab->acked++;
    const char *at = actor->heard + actor->mark;
    uint64_t now_ms = node_clock_ms(stage.node), wait_ms = 0;
    while ((at = strstr(at, member)) != NULL)
        wait_ms = strtoull(at += sizeof member - 1, NULL, 10);
    tab->due_ms = now_ms + wait_ms;
    actor->mark = actor->heard_len;
}

static void who_has_many_words_waiting_in_many_tabs_says_them_all(void)
{
    enum { TABS = 6, WORDS = PROTO_LIMIT_UNACKED_SENDS };
    struct tab tabs[TABS] = {0};
    unsigned left = TABS;
    stage_start();
    stage.settings.messages_per_min = 100;
    stage.settings.messages_per_min_per_contact = 120;
    for (size_t i = 0; i < TABS; i++) {
        tabs[i].actor = stage_known("north", "ada");
        tabs[i].actor->mark = tabs[i].actor->heard_len;
        for (unsigned n = 1; n <= WORDS; n++)
            try_word(&tabs[i], n);
    }
    stage_run(1000);
    for (size_t i = 0; i < TABS; i++)
        heed(&tabs[i]);
    for (unsigned turn = 0; turn < 20000 && left > 0; turn++) {
        for (size_t i = 0; i < TABS; i++)
            if (tabs[i].acked < WORDS && tabs[i].due_ms <= node_clock_ms(stage.node))
                try_word(&tabs[i], tabs[i].acked + 1);
        stage_run(20);
        left = 0;
        for (size_t i = 0; i < TABS; i++) {
            expect_u64((uint64_t)tabs[i].actor->close_code, 0);
            if (tabs[i].due_ms <= node_clock_ms(stage.node))
                heed(&tabs[i]);
            left += tabs[i].acked < WORDS;
        }
    }
    expect_u64(left, 0);
    stage_end();
}

/* An upload is taken from the contact's bucket, and leaves of it what was there for words. */
static void an_upload_leaves_the_words_what_was_theirs(void)
{
    stage_start();
    stage.settings.messages_per_min = 100; /* more than the contact's own: it counts for both */
    stage.settings.messages_per_min_per_contact = 10;
    struct tab tab = {.actor = stage_known("north", "ada")};
    struct chat *chat = chat_find(stage.node, slice_of_string(tab.actor->conversation));
    for (unsigned n = 1; n <= 50; n++)
        try_word(&tab, n);
    stage_run(400);
    expect_u64(limits_contact_wait_ms(chat), 0);
    for (unsigned n = 51; n <= 100; n++)
        try_word(&tab, n);
    stage_run(400);
    expect_u64(times_heard(tab.actor, "\"ack\""), 99);
    expect_u64(times_heard(tab.actor, "\"rate_limited\""), 1);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_flood_of_requests_is_refused_and_not_passed_on),
                    CASE(a_line_has_so_many_unanswered_and_a_lineage_so_many_places),
                    CASE(a_contact_has_one_bucket_for_all_devices),
                    CASE(a_tenant_takes_nothing_from_another),
                    CASE(an_upload_leaves_the_words_what_was_theirs),
                    CASE(a_contact_has_only_so_many_devices_at_once),
                    CASE(who_waits_as_long_as_told_never_uses_up_the_refusals),
                    CASE(who_does_not_wait_uses_them_up_and_gets_new_ones_with_time),
                    CASE(who_heeds_no_limit_is_sent_away),
                    CASE(who_mixes_good_and_refused_is_sent_away_too),
                    CASE(who_has_many_words_waiting_in_many_tabs_says_them_all), {0}});
}
