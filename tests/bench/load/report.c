/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a run, as one line of JSON.
 *
 * Invariant: generator_share tells whether the generator was the bottleneck: the part of one core
 * that it used while it measured.
 */
#include "report.h"

#include <stdio.h>
#include <sys/resource.h>

enum { WARM_UP_MS = 1000, TURN_MS = 100 };

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void report_begin(void)
{
    printf("{\"workload\":\"%s\",\"dialect\":\"%s\",\"customers\":%u,\"agents\":%u,\"seconds\":%."
           "3f",
            load.workload, load.dialect->name, load.customers, load.agents, load.seconds);
}

void report_number(const char *name, double value)
{
    printf(",\"%s\":%.6g", name, value);
}

void report_samples(const char *prefix, const struct samples *samples)
{
    printf(",\"%sp50_ms\":%.3f,\"%sp99_ms\":%.3f,\"%sp999_ms\":%.3f", prefix,
            samples_ms(samples, 0.5), prefix, samples_ms(samples, 0.99), prefix,
            samples_ms(samples, 0.999));
}

void report_end(void)
{
    double wall_s = load.begin_ns ? (double)(now_ns() - load.begin_ns) / 1e9 : 0;
    printf(",\"generator_cpu_s\":%.2f,\"generator_share\":%.2f}\n", cpu_s() - load.cpu_before_s,
            wall_s > 0 ? (cpu_s() - load.cpu_before_s) / wall_s : 0);
    fflush(stdout);
}

void report_measuring(void)
{
    printf("{\"measuring\":true}\n"); /* whoever reads it looks at the server's CPU time */
    fflush(stdout);
    load.begin_ns = now_ns();
    load.cpu_before_s = cpu_s();
}

void report_measure(bool *is_measuring, int (*before_turn)(void))
{
    uint64_t warm_ns = now_ns() + (uint64_t)WARM_UP_MS * 1000000u;
    uint64_t end_ns = warm_ns + (uint64_t)(load.seconds * 1e9);
    while (now_ns() < end_ns) {
        if (!*is_measuring && now_ns() >= warm_ns) {
            report_measuring();
            *is_measuring = true;
        }
        net_turn(before_turn ? before_turn() : TURN_MS);
    }
}
