/* SPDX-License-Identifier: Apache-2.0 */
/* Who exists: tenants, their agents and their keys, folded from the directory log.
 *
 * Small, whole in memory on every node. Views are borrowed until the next turn of the loop.
 */
#ifndef WEFT_FLOW_DIRECTORY_H
#define WEFT_FLOW_DIRECTORY_H

#include "core/route/pool_entry.h"
#include "flow/node.h"
#include "port/crypto.h"

enum {
    TENANT_ORIGINS_MAX = 16,
    TENANT_BIRTH_SIZE = 16,
    AGENT_SKILLS_MAX = 32,
    AGENT_QUEUES_MAX = 8,
    AGENT_LANGUAGES_MAX = 8,
    TENANT_BOTS_MAX = 8,
};

/* Keys are derived from the master key, the tenant's id and its birth, so nothing secret is stored
 * here, and who takes the id of a tenant that is gone takes none of its tokens. */
struct tenant {
    struct slice id, name;
    struct slice birth; /* made up when it was made; empty: of a time when that was not done */
    struct slice origins[TENANT_ORIGINS_MAX];
    size_t origin_count;
    struct slice bot_name;          /* of the first key with role bot: who begins; empty: no bot */
    uint8_t wrap_key[KEY_SIZE];     /* wraps conversation keys */
    uint8_t ticket_key[KEY_SIZE];   /* resume tickets */
    uint8_t identity_key[KEY_SIZE]; /* hashes references in the index */
    uint8_t public_key[SIGNING_PUBLIC_SIZE]; /* of the tokens that Weft signs */
    uint8_t secret_key[SIGNING_SECRET_SIZE];
    uint8_t brand_public_key[SIGNING_PUBLIC_SIZE]; /* of the tokens that the brand signs: known
                                                      contacts only */
};

struct agent_profile {
    struct slice tenant, id, name;
    struct pool_skill skills[AGENT_SKILLS_MAX];
    size_t skill_count;
    struct slice languages[AGENT_LANGUAGES_MAX];
    size_t language_count;
    uint32_t capacity;
    struct slice queues[AGENT_QUEUES_MAX]; /* none: all */
    size_t queue_count;
    struct pool_channel channels[POOL_CHANNELS_MAX];
    size_t channel_count;
    struct slice shift; /* of the policy; empty: always */
    bool auto_accept, is_supervisor;
    uint64_t revision; /* grows with each change; this node's own count */
};

enum credential_role { CREDENTIAL_CUSTOMER, CREDENTIAL_AGENT, CREDENTIAL_BOT, CREDENTIAL_SERVICE };

/* Whoever a token, ticket or key speaks for. */
struct credential {
    enum credential_role role;
    const struct tenant *tenant;
    struct slice subject;   /* conversation id, agent id, key's name; empty when reference is set */
    struct slice reference; /* a known contact, as the brand calls them */
    struct slice name;
};

enum credential_fault { CREDENTIAL_GOOD, CREDENTIAL_BAD, CREDENTIAL_EXPIRED };

bool directory_create(
        struct node *node); /* sets node->directory, begins to load and to follow the log */
/* Reads the directory's log again, so that it holds what another node has written up to now. done
 * runs once, later; is_fresh: it was read. The look is the caller's until then. */
struct directory_look {
    struct log_change log;
    void (*done)(struct directory_look *look, bool is_fresh);
};
void directory_look(struct node *node, struct directory_look *look);
/* Grows with each change of an agent; this node's own count. */
uint64_t directory_revision(const struct node *node);
bool directory_is_whole(const struct node *node); /* all of the log has been read */

const struct tenant *directory_tenant(const struct node *node, struct slice id); /* NULL: none */
const struct agent_profile *directory_agent(
        const struct node *node, struct slice tenant, struct slice id);
/* All agents of a tenant: cursor NULL starts; NULL ends. */
const struct agent_profile *directory_next_agent(
        const struct node *node, struct slice tenant, const struct agent_profile *cursor);
/* Any tenant's origin list holds it; for the handshake, before the tenant is known. */
bool directory_knows_origin(const struct node *node, struct slice origin);
/* The tenant's list holds it, or it is the origin of this Weft's own pages. */
bool directory_admits_origin(
        const struct node *node, const struct tenant *tenant, struct slice origin);
/* All tenants: cursor NULL starts; NULL ends. */
const struct tenant *directory_next_tenant(const struct node *node, const struct tenant *cursor);

/* Checks a token or key of a hello, or a token of identify. Strings borrow from scratch. */
enum credential_fault credential_check(struct node *node, struct slice token, char *scratch,
        size_t scratch_len, struct credential *out);
/* Tickets, for welcome and hello. ticket_issue appends the ticket's text to out. */
bool ticket_issue(struct node *node, const struct credential *credential, struct buffer *out);
enum credential_fault ticket_redeem(struct node *node, struct slice ticket, char *scratch,
        size_t scratch_len, struct credential *out);

#endif
