/* SPDX-License-Identifier: Apache-2.0 */
/* What may be asked at random.
 *
 * Invariant: a history depends on its seed alone. Requests are drawn so that legal ones are common
 * enough for a history to get somewhere: names are those in force half of the time.
 */
#include "any_history.h"

static uint64_t draw(struct any_history *history, uint64_t below)
{
    return fake_random_below(&history->random, below);
}

static bool chance(struct any_history *history, unsigned percent)
{
    return fake_random_chance(&history->random, percent * 10);
}

/* The name in force, or any other: old, forged, or none. */
static struct name some_name(struct any_history *history, struct name in_force)
{
    struct story *story = &history->story;
    if (chance(history, 60))
        return in_force;
    struct name name = story->names[draw(history, story->fold.tail.seq + 1)];
    return chance(history, 20) ? forged(name) : name;
}

static uint64_t some_number(struct any_history *history, const char *lineage)
{
    const struct lineages *all = &history->story.fold.lineages;
    uint64_t highest = 0;
    for (size_t i = 0; i < all->count; i++)
        if (memcmp(all->all[i].id, lineage, LINEAGE_LEN) == 0)
            highest = all->all[i].highest;
    return chance(history, 70) ? highest + 1 : draw(history, highest + 4);
}

static void say_something(struct any_history *history)
{
    static const char *const texts[] = {"yes", "no", "perhaps"};
    struct story *story = &history->story;
    /* Few speak often, many once: windows and places in the table change hands. */
    const char *lineage =
            history->lineages[chance(history, 80) ? draw(history, 6) : draw(history, ANY_LINEAGES)];
    struct slice body = slice_of_string(texts[draw(history, 3)]);
    struct say say = {.lineage = slice_make(lineage, LINEAGE_LEN),
            .n = some_number(history, lineage),
            .body = body,
            .digest = digest_of(body)};
    unsigned who = (unsigned)draw(history, 10);
    if (who < 5) {
        say.author.kind = AUTHOR_CUSTOMER;
    } else if (who < 9) {
        say.author = (struct author){AUTHOR_AGENT, SLICE_OF("ann"), SLICE_OF("Ann")};
        say.owner = some_name(history, story->fold.owner);
        say.is_note = chance(history, 40);
    } else {
        say.author = (struct author){AUTHOR_SERVICE, SLICE_OF("shop"), SLICE_OF("Shop")};
    }
    somebody_says(story, &say);
}

static void amend_something(struct any_history *history)
{
    static const enum part_kind kinds[] = {PART_EDITED, PART_DELETED, PART_REACTED};
    struct story *story = &history->story;
    const char *lineage = history->lineages[draw(history, 6)];
    struct name target = some_name(history, story->fold.tail);
    struct amend amend = {.kind = kinds[draw(history, 3)],
            .author.kind = AUTHOR_CUSTOMER,
            .lineage = slice_make(lineage, LINEAGE_LEN),
            .n = some_number(history, lineage),
            .digest = draw(history, 3),
            .target = target.seq ? target : story->fold.tail,
            .body = SLICE_OF("other words"),
            .emoji = SLICE_OF("+"),
            .found = {.is_message = chance(history, 90),
                    .author.kind = AUTHOR_CUSTOMER,
                    .visibility = chance(history, 90) ? VISIBLE_TO_ALL : VISIBLE_TO_STAFF,
                    .time_ms = story->now_ms}};
    somebody_amends(story, &amend);
}

static size_t some_pairs(struct any_history *history, struct pair pairs[4], char names[4][2])
{
    size_t count = draw(history, 5);
    for (size_t i = 0; i < count; i++) {
        uint64_t name = draw(history, ANY_PAIRS);
        names[i][0] = (char)('a' + name / 10);
        names[i][1] = (char)('0' + name % 10);
        size_t len = chance(history, 10) ? draw(history, sizeof history->values) : draw(history, 9);
        pairs[i] = (struct pair){slice_make(names[i], 2),
                chance(history, 30) ? SLICE_NONE : slice_make(history->values, len)};
    }
    return count;
}

static void commit_something(struct any_history *history)
{
    struct pair pairs[4], labels[1] = {{SLICE_OF("label"), SLICE_NONE}};
    char names[4][2];
    struct slice bodies[2] = {SLICE_OF("one"), SLICE_OF("two")};
    struct commit commit = {.bodies = bodies,
            .body_count = draw(history, 3),
            .pairs = pairs,
            .pair_count = some_pairs(history, pairs, names),
            .labels = labels,
            .label_count = draw(history, 2),
            .digest = draw(history, 3),
            .is_handoff = chance(history, 15),
            .is_close = chance(history, 15),
            .handoff = chance(history, 50) ? SLICE_OF("packet") : SLICE_NONE,
            .reason = SLICE_OF("asked")};
    struct name turn = some_name(history, history->story.fold.turn);
    if (chance(history, 10))
        turn = history->story.fold.committed_turn;
    bot_commits(&history->story, turn, &commit);
}

static void ask_of_ownership(struct any_history *history)
{
    struct story *story = &history->story;
    switch (draw(history, 6)) {
    case 0:
    case 1:
        agent_takes(story, some_name(history, story->fold.request),
                chance(history, 50) ? "ann" : "bob");
        break;
    case 2:
        request_is_voided(story, some_name(history, story->fold.request));
        break;
    case 3:
        agent_requeues(story, some_name(history, story->fold.owner));
        break;
    case 4:
        agent_closes(story, some_name(history, story->fold.owner));
        break;
    default:
        agent_reopens(story);
    }
}

static void ask_of_callback(struct any_history *history)
{
    struct story *story = &history->story;
    switch (draw(history, 4)) {
    case 0:
    case 1:
        callback_is_asked(story, chance(history, 50) ? story->now_ms + draw(history, 5000) : 0);
        break;
    case 2:
        callback_is_cancelled(story);
        break;
    default:
        agent_records(story, some_name(history, story->fold.owner), chance(history, 40));
    }
}

void any_history_begin(struct any_history *history, uint64_t seed)
{
    fake_random_init(&history->random, seed);
    story_begin(&history->story);
    memset(history->values, 'v', sizeof history->values);
    for (size_t i = 0; i < ANY_LINEAGES; i++)
        story_lineage(
                history->story.now_ms - 1000 + draw(history, 30) * 100, i, history->lineages[i]);
}

void any_history_step(struct any_history *history)
{
    struct story *story = &history->story;
    story->now_ms += draw(history, 1000);
    story->now_ms -= draw(history, 300);
    story->has_bot = chance(history, 90);
    uint64_t what = draw(history, 1000);
    if (what < 300)
        say_something(history);
    else if (what < 430)
        amend_something(history);
    else if (what < 450)
        steps_are_tracked(story, 1 + draw(history, 300), 1 + draw(history, ENTRY_PARTS_MAX));
    else if (what < 700)
        commit_something(history);
    else if (what < 780)
        turn_ends(story, some_name(history, story->fold.turn), chance(history, 20));
    else if (what < 930)
        ask_of_ownership(history);
    else if (what < 990)
        ask_of_callback(history);
    else if (what < 999 || story->fold.phase == PHASE_ERASED)
        contact_proves(story, chance(history, 80) ? "crm-42" : "crm-43");
    else
        is_erased(story);
}
