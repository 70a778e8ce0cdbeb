/* SPDX-License-Identifier: Apache-2.0 */
/* Several chats of one agent on one terminal.
 *
 * Invariant: words go to the chat that was shown as current when they were typed, and public ones
 * only with the owner token in force; numbers of chats stay the same while they are open.
 */
#include "cli/talk/desk_chats.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void desk_chats_init(struct desk_chats *chats, struct console *console)
{
    *chats = (struct desk_chats){.console = console};
    cursors_init(&chats->cursors);
}

static void drop(struct desk_chats *chats, size_t number)
{
    struct desk_chat *chat = chats->all[number - 1];
    cursors_forget(&chats->cursors, slice_of_string(chat->talk.conversation));
    outbox_finish(&chat->outbox);
    free(chat);
    chats->all[number - 1] = NULL;
    if (chats->current == number)
        chats->current = 0;
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX && chats->current == 0; i++)
        if (chats->all[i] != NULL)
            desk_chats_switch(chats, i + 1);
}

void desk_chats_finish(struct desk_chats *chats)
{
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX; i++)
        if (chats->all[i] != NULL) {
            outbox_finish(&chats->all[i]->outbox);
            free(chats->all[i]);
        }
    cursors_finish(&chats->cursors);
}

static size_t number_of(const struct desk_chats *chats, struct slice conversation)
{
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX; i++)
        if (chats->all[i] != NULL && slice_is(conversation, chats->all[i]->talk.conversation))
            return i + 1;
    return 0;
}

/* ---- chats ------------------------------------------------------------------------------------
 */

static bool send_frame(void *context, const struct proto_frame *frame)
{
    struct desk_chat *chat = context;
    return link_send(chat->chats->link, frame);
}

static void on_acked(void *context, uint64_t key, uint64_t n, const struct name *at)
{
    struct desk_chat *chat = context;
    (void)key, (void)n, (void)at;
    console_note(chat->chats->console, "sent");
}

static void on_refused(void *context, uint64_t key, enum proto_error_code code)
{
    struct desk_chat *chat = context;
    (void)key;
    console_note(
            chat->chats->console, "not sent: %.*s", SLICE_ARGS(proto_error_info(code)->message));
}

static size_t open_chat(struct desk_chats *chats, const struct proto_assigned *assigned)
{
    char prefix[16];
    size_t number = 1;
    while (number <= DESK_CHATS_KEPT_MAX && chats->all[number - 1] != NULL)
        number++;
    if (number > DESK_CHATS_KEPT_MAX || assigned->conversation.len > TALK_ID_MAX)
        return 0;
    struct desk_chat *chat = calloc(1, sizeof *chat);
    check(chat != NULL);
    chat->chats = chats;
    chat->talk.console = chats->console;
    memcpy(chat->talk.conversation, assigned->conversation.bytes, assigned->conversation.len);
    snprintf(chat->contact, sizeof chat->contact, "%.*s", SLICE_ARGS(assigned->contact));
    snprintf(prefix, sizeof prefix, "s%zu.", number);
    outbox_init(&chat->outbox,
            &(struct outbox_options){.conversation = slice_of_string(chat->talk.conversation),
                    .prefix = prefix,
                    .context = chat,
                    .send = send_frame,
                    .on_acked = on_acked,
                    .on_refused = on_refused});
    chats->all[number - 1] = chat;
    return number;
}

static void on_assigned(struct desk_chats *chats, const struct proto_assigned *assigned)
{
    size_t number = number_of(chats, assigned->conversation);
    bool is_new = number == 0;
    if (is_new)
        number = open_chat(chats, assigned);
    if (number == 0)
        return;
    struct desk_chat *chat = chats->all[number - 1];
    chat->owner = assigned->owner;
    chat->is_ours = true;
    outbox_on_welcome(&chat->outbox, slice_of_string(chats->lineage));
    if (!is_new)
        return;
    console_note(chats->console, "chat %zu is yours: %s", number,
            chat->contact[0] ? chat->contact : "a visitor");
    if (assigned->has_handoff)
        talk_show_handoff(&chat->talk, &assigned->handoff);
    if (chats->current == 0)
        desk_chats_switch(chats, number);
}

