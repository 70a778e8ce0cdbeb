/* SPDX-License-Identifier: Apache-2.0 */
/* weft doctor: is everything there that Weft needs to be trusted?
 *
 * Invariant: the doctor changes nothing (a bucket for files is given a small object, which is
 * taken back). Each finding is ok, a warning or a failure, and the last
 * two say what to do.
 */
#include "cli/command.h"
#include "cli/doctor/findings.h"
#include "cli/place.h"
#include "cli/say.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENTENCE_MAX = 4608 };

struct doctor_options {
    const char *up, *config;
    bool is_json;
};

static const struct doctor_options defaults = {.up = NULL};

static const struct option_row rows[] = {
        {"--config", OPTION_TEXT, offsetof(struct doctor_options, config), "FILE",
                "weftd's configuration", 0, 0},
        {"--up", OPTION_TEXT, offsetof(struct doctor_options, up), "FILE",
                "the up.json of a running Weft", 0, 0},
        {"--json", OPTION_FLAG, offsetof(struct doctor_options, is_json), NULL,
                "the findings as a JSON list", 0, 0},
        {0}};

/* The data folder of a Weft whose up.json is known: the one that the file is in. */
static bool data_of_up(const char *up_path, char out[CONFIG_PATH_MAX])
{
    char *whole = realpath(up_path, NULL);
    char *slash = whole ? strrchr(whole, '/') : NULL;
    bool is_good = slash != NULL && slash != whole && slash - whole < CONFIG_PATH_MAX;
    if (is_good)
        snprintf(out, CONFIG_PATH_MAX, "%.*s", (int)(slash - whole), whole);
    free(whole);
    return is_good;
}

static bool read_config(
        const struct doctor_options *options, struct config *config, struct findings *findings)
{
    struct config_problem problem;
    if (config_load(options->config, config, &problem)) {
        findings_add(findings, FINDING_OK, "configuration", NULL, "%s is good", options->config);
        return true;
    }
    findings_add(findings, FINDING_FAIL, "configuration", "mend it; `weft config check` says more",
            "%.300s", problem.text);
    return false;
}

/* Returns false when there is nothing to examine. */
static bool admit(const struct doctor_options *options, struct config *config,
        struct patient *patient, struct findings *findings)
{
    char up_path[CONFIG_PATH_MAX], sentence[SENTENCE_MAX];
    struct place place;
    *patient = (struct patient){.config = config};
    config_defaults(config);
    if (options->config != NULL) {
        patient->has_config = read_config(options, config, findings);
        if (!patient->has_config)
            return false;
    } else if (!data_of_up(options->up, config->data)) {
        say("%s is not there", options->up);
        return false;
    }
    if (options->up != NULL)
        snprintf(up_path, sizeof up_path, "%s", options->up);
    else if (!config_data_path(config, "up.json", up_path))
        return false;
    patient->is_up =
            access(up_path, R_OK) == 0 && place_read(up_path, &place, sentence, sizeof sentence);
    if (patient->is_up)
        snprintf(patient->url, sizeof patient->url, "%s", place.url);
    return true;
}

static int run(const void *given, const struct command_words *words)
{
    const struct doctor_options *options = given;
    static struct config config; /* 300 KiB */
    static struct findings findings;
    struct patient patient;
    (void)words;
    if (options->up == NULL && options->config == NULL)
        return say_code(CLI_USAGE, "it needs --config FILE, or --up FILE");
    bool is_admitted = admit(options, &config, &patient, &findings);
    if (is_admitted) {
        examine_config(&patient, &findings);
        examine_machine(&patient, &findings);
        examine_redis(&patient, &findings);
        examine_file_store(&patient, &findings);
        examine_server(&patient, &findings);
    }
    if (options->is_json)
        findings_print_json(&findings);
    else
        findings_print(&findings);
    if (!is_admitted && findings.count == 0)
        return CLI_NOT_RUN;
    return findings_count(&findings, FINDING_FAIL) > 0 ? CLI_FOUND : CLI_GOOD;
}

const struct command command_doctor = {
        .name = "doctor",
        .words = "",
        .summary = "Checks what Weft needs: stores, files, disk, limits, clocks, origins, ports.",
        .details = "Exits with 1 when a check fails; warnings alone are 0.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .run = run,
};
