/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the names in a hello.
 *
 * Invariant: every hello of a link says the same, whatever its owner did with the strings since.
 */
#include "bots/sdk/c/caller.h"

#include "base/check.h"

#include <stdlib.h>

static struct slice copy_name(struct caller *caller, size_t place, struct slice from)
{
    if (from.bytes == NULL)
        return from;
    caller->names[place] = strndup(from.bytes, from.len);
    check(caller->names[place] != NULL);
    return slice_make(caller->names[place], from.len);
}

void caller_init(
        struct caller *caller, const struct proto_client *client, const struct proto_bot_info *bot)
{
    *caller = (struct caller){.is_bot = bot != NULL};
    caller->client.name = copy_name(caller, 0, client->name);
    caller->client.version = copy_name(caller, 1, client->version);
    if (bot == NULL)
        return;
    caller->bot.credits = bot->credits;
    caller->bot.name = copy_name(caller, 2, bot->name);
    caller->bot.version = copy_name(caller, 3, bot->version);
}

void caller_finish(struct caller *caller)
{
    for (size_t i = 0; i < sizeof caller->names / sizeof *caller->names; i++)
        free(caller->names[i]);
    *caller = (struct caller){0};
}

void caller_show(const struct caller *caller, struct proto_hello *hello)
{
    hello->has_client = caller->client.name.bytes != NULL || caller->client.version.bytes != NULL;
    hello->client = caller->client;
    hello->has_bot = caller->is_bot;
    hello->bot = caller->bot;
}
