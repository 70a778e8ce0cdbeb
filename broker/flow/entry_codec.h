/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of conversation logs: their stored bytes, and the frames that readers get. */
#ifndef WEFT_FLOW_ENTRY_CODEC_H
#define WEFT_FLOW_ENTRY_CODEC_H

#include "core/conversation/conversation.h"
#include "proto/codec.h"

/* errors: out->overflowed */
void entry_encode(const struct entry *entry, struct buffer *out);

enum entry_fault { ENTRY_GOOD, ENTRY_DAMAGED, ENTRY_UNKNOWN_KIND };
/* out_entry borrows from scratch. The name is the caller's to set. */
enum entry_fault entry_decode(struct slice plain, struct arena *scratch, struct entry *out_entry);

/* Whether it may hold a part that stands for all before it, SNAPSHOT or ERASED: far less than a
 * decode. */
bool entry_may_stand_for_all(struct slice plain, struct arena *scratch);

/* The stored fold, for snapshots. */
void fold_encode(const struct conversation *fold, struct arena *scratch, struct buffer *out);
bool fold_decode(struct slice bytes, struct arena *scratch, struct conversation *out_fold);

/* Text that people can read: no control characters but tab and line ends. */
bool text_is_clean(struct slice text);

/* Bodies and packets inside parts. body_room: at least its encoded size. body_room.c */
size_t body_room(const struct proto_body *body);
struct slice body_encode(
        const struct proto_body *body, struct arena *scratch); /* bytes NULL: too long */
bool body_decode(struct slice bytes, struct arena *scratch, struct proto_body *out_body);
struct slice handoff_encode(const struct proto_handoff *handoff, struct arena *scratch);
bool handoff_decode(struct slice bytes, struct arena *scratch, struct proto_handoff *out_handoff);
/* The properties of an event. bytes NULL: there are none, or more than fits (event_room tells). */
size_t event_room(const struct proto_pair *pairs, size_t count);
struct slice event_encode(const struct proto_pair *pairs, size_t count, struct arena *scratch);
bool event_decode(struct slice bytes, struct arena *scratch, const struct proto_pair **out_pairs,
        size_t *out_count);
/* What Weft itself says. */
struct slice system_body(const char *sentence, struct arena *scratch);

/* Whether it is mere words, of which every reader sees the same: what entry_view makes for one is
 * good for all. */
bool entry_looks_alike(const struct entry *entry);

/* The entry as this kind of reader may see it; parts and what they hold go to scratch.
 * errors: false when there is nothing to see, or scratch is full */
bool entry_view(const struct entry *entry, struct slice conversation, bool to_staff,
        struct arena *scratch, struct proto_entry_view *out_view);

#endif
