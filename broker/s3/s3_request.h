/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the store, from its signature to its outcome. Private to broker/s3.
 *
 *   struct s3_request *request = s3_request_make(service, S3_GET, key);
 *   request->take = …, request->done = …, request->user = …;
 *   s3_request_start(request);
 */
#ifndef WEFT_S3_S3_REQUEST_H
#define WEFT_S3_S3_REQUEST_H

#include "base/list.h"
#include "base/slice.h"
#include "port/timers.h"
#include "s3/s3_options.h"

#include <curl/curl.h>

struct s3_wire;
struct uv_loop_s;

enum { S3_ADDRESS_MAX = 1024, S3_HEADER_MAX = 256, S3_TEXT_MAX = 128 * 1024 };

enum s3_verb { S3_GET, S3_HEAD, S3_PUT, S3_DELETE };

enum s3_outcome {
    S3_OK,
    S3_ABSENT,
    S3_BEYOND, /* the range begins behind the object's end */
    S3_FULL,
    S3_FAILED, /* perhaps done, perhaps not */
};

/* Of one store, on one loop. */
struct s3_service {
    const struct s3_options *options;
    struct timers *timers;
    struct s3_wire *wire; /* NULL: requests are only prepared, for s3_probe.c */
    struct list requests; /* under way */
    struct timer tick;    /* armed while there is one */
};

struct s3_request {
    struct list at;
    struct s3_service *service;
    enum s3_verb verb;
    char address[S3_ADDRESS_MAX];
    char header[S3_HEADER_MAX]; /* one more; "" for none */
    uint64_t size;              /* of a body to be put */
    uint64_t rest_ms_max;       /* how long it may wait for give or take to go on */
    /* Fills in what is to be put. 0: nothing now, s3_request_go_on tells when there is. */
    size_t (*give)(struct s3_request *, char *out, size_t room);
    /* Takes some of a good answer's body, all or nothing. false: not now. NULL: kept in text. */
    bool (*take)(struct s3_request *, struct slice bytes);
    /* Last; the request is freed behind it. Never inside start, give or take. */
    void (*done)(struct s3_request *, enum s3_outcome);
    void *user;
    /* the answer */
    long status;
    struct slice text;
    int64_t date_s; /* when the store says that it is; 0: it did not */
    /* its own */
    CURL *easy; /* NULL: waits to be tried again */
    struct curl_slist *headers;
    uint64_t since_ms; /* the last sign of life, or since when it rests */
    unsigned tries;
    bool is_resting, has_moved;
};

void s3_service_start(struct s3_service *service, const struct s3_options *options,
        struct timers *timers, struct uv_loop_s *loop);
/* Ends what is under way, without its done. order: turn the loop afterwards */
void s3_service_stop(struct s3_service *service);

/* key: below the bucket and its prefix; or a query, "?list-type=2&…", with sorted members */
struct s3_request *s3_request_make(struct s3_service *service, enum s3_verb verb, const char *key);
void s3_request_start(struct s3_request *request);
/* give or take has something to do again. */
void s3_request_go_on(struct s3_request *request);
/* Ends it without its done. Never inside give or take. */
void s3_request_drop(struct s3_request *request);

/* The handle, ready for curl_easy_perform. s3_request_free frees it. */
CURL *s3_request_prepare(struct s3_request *request);
/* Why a transfer failed, for a person. */
const char *s3_request_reason(CURLcode code);
/* What a finished transfer came to. out_is_passing: the same may succeed in a moment. */
enum s3_outcome s3_request_judge(struct s3_request *request, CURLcode code, bool *out_is_passing);
void s3_request_free(struct s3_request *request);

#endif
