/* SPDX-License-Identifier: Apache-2.0 */
/* A policy comes into force without a restart, on every pool and after one, and a bad one does not.
 */
#include "flow/policies.h"

#include "core/route/setup.h"
#include "lib/test.h"
#include "stage_door.h"

#include <stdlib.h>
#include <string.h>

#define NORTH "/v1/admin/tenants/north/policy"

/* "offer N": offers live so long. "skill S": needs somebody with it. All else is refused. */
static struct route_policy *read_policy(
        struct slice text, const struct route_staff *staff, char out_why[POLICY_WHY_MAX])
{
    struct slice begin = SLICE_OF("offer ");
    struct route_policy *policy = calloc(1, sizeof *policy);
    expect(policy != NULL);
    *policy = route_policy_default();
    struct slice skill = SLICE_OF("skill ");
    if (slice_starts_with(text, skill)) {
        skill = slice_make(text.bytes + skill.len, text.len - skill.len);
        if (staff == NULL || staff->has_skill(staff->user, skill, 600))
            return policy;
        free(policy);
        snprintf(out_why, POLICY_WHY_MAX, "policy:1:7: nobody has it");
        return NULL;
    }
    if (slice_starts_with(text, begin)) {
        char number[32];
        snprintf(
                number, sizeof number, "%.*s", (int)(text.len - begin.len), text.bytes + begin.len);
        policy->offer_ms = strtoull(number, NULL, 10);
        return policy;
    }
    free(policy);
    snprintf(out_why, POLICY_WHY_MAX, "policy:1:1: unknown setting");
    return NULL;
}

static void begin(void)
{
    stage_start();
    stage_open_doors();
    stage.settings.read_policy = read_policy;
    expect_u64((uint64_t)ask_door(HTTP_GET, NORTH, NULL), 503); /* the pool is opened by this */
    pools_team(stage.node, SLICE_OF("south"));
    stage_run(500);
}

static const struct route_policy *in_force(const char *tenant)
{
    return team_policy(pools_team(stage.node, slice_of_string(tenant)));
}

static bool answered(const char *text)
{
    return strstr(door_reply.body, text) != NULL;
}

static void a_policy_is_put_and_shown(void)
{
    begin();
    expect_u64((uint64_t)ask_door(HTTP_GET, NORTH, NULL), 200);
    expect(answered("\"version\":0"));
    expect_u64(in_force("north")->version, 0);
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 200);
    expect(answered("\"version\":1") && answered("\"policy\":\"offer 777\""));
    expect_u64(in_force("north")->offer_ms, 777);
    expect_u64(in_force("north")->version, 1);
    expect_u64(in_force("south")->version, 0);
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 200);
    expect(answered("\"version\":1")); /* it is in force already */
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 900\"}"), 200);
    expect_u64(in_force("north")->version, 2);
    stage_end();
}

static void a_bad_policy_changes_nothing(void)
{
    begin();
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 200);
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"charm 1\"}"), 400);
    expect(answered("policy:1:1: unknown setting"));
    expect_u64(in_force("north")->offer_ms, 777);
    expect_u64(
            (uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 9\",\"check\":true}"), 200);
    expect_u64(in_force("north")->offer_ms, 777);
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{}"), 400);
    expect_u64((uint64_t)ask_door(HTTP_POST, "/v1/admin/tenants/west/policy", "{}"), 404);
    expect_u64((uint64_t)ask_door_as_nobody(HTTP_GET, NORTH), 401);
    stage_end();
}

static void the_same_again_is_answered_once_it_is_durable(void)
{
    begin();
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 200);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 503);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 0;
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 200);
    expect_u64(in_force("north")->version, 1);
    stage_end();
}

static void the_file_is_in_force_everywhere_and_alone(void)
{
    begin();
    policies_set_file(stage.node, SLICE_OF("offer 500"));
    stage_run(2000);
    expect_u64(in_force("north")->offer_ms, 500);
    expect_u64(in_force("south")->offer_ms, 500);
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 409);
    expect_u64(in_force("north")->version, 1);
    policies_set_file(stage.node, SLICE_OF("offer 600"));
    stage_run(2000);
    expect_u64(in_force("north")->offer_ms, 600);
    expect_u64(in_force("north")->version, 2);
    stage_end();
}

static void a_skill_that_nobody_has_is_refused_at_the_door(void)
{
    begin();
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 777\"}"), 200);
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"skill astrology\"}"), 400);
    expect(answered("policy:1:7: nobody has it"));
    expect_u64(in_force("north")->version, 1);
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"skill any\"}"), 200);
    expect_u64(in_force("north")->version, 2);
    stage_end();
}

/* A file is for all tenants: the one whose agents cannot serve it keeps its policy, until they can.
 */