static void on_released(struct desk_chats *chats, const struct proto_released *released)
{
    size_t number = number_of(chats, released->conversation);
    if (number == 0)
        return;
    console_note(chats->console, "chat %zu: %.*s", number, SLICE_ARGS(released->reason));
    drop(chats, number);
}

struct desk_chat *desk_chats_current(struct desk_chats *chats)
{
    if (chats->current != 0)
        return chats->all[chats->current - 1];
    console_note(chats->console, "no chat is open");
    return NULL;
}

bool desk_chats_switch(struct desk_chats *chats, size_t number)
{
    if (number == 0 || number > DESK_CHATS_KEPT_MAX || chats->all[number - 1] == NULL)
        return false;
    chats->current = number;
    console_note(chats->console, "you are typing to chat %zu", number);
    return true;
}

void desk_chats_list(struct desk_chats *chats)
{
    size_t count = 0;
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX; i++)
        if (chats->all[i] != NULL) {
            console_note(chats->console, "%s%zu  %s", chats->current == i + 1 ? "*" : " ", i + 1,
                    chats->all[i]->contact);
            count++;
        }
    if (count == 0)
        console_note(chats->console, "no chat is open");
}

void desk_chat_say(struct desk_chat *chat, const char *text, bool is_note)
{
    struct proto_body body = talk_body(&chat->talk, text);
    const struct outbox_message message = {
            .body = &body, .is_internal = is_note, .owner = is_note ? NULL : &chat->owner};
    if (outbox_put(&chat->outbox, &message) == 0)
        console_note(chat->chats->console, "too many messages wait already: not sent");
}

/* ---- offers -----------------------------------------------------------------------------------
 */

static void forget_offer(struct desk_chats *chats, const struct name *offer)
{
    size_t kept = 0;
    for (size_t i = 0; i < chats->offer_count; i++)
        if (!name_equal(&chats->offers[i], offer))
            chats->offers[kept++] = chats->offers[i];
    chats->offer_count = kept;
}

static void on_offer(struct desk_chats *chats, const struct proto_offer *offer)
{
    forget_offer(chats, &offer->offer);
    if (chats->offer_count == DESK_OFFERS_KEPT_MAX)
        return;
    chats->offers[chats->offer_count++] = offer->offer;
    console_note(chats->console, "an offer, for %" PRIu64 " s: %.*s. Take it? y or n",
            offer->expires_in_ms / 1000,
            SLICE_ARGS(offer->contact.len ? offer->contact : SLICE_OF("a visitor")));
    if (offer->has_handoff && offer->handoff.summary.len > 0)
        console_note(chats->console, "%.*s", SLICE_ARGS(offer->handoff.summary));
}

bool desk_chats_answer(struct desk_chats *chats, bool is_yes)
{
    struct proto_frame frame = {.kind = is_yes ? PROTO_KIND_ACCEPT : PROTO_KIND_DECLINE};
    if (chats->offer_count == 0)
        return false;
    struct name offer = chats->offers[0];
    if (is_yes)
        frame.as.accept = (struct proto_accept){SLICE_OF("accept"), offer};
    else
        frame.as.decline = (struct proto_decline){.id = SLICE_OF("decline"), .offer = offer};
    if (link_send(chats->link, &frame))
        forget_offer(chats, &offer);
    else
        console_note(chats->console, "not connected just now");
    return true;
}

/* ---- frames -----------------------------------------------------------------------------------
 */

static void on_entry(
        struct desk_chats *chats, size_t number, const struct proto_entry_view *entry, bool is_own)
{
    struct desk_chat *chat = chats->all[number - 1];
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPT};
    switch (cursors_take(&chats->cursors, entry->conversation, &entry->at, &entry->after)) {
    case CURSORS_NEXT:
        if (!is_own && chats->current != number)
            console_note(chats->console, "chat %zu:", number);
        talk_show(&chat->talk, entry, is_own);
        frame.as.receipt = (struct proto_receipt){.conversation = entry->conversation,
                .has_delivered = true,
                .delivered = entry->at,
                .has_read = true,
                .read = entry->at};
        link_send(chats->link, &frame);
        break;
    case CURSORS_SEEN:
        break;
    case CURSORS_GAP:
        link_reconnect(chats->link);
        break;
    }
}

