/* SPDX-License-Identifier: Apache-2.0 */
/* Writes stored entries for a person's eyes: what was said, and what happened in between. */
#include "cli/entry_text.h"

#include "cli/terminal_text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void write_place(FILE *out, const cJSON *entry)
{
    const cJSON *time_ms = cJSON_GetObjectItemCaseSensitive(entry, "time_ms");
    time_t seconds = cJSON_IsNumber(time_ms) ? (time_t)(time_ms->valuedouble / 1000) : 0;
    struct tm parts;
    char when[32] = "";
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    fprintf(out, "%6llu  %s  ", strtoull(text_of(entry, "at"), NULL, 10), when);
}

static void write_who(FILE *out, const cJSON *author)
{
    const char *name = text_of(author, "name");
    fputs(text_of(author, "kind"), out);
    if (name[0] != '\0') {
        fputc(' ', out);
        terminal_text_write(out, slice_of_string(name), 0);
    }
}

/* What a part is about: an id, a name, a reason; whichever there is. */
static void write_detail(FILE *out, const cJSON *part)
{
    static const char *const members[] = {"owner", "id", "name", "reason"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (text_of(part, members[i])[0] != '\0') {
            fputc(' ', out);
            terminal_text_write(out, slice_of_string(text_of(part, members[i])), 0);
        }
}

void entry_text_write(FILE *out, const cJSON *entry)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(entry, "parts"))
    {
        const cJSON *body = cJSON_GetObjectItemCaseSensitive(part, "body");
        const char *kind = text_of(part, "kind");
        write_place(out, entry);
        if (body == NULL) {
            fprintf(out, "· %s", kind);
            write_detail(out, part);
        } else {
            write_who(out, cJSON_GetObjectItemCaseSensitive(entry, "author"));
            fputs(strcmp(kind, "note") == 0 ? " (note): " : ": ", out);
            terminal_text_write(out, slice_of_string(text_of(body, "text")), 8);
        }
        fputc('\n', out);
    }
}
