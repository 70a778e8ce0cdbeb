/* SPDX-License-Identifier: Apache-2.0 */
/* The door for the company's servers: events of many journeys in one request.
 *
 *   POST /v1/events   Authorization: Bearer <a service's key>
 *   {events: [{conversation | contact, event, name, event_ms?, properties?}]}
 *     -> {tracked, repeated, refused: [{event, code}]}
 *
 *   read --> by conversation --> each: its contact is looked up --> entry after entry --> answer
 *
 * Invariant: of one conversation the events are appended in the batch's order, one entry after the
 * other; the answer follows the barriers of all. When the store could not say of one of them, the
 * whole batch is to be sent again: what is kept already is known by its id. At most BATCHES_MAX
 * batches are under way in a node, and each is bounded by its arena.
 */
#include "base/check.h"
#include "flow/contacts.h"
#include "flow/directory.h"
#include "flow/door.h"
#include "flow/entry_codec.h"
#include "flow/journey.h"

#include <stdlib.h>

enum {
    EVENTS_MAX = 128,
    BATCHES_MAX = 16,
    ELEMENTS_MAX = 16384,
    ARENA_BYTES = HTTP_BODY_MAX + 384 * 1024,
};

struct posted_event {
    struct slice conversation, contact, event, name;
    bool has_event_ms;
    uint64_t event_ms;
    const struct proto_pair *properties;
    size_t properties_count;
};

struct posted_events {
    const struct posted_event *events;
    size_t events_count;
};

struct refused_event {
    struct slice event, code;
};

struct batch_answer {
    uint64_t tracked, repeated;
    const struct refused_event *refused;
    size_t refused_count;
};

static const struct proto_field posted_event_fields[] = {
        PROTO_STR(struct posted_event, conversation, OPTIONAL, ID_MAX),
        PROTO_STR(struct posted_event, contact, OPTIONAL, DISPLAY_NAME_MAX),
        PROTO_STR(struct posted_event, event, REQUIRED, ID_MAX),
        PROTO_STR(struct posted_event, name, REQUIRED, ID_MAX),
        PROTO_U64(struct posted_event, event_ms, OPTIONAL, UINT64_MAX),
        PROTO_OBJECT_LIST(struct posted_event, properties, OPTIONAL, ENTRY_PAIRS_MAX,
                struct proto_pair, &proto_pair_shape),
};
static const struct proto_shape posted_event_shape =
        PROTO_SHAPE(struct posted_event, posted_event_fields);
static const struct proto_field posted_events_fields[] = {
        PROTO_OBJECT_LIST(struct posted_events, events, REQUIRED, EVENTS_MAX, struct posted_event,
                &posted_event_shape),
};
static const struct proto_shape posted_events_shape =
        PROTO_SHAPE(struct posted_events, posted_events_fields);
static const struct proto_field refused_fields[] = {
        PROTO_STR(struct refused_event, event, REQUIRED, ID_MAX),
        PROTO_STR(struct refused_event, code, REQUIRED, 64),
};
static const struct proto_shape refused_shape = PROTO_SHAPE(struct refused_event, refused_fields);
static const struct proto_field answer_fields[] = {
        PROTO_U64(struct batch_answer, tracked, REQUIRED, UINT64_MAX),
        PROTO_U64(struct batch_answer, repeated, REQUIRED, UINT64_MAX),
        PROTO_OBJECT_LIST(struct batch_answer, refused, REQUIRED, EVENTS_MAX, struct refused_event,
                &refused_shape),
};
static const struct proto_shape answer_shape = PROTO_SHAPE(struct batch_answer, answer_fields);

/* The events of one conversation: a chain through batch->next. */
struct journey_of {
    struct batch *batch;
    struct chat *chat;
    size_t next;      /* the first event that is not settled yet; EVENTS_MAX: none */
    size_t asked;     /* how many of them are under way */
    struct slice why; /* the code with which the rest of them is refused; empty: it is not */
};

struct batch {
    struct door door;
    struct id_text tenant, author;
    struct posted_events posted;
    size_t next[EVENTS_MAX]; /* of the same conversation; EVENTS_MAX: none */
    struct journey_of journeys[EVENTS_MAX];
    size_t journey_count, open; /* open: those that are not settled */
    uint64_t tracked, repeated;
    struct refused_event refused[EVENTS_MAX];
    size_t refused_count;
    bool is_unknown; /* the store could not say of some */
    struct arena arena;
    char bytes[ARENA_BYTES];
};

