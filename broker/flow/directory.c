/* SPDX-License-Identifier: Apache-2.0 */
/* The directory: tenants, agents and keys, folded from the directory log.
 *
 * Invariant: what is here is what the log says; changes are appended like everything else and are
 * in force once folded. Of a key only a hash is stored, and a tenant's own keys are derived with
 * the master key, so this log holds nothing that opens a door. It is small and read whole; while it
 * is read again, what it said before stays in force, so that nobody is told that they do not exist.
 */
#include "flow/directory.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/bus_record.h"
#include "flow/directory_changes.h"
#include "flow/directory_codec.h"
#include "flow/erase.h"
#include "flow/pools.h"
#include "flow/sessions.h"
#include "flow/tenant_keys.h"

#include <stdlib.h>

struct tenant_item {
    struct map_node by_id;
    struct tenant tenant;
    struct directory_value *value; /* what the tenant's slices borrow from */
    struct map agents, keys;
};

struct agent_item {
    struct map_node by_id;
    struct agent_profile profile;
    struct directory_value *value;
};

struct key_item {
    struct map_node by_id;
    struct directory_value *value;
};

struct directory {
    struct node *node;
    struct log log;
    struct map tenants; /* the fold */
    struct map before;  /* the fold as it was, in force until the log has been read again */
    bool is_whole;
    uint64_t revision;
    struct id_text gone; /* the tenant that was removed last, until its rest is; empty: none */
    struct bus_topic topic;
};

/* ---- views ------------------------------------------------------------------------------------
 */

static const struct map *in_force(const struct directory *directory)
{
    return directory->is_whole ? &directory->tenants : &directory->before;
}

static struct tenant_item *find_tenant(const struct node *node, struct slice id)
{
    return MAP_ITEM(map_find(in_force(node->directory), id), struct tenant_item, by_id);
}

const struct tenant *directory_tenant(const struct node *node, struct slice id)
{
    struct tenant_item *item = find_tenant(node, id);
    return item ? &item->tenant : NULL;
}

const struct tenant *directory_next_tenant(const struct node *node, const struct tenant *cursor)
{
    const struct map_node *at = NULL;
    if (cursor != NULL)
        at = &LIST_ITEM(cursor, struct tenant_item, tenant)->by_id;
    at = map_next(in_force(node->directory), at);
    return at ? &MAP_ITEM((struct map_node *)at, struct tenant_item, by_id)->tenant : NULL;
}

const struct agent_profile *directory_agent(
        const struct node *node, struct slice tenant, struct slice id)
{
    struct tenant_item *item = find_tenant(node, tenant);
    struct map_node *found = item ? map_find(&item->agents, id) : NULL;
    return found ? &MAP_ITEM(found, struct agent_item, by_id)->profile : NULL;
}

const struct agent_profile *directory_next_agent(
        const struct node *node, struct slice tenant, const struct agent_profile *cursor)
{
    struct tenant_item *item = find_tenant(node, tenant);
    const struct map_node *at = cursor && item ? map_find(&item->agents, cursor->id) : NULL;
    at = item ? map_next(&item->agents, at) : NULL;
    return at ? &MAP_ITEM((struct map_node *)at, struct agent_item, by_id)->profile : NULL;
}

const struct directory_value *directory_key(
        const struct node *node, struct slice tenant, struct slice id)
{
    struct tenant_item *item = find_tenant(node, tenant);
    struct map_node *found = item ? map_find(&item->keys, id) : NULL;
    return found ? MAP_ITEM(found, struct key_item, by_id)->value : NULL;
}

uint64_t directory_revision(const struct node *node)
{
    return node->directory->revision;
}

bool directory_is_whole(const struct node *node)
{
    return node->directory->is_whole;
}

/* ---- folding ----------------------------------------------------------------------------------
 */

static void free_agent(struct map *agents, struct agent_item *item)
{
    map_remove(agents, &item->by_id);
    free(item->value);
    free(item);
}

static void free_tenant(struct map *tenants, struct tenant_item *item)
{
    const struct map_node *at;
    while ((at = map_next(&item->agents, NULL)) != NULL)
        free_agent(&item->agents, MAP_ITEM((struct map_node *)at, struct agent_item, by_id));
    while ((at = map_next(&item->keys, NULL)) != NULL) {
        struct key_item *key = MAP_ITEM((struct map_node *)at, struct key_item, by_id);
        map_remove(&item->keys, &key->by_id);
        free(key->value);
        free(key);
    }
    map_finish(&item->agents);
    map_finish(&item->keys);
    map_remove(tenants, &item->by_id);
    memset(&item->tenant, 0, sizeof item->tenant);
    free(item->value);
    free(item);
}

