/* SPDX-License-Identifier: Apache-2.0 */
/* weft-guide: the bot that Weft ships. Between a turn of the SDK and the guide's mind.
 *
 * Invariant: the process holds nothing but the knowledge, which never changes while it runs; so any
 * number of workers share the conversations, and each may be killed at any moment.
 */
#include "base/check.h"
#include "bots/guide/guide.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATE_MAX = 64 };

static void read_view(const struct bot_turn *turn, struct bot_pair *state, struct guide_view *view)
{
    *view = (struct guide_view){.text = bot_text(turn),
            .chosen = bot_chosen(turn),
            .name = bot_contact_name(turn),
            .page = bot_page(turn),
            .language = bot_language(turn),
            .cases = bot_cases(turn),
            .state = state};
    for (size_t i = 0; i < bot_state_count(turn) && i < STATE_MAX; i++) {
        const char *name = bot_state_name(turn, i);
        state[view->state_count++] = (struct bot_pair){name, bot_get(turn, name)};
    }
}

static void speak(struct bot_turn *turn, const struct guide_message *message)
{
    if (message->option_count == 0)
        bot_say(turn, message->text);
    else
        bot_quick_replies(turn, message->text, message->options, message->option_count);
}

static void on_turn(struct bot_turn *turn)
{
    static struct guide_reply reply;
    struct bot_pair state[STATE_MAX];
    struct guide_view view;
    read_view(turn, state, &view);
    guide_decide(bot_data(turn), &view, &reply);
    for (size_t i = 0; i < reply.message_count; i++)
        speak(turn, &reply.messages[i]);
    for (size_t i = 0; i < reply.patch_count; i++) /* first what is forgotten: it makes room */
        if (reply.patch[i].value == NULL)
            bot_set(turn, reply.patch[i].name, NULL);
    for (size_t i = 0; i < reply.patch_count; i++)
        if (reply.patch[i].value != NULL)
            bot_set(turn, reply.patch[i].name, reply.patch[i].value);
    if (reply.label != NULL)
        bot_label(turn, reply.label);
    if (reply.has_handoff)
        bot_handoff(turn, &reply.handoff);
    if (reply.closes)
        bot_close(turn);
}

static int tell_usage(FILE *stream, int status)
{
    fputs("usage: weft-guide --knowledge FILE.yaml [--check] [--name NAME] [--credits N]\n"
          "\n"
          "Answers customers from a knowledge file, and hands over to people when it should.\n"
          "\n"
          "  --knowledge FILE  what the bot knows\n"
          "  --check           read the file, tell what is wrong with it, and stop\n"
          "  --name NAME       the bot's name (guide)\n"
          "  --credits N       turns that it takes at once (32)\n"
          "\n"
          "environment: WEFT_URL, like ws://127.0.0.1:8080 · WEFT_KEY_FILE, the file with the "
          "key\n",
            stream);
    return status;
}

static int run(const char *path, bool only_check, struct weft_bot bot)
{
    struct knowledge knowledge;
    char problem[KNOWLEDGE_PROBLEM_MAX];
    int status = EXIT_SUCCESS;
    if (!knowledge_read_file(path, &knowledge, problem)) {
        fprintf(stderr, "weft-guide: %s\n", problem);
        return EXIT_FAILURE;
    }
    bot.data = &knowledge;
    if (only_check)
        printf("%s: %zu entries\n", path, knowledge.entry_count);
    else
        status = weft_bot_run(&bot);
    knowledge_finish(&knowledge);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"knowledge", required_argument, NULL, 'k'},
            {"check", no_argument, NULL, 'c'}, {"name", required_argument, NULL, 'n'},
            {"credits", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {0}};
    struct weft_bot bot = {.name = "guide", .version = "1", .credits = 32, .on_turn = on_turn};
    const char *path = NULL;
    bool only_check = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'k')
            path = optarg;
        else if (option == 'c')
            only_check = true;
        else if (option == 'n')
            bot.name = optarg;
        else if (option == 't')
            bot.credits = (unsigned)strtoul(optarg, NULL, 10);
        else
            return option == 'h' ? tell_usage(stdout, 0) : tell_usage(stderr, 2);
    }
    if (path == NULL || optind < argc || bot.credits == 0 || bot.credits > 1024)
        return tell_usage(stderr, 2);
    return run(path, only_check, bot);
}
