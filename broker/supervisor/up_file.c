/* SPDX-License-Identifier: Apache-2.0 */
/* Writes up.json beside itself and renames it, so that nobody ever reads half of one.
 *
 * Invariant: while the file exists the Weft that it tells of is up, apart from a crash of the
 * supervisor itself, after which its "supervisor" is no living process.
 */
#include "supervisor/up_file.h"

#include "base/log_line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void put_text(FILE *out, const char *key, const char *before, const char *after)
{
    fprintf(out, "  \"%s\": \"", key);
    for (; *before != '\0'; before++)
        fprintf(out, "%s%c", *before == '"' || *before == '\\' ? "\\" : "", *before);
    fprintf(out, "%s\",\n", after);
}

static void put_all(FILE *out, const struct config *config, const struct crew *crew)
{
    char socket_url[URL_MAX];
    snprintf(socket_url, sizeof socket_url, "ws%s", crew->url + strlen("http"));
    fputs("{\n", out);
    put_text(out, "url", crew->url, "");
    put_text(out, "ws_url", socket_url, "/v1/socket");
    put_text(out, "customer_url", crew->url, "/");
    put_text(out, "desk_url", crew->url, "/desk/");
    put_text(out, "admin_token_file", config->data, "/admin.token");
    fprintf(out, "  \"supervisor\": %d,\n  \"pids\": {", (int)getpid());
    for (size_t i = 0; i < crew->count; i++)
        fprintf(out, "%s\"%s\": %d", i ? ", " : "", crew->children[i].name,
                (int)crew->children[i].pid);
    fputs("},\n  \"nodes\": [", out);
    for (size_t i = 0, nodes = 0; i < crew->count; i++)
        if (crew->children[i].rank == RANK_NODE)
            fprintf(out, "%s%d", nodes++ ? ", " : "", (int)crew->children[i].pid);
    fputs("]\n}\n", out);
}

void up_file_write(const struct config *config, const struct crew *crew)
{
    char path[CONFIG_PATH_MAX], fresh[CONFIG_PATH_MAX];
    FILE *out = config_data_path(config, "up.json", path) &&
                                config_data_path(config, "run/up.json.new", fresh)
                        ? fopen(fresh, "we")
                        : NULL;
    bool is_whole = out != NULL;
    if (out != NULL) {
        put_all(out, config, crew);
        is_whole = !ferror(out);
        is_whole = fclose(out) == 0 && is_whole;
    }
    if (!is_whole || rename(fresh, path) != 0)
        log_line(LOG_ERROR, "up_file.write", "reason='%s'", strerror(errno));
}

void up_file_remove(const struct config *config)
{
    char path[CONFIG_PATH_MAX];
    if (config_data_path(config, "up.json", path))
        unlink(path);
}
