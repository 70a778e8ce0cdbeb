/* SPDX-License-Identifier: Apache-2.0 */
/* Folding a conversation log: entry by entry into the state that follows.
 *
 * Invariant: the fold is a pure function of the entries, the same on every node. A part that names
 * what is not so (a commit or an end of another turn, a void of an old request, a sender's number
 * that is not next) keeps its place in the log and has no effect. Here is no policy: what may be
 * appended is decided in decide_*.c, what was appended is taken as it is.
 */
#include "base/check.h"
#include "core/conversation/conversation.h"
#include "core/conversation/patch.h"

void id_set(struct id_text *text, struct slice from)
{
    text->len = (uint8_t)(from.len < ID_MAX ? from.len : ID_MAX);
    if (text->len > 0)
        memcpy(text->bytes, from.bytes, text->len);
}

void short_set(struct short_text *text, struct slice from)
{
    size_t len = from.len < DISPLAY_NAME_MAX ? from.len : DISPLAY_NAME_MAX;
    if (len < from.len)
        while (len > 0 && ((unsigned char)from.bytes[len] & 0xc0) == 0x80)
            len--;
    text->len = (uint8_t)len;
    if (len > 0)
        memcpy(text->bytes, from.bytes, len);
}

static void on_created(struct conversation *c, const struct part *part)
{
    if (c->phase != PHASE_UNBORN)
        return;
    c->phase = PHASE_IDLE;
    id_set(&c->tenant, part->id);
    short_set(&c->contact_name, part->name);
    id_set(&c->channel, part->channel);
    id_set(&c->language, part->language);
    c->page.len = part->page.len <= PAGE_MAX ? (uint16_t)part->page.len : 0;
    if (c->page.len > 0)
        memcpy(c->page.bytes, part->page.bytes, c->page.len);
}

/* Who answers whom: a bot's words answer too, Weft's own sentences do not. */
static void on_spoken(struct conversation *c, const struct entry *entry)
{
    enum author_kind kind = entry->author.kind;
    bool is_customer = kind == AUTHOR_CUSTOMER;
    if (is_customer && c->unanswered_ms == 0)
        c->unanswered_ms = entry->time_ms;
    if (kind == AUTHOR_AGENT || kind == AUTHOR_BOT)
        c->unanswered_ms = 0;
    if (is_customer || kind == AUTHOR_AGENT)
        c->spoken_ms = entry->time_ms;
}

static void on_message(struct conversation *c, const struct entry *entry, const struct part *part)
{
    if (part->lineage.len > 0)
        lineages_record(&c->lineages, part->lineage, part->n, part->digest, &entry->at);
    if (entry->author.kind == AUTHOR_CUSTOMER && c->input_from_seq == 0)
        c->input_from_seq = entry->at.seq;
    if (part->visibility == VISIBLE_TO_ALL)
        on_spoken(c, entry);
}

static void on_amended(struct conversation *c, const struct entry *entry, const struct part *part)
{
    if (part->lineage.len > 0)
        lineages_record(&c->lineages, part->lineage, part->n, part->digest, &entry->at);
    if (part->kind != PART_REACTED)
        amendments_record(&c->amendments, &part->ref, entry->at.seq, part->kind == PART_DELETED);
}

static void on_turn(struct conversation *c, const struct entry *entry, const struct part *part)
{
    c->turn = entry->at;
    c->turn_attempt = part->number;
    c->turn_from_seq = part->from_seq;
    c->input_from_seq = 0;
}

static void on_committed(struct conversation *c, const struct entry *entry, const struct part *part)
{
    if (!name_equal(&c->turn, &part->ref))
        return;
    c->committed_turn = c->turn;
    c->committed_at = entry->at;
    c->committed_digest = part->digest;
    c->turn = (struct name){0};
}

static void on_queued(struct conversation *c, const struct entry *entry, const struct part *part)
{
    c->phase = PHASE_QUEUED;
    c->participant_count = c->invited_count = 0;
    c->turn = (struct name){0};
    c->input_from_seq = 0;
    c->request = entry->at;
    if (part->handoff.len > 0)
        c->packet_seq = entry->at.seq;
    c->first_queued_ms = part->number;
}

static void drop_invitation(struct conversation *c, struct slice agent)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < c->invited_count; i++)
        if (!slice_equal(id_slice(&c->invited[i]), agent))
            c->invited[kept++] = c->invited[i];
    c->invited_count = kept;
}

