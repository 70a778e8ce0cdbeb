/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of an entry, which this file alone knows:
 *
 *   2 · flags · author's kind · [id] · [name] · after_public · [after_staff] · parts
 *   a part: kind · which of its members follow, a bit each · these
 *
 * A number is a varint, a text its length and its bytes, a name its seq and the eight bytes of its
 * mark, a digest eight bytes, the lowest first. Bodies and packets are kept as they came from the
 * wire's own codec (part_codec.c).
 *
 * Invariant: what entry_encode wrote, entry_decode reads to an equal entry, for ever: members are
 * added, never reused. A kind of part, a member, a flag or a form that this version does not know
 * is told (rule 14), and no byte is looked at behind the end. The form before this one began with a
 * byte above 0x7f, and is still read (entry_text.c); those to come begin with one up to FORM_MAX.
 */
#include "base/check.h"
#include "base/utf8.h"
#include "base/varint.h"
#include "flow/stored_entry.h"

#include <endian.h>

enum { FORM = 2, FORM_MAX = 31 };

/* Of an entry. */
enum { HAS_ID = 1, HAS_NAME = 2, HAS_AFTER_STAFF = 4, STANDS_FOR_ALL = 8, FLAGS_KNOWN = 15 };

/* Of a part: beside the members of the table, which begin with bit 1. */
enum { BIT_VISIBILITY = 0, BIT_OWNER = 15, BIT_PAIRS = 16, BITS_KNOWN = (1 << 17) - 1 };

enum member_type { MEMBER_NUMBER, MEMBER_DIGEST, MEMBER_NAME, MEMBER_TEXT, MEMBER_BYTES };

struct member {
    uint16_t offset; /* in struct part */
    uint16_t type;
    uint32_t len_max; /* of texts and bytes */
};

/* The first are the frequent ones: then the bits take one byte. */
static const struct member members[] = {
        [1] = {offsetof(struct part, lineage), MEMBER_TEXT, LINEAGE_MAX},
        [2] = {offsetof(struct part, n), MEMBER_NUMBER, 0},
        [3] = {offsetof(struct part, digest), MEMBER_DIGEST, 0},
        [4] = {offsetof(struct part, body), MEMBER_BYTES, STORED_BODY_MAX},
        [5] = {offsetof(struct part, ref), MEMBER_NAME, 0},
        [6] = {offsetof(struct part, id), MEMBER_TEXT, DISPLAY_NAME_MAX},
        [7] = {offsetof(struct part, name), MEMBER_TEXT, DISPLAY_NAME_MAX},
        [8] = {offsetof(struct part, reason), MEMBER_TEXT, DISPLAY_NAME_MAX},
        [9] = {offsetof(struct part, number), MEMBER_NUMBER, 0},
        [10] = {offsetof(struct part, from_seq), MEMBER_NUMBER, 0},
        [11] = {offsetof(struct part, handoff), MEMBER_BYTES, STORED_BODY_MAX},
        [12] = {offsetof(struct part, channel), MEMBER_TEXT, ID_MAX},
        [13] = {offsetof(struct part, language), MEMBER_TEXT, ID_MAX},
        [14] = {offsetof(struct part, page), MEMBER_TEXT, STORED_PAGE_MAX},
};
enum { MEMBERS_END = sizeof members / sizeof *members };

/* ---- writing ----------------------------------------------------------------------------------
 */

static void put_number(struct buffer *out, uint64_t number)
{
    char bytes[VARINT_MAX];
    if (out->overflowed || out->capacity - out->len < VARINT_MAX)
        buffer_put(out, bytes, varint_write(number, bytes));
    else
        out->len += varint_write(number, out->bytes + out->len);
}

static void put_bytes(struct buffer *out, struct slice bytes)
{
    put_number(out, bytes.len);
    char *to = buffer_claim(out, bytes.len);
    if (to != NULL)
        buffer_copy_short(to, bytes.bytes, bytes.len);
}

static void put_name(struct buffer *out, const struct name *name)
{
    put_number(out, name->seq);
    buffer_put(out, name->mark, MARK_SIZE);
}

static void put_digest(struct buffer *out, uint64_t digest)
{
    uint64_t bytes = htole64(digest);
    buffer_put(out, &bytes, sizeof bytes);
}

static bool has_member(const struct member *member, const void *at)
{
    switch ((enum member_type)member->type) {
    case MEMBER_NUMBER:
    case MEMBER_DIGEST:
        return *(const uint64_t *)at != 0;
    case MEMBER_NAME:
        return ((const struct name *)at)->seq != 0;
    case MEMBER_TEXT:
    case MEMBER_BYTES:
        return ((const struct slice *)at)->bytes != NULL;
    }
    return false;
}

static void put_member(struct buffer *out, const struct member *member, const void *at)
{
    switch ((enum member_type)member->type) {
    case MEMBER_NUMBER:
        put_number(out, *(const uint64_t *)at);
        return;
    case MEMBER_DIGEST:
        put_digest(out, *(const uint64_t *)at);
        return;
    case MEMBER_NAME:
        put_name(out, at);
        return;
    case MEMBER_TEXT:
    case MEMBER_BYTES:
        put_bytes(out, *(const struct slice *)at);
        return;
    }
}

