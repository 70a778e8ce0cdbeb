/* SPDX-License-Identifier: Apache-2.0 */
/* weft simulate --bench and --instance: the figures on standard output, one object with --json. */
#include "cli/simulate_modes.h"

#include "cli/command.h"
#include "cli/instance_file.h"
#include "cli/say.h"

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