static struct tenant_item *folded_tenant(struct directory *directory, struct slice id)
{
    return MAP_ITEM(map_find(&directory->tenants, id), struct tenant_item, by_id);
}

static void set_tenant(struct directory *directory, struct directory_value *value)
{
    struct tenant_item *item = folded_tenant(directory, value->tenant);
    if (item == NULL) {
        item = calloc(1, sizeof *item);
        check(item != NULL);
    } else {
        map_remove(&directory->tenants, &item->by_id);
        free(item->value);
    }
    struct slice bot_name = item->tenant.bot_name;
    item->value = value;
    item->tenant = (struct tenant){.id = value->tenant,
            .name = value->name,
            .birth = value->hash,
            .origin_count = value->text_count,
            .bot_name = bot_name};
    memcpy(item->tenant.origins, value->texts, value->text_count * sizeof *value->texts);
    tenant_keys_derive(directory->node->settings->master_key, &item->tenant);
    map_put(&directory->tenants, &item->by_id, item->tenant.id);
}

static void set_agent(
        struct directory *directory, struct tenant_item *tenant, struct directory_value *value)
{
    struct map_node *found = map_find(&tenant->agents, value->id);
    if (found != NULL)
        free_agent(&tenant->agents, MAP_ITEM(found, struct agent_item, by_id));
    struct agent_item *item = calloc(1, sizeof *item);
    check(item != NULL);
    item->value = value;
    item->profile = directory_profile(value);
    item->profile.tenant = tenant->tenant.id;
    item->profile.revision = ++directory->revision;
    map_put(&tenant->agents, &item->by_id, item->profile.id);
}

static void set_key(struct tenant_item *tenant, struct directory_value *value)
{
    struct map_node *found = map_find(&tenant->keys, value->id);
    struct key_item *item =
            found ? MAP_ITEM(found, struct key_item, by_id) : calloc(1, sizeof *item);
    check(item != NULL);
    if (found != NULL) {
        map_remove(&tenant->keys, found);
        if (slice_equal(tenant->tenant.bot_name, item->value->name))
            tenant->tenant.bot_name = SLICE_NONE;
        free(item->value);
    }
    item->value = value;
    if (slice_is(value->role, "bot") && tenant->tenant.bot_name.len == 0)
        tenant->tenant.bot_name = value->name;
    map_put(&tenant->keys, &item->by_id, value->id);
}

static void fold_value(struct directory *directory, struct directory_value *value)
{
    struct tenant_item *tenant = folded_tenant(directory, value->tenant);
    if (value->kind == DIRECTORY_TENANT) {
        set_tenant(directory, value);
    } else if (tenant != NULL && value->kind == DIRECTORY_AGENT) {
        set_agent(directory, tenant, value);
    } else if (tenant != NULL && value->kind == DIRECTORY_KEY) {
        set_key(tenant, value);
    } else {
        if (tenant != NULL && value->kind == DIRECTORY_TENANT_GONE) {
            id_set(&directory->gone, value->tenant);
            free_tenant(&directory->tenants, tenant);
        }
        free(value);
    }
}

/* ---- the log ----------------------------------------------------------------------------------
 */

static struct directory *directory_of(struct log *log)
{
    return LIST_ITEM(log, struct directory, log);
}

static void free_all(struct map *tenants)
{
    const struct map_node *at;
    while ((at = map_next(tenants, NULL)) != NULL)
        free_tenant(tenants, MAP_ITEM((struct map_node *)at, struct tenant_item, by_id));
    map_finish(tenants);
    *tenants = (struct map){0};
}

static void clear(struct log *log)
{
    struct directory *directory = directory_of(log);
    if (directory->is_whole) {
        directory->before = directory->tenants;
        directory->tenants = (struct map){0};
    }
    directory->is_whole = false;
    free_all(&directory->tenants);
}

static enum log_fold apply(struct log *log, const struct record *record)
{
    struct directory *directory = directory_of(log);
    struct directory_value *value;
    enum directory_fault fault = directory_decode(record->plain, &directory->node->scratch, &value);
    if (fault == DIRECTORY_GOOD)
        fold_value(directory, value);
    return fault == DIRECTORY_GOOD      ? LOG_FOLDED
           : fault == DIRECTORY_UNKNOWN ? LOG_FOLD_UNKNOWN
                                        : LOG_FOLD_DAMAGED;
}

/* Sessions of tenants that another node removed. The node that removes one sees to it itself. */
static void shut_out_strangers(struct directory *directory)
{
    struct node *node = directory->node;
    struct session *session = NULL;
    if (directory->gone.len == 0)
        return;
    while ((session = session_next(node, session)) != NULL)
        if (session->has_entered && directory_tenant(node, session->tenant) == NULL)
            session_close(session, PROTO_CLOSE_REVOKED, "tenant_removed");
    if (directory_tenant(node, id_slice(&directory->gone)) == NULL)
        erase_tenant_rest(node, id_slice(&directory->gone));
    directory->gone.len = 0;
}

