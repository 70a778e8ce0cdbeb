/* SPDX-License-Identifier: Apache-2.0 */
/* The first stored form of an entry, which is read and written no more: a msgpack map with one- and
 * two-letter members, names as text.
 *
 * Invariant: what was ever written in it reads as it did then. Unknown members are skipped, an
 * unknown part kind is told (rule 14).
 */
#include "flow/stored_entry.h"

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

static const struct proto_field stored_pair_fields[] = {
        PROTO_STR(struct stored_pair, n, REQUIRED, ID_MAX),
        PROTO_STR(struct stored_pair, v, OPTIONAL, STORED_VALUE_MAX),
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
        PROTO_STR(struct stored_part, p, OPTIONAL, STORED_PAGE_MAX),
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

enum entry_fault entry_text_decode(
        struct slice plain, struct arena *scratch, struct entry *out_entry)
{
    struct stored_entry stored;
    if (!stored_shape_read(plain, &stored_entry_shape, scratch, &stored))
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

bool entry_text_may_stand_for_all(struct slice plain, struct arena *scratch)
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
