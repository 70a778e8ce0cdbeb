/* SPDX-License-Identifier: Apache-2.0 */
/* Many worlds: in processes, so that one that crashes is a failure like any other, and what a
 * node's death leaves in memory goes with the process.
 *
 * Invariant: the verdict on a seed does not depend on which process runs it, nor on those before.
 */
#include "shrink.h"

#include "base/check.h"
#include "world.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 10, TOLD_EVERY = 5000, TRIALS_MAX = 400, JOBS_MAX = 64, TRACE_LINES = 60 };

static struct world world;
static uint64_t digest;

/* The last lines of what the server wrote down. */
static void print_trace(FILE *out)
{
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *memory = open_memstream(&text, &size);
    check(memory != NULL);
    fake_server_trace(world.server, memory);
    fclose(memory);
    const char *from = text + size;
    while (from > text && lines <= TRACE_LINES)
        lines += *--from == '\n';
    fputs(from + (*from == '\n'), out);
    free(text);
}

const char *plan_run(const struct plan *plan, FILE *trace)
{
    bool is_printed = trace != NULL && getenv("SIM_TRACE") != NULL;
    world_begin(&world, plan, is_printed ? TRACE_PRINTED : trace ? TRACE_KEPT : TRACE_NONE);
    world_run(&world);
    const char *fault = judge(&world);
    if (trace != NULL) {
        print_trace(trace);
        fprintf(trace, "# seed %" PRIu64 ": %s, at %" PRIu64 " ms\n", plan->seed,
                fault ? fault : "everything holds", world.clock.now_ms);
    }
    digest = world.clock.now_ms * 1000003 + world.steps * 31 + fake_random_u64(&world.random);
    world_end(&world);
    return fault;
}

uint64_t plan_digest(void)
{
    return digest;
}

