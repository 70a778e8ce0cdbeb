/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and JSON of a comparison.
 *
 * Invariant: every policy that was asked for is shown, also where Weft is not the best. Names of
 * policies and scenarios have no characters that JSON must escape (the scenario's reader sees to
 * that).
 */
#include "lab/report.h"

#include "lab/report_day.h"

#include <inttypes.h>

static void table_rows(const struct comparison *comparison, FILE *out)
{
    for (size_t i = 0; i < comparison->setup->policy_count; i++) {
        const struct policy_figures *one = &comparison->figures[i];
        fprintf(out,
                "%-16s %6.1f ± %4.1f %7.1f %% %8.1f %% %7.1f %5.1f %6.1f %6.1f s %8.1f %% %5.1f %% "
                "%8.0f s\n",
                policy_name(one->policy), spread_mean(&one->agents),
                spread_half_width(&one->agents), 100 * spread_mean(&one->in_time),
                100 * spread_mean(&one->abandoned), spread_mean(&one->wait_mean_s),
                spread_mean(&one->wait_p50_s), spread_mean(&one->wait_p95_s),
                spread_mean(&one->wait_p99_s), 100 * spread_mean(&one->occupancy),
                100 * spread_mean(&one->utilisation), spread_mean(&one->held_out_s));
    }
}

/* What must be 0 is said in one line when it is, and for each policy when it is not. */
static void table_watch(const struct comparison *comparison, FILE *out)
{
    uint64_t offers = 0, wrong = 0;
    for (size_t i = 0; i < comparison->setup->policy_count; i++) {
        const struct policy_figures *one = &comparison->figures[i];
        offers += one->offers;
        wrong += one->waiting_while_free + one->breaches;
        if (one->waiting_while_free + one->breaches > 0)
            fprintf(out,
                    "%s: %" PRIu64
                    " times somebody waited while an eligible agent was free, %" PRIu64
                    " offers over capacity\n",
                    policy_name(one->policy), one->waiting_while_free, one->breaches);
    }
    if (wrong == 0)
        fprintf(out,
                "in %" PRIu64 " offers nobody waited while an eligible agent was free, and nobody "
                "got more than fits\n",
                offers);
}

static void table_saved(
        const struct policy_figures *weft, const struct policy_figures *other, FILE *out)
{
    double half_width, saved = comparison_saved_pct(weft, other, &half_width);
    fprintf(out, "weft needs %.1f %% ± %.1f fewer agents than %s\n", saved, half_width,
            policy_name(other->policy));
}

void report_table(const struct comparison *comparison, FILE *out)
{
    const struct comparison_setup *setup = comparison->setup;
    const struct policy_figures *weft = comparison_find(comparison, POLICY_WEFT);
    const struct policy_figures *plain = comparison_best_plain(comparison);
    const struct policy_figures *skilled = comparison_find(comparison, POLICY_SKILL_THEN_IDLE);
    fprintf(out,
            "scenario %s: %.0f customers in %" PRIu32 " days, %" PRIu32
            " replications from seed %" PRIu64 "\n"
            "target: %g %% answered within %g s, at most %g %% abandoned\n\n"
            "policy            agents ± 95%%  in time  abandoned   wait: mean  p50    p95    p99   "
            "occupied    used  held out\n",
            setup->scenario->name, spread_mean(&comparison->customers), setup->arrivals->days,
            setup->replications, setup->seed, 100 * setup->target.answered, setup->target.within_s,
            100 * setup->target.abandoned_max);
    table_rows(comparison, out);
    fprintf(out, "\n");
    table_watch(comparison, out);
    if (weft != NULL && plain != NULL)
        table_saved(weft, plain, out);
    if (weft != NULL && skilled != NULL)
        table_saved(weft, skilled, out);
    if (comparison->day.count > 0)
        report_day_table(comparison, out);
}

static void json_policy(const struct policy_figures *one, FILE *out)
{
    fprintf(out, "\"%s\":{\"agents\":%.3f,\"agents_ci\":%.3f", policy_name(one->policy),
            spread_mean(&one->agents), spread_half_width(&one->agents));
    fprintf(out, ",\"answered\":%.5f,\"answered_ci\":%.5f", spread_mean(&one->in_time),
            spread_half_width(&one->in_time));
    fprintf(out, ",\"abandoned\":%.5f,\"abandoned_ci\":%.5f", spread_mean(&one->abandoned),
            spread_half_width(&one->abandoned));
    fprintf(out, ",\"wait_mean_s\":%.3f,\"wait_p50_s\":%.3f,\"wait_p95_s\":%.3f",
            spread_mean(&one->wait_mean_s), spread_mean(&one->wait_p50_s),
            spread_mean(&one->wait_p95_s));
    fprintf(out, ",\"wait_p99_s\":%.3f,\"held_out_s\":%.3f,\"gap\":%.5f",
            spread_mean(&one->wait_p99_s), spread_mean(&one->held_out_s), spread_mean(&one->gap));
    fprintf(out, ",\"wait_p95_s_ci\":%.3f,\"occupancy\":%.5f,\"utilisation\":%.5f",
            spread_half_width(&one->wait_p95_s), spread_mean(&one->occupancy),
            spread_mean(&one->utilisation));
    fprintf(out,
            ",\"offers\":%" PRIu64 ",\"waiting_while_free\":%" PRIu64
            ",\"capacity_breaches\":%" PRIu64,
            one->offers, one->waiting_while_free, one->breaches);
    if (one->agent_hours.count > 0)
        report_schedule_json(one, out);
    fprintf(out, "}");
}

static void json_saved(const char *name, const struct policy_figures *weft,
        const struct policy_figures *other, FILE *out)
{
    double half_width;
    if (weft == NULL || other == NULL) {
        fprintf(out, ",\"%s\":null", name);
        return;
    }
    fprintf(out, ",\"%s\":%.3f", name, comparison_saved_pct(weft, other, &half_width));
    fprintf(out, ",\"%s_ci\":%.3f", name, half_width);
}

void report_json(const struct comparison *comparison, FILE *out)
{
    const struct comparison_setup *setup = comparison->setup;
    const struct policy_figures *weft = comparison_find(comparison, POLICY_WEFT);
    const struct policy_figures *plain = comparison_best_plain(comparison);
    fprintf(out,
            "{\"scenario\":\"%s\",\"target\":{\"answered\":%g,\"within_s\":%g,"
            "\"abandoned_max\":%g}",
            setup->scenario->name, setup->target.answered, setup->target.within_s,
            setup->target.abandoned_max);
    fprintf(out, ",\"days\":%" PRIu32 ",\"replications\":%" PRIu32 ",\"seed\":%" PRIu64,
            setup->arrivals->days, setup->replications, setup->seed);
    fprintf(out, ",\"customers\":%.1f,\"policies\":{", spread_mean(&comparison->customers));
    for (size_t i = 0; i < setup->policy_count; i++) {
        fprintf(out, "%s", i > 0 ? "," : "");
        json_policy(&comparison->figures[i], out);
    }
    fprintf(out, "}");
    if (comparison->day.count > 0)
        report_day_json(comparison, out);
    if (plain != NULL)
        fprintf(out, ",\"best_other\":\"%s\"", policy_name(plain->policy));
    json_saved("saved_pct_vs_best_other", weft, plain, out);
    json_saved("saved_pct_vs_skill_then_idle", weft,
            comparison_find(comparison, POLICY_SKILL_THEN_IDLE), out);
    fprintf(out, "}\n");
}
