/* SPDX-License-Identifier: Apache-2.0 */
/* weft restart --rolling: each node of a running Weft is followed by a new process, one after the
 * other; clients notice a reconnect.
 *
 * The supervisor does it (supervisor/rolling.c). This command asks, and waits until up.json names
 * another process for each node and none of the old ones lives.
 */
#include "cli/command.h"
#include "cli/say.h"
#include "cli/supervised.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SENTENCE_MAX = 4608, LOOK_MS = 100 };

struct restart_options {
    const char *up;
    uint64_t seconds;
    bool is_rolling;
};

static const struct restart_options defaults = {.seconds = 120};

static const struct option_row rows[] = {
        {"--rolling", OPTION_FLAG, offsetof(struct restart_options, is_rolling), NULL,
                "one node after the other, each new one ready before the old one goes (required)",
                0, 0},
        {"--up", OPTION_TEXT, offsetof(struct restart_options, up), "FILE",
                "the up.json of a running Weft (required)", 0, 0},
        {"--seconds", OPTION_NUMBER, offsetof(struct restart_options, seconds), "S",
                "how long to wait for the end; 120 when absent", 1, 3600},
        {0}};

static bool lives(int pid)
{
    return kill(pid, 0) == 0 || errno == EPERM;
}

static size_t count_followed(const struct supervised *before, const struct supervised *now)
{
    size_t followed = 0;
    for (size_t i = 0; i < before->node_count && i < now->node_count; i++)
        followed += now->nodes[i] != before->nodes[i] && !lives(before->nodes[i]);
    return followed;
}

static int await(const struct restart_options *options, const struct supervised *before)
{
    struct supervised now;
    char sentence[SENTENCE_MAX];
    size_t said = 0;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    for (uint64_t looks = options->seconds * 1000 / LOOK_MS; looks > 0; looks--) {
        nanosleep(&pause, NULL);
        if (!supervised_read(options->up, &now, sentence, sizeof sentence))
            return say_code(CLI_FOUND, "%s", sentence);
        size_t followed = count_followed(before, &now);
        for (; said < followed; said++)
            printf("node %zu of %zu is followed\n", said + 1, before->node_count);
        if (followed == before->node_count)
            return CLI_GOOD;
    }
    return say_code(CLI_FOUND, "%zu of %zu nodes were followed in %llu s; see the log", said,
            before->node_count, (unsigned long long)options->seconds);
}

static int run(const void *given, const struct command_words *words)
{
    const struct restart_options *options = given;
    struct supervised before;
    char sentence[SENTENCE_MAX];
    (void)words;
    if (options->up == NULL || !options->is_rolling)
        return say_code(CLI_USAGE, "it needs --rolling and --up FILE");
    if (!supervised_read(options->up, &before, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    if (kill(before.supervisor, SIGUSR2) != 0)
        return say_code(CLI_NOT_RUN, "the supervisor cannot be told: %s", strerror(errno));
    setvbuf(stdout, NULL, _IOLBF, 0);
    return await(options, &before);
}

const struct command command_restart = {
        .name = "restart",
        .words = "",
        .summary = "Restarts the nodes of a running Weft, one after the other.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .run = run,
};
