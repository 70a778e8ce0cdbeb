/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as one small picture: agents per policy on the left, the wait that 95 % do not
 * exceed on the right; each bar with its 95 % confidence interval. Both scales begin at 0. Below,
 * when it was staffed by interval, the day.
 */
#include "lab/report.h"

#include "lab/report_day.h"

enum { ROW = 34, TOP = 64, LABELS = 130, BARS = 230, GAP = 80, BAR = 18, DAY = 240 };

struct panel {
    const char *title;
    double left, most; /* most: the value at the right edge */
};

static double edge(const struct spread *spread)
{
    return spread_mean(spread) + spread_half_width(spread);
}

static const struct spread *value_of(const struct policy_figures *one, int panel)
{
    return panel == 0 ? &one->agents : &one->wait_p95_s;
}

static void draw_bar(const struct panel *panel, const struct spread *value, double y,
        const char *fill, FILE *out)
{
    double scale = BARS / panel->most, mean = spread_mean(value), half = spread_half_width(value);
    double low = panel->left + (mean > half ? mean - half : 0) * scale;
    double high = panel->left + (mean + half) * scale, middle = y + BAR / 2.0;
    fprintf(out, "<rect x='%.1f' y='%.1f' width='%.1f' height='%d' fill='%s'/>\n", panel->left, y,
            mean * scale, BAR, fill);
    fprintf(out, "<path d='M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8' stroke='#222' fill='none'/>\n",
            low, middle, high, low, middle - 4, high, middle - 4);
    fprintf(out, "<text x='%.1f' y='%.1f'>%.1f</text>\n", high + 6, y + BAR - 4, mean);
}

static void draw_panel(const struct comparison *comparison, int number, FILE *out)
{
    struct panel panel = {number == 0 ? "agents needed" : "wait of 95 % at most, s",
            LABELS + number * (BARS + GAP), 1e-9};
    size_t count = comparison->setup->policy_count;
    for (size_t i = 0; i < count; i++)
        if (edge(value_of(&comparison->figures[i], number)) > panel.most)
            panel.most = edge(value_of(&comparison->figures[i], number));
    fprintf(out, "<text x='%.1f' y='%d' font-weight='bold'>%s</text>\n", panel.left, TOP - 12,
            panel.title);
    for (size_t i = 0; i < count; i++) {
        const struct policy_figures *one = &comparison->figures[i];
        draw_bar(&panel, value_of(one, number), TOP + ROW * (double)i,
                one->policy == POLICY_WEFT ? "#2a7f62" : "#9fb3c8", out);
    }
}

void report_svg(const struct comparison *comparison, FILE *out)
{
    const struct comparison_setup *setup = comparison->setup;
    size_t day_top = TOP + ROW * setup->policy_count + 10;
    size_t height = comparison->day.count > 0 ? day_top + DAY : day_top;
    int width = LABELS + 2 * (BARS + GAP);
    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %zu' width='%d' height='%zu' "
            "font-family='sans-serif' font-size='13'>\n<rect width='100%%' height='100%%' "
            "fill='white'/>\n<text x='8' y='24' font-size='15'>%s: %g %% within %g s, at most "
            "%g %% abandoned</text>\n",
            width, height, width, height, setup->scenario->name, 100 * setup->target.answered,
            setup->target.within_s, 100 * setup->target.abandoned_max);
    for (size_t i = 0; i < setup->policy_count; i++)
        fprintf(out, "<text x='8' y='%.1f'>%s</text>\n", TOP + ROW * (double)i + BAR - 4,
                policy_name(comparison->figures[i].policy));
    draw_panel(comparison, 0, out);
    draw_panel(comparison, 1, out);
    if (comparison->day.count > 0)
        report_day_svg(comparison, (double)day_top, out);
    fprintf(out, "</svg>\n");
}
