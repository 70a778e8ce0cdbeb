/* SPDX-License-Identifier: Apache-2.0 */
/* The third view: the log as it is stored, page by page over the admin door.
 *
 * Invariant: only what the store holds at that moment is looked at; entries other than messages of
 * the customer and the company are passed over.
 */
#include "cli/entries.h"
#include "cli/replay/replay.h"
#include "cli/say.h"

#include <cjson/cJSON.h>
#include <string.h>

enum { READ_PATIENCE_MS = 60000 };

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static void take_entry(void *context, const cJSON *entry)
{
    struct view *view = context;
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
    struct entries_page page = {0, false};
    while (!page.is_last) {
        struct api_answer answer;
        bool is_read = entries_read(
                place, conversation, READ_PATIENCE_MS, out_view, take_entry, &page, &answer);
        if (!is_read)
            say("the stored log of %s could not be read: %s", conversation, answer.sentence);
        api_finish(&answer);
        if (!is_read) {
            view_clear(out_view);
            return false;
        }
    }
    return true;
}
