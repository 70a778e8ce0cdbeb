/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader gets to see of an entry.
 *
 * Invariant: this is the only way from a stored entry to a frame, for every role and transport, so
 * an internal note, a handoff packet or the reason that an agent gave for one cannot reach a
 * customer by a path that forgot to ask. Words that were edited or deleted are not in the entry any
 * more: chat_read_entry left them out.
 */
#include "flow/callbacks.h"
#include "flow/entry_codec.h"

static bool view_message(const struct part *part, struct arena *scratch, struct proto_part *out)
{
    out->kind = part->visibility == VISIBLE_TO_ALL ? PROTO_PART_KIND_MESSAGE : PROTO_PART_KIND_NOTE;
    out->has_body = body_decode(part->body, scratch, &out->body);
    out->lineage = part->lineage;
    out->has_n = part->n != 0;
    out->n = part->n;
    out->has_reply_to = part->ref.seq != 0;
    out->reply_to = part->ref;
    return out->has_body;
}

static void view_target(const struct part *part, enum proto_part_kind kind, struct proto_part *out)
{
    *out = (struct proto_part){.kind = kind,
            .lineage = part->lineage,
            .has_n = part->n != 0,
            .n = part->n,
            .has_target = true,
            .target = part->ref};
}

static bool view_edited(const struct part *part, struct arena *scratch, struct proto_part *out)
{
    view_target(part, PROTO_PART_KIND_EDITED, out);
    out->has_body = body_decode(part->body, scratch, &out->body);
    return out->has_body;
}

static bool view_reacted(const struct part *part, struct proto_part *out)
{
    view_target(part, PROTO_PART_KIND_REACTED, out);
    out->emoji = part->name;
    out->has_active = true;
    out->active = part->number != 0;
    return true;
}

static bool view_event(const struct part *part, struct arena *scratch, struct proto_part *out)
{
    *out = (struct proto_part){.kind = PROTO_PART_KIND_EVENT,
            .id = part->id,
            .name = part->name,
            .has_event_ms = part->number != 0,
            .event_ms = part->number};
    return event_decode(part->body, scratch, &out->properties, &out->properties_count);
}

/* Whoever sees the part may see where to: the customer said it, and staff is to use it. */
static bool view_callback(const struct part *part, struct proto_part *out)
{
    struct callback callback;
    *out = (struct proto_part){.kind = PROTO_PART_KIND_CALLBACK, .reason = part->reason};
    callback_fold(&callback, part);
    out->has_callback = callback_view(&callback, &out->callback);
    out->callback.address = part->name;
    return true;
}

static enum proto_owner_kind owner_word(enum owner_kind owner)
{
    return owner == OWNER_BOT     ? PROTO_OWNER_KIND_BOT
           : owner == OWNER_AGENT ? PROTO_OWNER_KIND_AGENT
                                  : PROTO_OWNER_KIND_NONE;
}

static bool view_queued(
        const struct part *part, bool to_staff, struct arena *scratch, struct proto_part *out)
{
    out->kind = PROTO_PART_KIND_QUEUED;
    if (to_staff)
        out->reason = part->reason;
    if (to_staff && part->handoff.len > 0)
        out->has_handoff = handoff_decode(part->handoff, scratch, &out->handoff);
    return true;
}

