/* SPDX-License-Identifier: Apache-2.0 */
/* weft simulate --bench, --erlang and --instance: the figures on standard output, one object with
 * --json. */
#include "cli/simulate_modes.h"

#include "cli/command.h"
#include "cli/instance_file.h"
#include "cli/say.h"
#include "lab/self_check.h"

#include <math.h>
#include <unistd.h>

static void print_bench_json(const struct bench_setup *setup, const struct bench_result *result)
{
    printf("{\"agents\":%u,\"skills\":%u,\"waiting\":%u,\"room\":%u,\"matched\":%u,"
           "\"quality\":%.6f,\"dual_gap\":%.6f,\"cpu_ms\":%.3f,\"decisions_per_s\":%.0f,"
           "\"fold_cpu_ms\":%.3f,\"batch_cpu_ms_max\":%.3f,\"steady_quality\":%.6f,"
           "\"greedy_quality\":%.6f,\"greedy_cpu_ms\":%.3f,\"waiting_while_free\":%llu}\n",
            setup->agents, setup->skills, setup->waiting, setup->room, result->matched,
            result->quality, result->dual_gap, result->cpu_ms, result->decisions_per_s,
            result->fold_cpu_ms, result->batch_max_ms, result->steady_quality,
            result->quality_greedy, result->greedy_cpu_ms,
            (unsigned long long)result->waiting_while_free);
}

static void print_bench(const struct bench_setup *setup, const struct bench_result *result)
{
    printf("%u agents with room for %u, %u skills, %u waiting\n", setup->agents, setup->room,
            setup->skills, setup->waiting);
    printf("backlog    %u matched, worth %.2f %% of the dual bound, in %.1f ms of one core\n",
            result->matched, result->quality * 100, result->cpu_ms);
    printf("           folding them %.1f ms; the longest decision %.1f ms\n", result->fold_cpu_ms,
            result->batch_max_ms);
    printf("greedy     oldest first, best agent left: %.2f %%, in %.1f ms\n",
            result->quality_greedy * 100, result->greedy_cpu_ms);
    printf("busy hour  %.0f decisions a second and core, folded; %.2f %% of the dual bound\n",
            result->decisions_per_s, result->steady_quality * 100);
}

int simulate_bench(const struct bench_setup *setup, bool is_json)
{
    struct bench_result result;
    if (!bench_run(setup, &result))
        return say_code(CLI_NOT_RUN, "there is not enough memory");
    if (is_json)
        print_bench_json(setup, &result);
    else
        print_bench(setup, &result);
    if (result.waiting_while_free > 0)
        return say_code(CLI_FOUND, "somebody waits while an agent is free");
    return fflush(stdout) == 0 ? CLI_GOOD : CLI_NOT_RUN;
}

/* ---- against closed forms ---- */

static bool is_close(const struct self_check_figure *figure)
{
    double half, off = self_check_off_pct(figure, &half);
    return fabs(off) < 1 && half < 1;
}

static void print_figure(const struct self_check_figure *figure)
{
    double half, off = self_check_off_pct(figure, &half);
    printf("  %-14s %9.4f %10.4f %+8.2f %% ± %.2f%s\n", figure->name, figure->closed_form,
            figure->closed_form * (1 + off / 100), off, half, is_close(figure) ? "" : "  !");
}

static void print_figure_json(
        const struct self_check_system *system, const struct self_check_figure *figure)
{
    double half, off = self_check_off_pct(figure, &half);
    printf("{\"system\":\"%s\",\"figure\":\"%s\",\"closed_form\":%.6f,\"off_pct\":%.4f,"
           "\"off_pct_ci\":%.4f}",
            system->name, figure->name, figure->closed_form, off, half);
}

static bool check_system(const struct self_check_system *system, uint64_t seed, bool is_json,
        bool is_first, bool *is_all_close)
{
    struct self_check found;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s\033[K", system->name);
    bool is_done = self_check_run(system, system->values, system->runs, seed, &found);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    if (is_done && !is_json)
        printf("%s, %.1f million customers\n", system->name, (double)found.customers / 1e6);
    for (uint32_t i = 0; is_done && i < found.figure_count; i++) {
        *is_all_close &= is_close(&found.figures[i]);
        if (is_json) {
            printf("%s", is_first && i == 0 ? "" : ",");
            print_figure_json(system, &found.figures[i]);
        } else {
            print_figure(&found.figures[i]);
        }
    }
    fflush(stdout);
    return is_done;
}

int simulate_erlang(uint64_t seed, bool is_json)
{
    bool is_all_close = true;
    fputs(is_json ? "{\"figures\":["
                  : "                 closed form  simulated   off by, with the 95 % interval\n",
            stdout);
    for (size_t i = 0; i < SELF_CHECK_SYSTEMS; i++)
        if (!check_system(&self_check_systems[i], seed, is_json, i == 0, &is_all_close))
            return say_code(CLI_NOT_RUN, "there is not enough memory");
    if (is_json)
        printf("],\"agrees\":%s}\n", is_all_close ? "true" : "false");
    if (!is_all_close)
        return say_code(
                CLI_FOUND, "not every figure is known to be within 1 %% of its closed form");
    return fflush(stdout) == 0 ? CLI_GOOD : CLI_NOT_RUN;
}

/* ---- outside instances ---- */

static void print_answer(const struct instance *instance, const struct instance_answer *answer)
{
    const struct auction_certificate *found = &answer->certificate;
    double quality = found->dual ? (double)found->primal / (double)found->dual : 1;
    printf("%u of %u cases matched to %u agents, worth %.3f of at most %.3f: %.2f %%\n",
            found->matched, instance->case_count, instance->agent_count,
            (double)found->primal / INSTANCE_SCALE, (double)found->dual / INSTANCE_SCALE,
            quality * 100);
}

int simulate_instance(const char *path, bool is_dumped, bool is_json)
{
    struct instance_file file;
    struct instance_answer answer;
    char why[INSTANCE_WHY_MAX];
    int code = CLI_GOOD;
    if (!instance_file_read(path, &file, why))
        code = say_code(CLI_NOT_RUN, "%s: %s", path, why);
    else if (!instance_solve(&file.instance, &answer))
        code = say_code(CLI_NOT_RUN, "there is not enough memory");
    if (code == CLI_GOOD) {
        if (is_dumped || is_json)
            instance_file_dump(&file, &answer, stdout);
        else
            print_answer(&file.instance, &answer);
        instance_answer_finish(&answer);
    }
    instance_file_finish(&file);
    return fflush(stdout) == 0 ? code : CLI_NOT_RUN;
}