static const void *member_of(const struct part *part, unsigned bit)
{
    return (const char *)part + members[bit].offset;
}

static unsigned find_members(const struct part *part)
{
    unsigned found = 0;
    for (unsigned bit = 1; bit < MEMBERS_END; bit++)
        found |= (unsigned)has_member(&members[bit], member_of(part, bit)) << bit;
    return found;
}

/* A value of length 0 is one; without bytes it removes the name. */
static void put_pairs(struct buffer *out, const struct part *part)
{
    check(part->pair_count <= ENTRY_PAIRS_MAX);
    put_number(out, part->pair_count);
    for (size_t i = 0; i < part->pair_count; i++) {
        const struct pair *pair = &part->pairs[i];
        put_bytes(out, pair->name);
        buffer_put_char(out, pair->value.bytes != NULL);
        if (pair->value.bytes != NULL)
            put_bytes(out, pair->value);
    }
}

static void put_part(struct buffer *out, const struct part *part)
{
    unsigned found = find_members(part);
    bool has_visibility = part_has_own_visibility(part->kind), is_owner = part->kind == PART_OWNER;
    put_number(out, part->kind);
    put_number(out, found | (unsigned)has_visibility << BIT_VISIBILITY |
                            (unsigned)is_owner << BIT_OWNER |
                            (unsigned)(part->pair_count > 0) << BIT_PAIRS);
    if (has_visibility)
        put_number(out, part->visibility);
    for (; found != 0; found &= found - 1) {
        unsigned bit = (unsigned)__builtin_ctz(found);
        put_member(out, &members[bit], member_of(part, bit));
    }
    if (is_owner)
        put_number(out, part->owner);
    if (part->pair_count > 0)
        put_pairs(out, part);
}

static bool stands_for_all(const struct entry *entry)
{
    return entry_part(entry, PART_SNAPSHOT) != NULL || entry_part(entry, PART_ERASED) != NULL;
}

