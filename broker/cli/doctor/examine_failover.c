/* SPDX-License-Identifier: Apache-2.0 */
/* What stands ready for the day the master is lost: Sentinels that agree, replicas that are
 * counted, and a master that stops writing when it is cut off from them.
 *
 * Invariant: the doctor only asks. It compares what is there with what `replicas` promises; the
 * same number too small is worse than too large, since it acknowledges what may be taken back.
 */
#include "cli/doctor/store_check.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LAG_S = 3 };

/* ---- Sentinels --------------------------------------------------------------------------------
 */

struct survey {
    uint32_t reached, told;
    bool is_one_mind, has_quorum;
    struct config_redis place;
};

static void note_place(struct survey *survey, const char *host, const char *port)
{
    bool is_first = survey->told++ == 0;
    unsigned long number = strtoul(port, NULL, 10);
    bool is_same = strcmp(survey->place.host, host) == 0 && survey->place.port == (uint32_t)number;
    if (!is_first) {
        survey->is_one_mind &= is_same;
        return;
    }
    snprintf(survey->place.host, sizeof survey->place.host, "%s", host);
    survey->place.port = (uint32_t)number;
}

static void ask_one(const struct config_redis *redis, const char *sentinel, struct survey *survey)
{
    char answer[RESP_ANSWER_MAX], host[CONFIG_PLACE_MAX], port_text[16];
    struct config_redis at = {0};
    struct resp resp;
    uint16_t port;
    if (!config_place_read(sentinel, host, &port))
        return;
    snprintf(at.host, sizeof at.host, "%s", host);
    at.port = port;
    if (!resp_open(&at, "", &resp))
        return;
    if (store_log_in(&resp, redis->sentinel_password_file)) {
        survey->reached++;
        if (resp_ask(&resp,
                    (const char *const[]){
                            "SENTINEL", "GET-MASTER-ADDR-BY-NAME", redis->master, NULL},
                    answer) &&
                store_take_line(answer, 0, host, sizeof host) &&
                store_take_line(answer, 1, port_text, sizeof port_text))
            note_place(survey, host, port_text);
        survey->has_quorum |= resp_ask(
                &resp, (const char *const[]){"SENTINEL", "CKQUORUM", redis->master, NULL}, answer);
    }
    resp_close(&resp);
}

static void judge_sentinels(
        struct store_check *check, const struct config_redis *redis, const struct survey *survey)
{
    if (survey->reached < redis->sentinel_count)
        findings_add(check->findings, FINDING_WARN, check->about, "start those that are missing",
                "%u of %u Sentinels answer", survey->reached, redis->sentinel_count);
    if (!survey->is_one_mind)
        findings_add(check->findings, FINDING_WARN, check->about,
                "a failover may be under way: look again in a few seconds",
                "the Sentinels name different masters");
    if (!survey->has_quorum)
        findings_add(check->findings, FINDING_FAIL, check->about,
                "see SENTINEL CKQUORUM; three Sentinels on three machines bear the loss of one",
                "the Sentinels could not agree on a failover now");
    findings_add(check->findings, FINDING_OK, check->about, NULL, "%s is at %s, port %u",
            redis->master, survey->place.host, survey->place.port);
}

bool examine_sentinels(
        struct store_check *check, const struct config_redis *redis, struct config_redis *out_place)
{
    struct survey survey = {.is_one_mind = true};
    for (uint32_t i = 0; i < redis->sentinel_count; i++)
        ask_one(redis, redis->sentinels[i], &survey);
    if (survey.told == 0) {
        findings_add(check->findings, FINDING_FAIL, check->about,
                survey.reached > 0 ? "mend redis.*.master in the configuration"
                                   : "start the Sentinels, or mend redis.*.sentinels",
                survey.reached > 0 ? "no Sentinel knows a master %s"
                                   : "no Sentinel of %s can be reached",
                redis->master);
        return false;
    }
    judge_sentinels(check, redis, &survey);
    *out_place = survey.place;
    return true;
}

/* ---- replicas ---------------------------------------------------------------------------------
 */

static uint32_t count_online(const char *info)
{
    uint32_t count = 0;
    for (const char *at = info; (at = strstr(at, "state=online")) != NULL; at++)
        count++;
    return count;
}

static void judge_count(struct store_check *check, uint32_t online)
{
    uint32_t counted = check->patient->config->replicas;
    if (online < counted)
        findings_add(check->findings, FINDING_FAIL, check->about,
                "bring the replicas back, or lower `replicas`",
                "%u replicas are there, and %u must hold a message: nothing is acknowledged",
                online, counted);
    else if (online > counted)
        findings_add(check->findings, FINDING_WARN, check->about,
                "set `replicas` to the number of those that could be promoted; give others "
                "replica-priority 0",
                counted == 0 ? "%u replicas are there, and %u are counted: a failover can take "
                               "back what was acknowledged"
                             : "%u replicas are there, and %u are counted",
                online, counted);
    else if (counted > 0)
        findings_add(check->findings, FINDING_OK, check->about, NULL,
                "all of the %u replicas are there", counted);
}

static void judge_isolation(struct store_check *check)
{
    char least[32], lag[32];
    if (!store_setting(check, "min-replicas-to-write", least, sizeof least) ||
            !store_setting(check, "min-replicas-max-lag", lag, sizeof lag))
        return;
    long seconds = strtol(lag, NULL, 10);
    bool is_good = strtol(least, NULL, 10) >= 1 && seconds >= 1 && seconds <= MAX_LAG_S;
    findings_add(check->findings, is_good ? FINDING_OK : FINDING_WARN, check->about,
            "set min-replicas-to-write 1 and min-replicas-max-lag 3 on each of its servers",
            is_good ? "a master that is cut off stops writing (min-replicas-to-write %s, -max-lag "
                      "%s)"
                    : "a master that is cut off goes on writing what is never acknowledged "
                      "(min-replicas-to-write %s, -max-lag %s)",
            least, lag);
}

void examine_replicas(struct store_check *check)
{
    char answer[RESP_ANSWER_MAX];
    if (!resp_ask(&check->resp, (const char *const[]){"INFO", "replication", NULL}, answer))
        return;
    if (strstr(answer, "role:master") == NULL)
        findings_add(check->findings, FINDING_FAIL, check->about,
                "name the master in `redis`, or the Sentinels that know it", "it is a replica");
    uint32_t online = count_online(answer);
    judge_count(check, online);
    if (online > 0 || check->patient->config->replicas > 0)
        judge_isolation(check);
}
