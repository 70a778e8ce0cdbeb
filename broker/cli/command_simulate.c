/* SPDX-License-Identifier: Apache-2.0 */
/* weft simulate: how many agents does each way of routing need for the same customers?
 *
 * The simulation itself is in broker/lab; this file reads the arguments and files and says what
 * came out. Invariant: the result goes to standard output, the progress to standard error and only
 * to a terminal; with --json the last line is the one JSON object.
 */
#include "cli/command.h"
#include "cli/say.h"
#include "cli/scenario_file.h"
#include "cli/simulate_modes.h"
#include "config/policy_file.h"
#include "lab/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DAYS_DEFAULT = 2,
    REPLICATIONS_DEFAULT = 5,
    SHIFT_HOURS_DEFAULT = 8,
    HOURS = 12,
    RATE_MAX = 1000000,
    BENCH_ROUNDS = 20000
};

struct simulate_options {
    const char *arrivals, *scenario, *target, *policies, *policy, *svg;
    const char *instance;
    uint64_t rate, first_day, days, seed, replications, interval, shift_hours;
    uint64_t agents, skills, waiting, room;
    bool is_bench, is_erlang, is_dumped, is_json;
};

static const struct simulate_options defaults = {.target = "0.8/20",
        .policies = "weft,round_robin,longest_idle,least_busy,skill_then_idle",
        .days = DAYS_DEFAULT,
        .seed = 1,
        .replications = REPLICATIONS_DEFAULT,
        .shift_hours = SHIFT_HOURS_DEFAULT,
        .agents = 5000,
        .skills = 128,
        .waiting = 5000,
        .room = 1};

static const struct option_row rows[] = {
        {"--arrivals", OPTION_TEXT, offsetof(struct simulate_options, arrivals), "FILE",
                "who comes when: a table day,slot_5min,calls", 0, 0},
        {"--rate", OPTION_NUMBER, offsetof(struct simulate_options, rate), "N",
                "instead of a file: N customers an hour, 12 hours a day", 1, RATE_MAX},
        {"--scenario", OPTION_TEXT, offsetof(struct simulate_options, scenario), "FILE",
                "customers' needs and agents' skills; four skills, chained, when absent", 0, 0},
        {"--target", OPTION_TEXT, offsetof(struct simulate_options, target), "A/S[/L]",
                "answer the share A within S seconds, lose at most L; 0.8/20/0.03 when absent", 0,
                0},
        {"--policies", OPTION_TEXT, offsetof(struct simulate_options, policies), "A,B",
                "of weft, round_robin, longest_idle, least_busy, skill_then_idle; all when absent",
                0, 0},
        {"--policy", OPTION_TEXT, offsetof(struct simulate_options, policy), "FILE",
                "a policy file for weft to decide by; the defaults when absent", 0, 0},
        {"--days", OPTION_NUMBER, offsetof(struct simulate_options, days), "N",
                "so many days of the file; 2 when absent", 1, ARRIVALS_DAYS_MAX},
        {"--first-day", OPTION_NUMBER, offsetof(struct simulate_options, first_day), "N",
                "from this one on; 0, the first, when absent", 0, ARRIVALS_DAYS_MAX},
        {"--replications", OPTION_NUMBER, offsetof(struct simulate_options, replications), "N",
                "repeat with other customers, for the confidence interval; 5 when absent", 1,
                SPREAD_MAX},
        {"--intervals", OPTION_NUMBER, offsetof(struct simulate_options, interval), "MINUTES",
                "also the agents needed in each interval of the day, and a schedule", 15, 24 * 60},
        {"--shift-hours", OPTION_NUMBER, offsetof(struct simulate_options, shift_hours), "N",
                "how long a shift of the schedule is; 8 when absent", 1, 24},
        {"--seed", OPTION_NUMBER, offsetof(struct simulate_options, seed), "N",
                "of the random numbers: equal seeds, equal results; 1 when absent", 0, UINT32_MAX},
        {"--svg", OPTION_TEXT, offsetof(struct simulate_options, svg), "FILE",
                "the result as a picture, too", 0, 0},
        {"--bench", OPTION_FLAG, offsetof(struct simulate_options, is_bench), NULL,
                "instead: how fast and how well the routing core matches a made-up backlog", 0, 0},
        {"--agents", OPTION_NUMBER, offsetof(struct simulate_options, agents), "N",
                "of the benchmark; 5000 when absent", 1, BENCH_AGENTS_MAX},
        {"--skills", OPTION_NUMBER, offsetof(struct simulate_options, skills), "N",
                "of the benchmark, five an agent; 128 when absent", 1, BENCH_SKILLS_MAX},
        {"--waiting", OPTION_NUMBER, offsetof(struct simulate_options, waiting), "N",
                "of the benchmark; 5000 when absent", 1, BENCH_WAITING_MAX},
        {"--room", OPTION_NUMBER, offsetof(struct simulate_options, room), "N",
                "of the benchmark: chats an agent may take; 1 when absent", 1, BENCH_ROOM_MAX},
        {"--erlang", OPTION_FLAG, offsetof(struct simulate_options, is_erlang), NULL,
                "instead: check the simulation against Erlang C and Erlang A; takes minutes", 0, 0},
        {"--instance", OPTION_TEXT, offsetof(struct simulate_options, instance), "FILE",
                "instead: solve an outside instance (docs/reference/routing-instance.md)", 0, 0},
        {"--dump", OPTION_FLAG, offsetof(struct simulate_options, is_dumped), NULL,
                "of an instance: assignment, dual values and bound as one JSON object", 0, 0},
        {"--json", OPTION_FLAG, offsetof(struct simulate_options, is_json), NULL,
                "the result as one JSON object, in the last line", 0, 0},
        {0}};

