/* SPDX-License-Identifier: Apache-2.0 */
/* What one weftd node is made of: its ports, its settings, and the tables of what is open here.
 *
 *   directory      who exists: tenants, agents, keys            (directory.h)
 *   sessions       who is connected                             (sessions.h)
 *   conversations  which conversations are open on this node    (conversations.h)
 *   bots           which workers are connected, whose turn      (bot_turns.h)
 *   pools, agents  who waits for whom, who is at their desk     (pools.h)
 *   members, bus   which other nodes live, what they tell       (members.h, bus.h)
 *
 * main.c (or the simulator) makes it; every flow gets it.
 */
#ifndef WEFT_FLOW_NODE_H
#define WEFT_FLOW_NODE_H

#include "base/arena.h"
#include "base/map.h"
#include "core/route/policy.h"
#include "flow/outage.h"
#include "log/log.h"
#include "port/blobs.h"
#include "port/hints.h"
#include "port/http.h"
#include "port/keystore.h"
#include "port/peers.h"
#include "port/random.h"
#include "port/store.h"
#include "port/timers.h"
#include "proto/codec.h"

struct route_staff; /* core/route/setup.h */
struct directory;
struct sessions;
struct conversations;
struct kept_entry;
struct shelf;
struct bots;
struct bot_nodes;
struct pools;
struct doors;
struct due;
struct limits;
struct files;
struct hello_queue;
struct leases;
struct members;
struct revocations;
struct bus;

enum { POLICY_WHY_MAX = 256 };

struct node_settings {
    uint8_t master_key[32];
    struct slice admin_token; /* what the admin doors ask for; empty: they are shut */
    struct slice public_url;  /* "http://host:port", for links */
    enum proto_durability durability;
    uint32_t connections_max, conversations_hot_max;
    uint32_t messages_per_min, agent_messages_per_min, sessions_per_min_per_ip;
    uint64_t edit_window_ms;                                 /* how long own words may be edited */
    uint64_t upload_bytes_max, upload_bytes_per_contact_max; /* of one file, of all of a contact */
    uint64_t file_url_ms; /* for how long a file's address is good */
    /* 0: no limit */
    uint32_t messages_per_min_per_contact, messages_per_min_per_tenant, sessions_per_contact_max;
    uint32_t due_buckets; /* so many are filled and looked through, for simulations. 0: all */
    /* So many agents and requests a pool's snapshot holds in one entry (more are saved in parts),
     * so many bytes a part, and so many entries lie between two: for simulations. 0: as ever */
    uint32_t pool_whole_max, pool_part_bytes, pool_saved_every;
    /* Folds in use, and patient reads with the store: for simulations. 0: as ever */
    uint32_t folds_max, reads_max;
    uint32_t ping_ms, dead_ms; /* as the peers are watched; told in welcome. 0: the protocol's */
    uint64_t turn_lease_ms, turn_deadline_ms, bot_absent_ms, presence_grace_ms;
    uint64_t token_ms, ticket_ms, customer_renewal_ms, agent_renewal_ms;
    struct route_policy policy; /* of pools in whose log no other was put */
    /* Reads a policy's text; for a staff, refusing what nobody of them could serve (NULL: it is a
     * log's, and is in force already).
     * owns: free() what it returns. errors: NULL, out_why is a sentence */
    struct route_policy *(*read_policy)(
            struct slice text, const struct route_staff *staff, char out_why[POLICY_WHY_MAX]);
};

enum { NODE_SCRATCH_BYTES = 1024 * 1024, NODE_OUT_BYTES = 2 * 1024 * 1024 };
/* A change with a body of some hundred bytes; so many of them stay behind after a burst. */
enum { NODE_CHANGE_BYTES = 2048, NODE_CHANGES_KEPT_MAX = 1024 };

struct node {
    struct store *store;
    struct keystore *keystore;
    struct peers *peers;
    struct http *http;
    struct timers *timers;
    struct random *random;
    struct hints *hints;                  /* NULL: the only node */
    struct blobs *blobs;                  /* NULL: nothing can be attached */
    struct verifier *verifier;            /* NULL: tokens are verified in the turn of their hello */
    const struct node_settings *settings; /* borrowed for the node's life */
    struct log_engine logs;
    struct spares changes; /* those that come with every message take their memory here */
    struct arena scratch;  /* of the event at hand: use NODE_SCRATCH_SCOPE */
    char *out;             /* the frame being written, NODE_OUT_BYTES */
    struct outage store_lost, store_full; /* as those who were sent away have seen it */
    bool is_draining;
    bool is_open;     /* the directory is loaded: clients may enter */
    uint64_t next_id; /* for sessions' ids */
    struct directory *directory;
    struct map tenant_ids; /* tenant_ids.c */
    struct sessions *sessions;
    struct hello_queue *hellos; /* those that wait for a turn: hello_queue.h */
    struct conversations *conversations;
    struct key_checks *key_checks;
    struct shelf *shelf;     /* folds that rest: chat_fold.c */
    struct kept_entry *kept; /* the entry that was folded last: chat_log.c */
    struct bots *bots;
    struct bot_nodes *bot_nodes;
    struct pools *pools;
    struct slice policy_file; /* the text of the policy file, borrowed; NULL: there is none */
    struct map agents;        /* agents.c: who is at a desk of this node */
    struct leases *leases;    /* desk_leases.c */
    struct doors *doors;
    unsigned batches; /* of events, under way: door_journey.c */
    struct due *due;
    struct revocations *revocations;
    struct master_key *master_key;
    struct limits *limits;
    struct files *files;              /* what is on its way, up or down: files.h */
    struct members *members;          /* which nodes live */
    struct bus *bus;                  /* what they tell each other */
    void (*on_ready)(void *user);     /* the directory is loaded for the first time */
    void (*on_wrong_key)(void *user); /* the stores are another master key's: it never gets ready */
    void *on_ready_user;              /* of both */
};

struct node_ports {
    struct store *store;
    struct keystore *keystore;
    struct peers *peers; /* set later by node_connect when the server needs the node first */
    struct http *http;
    struct timers *timers;
    struct random *random;
    struct hints *hints;       /* NULL: this is the only node, and stays it */
    struct blobs *blobs;       /* NULL: nothing can be attached */
    struct verifier *verifier; /* NULL: tokens are verified in the turn of their hello */
};

/* errors: out of memory at the start ends the process
 * owns:   lives as long as the process, and borrows the ports and the settings for as long */
struct node *node_create(const struct node_ports *ports, const struct node_settings *settings);
void node_connect(struct node *node, struct peers *peers, struct http *http);

/* For ws: user is the node. */
extern const struct peer_events node_peer_events;
extern const struct http_events node_http_events;

/* Clients may enter once the directory and the revocations were read and the master key is known to
 * be right: called after each of them. */
void node_open(struct node *node);
bool node_is_quiet(const struct node *node); /* nobody is connected */

/* The same text for the node's life, of a tenant that there is or was: what many borrow. */
struct slice tenant_id_keep(struct node *node, struct slice id);

/* Says bye to everybody, takes no more; the sockets close by themselves. */
void node_drain(struct node *node);

/* Milliseconds of the log's clock (Redis TIME estimate), and of the monotonic clock. */
static inline uint64_t node_time_ms(struct node *node)
{
    return node->store->ops->now_ms(node->store);
}

static inline uint64_t node_clock_ms(struct node *node)
{
    return node->timers->ops->now_ms(node->timers);
}

#endif
