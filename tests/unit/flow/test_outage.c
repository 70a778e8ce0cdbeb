/* SPDX-License-Identifier: Apache-2.0 */
/* For how long clients are told to wait: in proportion to what is away, and never all alike. */
#include "flow/outage.h"
#include "lib/test.h"

static const struct outage_bounds bounds = {100, 2000};

/* How often somebody who keeps to what they are told is sent away, and when they are let in. */
static unsigned tries_through(uint64_t lasts_ms, uint64_t drawn, uint64_t *out_in_ms)
{
    struct outage outage = {0};
    uint64_t clock_ms = 5000;
    unsigned tries = 0;
    while (clock_ms < 5000 + lasts_ms) {
        clock_ms += outage_wait_ms(&outage, &bounds, clock_ms, drawn);
        tries++;
    }
    *out_in_ms = clock_ms - 5000;
    return tries;
}

static void a_short_outage_is_not_made_long(void)
{
    for (uint64_t drawn = 0; drawn < 1001; drawn += 10) {
        uint64_t in_ms;
        tries_through(400, drawn, &in_ms);
        expect(in_ms >= 400 && in_ms <= 400 + 125);
    }
}

static void a_long_outage_is_asked_for_less_and_less(void)
{
    for (uint64_t drawn = 0; drawn < 1001; drawn += 10) {
        uint64_t in_ms;
        unsigned tries = tries_through(60000, drawn, &in_ms);
        expect(tries <= 70 && in_ms <= 60000 + 2500);
    }
}

static void those_who_are_sent_away_together_come_back_apart(void)
{
    struct outage outage = {0};
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t drawn = 0; drawn < 1000; drawn++) {
        uint64_t wait_ms = outage_wait_ms(&outage, &bounds, 7, drawn);
        least = wait_ms < least ? wait_ms : least;
        most = wait_ms > most ? wait_ms : most;
    }
    expect_u64(least, 75);
    expect_u64(most, 125);
}

static void the_next_outage_begins_anew(void)
{
    struct outage outage = {0};
    for (uint64_t clock_ms = 1; clock_ms < 60000; clock_ms += 300)
        outage_wait_ms(&outage, &bounds, clock_ms, 0);
    expect_u64(outage_wait_ms(&outage, &bounds, 60000, 0), 1500);
    expect_u64(outage_wait_ms(&outage, &bounds, 64000, 0), 1500); /* they come by twos */
    expect_u64(outage_wait_ms(&outage, &bounds, 69000, 0), 75);
    expect_u64(outage_wait_ms(&outage, &bounds, 69075, 0), 75);
    expect_u64(outage_wait_ms(&outage, &bounds, 69600, 0), 75); /* it was back for a moment */
    expect_u64(outage_wait_ms(&outage, &bounds, 70000, 0), 75);
    for (uint64_t clock_ms = 70100; clock_ms <= 71600; clock_ms += 100)
        outage_wait_ms(&outage, &bounds, clock_ms, 0);
    expect_u64(outage_wait_ms(&outage, &bounds, 71600, 0), 375);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_short_outage_is_not_made_long),
                    CASE(a_long_outage_is_asked_for_less_and_less),
                    CASE(those_who_are_sent_away_together_come_back_apart),
                    CASE(the_next_outage_begins_anew), {0}});
}
