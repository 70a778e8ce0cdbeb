/* SPDX-License-Identifier: Apache-2.0 */
/* weft replay-routing: what would have become of a recorded day under another policy?
 *
 * Invariant: the new policy is compared with a rerun by the log's own, not with the record, so what
 * is shown is the policies' difference and not the simulation's; the record stands beside both.
 */
#include "cli/command.h"
#include "cli/routing_log.h"
#include "cli/say.h"
#include "config/policy_file.h"
#include "lab/rerun.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH_BYTES = 16 * 1024 * 1024, SHOWN = 20 };

struct replay_routing_options {
    const char *policy;
    bool is_json;
};

static const struct replay_routing_options defaults = {.policy = NULL};

static const struct option_row rows[] = {
        {"--policy", OPTION_TEXT, offsetof(struct replay_routing_options, policy), "FILE",
                "the policy to try (required)", 0, 0},
        {"--json", OPTION_FLAG, offsetof(struct replay_routing_options, is_json), NULL,
                "the result as one JSON object, in the last line", 0, 0},
        {0}};

struct trial {
    struct rerun_history history;
    struct rerun_fate *before, *after;
};

struct waits {
    size_t answered, left;
    double mean_s, p50_s, p95_s;
};

static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static double at_share(const uint64_t *sorted, size_t count, size_t percent)
{
    return count ? (double)sorted[(count * percent + 99) / 100 - 1] / 1000 : 0;
}

/* fates NULL: as recorded. */
static bool sum_up(
        const struct rerun_history *history, const struct rerun_fate *fates, struct waits *out)
{
    uint64_t *all = malloc((history->request_count + 1) * sizeof *all);
    double sum_ms = 0;
    *out = (struct waits){0};
    for (size_t i = 0; all != NULL && i < history->request_count; i++) {
        const struct rerun_request *request = history->requests[i];
        const struct rerun_fate *fate = fates ? &fates[i] : &request->recorded;
        out->left += fate->has_left;
        if (request->is_old || fate->answered_ms == RERUN_NEVER)
            continue;
        all[out->answered++] = fate->answered_ms;
        sum_ms += (double)fate->answered_ms;
    }
    if (all == NULL)
        return false;
    qsort(all, out->answered, sizeof *all, by_size);
    out->mean_s = out->answered ? sum_ms / 1000 / (double)out->answered : 0;
    out->p50_s = at_share(all, out->answered, 50);
    out->p95_s = at_share(all, out->answered, 95);
    free(all);
    return true;
}

static bool has_changed(const struct rerun_fate *a, const struct rerun_fate *b)
{
    return strcmp(a->agent, b->agent) != 0 || a->answered_ms != b->answered_ms;
}

static void print_fate(const struct rerun_fate *fate)
{
    printf("{\"agent\":\"%s\",\"left\":%s,\"wait_ms\":", fate->agent,
            fate->has_left ? "true" : "false");
    if (fate->answered_ms == RERUN_NEVER)
        fputs("null", stdout);
    else
        printf("%" PRIu64, fate->answered_ms);
    printf(",\"terms\":\"%s\"}", fate->terms);
}

static void print_json(
        const struct trial *trial, const struct waits waits[3], const size_t counts[2])
{
    static const char *const names[] = {"recorded", "before", "after"};
    bool is_first = true;
    printf("{\"requests\":%zu,\"changed_agent\":%zu,\"changed_wait\":%zu",
            trial->history.request_count, counts[0], counts[1]);
    for (int i = 0; i < 3; i++)
        printf(",\"%s\":{\"answered\":%zu,\"left\":%zu,\"wait_mean_s\":%.3f,\"wait_p50_s\":%.3f,"
               "\"wait_p95_s\":%.3f}",
                names[i], waits[i].answered, waits[i].left, waits[i].mean_s, waits[i].p50_s,
                waits[i].p95_s);
    fputs(",\"changes\":[", stdout);
    for (size_t i = 0; i < trial->history.request_count; i++) {
        if (!has_changed(&trial->before[i], &trial->after[i]))
            continue;
        printf("%s{\"request\":\"%s\",\"before\":", is_first ? "" : ",",
                trial->history.requests[i]->name);
        print_fate(&trial->before[i]);
        fputs(",\"after\":", stdout);
        print_fate(&trial->after[i]);
        fputs("}", stdout);
        is_first = false;
    }
    fputs("]}\n", stdout);
}

static void print_wait(uint64_t answered_ms)
{
    if (answered_ms == RERUN_NEVER)
        printf(" %9s", "never");
    else
        printf(" %7.1f s", (double)answered_ms / 1000);
}