static struct slice conversation_of(const struct proto_frame *frame)
{
    if (frame->kind == PROTO_KIND_ENTRY)
        return frame->as.entry.conversation;
    if (frame->kind == PROTO_KIND_TYPIST)
        return frame->as.typist.conversation;
    if (frame->kind == PROTO_KIND_RECEIPTS)
        return frame->as.receipts.conversation;
    if (frame->kind == PROTO_KIND_PAGE)
        return frame->as.page.conversation;
    return frame->kind == PROTO_KIND_RESET ? frame->as.reset.conversation : SLICE_NONE;
}

static bool feed_outboxes(
        struct desk_chats *chats, const struct proto_frame *frame, uint64_t now_ms)
{
    bool is_own = false;
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX; i++) {
        enum outbox_verdict verdict = chats->all[i] ? outbox_on_frame(&chats->all[i]->outbox, frame,
                                                              talk_random(), now_ms)
                                                    : OUTBOX_NOT_MINE;
        is_own = is_own || verdict != OUTBOX_NOT_MINE;
        if (verdict == OUTBOX_RECONNECT)
            link_reconnect(chats->link);
    }
    return is_own;
}

static void show(
        struct desk_chats *chats, size_t number, const struct proto_frame *frame, bool is_own)
{
    struct talk *talk = &chats->all[number - 1]->talk;
    if (frame->kind == PROTO_KIND_ENTRY)
        on_entry(chats, number, &frame->as.entry, is_own);
    else if (frame->kind == PROTO_KIND_TYPIST)
        talk_show_typist(talk, &frame->as.typist);
    else if (frame->kind == PROTO_KIND_RECEIPTS)
        talk_show_receipts(talk, &frame->as.receipts);
    else if (frame->kind == PROTO_KIND_PAGE)
        talk_show_page(talk, &frame->as.page);
    else if (frame->kind == PROTO_KIND_RESET)
        cursors_forget(&chats->cursors, frame->as.reset.conversation);
}

uint64_t desk_chats_on_frame(
        struct desk_chats *chats, const struct proto_frame *frame, uint64_t now_ms)
{
    bool is_own = feed_outboxes(chats, frame, now_ms);
    size_t number = number_of(chats, conversation_of(frame));
    if (frame->kind == PROTO_KIND_WELCOME) {
        snprintf(chats->lineage, sizeof chats->lineage, "%.*s",
                SLICE_ARGS(frame->as.welcome.lineage));
        chats->offer_count = 0;
    } else if (frame->kind == PROTO_KIND_ASSIGNED) {
        on_assigned(chats, &frame->as.assigned);
    } else if (frame->kind == PROTO_KIND_RELEASED) {
        on_released(chats, &frame->as.released);
    } else if (frame->kind == PROTO_KIND_OFFER) {
        on_offer(chats, &frame->as.offer);
    } else if (frame->kind == PROTO_KIND_CANCEL && frame->as.cancel.has_offer) {
        console_note(chats->console, "the offer is gone");
        forget_offer(chats, &frame->as.cancel.offer);
    } else if (frame->kind == PROTO_KIND_ERROR && !is_own) {
        console_note(chats->console, "%.*s", SLICE_ARGS(frame->as.error.message));
    } else if (number > 0) {
        show(chats, number, frame, is_own);
    }
    return desk_chats_flush(chats, now_ms);
}

void desk_chats_on_disconnect(struct desk_chats *chats)
{
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX; i++)
        if (chats->all[i] != NULL) {
            outbox_on_disconnect(&chats->all[i]->outbox);
            chats->all[i]->is_ours = false;
        }
}

uint64_t desk_chats_flush(struct desk_chats *chats, uint64_t now_ms)
{
    uint64_t soonest_ms = 0;
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX; i++) {
        bool is_open = chats->all[i] != NULL && chats->all[i]->is_ours;
        uint64_t wait_ms = is_open ? outbox_flush(&chats->all[i]->outbox, now_ms) : 0;
        if (wait_ms > 0 && (soonest_ms == 0 || wait_ms < soonest_ms))
            soonest_ms = wait_ms;
    }
    return soonest_ms;
}

size_t desk_chats_unacked(const struct desk_chats *chats)
{
    size_t count = 0;
    for (size_t i = 0; i < DESK_CHATS_KEPT_MAX; i++)
        count += chats->all[i] ? outbox_unacked(&chats->all[i]->outbox) : 0;
    return count;
}
