/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios as values: defaults, levels, and the rules that hold between their parts.
 *
 * Invariant: in a scenario that scenario_check let pass, every kind of customer has a group of
 * agents who may serve it, so that waiting for ever is never the scenario's own fault. Reading
 * files is not done here.
 */
#include "lab/scenario.h"

#include <stdio.h>
#include <string.h>

enum { WHY_MAX = 256 };

struct scenario scenario_plain(double service_s, double patience_s)
{
    struct scenario scenario = {.name = "plain",
            .arrival_share = 1,
            .is_poisson = true,
            .patience_s = patience_s,
            .service = SERVICE_EXPONENTIAL,
            .service_s = service_s,
            .variation = 1,
            .novice_factor = 1,
            .kind_count = 1,
            .group_count = 1};
    scenario.kinds[0] = (struct scenario_kind){.share = 1};
    scenario.groups[0] = (struct scenario_group){.share = 1, .capacity = 1};
    return scenario;
}

struct scenario scenario_default(void)
{
    enum { SKILLS = 4, CAPACITY = 3, FIRST = 1000, SECOND = 600 };
    static const char *const names[SKILLS] = {"accounts", "cards", "loans", "online"};
    static const double shares[SKILLS] = {0.4, 0.3, 0.2, 0.1};
    struct scenario scenario = scenario_plain(300, 180);
    snprintf(scenario.name, sizeof scenario.name, "chained");
    scenario.service = SERVICE_LOGNORMAL;
    scenario.arrival_share = 0.1;
    scenario.opens_s = 7 * 60 * 60;
    scenario.slowdown = 0.3;
    scenario.novice_factor = 1.5;
    scenario.kind_count = scenario.group_count = SKILLS;
    for (uint32_t i = 0; i < SKILLS; i++) {
        scenario_skill(&scenario, names[i]);
        scenario.kinds[i] = (struct scenario_kind){.share = shares[i], .musts = 1u << i};
        scenario.groups[i] = (struct scenario_group){.share = shares[i], .capacity = CAPACITY};
        scenario.groups[i].levels[i] = FIRST;
        scenario.groups[i].levels[(i + 1) % SKILLS] = SECOND;
    }
    return scenario;
}

int scenario_skill(struct scenario *scenario, const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= SCENARIO_NAME_MAX)
        return -1;
    for (uint32_t i = 0; i < scenario->skill_count; i++)
        if (strcmp(scenario->skills[i], name) == 0)
            return (int)i;
    if (scenario->skill_count == SCENARIO_SKILLS_MAX)
        return -1;
    memcpy(scenario->skills[scenario->skill_count], name, len + 1);
    return (int)scenario->skill_count++;
}

uint32_t scenario_level(const struct scenario *scenario, uint32_t group, uint32_t kind)
{
    uint32_t musts = scenario->kinds[kind].musts, sum = 0, count = 0;
    for (uint32_t i = 0; i < scenario->skill_count; i++) {
        uint32_t level = scenario->groups[group].levels[i];
        if ((musts >> i & 1) == 0)
            continue;
        if (level == 0)
            return 0;
        sum += level;
        count++;
    }
    return count == 0 ? SCENARIO_LEVEL_MAX : sum / count;
}

static bool has_somebody(const struct scenario *scenario, uint32_t kind)
{
    for (uint32_t group = 0; group < scenario->group_count; group++)
        if (scenario->groups[group].share > 0 && scenario_level(scenario, group, kind) > 0)
            return true;
    return false;
}

bool scenario_check(const struct scenario *scenario, char out_why[256], int *out_kind)
{
    double kinds = 0, groups = 0;
    *out_kind = -1;
    for (uint32_t i = 0; i < scenario->kind_count; i++)
        kinds += scenario->kinds[i].share;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        groups += scenario->groups[i].share;
    if (kinds <= 0 || groups <= 0) {
        snprintf(out_why, WHY_MAX, "the shares of %s must add up to more than 0",
                kinds <= 0 ? "customers" : "agents");
        return false;
    }
    for (uint32_t i = 0; i < scenario->kind_count; i++) {
        if (scenario->kinds[i].share > 0 && !has_somebody(scenario, i)) {
            *out_kind = (int)i;
            snprintf(out_why, WHY_MAX, "no agent has all the skills that these customers need");
            return false;
        }
    }
    return true;
}
