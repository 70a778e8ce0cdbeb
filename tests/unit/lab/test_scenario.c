/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files: the shipped ones are good, bad ones are refused with their line. */
#include "cli/scenario_file.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_text(
        const char *text, struct scenario *out, char why[SCENARIO_FILE_WHY_MAX], uint32_t *line)
{
    char path[512];
    snprintf(path, sizeof path, "%s/scenario.yaml", test_folder());
    FILE *file = fopen(path, "we");
    expect(file != NULL);
    fputs(text, file);
    fclose(file);
    return scenario_file_read(path, out, why, line);
}

#define PEOPLE "customers:\n- {share: 1}\nagents:\n- {share: 1}\n"

static void bad_files_are_refused_with_their_line(void)
{
    static const struct {
        const char *text, *why;
        uint32_t line;
    } cases[] = {
            {"", "a scenario must be settings", 0},
            {"- a\n- b\n", "not a list", 1},
            {"name: [\n", "not YAML", 2},
            {"---\nname: a\n---\nname: b\n", "second document", 3},
            {PEOPLE "colour: red\n", "no setting 'colour'", 5},
            {"name: a\nname: b\n", "'name' is set twice", 2},
            {"name: Big Shop\n", "small letters", 1},
            {"name: 'a\"b'\n", "small letters", 1},
            {"arrivals: {share: 0}\n", "number from 0.0001", 1},
            {"arrivals: {share: lots}\n", "share must be a number", 1},
            {"arrivals: {share: nan}\n", "share must be a number", 1},
            {"arrivals:\n  within_slot: maybe\n", "poisson or given", 2},
            {"arrivals:\n  opens: 7\n", "a time such as", 2},
            {"arrivals:\n  opens: \"25:00\"\n", "a time such as", 2},
            {"patience: 3\n", "patience must be settings", 1},
            {"patience: {mean_s: -1}\n", "number from 0", 1},
            {"service:\n  mean_s: 0\n", "number from 0.001", 2},
            {"service:\n  distribution: normal\n", "lognormal or exponential", 2},
            {"service:\n  novice_factor: 0.5\n", "number from 1", 2},
            {"customers: []\n", "at least one kind", 1},
            {"customers:\n- {share: -1}\n", "number from 0", 2},
            {"customers:\n- {skills: billing}\n", "must be a list", 2},
            {"agents: 5\n", "at least one group", 1},
            {"agents:\n- {capacity: 0}\n", "number from 1", 2},
            {"agents:\n- {capacity: -3}\n", "number from 1", 2},
            {"agents:\n- {capacity: 2.5}\n", "whole number", 2},
            {"agents:\n- {capacity: 99}\n", "number from 1 to 16", 2},
            {"agents:\n- {skills: [billing]}\n", "must be levels", 2},
            {"agents:\n- skills:\n    a: 10\n    b: 1001\n", "number from 0 to 1000", 4},
            {"agents:\n- {shift: \"07:00\"}\n", "two different times", 2},
            {"agents:\n- {shift: \"07:00-07:00\"}\n", "two different times", 2},
            {"agents:\n- {shift: \"7-15\"}\n", "two different times", 2},
            {"customers:\n- {share: 0}\n", "shares of customers", 1},
            {"agents:\n- {skills: {a: 10}}\ncustomers:\n- {share: 1}\n- {skills: [b]}\n",
                    "no agent has all", 5},
            {"agents:\n- {skills: {a: 9}}\n- {skills: {b: 9}}\ncustomers:\n- {skills: [a, b]}\n",
                    "no agent has all", 5},
    };
    struct scenario scenario;
    char why[SCENARIO_FILE_WHY_MAX];
    uint32_t line;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_good = read_text(cases[i].text, &scenario, why, &line);
        test_note("row %zu: line %u: %s", i, line, is_good ? "good" : why);
        expect(!is_good);
        expect(strstr(why, cases[i].why) != NULL);
        expect_u64(line, cases[i].line);
    }
}

static void too_much_is_refused(void)
{
    struct scenario scenario;
    char why[SCENARIO_FILE_WHY_MAX], text[8192];
    uint32_t line;
    size_t len = (size_t)snprintf(text, sizeof text, "agents:\n- skills:\n");
    for (int i = 0; i <= SCENARIO_SKILLS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "    skill%d: 1\n", i);
    expect(!read_text(text, &scenario, why, &line));
    expect_u64(line, SCENARIO_SKILLS_MAX + 3);
    len = (size_t)snprintf(text, sizeof text, "customers:\n");
    for (int i = 0; i <= SCENARIO_KINDS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "- {share: 1}\n");
    expect(!read_text(text, &scenario, why, &line));
    expect_u64(line, SCENARIO_KINDS_MAX + 2);
    expect(!scenario_file_read("/nowhere/at/all.yaml", &scenario, why, &line));
    expect_u64(line, 0);
}

static void a_whole_file_is_read(void)
{
    struct scenario scenario;
    char why[SCENARIO_FILE_WHY_MAX];
    uint32_t line;
    bool is_good = read_text("name: night\narrivals: {share: 0.5, within_slot: given, opens: "
                             "\"22:30\"}\npatience: {mean_s: 90}\nservice: {distribution: "
                             "exponential, mean_s: 200, slowdown: 0.25}\ncustomers:\n- {share: 3, "
                             "skills: [a]}\n- {skills: [a, b]}\nagents:\n- {capacity: 4, skills: "
                             "{b: 300, a: 900}, shift: \"22:00-06:00\"}\n",
            &scenario, why, &line);
    test_note("%s", is_good ? "" : why);
    expect(is_good);
    expect_text(slice_of_string(scenario.name), "night");
    expect(!scenario.is_poisson && scenario.service == SERVICE_EXPONENTIAL);
    expect_u64(scenario.opens_s, 22 * 3600 + 1800);
    expect_u64(scenario.kind_count, 2);
    expect_u64(scenario_level(&scenario, 0, 0), 900);
    expect_u64(scenario_level(&scenario, 0, 1), 600);
    expect_u64(scenario.groups[0].from_s, 22 * 3600);
    expect_u64(scenario.groups[0].to_s, 6 * 3600);
}

static void the_shipped_scenarios_are_good(void)
{
    static const char *const names[] = {"pooled", "chained", "specialised"};
    const char *folder = getenv("WEFT_SCENARIOS");
    if (folder == NULL)
        test_skip("WEFT_SCENARIOS is not set");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct scenario scenario;
        char why[SCENARIO_FILE_WHY_MAX], path[512];
        uint32_t line;
        snprintf(path, sizeof path, "%s/%s.yaml", folder, names[i]);
        bool is_good = scenario_file_read(path, &scenario, why, &line);
        test_note("%s:%u: %s", path, line, is_good ? "good" : why);
        expect(is_good);
        expect_text(slice_of_string(scenario.name), names[i]);
        expect_u64(scenario.kind_count, 4);
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(bad_files_are_refused_with_their_line),
                    CASE(too_much_is_refused), CASE(a_whole_file_is_read),
                    CASE(the_shipped_scenarios_are_good), {0}});
}
