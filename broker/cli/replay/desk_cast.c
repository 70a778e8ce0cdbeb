/* SPDX-License-Identifier: Apache-2.0 */
/* Who at the desk knows what.
 *
 * Services are put into groups so that each dialogue's services are all in one group; a group is
 * what one agent can know. Each group has agents who know all of it, and agents who know only every
 * second service: those must not be offered the rest.
 */
#include "cli/replay/desk_agents.h"

#include "base/check.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

enum { GROUPS_MAX = 6, AGENTS_PER_GROUP = 4, TURNS_PER_AGENT = 900 };

struct group {
    const char *names[DESK_SKILLS_MAX];
    size_t count;
};

static bool knows(const struct group *group, const char *name)
{
    for (size_t i = 0; i < group->count; i++)
        if (strcmp(group->names[i], name) == 0)
            return true;
    return false;
}

static size_t count_unknown(const struct group *group, const struct dialogue *dialogue)
{
    size_t count = 0;
    for (size_t i = 0; i < dialogue->service_count; i++)
        count += !knows(group, dialogue->services[i]);
    return count;
}

static bool put_into_a_group(
        struct group *groups, size_t *group_count, const struct dialogue *dialogue)
{
    size_t at = 0;
    while (at < *group_count &&
            groups[at].count + count_unknown(&groups[at], dialogue) > DESK_SKILLS_MAX)
        at++;
    if (at == GROUPS_MAX)
        return false;
    if (at == *group_count)
        groups[(*group_count)++].count = 0;
    for (size_t i = 0; i < dialogue->service_count; i++)
        if (!knows(&groups[at], dialogue->services[i]))
            groups[at].names[groups[at].count++] = dialogue->services[i];
    return true;
}

/* kind 0 and 1: everything; 2 and 3: every second service. */
static void add_agent(struct desk *desk, const struct group *group, size_t kind)
{
    struct desk_agent *agent = &desk->agents[desk->agent_count];
    agent->desk = desk;
    agent->index = desk->agent_count++;
    snprintf(agent->id, sizeof agent->id, "agent-%zu", agent->index + 1);
    for (size_t i = 0; i < group->count; i++)
        if (kind % AGENTS_PER_GROUP < 2 || i % 2 == kind % 2)
            agent->skills[agent->skill_count++] = group->names[i];
}

/* Enough agents that neither their capacity nor their rate of messages is what is measured. */
static size_t agents_wanted(const struct replay *replay, size_t group_count)
{
    size_t chats = (size_t)replay->options->concurrency * 4 / DESK_CHATS_MAX + 1;
    size_t turns = replay->dialogues.turn_count / 2 / TURNS_PER_AGENT + 1;
    size_t wanted = chats > turns ? chats : turns;
    size_t least = group_count * AGENTS_PER_GROUP;
    if (wanted < least)
        wanted = least;
    return wanted < DESK_AGENTS_MAX ? wanted : DESK_AGENTS_MAX;
}

bool desk_cast(struct desk *desk)
{
    const struct dialogues *dialogues = &desk->replay->dialogues;
    struct group groups[GROUPS_MAX];
    size_t group_count = 0;
    for (size_t i = 0; i < dialogues->count; i++)
        if (!put_into_a_group(groups, &group_count, &dialogues->all[i])) {
            say("the file names too many different services: %d agents cannot know them all",
                    DESK_AGENTS_MAX);
            return false;
        }
    check(group_count > 0); /* a file without dialogues was refused */
    size_t wanted = agents_wanted(desk->replay, group_count);
    for (size_t i = 0; i < wanted; i++)
        add_agent(desk, &groups[i % group_count], i / group_count);
    return true;
}