static void drop_participant(struct conversation *c, struct slice agent)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < c->participant_count; i++)
        if (!slice_equal(id_slice(&c->participants[i].id), agent))
            c->participants[kept++] = c->participants[i];
    c->participant_count = kept;
}

static void on_owner(struct conversation *c, const struct entry *entry, const struct part *part)
{
    if (c->phase == PHASE_ACTIVE)
        c->last_owner = c->owner;
    c->owner = part->owner == OWNER_NONE ? (struct name){0} : entry->at;
    id_set(&c->owner_id, part->id);
    if (part->owner == OWNER_AGENT)
        c->last_agent = c->owner_id;
    drop_participant(c, part->id); /* who takes it over speaks as the owner */
    if (part->owner == OWNER_BOT)
        c->phase = PHASE_BOT;
    else if (part->owner == OWNER_AGENT)
        c->phase = PHASE_ACTIVE;
}

static void on_participant(
        struct conversation *c, const struct entry *entry, const struct part *part)
{
    drop_invitation(c, part->id);
    drop_participant(c, part->id);
    if (part->number == 0 || c->participant_count == PARTICIPANTS_MAX)
        return;
    struct participant *participant = &c->participants[c->participant_count++];
    id_set(&participant->id, part->id);
    participant->token = entry->at;
}

static void on_invited(struct conversation *c, const struct part *part)
{
    drop_invitation(c, part->id);
    if (c->invited_count < PARTICIPANTS_MAX)
        id_set(&c->invited[c->invited_count++], part->id);
}

static void on_opened(struct conversation *c)
{
    c->cases++;
    c->last_owner = (struct name){0};
}

static void on_closed(struct conversation *c, const struct entry *entry)
{
    c->phase = PHASE_IDLE;
    c->participant_count = c->invited_count = 0;
    c->last_owner = c->owner;
    c->closed_at = entry->at;
    c->closed_ms = entry->time_ms;
    c->unanswered_ms = 0;
    c->owner = c->turn = c->request = (struct name){0};
    c->owner_id.len = 0;
    c->input_from_seq = 0;
    c->packet_seq = 0;
    c->state_len = 0;
    c->callback = (struct callback){0};
}

static void drop_pair(struct conversation *c, struct slice name)
{
    for (uint16_t at = 0; at < c->state_len;) {
        const uint8_t *head = (const uint8_t *)c->state + at;
        uint16_t size = (uint16_t)(PAIR_HEAD_SIZE + head[0] + (head[1] | head[2] << 8));
        if (slice_equal(slice_make(c->state + at + 3, head[0]), name)) {
            memmove(c->state + at, c->state + at + size, (size_t)(c->state_len - at - size));
            c->state_len = (uint16_t)(c->state_len - size);
            return;
        }
        at = (uint16_t)(at + size);
    }
}

static void add_pair(struct conversation *c, struct slice name, struct slice value)
{
    size_t size = PAIR_HEAD_SIZE + name.len + value.len;
    if (name.len > UINT8_MAX || c->state_len + size > sizeof c->state)
        return; /* the decision refused it, so it is not there */
    char *at = c->state + c->state_len;
    at[0] = (char)name.len;
    at[1] = (char)(value.len & 255);
    at[2] = (char)(value.len >> 8);
    memcpy(at + PAIR_HEAD_SIZE, name.bytes, name.len);
    if (value.len > 0)
        memcpy(at + PAIR_HEAD_SIZE + name.len, value.bytes, value.len);
    c->state_len = (uint16_t)(c->state_len + size);
}

/* What is replaced goes first, so that it makes room. */
static void on_state(struct conversation *c, const struct part *part)
{
    for (size_t i = 0; i < part->pair_count; i++)
        drop_pair(c, part->pairs[i].name);
    for (size_t i = 0; i < part->pair_count; i++) {
        const struct pair *pair = &part->pairs[i];
        if (pair->value.bytes != NULL &&
                !patch_names(part->pairs, i + 1, part->pair_count, pair->name))
            add_pair(c, pair->name, pair->value);
    }
}

static void on_identity(struct conversation *c, const struct part *part)
{
    id_set(&c->reference, part->id);
    if (part->name.len > 0)
        short_set(&c->contact_name, part->name);
}

/* A case that is not yet due, or was not, asks anew when that changes: its request before is over.
 */
