/* SPDX-License-Identifier: Apache-2.0 */
/* The third view: the log as it is stored, page by page over the admin door.
 *
 * Invariant: only what the store holds at that moment is looked at; entries other than messages of
 * the customer and the company are passed over.
 */
#include "cli/replay/replay.h"

#include "cli/api.h"
#include "cli/say.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { READ_PATIENCE_MS = 60000 };

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void take_entry(const cJSON *entry, struct view *view)
{
    const char *kind = text_of(cJSON_GetObjectItemCaseSensitive(entry, "author"), "kind");
    bool is_customer = strcmp(kind, "customer") == 0;
    bool is_company = strcmp(kind, "agent") == 0 || strcmp(kind, "bot") == 0;
    const cJSON *part;
    cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(entry, "parts"))
    {
        const cJSON *body = cJSON_GetObjectItemCaseSensitive(part, "body");
        if ((is_customer || is_company) && strcmp(text_of(part, "kind"), "message") == 0)
            view_add(view, is_customer, slice_of_string(text_of(body, "text")));
    }
}

bool stored_read(const struct place *place, const char *conversation, struct view *out_view)
{
    uint64_t after = 0;
    for (bool is_more = true; is_more;) {
        struct api_answer answer;
        char path[API_PATH_MAX];
        const cJSON *entry;
        snprintf(path, sizeof path, "/v1/admin/conversations/%s/entries?after=%" PRIu64 "&limit=50",
                conversation, after);
        if (!api_ask_patiently(place, true, "GET", path, NULL, READ_PATIENCE_MS, &answer)) {
            say("the stored log of %s could not be read: %s", conversation, answer.sentence);
            api_finish(&answer);
            view_clear(out_view);
            return false;
        }
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(answer.json, "entries"))
                take_entry(entry, out_view);
        const cJSON *next = cJSON_GetObjectItemCaseSensitive(answer.json, "next");
        is_more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer.json, "more")) &&
                  cJSON_IsNumber(next) && next->valuedouble > (double)after;
        after = is_more ? (uint64_t)next->valuedouble : after;
        api_finish(&answer);
    }
    return true;
}
