/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of signatures that take a made-up time.
 *
 * Invariant: the timer is armed while anything waits; each time it is due the oldest is answered,
 * and it alone, so that anything can happen between two.
 */
#include "lib/fake_verifier.h"

enum { WAITING_MAX = 4, MS_MAX = 5 };

static void arm(struct fake_verifier *verifier)
{
    fake_timers_arm(verifier->timers, &verifier->timer,
            verifier->timers->clock->now_ms +
                    fake_random_between(&verifier->random, verifier->ms_min, verifier->ms_max));
}

static void on_due(struct timer *timer)
{
    struct fake_verifier *verifier = LIST_ITEM(timer, struct fake_verifier, timer);
    struct token_check *check =
            LIST_ITEM(list_take_first(&verifier->waiting), struct token_check, waiting);
    if (--verifier->count > 0)
        arm(verifier);
    token_prove(&check->proof);
    check->done(check);
}

static bool verify(struct verifier *base, struct token_check *check)
{
    struct fake_verifier *verifier = (struct fake_verifier *)(void *)base;
    if (verifier->count >= verifier->count_max)
        return false;
    list_append(&verifier->waiting, &check->waiting);
    if (verifier->count++ == 0)
        arm(verifier);
    return true;
}

static const struct verifier_ops ops = {verify};

void fake_verifier_init(struct fake_verifier *verifier, struct fake_timers *timers, uint64_t seed)
{
    *verifier = (struct fake_verifier){.base = {&ops},
            .timers = timers,
            .timer.on_due = on_due,
            .count_max = WAITING_MAX,
            .ms_max = MS_MAX};
    list_init(&verifier->waiting);
    fake_random_init(&verifier->random, seed);
}
