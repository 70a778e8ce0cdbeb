/* SPDX-License-Identifier: Apache-2.0 */
/* The day by intervals: how many agents each needs, and who comes when.
 *
 * Invariant: needs and schedules are shown beside each other, on one scale, so that what a shift's
 * length costs (people who are there and not needed) can be seen.
 */
#include "lab/report_day.h"

#include <math.h>

enum { BAR_CELLS = 40 };

struct clock_text {
    char bytes[8];
};

static struct clock_text clock_of(uint32_t second)
{
    struct clock_text text;
    snprintf(text.bytes, sizeof text.bytes, "%02u:%02u", second / 3600 % 100, second / 60 % 60);
    return text;
}

const struct policy_figures *report_day_policy(const struct comparison *comparison)
{
    const struct policy_figures *weft = comparison_find(comparison, POLICY_WEFT);
    return weft != NULL ? weft : &comparison->figures[0];
}

/* ---- tables ---- */

static void table_needs(const struct comparison *comparison, FILE *out)
{
    size_t policies = comparison->setup->policy_count;
    fprintf(out, "\nagents needed from\n     ");
    for (size_t i = 0; i < policies; i++)
        fprintf(out, " %15s", policy_name(comparison->figures[i].policy));
    for (uint32_t k = 0; k < comparison->day.count; k++) {
        fprintf(out, "\n%s", clock_of(schedule_interval_from_s(&comparison->day, k)).bytes);
        for (size_t i = 0; i < policies; i++)
            fprintf(out, " %15.1f", comparison->figures[i].interval_agents[k]);
    }
    fprintf(out, "\nhours");
    for (size_t i = 0; i < policies; i++) {
        const struct spread *hours = &comparison->figures[i].agent_hours;
        fprintf(out, "  %7.1f ± %4.1f", spread_mean(hours), spread_half_width(hours));
    }
    fprintf(out, "\n");
}

static void table_schedules(const struct comparison *comparison, FILE *out)
{
    fprintf(out,
            "\nschedules of shifts of %g h that keep the target\n"
            "policy           agents  hours a day      in time         abandoned\n",
            comparison->setup->shift_s / 3600.0);
    for (size_t i = 0; i < comparison->setup->policy_count; i++) {
        const struct policy_figures *one = &comparison->figures[i];
        fprintf(out, "%-16s %6u %12.1f %7.1f %% ± %.1f %7.1f %% ± %.1f\n", policy_name(one->policy),
                schedule_agents(&one->schedule), schedule_hours(&one->schedule),
                100 * spread_mean(&one->scheduled_in_time),
                100 * spread_half_width(&one->scheduled_in_time),
                100 * spread_mean(&one->scheduled_abandoned),
                100 * spread_half_width(&one->scheduled_abandoned));
    }
}

static void draw_cells(const char *cell, double from, double to, double scale, FILE *out)
{
    for (long i = lround(from * scale); i < lround(to * scale); i++)
        fprintf(out, "%s", cell);
}

/* What is needed, drawn solid, and who is there beyond that, drawn light. */
static void table_plot(const struct comparison *comparison, FILE *out)
{
    const struct policy_figures *one = report_day_policy(comparison);
    const struct schedule_day *day = &comparison->day;
    double most = 1;
    for (uint32_t k = 0; k < day->count; k++)
        most = fmax(most, schedule_agents_at(&one->schedule, schedule_interval_from_s(day, k)));
    fprintf(out, "\nwho comes with %s:", policy_name(one->policy));
    for (uint32_t i = 0; i < one->schedule.count; i++) {
        const struct schedule_shift *shift = &one->schedule.shifts[i];
        fprintf(out, "%s%u from %s to %s", i > 0 ? ", " : " ", shift->agents,
                clock_of(shift->from_s).bytes, clock_of(shift->to_s).bytes);
    }
    fprintf(out, "\nfrom  needed there  in time   █ needed  ░ there as well\n");
    for (uint32_t k = 0; k < day->count; k++) {
        uint32_t from_s = schedule_interval_from_s(day, k);
        double there = schedule_agents_at(&one->schedule, from_s), need = one->interval_agents[k];
        fprintf(out, "%s %6.1f %5.0f %6.1f %%   ", clock_of(from_s).bytes, need, there,
                100 * one->interval_in_time[k]);
        draw_cells("█", 0, need, BAR_CELLS / most, out);
        draw_cells("░", need, there, BAR_CELLS / most, out);
        fprintf(out, "\n");
    }
}

void report_day_table(const struct comparison *comparison, FILE *out)
{
    table_needs(comparison, out);
    table_schedules(comparison, out);
    table_plot(comparison, out);
}

/* ---- JSON ---- */

void report_day_json(const struct comparison *comparison, FILE *out)
{
    const struct comparison_setup *setup = comparison->setup;
    fprintf(out, ",\"shift_hours\":%g,\"intervals\":[", setup->shift_s / 3600.0);
    for (uint32_t k = 0; k < comparison->day.count; k++) {
        uint32_t from_s = schedule_interval_from_s(&comparison->day, k);
        fprintf(out, "%s{\"from\":\"%s\",\"agents\":{", k > 0 ? "," : "", clock_of(from_s).bytes);
        for (size_t i = 0; i < setup->policy_count; i++)
            fprintf(out, "%s\"%s\":%.3f", i > 0 ? "," : "",
                    policy_name(comparison->figures[i].policy),
                    comparison->figures[i].interval_agents[k]);
        fprintf(out, "},\"scheduled\":{");
        for (size_t i = 0; i < setup->policy_count; i++)
            fprintf(out, "%s\"%s\":%u", i > 0 ? "," : "",
                    policy_name(comparison->figures[i].policy),
                    schedule_agents_at(&comparison->figures[i].schedule, from_s));
        fprintf(out, "}}");
    }
    fprintf(out, "]");
}

