/* SPDX-License-Identifier: Apache-2.0 */
/* Progress and the result.
 *
 * Invariant: the moving line never gets into a file or a pipe; the figures are those of the check
 * and of the clock, nothing is rounded away to zero.
 */
#include "cli/replay/progress.h"

#include "cli/replay/play.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { SHOW_MS = 250 };

static bool is_shown(const struct replay *replay)
{
    return !replay->options->is_json && isatty(fileno(stderr));
}

void progress_show(struct replay *replay)
{
    if (!is_shown(replay) || replay->tick == NULL ||
            waker_now_ms(replay->tick) < replay->shown_ms + SHOW_MS)
        return;
    replay->shown_ms = waker_now_ms(replay->tick);
    uint64_t reconnects = replay->reconnects;
    if (replay->desk != NULL)
        reconnects += desk_reconnects(replay->desk) + bot_reconnects(replay->bot);
    double seconds = (double)(replay_now_ns() - replay->started_ns) / 1e9;
    if (replay->stage == REPLAY_GATHERING)
        fputs("\r\033[Kthe agents and the bot come in", stderr);
    else if (replay->stage == REPLAY_PLAYING)
        fprintf(stderr,
                "\r\033[K%zu of %zu dialogues, %" PRIu64 " messages, %" PRIu64
                " reconnects, %.0f messages/s",
                replay->begun - replay->playing, replay->dialogues.count, replay->messages_seen,
                reconnects, (double)replay->messages_seen / seconds);
    else
        fprintf(stderr, "\r\033[Kreading the stored log: %zu of %zu", replay->read,
                replay->dialogues.count);
    fflush(stderr);
}

void progress_clear(const struct replay *replay)
{
    if (is_shown(replay))
        fputs("\r\033[K", stderr);
}

static double seconds_of(const struct replay *replay)
{
    return (double)(replay->ended_ns - replay->started_ns) / 1e9;
}

static void report_json(struct replay *replay)
{
    const struct verdict *sums = &replay->sums;
    printf("{\"dialogues\":%zu,\"messages\":%zu,\"lost\":%" PRIu64 ",\"duplicated\":%" PRIu64
           ",\"disordered\":%" PRIu64 ",\"mismatched\":%" PRIu64 ",\"reconnects\":%" PRIu64
           ",\"stuck\":%" PRIu64 ",\"misrouted\":%" PRIu64,
            replay->dialogues.count, replay->dialogues.turn_count, sums->lost, sums->duplicated,
            sums->disordered, sums->mismatched, replay->reconnects, replay->stuck,
            replay->misrouted);
    printf(",\"ack_ms_p50\":%.3f,\"ack_ms_p99\":%.3f,\"deliver_ms_p50\":%.3f,\"deliver_ms_p99\":"
           "%.3f,\"seconds\":%.3f}\n",
            samples_percentile_ms(&replay->ack, 50), samples_percentile_ms(&replay->ack, 99),
            samples_percentile_ms(&replay->deliver, 50),
            samples_percentile_ms(&replay->deliver, 99), seconds_of(replay));
}

static void report_table(struct replay *replay)
{
    const struct verdict *sums = &replay->sums;
    double seconds = seconds_of(replay);
    printf("dialogues      %zu\nmessages       %zu, %.0f a second\n", replay->dialogues.count,
            replay->dialogues.turn_count,
            seconds > 0 ? (double)replay->dialogues.turn_count / seconds : 0);
    printf("lost           %" PRIu64 "\nduplicated     %" PRIu64 "\ndisordered     %" PRIu64
           "\nmismatched     %" PRIu64 "\n",
            sums->lost, sums->duplicated, sums->disordered, sums->mismatched);
    printf("reconnects     %" PRIu64 "\ngiven up       %" PRIu64 "\nmisrouted      %" PRIu64 "\n",
            replay->reconnects, replay->stuck, replay->misrouted);
    printf("ack            %.1f ms p50, %.1f ms p99\n", samples_percentile_ms(&replay->ack, 50),
            samples_percentile_ms(&replay->ack, 99));
    printf("delivered      %.1f ms p50, %.1f ms p99\nseconds        %.1f\n",
            samples_percentile_ms(&replay->deliver, 50),
            samples_percentile_ms(&replay->deliver, 99), seconds);
}

void progress_report(struct replay *replay)
{
    if (replay->options->is_json)
        report_json(replay);
    else
        report_table(replay);
    fflush(stdout);
}