static void on_callback(struct conversation *c, const struct entry *entry, const struct part *part)
{
    bool was_ahead = callback_is_ahead(&c->callback, entry->time_ms);
    callback_fold(&c->callback, part);
    if (c->phase == PHASE_QUEUED && (was_ahead || callback_is_ahead(&c->callback, entry->time_ms)))
        c->request = entry->at;
}

static void on_superseded(struct conversation *c, const struct part *part)
{
    c->phase = PHASE_SUPERSEDED;
    id_set(&c->follow, part->id);
}

static void on_erased(struct conversation *c)
{
    struct conversation left = {.tenant = c->tenant, .phase = PHASE_ERASED, .time_ms = c->time_ms};
    *c = left;
}

static void apply_part(struct conversation *c, const struct entry *entry, const struct part *part)
{
    switch (part->kind) {
    case PART_CREATED:
        on_created(c, part);
        break;
    case PART_MESSAGE:
        on_message(c, entry, part);
        break;
    case PART_OWNER:
        on_owner(c, entry, part);
        break;
    case PART_CASE_OPENED:
        on_opened(c);
        break;
    case PART_CASE_CLOSED:
        on_closed(c, entry);
        break;
    case PART_TURN:
        on_turn(c, entry, part);
        break;
    case PART_TURN_OVER:
        if (name_equal(&c->turn, &part->ref))
            c->turn = (struct name){0};
        break;
    case PART_COMMITTED:
        on_committed(c, entry, part);
        break;
    case PART_STATE:
        on_state(c, part);
        break;
    case PART_QUEUED:
        on_queued(c, entry, part);
        break;
    case PART_VOIDED:
        if (c->phase == PHASE_QUEUED && name_equal(&c->request, &part->ref))
            c->request = entry->at;
        break;
    case PART_IDENTITY:
        on_identity(c, part);
        break;
    case PART_SUPERSEDED:
        on_superseded(c, part);
        break;
    case PART_ERASED:
        on_erased(c);
        break;
    case PART_EDITED:
    case PART_DELETED:
    case PART_REACTED:
        on_amended(c, entry, part);
        break;
    case PART_AMENDMENTS:
        amendments_on_page(&c->amendments, part->body, entry->at.seq);
        break;
    case PART_PARTICIPANT:
        on_participant(c, entry, part);
        break;
    case PART_INVITED:
        on_invited(c, part);
        break;
    case PART_CALLBACK:
        on_callback(c, entry, part);
        break;
    case PART_EVENT:
        journey_record(&c->journey, part->digest);
        break;
    case PART_LABELS:
    case PART_SNAPSHOT:
    case PART_JOINED:
        break;
    }
}

enum conversation_fold conversation_apply(struct conversation *c, const struct entry *entry)
{
    for (size_t i = 0; i < entry->part_count; i++)
        if (!part_is_known(entry->parts[i].kind))
            return FOLD_UNKNOWN_KIND;
    check(entry->at.seq == c->tail.seq + 1);
    for (size_t i = 0; i < entry->part_count && c->phase != PHASE_ERASED; i++)
        apply_part(c, entry, &entry->parts[i]);
    c->tail = entry->at;
    c->time_ms = entry->time_ms > c->time_ms ? entry->time_ms : c->time_ms;
    if (entry_is_visible(entry, false))
        c->public_tail = entry->at;
    if (entry_is_visible(entry, true))
        c->staff_tail = entry->at;
    return FOLD_OK;
}

size_t conversation_pairs(const struct conversation *c, struct pair out[ENTRY_PAIRS_MAX])
{
    size_t count = 0;
    for (uint16_t at = 0; at < c->state_len && count < ENTRY_PAIRS_MAX;) {
        const uint8_t *head = (const uint8_t *)c->state + at;
        uint16_t value_len = (uint16_t)(head[1] | head[2] << 8);
        out[count++] = (struct pair){slice_make(c->state + at + 3, head[0]),
                slice_make(c->state + at + 3 + head[0], value_len)};
        at = (uint16_t)(at + 3 + head[0] + value_len);
    }
    return count;
}

size_t conversation_obligations(const struct conversation *c, uint64_t out_seqs[2])
{
    size_t count = 0;
    if (c->turn.seq != 0)
        out_seqs[count++] = c->turn.seq;
    if (c->phase == PHASE_QUEUED)
        out_seqs[count++] = c->request.seq;
    if (c->phase == PHASE_ACTIVE)
        out_seqs[count++] = c->owner.seq;
    return count;
}
