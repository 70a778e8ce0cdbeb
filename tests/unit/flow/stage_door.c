/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up HTTP side for the stage: one exchange at a time.
 *
 * Invariant: each request is answered exactly once; a second answer is a failure of the case.
 */
#include "stage_door.h"

#include "base/check.h"
#include "lib/test.h"

#include <stdio.h>
#include <string.h>

#define TOKEN "the-admin-token"

struct door_reply door_reply;
static unsigned replies;

static void reply(struct http *http, struct http_exchange exchange, const struct http_reply *answer)
{
    (void)http;
    (void)exchange;
    check(answer->body.len < DOOR_BODY_MAX);
    door_reply.status = answer->status;
    if (answer->body.len > 0)
        memcpy(door_reply.body, answer->body.bytes, answer->body.len);
    door_reply.body[answer->body.len] = '\0';
    replies++;
}

void stage_open_doors(void)
{
    static const struct http_ops ops = {.reply = reply};
    static struct http http = {&ops};
    stage.settings.admin_token = SLICE_OF(TOKEN);
    stage.node->http = &http;
}

static int ask(enum http_method method, const char *path, const char *body, struct slice token,
        uint64_t ms)
{
    struct http_request request = {.method = method,
            .path = slice_of_string(path),
            .authorization = token,
            .body = slice_of_string(body ? body : "")};
    door_reply.status = 0;
    replies = 0;
    node_http_events.on_request(stage.node, (struct http_exchange){1, 1}, &request);
    stage_run(ms);
    test_note("%s: %d %.200s", path, door_reply.status, door_reply.body);
    expect_u64(replies, 1);
    return door_reply.status;
}

int ask_door(enum http_method method, const char *path, const char *body)
{
    return ask(method, path, body, SLICE_OF("Bearer " TOKEN), 200);
}

int ask_door_as_service(const char *path, const char *body, uint64_t ms)
{
    char token[192];
    int len = snprintf(token, sizeof token, "Bearer %s", stage.keys[1]);
    return ask(HTTP_POST, path, body, slice_make(token, (size_t)len), ms);
}

int ask_door_as_nobody(enum http_method method, const char *path)
{
    return ask(method, path, NULL, SLICE_NONE, 200);
}
