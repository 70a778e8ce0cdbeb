/* SPDX-License-Identifier: Apache-2.0 */
/* The two mass cases, driven by lines on standard input; each answers with one line of JSON.
 *
 *   weft-storm storm PORT TENANT SECRET CLIENTS
 *     all come and say their first words
 *     "speak": the second, then {"spoken":…} at once: now drop them
 *     all come back, say the third; the report
 *   weft-storm slow PORT TENANT SECRET READERS CHATTERS SERVICE_KEY
 *     "fast S" and "slow S", as often as is asked: S seconds in which a service says long things to
 *     the readers while others chat; in a slow one the readers read a byte a second, and again when
 *     they were cut and are back; before a fast one they read what they lack
 *     "end": they do so again; the report
 *
 * Invariant: what is reported as gaps and doubles was judged by `after`, per device, across
 * connections.
 */
#include "storm.h"

#include "base/check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PATIENCE_S = 120,
    LONG_TEXT = 7800,
    IN_FLIGHT_MAX = 8,
    CHAT_EVERY_MS = 200,
    SAMPLES_MAX = 1000000
};

static uint64_t dropped_ns;
static uint32_t readers, chatters, in_flight, next_reader;
static uint64_t *told; /* long messages that were acked, per reader */
static uint32_t *samples_us;
static size_t sample_count;
static bool is_measuring, are_readers_deaf;

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* In milliseconds, of the samples from this one on, which are sorted by it; 0: there are none. */
static double percentile_from(size_t first, double part)
{
    size_t count = sample_count - first, at = (size_t)((double)count * part);
    qsort(samples_us + first, count, sizeof *samples_us, compare);
    return count ? samples_us[first + (at < count ? at : count - 1)] / 1000.0 : 0;
}

static double percentile(double part)
{
    return percentile_from(0, part);
}

static void sample(uint64_t from_ns)
{
    if (sample_count < SAMPLES_MAX)
        samples_us[sample_count++] = (uint32_t)((now_ns() - from_ns) / 1000);
}

/* The next line of the one who drives; false: none yet. */
static bool next_line(char *out, size_t room)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, 0) <= 0)
        return false;
    if (fgets(out, (int)room, stdin) == NULL)
        exit(0); /* whoever drives is gone */
    return true;
}

static struct client *client_of(uint32_t number)
{
    return &storm.clients[number];
}

static uint64_t sum(size_t offset)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < storm.count; i++)
        all += *(const uint64_t *)(const void *)((const char *)client_of(i) + offset);
    return all;
}
#define SUM(member) sum(offsetof(struct client, member))

/* ---- all dropped at once ----------------------------------------------------------------------
 */

static void say_what_is_not_acked(struct client *client)
{
    for (uint64_t n = client->acked + 1; n <= client->n; n++)
        client_say(client, client->conversation, n, 40);
}

static void on_back(struct client *client)
{
    if (client->n == 0 || (dropped_ns != 0 && client->n == 2))
        client->n++;
    say_what_is_not_acked(client);
}

static void on_acked(struct client *client, const char *text, size_t len)
{
    uint64_t n = number_member(text, len, "n");
    client->acked = n > client->acked ? n : client->acked;
}

static uint32_t done(uint64_t n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < storm.count; i++)
        count += client_of(i)->acked == n && client_of(i)->own == n;
    return count;
}

/* Until all have said n and heard it, or nobody waits any longer. */
static uint64_t wait_for(uint64_t n)
{
    uint64_t begin = now_ns();
    while (done(n) < storm.count && now_ns() - begin < (uint64_t)PATIENCE_S * 1000000000u)
        storm_turn(10);
    return (now_ns() - begin) / 1000000;
}

/* Own words that came under another place again. */
static uint64_t written_twice(void)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < storm.count; i++)
        count += client_of(i)->own > 3 ? client_of(i)->own - 3 : 0;
    return count;
}

