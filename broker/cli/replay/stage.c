/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of a replay: a tenant that is its own, made before and removed after.
 *
 * Invariant: the tenant's id is chosen here, so that it can be removed even when the answer to its
 * making was lost.
 */
#include "cli/replay/replay.h"

#include "cli/api.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAKE_PATIENCE_MS = 10000, STRIKE_PATIENCE_MS = 120000 };

static bool make_tenant(struct replay *replay)
{
    struct api_answer answer;
    char body[256];
    size_t len = 0;
    snprintf(replay->tenant, sizeof replay->tenant, "replay-%" PRIx64, replay_random());
    snprintf(body, sizeof body, "{\"id\":\"%s\",\"name\":\"Replay\",\"origins\":[]}",
            replay->tenant);
    bool is_made = api_ask(
            &replay->place, true, "POST", "/v1/admin/tenants", body, MAKE_PATIENCE_MS, &answer);
    const char *secret = is_made ? api_text(&answer, "signing_secret") : NULL;
    bool is_good = secret != NULL &&
                   base64url_read(slice_of_string(secret), replay->signing_secret,
                           sizeof replay->signing_secret, &len) &&
                   len == sizeof replay->signing_secret;
    if (!is_made)
        say("the tenant could not be made: %s", answer.sentence);
    else if (!is_good)
        say("the server gave no signing secret for the tenant");
    api_finish(&answer);
    return is_good;
}

static bool make_key(struct replay *replay)
{
    struct api_answer answer;
    char path[API_PATH_MAX];
    snprintf(path, sizeof path, "/v1/admin/tenants/%s/keys", replay->tenant);
    bool is_made = api_ask_patiently(&replay->place, true, "POST", path,
            "{\"role\":\"bot\",\"name\":\"replay\"}", MAKE_PATIENCE_MS, &answer);
    const char *key = is_made ? api_text(&answer, "key") : NULL;
    bool is_good = key != NULL && strlen(key) < sizeof replay->bot_key;
    if (is_good)
        snprintf(replay->bot_key, sizeof replay->bot_key, "%s", key);
    else
        say("the bot's key could not be made: %s", answer.sentence);
    api_finish(&answer);
    return is_good;
}

bool stage_build(struct replay *replay)
{
    if (!make_tenant(replay))
        return false;
    if (make_key(replay))
        return true;
    stage_strike(replay);
    return false;
}

bool stage_strike(struct replay *replay)
{
    struct api_answer answer;
    char path[API_PATH_MAX];
    snprintf(path, sizeof path, "/v1/admin/tenants/%s", replay->tenant);
    bool is_gone = api_ask_patiently(
            &replay->place, true, "DELETE", path, NULL, STRIKE_PATIENCE_MS, &answer);
    is_gone = is_gone || answer.status == 404; /* an earlier try was carried out */
    if (!is_gone)
        say("the tenant %s could not be removed: %s", replay->tenant, answer.sentence);
    api_finish(&answer);
    memset(replay->signing_secret, 0, sizeof replay->signing_secret);
    return is_gone;
}
