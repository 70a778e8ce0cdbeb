/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts: birth of their conversation, and who they have proved to be. */
#ifndef WEFT_FLOW_CONTACTS_H
#define WEFT_FLOW_CONTACTS_H

#include "flow/conversations.h"
#include "flow/directory.h"

/* One call, one done, later. NONE: good; store_unavailable, store_full: the same again; else a no
 * for good, as any request of that conversation would be told. conversation is borrowed until done
 * returns. */
typedef void (*contact_done)(void *user, enum proto_error_code fault, struct slice conversation);

struct contact_birth {
    struct slice name, channel, language, page; /* borrowed until the call returns */
};

/* A new contact with a conversation of its own. */
void contact_create(struct node *node, const struct tenant *tenant,
        const struct contact_birth *birth, contact_done done, void *user);
/* The conversation of the contact whom the brand calls so; the first time, a new one. */
void contact_resolve(struct node *node, const struct tenant *tenant, struct slice reference,
        struct slice name, contact_done done, void *user);
/* This conversation's contact proved to be the reference. NONE with another id: that contact has a
 * conversation already, and goes on there. */
void contact_identify(struct node *node, const struct tenant *tenant, struct slice conversation,
        struct slice reference, struct slice name, contact_done done, void *user);

/* "t:{<tenant>}c": the tenant's conversations by the time of their birth. Returns the length. */
size_t contact_index_key(struct slice tenant, char out[128]);

#endif