static void print_table(
        const struct trial *trial, const struct waits waits[3], const size_t counts[2])
{
    static const char *const names[] = {"as recorded", "the log's own policy", "the policy given"};
    size_t shown = 0;
    printf("%-22s %9s %9s %10s %10s %10s\n", "", "answered", "gave up", "mean wait", "half",
            "95 %");
    for (int i = 0; i < 3; i++)
        printf("%-22s %9zu %9zu %8.1f s %8.1f s %8.1f s\n", names[i], waits[i].answered,
                waits[i].left, waits[i].mean_s, waits[i].p50_s, waits[i].p95_s);
    printf("\n%zu requests: %zu with another agent, %zu with another wait\n",
            trial->history.request_count, counts[0], counts[1]);
    for (size_t i = 0; i < trial->history.request_count && shown < SHOWN; i++) {
        const struct rerun_fate *before = &trial->before[i], *after = &trial->after[i];
        if (!has_changed(before, after))
            continue;
        printf("  %-34s %-12s", trial->history.requests[i]->name, before->agent);
        print_wait(before->answered_ms);
        printf("  ->  %-12s", after->agent);
        print_wait(after->answered_ms);
        printf("\n      %s\n   -> %s\n", before->terms, after->terms);
        shown++;
    }
    if (shown == SHOWN)
        puts("  … all of them with --json");
}

static struct route_policy *read_text(struct slice text)
{
    struct config_problem problem;
    return policy_parse_stored(text, "the log's policy", &problem);
}

static int live_again(
        struct trial *trial, const struct route_policy *policy, struct arena *scratch, bool is_json)
{
    struct waits waits[3];
    size_t count = trial->history.request_count, counts[2] = {0, 0};
    trial->before = calloc(count + 1, sizeof *trial->before);
    trial->after = calloc(count + 1, sizeof *trial->after);
    if (trial->before == NULL || trial->after == NULL ||
            !rerun_run(&trial->history, NULL, read_text, scratch, trial->before) ||
            !rerun_run(&trial->history, policy, read_text, scratch, trial->after) ||
            !sum_up(&trial->history, NULL, &waits[0]) ||
            !sum_up(&trial->history, trial->before, &waits[1]) ||
            !sum_up(&trial->history, trial->after, &waits[2]))
        return say_code(CLI_NOT_RUN, "there is not enough memory");
    for (size_t i = 0; i < count; i++) {
        counts[0] += strcmp(trial->before[i].agent, trial->after[i].agent) != 0;
        counts[1] += trial->before[i].answered_ms != trial->after[i].answered_ms;
    }
    if (is_json)
        print_json(trial, waits, counts);
    else
        print_table(trial, waits, counts);
    return fflush(stdout) == 0 ? CLI_GOOD : CLI_NOT_RUN;
}

static struct route_policy *read_policy(const char *path)
{
    struct config_problem problem;
    struct policy_text text;
    struct route_policy *policy = NULL;
    if (policy_text_read(path, &text, &problem)) {
        policy = policy_parse(slice_make(text.bytes, text.len), path, &problem);
        free(text.bytes);
    }
    if (policy == NULL)
        say("%s", problem.text);
    return policy;
}

static bool add_lines(struct trial *trial, const struct routing_log *log, struct arena *scratch)
{
    struct slice text;
    for (size_t at = 0; routing_log_next(log, &at, &text);)
        if (text.len > 0 && !rerun_add(&trial->history, text, scratch))
            return false;
    return true;
}

static int run(const void *given, const struct command_words *words)
{
    const struct replay_routing_options *options = given;
    struct trial trial = {.before = NULL};
    struct routing_log log;
    struct arena scratch;
    char why[ROUTING_LOG_WHY_MAX];
    if (options->policy == NULL)
        return say_code(CLI_USAGE, "it needs --policy FILE");
    struct route_policy *policy = read_policy(options->policy);
    if (policy == NULL)
        return CLI_NOT_RUN;
    void *bytes = malloc(SCRATCH_BYTES);
    arena_init(&scratch, bytes, bytes != NULL ? SCRATCH_BYTES : 0);
    int code = CLI_NOT_RUN;
    if (!routing_log_read(words->all[0], &log, why))
        say("%s", why);
    else if (!add_lines(&trial, &log, &scratch))
        say("%s is no routing log (`weft export-routing`)", words->all[0]);
    else
        code = live_again(&trial, policy, &scratch, options->is_json);
    routing_log_finish(&log);
    rerun_finish(&trial.history);
    free(trial.before);
    free(trial.after);
    free(policy);
    free(bytes);
    return code;
}

const struct command command_replay_routing = {
        .name = "replay-routing",
        .words = "LOG",
        .summary = "Lives through a recorded pool log again, under another policy.",
        .details = "LOG is what `weft export-routing` printed. Customers come, give up and take as "
                   "long as recorded;\nthe same core routes them by the log's own policy and by "
                   "the one given, and what differs is shown.\n\nExit codes: 0 shown; 2 a file is "
                   "bad; 64 bad arguments.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 1,
        .words_most = 1,
        .run = run,
};
