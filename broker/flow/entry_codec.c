/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of an entry: a msgpack map with one- and two-letter members, which this file
 * alone knows. Bodies and packets are kept as they came from the wire's own codec.
 *
 * Invariant: what entry_encode wrote, entry_decode reads to an equal entry, for ever: members are
 * added, never reused. Unknown members are skipped, an unknown part kind is told (rule 14).
 */
#include "flow/entry_codec.h"

#include "base/block.h"
#include "base/check.h"

struct stored_pair {
    struct slice n, v;
};

struct stored_part {
    uint64_t k; /* kind */
    bool has_s;
    uint64_t s; /* visibility, where the part has its own */
    bool has_o;
    uint64_t o;           /* owner */
    struct slice i, m, r; /* id, name, reason */
    struct slice c, p, g; /* channel, page, language */
    struct slice l;       /* lineage */
    bool has_n;
    uint64_t n; /* the sender's number */
    bool has_d;
    uint64_t d; /* digest */
    bool has_x;
    uint64_t x; /* number */
    bool has_f;
    uint64_t f; /* from_seq */
    bool has_e;
    struct name e;     /* ref */
    struct slice b, h; /* body, handoff */
    const struct stored_pair *q;
    size_t q_count;
};

struct stored_entry {
    uint64_t a;        /* author's kind */
    struct slice i, m; /* author's id, name */
    struct name u, s;  /* after_public, after_staff */
    const struct stored_part *p;
    size_t p_count;
};

enum { STORED_BODY_MAX = 65536 };

static const struct proto_field stored_pair_fields[] = {
        PROTO_STR(struct stored_pair, n, REQUIRED, ID_MAX),
        PROTO_STR(struct stored_pair, v, OPTIONAL, 2048),
};
static const struct proto_shape stored_pair_shape =
        PROTO_SHAPE(struct stored_pair, stored_pair_fields);

static const struct proto_field stored_part_fields[] = {
        PROTO_U64(struct stored_part, k, REQUIRED, UINT64_MAX),
        PROTO_U64(struct stored_part, s, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_part, o, OPTIONAL, UINT64_MAX),
        PROTO_STR(struct stored_part, i, OPTIONAL, DISPLAY_NAME_MAX),
        PROTO_STR(struct stored_part, m, OPTIONAL, DISPLAY_NAME_MAX),
        PROTO_STR(struct stored_part, r, OPTIONAL, DISPLAY_NAME_MAX),
        PROTO_STR(struct stored_part, c, OPTIONAL, ID_MAX),
        PROTO_STR(struct stored_part, p, OPTIONAL, 512),
        PROTO_STR(struct stored_part, g, OPTIONAL, ID_MAX),
        PROTO_STR(struct stored_part, l, OPTIONAL, LINEAGE_MAX),
        PROTO_U64(struct stored_part, n, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_part, d, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_part, x, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_part, f, OPTIONAL, UINT64_MAX),
        PROTO_NAME(struct stored_part, e, OPTIONAL),
        PROTO_BIN(struct stored_part, b, OPTIONAL, STORED_BODY_MAX),
        PROTO_BIN(struct stored_part, h, OPTIONAL, STORED_BODY_MAX),
        PROTO_OBJECT_LIST(struct stored_part, q, OPTIONAL, ENTRY_PAIRS_MAX, struct stored_pair,
                &stored_pair_shape),
};
static const struct proto_shape stored_part_shape =
        PROTO_SHAPE(struct stored_part, stored_part_fields);

static const struct proto_field stored_entry_fields[] = {
        PROTO_U64(struct stored_entry, a, REQUIRED, UINT64_MAX),
        PROTO_STR(struct stored_entry, i, OPTIONAL, ID_MAX),
        PROTO_STR(struct stored_entry, m, OPTIONAL, DISPLAY_NAME_MAX),
        PROTO_NAME(struct stored_entry, u, REQUIRED),
        PROTO_NAME(struct stored_entry, s, REQUIRED),
        PROTO_OBJECT_LIST(struct stored_entry, p, REQUIRED, ENTRY_PARTS_MAX, struct stored_part,
                &stored_part_shape),
};
static const struct proto_shape stored_entry_shape =
        PROTO_SHAPE(struct stored_entry, stored_entry_fields);

