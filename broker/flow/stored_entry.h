/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the entry codec: what its files share. */
#ifndef WEFT_FLOW_STORED_ENTRY_H
#define WEFT_FLOW_STORED_ENTRY_H

#include "flow/entry_codec.h"

enum { STORED_BODY_MAX = 65536, STORED_PAGE_MAX = 512, STORED_VALUE_MAX = 2048 };

/* Reads one msgpack object that was stored, out of a copy: what is read may outlive the record. */
bool stored_shape_read(
        struct slice bytes, const struct proto_shape *shape, struct arena *scratch, void *out);

/* entry_text.c: as entry_decode and entry_may_stand_for_all, of the first form. */
enum entry_fault entry_text_decode(
        struct slice plain, struct arena *scratch, struct entry *out_entry);
bool entry_text_may_stand_for_all(struct slice plain, struct arena *scratch);

#endif
