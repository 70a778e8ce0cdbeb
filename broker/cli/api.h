/* SPDX-License-Identifier: Apache-2.0 */
/* Weft's HTTP doors, in JSON: ask, and get the answer or the reason why not. */
#ifndef WEFT_CLI_API_H
#define WEFT_CLI_API_H

#include "cli/place.h"

#include <stdint.h>

struct cJSON;

enum { API_SENTENCE_MAX = 512, API_PATH_MAX = 512, API_TIMEOUT_MS = 10000 };

struct api_answer {
    int status;                      /* 0: nobody answered */
    struct cJSON *json;              /* NULL when there is no body */
    char code[40];                   /* the error's, empty when it went well */
    char sentence[API_SENTENCE_MAX]; /* why it did not go well */
    uint64_t retry_after_ms;         /* 0: a retry is no use */
};

/* One request. is_admin: with the place's admin token. body: JSON text or NULL.
 *
 * owns: api_finish(out_answer)
 * errors: false: out_answer->sentence tells */
bool api_ask(const struct place *place, bool is_admin, const char *method, const char *path,
        const char *body, uint64_t timeout_ms, struct api_answer *out_answer);

/* The same, again and again while the server says "later" or cannot be reached, for patience_ms.
 * Only for requests that may be carried out twice. */
bool api_ask_patiently(const struct place *place, bool is_admin, const char *method,
        const char *path, const char *body, uint64_t patience_ms, struct api_answer *out_answer);

void api_finish(struct api_answer *answer);

/* A member of the answer; NULL when it is missing or no text. Borrowed from the answer. */
const char *api_text(const struct api_answer *answer, const char *name);

#endif
