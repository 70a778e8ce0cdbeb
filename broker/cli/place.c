/* SPDX-License-Identifier: Apache-2.0 */
/* Finds a running Weft by its up.json, or by an address.
 *
 * Invariant: the admin token is only read from the file that up.json names, never taken from the
 * command line or the environment, where other users of the machine could see it.
 */
#include "cli/place.h"

#include "bots/sdk/c/address.h"
#include "cli/text_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UP_FILE_MAX = 65536 };

static bool take(const cJSON *up, const char *name, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(up, name));
    if (text == NULL || text[0] == '\0' || strlen(text) >= size)
        return false;
    snprintf(out, size, "%s", text);
    return true;
}

static bool take_all(
        const cJSON *up, const char *up_path, struct place *place, char *out_problem, size_t size)
{
    char token_path[4096];
    if (!take(up, "url", place->url, sizeof place->url) ||
            !take(up, "ws_url", place->ws_url, sizeof place->ws_url) ||
            !take(up, "admin_token_file", token_path, sizeof token_path)) {
        snprintf(out_problem, size, "%s is not an up.json: it needs url, ws_url, admin_token_file",
                up_path);
        return false;
    }
    char *token = text_file_read(token_path, sizeof place->admin_token - 1);
    if (token == NULL) {
        snprintf(out_problem, size, "the admin token in %s cannot be read: %s", token_path,
                strerror(errno));
        return false;
    }
    snprintf(place->admin_token, sizeof place->admin_token, "%.*s", (int)strcspn(token, "\r\n"),
            token);
    free(token);
    return true;
}

bool place_read(const char *up_path, struct place *out_place, char *out_problem, size_t size)
{
    struct place place = {0};
    char *text = text_file_read(up_path, UP_FILE_MAX);
    if (text == NULL) {
        snprintf(out_problem, size, "%s cannot be read: %s. Is Weft up?", up_path, strerror(errno));
        return false;
    }
    cJSON *up = cJSON_Parse(text);
    bool is_good = take_all(up, up_path, &place, out_problem, size);
    cJSON_Delete(up);
    free(text);
    if (is_good)
        *out_place = place;
    return is_good;
}

bool place_of_url(const char *url, struct place *out_place)
{
    struct address address;
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    if (strncmp(url, "http://", 7) != 0 || len >= PLACE_URL_MAX - 16 ||
            address_read(url, &address) != ADDRESS_READ)
        return false;
    *out_place = (struct place){0};
    snprintf(out_place->url, sizeof out_place->url, "%.*s", (int)len, url);
    snprintf(
            out_place->ws_url, sizeof out_place->ws_url, "ws%.*s/v1/socket", (int)len - 4, url + 4);
    return true;
}
