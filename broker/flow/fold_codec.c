/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of a conversation's fold: what a snapshot entry holds.
 *
 * Invariant: fold_decode(fold_encode(x)) equals x in everything that decisions look at. The tail is
 * not stored: it is the snapshot entry's own place.
 */
#include "flow/entry_codec.h"

#include "base/check.h"
#include "base/varint.h"

#include <endian.h>

/* A place of a window as it was written until November 2026. */
struct stored_place {
    uint64_t n, d;
    struct name e;
};

struct stored_lineage {
    struct slice i;
    uint64_t h, u;  /* highest, used_seq */
    struct slice b; /* its last places, up to the highest: of each seq (a varint), mark, digest */
    const struct stored_place *w;
    size_t w_count;
};

enum { PLACE_MAX = VARINT_MAX + MARK_SIZE + 8, WINDOW_BYTES_MAX = LINEAGE_WINDOW * PLACE_MAX };

struct stored_participant {
    struct slice i;
    bool has_t;
    struct name t; /* absent: invited */
};

struct stored_fold {
    uint64_t phase, cases, attempt, from, input, digest, packet, queued, time;
    bool has_spoken, has_unanswered, has_closed;
    uint64_t spoken, unanswered, closed;
    struct name public_tail, staff_tail, owner, last_owner, closed_at, turn, committed_turn,
            committed_at, request;
    struct slice tenant, contact, channel, language, reference, follow, owner_id, last_agent;
    struct slice page, state, forgotten;
    const struct stored_participant *beside;
    size_t beside_count;
    const struct stored_lineage *lineages;
    size_t lineages_count;
    struct slice amended; /* as a page of amendments is written */
    bool has_amended_page, has_amended_up_to;
    uint64_t amended_page, amended_up_to;
    struct slice tracked; /* digests of the newest events, eight bytes each, little endian */
    struct slice call_channel, call_address; /* of a callback that is agreed */
    bool has_call_due, has_call_until, has_call_attempts;
    uint64_t call_due, call_until, call_attempts;
};

static const struct proto_field place_fields[] = {
        PROTO_U64(struct stored_place, n, REQUIRED, UINT64_MAX),
        PROTO_U64(struct stored_place, d, REQUIRED, UINT64_MAX),
        PROTO_NAME(struct stored_place, e, REQUIRED),
};
static const struct proto_shape place_shape = PROTO_SHAPE(struct stored_place, place_fields);

static const struct proto_field lineage_fields[] = {
        PROTO_STR(struct stored_lineage, i, REQUIRED, LINEAGE_MAX),
        PROTO_U64(struct stored_lineage, h, REQUIRED, UINT64_MAX),
        PROTO_U64(struct stored_lineage, u, REQUIRED, UINT64_MAX),
        PROTO_BIN(struct stored_lineage, b, OPTIONAL, WINDOW_BYTES_MAX),
        PROTO_OBJECT_LIST(struct stored_lineage, w, OPTIONAL, LINEAGE_WINDOW, struct stored_place,
                &place_shape),
};
static const struct proto_shape lineage_shape = PROTO_SHAPE(struct stored_lineage, lineage_fields);

static const struct proto_field participant_fields[] = {
        PROTO_STR(struct stored_participant, i, REQUIRED, ID_MAX),
        PROTO_NAME(struct stored_participant, t, OPTIONAL),
};
static const struct proto_shape participant_shape =
        PROTO_SHAPE(struct stored_participant, participant_fields);