/* ---- the end ---------------------------------------------------------------------------------
 */

static void end_batch(struct batch *batch)
{
    struct batch_answer answer = {
            batch->tracked, batch->repeated, batch->refused, batch->refused_count};
    batch->door.node->batches--;
    if (batch->is_unknown)
        door_refuse_later(&batch->door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
    else
        door_answer(&batch->door, 200, &answer_shape, &answer);
    free(batch);
}

static void refuse_event(struct batch *batch, size_t at, struct slice code)
{
    batch->refused[batch->refused_count++] =
            (struct refused_event){batch->posted.events[at].event, code};
}

static void end_journey(struct journey_of *journey)
{
    struct batch *batch = journey->batch;
    for (; journey->why.len > 0 && journey->next != EVENTS_MAX;
            journey->next = batch->next[journey->next])
        refuse_event(batch, journey->next, journey->why);
    if (journey->chat != NULL)
        chat_release(journey->chat);
    if (--batch->open == 0)
        end_batch(batch);
}

static void refuse_journey(struct journey_of *journey, enum proto_error_code code)
{
    journey->why = proto_error_info(code)->code;
    end_journey(journey);
}

/* ---- entry after entry ------------------------------------------------------------------------
 */

static void go_on(struct journey_of *journey);

static void on_tracked(struct track_change *change, enum log_outcome outcome)
{
    struct journey_of *journey = change->user;
    struct batch *batch = journey->batch;
    if (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY) {
        size_t fresh = outcome == LOG_APPENDED ? change->fresh : 0;
        batch->tracked += fresh;
        batch->repeated += journey->asked - fresh;
        for (; journey->asked > 0; journey->asked--)
            journey->next = batch->next[journey->next];
        go_on(journey);
    } else if (outcome == LOG_RETRY || outcome == LOG_FULL) {
        batch->is_unknown = true;
        end_journey(journey);
    } else {
        refuse_journey(journey, outcome_code(outcome, change->change.refusal));
    }
}

/* As many of the journey's next events as one entry holds. */
static size_t gather(const struct journey_of *journey, struct track_event out[ENTRY_PARTS_MAX])
{
    const struct batch *batch = journey->batch;
    size_t count = 0, room = 0;
    for (size_t at = journey->next; at != EVENTS_MAX && count < ENTRY_PARTS_MAX;
            at = batch->next[at]) {
        const struct posted_event *event = &batch->posted.events[at];
        room += event_room(event->properties, event->properties_count);
        if (count > 0 && room > PROTO_LIMIT_EVENT_BYTES)
            break;
        out[count++] = (struct track_event){event->event, event->name, event->event_ms,
                event->properties, event->properties_count};
    }
    return count;
}

static void go_on(struct journey_of *journey)
{
    struct batch *batch = journey->batch;
    struct track_event events[ENTRY_PARTS_MAX];
    struct slice author = id_slice(&batch->author);
    journey->asked = gather(journey, events);
    if (journey->asked == 0) {
        end_journey(journey);
        return;
    }
    struct track_change *change = track_make(batch->door.node,
            &(struct track_author){AUTHOR_SERVICE, author, author}, events, journey->asked);
    if (change == NULL) {
        refuse_journey(journey, PROTO_ERROR_TOO_LARGE);
        return;
    }
    change->done = on_tracked;
    change->user = journey;
    track_start(journey->chat, id_slice(&batch->tenant), change);
}

static void open_chat(struct journey_of *journey, struct slice conversation)
{
    if (!conversation_id_is_well_formed(conversation)) {
        refuse_journey(journey, PROTO_ERROR_UNKNOWN_CONVERSATION);
        return;
    }
    journey->chat = chat_hold(journey->batch->door.node, conversation);
    if (journey->chat == NULL) {
        journey->batch->is_unknown = true;
        end_journey(journey);
        return;
    }
    go_on(journey);
}

static void on_contact(void *user, enum proto_error_code fault, struct slice conversation)
{
    struct journey_of *journey = user;
    if (fault == PROTO_ERROR_NONE) {
        open_chat(journey, conversation);
        return;
    }
    journey->batch->is_unknown = true;
    end_journey(journey);
}

static void begin_journey(struct journey_of *journey)
{
    struct batch *batch = journey->batch;
    struct node *node = batch->door.node;
    const struct posted_event *first = &batch->posted.events[journey->next];
    const struct tenant *tenant = directory_tenant(node, id_slice(&batch->tenant));
    if (tenant != NULL && first->contact.len > 0)
        contact_resolve(node, tenant, first->contact, SLICE_NONE, on_contact, journey);
    else
        open_chat(journey, first->conversation);
}

/* ---- the request ------------------------------------------------------------------------------
 */

/* Chains each event behind the last one of its conversation. */
static void sort(struct batch *batch)
{
    size_t last[EVENTS_MAX];
    for (size_t i = 0; i < batch->posted.events_count; i++) {
        const struct posted_event *event = &batch->posted.events[i];
        size_t at = 0;
        for (; at < batch->journey_count; at++) {
            const struct posted_event *other = &batch->posted.events[batch->journeys[at].next];
            if (slice_equal(other->conversation, event->conversation) &&
                    slice_equal(other->contact, event->contact))
                break;
        }
        if (at == batch->journey_count)
            batch->journeys[batch->journey_count++] =
                    (struct journey_of){batch, NULL, i, 0, SLICE_NONE};
        else
            batch->next[last[at]] = i;
        batch->next[i] = EVENTS_MAX;
        last[at] = i;
    }
}

/* Whose it is has to be said one way, once. */
static bool is_good(struct batch *batch)
{
    for (size_t i = 0; i < batch->posted.events_count; i++) {
        const struct posted_event *event = &batch->posted.events[i];
        struct track_event inner = {event->event, event->name, event->event_ms, event->properties,
                event->properties_count};
        const char *why = NULL;
        if ((event->conversation.len > 0) == (event->contact.len > 0))
            why = "Each event has a conversation or a contact, and not both.";
        if (why != NULL || !track_is_good(&inner, &why)) {
            door_refuse(&batch->door, 400, PROTO_ERROR_BAD_REQUEST, why);
            return false;
        }
    }
    return true;
}

static bool read_batch(struct batch *batch, const struct http_request *request)
{
    static const struct proto_bounds bounds = {HTTP_BODY_MAX, PROTO_LIMIT_DEPTH, ELEMENTS_MAX};
    struct proto_problem problem = {0};
    arena_init(&batch->arena, batch->bytes, sizeof batch->bytes);
    struct slice copy = arena_copy(&batch->arena, request->body);
    check(copy.bytes != NULL);
    struct proto_source source = {PROTO_JSON, (char *)copy.bytes, copy.len, &bounds, &batch->arena};
    if (proto_shape_read(&source, &posted_events_shape, &batch->posted, &problem))
        return is_good(batch);
    door_refuse(&batch->door, 400, PROTO_ERROR_BAD_REQUEST, problem.message);
    return false;
}

static void take_batch(
        struct door *door, const struct http_request *request, const struct credential *credential)
{
    struct batch *batch = door->node->batches < BATCHES_MAX ? malloc(sizeof *batch) : NULL;
    if (batch == NULL) {
        door_refuse_later(door, 503, PROTO_ERROR_BUSY, 500);
        return;
    }
    memset(batch, 0, offsetof(struct batch, arena));
    batch->door = *door;
    id_set(&batch->tenant, credential->tenant->id);
    id_set(&batch->author, credential->subject);
    if (!read_batch(batch, request)) {
        free(batch);
        return;
    }
    sort(batch);
    door->node->batches++;
    size_t count = batch->journey_count;
    batch->open = count + 1; /* one more, so that the batch lasts until all have begun */
    for (size_t i = 0; i < count; i++)
        begin_journey(&batch->journeys[i]);
    if (--batch->open == 0)
        end_batch(batch);
}

bool door_journey(struct door *door, const struct http_request *request)
{
    char scratch[TOKEN_MAX];
    struct credential credential;
    if (!slice_is(request->path, "/v1/events"))
        return false;
    enum credential_fault fault = credential_check(
            door->node, door_bearer(request), scratch, sizeof scratch, &credential);
    if (request->method != HTTP_POST)
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, NULL);
    else if (fault != CREDENTIAL_GOOD)
        door_refuse(door, 401,
                fault == CREDENTIAL_EXPIRED ? PROTO_ERROR_TOKEN_EXPIRED
                                            : PROTO_ERROR_UNAUTHENTICATED,
                NULL);
    else if (credential.role != CREDENTIAL_SERVICE)
        door_refuse(door, 403, PROTO_ERROR_FORBIDDEN, NULL);
    else
        take_batch(door, request, &credential);
    return true;
}