static struct stored_part to_stored(const struct part *part, struct stored_pair *pairs)
{
    for (size_t i = 0; i < part->pair_count; i++)
        pairs[i] = (struct stored_pair){part->pairs[i].name, part->pairs[i].value};
    return (struct stored_part){
            .k = part->kind,
            .has_s = part_has_own_visibility(part->kind),
            .s = part->visibility,
            .has_o = part->kind == PART_OWNER,
            .o = part->owner,
            .i = part->id,
            .m = part->name,
            .r = part->reason,
            .c = part->channel,
            .p = part->page,
            .g = part->language,
            .l = part->lineage,
            .has_n = part->n != 0,
            .n = part->n,
            .has_d = part->digest != 0,
            .d = part->digest,
            .has_x = part->number != 0,
            .x = part->number,
            .has_f = part->from_seq != 0,
            .f = part->from_seq,
            .has_e = part->ref.seq != 0,
            .e = part->ref,
            .b = part->body,
            .h = part->handoff,
            .q = pairs,
            .q_count = part->pair_count,
    };
}

void entry_encode(const struct entry *entry, struct buffer *out)
{
    struct stored_part parts[ENTRY_PARTS_MAX];
    struct stored_pair pairs[2][ENTRY_PAIRS_MAX]; /* an entry holds at most a patch and labels */
    size_t lists = 0;
    for (size_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        check(part->pair_count <= ENTRY_PAIRS_MAX && (part->pair_count == 0 || lists < 2));
        parts[i] = to_stored(part, part->pair_count ? pairs[lists++] : NULL);
    }
    struct stored_entry stored = {entry->author.kind, entry->author.id, entry->author.name,
            entry->after_public, entry->after_staff, parts, entry->part_count};
    proto_shape_write(PROTO_MSGPACK, &stored_entry_shape, &stored, out);
}

static bool from_stored(const struct stored_part *stored, struct arena *scratch, struct part *out)
{
    struct pair *pairs =
            stored->q_count ? arena_take(scratch, stored->q_count * sizeof *pairs) : NULL;
    if (stored->q_count > 0 && pairs == NULL)
        return false;
    for (size_t i = 0; i < stored->q_count; i++)
        pairs[i] = (struct pair){stored->q[i].n, stored->q[i].v};
    enum part_kind kind = (enum part_kind)stored->k;
    *out = (struct part){
            .kind = kind,
            .visibility = stored->has_s ? (enum visibility)stored->s : part_visibility(kind),
            .owner = (enum owner_kind)stored->o,
            .id = stored->i,
            .name = stored->m,
            .reason = stored->r,
            .channel = stored->c,
            .page = stored->p,
            .language = stored->g,
            .lineage = stored->l,
            .n = stored->n,
            .digest = stored->d,
            .number = stored->x,
            .from_seq = stored->f,
            .ref = stored->e,
            .body = stored->b,
            .handoff = stored->h,
            .pairs = pairs,
            .pair_count = stored->q_count,
    };
    return true;
}

static bool read_shape(
        struct slice bytes, const struct proto_shape *shape, struct arena *scratch, void *out)
{
    struct proto_problem problem;
    struct slice copy = arena_copy(scratch, bytes); /* what is read may outlive the record */
    struct proto_source source = {
            PROTO_MSGPACK, (char *)copy.bytes, copy.len, &proto_trusted_bounds, scratch};
    return copy.bytes != NULL && proto_stored_read(&source, shape, out, &problem);
}

enum entry_fault entry_decode(struct slice plain, struct arena *scratch, struct entry *out_entry)
{
    struct stored_entry stored;
    if (!read_shape(plain, &stored_entry_shape, scratch, &stored))
        return ENTRY_DAMAGED;
    for (size_t i = 0; i < stored.p_count; i++)
        if (!part_is_known(stored.p[i].k))
            return ENTRY_UNKNOWN_KIND;
    memset(out_entry, 0, offsetof(struct entry, parts));
    out_entry->author = (struct author){(enum author_kind)stored.a, stored.i, stored.m};
    out_entry->after_public = stored.u;
    out_entry->after_staff = stored.s;
    out_entry->part_count = stored.p_count;
    for (size_t i = 0; i < stored.p_count; i++)
        if (!from_stored(&stored.p[i], scratch, &out_entry->parts[i]))
            return ENTRY_DAMAGED;
    return ENTRY_GOOD;
}

/* Of an entry no more than which kinds its parts are of. */
struct glanced_part {
    uint64_t k;
};

struct glanced_entry {
    const struct glanced_part *p;
    size_t p_count;
};