#define NUMBER(member) PROTO_U64(struct stored_fold, member, REQUIRED, UINT64_MAX)
#define NAME(member) PROTO_NAME(struct stored_fold, member, REQUIRED)
#define TEXT(member) PROTO_STR(struct stored_fold, member, OPTIONAL, DISPLAY_NAME_MAX)
static const struct proto_field fold_fields[] = {NUMBER(phase), NUMBER(cases), NUMBER(attempt),
        NUMBER(from), NUMBER(input), NUMBER(digest), NUMBER(packet), NUMBER(queued), NUMBER(time),
        NAME(public_tail), NAME(staff_tail), NAME(owner), NAME(last_owner), NAME(closed_at),
        NAME(turn), NAME(committed_turn), NAME(committed_at), NAME(request), TEXT(tenant),
        TEXT(contact), TEXT(channel), TEXT(language), TEXT(reference), TEXT(follow), TEXT(owner_id),
        TEXT(last_agent), PROTO_BIN(struct stored_fold, state, OPTIONAL, CONVERSATION_STATE_BYTES),
        PROTO_BIN(struct stored_fold, forgotten, OPTIONAL, LINEAGE_BIRTH_LEN),
        PROTO_STR(struct stored_fold, page, OPTIONAL, PAGE_MAX),
        PROTO_OBJECT_LIST(struct stored_fold, beside, OPTIONAL, 2 * PARTICIPANTS_MAX,
                struct stored_participant, &participant_shape),
        PROTO_U64(struct stored_fold, spoken, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_fold, unanswered, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_fold, closed, OPTIONAL, UINT64_MAX),
        PROTO_BIN(struct stored_fold, amended, OPTIONAL, AMENDMENTS_BYTES),
        PROTO_U64(struct stored_fold, amended_page, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_fold, amended_up_to, OPTIONAL, UINT64_MAX),
        PROTO_BIN(struct stored_fold, tracked, OPTIONAL, 8 * JOURNEY_WINDOW), TEXT(call_channel),
        TEXT(call_address), PROTO_U64(struct stored_fold, call_due, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_fold, call_until, OPTIONAL, UINT64_MAX),
        PROTO_U64(struct stored_fold, call_attempts, OPTIONAL, UINT64_MAX),
        PROTO_OBJECT_LIST(struct stored_fold, lineages, OPTIONAL, LINEAGES_MAX,
                struct stored_lineage, &lineage_shape)};
static const struct proto_shape fold_shape = PROTO_SHAPE(struct stored_fold, fold_fields);

static const struct lineage_place *place_of(
        const struct lineages *lineages, const struct lineage *lineage, uint64_t n)
{
    return &lineages->windows[lineage->window - 1][n % LINEAGE_WINDOW];
}

/* How many of the last places are at hand. A lineage's numbers are dense, and so is its window. */
static uint64_t count_places(const struct lineages *lineages, const struct lineage *lineage)
{
    uint64_t count = 0,
             most = lineage->highest < LINEAGE_WINDOW ? lineage->highest : LINEAGE_WINDOW;
    if (lineage->window == 0)
        return 0;
    while (count < most && place_of(lineages, lineage, lineage->highest - count)->at.seq != 0)
        count++;
    return count;
}

static struct slice store_window(
        const struct lineages *lineages, const struct lineage *lineage, struct arena *scratch)
{
    uint64_t count = count_places(lineages, lineage);
    char *bytes = count > 0 ? arena_take_raw(scratch, (size_t)count * PLACE_MAX) : NULL,
         *to = bytes;
    if (count == 0)
        return SLICE_NONE;
    check(bytes != NULL);
    for (uint64_t n = lineage->highest - count + 1; count > 0; n++, count--) {
        const struct lineage_place *place = place_of(lineages, lineage, n);
        uint64_t digest = htole64(place->digest);
        to += varint_write(place->at.seq, to);
        memcpy(to, place->at.mark, MARK_SIZE);
        memcpy(to + MARK_SIZE, &digest, sizeof digest);
        to += MARK_SIZE + sizeof digest;
    }
    return slice_make(bytes, (size_t)(to - bytes));
}

static size_t store_lineages(
        const struct lineages *lineages, struct arena *scratch, const struct stored_lineage **out)
{
    struct stored_lineage *stored = arena_take(scratch, (lineages->count + 1) * sizeof *stored);
    check(stored != NULL);
    for (size_t i = 0; i < lineages->count; i++) {
        const struct lineage *lineage = &lineages->all[i];
        stored[i] = (struct stored_lineage){.i = slice_make(lineage->id, LINEAGE_LEN),
                .h = lineage->highest,
                .u = lineage->used_seq,
                .b = store_window(lineages, lineage, scratch)};
    }
    *out = stored;
    return lineages->count;
}

static void store_amendments(
        const struct amendments *amendments, struct arena *scratch, struct stored_fold *out)
{
    if (amendments->count > 0) {
        uint8_t *bytes = arena_take(scratch, AMENDMENTS_BYTES);
        check(bytes != NULL);
        out->amended = amendments_write(amendments, bytes);
    }
    out->has_amended_page = out->has_amended_up_to = amendments->page_seq != 0;
    out->amended_page = amendments->page_seq;
    out->amended_up_to = amendments->paged_up_to;
}

static struct slice store_journey(const struct journey *journey, uint8_t out[8 * JOURNEY_WINDOW])
{
    for (size_t i = 0; i < journey->count; i++)
        for (size_t byte = 0; byte < 8; byte++)
            out[8 * i + byte] = (uint8_t)(journey->digests[i] >> 8 * byte);
    return journey->count ? slice_make(out, 8 * (size_t)journey->count) : SLICE_NONE;
}

