/* SPDX-License-Identifier: Apache-2.0 */
/* The first bot: it says what it hears. docs/tutorial/first-bot.md walks through it. */
#include "weft_bot.h"

static void on_turn(struct bot_turn *turn)
{
    bot_say(turn, bot_input_count(turn) ? bot_text(turn) : "Hello! Whatever you say, I repeat.");
}

int main(void)
{
    return weft_bot_run(&(struct weft_bot){.name = "echo", .version = "1", .on_turn = on_turn});
}
