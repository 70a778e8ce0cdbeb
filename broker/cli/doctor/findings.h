/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor found: one row a check, with its fix when there is something to fix. */
#ifndef WEFT_CLI_DOCTOR_FINDINGS_H
#define WEFT_CLI_DOCTOR_FINDINGS_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum finding_grade { FINDING_OK, FINDING_WARN, FINDING_FAIL };

enum { FINDINGS_MAX = 48, FINDING_TEXT_MAX = 384 };

struct finding {
    enum finding_grade grade;
    char about[32];
    char text[FINDING_TEXT_MAX];
    const char *fix; /* NULL: nothing to do */
};

struct findings {
    struct finding all[FINDINGS_MAX];
    size_t count;
};

/* fix is kept: it must be static. Beyond FINDINGS_MAX nothing is added. */
void findings_add(struct findings *findings, enum finding_grade grade, const char *about,
        const char *fix, const char *format, ...) __attribute__((format(printf, 5, 6)));
size_t findings_count(const struct findings *findings, enum finding_grade grade);
void findings_print(const struct findings *findings);
void findings_print_json(const struct findings *findings);

/* What is examined. */
struct patient {
    const struct config *config;
    bool has_config; /* the configuration was read; else only `data` is known */
    bool is_up;      /* there is an up.json, so everything should answer */
    char url[320];   /* of the running Weft */
};

void examine_config(const struct patient *patient, struct findings *findings);
void examine_file_store(const struct patient *patient, struct findings *findings);
void examine_machine(const struct patient *patient, struct findings *findings);
void examine_redis(const struct patient *patient, struct findings *findings);
void examine_server(const struct patient *patient, struct findings *findings);

#endif