static void store_callback(const struct callback *callback, struct stored_fold *out)
{
    if (!callback_is_agreed(callback))
        return;
    out->call_channel = callback_channel(callback);
    out->call_address = callback_address(callback);
    out->has_call_due = out->has_call_until = out->has_call_attempts = true;
    out->call_due = callback->due_ms;
    out->call_until = callback->until_ms;
    out->call_attempts = callback->attempts;
}

static size_t store_beside(
        const struct conversation *c, struct stored_participant out[2 * PARTICIPANTS_MAX])
{
    size_t count = 0;
    for (uint8_t i = 0; i < c->participant_count && i < PARTICIPANTS_MAX; i++)
        out[count++] = (struct stored_participant){
                id_slice(&c->participants[i].id), true, c->participants[i].token};
    for (uint8_t i = 0; i < c->invited_count && i < PARTICIPANTS_MAX; i++)
        out[count++] = (struct stored_participant){.i = id_slice(&c->invited[i])};
    return count;
}

void fold_encode(const struct conversation *c, struct arena *scratch, struct buffer *out)
{
    struct stored_fold stored = {
            .phase = c->phase,
            .cases = c->cases,
            .attempt = c->turn_attempt,
            .from = c->turn_from_seq,
            .input = c->input_from_seq,
            .digest = c->committed_digest,
            .packet = c->packet_seq,
            .queued = c->first_queued_ms,
            .time = c->time_ms,
            .has_spoken = true,
            .spoken = c->spoken_ms,
            .has_unanswered = true,
            .unanswered = c->unanswered_ms,
            .has_closed = true,
            .closed = c->closed_ms,
            .public_tail = c->public_tail,
            .staff_tail = c->staff_tail,
            .owner = c->owner,
            .last_owner = c->last_owner,
            .closed_at = c->closed_at,
            .turn = c->turn,
            .committed_turn = c->committed_turn,
            .committed_at = c->committed_at,
            .request = c->request,
            .tenant = id_slice(&c->tenant),
            .contact = short_slice(&c->contact_name),
            .channel = id_slice(&c->channel),
            .language = id_slice(&c->language),
            .reference = id_slice(&c->reference),
            .follow = id_slice(&c->follow),
            .owner_id = id_slice(&c->owner_id),
            .last_agent = id_slice(&c->last_agent),
            .page = slice_make(c->page.bytes, c->page.len),
            .state = slice_make(c->state, c->state_len),
            .forgotten = slice_make(c->lineages.forgotten_birth, LINEAGE_BIRTH_LEN),
    };
    store_amendments(&c->amendments, scratch, &stored);
    store_callback(&c->callback, &stored);
    struct stored_participant beside[2 * PARTICIPANTS_MAX];
    stored.beside = beside;
    uint8_t tracked[8 * JOURNEY_WINDOW];
    stored.tracked = store_journey(&c->journey, tracked);
    stored.beside_count = store_beside(c, beside);
    stored.lineages_count = store_lineages(&c->lineages, scratch, &stored.lineages);
    proto_shape_write(PROTO_MSGPACK, &fold_shape, &stored, out);
}

static void load_places(const struct stored_lineage *stored, struct lineage_place *window)
{
    for (size_t i = 0; i < stored->w_count; i++)
        window[stored->w[i].n % LINEAGE_WINDOW] =
                (struct lineage_place){stored->w[i].e, stored->w[i].d};
}

/* The number of the first one follows from how many there are. */
static bool load_window(const struct stored_lineage *stored, struct lineage_place *window)
{
    struct lineage_place places[LINEAGE_WINDOW];
    const char *at = stored->b.bytes, *end = at + stored->b.len;
    size_t count = 0;
    for (; at < end && count < LINEAGE_WINDOW; count++) {
        struct lineage_place *place = &places[count];
        if (!varint_read(&at, end, &place->at.seq) || end - at < MARK_SIZE + 8)
            return false;
        memcpy(place->at.mark, at, MARK_SIZE);
        memcpy(&place->digest, at + MARK_SIZE, sizeof place->digest);
        place->digest = le64toh(place->digest);
        at += MARK_SIZE + sizeof place->digest;
    }
    for (size_t i = 0; i < count; i++)
        window[(stored->h - (count - 1 - i)) % LINEAGE_WINDOW] = places[i];
    return at == end && count <= stored->h;
}

