/* SPDX-License-Identifier: Apache-2.0 */
/* What agents see of each other: who is there at once, the own room at once, and how much
 * colleagues have to do within a second's frames, in turn, and in the end as it is. */
#include "flow/colleagues.h"
#include "flow/team.h"
#include "lib/test.h"
#include "stage.h"

#include <string.h>

static struct actor *bot, *anna, *ben;

static void begin(size_t frames_per_s)
{
    stage_start();
    bot = stage_bot("north");
    anna = stage_agent("north", "anna");
    ben = stage_agent("north", "ben");
    act_ask(ben, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    struct team *team = pools_team(stage.node, SLICE_OF("north"));
    team_news(team)->frames_per_s = team_news(team)->frames_left = frames_per_s;
    stage_run(1500);
}

static void one_more_waits(void)
{
    struct actor *customer = stage_customer("north");
    act_say(customer, "My parcel is late");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
}

static size_t hearings(const struct actor *actor, size_t from)
{
    size_t count = 0;
    for (const char *at = actor->heard + from; (at = strstr(at, "\"agent\":\"anna\"")) != NULL;
            at++)
        count++;
    return count;
}

/* Anna has offers of this weight, by the newest that the actor heard of her. */
static bool knows(const struct actor *actor, const char *weight)
{
    const char *last = NULL;
    for (const char *at = actor->heard; (at = strstr(at, "\"agent\":\"anna\"")) != NULL; at++)
        last = at;
    return last != NULL && strstr(last, weight) != NULL;
}

static void colleagues_hear_at_once_while_there_is_room(void)
{
    begin(COLLEAGUES_FRAMES_PER_S);
    one_more_waits();
    stage_run(100);
    expect(knows(anna, "\"weight\":1000") && knows(ben, "\"weight\":1000"));
    stage_end();
}

static void colleagues_hear_in_turn_and_the_newest_in_the_end(void)
{
    begin(1); /* one agent's change a second, whatever it costs */
    size_t before = strlen(ben->heard);
    one_more_waits();
    one_more_waits();
    stage_run(50);
    expect(knows(anna, "\"weight\":2000")); /* the own room */
    expect(hearings(ben, before) < 2 && !knows(ben, "\"weight\":2000"));
    stage_run(1500);
    expect(knows(ben, "\"weight\":2000"));
    size_t told = hearings(ben, before);
    stage_run(1500);                         /* shorter than an offer lives */
    expect_u64(hearings(ben, before), told); /* nothing is told twice */
    stage_end();
}

static void who_is_there_is_told_at_once(void)
{
    begin(1);
    one_more_waits();
    one_more_waits();
    size_t before = strlen(ben->heard);
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"q\",\"status\":\"away\"}");
    stage_run(50);
    expect(strstr(ben->heard + before, "\"away\"") != NULL);
    expect(knows(ben, "\"weight\":2000"));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(colleagues_hear_at_once_while_there_is_room),
                    CASE(colleagues_hear_in_turn_and_the_newest_in_the_end),
                    CASE(who_is_there_is_told_at_once), {0}});
}
