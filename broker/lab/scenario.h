/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario: who comes, how patient they are, how long they take, and who answers them. */
#ifndef WEFT_LAB_SCENARIO_H
#define WEFT_LAB_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCENARIO_NAME_MAX = 64, /* with the NUL; also of a skill */
    SCENARIO_SKILLS_MAX = 16,
    SCENARIO_KINDS_MAX = 32,
    SCENARIO_GROUPS_MAX = 32,
    SCENARIO_CAPACITY_MAX = 16,
    SCENARIO_LEVEL_MAX = 1000,
    SCENARIO_DAY_S = 24 * 60 * 60,
};

enum scenario_service { SERVICE_LOGNORMAL, SERVICE_EXPONENTIAL };

/* A kind of customer: the skills that they need, a bit each. */
struct scenario_kind {
    double share; /* of all customers; the shares are weights */
    uint32_t musts;
};

struct scenario_group {
    double share; /* of all agents */
    uint32_t capacity;
    uint32_t from_s, to_s;                /* the shift within the day; equal: always there */
    uint32_t levels[SCENARIO_SKILLS_MAX]; /* 0..1000; 0: not able */
};

struct scenario {
    char name[SCENARIO_NAME_MAX];
    double arrival_share; /* of the file's calls that come here */
    bool is_poisson;      /* counts are drawn, with the file's as means; else taken as they are */
    uint32_t opens_s;     /* when the day's first slot begins */
    double patience_s;    /* mean of an exponential; 0: nobody leaves */
    enum scenario_service service;
    double service_s;     /* mean, at one chat at a time, at level 1000 */
    double variation;     /* of lognormal: standard deviation over mean */
    double slowdown;      /* with n chats at once each goes 1 + slowdown (n - 1) times slower */
    double novice_factor; /* how many times longer it takes an agent of level 0 */
    char skills[SCENARIO_SKILLS_MAX][SCENARIO_NAME_MAX];
    uint32_t skill_count;
    struct scenario_kind kinds[SCENARIO_KINDS_MAX];
    uint32_t kind_count;
    struct scenario_group groups[SCENARIO_GROUPS_MAX];
    uint32_t group_count;
};

/* One skill less than nothing is needed: everybody may have everything, one chat each. */
struct scenario scenario_plain(double service_s, double patience_s);
/* Four skills, two for each agent: what `weft simulate` takes when it is given no scenario. */
struct scenario scenario_default(void);

/* The skill's number, known or new. -1: the table is full, or the name is too long or empty. */
int scenario_skill(struct scenario *scenario, const char *name);

/* Mean level of an agent of the group for the kind; 1000 when nothing is asked for; 0: may not. */
uint32_t scenario_level(const struct scenario *scenario, uint32_t group, uint32_t kind);

/* What no reader can tell from one line alone.
 *
 * errors: false: out_why says what is wrong, and out_kind which customers it is about, or -1 */
bool scenario_check(const struct scenario *scenario, char out_why[256], int *out_kind);

#endif