static bool load_lineages(const struct stored_fold *stored, struct lineages *out)
{
    uint8_t windows = 0;
    for (size_t i = 0; i < stored->lineages_count; i++) {
        const struct stored_lineage *from = &stored->lineages[i];
        struct lineage *to = &out->all[out->count++];
        bool has_window = from->b.len > 0 || from->w_count > 0;
        if (from->i.len != LINEAGE_LEN || (has_window && windows == LINEAGE_WINDOWS))
            return false;
        memcpy(to->id, from->i.bytes, LINEAGE_LEN);
        to->highest = from->h;
        to->used_seq = from->u;
        if (!has_window)
            continue;
        load_places(from, out->windows[windows]);
        if (!load_window(from, out->windows[windows]))
            return false;
        to->window = ++windows;
    }
    if (stored->forgotten.len == LINEAGE_BIRTH_LEN)
        memcpy(out->forgotten_birth, stored->forgotten.bytes, LINEAGE_BIRTH_LEN);
    return true;
}

static void load_amendments(const struct stored_fold *stored, struct amendments *out)
{
    struct amendment amendment;
    for (size_t i = 0; amendments_page_read(stored->amended, i, &amendment); i++)
        amendments_record(out, &amendment.target, amendment.by_seq, amendment.is_deleted);
    out->page_seq = stored->amended_page;
    out->paged_up_to = stored->amended_up_to;
}

static void load_journey(struct slice stored, struct journey *out)
{
    const uint8_t *bytes = (const uint8_t *)stored.bytes;
    for (size_t i = 0; i + 8 <= stored.len; i += 8) {
        uint64_t digest = 0;
        for (size_t byte = 0; byte < 8; byte++)
            digest |= (uint64_t)bytes[i + byte] << 8 * byte;
        journey_record(out, digest);
    }
}

static void load_beside(const struct stored_fold *stored, struct conversation *c)
{
    for (size_t i = 0; i < stored->beside_count; i++) {
        const struct stored_participant *from = &stored->beside[i];
        if (from->t.seq != 0 && c->participant_count < PARTICIPANTS_MAX) {
            struct participant *to = &c->participants[c->participant_count++];
            id_set(&to->id, from->i);
            to->token = from->t;
        } else if (from->t.seq == 0 && c->invited_count < PARTICIPANTS_MAX) {
            id_set(&c->invited[c->invited_count++], from->i);
        }
    }
}

bool fold_decode(struct slice bytes, struct arena *scratch, struct conversation *c)
{
    struct stored_fold stored;
    struct proto_problem problem;
    struct slice copy = arena_copy(scratch, bytes);
    struct proto_source source = {
            PROTO_MSGPACK, (char *)copy.bytes, copy.len, &proto_trusted_bounds, scratch};
    if (copy.bytes == NULL || !proto_shape_read(&source, &fold_shape, &stored, &problem))
        return false;
    *c = (struct conversation){
            .phase = (enum conversation_phase)stored.phase,
            .cases = stored.cases,
            .turn_attempt = stored.attempt,
            .turn_from_seq = stored.from,
            .input_from_seq = stored.input,
            .committed_digest = stored.digest,
            .packet_seq = stored.packet,
            .first_queued_ms = stored.queued,
            .time_ms = stored.time,
            .spoken_ms = stored.spoken,
            .unanswered_ms = stored.unanswered,
            .closed_ms = stored.closed,
            .public_tail = stored.public_tail,
            .staff_tail = stored.staff_tail,
            .owner = stored.owner,
            .last_owner = stored.last_owner,
            .closed_at = stored.closed_at,
            .turn = stored.turn,
            .committed_turn = stored.committed_turn,
            .committed_at = stored.committed_at,
            .request = stored.request,
    };
    id_set(&c->tenant, stored.tenant);
    short_set(&c->contact_name, stored.contact);
    id_set(&c->channel, stored.channel);
    id_set(&c->language, stored.language);
    id_set(&c->reference, stored.reference);
    id_set(&c->follow, stored.follow);
    id_set(&c->owner_id, stored.owner_id);
    id_set(&c->last_agent, stored.last_agent);
    c->page.len = (uint16_t)stored.page.len;
    if (stored.page.len > 0)
        memcpy(c->page.bytes, stored.page.bytes, stored.page.len);
    if (stored.state.len > 0)
        memcpy(c->state, stored.state.bytes, stored.state.len);
    c->state_len = (uint16_t)stored.state.len;
    load_amendments(&stored, &c->amendments);
    load_beside(&stored, c);
    load_journey(stored.tracked, &c->journey);
    callback_fold(&c->callback, &(struct part){.channel = stored.call_channel,
                                        .name = stored.call_address,
                                        .number = stored.call_due,
                                        .from_seq = stored.call_until,
                                        .n = stored.call_attempts});
    return load_lineages(&stored, &c->lineages);
}