static const struct proto_field glanced_part_fields[] = {
        PROTO_U64(struct glanced_part, k, REQUIRED, UINT64_MAX),
};
static const struct proto_shape glanced_part_shape =
        PROTO_SHAPE(struct glanced_part, glanced_part_fields);

static const struct proto_field glanced_entry_fields[] = {
        PROTO_OBJECT_LIST(struct glanced_entry, p, REQUIRED, ENTRY_PARTS_MAX, struct glanced_part,
                &glanced_part_shape),
};
static const struct proto_shape glanced_entry_shape =
        PROTO_SHAPE(struct glanced_entry, glanced_entry_fields);

bool entry_may_stand_for_all(struct slice plain, struct arena *scratch)
{
    struct glanced_entry glanced;
    struct proto_problem problem;
    struct proto_source source = {
            PROTO_MSGPACK, (char *)plain.bytes, plain.len, &proto_trusted_bounds, scratch};
    if (!proto_stored_read(&source, &glanced_entry_shape, &glanced, &problem))
        return false;
    for (size_t i = 0; i < glanced.p_count; i++)
        if (glanced.p[i].k == PART_SNAPSHOT || glanced.p[i].k == PART_ERASED)
            return true;
    return false;
}

static bool has_control(const char *at)
{
    block bytes = block_load(at);
    return block_first(block_controls(bytes) | (bytes == 0x7f)) < BLOCK;
}

/* A block at a time while there is no control; which one it is, the slow way tells. */
bool text_is_clean(struct slice text)
{
    size_t start = 0;
    while (text.len - start >= BLOCK && !has_control(text.bytes + start))
        start += BLOCK;
    for (size_t i = start; i < text.len; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return false;
    }
    return true;
}

/* ---- bodies and packets -----------------------------------------------------------------------
 */

static struct slice write_shape(
        const struct proto_shape *shape, const void *value, size_t room, struct arena *scratch)
{
    char *bytes = arena_take_raw(scratch, room);
    if (bytes == NULL)
        return SLICE_NONE;
    struct buffer out = buffer_make(bytes, room);
    proto_shape_write(PROTO_MSGPACK, shape, value, &out);
    return out.overflowed ? SLICE_NONE : buffer_slice(&out);
}

struct slice body_encode(const struct proto_body *body, struct arena *scratch)
{
    return write_shape(&proto_body_shape, body, body_room(body), scratch);
}

bool body_decode(struct slice bytes, struct arena *scratch, struct proto_body *out_body)
{
    return read_shape(bytes, &proto_body_shape, scratch, out_body);
}

struct slice handoff_encode(const struct proto_handoff *handoff, struct arena *scratch)
{
    return write_shape(&proto_handoff_shape, handoff, STORED_BODY_MAX, scratch);
}

bool handoff_decode(struct slice bytes, struct arena *scratch, struct proto_handoff *out_handoff)
{
    return read_shape(bytes, &proto_handoff_shape, scratch, out_handoff);
}

struct stored_event {
    const struct proto_pair *q;
    size_t q_count;
};

static const struct proto_field stored_event_fields[] = {
        PROTO_OBJECT_LIST(struct stored_event, q, REQUIRED, ENTRY_PAIRS_MAX, struct proto_pair,
                &proto_pair_shape),
};
static const struct proto_shape stored_event_shape =
        PROTO_SHAPE(struct stored_event, stored_event_fields);

size_t event_room(const struct proto_pair *pairs, size_t count)
{
    size_t room = 16;
    for (size_t i = 0; i < count; i++)
        room += 24 + pairs[i].name.len + pairs[i].value.len;
    return room;
}

struct slice event_encode(const struct proto_pair *pairs, size_t count, struct arena *scratch)
{
    struct stored_event event = {pairs, count};
    return count > 0 ? write_shape(&stored_event_shape, &event, event_room(pairs, count), scratch)
                     : SLICE_NONE;
}

bool event_decode(struct slice bytes, struct arena *scratch, const struct proto_pair **out_pairs,
        size_t *out_count)
{
    struct stored_event event = {0};
    if (bytes.len > 0 && !read_shape(bytes, &stored_event_shape, scratch, &event))
        return false;
    *out_pairs = event.q;
    *out_count = event.q_count;
    return true;
}

struct slice system_body(const char *sentence, struct arena *scratch)
{
    struct proto_body body = {.kind = PROTO_BODY_KIND_SYSTEM, .text = slice_of_string(sentence)};
    return body_encode(&body, scratch);
}
