/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a stored log.
 *
 * Invariant: a page never sends the reader back: `next` only grows, whatever the server answers.
 */
#include "cli/entries.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

bool entries_read(const struct place *place, const char *conversation, uint64_t patience_ms,
        void *context, void (*on_entry)(void *context, const cJSON *entry),
        struct entries_page *page, struct api_answer *out_answer)
{
    char path[API_PATH_MAX];
    const cJSON *entry;
    snprintf(path, sizeof path, "/v1/admin/conversations/%s/entries?after=%" PRIu64 "&limit=50",
            conversation, page->next);
    if (!api_ask_patiently(place, true, "GET", path, NULL, patience_ms, out_answer))
        return false;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(out_answer->json, "entries"))
    {
        on_entry(context, entry);
    }
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(out_answer->json, "next");
    bool has_grown = cJSON_IsNumber(next) && next->valuedouble > (double)page->next;
    bool is_more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(out_answer->json, "more"));
    if (has_grown)
        page->next = (uint64_t)next->valuedouble;
    page->is_last = !has_grown || !is_more;
    return true;
}
