/* SPDX-License-Identifier: Apache-2.0 */
/* weft replay: plays real dialogues through a running Weft and checks that nothing was lost,
 * doubled, disordered or changed.
 *
 * Invariant: exit code 0 means that each turn of each dialogue was seen exactly once, in order and
 * byte for byte, in all three views; anything else is 1, or 2 when it could not be found out.
 */
#include "cli/command.h"
#include "cli/replay/progress.h"
#include "cli/replay/replay.h"
#include "cli/say.h"

#include <string.h>

enum { CONCURRENCY = 64, CONCURRENCY_MAX = 300, PACE_MS_MAX = 60000, SENTENCE_MAX = 4608 };

static const struct replay_options defaults = {.concurrency = CONCURRENCY};

static const struct option_row rows[] = {
        {"--up", OPTION_TEXT, offsetof(struct replay_options, up), "FILE",
                "the up.json of the Weft to play through (required)", 0, 0},
        {"--concurrency", OPTION_NUMBER, offsetof(struct replay_options, concurrency), "N",
                "dialogues at once, 1 to 300; 64 when absent", 1, CONCURRENCY_MAX},
        {"--pace", OPTION_NUMBER, offsetof(struct replay_options, pace_ms), "MS",
                "wait so long before each turn; 0 when absent", 0, PACE_MS_MAX},
        {"--limit", OPTION_NUMBER, offsetof(struct replay_options, limit), "N",
                "only the first N dialogues", 1, DIALOGUES_MAX},
        {"--plant", OPTION_TEXT, offsetof(struct replay_options, plant), "HOW",
                "break one message on purpose: lose, double, swap or mutate; must end with 1", 0,
                0},
        {"--json", OPTION_FLAG, offsetof(struct replay_options, is_json), NULL,
                "the result as one JSON object, in the last line", 0, 0},
        {0}};

static bool prepare(struct replay *replay, const char *path)
{
    const struct replay_options *options = replay->options;
    char sentence[SENTENCE_MAX];
    enum plant_kind plant = PLANT_NONE;
    if (!place_read(options->up, &replay->place, sentence, sizeof sentence) ||
            !dialogues_read(
                    path, (size_t)options->limit, &replay->dialogues, sentence, sizeof sentence)) {
        say("%s", sentence);
        return false;
    }
    if (options->plant == NULL)
        return true;
    plant_kind_read(options->plant, &plant);
    if (plant_choose(plant, &replay->dialogues, &replay->plant))
        return true;
    say("no dialogue in %s has a turn to %s", path, options->plant);
    return false;
}

static int judge(struct replay *replay)
{
    progress_report(replay);
    if (replay->plant.kind != PLANT_NONE)
        say("planted: %s, in dialogue %s, turn %zu", replay->options->plant,
                replay->dialogues.all[replay->plant.dialogue].id, replay->plant.turn + 1);
    return verdict_is_clean(&replay->sums) && replay->stuck == 0 ? CLI_GOOD : CLI_FOUND;
}

static int run(const void *given, const struct command_words *words)
{
    const struct replay_options *options = given;
    static struct replay replay;
    enum plant_kind kind;
    if (options->up == NULL)
        return say_code(CLI_USAGE, "it needs --up FILE; see `weft replay --help`");
    if (options->plant != NULL && !plant_kind_read(options->plant, &kind))
        return say_code(CLI_USAGE, "--plant is lose, double, swap or mutate");
    replay = (struct replay){.options = options};
    int code = prepare(&replay, words->all[0]) ? replay_run(&replay) : CLI_NOT_RUN;
    if (code == CLI_GOOD)
        code = judge(&replay);
    dialogues_finish(&replay.dialogues);
    samples_finish(&replay.ack);
    samples_finish(&replay.deliver);
    return code;
}

const struct command command_replay = {
        .name = "replay",
        .words = "FILE",
        .summary = "Plays dialogues through a running Weft, and checks that all arrived.",
        .details =
                "FILE has one JSON object a line: {\"id\", \"services\": [], \"turns\": [{\"who\": "
                "\"customer\" or\n\"agent\", \"text\"}]}. The replay makes a tenant of its own, "
                "with a bot and agents, and removes\nit at the end. Then it compares three views "
                "of each conversation with the dialogue: the\ncustomer's socket, the agent's "
                "socket, the stored log.\n\nExit codes: 0 all arrived once and in order; 1 not; 2 "
                "it could not run; 64 bad arguments.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 1,
        .words_most = 1,
        .run = run,
};
