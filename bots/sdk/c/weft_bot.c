/* SPDX-License-Identifier: Apache-2.0 */
/* A bot's process: settings, loop, signals.
 *
 * Invariant: a wrong setting is told in one sentence before anything is dialled; from then on only
 * a signal or the server's refusal for good ends the process. The key is read from a file, never
 * from the command line, where everybody on the machine could see it, and read again when it is
 * refused.
 */
#include "bots/sdk/c/weft_bot.h"

#include "base/log_line.h"
#include "bots/sdk/c/address.h"
#include "bots/sdk/c/bot_runner.h"
#include "bots/sdk/c/event_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 2048, EXIT_SETTINGS = 1, EXIT_REVOKED = 2 };

struct worker {
    const char *url, *key_file;
    char key[KEY_MAX + 2];
    struct event_loop *loop;
    struct bot_runner *runner;
    bool is_revoked;
};

static const char *read_key(void *context)
{
    struct worker *worker = context;
    FILE *file = fopen(worker->key_file, "re");
    size_t len = file ? fread(worker->key, 1, sizeof worker->key - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    worker->key[len] = '\0';
    len = strcspn(worker->key, " \t\r\n");
    worker->key[len] = '\0';
    return len > 0 && len <= KEY_MAX ? worker->key : NULL;
}

static bool has_address(const struct worker *worker)
{
    struct address address;
    if (worker->url == NULL) {
        fputs("weft bot: where is the broker? Set WEFT_URL, like ws://127.0.0.1:8080\n", stderr);
        return false;
    }
    switch (address_read(worker->url, &address)) {
    case ADDRESS_READ:
        return true;
    case ADDRESS_NOT_A_URL:
        fprintf(stderr, "weft bot: \"%s\" is not an address like ws://127.0.0.1:8080\n",
                worker->url);
        break;
    case ADDRESS_NEEDS_TLS:
        fputs("weft bot: wss:// is not spoken here: connect to the broker's own port, or through a "
              "local TLS proxy\n",
                stderr);
        break;
    }
    return false;
}

static bool has_key(struct worker *worker)
{
    if (worker->key_file == NULL) {
        fputs("weft bot: which key? Set WEFT_KEY_FILE to the file that holds the bot's key\n",
                stderr);
        return false;
    }
    if (read_key(worker) != NULL)
        return true;
    fprintf(stderr, "weft bot: there is no key to read in %s\n", worker->key_file);
    return false;
}

static void on_signal(void *context)
{
    struct worker *worker = context;
    bot_runner_stop(worker->runner);
}

static void on_stopped(void *context, bool is_revoked)
{
    struct worker *worker = context;
    worker->is_revoked = is_revoked;
    bot_runner_close(worker->runner);
    event_loop_release(worker->loop);
}

int weft_bot_run(const struct weft_bot *bot)
{
    struct worker worker = {.url = bot->url ? bot->url : getenv("WEFT_URL"),
            .key_file = bot->key_file ? bot->key_file : getenv("WEFT_KEY_FILE")};
    if (!has_address(&worker) || !has_key(&worker))
        return EXIT_SETTINGS;
    char who[48];
    snprintf(who, sizeof who, "bot=%s", bot->name);
    log_line_setup(LOG_INFO, who);
    worker.loop = event_loop_open(&worker, on_signal);
    worker.runner = bot_runner_open(&(struct bot_runner_options){
            .loop = event_loop_uv(worker.loop),
            .bot = bot,
            .url = worker.url,
            .key = worker.key,
            .context = &worker,
            .read_key = read_key,
            .on_stopped = on_stopped,
    });
    event_loop_run(worker.loop);
    event_loop_close(worker.loop);
    memset(worker.key, 0, sizeof worker.key);
    return worker.is_revoked ? EXIT_REVOKED : EXIT_SUCCESS;
}
