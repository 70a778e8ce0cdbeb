/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of a conversation's fold: what a snapshot entry holds.
 *
 * Invariant: fold_decode(fold_encode(x)) equals x in everything that decisions look at. The tail is
 * not stored: it is the snapshot entry's own place.
 */
#include "flow/entry_codec.h"

#include "base/check.h"

struct stored_place {
    uint64_t n, d;
    struct name e;
};

struct stored_lineage {
    struct slice i;
    uint64_t h, u; /* highest, used_seq */
    const struct stored_place *w;
    size_t w_count;
};

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

static void store_window(const struct lineages *lineages, const struct lineage *lineage,
        struct stored_place *places, struct stored_lineage *out)
{
    for (uint64_t back = LINEAGE_WINDOW; lineage->window != 0 && back-- > 0;) {
        if (lineage->highest <= back)
            continue;
        uint64_t n = lineage->highest - back;
        const struct lineage_place *place =
                &lineages->windows[lineage->window - 1][n % LINEAGE_WINDOW];
        if (place->at.seq != 0)
            places[out->w_count++] = (struct stored_place){n, place->digest, place->at};
    }
    out->w = places;
}

static size_t store_lineages(
        const struct lineages *lineages, struct arena *scratch, const struct stored_lineage **out)
{
    struct stored_lineage *stored = arena_take(scratch, (lineages->count + 1) * sizeof *stored);
    check(stored != NULL);
    for (size_t i = 0; i < lineages->count; i++) {
        const struct lineage *lineage = &lineages->all[i];
        struct stored_place *places = NULL;
        if (lineage->window != 0)
            places = arena_take(scratch, LINEAGE_WINDOW * sizeof *places);
        check(lineage->window == 0 || places != NULL);
        stored[i] = (struct stored_lineage){
                slice_make(lineage->id, LINEAGE_LEN), lineage->highest, lineage->used_seq, NULL, 0};
        store_window(lineages, lineage, places, &stored[i]);
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

static bool load_lineages(const struct stored_fold *stored, struct lineages *out)
{
    uint8_t windows = 0;
    for (size_t i = 0; i < stored->lineages_count; i++) {
        const struct stored_lineage *from = &stored->lineages[i];
        struct lineage *to = &out->all[out->count++];
        if (from->i.len != LINEAGE_LEN || (from->w_count > 0 && windows == LINEAGE_WINDOWS))
            return false;
        memcpy(to->id, from->i.bytes, LINEAGE_LEN);
        to->highest = from->h;
        to->used_seq = from->u;
        if (from->w_count > 0)
            to->window = ++windows;
        for (size_t j = 0; j < from->w_count; j++)
            out->windows[windows - 1][from->w[j].n % LINEAGE_WINDOW] =
                    (struct lineage_place){from->w[j].e, from->w[j].d};
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
