/* SPDX-License-Identifier: Apache-2.0 */
/* weft-load: one workload against one server on the loopback; prints a line of JSON when it
 * begins to measure, and one with the figures.
 *
 *   weft-load WORKLOAD --port P [--dialect json|msgpack|plain|socketio|nats] [--customers N]
 *             [--agents N] [--devices N] [--entries N] [--seconds S] [--rate R]
 *             [--tenant ID --secret SIGNING_SECRET] [--tokens FILE]
 *
 * The tokens' file has a line for each agent, or each bot. Exit codes: 0 measured, 2 could not, 64
 * bad arguments.
 */
#include "base/check.h"
#include "load.h"
#include "port/crypto.h"
#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct load load = {.customers = 100, .devices = 5, .entries = 500, .seconds = 3};
void (*load_news)(struct line *line, const struct news *news);
void (*load_greet)(struct line *line);

enum { SILENCE_MS = 200 };

static uint8_t secret[SIGNING_SECRET_SIZE];

static const struct dialect *const dialects[] = {
        &dialect_json, &dialect_msgpack, &dialect_plain, &dialect_socketio, &dialect_nats, NULL};

static const struct workload {
    const char *name;
    void (*run)(void);
} workloads[] = {{"chat", run_chat}, {"bots", run_bots}, {"fan-out", run_devices},
        {"idle", run_idle}, {"accept", run_accept}, {"tickets", run_tickets}, {"storm", run_storm},
        {"history", run_history}, {"journey", run_journey}, {NULL, NULL}};

_Noreturn void load_fail(const char *why, struct slice detail)
{
    fprintf(stderr, "weft-load: %s%s%.*s\n", why, detail.len ? ": " : "", (int)detail.len,
            detail.len ? detail.bytes : "");
    exit(2);
}

struct slice load_token(uint32_t customer)
{
    static char token[TOKEN_MAX];
    char subject[32];
    struct timespec now;
    if (load.secret == NULL)
        return SLICE_NONE;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000;
    struct buffer out = buffer_make(token, sizeof token);
    snprintf(subject, sizeof subject, "x:load-%u", customer);
    struct token_claims claims = {.tenant = slice_of_string(load.tenant),
            .role = SLICE_OF("customer"),
            .subject = slice_of_string(subject),
            .issued_ms = now_ms,
            .expires_ms = now_ms + 3600000};
    check(token_sign(load.secret, &claims, &out));
    return buffer_slice(&out);
}

void load_until(bool (*is_done)(void), const char *what)
{
    uint64_t end = now_ns() + LOAD_WAIT_S * 1000000000ull;
    while (!is_done()) {
        net_turn(20);
        if (now_ns() > end)
            load_fail("did not get in time", slice_of_string(what));
    }
}

bool load_is_silent(void)
{
    return now_ns() - load.heard_ns > (uint64_t)SILENCE_MS * 1000000u;
}

static void on_open(struct line *line)
{
    load_greet(line);
}

static void on_frame(struct line *line, const char *bytes, size_t len)
{
    load.heard_ns = now_ns();
    load.dialect->read(line, bytes, len);
}

static void on_close(struct line *line)
{
    fprintf(stderr, "weft-load: the server closed connection %c%u\n", line->kind, line->number);
    exit(2);
}

static void read_tokens(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0, count = 0, capacity = 0;
    if (file == NULL)
        load_fail(path, slice_of_string(strerror(errno)));
    for (ssize_t len; (len = getline(&text, &room, file)) > 0;) {
        text[strcspn(text, "\n")] = '\0';
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            load.agent_tokens = realloc(load.agent_tokens, capacity * sizeof *load.agent_tokens);
            check(load.agent_tokens != NULL);
        }
        load.agent_tokens[count++] = strdup(text);
    }
    free(text);
    fclose(file);
    load.agents = (uint32_t)count;
}

static const struct option options[] = {{"port", required_argument, NULL, 'p'},
        {"dialect", required_argument, NULL, 'd'}, {"customers", required_argument, NULL, 'c'},
        {"agents", required_argument, NULL, 'a'}, {"devices", required_argument, NULL, 'v'},
        {"entries", required_argument, NULL, 'e'}, {"seconds", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'}, {"tenant", required_argument, NULL, 't'},
        {"secret", required_argument, NULL, 'k'}, {"tokens", required_argument, NULL, 'f'}, {0}};

static bool read_option(int option)
{
    size_t len = 0;
    switch (option) {
    case 'p':
        load.port = (uint16_t)strtoul(optarg, NULL, 10);
        return load.port > 0;
    case 'c':
        load.customers = (uint32_t)strtoul(optarg, NULL, 10);
        return load.customers > 0;
    case 'a':
        load.agents = (uint32_t)strtoul(optarg, NULL, 10);
        return true;
    case 'v':
        load.devices = (uint32_t)strtoul(optarg, NULL, 10);
        return load.devices > 1;
    case 'e':
        load.entries = (uint32_t)strtoul(optarg, NULL, 10);
        return load.entries > 0;
    case 's':
        load.seconds = strtod(optarg, NULL);
        return load.seconds > 0;
    case 'r':
        load.rate = strtod(optarg, NULL);
        return load.rate >= 0;
    case 't':
        load.tenant = optarg;
        return true;
    case 'f':
        read_tokens(optarg);
        return true;
    case 'k':
        load.secret = secret;
        return base64url_read(slice_of_string(optarg), secret, sizeof secret, &len) &&
               len == sizeof secret;
    case 'd':
        for (size_t i = 0; dialects[i] != NULL; i++)
            if (strcmp(dialects[i]->name, optarg) == 0)
                load.dialect = dialects[i];
        return load.dialect != NULL;
    default:
        return false;
    }
}

static void raise_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    static const struct net_events events = {on_open, on_frame, on_close};
    const struct workload *chosen = NULL;
    for (const struct workload *at = workloads; argc > 1 && at->name != NULL; at++)
        if (strcmp(at->name, argv[1]) == 0)
            chosen = at;
    load.dialect = &dialect_json;
    bool is_good = chosen != NULL && crypto_start();
    optind = 2;
    for (int option; is_good && (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        is_good = read_option(option);
    if (!is_good || load.port == 0) {
        fprintf(stderr,
                "usage: weft-load WORKLOAD --port P …   (the head of main.c has the list)\n");
        return 64;
    }
    load.workload = chosen->name;
    raise_limit();
    net_start(&events);
    chosen->run();
    return 0;
}