static bool wait_for(pid_t child)
{
    int status = 0;
    check(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* In a process of its own, and what did not hold into the pipe. */
static void run_and_write(const struct plan *plan, int into)
{
    check(freopen("/dev/null", "w", stderr) != NULL);
    const char *fault = plan_run(plan, NULL);
    if (fault != NULL)
        check(write(into, fault, strlen(fault)) > 0);
    _exit(fault == NULL ? 0 : 1);
}

bool plan_holds(const struct plan *plan, char out_why[WHY_MAX])
{
    int ends[2];
    size_t len = 0;
    check(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    check(child >= 0);
    if (child == 0)
        run_and_write(plan, ends[1]);
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && len < WHY_MAX - 1; len += (size_t)got)
        check((got = read(ends[0], out_why + len, WHY_MAX - 1 - len)) >= 0);
    close(ends[0]);
    out_why[len] = '\0';
    bool is_good = wait_for(child);
    if (!is_good && len == 0)
        snprintf(out_why, WHY_MAX, "it crashed");
    return is_good;
}

/* ---- smaller ----------------------------------------------------------------------------------
 */

struct shrinking {
    struct plan *plan;
    unsigned trials;
};

/* Keeps the smaller plan if it fails as well. */
static bool try(struct shrinking *shrinking, const struct plan *smaller)
{
    if (shrinking->trials >= TRIALS_MAX)
        return false;
    char why[WHY_MAX];
    shrinking->trials++;
    if (plan_holds(smaller, why))
        return false;
    *shrinking->plan = *smaller;
    return true;
}

static bool try_without(struct shrinking *shrinking, unsigned from, unsigned count)
{
    struct plan smaller = *shrinking->plan;
    memmove(smaller.faults + from, smaller.faults + from + count,
            (smaller.fault_count - from - count) * sizeof *smaller.faults);
    smaller.fault_count -= count;
    return try(shrinking, &smaller);
}

static void take_out_faults(struct shrinking *shrinking)
{
    const struct plan *plan = shrinking->plan;
    for (unsigned step = plan->fault_count; step > 0; step /= 2)
        for (unsigned end = plan->fault_count; end >= step; end = end > step ? end - step : 0) {
            if (end <= plan->fault_count)
                try_without(shrinking, end - step, step);
            if (end == step)
                break;
        }
}

static void take_out_chances(struct shrinking *shrinking)
{
    unsigned *chances[] = {&shrinking->plan->wire.cut_per_mille,
            &shrinking->plan->wire.unknown_per_mille, &shrinking->plan->wire.full_per_mille,
            &shrinking->plan->wire.orphans_per_mille, &shrinking->plan->bus.drop_per_mille,
            &shrinking->plan->bus.double_per_mille, &shrinking->plan->bus.reorder_per_mille,
            &shrinking->plan->bot_ignores_per_mille};
    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++) {
        struct plan before = *shrinking->plan, smaller;
        if (*chances[i] == 0)
            continue;
        *chances[i] = 0;
        smaller = *shrinking->plan;
        *shrinking->plan = before;
        try(shrinking, &smaller);
    }
}

static void take_out_nodes(struct shrinking *shrinking)
{
    while (shrinking->plan->node_count > 1) {
        struct plan smaller = *shrinking->plan;
        smaller.node_count--;
        if (!try(shrinking, &smaller))
            return;
    }
}

static void take_out_erasure(struct shrinking *shrinking)
{
    struct plan smaller = *shrinking->plan;
    smaller.erased_at_ms = 0;
    if (shrinking->plan->erased_at_ms != 0)
        try(shrinking, &smaller);
}

static void take_out_calls(struct shrinking *shrinking)
{
    struct plan smaller = *shrinking->plan;
    smaller.calls_back = false;
    if (shrinking->plan->calls_back)
        try(shrinking, &smaller);
}

static void take_out_files(struct shrinking *shrinking)
{
    struct plan smaller = *shrinking->plan;
    smaller.attaches = false;
    if (shrinking->plan->attaches)
        try(shrinking, &smaller);
}

unsigned plan_shrink(struct plan *plan)
{
    struct shrinking shrinking = {plan, 0};
    take_out_nodes(&shrinking);
    take_out_erasure(&shrinking);
    take_out_calls(&shrinking);
    take_out_files(&shrinking);
    take_out_faults(&shrinking);
    take_out_chances(&shrinking);
    take_out_faults(&shrinking);
    return shrinking.trials;
}

/* ---- many -------------------------------------------------------------------------------------
 */

/* What a process tells: read after it has ended, however that was. */
struct chunk {
    uint64_t next, last; /* the seed at hand; the last of this chunk */
    char why[WHY_MAX];   /* the seed at hand failed; the rest was not run */
    pid_t process;
};

static void run_chunk(struct chunk *chunk)
{
    struct plan plan;
    for (; chunk->next <= chunk->last; chunk->next++) {
        plan_make(&plan, chunk->next);
        const char *fault = plan_run(&plan, NULL);
        if (fault != NULL) {
            snprintf(chunk->why, sizeof chunk->why, "%u nodes, %s: %s", plan.node_count,
                    plan.is_lossy ? "everysec" : "barriers hold", fault);
            _exit(1);
        }
    }
    _exit(0);
}

static void start_chunk(struct chunk *chunk, uint64_t first, uint64_t last)
{
    fflush(NULL);
    *chunk = (struct chunk){.next = first, .last = last};
    pid_t process = fork();
    check(process >= 0);
    if (process == 0)
        run_chunk(chunk);
    chunk->process = process;
}

static void note_failed(struct failed_seed *out, const struct chunk *chunk)
{
    out->seed = chunk->next;
    snprintf(out->why, sizeof out->why, "%s", chunk->why[0] ? chunk->why : "it crashed");
    printf("# failed: %" PRIu64 ", %s\n", out->seed, out->why);
    fflush(stdout);
}

static volatile sig_atomic_t is_told_to_stop;

/* Whoever runs a chunk hears it too, and finishes the chunk. */
static void on_stop(int number)
{
    (void)number;
    is_told_to_stop = 1;
}

static void start_listening(void)
{
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    check(sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0);
}

/* Whoever asked for many sees how far they are. */
static void tell_progress(uint64_t first, uint64_t next, uint64_t last, uint64_t failed)
{
    uint64_t begun = next - first;
    if (begun % TOLD_EVERY != 0 || next > last)
        return;
    printf("# %" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 " failed\n", begun, last + 1 - first,
            failed);
    fflush(stdout);
}

uint64_t seeds_run(
        uint64_t first, uint64_t *last, unsigned jobs, struct failed_seed *out_failed, size_t room)
{
    size_t size = JOBS_MAX * sizeof(struct chunk);
    struct chunk *chunks =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t next = first, failed = 0;
    unsigned running = 0;
    check(chunks != MAP_FAILED && jobs > 0);
    start_listening();
    for (unsigned i = 0; i < jobs && i < JOBS_MAX && next <= *last; i++, next += CHUNK, running++)
        start_chunk(&chunks[i], next, next + CHUNK - 1 < *last ? next + CHUNK - 1 : *last);
    while (running > 0) {
        int status = 0;
        pid_t ended = wait(&status);
        struct chunk *chunk = chunks;
        while (chunk->process != ended)
            chunk++;
        bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!is_good && failed++ < room)
            note_failed(&out_failed[failed - 1], chunk);
        if (!is_good && chunk->next < chunk->last) {
            start_chunk(chunk, chunk->next + 1, chunk->last);
        } else if (next <= *last && !is_told_to_stop) {
            start_chunk(chunk, next, next + CHUNK - 1 < *last ? next + CHUNK - 1 : *last);
            next += CHUNK;
            tell_progress(first, next, *last, failed);
        } else {
            chunk->process = 0;
            running--;
        }
    }
    munmap(chunks, size);
    *last = next - 1 < *last ? next - 1 : *last;
    return failed;
}
