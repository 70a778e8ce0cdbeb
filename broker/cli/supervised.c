/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the supervisor that wrote an up.json, and what it was started with.
 *
 * Invariant: a number in a file is not a process: it counts only while a process of that number
 * calls itself weft-supervisor, so a stale file never gets a stranger signalled.
 */
#include "cli/supervised.h"

#include "cli/text_file.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UP_FILE_MAX = 65536, COMMAND_MAX = 16384 };

static bool is_supervisor(int pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    bool is_read = file != NULL && fgets(name, sizeof name, file) != NULL;
    if (file != NULL)
        fclose(file);
    return is_read && strcmp(name, "weft-supervisor\n") == 0;
}

/* "weftd" is node 0, "weftd-1" node 1. */
static void take_nodes(const cJSON *pids, struct supervised *out)
{
    for (const cJSON *at = pids ? pids->child : NULL; at != NULL; at = at->next) {
        bool is_node = strcmp(at->string, "weftd") == 0 || strncmp(at->string, "weftd-", 6) == 0;
        if (is_node && cJSON_IsNumber(at) && out->node_count < SUPERVISED_NODES_MAX)
            out->nodes[out->node_count++] = at->valueint;
    }
}

bool supervised_read(const char *up_path, struct supervised *out, char *out_problem, size_t size)
{
    char *text = text_file_read(up_path, UP_FILE_MAX);
    *out = (struct supervised){0};
    if (text == NULL) {
        snprintf(out_problem, size, "%s cannot be read. Is Weft up?", up_path);
        return false;
    }
    cJSON *up = cJSON_Parse(text);
    const cJSON *pid = cJSON_GetObjectItemCaseSensitive(up, "supervisor");
    out->supervisor = cJSON_IsNumber(pid) ? pid->valueint : 0;
    take_nodes(cJSON_GetObjectItemCaseSensitive(up, "pids"), out);
    cJSON_Delete(up);
    free(text);
    if (is_supervisor(out->supervisor))
        return true;
    snprintf(out_problem, size, "the supervisor that %s tells of does not run on this machine",
            up_path);
    return false;
}

bool supervised_config(int supervisor, char out_path[SUPERVISED_PATH_MAX])
{
    char path[64], folder[PATH_MAX], words[COMMAND_MAX];
    snprintf(path, sizeof path, "/proc/%d/cmdline", supervisor);
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(words, 1, sizeof words - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    words[len] = '\0';
    snprintf(path, sizeof path, "/proc/%d/cwd", supervisor);
    ssize_t folder_len = readlink(path, folder, sizeof folder - 1);
    if (folder_len < 0)
        return false;
    folder[folder_len] = '\0';
    for (size_t at = 0; at < len; at += strlen(words + at) + 1) {
        const char *value = words + at + strlen(words + at) + 1;
        if (strcmp(words + at, "--config") != 0 || value >= words + len)
            continue;
        int size = *value == '/' ? snprintf(out_path, SUPERVISED_PATH_MAX, "%s", value)
                                 : snprintf(out_path, SUPERVISED_PATH_MAX, "%s/%s", folder, value);
        return size < SUPERVISED_PATH_MAX;
    }
    return false;
}
