/* SPDX-License-Identifier: Apache-2.0 */
/* How many appends a second go through the store adapter, and how many through a bare socket.
 *
 *   bench_store [seconds]      prints one line a row: durability, way, depth, appends/s, us each
 *
 * Appends of 200-byte records, spread over 1000 logs, each log dense, with so many underway at any
 * time; on a redis-server of its own in a folder under TMPDIR. The bare way writes the very same
 * commands with blocking calls and counts the replies: what is left to gain.
 */
#include "integration/store/redis_process.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "store/redis_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { LOGS = 1000, RECORD_SIZE = 200 };

static char record[RECORD_SIZE];
static double seconds = 2;

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(const char *durability, const char *way, size_t depth, uint64_t count,
        double elapsed, double used)
{
    printf("%-9s %-8s depth %5zu  %8.0f appends/s  %6.2f us cpu each\n", durability, way, depth,
            (double)count / elapsed, used * 1e6 / (double)count);
    fflush(stdout);
}

struct run {
    struct loop *loop;
    struct store *store;
    unsigned number;
    uint64_t sent, good, bad, answered;
    double until;
    bool is_over;
};

static void send_one(struct run *run);

static void on_done(void *user, const struct store_reply *reply)
{
    struct run *run = user;
    run->answered++;
    *(reply->outcome == STORE_OK ? &run->good : &run->bad) += 1;
    if (!run->is_over && run->answered % 64 == 0)
        run->is_over = now() >= run->until;
    if (!run->is_over)
        send_one(run);
    else if (run->answered == run->sent)
        loop_stop(run->loop);
}

static void send_one(struct run *run)
{
    char key[32];
    uint64_t seq = run->sent / LOGS + 1;
    int len = snprintf(key, sizeof key, "%u:%d", run->number, (int)(run->sent % LOGS));
    run->sent++;
    struct store_append append = {slice_make(key, (size_t)len), seq, .is_birth = seq == 1,
            .record = slice_make(record, sizeof record)};
    run->store->ops->append(run->store, &append, on_done, run);
}

static void on_generation(void *user, uint64_t generation)
{
    if (generation != 0)
        loop_stop(user);
}

static void bench_adapter(
        struct loop *loop, struct store *store, const char *durability, size_t depth)
{
    static unsigned number;
    struct run run = {.loop = loop, .store = store, .number = ++number};
    double began = now(), used = cpu();
    run.until = began + seconds;
    for (size_t i = 0; i < depth; i++)
        send_one(&run);
    loop_run(loop);
    if (run.bad > 0)
        printf("# %" PRIu64 " appends failed\n", run.bad);
    report(durability, "adapter", depth, run.good, now() - began, cpu() - used);
}

static int connect_bare(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    expect(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static size_t write_append(char *out, size_t capacity, size_t depth, uint64_t sent)
{
    char key[32], id[32];
    int key_len = snprintf(key, sizeof key, "bare%zu:%d", depth, (int)(sent % LOGS));
    int id_len = snprintf(id, sizeof id, "%d-0", (int)(sent / LOGS + 1));
    return (size_t)snprintf(out, capacity,
            "*5\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n$1\r\ne\r\n$%d\r\n%.*s\r\n", key_len,
            key, id_len, id, RECORD_SIZE, RECORD_SIZE, record);
}

static void send_all(int fd, const char *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t more = write(fd, bytes + done, len - done);
        expect(more > 0);
        done += (size_t)more;
    }
}

/* Sends a batch, waits for its replies ("$3\r\n1-0\r\n": two lines each), and so on. */
static void bench_bare(const char *path, const char *durability, size_t depth)
{
    size_t capacity = depth * 320;
    char *out = malloc(capacity), in[65536];
    int fd = connect_bare(path);
    uint64_t sent = 0;
    double began = now(), used = cpu();
    while (now() - began < seconds) {
        size_t len = 0, lines = 0;
        for (size_t i = 0; i < depth; i++)
            len += write_append(out + len, capacity - len, depth, sent++);
        send_all(fd, out, len);
        while (lines < 2 * depth) {
            ssize_t got = read(fd, in, sizeof in);
            expect(got > 0 && in[0] != '-');
            for (ssize_t i = 0; i < got; i++)
                lines += in[i] == '\n';
        }
    }
    report(durability, "bare", depth, sent, now() - began, cpu() - used);
    close(fd);
    free(out);
}

static void bench(enum durability durability, const char *name)
{
    static const size_t depths[] = {1, 16, 128, 1024};
    struct redis_process process;
    redis_process_init(&process, name, durability);
    redis_process_start(&process);
    struct loop *loop = loop_create();
    struct redis_options options = {.unix_path = process.socket_path, .name = "bench"};
    struct redis_store *owned =
            redis_store_create(loop_uv(loop), loop_timers(loop), &options, durability);
    struct store *store = redis_store_port(owned);
    store->on_generation = on_generation;
    store->on_generation_user = loop;
    loop_run(loop);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        bench_adapter(loop, store, name, depths[i]);
    redis_store_destroy(owned);
    loop_turn(loop);
    loop_turn(loop);
    loop_destroy(loop);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        bench_bare(process.socket_path, name, depths[i]);
    redis_process_kill(&process);
}

static void all(void)
{
    memset(record, 'r', sizeof record);
    bench(DURABILITY_ALWAYS, "always");
    bench(DURABILITY_EVERYSEC, "everysec");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seconds = strtod(argv[1], NULL);
    return test_main(1, argv, (struct test_case[]){CASE(all), {0}});
}
