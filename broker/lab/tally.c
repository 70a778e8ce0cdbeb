/* SPDX-License-Identifier: Apache-2.0 */
/* Counting: each customer once, at what became of them.
 *
 * Invariant: who does not count (before the warm-up's end, outside the interval) changes no figure
 * but the digest, which is about all.
 */
#include "lab/tally.h"

#include <stdlib.h>

bool tally_init(struct tally *tally, const struct simulation *setup)
{
    *tally = (struct tally){.setup = setup, .digest = 0xcbf29ce484222325u};
    tally->waits_ms = malloc((setup->customers->count + 1) * sizeof *tally->waits_ms);
    return tally->waits_ms != NULL;
}

void tally_finish(struct tally *tally)
{
    free(tally->waits_ms);
    tally->waits_ms = NULL;
}

static bool counts(const struct tally *tally, const struct customer *who)
{
    const struct simulation *setup = tally->setup;
    uint64_t second = who->arrives_ms / 1000 % SCENARIO_DAY_S;
    return who->arrives_ms >= setup->count_from_ms &&
           (setup->to_s == 0 || (second >= setup->from_s && second < setup->to_s));
}

/* NULL: of none. */
static struct simulation_interval *interval_of(
        const struct tally *tally, const struct customer *who)
{
    const struct schedule_day *day = tally->setup->day;
    uint64_t second = who->arrives_ms / 1000 % SCENARIO_DAY_S;
    if (day == NULL || second < day->from_s || second >= day->to_s || !counts(tally, who))
        return NULL;
    uint64_t interval = (second - day->from_s) / day->interval_s;
    return interval < day->count ? &tally->setup->intervals[interval] : NULL;
}

void tally_arrived(struct tally *tally, const struct customer *who)
{
    struct simulation_interval *interval = interval_of(tally, who);
    tally->arrived += counts(tally, who);
    if (interval != NULL)
        interval->arrived++;
}

static void digest(struct tally *tally, uint64_t value)
{
    tally->digest = (tally->digest ^ value) * 0x100000001b3u;
    tally->digest ^= tally->digest >> 29;
}

void tally_answered(
        struct tally *tally, const struct customer *who, uint64_t now_ms, uint32_t agent)
{
    uint64_t wait_ms = now_ms - who->arrives_ms;
    bool is_in_time = (double)wait_ms <= tally->setup->within_s * 1000;
    struct simulation_interval *interval = interval_of(tally, who);
    digest(tally, who->arrives_ms);
    digest(tally, now_ms);
    digest(tally, agent);
    if (!counts(tally, who))
        return;
    tally->waits_ms[tally->answered++] = wait_ms;
    tally->in_time += is_in_time;
    if (interval != NULL)
        interval->in_time += is_in_time;
    tally->delayed += wait_ms > 0;
}

void tally_abandoned(struct tally *tally, const struct customer *who)
{
    if (!counts(tally, who))
        return;
    tally->abandoned++;
    tally->delayed++;
    tally->abandoned_wait_ms += (double)who->patience_ms;
}

static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The smallest wait that so many percent do not exceed. */
static double percentile_s(const struct tally *tally, uint64_t percent)
{
    if (tally->answered == 0)
        return 0;
    uint64_t rank = (tally->answered * percent + 99) / 100;
    return (double)tally->waits_ms[rank - 1] / 1000;
}

void tally_report(struct tally *tally, struct simulation_result *out)
{
    double sum_ms = 0;
    qsort(tally->waits_ms, tally->answered, sizeof *tally->waits_ms, by_size);
    for (uint64_t i = 0; i < tally->answered; i++)
        sum_ms += (double)tally->waits_ms[i];
    double ended = (double)(tally->answered + tally->abandoned), answered = (double)tally->answered;
    *out = (struct simulation_result){.arrived = tally->arrived,
            .answered = tally->answered,
            .abandoned = tally->abandoned,
            .in_time = tally->in_time,
            .delayed = tally->delayed,
            .left = tally->arrived - tally->answered - tally->abandoned,
            .wait_mean_s = ended > 0 ? (sum_ms + tally->abandoned_wait_ms) / 1000 / ended : 0,
            .answer_mean_s = answered > 0 ? sum_ms / 1000 / answered : 0,
            .answer_p50_s = percentile_s(tally, 50),
            .answer_p95_s = percentile_s(tally, 95),
            .answer_p99_s = percentile_s(tally, 99),
            .held_out_s = tally->held_out_ms / 1000,
            .offers = tally->offers,
            .waiting_while_free = tally->waiting_while_free,
            .breaches = tally->breaches,
            .gap = tally->offers > 0 ? (double)tally->gap_sum / 1000 / (double)tally->offers : 0,
            .digest = tally->digest};
}
