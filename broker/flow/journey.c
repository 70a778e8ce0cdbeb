/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the journey: a client's `event`, and what the door's batches have in common with it.
 *
 *   event --> limits --> chat_change (decide_track.c, append, barrier) --> done
 *
 * Invariant: `done` follows the barrier, as an ack does; an event that is sent again is done again,
 * and in the log once. Events count as messages do, in the same buckets, so they are no way around
 * the limits.
 */
#include "flow/journey.h"

#include "base/check.h"
#include "flow/entry_codec.h"
#include "flow/requests.h"
#include "flow/sends.h"

bool track_is_good(const struct track_event *event, const char **out_why)
{
    size_t bytes = 0;
    bool is_clean = text_is_clean(event->id) && text_is_clean(event->name);
    bool is_whole = event->id.len > 0 && event->name.len > 0;
    for (size_t i = 0; i < event->property_count; i++) {
        const struct proto_pair *pair = &event->properties[i];
        is_clean = is_clean && text_is_clean(pair->name) && text_is_clean(pair->value);
        is_whole = is_whole && pair->name.len > 0 && pair->value.bytes != NULL;
        bytes += pair->name.len + pair->value.len;
    }
    *out_why = !is_whole   ? "An event has an id and a name, and each property a name and a value."
               : !is_clean ? "An event holds no control characters."
               : bytes > PROTO_LIMIT_EVENT_BYTES
                       ? "The properties of an event are too long together."
                       : NULL;
    return *out_why == NULL;
}

/* A customer cannot take the id of an event that the company's server is going to send. */
static uint64_t digest_of(enum author_kind kind, struct slice id)
{
    char bytes[1 + ID_MAX];
    struct buffer text = buffer_make(bytes, sizeof bytes);
    buffer_put_char(&text, (char)kind);
    buffer_put_slice(&text, id);
    check(!text.overflowed);
    return crypto_digest(buffer_slice(&text));
}

static void decide_track(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct track_change *change = LIST_ITEM(chat_change, struct track_change, change);
    conversation_track(fold, &change->steps, now_ms, decision);
    change->fresh = decision->verdict == VERDICT_APPEND ? decision->draft->part_count : 0;
}

static void on_tracked(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct track_change *change = LIST_ITEM(chat_change, struct track_change, change);
    struct node *node = change->change.chat->node;
    change->done(change, outcome);
    spares_give_back(&node->changes, change, change->size);
}

/* Properties of all events, encoded one behind the other. */
static bool encode_all(struct node *node, const struct track_event *events, size_t count,
        struct slice out[ENTRY_PARTS_MAX], size_t *out_bytes)
{
    *out_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = event_encode(events[i].properties, events[i].property_count, &node->scratch);
        if (out[i].bytes == NULL && events[i].property_count > 0)
            return false;
        *out_bytes += events[i].id.len + events[i].name.len + out[i].len;
    }
    return true;
}

struct track_change *track_make(struct node *node, const struct track_author *author,
        const struct track_event *events, size_t count)
{
    struct slice encoded[ENTRY_PARTS_MAX];
    size_t bytes = 0, mark = node->scratch.used;
    check(count > 0 && count <= ENTRY_PARTS_MAX);
    if (!encode_all(node, events, count, encoded, &bytes)) {
        node->scratch.used = mark;
        return NULL;
    }
    size_t head = sizeof(struct track_change) + count * sizeof(struct journey_event);
    struct track_change *change = spares_take(&node->changes, head + bytes);
    check(change != NULL);
    *change = (struct track_change){.size = head + bytes};
    struct buffer texts = buffer_make((char *)change + head, bytes);
    for (size_t i = 0; i < count; i++)
        change->events[i] = (struct journey_event){.id = buffer_keep(&texts, events[i].id),
                .name = buffer_keep(&texts, events[i].name),
                .properties = encoded[i].len ? buffer_keep(&texts, encoded[i]) : SLICE_NONE,
                .digest = digest_of(author->kind, events[i].id),
                .time_ms = events[i].time_ms};
    check(!texts.overflowed);
    node->scratch.used = mark;
    id_set(&change->author_id, author->id);
    short_set(&change->author_name, author->name);
    change->steps = (struct journey_steps){.author = {author->kind, id_slice(&change->author_id),
                                                   short_slice(&change->author_name)},
            .events = change->events,
            .count = count};
    return change;
}

void track_start(struct chat *chat, struct slice tenant, struct track_change *change)
{
    change->change.tenant = tenant_id_keep(chat->node, tenant);
    change->change.decide = decide_track;
    change->change.done = on_tracked;
    chat_change(chat, &change->change);
}

/* ---- the frame --------------------------------------------------------------------------------
 */

static void on_done(struct track_change *change, enum log_outcome outcome)
{
    struct node *node = change->change.chat->node;
    struct session *session = session_find(node, change->session);
    struct slice id = id_slice(&change->request_id);
    if (session == NULL)
        return;
    session->unacked--;
    if (outcome != LOG_APPENDED && outcome != LOG_WAS_ALREADY) {
        session_error_after(session, id, outcome_code(outcome, change->change.refusal),
                outcome_wait_ms(node, outcome), 0);
        return;
    }
    session_done(session, id, NULL);
}

void track(struct session *session, const struct proto_event *request)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    struct track_event event = {request->event, request->name, request->event_ms,
            request->properties, request->properties_count};
    const char *why = NULL;
    if (!track_is_good(&event, &why)) {
        limits_refuse_for_good(session, request->id, PROTO_ERROR_OUT_OF_RANGE, why);
        return;
    }
    if (!send_is_within_limits(session, request->id))
        return;
    struct chat *chat = request_chat(session, &request->id, request->conversation);
    if (chat == NULL)
        return;
    struct track_author author = {send_author_kind(session),
            is_customer ? SLICE_NONE : id_slice(&session->subject),
            is_customer ? SLICE_NONE : session->name};
    if (send_may_enter(session, chat, request->id)) {
        struct track_change *change = track_make(session->node, &author, &event, 1);
        check(change != NULL); /* one event: a frame's worth */
        change->session = session_handle(session);
        id_set(&change->request_id, request->id);
        change->done = on_done;
        track_start(chat, session->tenant, change);
    }
    chat_release(chat);
}
