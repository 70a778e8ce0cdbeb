/* SPDX-License-Identifier: Apache-2.0 */
/* The flows by name: what each role may do, what tenants keep from each other, and what customers
 * must never see or lose. */
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>

static void a_case_goes_from_bot_to_agent(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    act_say(anna, "I am Anna");
    expect(heard(anna, "\"ack\""));
    expect(heard_ever(ada, "I am Anna"));
    expect(heard_ever(anna, "the-packet"));
    expect(!heard_ever(ada, "the-packet"));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){
                    CASE(a_case_goes_from_bot_to_agent),
                    {0},
            });
}
