/* SPDX-License-Identifier: Apache-2.0 */
/* The doors over HTTP.
 *
 * Invariant: whatever goes wrong ends as one sentence for a person and a retry_after_ms that says
 * whether trying again is of use; no answer of the server is trusted to have the shape it should.
 */
#include "cli/api.h"

#include "cli/http_call.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AGAIN_MS = 200, AGAIN_MS_MAX = 5000 };

static void set_sentence(struct api_answer *answer, const char *text)
{
    snprintf(answer->sentence, sizeof answer->sentence, "%s", text);
}

static void take_error(struct api_answer *answer)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer->json, "error");
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "code"));
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
    const cJSON *after = cJSON_GetObjectItemCaseSensitive(error, "retry_after_ms");
    snprintf(answer->code, sizeof answer->code, "%s", code ? code : "unknown");
    if (message != NULL)
        set_sentence(answer, message);
    else
        snprintf(answer->sentence, sizeof answer->sentence, "the server answered with status %d",
                answer->status);
    if (cJSON_IsNumber(after) && after->valuedouble >= 1)
        answer->retry_after_ms = (uint64_t)after->valuedouble;
    else if (answer->status == 429 || answer->status == 503)
        answer->retry_after_ms = AGAIN_MS;
}

static void take_failure(
        struct api_answer *answer, enum http_outcome outcome, const struct place *place)
{
    const char *const words[] = {[HTTP_ANSWERED] = "",
            [HTTP_BAD_URL] = "%s is not an http:// address",
            [HTTP_UNREACHABLE] = "nobody answers at %s",
            [HTTP_TOO_LATE] = "%s did not answer in time",
            [HTTP_GARBLED] = "what answers at %s is no Weft"};
    snprintf(answer->code, sizeof answer->code, "unreachable");
    snprintf(answer->sentence, sizeof answer->sentence, words[outcome], place->url);
    if (outcome == HTTP_UNREACHABLE || outcome == HTTP_TOO_LATE)
        answer->retry_after_ms = AGAIN_MS;
}

bool api_ask(const struct place *place, bool is_admin, const char *method, const char *path,
        const char *body, uint64_t timeout_ms, struct api_answer *out_answer)
{
    struct http_answer answer;
    const struct http_call call = {.url = place->url,
            .method = method,
            .path = path,
            .bearer = is_admin ? place->admin_token : NULL,
            .body = body,
            .timeout_ms = timeout_ms};
    *out_answer = (struct api_answer){0};
    enum http_outcome outcome = http_do(&call, &answer);
    if (outcome != HTTP_ANSWERED) {
        take_failure(out_answer, outcome, place);
        return false;
    }
    out_answer->status = answer.status;
    out_answer->json = cJSON_ParseWithLength(answer.body, answer.len);
    free(answer.body);
    if (answer.status >= 200 && answer.status < 300)
        return true;
    take_error(out_answer);
    return false;
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool api_ask_patiently(const struct place *place, bool is_admin, const char *method,
        const char *path, const char *body, uint64_t patience_ms, struct api_answer *out_answer)
{
    uint64_t until_ms = clock_ms() + patience_ms;
    for (;;) {
        if (api_ask(place, is_admin, method, path, body, patience_ms, out_answer))
            return true;
        uint64_t wait_ms = out_answer->retry_after_ms;
        if (wait_ms > AGAIN_MS_MAX)
            wait_ms = AGAIN_MS_MAX;
        if (wait_ms == 0 || clock_ms() + wait_ms >= until_ms)
            return false;
        const struct timespec pause = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
        nanosleep(&pause, NULL);
        api_finish(out_answer);
    }
}

void api_finish(struct api_answer *answer)
{
    cJSON_Delete(answer->json);
    answer->json = NULL;
}

const char *api_text(const struct api_answer *answer, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer->json, name));
}
