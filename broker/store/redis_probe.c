/* SPDX-License-Identifier: Apache-2.0 */
/* Greets a server and keeps an eye on it.
 *
 * Invariant: a link comes up only to a master that is loaded and keeps an append-only file as
 * carefully as the acknowledgements promise; and it stays up only while that server's replication
 * id stays, which any failover, restart or REPLICAOF changes.
 */
#include "store/redis_probe.h"

#include "base/log_line.h"
#include "store/redis_link.h"

#include <hiredis/hiredis.h>

static struct redis_probe *probe_of(const struct redis_request *request)
{
    return request->owner;
}

static void ask(struct redis_probe *probe,
        void (*on_reply)(struct redis_request *request, const redisReply *reply))
{
    struct redis_request *request = redis_link_take(probe->link);
    request->on_reply = on_reply;
    request->owner = probe;
    redis_link_send_greeting(probe->link, request);
}

static const char *objection_to(
        const struct redis_probe *probe, const struct redis_identity *identity)
{
    if (identity->is_loading)
        return "loading";
    if (!identity->is_master)
        return "not_master";
    if (!identity->keeps_log)
        return "no_append_only_file";
    if (!probe->is_greeting && memcmp(identity->replication_id, probe->identity.replication_id,
                                       REPLICATION_ID_SIZE) != 0)
        return "another_history";
    return NULL;
}

static void on_identity(struct redis_request *request, const redisReply *reply)
{
    struct redis_probe *probe = probe_of(request);
    struct redis_identity identity;
    probe->is_underway = false;
    if (reply == NULL)
        return;
    bool is_read = reply->type == REDIS_REPLY_STRING &&
                   redis_identity_read(slice_make(reply->str, reply->len), &identity);
    const char *objection = is_read ? objection_to(probe, &identity) : "no_identity";
    if (objection != NULL) {
        redis_link_cut(probe->link, objection);
        return;
    }
    probe->identity = identity;
    if (probe->is_greeting) {
        probe->is_greeting = false;
        redis_link_come_up(probe->link);
    }
}

static void on_time(struct redis_request *request, const redisReply *reply)
{
    struct redis_probe *probe = probe_of(request);
    uint64_t server_ms = reply ? redis_time_read(reply) : 0;
    if (server_ms != 0) {
        probe->server_ms = server_ms;
        probe->read_ms = redis_link_clock_ms(probe->link);
    } else if (reply != NULL)
        redis_link_cut(probe->link, "no_time");
}

static void on_password(struct redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type != REDIS_REPLY_STATUS)
        redis_link_cut(request->link, "password_refused");
}

/* ["appendfsync", policy]; an administrator may have forbidden the question. */
static void on_fsync_policy(struct redis_request *request, const redisReply *reply)
{
    if (reply == NULL)
        return;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
            reply->element[1]->type != REDIS_REPLY_STRING) {
        log_line(LOG_DEBUG, "store.fsync_unverified", "reason=CONFIG_GET_refused");
        return;
    }
    struct slice policy = slice_make(reply->element[1]->str, reply->element[1]->len);
    bool is_promise_kept = probe_of(request)->durability == DURABILITY_ALWAYS
                                   ? slice_is(policy, "always")
                                   : !slice_is(policy, "no");
    if (!is_promise_kept)
        redis_link_cut(request->link, "fsync_is_not_as_promised");
}

/* The identity comes last: once it is known, so is the rest. */
static void ask_who_and_when(struct redis_probe *probe)
{
    struct redis_command *command = redis_link_command(probe->link);
    probe->is_underway = true;
    redis_command_begin(command, 1);
    redis_command_add(command, SLICE_OF("TIME"));
    ask(probe, on_time);
    redis_command_begin(command, 3);
    redis_command_add(command, SLICE_OF("INFO"));
    redis_command_add(command, SLICE_OF("replication"));
    redis_command_add(command, SLICE_OF("persistence"));
    ask(probe, on_identity);
}

void redis_probe_greet(struct redis_probe *probe)
{
    struct redis_command *command = redis_link_command(probe->link);
    probe->is_greeting = true;
    if (probe->password[0] != '\0') {
        redis_command_begin(command, 2);
        redis_command_add(command, SLICE_OF("AUTH"));
        redis_command_add(command, slice_of_string(probe->password));
        ask(probe, on_password);
    }
    redis_command_begin(command, 3);
    redis_command_add(command, SLICE_OF("CONFIG"));
    redis_command_add(command, SLICE_OF("GET"));
    redis_command_add(command, SLICE_OF("appendfsync"));
    ask(probe, on_fsync_policy);
    ask_who_and_when(probe);
}

void redis_probe_watch(struct redis_probe *probe)
{
    if (!probe->is_underway)
        ask_who_and_when(probe);
}

uint64_t redis_probe_now_ms(struct redis_probe *probe, uint64_t clock_ms)
{
    if (probe->server_ms == 0)
        return 0;
    uint64_t now_ms = probe->server_ms + (clock_ms - probe->read_ms);
    if (now_ms > probe->now_ms_last)
        probe->now_ms_last = now_ms;
    return probe->now_ms_last;
}
