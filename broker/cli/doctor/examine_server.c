/* SPDX-License-Identifier: Apache-2.0 */
/* The running Weft from outside: does it answer, is it ready, is its clock sane; and when it is not
 * up: is its port free? */
#include "cli/doctor/findings.h"
#include "cli/http_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMEOUT_MS = 3000, SKEW_S_WARN = 5, SKEW_S_FAIL = 60 };

static void examine_date(const char *date, struct findings *findings)
{
    struct tm parts = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (date[0] == '\0' || strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &parts) == NULL)
        return;
    long long off = (long long)timegm(&parts) - (long long)now.tv_sec;
    long long distance = off < 0 ? -off : off;
    enum finding_grade grade = distance > SKEW_S_FAIL   ? FINDING_FAIL
                               : distance > SKEW_S_WARN ? FINDING_WARN
                                                        : FINDING_OK;
    findings_add(findings, grade, "clock", "synchronise both clocks: tokens live five minutes",
            "the server's clock is %lld s off this machine's", off);
}

/* Before 2025 no Weft was built: a clock that says so has not been set. */
static void examine_own_clock(struct findings *findings)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec < 1735689600)
        findings_add(findings, FINDING_FAIL, "clock", "set the clock",
                "this machine's clock was never set");
}

static void examine_running(const struct patient *patient, struct findings *findings)
{
    struct http_answer answer;
    const struct http_call call = {
            .url = patient->url, .method = "GET", .path = "/readyz", .timeout_ms = TIMEOUT_MS};
    if (http_do(&call, &answer) != HTTP_ANSWERED) {
        findings_add(findings, FINDING_FAIL, "server",
                "see weftd's log; after a crash of weftd itself, start it again",
                "up.json says %s, and nobody answers there", patient->url);
        return;
    }
    findings_add(findings, answer.status == 200 ? FINDING_OK : FINDING_FAIL, "server",
            "see weftd's log: most often Redis cannot be reached",
            answer.status == 200 ? "%s is ready" : "%s answers, and is not ready", patient->url);
    examine_date(answer.date, findings);
    free(answer.body);
}

static void examine_port(const struct patient *patient, struct findings *findings)
{
    const struct config_listen *listen = &patient->config->listen;
    struct http_answer answer;
    char url[CONFIG_NAME_MAX + 32];
    if (!patient->has_config || listen->port == 0)
        return;
    bool is_six = strchr(listen->address, ':') != NULL;
    snprintf(url, sizeof url, is_six ? "http://[%s]:%u" : "http://%s:%u", listen->address,
            listen->port);
    const struct http_call call = {
            .url = url, .method = "GET", .path = "/healthz", .timeout_ms = TIMEOUT_MS};
    enum http_outcome outcome = http_do(&call, &answer);
    if (outcome == HTTP_ANSWERED)
        free(answer.body);
    if (outcome == HTTP_UNREACHABLE)
        findings_add(findings, FINDING_OK, "port", NULL, "%u is free", listen->port);
    else
        findings_add(findings, FINDING_FAIL, "port",
                "stop who has it, or choose another listen.port", "%u is taken by another program",
                listen->port);
}

void examine_server(const struct patient *patient, struct findings *findings)
{
    examine_own_clock(findings);
    if (patient->is_up)
        examine_running(patient, findings);
    else
        examine_port(patient, findings);
}