/* A number that ends with '/' or the text's end; moves behind it. */
static bool read_part(const char **at, double most, double *out)
{
    char *end = NULL;
    double value = strtod(*at, &end);
    if (end == *at || (*end != '/' && *end != '\0') || !(value >= 0 && value <= most))
        return false;
    *at = *end == '/' ? end + 1 : end;
    *out = value;
    return true;
}

static bool read_target(const char *text, struct staffing_target *out)
{
    const double day_s = SCENARIO_DAY_S;
    *out = (struct staffing_target){.abandoned_max = 0.03};
    return read_part(&text, 1, &out->answered) && read_part(&text, day_s, &out->within_s) &&
           (*text == '\0' || read_part(&text, 1, &out->abandoned_max)) && *text == '\0';
}

static bool read_policies(const char *text, struct comparison_setup *setup)
{
    bool is_taken[POLICY_COUNT] = {false};
    for (;;) {
        size_t len = strcspn(text, ",");
        enum policy_kind kind;
        if (!policy_find(text, len, &kind) || is_taken[kind])
            return false;
        is_taken[kind] = true;
        setup->policies[setup->policy_count++] = kind;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

static bool read_arrivals(const struct simulate_options *options, struct arrivals *out)
{
    char why[256];
    uint32_t line;
    if (options->arrivals == NULL)
        return arrivals_constant((double)options->rate, HOURS, (uint32_t)options->days, out);
    if (arrivals_read(options->arrivals, (uint32_t)options->first_day, (uint32_t)options->days, out,
                why, &line))
        return true;
    if (line > 0)
        say("%s:%u: %s", options->arrivals, line, why);
    else
        say("%s: %s", options->arrivals, why);
    return false;
}

static bool read_scenario(const char *path, struct scenario *out)
{
    char why[SCENARIO_FILE_WHY_MAX];
    uint32_t line;
    *out = scenario_default();
    if (path == NULL || scenario_file_read(path, out, why, &line))
        return true;
    if (line > 0)
        say("%s:%u: %s", path, line, why);
    else
        say("%s: %s", path, why);
    return false;
}

/* NULL with a good file is no file at all. */
static bool read_policy(const char *path, struct route_policy **out)
{
    struct config_problem problem;
    struct policy_text text;
    *out = NULL;
    if (path == NULL)
        return true;
    if (!policy_text_read(path, &text, &problem)) {
        say("%s", problem.text);
        return false;
    }
    *out = policy_parse(slice_make(text.bytes, text.len), path, &problem);
    free(text.bytes);
    if (*out == NULL)
        say("%s", problem.text);
    return *out != NULL;
}

static void show_progress(void *user, enum policy_kind policy, uint32_t done, uint32_t all)
{
    (void)user;
    fprintf(stderr, "\r%3u of %u: %-16s%s", done, all, policy_name(policy),
            done == all ? "\r\033[K" : "");
    fflush(stderr);
}

static bool write_picture(const struct comparison *comparison, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file != NULL)
        report_svg(comparison, file);
    bool is_bad = file == NULL || ferror(file) != 0;
    if ((file != NULL && fclose(file) != 0) || is_bad) {
        say("%s cannot be written: %s", path, strerror(errno));
        return false;
    }
    return true;
}

static int compare(const struct comparison_setup *setup, const struct simulate_options *options)
{
    static struct comparison comparison;
    char why[COMPARISON_WHY_MAX];
    if (!comparison_run(setup, &comparison, why))
        return say_code(CLI_NOT_RUN, "%s", why);
    if (options->svg != NULL && !write_picture(&comparison, options->svg))
        return CLI_NOT_RUN;
    if (options->is_json)
        report_json(&comparison, stdout);
    else
        report_table(&comparison, stdout);
    return fflush(stdout) == 0 ? CLI_GOOD : CLI_NOT_RUN;
}

static int run_bench(const struct simulate_options *options)
{
    struct bench_setup setup = {.agents = (uint32_t)options->agents,
            .skills = (uint32_t)options->skills,
            .waiting = (uint32_t)options->waiting,
            .room = (uint32_t)options->room,
            .seed = options->seed,
            .rounds = BENCH_ROUNDS};
    return simulate_bench(&setup, options->is_json);
}

static int run(const void *given, const struct command_words *words)
{
    const struct simulate_options *options = given;
    struct scenario scenario;
    struct arrivals arrivals;
    struct comparison_setup setup = {.scenario = &scenario,
            .arrivals = &arrivals,
            .seed = options->seed,
            .replications = (uint32_t)options->replications,
            .interval_s = (uint32_t)options->interval * 60,
            .shift_s = (uint32_t)options->shift_hours * 3600,
            .progress = isatty(STDERR_FILENO) ? show_progress : NULL};
    (void)words;
    if (options->is_bench)
        return run_bench(options);
    if (options->is_erlang)
        return simulate_erlang(options->seed, options->is_json);
    if (options->instance != NULL)
        return simulate_instance(options->instance, options->is_dumped, options->is_json);
    if ((options->arrivals == NULL) == (options->rate == 0))
        return say_code(CLI_USAGE,
                "it needs --arrivals FILE or --rate N, or --bench, --erlang or --instance FILE");
    if (!read_target(options->target, &setup.target))
        return say_code(CLI_USAGE, "--target is such as 0.8/20 or 0.8/20/0.03");
    if (!read_policies(options->policies, &setup))
        return say_code(CLI_USAGE, "--policies are different ones of %s", defaults.policies);
    if (!read_scenario(options->scenario, &scenario) || !read_arrivals(options, &arrivals))
        return CLI_NOT_RUN;
    if (options->arrivals == NULL)
        scenario.arrival_share = 1; /* the rate is of those who come, not of a file's calls */
    struct route_policy *policy;
    int code = CLI_NOT_RUN;
    if (read_policy(options->policy, &policy)) {
        setup.route = policy;
        code = compare(&setup, options);
        free(policy);
    }
    arrivals_finish(&arrivals);
    return code;
}

const struct command command_simulate = {
        .name = "simulate",
        .words = "",
        .summary = "Compares ways of routing on made-up or recorded arrivals.",
        .details =
                "It drives the broker's own routing core in virtual time, and finds the fewest "
                "agents with\nwhich each policy keeps the target, all policies on the very same "
                "customers. Scenario\nfiles and figures: docs/how-to/simulate.md.\n\nExit codes: 0 "
                "done; 2 a file is bad, or no number of agents keeps the target; 64 bad arguments.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 0,
        .words_most = 0,
        .run = run,
};