static void on_record(struct log *log, const struct record *record)
{
    struct directory *directory = directory_of(log);
    directory->gone.len = 0;
    bus_tell_record(directory->node, directory->topic.by_name.key, log, record);
}

static void on_foreign(struct log *log, const struct record *record)
{
    (void)record;
    pools_open_all(directory_of(log)->node); /* a tenant may have been made */
    shut_out_strangers(directory_of(log));
}

static void on_moved(struct log *log)
{
    struct directory *directory = directory_of(log);
    directory->is_whole = true;
    free_all(&directory->before);
    node_open(directory->node);
    pools_open_all(directory->node); /* a tenant may have been made at another node */
    shut_out_strangers(directory);
}

static void on_hint(struct bus_topic *topic, const struct bus_hint *hint)
{
    bus_take_record(&LIST_ITEM(topic, struct directory, topic)->log, hint);
}

static void on_gap(struct bus_topic *topic)
{
    log_doubt(&LIST_ITEM(topic, struct directory, topic)->log);
}

static const struct log_kind directory_log_kind = {
        .clear = clear,
        .apply = apply,
        .on_record = on_record,
        .on_moved = on_moved,
        .on_foreign = on_foreign,
};

bool directory_create(struct node *node)
{
    struct directory *directory = calloc(1, sizeof *directory);
    node->directory = directory;
    if (directory == NULL)
        return false;
    directory->node = node;
    log_init(&directory->log, &node->logs, &directory_log_kind, SLICE_OF("{w}directory"),
            SLICE_NONE, SLICE_NONE);
    directory->log.is_followed = true;
    directory->log.may_begin = true;
    log_follow(&directory->log);
    directory->topic.on_hint = on_hint;
    directory->topic.on_gap = on_gap;
    bus_open(node, &directory->topic, SLICE_OF("{w}h:directory"));
    return true;
}

/* ---- changes ----------------------------------------------------------------------------------
 */

/* A tenant that is changed keeps its birth, and so its keys. */
static void encode_tenant(
        struct directory *directory, const struct directory_value *wanted, struct buffer *out)
{
    const struct tenant_item *known = folded_tenant(directory, wanted->tenant);
    struct random *random = directory->node->random;
    struct directory_value value = *wanted;
    uint8_t birth[TENANT_BIRTH_SIZE];
    random->fill(random, birth, sizeof birth);
    value.hash = known ? known->tenant.birth : slice_make(birth, sizeof birth);
    directory_encode(&value, out);
}

static enum log_decision decide(
        struct log_change *log_change, struct log *log, struct log_draft *draft)
{
    struct directory_change *change = LIST_ITEM(log_change, struct directory_change, log);
    struct directory *directory = directory_of(log);
    bool has_tenant = folded_tenant(directory, change->value->tenant) != NULL;
    bool is_new_tenant = change->value->kind == DIRECTORY_TENANT;
    if (is_new_tenant ? has_tenant && !change->may_replace : !has_tenant)
        return LOG_NO;
    if (change->complete != NULL)
        change->complete(change);
    draft->time_ms = node_time_ms(directory->node);
    if (is_new_tenant)
        encode_tenant(directory, change->value, &draft->plain);
    else
        directory_encode(change->value, &draft->plain);
    return LOG_APPEND;
}

static void on_done(struct log_change *log_change, struct log *log)
{
    struct directory_change *change = LIST_ITEM(log_change, struct directory_change, log);
    (void)log;
    change->done(change, log_change->result.outcome);
}

void directory_submit(struct node *node, struct directory_change *change)
{
    change->log.decide = decide;
    change->log.done = on_done;
    log_submit(&node->directory->log, &change->log);
}

/* ---- looking ----------------------------------------------------------------------------------
 */

/* A no is said only after a read that is newer than the question (rule 6): it makes one. */
static enum log_decision decide_look(
        struct log_change *change, struct log *log, struct log_draft *draft)
{
    (void)change, (void)log, (void)draft;
    return LOG_NO;
}

static void on_looked(struct log_change *change, struct log *log)
{
    struct directory_look *look = LIST_ITEM(change, struct directory_look, log);
    (void)log;
    look->done(look, change->result.outcome == LOG_REFUSED);
}

void directory_look(struct node *node, struct directory_look *look)
{
    look->log.decide = decide_look;
    look->log.done = on_looked;
    log_submit(&node->directory->log, &look->log);
}
