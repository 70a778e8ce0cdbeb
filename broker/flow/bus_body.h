/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a hint: numbers of eight bytes, big endian, and texts of up to 255 bytes.
 *
 * A body comes from outside, so a reader stops at the first fault and stays there: what was read
 * then counts only if bus_read_all says so at the end.
 */
#ifndef WEFT_FLOW_BUS_BODY_H
#define WEFT_FLOW_BUS_BODY_H

#include "base/buffer.h"
#include "base/name.h"

void bus_put_u64(struct buffer *out, uint64_t value);
void bus_put_text(struct buffer *out, struct slice text); /* longer: the buffer overflows */
void bus_put_name(struct buffer *out, const struct name *name);

struct bus_reader {
    struct slice left;
    bool is_bad;
};

uint64_t bus_read_u64(struct bus_reader *reader);
uint8_t bus_read_byte(struct bus_reader *reader);
struct slice bus_read_text(struct bus_reader *reader); /* borrows from the body */
struct name bus_read_name(struct bus_reader *reader);
struct slice bus_read_rest(struct bus_reader *reader);
/* Nothing was missing, and nothing is left. */
bool bus_read_all(const struct bus_reader *reader);

#endif
