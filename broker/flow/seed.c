/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the directory in line with the configuration, one change after the other.
 *
 * Invariant: only adds and updates; a tenant that the configuration no longer names stays until it
 * is removed by hand. Running it again changes nothing.
 */
#include "flow/seed.h"

#include "base/check.h"
#include "flow/credentials.h"
#include "flow/directory_changes.h"

#include <stdio.h>
#include <stdlib.h>

struct seed_change {
    struct directory_change change;
    struct seed *seed;
    struct directory_value value;
    uint8_t hash[KEY_HASH_SIZE];
    char id[40], secret[64];
    size_t secret_len;
    struct seed_bot *bot;
};

static void go_on(struct seed *seed);

static void on_changed(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct seed_change *change = LIST_ITEM(directory_change, struct seed_change, change);
    struct seed *seed = change->seed;
    bool is_good = outcome == LOG_APPENDED;
    if (is_good && change->bot != NULL)
        snprintf(change->bot->key, sizeof change->bot->key, "wk_%.*s_%s_%.*s",
                SLICE_ARGS(change->bot->tenant), change->id, (int)change->secret_len,
                change->secret);
    free(change);
    if (is_good)
        go_on(seed);
    else
        seed->on_done(seed, false);
}

static struct seed_change *make_change(struct seed *seed)
{
    struct seed_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->seed = seed;
    change->change.value = &change->value;
    change->change.may_replace = true;
    change->change.done = on_changed;
    return change;
}

static bool is_as_wanted(const struct node *node, const struct seed_tenant *wanted)
{
    const struct tenant *tenant = directory_tenant(node, wanted->id);
    if (tenant == NULL || !slice_equal(tenant->name, wanted->name) ||
            tenant->origin_count != wanted->origin_count)
        return false;
    for (size_t i = 0; i < wanted->origin_count; i++)
        if (!slice_equal(tenant->origins[i], wanted->origins[i]))
            return false;
    return true;
}

static bool seed_tenant(struct seed *seed, const struct seed_tenant *wanted)
{
    if (is_as_wanted(seed->node, wanted))
        return false;
    struct seed_change *change = make_change(seed);
    change->value = (struct directory_value){.kind = DIRECTORY_TENANT,
            .tenant = wanted->id,
            .name = wanted->name,
            .text_count = wanted->origin_count};
    memcpy(change->value.texts, wanted->origins, wanted->origin_count * sizeof *wanted->origins);
    directory_submit(seed->node, &change->change);
    return true;
}

static bool opens(struct node *node, const struct seed_bot *bot)
{
    struct credential credential;
    return credential_check(node, slice_of_string(bot->key), NULL, 0, &credential) ==
                   CREDENTIAL_GOOD &&
           credential.role == CREDENTIAL_BOT && slice_equal(credential.tenant->id, bot->tenant) &&
           slice_equal(credential.subject, bot->name);
}

static bool seed_bot(struct seed *seed, struct seed_bot *bot)
{
    struct node *node = seed->node;
    uint8_t random[20];
    if (strncmp(bot->key, "wk_", 3) == 0 && opens(node, bot))
        return false;
    struct seed_change *change = make_change(seed);
    node->random->fill(node->random, random, sizeof random);
    change->bot = bot;
    change->secret_len = base32_write(random, sizeof random, change->secret);
    key_hash(node, slice_make(change->secret, change->secret_len), change->hash);
    snprintf(change->id, sizeof change->id, "bot-%.*s", SLICE_ARGS(bot->name));
    change->value = (struct directory_value){.kind = DIRECTORY_KEY,
            .tenant = bot->tenant,
            .id = slice_of_string(change->id),
            .name = bot->name,
            .role = SLICE_OF("bot"),
            .hash = slice_make(change->hash, sizeof change->hash)};
    directory_submit(node, &change->change);
    return true;
}

static void go_on(struct seed *seed)
{
    bool is_changing = false;
    while (!is_changing && seed->next < seed->tenant_count + seed->bot_count) {
        size_t i = seed->next++;
        is_changing = i < seed->tenant_count ? seed_tenant(seed, &seed->tenants[i])
                                             : seed_bot(seed, &seed->bots[i - seed->tenant_count]);
    }
    if (!is_changing)
        seed->on_done(seed, true);
}

void seed_start(struct seed *seed)
{
    seed->next = 0;
    go_on(seed);
}