void report_schedule_json(const struct policy_figures *figures, FILE *out)
{
    const struct schedule *schedule = &figures->schedule;
    fprintf(out, ",\"agent_hours\":%.3f,\"agent_hours_ci\":%.3f",
            spread_mean(&figures->agent_hours), spread_half_width(&figures->agent_hours));
    fprintf(out, ",\"schedule\":{\"agents\":%u,\"hours\":%.3f", schedule_agents(schedule),
            schedule_hours(schedule));
    fprintf(out, ",\"answered\":%.5f,\"answered_ci\":%.5f",
            spread_mean(&figures->scheduled_in_time),
            spread_half_width(&figures->scheduled_in_time));
    fprintf(out, ",\"abandoned\":%.5f,\"abandoned_ci\":%.5f,\"shifts\":[",
            spread_mean(&figures->scheduled_abandoned),
            spread_half_width(&figures->scheduled_abandoned));
    for (uint32_t i = 0; i < schedule->count; i++)
        fprintf(out, "%s{\"from\":\"%s\",\"to\":\"%s\",\"agents\":%u}", i > 0 ? "," : "",
                clock_of(schedule->shifts[i].from_s).bytes,
                clock_of(schedule->shifts[i].to_s).bytes, schedule->shifts[i].agents);
    fprintf(out, "]}");
}

/* ---- a picture ---- */

enum { LEFT = 130, WIDTH = 540, HEIGHT = 170 };

struct plot {
    const struct comparison *comparison;
    double top, most; /* most agents, at the top */
    FILE *out;
};

static double x_of(const struct plot *plot, double second)
{
    const struct schedule_day *day = &plot->comparison->day;
    return LEFT + WIDTH * (second - day->from_s) / (day->to_s - day->from_s);
}

static double y_of(const struct plot *plot, double agents)
{
    return plot->top + HEIGHT * (1 - agents / plot->most);
}

static double value_at(const struct plot *plot, const struct policy_figures *one, uint32_t interval,
        bool is_schedule)
{
    uint32_t from_s = schedule_interval_from_s(&plot->comparison->day, interval);
    return is_schedule ? schedule_agents_at(&one->schedule, from_s)
                       : one->interval_agents[interval];
}

static void draw_steps(const struct plot *plot, const struct policy_figures *one, bool is_schedule,
        const char *style)
{
    const struct schedule_day *day = &plot->comparison->day;
    fprintf(plot->out, "<path %s d='M%.1f %.1f", style, x_of(plot, day->from_s), y_of(plot, 0));
    for (uint32_t k = 0; k < day->count; k++) {
        uint32_t to_s = schedule_interval_from_s(day, k) + day->interval_s;
        fprintf(plot->out, "V%.1fH%.1f", y_of(plot, value_at(plot, one, k, is_schedule)),
                x_of(plot, to_s < day->to_s ? to_s : day->to_s));
    }
    fprintf(plot->out, "V%.1f'/>\n", y_of(plot, 0));
}

static void draw_axes(const struct plot *plot)
{
    const struct schedule_day *day = &plot->comparison->day;
    double step = plot->most > 40 ? 20 : plot->most > 16 ? 5 : 2;
    for (double agents = 0; agents <= plot->most; agents += step)
        fprintf(plot->out,
                "<path d='M%d %.1fH%d' stroke='#ddd'/><text x='%d' y='%.1f' "
                "text-anchor='end'>%.0f</text>\n",
                LEFT, y_of(plot, agents), LEFT + WIDTH, LEFT - 8, y_of(plot, agents) + 4, agents);
    for (uint32_t hour = (day->from_s + 3599) / 3600; hour * 3600 <= day->to_s; hour += 2)
        fprintf(plot->out, "<text x='%.1f' y='%.1f' text-anchor='middle'>%02u:00</text>\n",
                x_of(plot, hour * 3600.0), plot->top + HEIGHT + 18, hour);
}

void report_day_svg(const struct comparison *comparison, double top, FILE *out)
{
    const struct policy_figures *shown = report_day_policy(comparison);
    const struct policy_figures *other = comparison_best_plain(comparison);
    struct plot plot = {comparison, top + 30, 1, out};
    for (uint32_t k = 0; k < comparison->day.count; k++)
        for (size_t i = 0; i < comparison->setup->policy_count; i++)
            plot.most = fmax(plot.most, fmax(value_at(&plot, &comparison->figures[i], k, false),
                                                value_at(&plot, shown, k, true)));
    fprintf(out,
            "<text x='%d' y='%.1f'><tspan font-weight='bold'>agents by time of day: </tspan>"
            "<tspan fill='#2a7f62'>■ needed with %s  </tspan>",
            LEFT, top + 12, policy_name(shown->policy));
    if (other != NULL && other != shown)
        fprintf(out, "<tspan fill='#54708c'>┄ with %s  </tspan>", policy_name(other->policy));
    fprintf(out, "<tspan>━ schedule for %s, shifts of %g h</tspan></text>\n",
            policy_name(shown->policy), comparison->setup->shift_s / 3600.0);
    draw_axes(&plot);
    draw_steps(&plot, shown, false, "fill='#2a7f62' fill-opacity='0.45' stroke='none'");
    if (other != NULL && other != shown)
        draw_steps(&plot, other, false, "fill='none' stroke='#54708c' stroke-dasharray='4 3'");
    draw_steps(&plot, shown, true, "fill='none' stroke='#222' stroke-width='1.5'");
}
