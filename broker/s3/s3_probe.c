/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of request that Weft makes, once, on a small object that is removed again.
 *
 * Invariant: the same requests as the broker's, prepared and judged by the same code, so what is
 * well here is well there. It blocks: nothing that serves clients calls it.
 */
#include "s3/s3_probe.h"

#include "base/check.h"
#include "s3/s3_request.h"
#include "s3/s3_text.h"

#include <stdio.h>

enum { STEP_MS = 8000 };

static const char probe_bytes[] = "weft";

static size_t give(struct s3_request *request, char *out, size_t room)
{
    check(room >= sizeof probe_bytes - 1);
    memcpy(out, probe_bytes, sizeof probe_bytes - 1);
    request->give = NULL; /* that was all */
    return sizeof probe_bytes - 1;
}

struct step {
    const char *name;
    enum s3_verb verb;
    const char *key;
    bool is_copy;
};

static const struct step steps[] = {{"list", S3_GET, "?list-type=2&max-keys=1", false},
        {"write", S3_PUT, "loose/probe", false}, {"copy", S3_PUT, "kept/probe", true},
        {"read", S3_GET, "kept/probe", false}, {"remove", S3_DELETE, "kept/probe", false},
        {"remove", S3_DELETE, "loose/probe", false}};

static bool run(struct s3_service *service, const struct step *step, struct s3_probe *out)
{
    const struct s3_options *options = service->options;
    struct s3_request *request = s3_request_make(service, step->verb, step->key);
    bool is_passing;
    if (step->is_copy) {
        snprintf(request->header, sizeof request->header, "x-amz-copy-source: /%s/%sloose/probe",
                options->bucket, options->prefix);
    } else if (step->verb == S3_PUT) {
        request->size = sizeof probe_bytes - 1;
        request->give = give;
    }
    CURL *easy = s3_request_prepare(request);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)STEP_MS);
    CURLcode code = curl_easy_perform(easy);
    bool is_good = s3_request_judge(request, code, &is_passing) == S3_OK;
    if (!is_good) {
        struct slice fault = s3_text_find(request->text, "Code");
        *out = (struct s3_probe){.failed = step->name, .status = request->status};
        if (code == CURLE_OK)
            snprintf(out->why, sizeof out->why, "%.*s", SLICE_ARGS(fault));
        else
            snprintf(out->why, sizeof out->why, "%s", s3_request_reason(code));
    }
    s3_request_free(request);
    return is_good;
}

void s3_probe(const struct s3_options *options, struct s3_probe *out)
{
    struct s3_service service = {.options = options};
    *out = (struct s3_probe){0};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && out->failed == NULL; i++)
        run(&service, &steps[i], out);
}
