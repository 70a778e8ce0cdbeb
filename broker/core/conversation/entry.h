/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a conversation log, as the core sees it: who, when, and its parts.
 *
 * Bodies and handoff packets are encoded slices: the core never looks at anybody's words. All
 * slices are borrowed from whoever decoded or drafted the entry.
 */
#ifndef WEFT_CORE_CONVERSATION_ENTRY_H
#define WEFT_CORE_CONVERSATION_ENTRY_H

#include "base/name.h"

enum {
    ENTRY_PARTS_MAX = 16,
    ENTRY_PAIRS_MAX = 32,
    ID_MAX = 64,
    LINEAGE_MAX = 32,
    DISPLAY_NAME_MAX = 128,
    REASON_MAX = 64,
    EMOJI_MAX = 32,
};

/* The numbers are stored: never reuse one. */
enum part_kind {
    PART_CREATED = 1, /* id: tenant · name: display name · channel, page, language */
    PART_MESSAGE = 2,
    PART_OWNER = 3, /* owner, id, name; the owner token is this entry's name */
    PART_CASE_OPENED = 4,
    PART_CASE_CLOSED = 5, /* reason · ref: the owner token that closed it */
    PART_TURN = 6,        /* number: attempt · from_seq: the input begins here */
    PART_TURN_OVER = 7,   /* ref: turn · reason */
    PART_COMMITTED = 8,   /* ref: turn · digest */
    PART_STATE = 9,       /* pairs: a patch */
    PART_LABELS = 10,     /* pairs: names only */
    PART_QUEUED = 11,     /* reason, handoff, number: first queued at, id: straight to this agent */
    PART_VOIDED = 12,     /* ref: request; this entry is the request from now on */
    PART_IDENTITY = 13,   /* id: keyed digest of the reference · name */
    PART_SNAPSHOT = 14,   /* body: the encoded fold before this entry */
    PART_SUPERSEDED = 15, /* id: the conversation that goes on */
    PART_JOINED = 16,     /* id: the other conversation · ref: its last name */
    PART_ERASED = 17,
    PART_EDITED = 18,      /* ref: target · body: the words from now on */
    PART_DELETED = 19,     /* ref: target */
    PART_REACTED = 20,     /* ref: target · name: emoji · number: 1 added, 0 taken back */
    PART_AMENDMENTS = 21,  /* body: a page of amendments · number: the page before it · from_seq:
                              pages before it tell of amendments up to there */
    PART_PARTICIPANT = 26, /* id, name: an agent beside the owner · number: 1 joined, 0 left; who
                              joined speaks with this entry's name as their token */
    PART_INVITED = 27,     /* id: an agent who may join */
    PART_CALLBACK = 28, /* reason · what is agreed from now on: channel, name: the address, number:
                           not before, from_seq: until when, n: attempts; no channel: nothing */
    PART_EVENT = 32, /* a step of the journey · id: its sender's own · name · digest: of author's
                        kind and id · number: when, by its sender's clock · body: properties */
    PART_KIND_LAST = PART_EVENT,
};

enum visibility { VISIBLE_TO_ALL = 0, VISIBLE_TO_STAFF = 1, VISIBLE_TO_NOBODY = 2 };
enum author_kind { AUTHOR_CUSTOMER = 1, AUTHOR_AGENT, AUTHOR_BOT, AUTHOR_SYSTEM, AUTHOR_SERVICE };
enum owner_kind { OWNER_NONE = 0, OWNER_BOT = 1, OWNER_AGENT = 2 };

struct pair {
    struct slice name;
    struct slice value; /* bytes NULL: remove the name */
};

struct part {
    enum part_kind kind;
    enum visibility visibility;
    enum owner_kind owner;
    struct slice id, name, reason;
    struct slice channel, page, language;
    struct slice lineage;
    uint64_t n;
    uint64_t digest;
    uint64_t number;
    uint64_t from_seq;
    struct name ref;
    struct slice body;    /* MESSAGE, EDITED: encoded body · SNAPSHOT: encoded fold */
    struct slice handoff; /* QUEUED: encoded packet, may be empty */
    const struct pair *pairs;
    size_t pair_count;
};

struct author {
    enum author_kind kind;
    struct slice id, name;
};

struct entry {
    struct name at;
    uint64_t time_ms;
    struct author author;
    /* The last entries before this one that the customer, and that the staff, may see. */
    struct name after_public, after_staff;
    struct part parts[ENTRY_PARTS_MAX];
    size_t part_count;
};

/* Whether this version of Weft knows the kind (rule 14). */
bool part_is_known(uint64_t kind);
/* What a part of this kind is, unless it says otherwise itself. */
enum visibility part_visibility(enum part_kind kind);
/* Messages and what is done to them carry their own visibility: a note's is not everybody's. */
bool part_has_own_visibility(enum part_kind kind);

/* Whether a reader of this kind sees anything of the entry, or of the part. */
bool part_is_visible(const struct part *part, bool to_staff);
bool entry_is_visible(const struct entry *entry, bool to_staff);
const struct part *entry_part(const struct entry *entry, enum part_kind kind); /* NULL: none */

/* Appends an empty part of this kind, with the visibility that the kind has. The entry must have
 * room. */
struct part *entry_add(struct entry *entry, enum part_kind kind);

#endif
