/* SPDX-License-Identifier: Apache-2.0 */
/* The admin doors for a tenant's routing policy.
 *
 *   GET  /v1/admin/tenants/T/policy                   -> {tenant, version, hash, policy}
 *   POST /v1/admin/tenants/T/policy  {policy, check?} -> the same, once it is in force
 *
 * Invariant: a text that cannot be read is refused with its line and changes nothing; one that was
 * answered with 200 is in the pool's log. While the configuration names a policy file, that file is
 * the only way: two authorities would undo each other.
 */
#include "base/check.h"
#include "flow/directory.h"
#include "flow/door.h"
#include "flow/policies.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct policy_body {
    struct slice policy;
    bool has_check, check;
};

struct policy_answer {
    struct slice tenant;
    uint64_t version;
    struct slice hash, policy;
};

static const struct proto_field body_fields[] = {
        PROTO_STR(struct policy_body, policy, REQUIRED, POOL_POLICY_MAX),
        PROTO_BOOL(struct policy_body, check, OPTIONAL),
};
static const struct proto_shape body_shape = PROTO_SHAPE(struct policy_body, body_fields);
static const struct proto_field answer_fields[] = {
        PROTO_STR(struct policy_answer, tenant, REQUIRED, 64),
        PROTO_U64(struct policy_answer, version, REQUIRED, UINT64_MAX),
        PROTO_STR(struct policy_answer, hash, REQUIRED, 16),
        PROTO_STR(struct policy_answer, policy, REQUIRED, POOL_POLICY_MAX),
};
static const struct proto_shape answer_shape = PROTO_SHAPE(struct policy_answer, answer_fields);

static void answer(struct door *door, struct team *team)
{
    struct pool_policy policy = pool_policy(team_pool(team));
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64, policy.hash);
    struct policy_answer body = {team_tenant(team), policy.version,
            policy.version > 0 ? slice_of_string(hash) : SLICE_NONE, policy.text};
    door_answer(door, 200, &answer_shape, &body);
}

static void on_put(struct policy_put *put, enum log_outcome outcome)
{
    struct door *door = put->user;
    if (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY)
        answer(door, put->change.team);
    else
        door_refuse_outcome(door, outcome, REFUSAL_NONE);
    free(door);
}

static void start_putting(struct door *door, struct team *team, struct slice text)
{
    struct door *kept = malloc(sizeof *kept);
    check(kept != NULL);
    *kept = *door;
    if (policy_put(team, text, on_put, kept))
        return;
    free(kept);
    door_refuse_later(door, 503, PROTO_ERROR_BUSY, 1000);
}

static void put(struct door *door, const struct http_request *request, struct team *team)
{
    struct policy_body body;
    char why[POLICY_WHY_MAX];
    struct node *node = door->node;
    if (!door_read(door, request, &body_shape, &body))
        return;
    struct route_policy *policy = policy_read_to_put(node, team_tenant(team), body.policy, why);
    bool is_good = policy != NULL;
    free(policy);
    if (!is_good)
        door_refuse(door, 400, PROTO_ERROR_BAD_REQUEST, why);
    else if (body.check)
        answer(door, team);
    else if (node->policy_file.bytes != NULL)
        door_refuse(door, 409, PROTO_ERROR_CONFLICT,
                "The configuration names a policy_file: change that file.");
    else
        start_putting(door, team, body.policy);
}

bool door_policy(struct door *door, const struct http_request *request)
{
    struct slice before = SLICE_OF("/v1/admin/tenants/"), after = SLICE_OF("/policy");
    struct slice path = request->path;
    if (!slice_starts_with(path, before) || path.len <= before.len + after.len ||
            memcmp(path.bytes + path.len - after.len, after.bytes, after.len) != 0)
        return false;
    struct slice tenant = slice_make(path.bytes + before.len, path.len - before.len - after.len);
    if (!door_is_admin(door, request))
        return true;
    bool is_known = directory_tenant(door->node, tenant) != NULL;
    struct team *team = is_known ? pools_team(door->node, tenant) : NULL;
    if (!is_known)
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, "There is no such tenant.");
    else if (team == NULL || !team_is_read(team))
        door_refuse_later(door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
    else if (request->method == HTTP_POST)
        put(door, request, team);
    else if (request->method == HTTP_GET)
        answer(door, team);
    else
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, NULL);
    return true;
}