void entry_encode(const struct entry *entry, struct buffer *out)
{
    const struct author *author = &entry->author;
    bool has_two = !name_equal(&entry->after_public, &entry->after_staff);
    buffer_put_char(out, FORM);
    buffer_put_char(out,
            (char)((author->id.bytes != NULL ? HAS_ID : 0) |
                    (author->name.bytes != NULL ? HAS_NAME : 0) | (has_two ? HAS_AFTER_STAFF : 0) |
                    (stands_for_all(entry) ? STANDS_FOR_ALL : 0)));
    put_number(out, author->kind);
    if (author->id.bytes != NULL)
        put_bytes(out, author->id);
    if (author->name.bytes != NULL)
        put_bytes(out, author->name);
    put_name(out, &entry->after_public);
    if (has_two)
        put_name(out, &entry->after_staff);
    put_number(out, entry->part_count);
    for (size_t i = 0; i < entry->part_count; i++)
        put_part(out, &entry->parts[i]);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* What lies behind a fault is read as nothing. */
struct reading {
    const char *at, *end;
    struct arena *scratch;
    enum entry_fault fault;
    bool is_newer; /* a kind of part is not known; the rest can be read */
};

static void fail(struct reading *reading, enum entry_fault fault)
{
    if (reading->fault == ENTRY_GOOD)
        reading->fault = fault;
    reading->at = reading->end;
}

static uint64_t take_number(struct reading *reading)
{
    uint64_t number = 0;
    if (!varint_read(&reading->at, reading->end, &number))
        fail(reading, ENTRY_DAMAGED);
    return number;
}

static struct slice take(struct reading *reading, uint64_t len)
{
    if (len > (size_t)(reading->end - reading->at)) {
        fail(reading, ENTRY_DAMAGED);
        return SLICE_NONE;
    }
    struct slice taken = slice_make(reading->at, (size_t)len);
    reading->at += len;
    return taken;
}

static struct slice take_bytes(struct reading *reading, uint64_t len_max)
{
    uint64_t len = take_number(reading);
    if (len > len_max)
        fail(reading, ENTRY_DAMAGED);
    return take(reading, len);
}

static struct slice take_text(struct reading *reading, uint64_t len_max)
{
    struct slice text = take_bytes(reading, len_max);
    if (!utf8_is_valid(text))
        fail(reading, ENTRY_DAMAGED);
    return text;
}

static struct name take_name(struct reading *reading)
{
    struct name name = {.seq = take_number(reading)};
    struct slice mark = take(reading, MARK_SIZE);
    if (name.seq > PROTO_U64_SAFE)
        fail(reading, ENTRY_DAMAGED);
    if (mark.len == MARK_SIZE)
        memcpy(name.mark, mark.bytes, MARK_SIZE);
    return name;
}

static uint64_t take_digest(struct reading *reading)
{
    uint64_t bytes = 0;
    struct slice taken = take(reading, sizeof bytes);
    if (taken.len == sizeof bytes)
        memcpy(&bytes, taken.bytes, sizeof bytes);
    return le64toh(bytes);
}

static void take_member(struct reading *reading, const struct member *member, void *at)
{
    switch ((enum member_type)member->type) {
    case MEMBER_NUMBER:
        *(uint64_t *)at = take_number(reading);
        return;
    case MEMBER_DIGEST:
        *(uint64_t *)at = take_digest(reading);
        return;
    case MEMBER_NAME:
        *(struct name *)at = take_name(reading);
        return;
    case MEMBER_TEXT:
        *(struct slice *)at = take_text(reading, member->len_max);
        return;
    case MEMBER_BYTES:
        *(struct slice *)at = take_bytes(reading, member->len_max);
        return;
    }
}

static void take_pairs(struct reading *reading, struct part *part)
{
    uint64_t count = take_number(reading);
    struct pair *pairs = count > 0 && count <= ENTRY_PAIRS_MAX
                                 ? arena_take(reading->scratch, (size_t)count * sizeof *pairs)
                                 : NULL;
    if (pairs == NULL) {
        fail(reading, ENTRY_DAMAGED);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        pairs[i].name = take_text(reading, ID_MAX);
        if (take_number(reading) != 0)
            pairs[i].value = take_text(reading, STORED_VALUE_MAX);
    }
    part->pairs = pairs;
    part->pair_count = (size_t)count;
}

/* Behind a member that is not known nothing can be read; behind an unknown kind all the same. */
static void take_part(struct reading *reading, struct part *part)
{
    uint64_t kind = take_number(reading), found = take_number(reading);
    if (found > BITS_KNOWN)
        fail(reading, ENTRY_UNKNOWN_KIND);
    reading->is_newer |= !part_is_known(kind);
    *part = (struct part){.kind = (enum part_kind)kind};
    part->visibility = part_visibility(part->kind);
    if (found >> BIT_VISIBILITY & 1)
        part->visibility = (enum visibility)take_number(reading);
    uint64_t in_table = found & ((1u << MEMBERS_END) - 2);
    for (; in_table != 0; in_table &= in_table - 1) {
        const struct member *member = &members[__builtin_ctzll(in_table)];
        take_member(reading, member, (char *)part + member->offset);
    }
    if (found >> BIT_OWNER & 1)
        part->owner = (enum owner_kind)take_number(reading);
    if (found >> BIT_PAIRS & 1)
        take_pairs(reading, part);
}

static void take_head(struct reading *reading, unsigned flags, struct entry *entry)
{
    if (flags > FLAGS_KNOWN)
        fail(reading, ENTRY_UNKNOWN_KIND);
    entry->author.kind = (enum author_kind)take_number(reading);
    if (flags & HAS_ID)
        entry->author.id = take_text(reading, ID_MAX);
    if (flags & HAS_NAME)
        entry->author.name = take_text(reading, DISPLAY_NAME_MAX);
    entry->after_public = entry->after_staff = take_name(reading);
    if (flags & HAS_AFTER_STAFF)
        entry->after_staff = take_name(reading);
}

static enum entry_fault decode(struct reading *reading, struct entry *entry)
{
    unsigned flags = (unsigned)take_number(reading);
    take_head(reading, flags, entry);
    uint64_t count = take_number(reading);
    if (count > ENTRY_PARTS_MAX)
        fail(reading, ENTRY_DAMAGED);
    for (size_t i = 0; i < count && reading->fault == ENTRY_GOOD; i++) {
        take_part(reading, &entry->parts[i]);
        entry->part_count++;
    }
    bool is_whole =
            reading->at == reading->end && !!(flags & STANDS_FOR_ALL) == stands_for_all(entry);
    if (!is_whole)
        fail(reading, ENTRY_DAMAGED);
    return reading->fault == ENTRY_GOOD && reading->is_newer ? ENTRY_UNKNOWN_KIND : reading->fault;
}

static bool has_form_of_text(struct slice plain)
{
    return plain.len > 0 && (uint8_t)plain.bytes[0] > 0x7f;
}

enum entry_fault entry_decode(struct slice plain, struct arena *scratch, struct entry *out_entry)
{
    if (has_form_of_text(plain))
        return entry_text_decode(plain, scratch, out_entry);
    struct slice copy = arena_copy(scratch, plain); /* what is read may outlive the record */
    if (plain.len < 2 || copy.bytes == NULL)
        return ENTRY_DAMAGED;
    if (copy.bytes[0] != FORM)
        return copy.bytes[0] <= FORM_MAX ? ENTRY_UNKNOWN_KIND : ENTRY_DAMAGED;
    struct reading reading = {copy.bytes + 1, copy.bytes + copy.len, scratch, ENTRY_GOOD, false};
    memset(out_entry, 0, offsetof(struct entry, parts));
    out_entry->part_count = 0;
    return decode(&reading, out_entry);
}

bool entry_may_stand_for_all(struct slice plain, struct arena *scratch)
{
    if (has_form_of_text(plain))
        return entry_text_may_stand_for_all(plain, scratch);
    return plain.len >= 2 && plain.bytes[0] == FORM && (plain.bytes[1] & STANDS_FOR_ALL);
}
