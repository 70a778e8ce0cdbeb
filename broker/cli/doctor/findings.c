/* SPDX-License-Identifier: Apache-2.0 */
/* The list of findings, and how it is shown: words first, colour only on a terminal. */
#include "cli/doctor/findings.h"

#include "cli/say.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>

static const char *const grades[] = {
        [FINDING_OK] = "ok", [FINDING_WARN] = "warn", [FINDING_FAIL] = "fail"};

void findings_add(struct findings *findings, enum finding_grade grade, const char *about,
        const char *fix, const char *format, ...)
{
    va_list values;
    if (findings->count == FINDINGS_MAX)
        return;
    struct finding *finding = &findings->all[findings->count++];
    finding->grade = grade;
    finding->fix = grade == FINDING_OK ? NULL : fix;
    snprintf(finding->about, sizeof finding->about, "%s", about);
    va_start(values, format);
    vsnprintf(finding->text, sizeof finding->text, format, values);
    va_end(values);
}

size_t findings_count(const struct findings *findings, enum finding_grade grade)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->all[i].grade == grade;
    return count;
}

void findings_print(const struct findings *findings)
{
    static const char *const colours[] = {
            [FINDING_OK] = "\033[32m", [FINDING_WARN] = "\033[33m", [FINDING_FAIL] = "\033[31m"};
    bool has_colour = say_has_colour(stdout);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        printf("%s%-4s%s  %-14s %s\n", has_colour ? colours[finding->grade] : "",
                grades[finding->grade], has_colour ? "\033[0m" : "", finding->about, finding->text);
        if (finding->fix != NULL)
            printf("      %-14s -> %s\n", "", finding->fix);
    }
    printf("%zu ok, %zu warnings, %zu failures\n", findings_count(findings, FINDING_OK),
            findings_count(findings, FINDING_WARN), findings_count(findings, FINDING_FAIL));
}

void findings_print_json(const struct findings *findings)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "grade", grades[finding->grade]);
        cJSON_AddStringToObject(row, "about", finding->about);
        cJSON_AddStringToObject(row, "text", finding->text);
        if (finding->fix != NULL)
            cJSON_AddStringToObject(row, "fix", finding->fix);
        cJSON_AddItemToArray(list, row);
    }
    char *line = cJSON_PrintUnformatted(list);
    puts(line ? line : "[]");
    free(line);
    cJSON_Delete(list);
}