static bool view_part(
        const struct part *part, bool to_staff, struct arena *scratch, struct proto_part *out)
{
    switch (part->kind) {
    case PART_MESSAGE:
        return view_message(part, scratch, out);
    case PART_OWNER:
        *out = (struct proto_part){.kind = PROTO_PART_KIND_OWNER,
                .has_owner = true,
                .owner = owner_word(part->owner),
                .id = part->id,
                .name = part->name};
        return true;
    case PART_CASE_OPENED:
        out->kind = PROTO_PART_KIND_CASE_OPENED;
        return true;
    case PART_CASE_CLOSED:
        out->kind = PROTO_PART_KIND_CASE_CLOSED;
        if (to_staff)
            out->reason = part->reason;
        return true;
    case PART_QUEUED:
        return view_queued(part, to_staff, scratch, out);
    case PART_IDENTITY:
        out->kind = PROTO_PART_KIND_IDENTITY;
        out->name = part->name;
        return true;
    case PART_SUPERSEDED:
        *out = (struct proto_part){.kind = PROTO_PART_KIND_SUPERSEDED, .id = part->id};
        return true;
    case PART_JOINED:
        *out = (struct proto_part){.kind = PROTO_PART_KIND_JOINED, .id = part->id};
        return true;
    case PART_ERASED:
        out->kind = PROTO_PART_KIND_ERASED;
        return true;
    case PART_EDITED:
        return view_edited(part, scratch, out);
    case PART_DELETED:
        view_target(part, PROTO_PART_KIND_DELETED, out);
        return true;
    case PART_REACTED:
        return view_reacted(part, out);
    case PART_PARTICIPANT:
        *out = (struct proto_part){.kind = PROTO_PART_KIND_PARTICIPANT,
                .id = part->id,
                .name = part->name,
                .has_active = true,
                .active = part->number != 0};
        return true;
    case PART_INVITED:
        *out = (struct proto_part){.kind = PROTO_PART_KIND_INVITED, .id = part->id};
        return true;
    case PART_CALLBACK:
        return view_callback(part, out);
    case PART_EVENT:
        return view_event(part, scratch, out);
    case PART_AMENDMENTS:
    case PART_CREATED:
    case PART_TURN:
    case PART_TURN_OVER:
    case PART_COMMITTED:
    case PART_STATE:
    case PART_LABELS:
    case PART_VOIDED:
    case PART_SNAPSHOT:
        return false;
    }
    return false;
}

static struct proto_who view_author(const struct author *author, struct slice conversation)
{
    static const enum proto_author_kind kinds[] = {
            [AUTHOR_CUSTOMER] = PROTO_AUTHOR_KIND_CUSTOMER,
            [AUTHOR_AGENT] = PROTO_AUTHOR_KIND_AGENT,
            [AUTHOR_BOT] = PROTO_AUTHOR_KIND_BOT,
            [AUTHOR_SYSTEM] = PROTO_AUTHOR_KIND_SYSTEM,
            [AUTHOR_SERVICE] = PROTO_AUTHOR_KIND_SERVICE,
    };
    bool is_customer = author->kind == AUTHOR_CUSTOMER;
    bool is_known = author->kind >= AUTHOR_CUSTOMER && author->kind <= AUTHOR_SERVICE;
    return (struct proto_who){is_known ? kinds[author->kind] : PROTO_AUTHOR_KIND_SYSTEM,
            is_customer ? conversation : author->id, author->name};
}

bool entry_looks_alike(const struct entry *entry)
{
    if (!name_equal(&entry->after_public, &entry->after_staff))
        return false;
    for (size_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        if (part->kind != PART_MESSAGE || part->visibility != VISIBLE_TO_ALL)
            return false;
    }
    return true;
}

bool entry_view(const struct entry *entry, struct slice conversation, bool to_staff,
        struct arena *scratch, struct proto_entry_view *out_view)
{
    struct proto_part *parts = arena_take(scratch, (entry->part_count + 1) * sizeof *parts);
    size_t count = 0;
    if (parts == NULL)
        return false;
    for (size_t i = 0; i < entry->part_count; i++)
        if (part_is_visible(&entry->parts[i], to_staff))
            count += view_part(&entry->parts[i], to_staff, scratch, &parts[count]);
    *out_view = (struct proto_entry_view){
            .conversation = conversation,
            .at = entry->at,
            .after = to_staff ? entry->after_staff : entry->after_public,
            .time_ms = entry->time_ms,
            .author = view_author(&entry->author, conversation),
            .visibility = entry_is_visible(entry, false) ? PROTO_VISIBILITY_PUBLIC
                                                         : PROTO_VISIBILITY_INTERNAL,
            .parts = parts,
            .parts_count = count,
    };
    return count > 0;
}
