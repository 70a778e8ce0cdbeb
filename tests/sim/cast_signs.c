/* SPDX-License-Identifier: Apache-2.0 */
/* What is told besides the log: how far people have received and read, who is typing, who is there.
 *
 * Invariant: receipts only move forward, whoever tells of them and over whichever connection, until
 * a reset; read <= delivered; a customer is told places without marks. Nobody is told of themselves
 * on the same connection. What is known in the end is epilogue.c's to judge.
 */
#include "cast_line.h"

#include "base/check.h"

#include <stdio.h>

enum {
    RECEIPT_PER_MILLE = 250,
    READ_PER_MILLE = 600,
    TYPING_PER_MILLE = 120,
    TYPING_ENDS_PER_MILLE = 500,
};

/* ---- customers --------------------------------------------------------------------------------
 */

static void say_receipt(struct device *device, bool is_read)
{
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPT};
    if (device->view_count == 0)
        return;
    struct name last = device->view[device->view_count - 1].at;
    frame.as.receipt = (struct proto_receipt){
            .has_delivered = true, .delivered = last, .has_read = is_read, .read = last};
    device->signs.said_delivered = last.seq;
    fake_client_send(&device->line.client, &frame);
}

static void say_typing(struct device *device, bool is_active)
{
    struct proto_frame frame = {.kind = PROTO_KIND_TYPING};
    frame.as.typing.active = device->signs.is_typing = is_active;
    fake_client_send(&device->line.client, &frame);
}

void signs_say(struct device *device)
{
    struct fake_random *random = device->line.random;
    struct signs *signs = &device->signs;
    if (signs->insists) {
        say_receipt(device, true);
        say_typing(device, signs->is_typing);
    }
    if (!device->line.is_restless)
        return;
    if (fake_random_chance(random, RECEIPT_PER_MILLE))
        say_receipt(device, fake_random_chance(random, READ_PER_MILLE));
    if (signs->is_typing ? fake_random_chance(random, TYPING_ENDS_PER_MILLE)
                         : fake_random_chance(random, TYPING_PER_MILLE))
        say_typing(device, !signs->is_typing);
}

void signs_forget(struct device *device)
{
    device->signs.count = 0;
}

static struct reader_model *reader(struct device *device, const struct proto_who *who)
{
    struct signs *signs = &device->signs;
    for (size_t i = 0; i < signs->count; i++)
        if (slice_is(who->id, signs->readers[i].id))
            return &signs->readers[i];
    check(signs->count < READERS_OF_CAST);
    struct reader_model *one = &signs->readers[signs->count++];
    *one = (struct reader_model){0};
    cast_keep(one->id, sizeof one->id, who->id);
    return one;
}

static bool has_mark(const struct name *name)
{
    static const uint8_t none[MARK_SIZE];
    return memcmp(name->mark, none, MARK_SIZE) != 0;
}

void signs_take_receipts(struct device *device, const struct proto_receipts *receipts)
{
    struct reader_model *one = reader(device, &receipts->who);
    bool is_customer = receipts->who.kind == PROTO_AUTHOR_KIND_CUSTOMER;
    bool is_emptied =
            device->erased != NULL && /* the places of who is erased go before they hear */
            strcmp(device->conversation, device->erased) == 0;
    tally_action(is_customer ? ACTION_RECEIPT : ACTION_AGENT_RECEIPT);
    if (has_mark(&receipts->delivered) || has_mark(&receipts->read))
        device->fault = "a customer was told an entry's mark in a receipt";
    if (!device->may_lose && !is_emptied &&
            ((receipts->has_delivered && receipts->delivered.seq < one->delivered) ||
                    (receipts->has_read && receipts->read.seq < one->read)))
        device->fault = "a receipt went back";
    if (receipts->has_delivered)
        one->delivered = receipts->delivered.seq;
    if (receipts->has_read)
        one->read = receipts->read.seq;
    bool is_own = is_customer && one->read <= device->signs.said_delivered;
    if (one->read > one->delivered && !is_own && !device->may_lose)
        device->fault = "read more than was delivered";
}

void signs_take_typist(struct device *device, const struct proto_typist *typist)
{
    bool is_customer = typist->who.kind == PROTO_AUTHOR_KIND_CUSTOMER;
    reader(device, &typist->who)->is_typing = typist->active;
    if (!is_customer)
        tally_action(ACTION_AGENT_TYPING);
    else
        tally_action(typist->active ? ACTION_TYPING : ACTION_TYPING_ENDED);
}

/* ---- agents -----------------------------------------------------------------------------------
 */

void signs_say_at_desk(struct agent_model *agent, const struct agent_chat_model *chat)
{
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPT};
    if (!agent->line.is_lively || chat->last.seq == 0)
        return;
    frame.as.receipt = (struct proto_receipt){.conversation = text_of(chat->conversation),
            .has_delivered = true,
            .delivered = chat->last,
            .has_read = true,
            .read = chat->last};
    fake_client_send(&agent->line.client, &frame);
    if (!agent->line.is_restless || !fake_random_chance(agent->line.random, TYPING_PER_MILLE))
        return;
    frame = (struct proto_frame){.kind = PROTO_KIND_TYPING};
    frame.as.typing = (struct proto_typing){text_of(chat->conversation), true};
    fake_client_send(&agent->line.client, &frame);
}

void signs_take_presence(struct agent_model *agent, const struct proto_presence *presence)
{
    check(presence->agent.len == 3);
    unsigned number = (unsigned)(presence->agent.bytes[2] - '0');
    check(number < CAST_AGENTS_MAX);
    tally_action(ACTION_PRESENCE);
    agent->colleagues[number] = (struct colleague_model){presence->status, presence->chats};
}
