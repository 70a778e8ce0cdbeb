/* SPDX-License-Identifier: Apache-2.0 */
/* A request: prepared, signed by libcurl (AWS signature version 4, the body not signed), carried,
 * judged, and tried again when that can do no harm.
 *
 *   start ─▶ carried ─▶ judged ─▶ done
 *              ▲  │ gives or takes nothing: rests, until go_on or rest_ms_max
 *              │  ▼
 *              └─ passing fault, nothing moved: again, TRIES_MAX in all
 *
 * Invariant: a request that does not rest has its deadline, silence_ms_max without a byte. What
 * was streamed is never tried again: its bytes are gone. The secret goes to libcurl only, and no
 * redirect and no proxy of the environment is followed with it.
 *
 * source: the S3 API reference, "Error responses" and "Retry behaviour"
 */
#include "s3/s3_request.h"

#include "base/check.h"
#include "base/log_line.h"
#include "s3/s3_text.h"
#include "s3/s3_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    TICK_MS = 200,
    TRIES_MAX = 3,
    AGAIN_MS = 300, /* times the number of tries */
    SILENCE_MS = 20000,
    CONNECT_MS = 5000,
};

static uint64_t now_ms(const struct s3_request *request)
{
    struct timers *timers = request->service->timers;
    return timers != NULL ? timers->ops->now_ms(timers) : 0;
}

static uint64_t silence_ms(const struct s3_service *service)
{
    return service->options->silence_ms_max > 0 ? service->options->silence_ms_max : SILENCE_MS;
}

/* ---- what libcurl calls -----------------------------------------------------------------------
 */

static size_t on_room(char *out, size_t size, size_t count, void *user)
{
    struct s3_request *request = user;
    if (request->give == NULL)
        return 0;
    size_t given = request->give(request, out, size * count);
    request->since_ms = now_ms(request);
    request->is_resting = given == 0;
    request->has_moved |= given > 0;
    return given > 0 ? given : CURL_READFUNC_PAUSE;
}

static bool keep_text(struct s3_request *request, struct slice bytes)
{
    size_t len = request->text.len + bytes.len;
    char *grown = len <= S3_TEXT_MAX ? realloc((void *)request->text.bytes, len) : NULL;
    if (grown == NULL)
        return false;
    memcpy(grown + request->text.len, bytes.bytes, bytes.len);
    request->text = slice_make(grown, len);
    return true;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *user)
{
    struct s3_request *request = user;
    struct slice piece = slice_make(bytes, size * count);
    request->since_ms = now_ms(request);
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &request->status);
    if (request->take == NULL || request->status / 100 != 2)
        return piece.len == 0 || keep_text(request, piece) ? piece.len : 0;
    request->is_resting = !request->take(request, piece);
    request->has_moved |= !request->is_resting;
    return request->is_resting ? CURL_WRITEFUNC_PAUSE : piece.len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    struct s3_request *request = user;
    char date[64];
    size_t len = size * count;
    if (len > 6 && len < sizeof date && strncasecmp(bytes, "date:", 5) == 0) {
        snprintf(date, sizeof date, "%.*s", (int)(len - 5), bytes + 5);
        request->date_s = (int64_t)curl_getdate(date, NULL);
    }
    request->since_ms = now_ms(request);
    return len;
}

/* ---- preparing --------------------------------------------------------------------------------
 */

static void set_verb(struct s3_request *request)
{
    CURL *easy = request->easy;
    if (request->verb == S3_HEAD)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (request->verb == S3_DELETE)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    if (request->verb != S3_PUT)
        return;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->size);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_room);
    curl_easy_setopt(easy, CURLOPT_READDATA, request);
}

static void set_headers(struct s3_request *request)
{
    request->headers = curl_slist_append(NULL, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
    if (request->header[0] != '\0')
        request->headers = curl_slist_append(request->headers, request->header);
    check(request->headers != NULL);
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(request->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(request->easy, CURLOPT_HEADERDATA, request);
}

static void sign(struct s3_request *request)
{
    const struct s3_options *options = request->service->options;
    char scope[S3_HEADER_MAX];
    snprintf(scope, sizeof scope, "aws:amz:%s:s3", options->region);
    curl_easy_setopt(request->easy, CURLOPT_AWS_SIGV4, scope);
    curl_easy_setopt(request->easy, CURLOPT_USERNAME, options->key_id);
    curl_easy_setopt(request->easy, CURLOPT_PASSWORD, options->secret);
}

static void set_trust(struct s3_request *request)
{
    const char *ca_file = request->service->options->ca_file;
    if (ca_file == NULL || ca_file[0] == '\0')
        return;
    curl_easy_setopt(request->easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(request->easy, CURLOPT_CAPATH, NULL);
}

CURL *s3_request_prepare(struct s3_request *request)
{
    CURL *easy = request->easy = curl_easy_init();
    check(easy != NULL);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_URL, request->address);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)CURL_MAX_WRITE_SIZE);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    set_trust(request);
    set_verb(request);
    set_headers(request);
    sign(request);
    return easy;
}

/* ---- judging ----------------------------------------------------------------------------------
 */

static enum s3_outcome judge_error(long status, struct slice fault, bool *out_is_passing)
{
    *out_is_passing = status == 200 || status == 429 || status / 100 == 5;
    if (status == 507 || slice_is(fault, "QuotaExceeded"))
        return S3_FULL;
    if (status == 404 && !slice_is(fault, "NoSuchBucket"))
        return S3_ABSENT;
    return status == 416 ? S3_BEYOND : S3_FAILED;
}

