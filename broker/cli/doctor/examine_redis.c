/* SPDX-License-Identifier: Apache-2.0 */
/* The two stores: there, keeping what they are told, and apart.
 *
 * Invariant: the doctor only asks. A server that does not let itself be asked gets a warning, not a
 * failure: a hardened one may refuse CONFIG.
 */
#include "cli/doctor/store_check.h"
#include "cli/text_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PASSWORD_MAX = 255, SKEW_S_MAX = 2 };

bool store_take_line(const char *answer, size_t n, char *out, size_t size)
{
    for (; n > 0 && *answer != '\0'; n--)
        answer += strcspn(answer, "\n") + 1;
    size_t len = strcspn(answer, "\n");
    if (len == 0 || len >= size)
        return false;
    memcpy(out, answer, len);
    out[len] = '\0';
    return true;
}

bool store_log_in(struct resp *resp, const char *password_file)
{
    char answer[RESP_ANSWER_MAX];
    if (password_file[0] == '\0')
        return true;
    char *password = text_file_read(password_file, PASSWORD_MAX);
    if (password == NULL)
        return false;
    password[strcspn(password, "\r\n")] = '\0';
    bool is_in = resp_ask(resp, (const char *const[]){"AUTH", password, NULL}, answer);
    memset(password, 0, strlen(password));
    free(password);
    return is_in;
}

bool store_setting(struct store_check *check, const char *name, char *out, size_t size)
{
    char answer[RESP_ANSWER_MAX];
    if (resp_ask(&check->resp, (const char *const[]){"CONFIG", "GET", name, NULL}, answer) &&
            store_take_line(answer, 1, out, size))
        return true;
    findings_add(check->findings, FINDING_WARN, check->about,
            "make sure of it by hand, in its configuration", "it does not tell its %s", name);
    return false;
}

static void examine_setting(struct store_check *check, const char *name, const char *wanted,
        enum finding_grade otherwise)
{
    char value[64];
    if (!store_setting(check, name, value, sizeof value))
        return;
    bool is_good = strcmp(value, wanted) == 0;
    findings_add(check->findings, is_good ? FINDING_OK : otherwise, check->about,
            "set appendonly yes, appendfsync always and maxmemory-policy noeviction in that Redis",
            "%s is %s", name, value);
}

static void examine_clock(struct store_check *check)
{
    char answer[RESP_ANSWER_MAX];
    if (!resp_ask(&check->resp, (const char *const[]){"TIME", NULL}, answer))
        return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    long long off = strtoll(answer, NULL, 10) - (long long)now.tv_sec;
    bool is_good = off >= -SKEW_S_MAX && off <= SKEW_S_MAX;
    findings_add(check->findings, is_good ? FINDING_OK : FINDING_WARN, check->about,
            "synchronise both clocks (chrony, systemd-timesyncd)",
            "its clock is %lld s off this machine's", off);
}

static void keep_run_id(struct store_check *check)
{
    char answer[RESP_ANSWER_MAX];
    if (!resp_ask(&check->resp, (const char *const[]){"INFO", "server", NULL}, answer))
        return;
    const char *at = strstr(answer, "run_id:");
    if (at != NULL)
        snprintf(check->run_id, sizeof check->run_id, "%.*s", (int)strcspn(at + 7, "\r\n"), at + 7);
}

static void examine_answers(struct store_check *check)
{
    enum finding_grade strict = check->patient->config->durability == CONFIG_DURABLE_ALWAYS
                                        ? FINDING_FAIL
                                        : FINDING_WARN;
    examine_setting(check, "appendonly", "yes", FINDING_FAIL);
    examine_setting(check, "appendfsync", "always", strict);
    examine_setting(check, "maxmemory-policy", "noeviction", FINDING_FAIL);
    examine_replicas(check);
    examine_clock(check);
    keep_run_id(check);
}

static void examine_one(
        struct store_check *check, const struct config_redis *redis, const char *name)
{
    char socket[CONFIG_SOCKET_MAX];
    struct config_redis found;
    const struct config_redis *place = redis;
    bool is_embedded = config_redis_is_embedded(redis);
    if (redis->sentinel_count > 0) {
        if (!examine_sentinels(check, redis, &found))
            return;
        place = &found;
    }
    config_socket_path(check->patient->config, name, socket);
    if (!resp_open(place, socket, &check->resp)) {
        bool is_expected = is_embedded && !check->patient->is_up;
        findings_add(check->findings, is_expected ? FINDING_OK : FINDING_FAIL, check->about,
                is_embedded ? "see DATA/log/redis.log and weftd's log"
                            : "start that Redis, or mend `redis` in the configuration",
                is_expected ? "weftd starts its own (%s)" : "it cannot be reached: %s",
                is_expected ? "not up now" : strerror(errno));
        return;
    }
    if (store_log_in(&check->resp, redis->password_file)) {
        examine_answers(check);
        if (redis == &check->patient->config->redis.keys)
            examine_master_key(check);
    } else {
        findings_add(check->findings, FINDING_FAIL, check->about,
                "mend redis.*.password_file in the configuration", "it does not take the password");
    }
    resp_close(&check->resp);
}

void examine_redis(const struct patient *patient, struct findings *findings)
{
    struct store_check log = {.patient = patient, .findings = findings, .about = "redis log"};
    struct store_check keys = {.patient = patient, .findings = findings, .about = "redis keys"};
    examine_one(&log, &patient->config->redis.log, "log");
    examine_one(&keys, &patient->config->redis.keys, "keys");
    if (log.run_id[0] != '\0' && strcmp(log.run_id, keys.run_id) == 0)
        findings_add(findings, FINDING_FAIL, "redis keys",
                "use two servers with two backups, or erasing does not erase",
                "the keys are in the same Redis as the conversations");
}
