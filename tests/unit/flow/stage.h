/* SPDX-License-Identifier: Apache-2.0 */
/* A stage for the flows: one real node (or several) on made-up stores and peers, two tenants, and
 * clients that speak in JSON and keep all that they hear.
 *
 *   stage_start();
 *   struct actor *ada = stage_customer("north");
 *   act_say(ada, "Hello");
 *   expect(heard(ada, "\"ack\""));
 */
#ifndef WEFT_TESTS_UNIT_FLOW_STAGE_H
#define WEFT_TESTS_UNIT_FLOW_STAGE_H

#include "flow/conversations.h"
#include "lib/fake_hints.h"
#include "lib/fake_keystore.h"
#include "lib/fake_store.h"
#include "lib/fake_verifier.h"
#include "sim/fake_peers.h"

enum { ACTORS_MAX = 64, HEARD_BYTES = 1 << 20, STAGE_NODES_MAX = 3 };

/* Somebody with one connection at a time. */
struct actor {
    struct fake_client client;
    size_t on; /* the node that the next connection leads to */
    char token[1024];
    bool is_bot;
    char lineage[40], conversation[40], owner[40], turn[40], offer[40], ticket[512];
    uint64_t n, next_id;
    int close_code; /* of the last connection; 0: it lasts */
    char heard[HEARD_BYTES];
    size_t heard_len, mark; /* mark: heard() looks from here on */
};

struct stage_node {
    struct store *store;
    struct fake_keystore keystore;
    struct fake_verifier verifier;
    struct fake_timers timers;
    struct fake_random random;
    struct fake_peers *peers;
    struct hints *hints; /* NULL: the only one */
    struct node *node;   /* NULL: it is dead */
};

struct stage {
    struct fake_clock clock;
    struct fake_server *server, *key_server;
    struct fake_bus *bus; /* of several nodes */
    struct stage_node nodes[STAGE_NODES_MAX];
    size_t node_count;
    struct fake_timers world_timers;
    struct timer bell; /* tells every node to look at the logs that it follows */
    struct node_settings settings;
    struct store *store; /* of the first node, as are the next two */
    struct fake_peers *peers;
    struct node *node;
    char keys[4][160]; /* of the bots and services of north, then of south */
};

extern struct stage stage;

/* Tenants "north" and "south", each with a bot's key, a service's key and the agents "anna" and
 * "ben". */
void stage_start(void);
void stage_start_nodes(size_t count);
/* Nodes look at a log only when a hint says so, as they do in earnest: in all stages after this. */
void stage_silence_bell(void);
/* The process of this node dies: clients, stores and hints learn of it as they would. Its memory is
 * the stage's until the end. stage_revive starts another in its place. */
void stage_kill(size_t node);
void stage_revive(size_t node);
/* New actors connect to this node from now on: 0 at first. */
void stage_on(size_t node);
/* And with this codec: JSON at first. */
void stage_speak(enum peer_codec codec);
/* Files can be attached, and lie there: in all stages after this. */
void stage_attach(struct blobs *blobs);
void stage_end(void);
void stage_run(uint64_t ms);
/* An entry of the tenant's pool that is dated so far ahead. */
void stage_set_pool_ahead(const char *tenant, uint64_t ms);
/* The agent is a supervisor from now on. */
void stage_make_supervisor(const char *tenant, const char *id);
/* One more agent of the tenant, who will never come. */
void stage_add_agent(const char *tenant, unsigned number);

/* Each comes in, and has heard welcome. */
struct actor *stage_customer(const char *tenant); /* a new anonymous one */
struct actor *stage_known(const char *tenant, const char *reference);
struct actor *stage_agent(const char *tenant, const char *id); /* online */
/* One more window of an agent, at this node, without a word about presence, which needs the store.
 */
struct actor *stage_window(const char *tenant, const char *id, size_t node);
struct actor *stage_bot(const char *tenant);
/* The same in tenant north, at this node; and so do who come after them. */
struct actor *stage_customer_at(size_t node);
struct actor *stage_agent_at(size_t node, const char *id);
struct actor *stage_bot_at(size_t node);
struct actor *stage_service(const char *tenant);
/* Another connection for who is here already, or was. */
void act_enter(struct actor *actor);
void act_leave(struct actor *actor);

/* Sends a frame, written as JSON, and gives the node time to answer. What was heard before counts
 * no more. */
void act_ask(struct actor *actor, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, but gives it only so many ms, and keeps the mark. */
void act_later(struct actor *actor, uint64_t ms, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* Whether the text was heard since the last act. */
bool heard(const struct actor *actor, const char *text);
bool heard_ever(const struct actor *actor, const char *text);
/* How often: ever, and since the last act. */
size_t times_heard(const struct actor *actor, const char *text);
size_t times_heard_lately(const struct actor *actor, const char *text);
/* Waits until it is heard, for at most ms. */
bool will_hear(struct actor *actor, const char *text, uint64_t ms);

void act_say(struct actor *actor, const char *text); /* customers; agents: with their owner token */
void act_note(struct actor *agent, const char *text); /* to the colleagues */
/* The bot answers its last turn; extra is further members, ",…" or empty. */
void act_commit(struct actor *bot, const char *text, const char *extra);
/* From a customer's first words to an agent who owns the case. */
void hand_to_agent(struct actor *customer, struct actor *bot, struct actor *agent);

/* The conversation as this node has it folded. */
const struct conversation *fold_of(const struct actor *actor);
/* Signs a token of this Weft, or as the brand would. */
void act_sign(struct actor *actor, const char *tenant, const char *role, const char *subject,
        bool is_brand);
/* An actor who is not there yet. */
struct actor *stage_actor(void);
/* The stage's own calls at its beginning, and when nobody can hear any more. */
void stage_actors_begin(void);
void stage_actors_end(void);

/* Ada, handed by a bot to Anna; Ben is at another desk and knows of her conversation. */
void stage_hand_over_ben(struct actor **ada, struct actor **anna, struct actor **ben);

#endif