static void report_storm(uint64_t settled_ms)
{
    uint32_t resumed = 0;
    for (uint32_t i = 0; i < storm.count; i++) {
        resumed += client_of(i)->welcomed_ns > dropped_ns;
        if (client_of(i)->welcomed_ns > dropped_ns && sample_count < SAMPLES_MAX)
            samples_us[sample_count++] =
                    (uint32_t)((client_of(i)->welcomed_ns - dropped_ns) / 1000);
    }
    printf("{\"clients\":%u,\"resumed\":%u,\"settled\":%u,\"gaps\":%" PRIu64
           ",\"duplicates\":%" PRIu64 ",\"resets\":%" PRIu64 ",\"refused\":%" PRIu64
           ",\"entries\":%" PRIu64
           ",\"resumed_ms_p50\":%.0f,\"resumed_ms_p99\":%.0f,\"resumed_ms_max\":%.0f"
           ",\"settled_ms\":%" PRIu64 "}\n",
            storm.count, resumed, done(3), SUM(gaps), SUM(doubles) + written_twice(), SUM(resets),
            SUM(refused), SUM(entries), percentile(0.5), percentile(0.99), percentile(1),
            settled_ms);
    fflush(stdout);
}

static void run_storm(void)
{
    char line[64];
    storm.on_welcome = on_back;
    storm.on_ack = on_acked;
    uint64_t ready_ms = wait_for(1);
    printf("{\"there\":%u,\"ms\":%" PRIu64 "}\n", done(1), ready_ms);
    fflush(stdout);
    while (!next_line(line, sizeof line))
        storm_turn(10);
    for (uint32_t i = 0; i < storm.count; i++) {
        client_of(i)->n = 2;
        if (client_of(i)->state == THERE)
            client_say(client_of(i), client_of(i)->conversation, 2, 40);
    }
    dropped_ns = now_ns();
    printf("{\"spoken\":%u}\n", storm.count);
    fflush(stdout);
    uint64_t settled_ms = wait_for(3);
    report_storm(settled_ms);
}

/* ---- slow readers -----------------------------------------------------------------------------
 */

static struct client *service(void)
{
    return client_of(readers + chatters);
}

static void feed(void)
{
    while (in_flight < IN_FLIGHT_MAX && service()->state == THERE && is_measuring) {
        struct client *reader = client_of(next_reader);
        next_reader = (next_reader + 1) % readers;
        in_flight++;
        client_say(service(), reader->conversation, ++reader->n, LONG_TEXT);
    }
}

static void on_there(struct client *client)
{
    if (client->is_service)
        feed();
    else if (client->is_slow && are_readers_deaf)
        client_listen(client, false);
}

static void on_slow_ack(struct client *client, const char *text, size_t len)
{
    char conversation[NAME_ROOM];
    (void)text_member(text, len, "conversation", conversation, sizeof conversation);
    if (client->is_service) {
        in_flight--;
        for (uint32_t i = 0; i < readers; i++)
            if (strcmp(client_of(i)->conversation, conversation) == 0)
                told[i]++;
        feed();
    } else if (is_measuring) {
        sample(client->sent_ns);
        client->acked++;
    }
}

static void read_a_byte_each(uint64_t *last_ns)
{
    if (now_ns() - *last_ns < 1000000000u)
        return;
    *last_ns = now_ns();
    for (uint32_t i = 0; i < readers; i++)
        if (client_of(i)->is_deaf && client_of(i)->fd >= 0)
            client_read(client_of(i), 1);
}

static void let_chatters_chat(uint64_t now)
{
    for (uint32_t i = readers; i < readers + chatters; i++) {
        struct client *client = client_of(i);
        if (client->state != THERE || client->n != client->acked ||
                now - client->sent_ns < (uint64_t)CHAT_EVERY_MS * 1000000u)
            continue;
        client_say(client, client->conversation, ++client->n, 200);
    }
}

static void chat_for_a_second(uint64_t *last_ns)
{
    for (uint64_t end = now_ns() + 1000000000u; now_ns() < end;) {
        storm_turn(1);
        read_a_byte_each(last_ns);
        let_chatters_chat(now_ns());
    }
}

static uint64_t told_so_far(void)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < readers; i++)
        all += told[i];
    return all;
}

