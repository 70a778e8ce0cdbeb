/* SPDX-License-Identifier: Apache-2.0 */
/* One message in an outbox, with all the bytes that it needs. Only outbox.c uses it. */
#ifndef WEFT_BOTS_OUTBOX_ITEM_H
#define WEFT_BOTS_OUTBOX_ITEM_H

#include "bots/sdk/c/outbox.h"

enum outbox_item_state {
    OUTBOX_NEW,     /* has no number yet */
    OUTBOX_WAITING, /* has a number, and is to be sent (again) */
    OUTBOX_FLYING,  /* sent on this connection, not answered */
    OUTBOX_ACKED,   /* kept for healing */
};

struct outbox_item {
    struct list node;
    uint64_t key;
    enum outbox_item_state state;
    bool is_unsure;      /* may have been accepted under its present number */
    bool was_unsure;     /* the same, before it was sent last */
    bool was_told_later; /* by the server: it travels alone from then on */
    uint64_t sent_in;    /* the outbox's round in which it was sent last */
    unsigned moves;      /* to another lineage, because the server refused the old one */
    bool has_at;
    struct name at; /* where it was accepted */
    char lineage[OUTBOX_LINEAGE_MAX + 1];
    char id[64];
    struct proto_send send; /* all slices point into bytes, lineage or id */
    char *bytes;
};

/* Copies the message. owns: outbox_item_destroy frees it */
struct outbox_item *outbox_item_create(const struct outbox_message *message);
void outbox_item_destroy(struct outbox_item *item);

/* Gives the item its place in a lineage. */
void outbox_item_number(struct outbox_item *item, const char *lineage, uint64_t n, struct slice id);

#endif
