/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox against a model of the server, at random: whatever goes wrong between them, each
 * message is accepted once, in order. */
#include "outbox_model.h"

#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

static unsigned roll(unsigned sides)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % sides;
}

static void break_connection(unsigned *lineages)
{
    char lineage[33];
    outbox_on_disconnect(&outbox);
    while (wire_len > 0 && roll(3) > 0) /* some of what was sent arrives all the same */
        serve(PROTO_ERROR_NONE, true, 0);
    wire_len = 0;
    snprintf(lineage, sizeof lineage, "L%u", ++*lineages);
    outbox_on_welcome(&outbox, slice_of_string(lineage));
}

static enum proto_error_code random_veto(void)
{
    static const enum proto_error_code vetoes[] = {PROTO_ERROR_OUT_OF_RANGE,
            PROTO_ERROR_STORE_UNAVAILABLE, PROTO_ERROR_RATE_LIMITED, PROTO_ERROR_FENCED};
    return roll(6) ? PROTO_ERROR_NONE : vetoes[roll(4)];
}

static void expect_each_once_and_in_order(size_t puts)
{
    unsigned long last = 0;
    for (size_t i = 0; i < model.log_len; i++) {
        unsigned long number = strtoul(model.log[i].text + 1, NULL, 10);
        expect(number > last);
        last = number;
    }
    expect_u64(model.log_len + refused, puts);
    expect_u64(acked, model.log_len);
}

/* Puts, serves or breaks something; answers how many messages were put. */
static size_t take_random_step(size_t puts, unsigned *lineages, uint64_t now_ms)
{
    unsigned what = roll(10);
    enum outbox_verdict verdict = OUTBOX_SETTLED;
    if (what < 3) {
        puts++;
        put_numbered(puts, puts);
    } else if (what < 9 && wire_len > 0) {
        verdict = serve(random_veto(), false, now_ms);
    }
    if (verdict == OUTBOX_RECONNECT || roll(25) == 0)
        break_connection(lineages);
    outbox_flush(&outbox, now_ms);
    return puts;
}

static void once_and_in_order_whatever_happens(void)
{
    for (unsigned seed = 1; seed <= 3000; seed++) {
        unsigned lineages = 1;
        size_t puts = 0;
        uint64_t now_ms = 0;
        test_note("seed %u", seed);
        random_state = seed;
        begin();
        outbox_on_welcome(&outbox, SLICE_OF("L1"));
        for (int step = 0; step < 120; step++) {
            now_ms += roll(40);
            puts = take_random_step(puts, &lineages, now_ms);
        }
        break_connection(&lineages);
        serve_all();
        expect_each_once_and_in_order(puts);
        expect_u64(outbox_unacked(&outbox), 0);
        finish();
    }
}

int main(int argc, char **argv)
{
    return test_main(
            argc, argv, (struct test_case[]){CASE(once_and_in_order_whatever_happens), {0}});
}
