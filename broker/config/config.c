/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: found, read by the table of settings, checked by the rules.
 *
 * Invariant: a configuration that was loaded holds every setting, from the file or by default, and
 * breaks no rule. How a file is walked is reader.c's business.
 */
#include "config/config.h"

#include "config/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The absolute folder of the file. */
static bool find_folder(struct reader *reader)
{
    char *absolute = realpath(reader->path, NULL);
    if (absolute == NULL)
        return reader_fail(
                reader, (struct mark){0}, "the file cannot be read: %s", strerror(errno));
    *strrchr(absolute, '/') = '\0';
    int len = snprintf(reader->folder, sizeof reader->folder, "%s", absolute);
    free(absolute);
    return (size_t)len < sizeof reader->folder ||
           reader_fail(reader, (struct mark){0}, "the path of its folder is too long");
}

static void name_tenants(struct config *config)
{
    for (uint32_t i = 0; i < config->tenant_count; i++)
        if (config->tenants[i].name[0] == '\0')
            memcpy(config->tenants[i].name, config->tenants[i].id, sizeof config->tenants[i].id);
}

void config_defaults(struct config *out_config)
{
    memset(out_config, 0, sizeof *out_config);
    reader_defaults(settings_root, out_config, "");
}

bool config_load(const char *path, struct config *out_config, struct config_problem *out_problem)
{
    struct reader reader = {.path = path, .problem = out_problem};
    struct breach breach;
    struct mark mark;
    char why[256];
    if (!find_folder(&reader))
        return false;
    if (!document_open(&reader.document, path, why, &mark))
        return reader_fail(&reader, mark, "%s", why);
    memset(out_config, 0, sizeof *out_config);
    reader_defaults(settings_root, out_config, reader.folder);
    bool is_good = reader_settings(&reader, settings_root, out_config);
    if (is_good && !rules_hold(out_config, &breach))
        is_good = reader_breach(&reader, &breach);
    document_close(&reader.document);
    name_tenants(out_config);
    return is_good;
}
