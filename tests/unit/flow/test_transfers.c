/* SPDX-License-Identifier: Apache-2.0 */
/* A case is handed on once: a repeated request is answered as the first one was, and nobody hears
 * "done" of a hand-over that was not done.
 */
#include "lib/test.h"
#include "stage.h"

static struct actor *ada, *anna, *ben;

/* Whether Anna hears "done", from this window of hers. */
static bool hands_on_saying(struct actor *window, const char *to_agent, const char *summary)
{
    act_ask(window,
            "{\"type\":\"transfer\",\"id\":\"t\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"to_agent\":\"%s\",\"handoff\":{\"reason\":\"r\",\"summary\":\"%s\"}}",
            anna->conversation, anna->owner, to_agent, summary);
    stage_run(200);
    bool is_done = heard(window, "\"done\"");
    expect(is_done != heard(window, "\"fenced\""));
    return is_done;
}

static bool hands_on(struct actor *window, const char *to_agent)
{
    return hands_on_saying(window, to_agent, "s");
}

/* The entry that Anna was told to have handed it on. */
static void keep_place(const struct actor *window, char out[48])
{
    const char *done = strstr(window->heard + window->mark, "\"done\"");
    const char *at = done ? strstr(done, "\"at\":\"") : NULL;
    expect(at != NULL);
    snprintf(out, 48, "%.*s", at ? (int)strcspn(at + 6, "\"") : 0, at ? at + 6 : "");
}

static void a_repeated_transfer_is_done_where_the_first_was(void)
{
    char first[48], again[48];
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    expect(hands_on(anna, "ben"));
    keep_place(anna, first);
    expect(hands_on(anna, "ben"));
    expect(will_hear(ben, "\"offer\"", 1000));
    act_ask(ben, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", ben->offer);
    expect(will_hear(ben, "\"assigned\"", 1000));
    expect(hands_on(anna, "ben")); /* the answer to the first may have been lost */
    keep_place(anna, again);
    expect_slice(slice_of_string(again), slice_of_string(first));
    expect(!hands_on(anna, "anna"));
    act_ask(ben,
            "{\"type\":\"transfer\",\"id\":\"t\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"handoff\":{\"reason\":\"r\"}}",
            ben->conversation, ben->owner);
    expect(heard(ben, "\"done\""));
    expect(!hands_on(anna, "ben"));
    stage_end();
}

static void of_two_windows_the_first_hands_it_on(void)
{
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    struct actor *window = stage_window("north", "anna", 0);
    expect(hands_on(anna, "ben"));
    expect(!hands_on(window, ""));
    expect(!hands_on(window, "anna"));
    expect(!hands_on_saying(window, "ben", "What this window knows")); /* Ben will not read it */
    expect(hands_on(window, "ben"));
    stage_end();
}

static void who_was_away_has_handed_nothing_on(void)
{
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    struct actor *window = stage_window("north", "anna", 0);
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"offline\"}");
    expect(will_hear(anna, "\"released\"", 60000));
    expect(!hands_on(window, "ben"));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_repeated_transfer_is_done_where_the_first_was),
                    CASE(of_two_windows_the_first_hands_it_on),
                    CASE(who_was_away_has_handed_nothing_on), {0}});
}