const char *s3_request_reason(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK:
        return "answered";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "its certificate is of nobody whom we trust, or of another host; see files.ca_file";
    case CURLE_SSL_CACERT_BADFILE:
        return "files.ca_file cannot be read, or holds no certificate";
    default:
        return curl_easy_strerror(code);
    }
}

static bool is_distrust(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

enum s3_outcome s3_request_judge(struct s3_request *request, CURLcode code, bool *out_is_passing)
{
    *out_is_passing = !is_distrust(code);
    struct slice fault = s3_text_find(request->text, "Code");
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &request->status);
    bool is_error = s3_text_find(request->text, "Error").len > 0; /* a copy may say 200 first */
    if (code == CURLE_OK && request->status / 100 == 2 && !is_error)
        return S3_OK;
    return code == CURLE_OK ? judge_error(request->status, fault, out_is_passing) : S3_FAILED;
}

/* ---- its life ---------------------------------------------------------------------------------
 */

static void carry(struct s3_request *request)
{
    request->tries++;
    request->since_ms = now_ms(request);
    request->is_resting = false;
    request->status = 0;
    s3_wire_add(request->service->wire, s3_request_prepare(request));
}

static void let_go_of_handle(struct s3_request *request)
{
    if (request->easy != NULL && request->service->wire != NULL)
        s3_wire_remove(request->service->wire, request->easy);
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    free((void *)request->text.bytes);
    request->easy = NULL;
    request->headers = NULL;
    request->text = SLICE_NONE;
}

void s3_request_free(struct s3_request *request)
{
    let_go_of_handle(request);
    free(request);
}

void s3_request_drop(struct s3_request *request)
{
    list_remove(&request->at);
    s3_request_free(request);
}

static void finish(struct s3_request *request, enum s3_outcome outcome)
{
    list_remove(&request->at);
    request->done(request, outcome);
    s3_request_free(request);
}

static void tell(const struct s3_request *request, CURLcode code)
{
    struct slice fault = s3_text_find(request->text, "Code");
    log_line(LOG_WARN, "files.store_refused", "status=%ld code=\"%.*s\" reason=\"%s\"",
            request->status, SLICE_ARGS(fault), s3_request_reason(code));
}

static void on_over(CURL *easy, CURLcode code)
{
    struct s3_request *request;
    bool is_passing;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
    enum s3_outcome outcome = s3_request_judge(request, code, &is_passing);
    if (outcome == S3_FAILED && is_passing && !request->has_moved && request->tries < TRIES_MAX) {
        let_go_of_handle(request);
        request->since_ms = now_ms(request);
    } else {
        if (outcome == S3_FAILED || outcome == S3_FULL)
            tell(request, code);
        finish(request, outcome);
    }
}

/* true: it is gone, and others may be. */
static bool look_at(struct s3_request *request)
{
    uint64_t silent_ms = now_ms(request) - request->since_ms;
    uint64_t most_ms = request->is_resting ? request->rest_ms_max : silence_ms(request->service);
    if (request->easy == NULL && silent_ms >= (uint64_t)AGAIN_MS * request->tries) {
        carry(request);
    } else if (request->easy != NULL && silent_ms >= most_ms) {
        if (!request->is_resting)
            log_line(LOG_WARN, "files.store_silent", "ms=%" PRIu64, silent_ms);
        finish(request, S3_FAILED);
        return true;
    }
    return false;
}

static bool look_at_all(struct s3_service *service)
{
    LIST_EACH (at, next, &service->requests)
        if (look_at(LIST_ITEM(at, struct s3_request, at)))
            return false;
    return true;
}

static void on_tick(struct timer *timer)
{
    struct s3_service *service = LIST_ITEM(timer, struct s3_service, tick);
    uint64_t now = service->timers->ops->now_ms(service->timers);
    while (!look_at_all(service)) { /* the list has changed under it */
    }
    if (!list_is_empty(&service->requests))
        service->timers->ops->arm(service->timers, &service->tick, now + TICK_MS);
}

struct s3_request *s3_request_make(struct s3_service *service, enum s3_verb verb, const char *key)
{
    const struct s3_options *options = service->options;
    struct s3_request *request = calloc(1, sizeof *request);
    check(request != NULL);
    request->service = service;
    request->verb = verb;
    list_init(&request->at);
    int len = snprintf(request->address, sizeof request->address, "%s/%s%s%s%s", options->endpoint,
            options->bucket, key[0] == '?' ? "" : "/", key[0] == '?' ? "" : options->prefix, key);
    check(len > 0 && len < S3_ADDRESS_MAX);
    return request;
}

void s3_request_start(struct s3_request *request)
{
    struct s3_service *service = request->service;
    if (list_is_empty(&service->requests))
        service->timers->ops->arm(service->timers, &service->tick, now_ms(request) + TICK_MS);
    list_append(&service->requests, &request->at);
    carry(request);
}

void s3_request_go_on(struct s3_request *request)
{
    if (!request->is_resting || request->easy == NULL)
        return;
    request->is_resting = false;
    request->since_ms = now_ms(request);
    curl_easy_pause(request->easy, CURLPAUSE_CONT);
}

void s3_service_start(struct s3_service *service, const struct s3_options *options,
        struct timers *timers, struct uv_loop_s *loop)
{
    *service = (struct s3_service){.options = options, .timers = timers, .tick.on_due = on_tick};
    list_init(&service->requests);
    service->wire = s3_wire_create(loop, on_over);
}

void s3_service_stop(struct s3_service *service)
{
    while (!list_is_empty(&service->requests))
        s3_request_drop(LIST_ITEM(service->requests.next, struct s3_request, at));
    service->timers->ops->cancel(service->timers, &service->tick);
    s3_wire_destroy(service->wire);
}