static void the_file_waits_for_agents_who_can_serve_it(void)
{
    begin();
    policies_set_file(stage.node, SLICE_OF("offer 500"));
    stage_run(2000);
    policies_set_file(stage.node, SLICE_OF("skill stars"));
    stage_run(5000);
    expect_u64(in_force("north")->version, 1);
    expect_u64(in_force("south")->version, 1);
    expect_u64((uint64_t)ask_door(HTTP_POST, "/v1/admin/tenants/south/agents",
                       "{\"name\":\"Zoe\",\"skills\":[{\"name\":\"stars\",\"level\":700}]}"),
            201);
    stage_run(2000);
    expect_u64(in_force("north")->version, 1);
    expect_u64(in_force("north")->offer_ms, 500);
    expect_u64(in_force("south")->version, 2);
    stage_end();
}

static void other_node_put(struct policy_put *put, enum log_outcome outcome)
{
    (void)put;
    expect_u64(outcome, LOG_APPENDED);
}

/* Two machines with different files: each says its own once, the last word stays. */
static void nodes_with_different_files_do_not_argue(void)
{
    begin();
    policies_set_file(stage.node, SLICE_OF("offer 500"));
    stage_run(2000);
    struct team *team = pools_team(stage.node, SLICE_OF("north"));
    expect(policy_put(team, SLICE_OF("offer 900"), other_node_put, NULL));
    stage_run(20000);
    expect_u64(in_force("north")->offer_ms, 900);
    expect_u64(in_force("north")->version, 2);
    stage_end();
}

static void offers_say_the_policy_that_made_them(void)
{
    begin();
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 4000\"}"), 200);
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    act_say(ada, "My parcel is late");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(anna, "\"offer\"", 2000));
    struct pool_request_view view;
    size_t cursor = 0;
    const struct pool *pool = team_pool(pools_team(stage.node, SLICE_OF("north")));
    expect(pool_next_request(pool, &cursor, &view));
    expect_u64(view.policy_version, 1);
    stage_end();
}

static void the_log_is_shown_as_it_is_stored(void)
{
    begin();
    expect_u64((uint64_t)ask_door(HTTP_POST, NORTH, "{\"policy\":\"offer 4000\"}"), 200);
    stage_agent("north", "anna");
    expect_u64((uint64_t)ask_door(HTTP_GET, "/v1/admin/tenants/north/routing-log", NULL), 200);
    expect(answered("\"policy\":\"offer 4000\"") && answered("\"a\":\"anna\""));
    size_t lines = 0;
    for (const char *at = door_reply.body; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    expect(lines >= 2);
    expect_u64((uint64_t)ask_door_as_nobody(HTTP_GET, "/v1/admin/tenants/north/routing-log"), 401);
    expect_u64((uint64_t)ask_door(HTTP_GET, "/v1/admin/tenants/west/routing-log", NULL), 404);
    stage_end();
}

static void the_metrics_tell_what_happened(void)
{
    begin();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    act_say(ada, "My parcel is late");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(anna, "\"offer\"", 2000));
    expect_u64((uint64_t)ask_door(HTTP_GET, "/v1/admin/metrics", NULL), 200);
    expect(answered("weft_routing_offered{tenant=\"north\"} 1\n"));
    expect(answered("weft_routing_events_total{tenant=\"north\",event=\"queued\"} 1\n"));
    expect(answered("weft_routing_events_total{tenant=\"north\",event=\"offered\"} 1\n"));
    expect(answered("weft_routing_waiting_while_free{tenant=\"north\"} 0\n"));
    expect(answered("weft_routing_occupancy{tenant=\"north\"} 1\n"));
    expect(answered("weft_routing_waiting_for_better{tenant=\"north\"} 0\n"));
    expect(answered("weft_routing_capacity_breaches_total{tenant=\"north\"} 0\n"));
    expect(answered("weft_routing_held_out_seconds_total{tenant=\"north\"} 0\n"));
    expect(answered("weft_routing_wait_seconds_count{tenant=\"north\"} 0\n"));
    stage_run(2 * stage.settings.policy.offer_ms);
    expect_u64((uint64_t)ask_door(HTTP_GET, "/v1/admin/metrics", NULL), 200);
    expect(!answered("weft_routing_events_total{tenant=\"north\",event=\"expired\"} 0\n"));
    /* She is the one who did not answer: she is free, and asked again when that is forgiven. */
    const char *held = strstr(door_reply.body, "held_out_seconds_total{tenant=\"north\"} ");
    expect(held != NULL && strtod(strstr(held, "} ") + 2, NULL) > 0);
    expect(strstr(door_reply.body, "# EOF\n") != NULL);
    expect_u64((uint64_t)ask_door_as_nobody(HTTP_GET, "/v1/admin/metrics"), 401);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_policy_is_put_and_shown),
                    CASE(a_bad_policy_changes_nothing),
                    CASE(the_same_again_is_answered_once_it_is_durable),
                    CASE(the_file_is_in_force_everywhere_and_alone),
                    CASE(a_skill_that_nobody_has_is_refused_at_the_door),
                    CASE(the_file_waits_for_agents_who_can_serve_it),
                    CASE(nodes_with_different_files_do_not_argue),
                    CASE(offers_say_the_policy_that_made_them),
                    CASE(the_log_is_shown_as_it_is_stored), CASE(the_metrics_tell_what_happened),
                    {0}});
}
