/* SPDX-License-Identifier: Apache-2.0 */
/* Getting a pool's log, page by page or from a file.
 *
 * Invariant: what was got is whole lines, in the order of the log, each entry once: a page is asked
 * for from behind the last line of the one before.
 */
#include "cli/routing_log.h"

#include "cli/api.h"
#include "cli/http_call.h"
#include "cli/text_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMEOUT_MS = 20000, AGAIN_MS = 300, ATTEMPTS = 20, SCRATCH_BYTES = 8 * 1024 * 1024 };

static bool append(struct routing_log *log, const char *bytes, size_t len)
{
    if (log->len + len > ROUTING_LOG_MAX)
        return false;
    char *grown = realloc(log->bytes, log->len + len + 1);
    if (grown == NULL)
        return false;
    memcpy(grown + log->len, bytes, len);
    log->bytes = grown;
    log->len += len;
    grown[log->len] = '\0';
    return true;
}

bool routing_log_next(const struct routing_log *log, size_t *at, struct slice *out_line)
{
    if (*at >= log->len)
        return false;
    const char *begin = log->bytes + *at;
    const char *end = memchr(begin, '\n', log->len - *at);
    size_t len = end != NULL ? (size_t)(end - begin) : log->len - *at;
    *out_line = slice_make(begin, len);
    *at += len + 1;
    return true;
}

/* The number of the last line's entry. */
static bool last_seq(const struct routing_log *log, size_t from, uint64_t *out)
{
    struct slice text = SLICE_NONE;
    struct pool_line line;
    struct arena scratch;
    size_t at = from;
    void *bytes = malloc(SCRATCH_BYTES);
    while (routing_log_next(log, &at, &text))
        ;
    arena_init(&scratch, bytes, bytes != NULL ? SCRATCH_BYTES : 0);
    bool is_read = pool_line_read(text, &scratch, &line);
    *out = is_read ? line.at.seq : 0;
    free(bytes);
    return is_read;
}

static void explain_refusal(const struct http_answer *answer, char why[ROUTING_LOG_WHY_MAX])
{
    cJSON *json = cJSON_ParseWithLength(answer->body, answer->len);
    const char *text = cJSON_GetStringValue(
            cJSON_GetObjectItem(cJSON_GetObjectItem(json, "error"), "message"));
    snprintf(why, ROUTING_LOG_WHY_MAX, "%s", text ? text : "the server refused");
    cJSON_Delete(json);
}

/* A pool that nobody has asked for yet is opened by the first request, which is told to come again.
 */
static bool ask_patiently(const struct http_call *call, struct http_answer *out)
{
    const struct timespec pause = {0, AGAIN_MS * 1000000};
    for (int attempt = 1; http_do(call, out) == HTTP_ANSWERED; attempt++) {
        if (out->status != 503 || attempt == ATTEMPTS)
            return true;
        free(out->body);
        nanosleep(&pause, NULL);
    }
    return false;
}

/* Returns the page's bytes; -1: out_why tells. */
static long fetch_page(const struct place *place, const char *tenant, uint64_t from,
        struct routing_log *log, char why[ROUTING_LOG_WHY_MAX])
{
    char path[API_PATH_MAX];
    struct http_answer answer;
    snprintf(path, sizeof path, "/v1/admin/tenants/%s/routing-log?from=%llu", tenant,
            (unsigned long long)from);
    const struct http_call call = {.url = place->url,
            .method = "GET",
            .path = path,
            .bearer = place->admin_token,
            .timeout_ms = TIMEOUT_MS};
    if (!ask_patiently(&call, &answer)) {
        snprintf(why, ROUTING_LOG_WHY_MAX, "%s does not answer", place->url);
        return -1;
    }
    bool is_good = answer.status == 200;
    if (!is_good)
        explain_refusal(&answer, why);
    else if (!append(log, answer.body, answer.len))
        snprintf(why, ROUTING_LOG_WHY_MAX, "the log is too long for the memory");
    long len = is_good ? (long)answer.len : -1;
    free(answer.body);
    return len;
}

bool routing_log_fetch(const struct place *place, const char *tenant, struct routing_log *out,
        char out_why[ROUTING_LOG_WHY_MAX])
{
    uint64_t seq = 0;
    *out = (struct routing_log){0};
    for (;;) {
        size_t before = out->len;
        long len = fetch_page(place, tenant, seq + 1, out, out_why);
        if (len == 0)
            return true;
        if (len < 0 || !last_seq(out, before, &seq)) {
            if (len > 0)
                snprintf(out_why, ROUTING_LOG_WHY_MAX, "what answers is no routing log");
            routing_log_finish(out);
            return false;
        }
    }
}

bool routing_log_read(const char *path, struct routing_log *out, char out_why[ROUTING_LOG_WHY_MAX])
{
    char *text = text_file_read(path, ROUTING_LOG_MAX);
    *out = (struct routing_log){text, text != NULL ? strlen(text) : 0};
    if (text == NULL)
        snprintf(out_why, ROUTING_LOG_WHY_MAX, "%.500s cannot be read: %s", path, strerror(errno));
    return text != NULL;
}

void routing_log_finish(struct routing_log *log)
{
    free(log->bytes);
    *log = (struct routing_log){0};
}
