/* SPDX-License-Identifier: Apache-2.0 */
/* How far a client is in each conversation: the name of the last entry that it holds.
 *
 *   switch (cursors_take(&cursors, entry->conversation, &entry->at, &entry->after)) {
 *   case CURSORS_NEXT: show(entry); break;
 *   case CURSORS_SEEN: break;
 *   case CURSORS_GAP:  link_reconnect(link); break;   // resumes after what is held
 *   }
 */
#ifndef WEFT_BOTS_CURSORS_H
#define WEFT_BOTS_CURSORS_H

#include "base/list.h"
#include "base/map.h"
#include "base/name.h"
#include "proto/frames.h"

/* Beyond CURSORS_MAX conversations the one that was silent longest is forgotten. */
enum { CURSORS_MAX = 256, CURSORS_CONVERSATION_MAX = 64 };

struct cursors {
    struct map by_conversation;
    struct list by_use; /* the latest first */
    size_t len;
};

enum cursors_verdict {
    CURSORS_NEXT, /* follows what is held; now it is held */
    CURSORS_SEEN, /* is held already */
    CURSORS_GAP,  /* something between is missing; what is held stays as it was */
};

void cursors_init(struct cursors *cursors);
void cursors_finish(struct cursors *cursors);

/* Judges one entry. The first entry of a conversation follows whatever came before it. */
enum cursors_verdict cursors_take(struct cursors *cursors, struct slice conversation,
        const struct name *at, const struct name *after);

/* Answers false when nothing of the conversation is held. */
bool cursors_find(const struct cursors *cursors, struct slice conversation, struct name *out_at);

/* Nothing of the conversation is held any more: after a `reset`, or when it is left. */
void cursors_forget(struct cursors *cursors, struct slice conversation);

/* For a hello: the latest conversations first; returns how many were written.
 *
 * owns: the names of the conversations are borrowed from the cursors until they next change */
size_t cursors_list(const struct cursors *cursors, struct proto_cursor *out_list, size_t max);

#endif