static void run_phase(const char *name, uint64_t seconds)
{
    uint64_t last_ns = now_ns(), before = told_so_far();
    sample_count = 0;
    is_measuring = true;
    feed();
    printf("{\"phase\":\"%s\",\"p99_ms_of_seconds\":[", name);
    for (uint64_t i = 0; i < seconds; i++) {
        size_t first = sample_count;
        chat_for_a_second(&last_ns);
        printf("%s%.2f", i > 0 ? "," : "", percentile_from(first, 0.99));
    }
    is_measuring = false;
    for (uint64_t calm = now_ns() + 2000000000u; now_ns() < calm;)
        storm_turn(10);
    printf("],\"chats\":%zu,\"p99_ms\":%.2f,\"told\":%" PRIu64 ",\"cut\":%" PRIu64 "}\n",
            sample_count, percentile(0.99), told_so_far() - before, SUM(cut));
    fflush(stdout);
    for (uint32_t i = readers; i < readers + chatters; i++)
        client_of(i)->acked = client_of(i)->n;
}

static uint32_t caught_up(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < readers; i++)
        count += client_of(i)->entries >= told[i];
    return count;
}

static void let_readers_read(void)
{
    uint64_t begin = now_ns();
    are_readers_deaf = false;
    for (uint32_t i = 0; i < readers; i++)
        if (client_of(i)->is_deaf)
            client_listen(client_of(i), true);
    while (caught_up() < readers && now_ns() - begin < (uint64_t)PATIENCE_S * 1000000000u)
        storm_turn(10);
}

static void make_readers_deaf(void)
{
    are_readers_deaf = true;
    for (uint32_t i = 0; i < readers; i++)
        client_listen(client_of(i), false);
}

static void report_slow(void)
{
    let_readers_read();
    printf("{\"readers\":%u,\"caught_up\":%u,\"cut\":%" PRIu64 ",\"gaps\":%" PRIu64
           ",\"duplicates\":%" PRIu64 ",\"resets\":%" PRIu64 ",\"refused\":%" PRIu64 "}\n",
            readers, caught_up(), SUM(cut), SUM(gaps), SUM(doubles), SUM(resets), SUM(refused));
    fflush(stdout);
}

static void run_slow(const char *service_key)
{
    char line[64];
    storm.on_welcome = on_there;
    storm.on_ack = on_slow_ack;
    storm.service_key = service_key;
    service()->is_service = true;
    for (uint32_t i = 0; i < readers; i++)
        client_of(i)->is_slow = true;
    while (storm.there < storm.count)
        storm_turn(10);
    printf("{\"there\":%u}\n", storm.there);
    fflush(stdout);
    for (;;) {
        if (!next_line(line, sizeof line)) {
            storm_turn(10);
            continue;
        }
        if (strncmp(line, "end", 3) == 0)
            break;
        bool is_slow = strncmp(line, "slow", 4) == 0;
        if (is_slow)
            make_readers_deaf();
        else
            let_readers_read();
        run_phase(is_slow ? "slow" : "fast", strtoull(line + 5, NULL, 10));
    }
    report_slow();
}

int main(int argc, char **argv)
{
    bool is_storm = argc == 6 && strcmp(argv[1], "storm") == 0;
    if (!is_storm && !(argc == 8 && strcmp(argv[1], "slow") == 0)) {
        fprintf(stderr, "usage: weft-storm storm PORT TENANT SECRET CLIENTS\n"
                        "       weft-storm slow PORT TENANT SECRET READERS CHATTERS SERVICE_KEY\n");
        return 64;
    }
    struct rlimit files = {
            CLIENTS_MAX + 64, CLIENTS_MAX + 64}; /* root may; others have what they have */
    setrlimit(RLIMIT_NOFILE, &files);
    uint32_t count = (uint32_t)strtoul(argv[5], NULL, 10);
    readers = count;
    chatters = is_storm ? 0 : (uint32_t)strtoul(argv[6], NULL, 10);
    samples_us = calloc(SAMPLES_MAX, sizeof *samples_us);
    told = calloc(count, sizeof *told);
    check(samples_us != NULL && told != NULL);
    setvbuf(stdin, NULL, _IONBF, 0);
    storm_start((uint16_t)strtoul(argv[2], NULL, 10), is_storm ? count : count + chatters + 1,
            argv[3], argv[4]);
    if (is_storm)
        run_storm();
    else
        run_slow(argv[7]);
    return 0;
}
