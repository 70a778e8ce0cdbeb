/* SPDX-License-Identifier: Apache-2.0 */
/* A node: makes the tables in order, for the life of the process, and hears of the store's life.
 *
 * Invariant: clients may enter once the directory has been read in this life of the process, and
 * the master key has been found to be the stores'; before that they are told to try again. Draining
 * stops new work, says bye, and leaves every log as it is.
 */
#include "flow/node.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/bot_nodes.h"
#include "flow/bot_turns.h"
#include "flow/bus.h"
#include "flow/chat_fold.h"
#include "flow/conversations.h"
#include "flow/desks.h"
#include "flow/directory.h"
#include "flow/doors.h"
#include "flow/due.h"
#include "flow/files.h"
#include "flow/hello_queue.h"
#include "flow/key_checks.h"
#include "flow/limits.h"
#include "flow/master_key.h"
#include "flow/members.h"
#include "flow/pools.h"
#include "flow/revocations.h"
#include "flow/sessions.h"

#include <inttypes.h>
#include <stdlib.h>

static void on_generation(void *user, uint64_t generation)
{
    struct node *node = user;
    log_line(generation ? LOG_INFO : LOG_WARN, generation ? "store.up" : "store.lost",
            "generation=%" PRIu64, generation);
    log_engine_on_generation(&node->logs, generation);
    if (generation == 0)
        return;
    node->store_lost = (struct outage){0};
    members_look(node);
    revocations_read(node);
}

static bool create_tables(struct node *node)
{
    return limits_create(node) && master_key_create(node) && members_create(node) &&
           bus_create(node) && revocations_create(node) && shelf_create(node) &&
           conversations_create(node) && key_checks_create(node) && sessions_create(node) &&
           hello_queue_create(node) && bots_create(node) && bot_nodes_create(node) &&
           pools_create(node) && leases_create(node) && doors_create(node) &&
           directory_create(node) && due_create(node) && files_create(node);
}

struct node *node_create(const struct node_ports *ports, const struct node_settings *settings)
{
    struct node *node = calloc(1, sizeof *node);
    void *scratch = malloc(NODE_SCRATCH_BYTES);
    check(node != NULL && scratch != NULL); /* at the start: nothing is lost by ending here */
    node->store = ports->store;
    node->keystore = ports->keystore;
    node->peers = ports->peers;
    node->http = ports->http;
    node->timers = ports->timers;
    node->random = ports->random;
    node->hints = ports->hints;
    node->blobs = ports->blobs;
    node->verifier = ports->verifier;
    node->settings = settings;
    node->out = malloc(NODE_OUT_BYTES);
    arena_init(&node->scratch, scratch, NODE_SCRATCH_BYTES);
    spares_init(&node->changes, NODE_CHANGE_BYTES, NODE_CHANGES_KEPT_MAX);
    node->random->fill(
            node->random, &node->next_id, 5); /* sessions' numbers differ between lives */
    node->store->on_generation = on_generation;
    node->store->on_generation_user = node;
    check(node->out != NULL && log_engine_init(&node->logs, node->store, node->random) &&
            create_tables(node));
    if (settings->reads_max > 0)
        node->logs.reads_max = settings->reads_max;
    return node;
}

void node_connect(struct node *node, struct peers *peers, struct http *http)
{
    node->peers = peers;
    node->http = http;
}

void node_open(struct node *node)
{
    bool is_known =
            directory_is_whole(node) && revocations_are_known(node) && master_key_is_right(node);
    if (node->is_open || !is_known)
        return;
    node->is_open = true;
    if (node->on_ready != NULL)
        node->on_ready(node->on_ready_user);
}

void node_drain(struct node *node)
{
    struct session *session = NULL;
    node->is_draining = true;
    members_leave(node);
    while ((session = session_next(node, session)) != NULL) {
        uint16_t jitter;
        node->random->fill(node->random, &jitter, sizeof jitter);
        session_bye(session, "draining", 100 + jitter % 1000, PROTO_CLOSE_GOING_AWAY);
    }
}

bool node_is_quiet(const struct node *node)
{
    return session_next((struct node *)node, NULL) == NULL;
}
