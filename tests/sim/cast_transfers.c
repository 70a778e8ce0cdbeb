/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that are handed on: to a colleague by name, or to whoever fits best.
 *
 * Invariant: a desk repeats what was not answered, and a transfer that was promised keeps its
 * place. That it is in the log once, and reaches who gets the case next, is judge_owners.c's to
 * say.
 */
#include "cast_line.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRANSFER_PER_MILLE = 350, BY_NAME_PER_MILLE = 500, NOBODY_PER_MILLE = 80 };

unsigned transfer_number(struct slice text)
{
    char digits[16] = "";
    if (text.len < 2 || text.len > sizeof digits || text.bytes[0] != 't')
        return CAST_NO_TRANSFER;
    memcpy(digits, text.bytes + 1, text.len - 1);
    return (unsigned)strtoul(digits, NULL, 10);
}

static struct transfer_model *transfer_of(struct agent_model *agent, unsigned number)
{
    unsigned first = 1 + agent->number * CAST_TRANSFERS_MAX;
    bool is_own = number >= first && number < first + agent->transfer_count;
    return is_own ? &agent->transfers[number - first] : NULL;
}

/* Somebody else, and now and then nobody. */
static const char *choose_colleague(const struct agent_model *agent)
{
    if (!fake_random_chance(agent->line.random, BY_NAME_PER_MILLE))
        return "";
    if (fake_random_chance(agent->line.random, NOBODY_PER_MILLE))
        return "ag9";
    return strcmp(agent->id, "ag0") == 0 ? "ag1" : "ag0";
}

void transfers_begin(struct agent_model *agent, struct agent_chat_model *chat,
        const struct proto_assigned *assigned)
{
    chat->transfer = CAST_NO_TRANSFER;
    chat->packet =
            assigned->has_handoff ? transfer_number(assigned->handoff.summary) : CAST_NO_TRANSFER;
    if (chat->packet != CAST_NO_TRANSFER)
        tally_action(ACTION_TRANSFER_CAME);
    if (!agent->line.is_restless || agent->transfer_count == CAST_TRANSFERS_MAX ||
            !fake_random_chance(agent->line.random, TRANSFER_PER_MILLE))
        return;
    struct transfer_model *transfer = &agent->transfers[agent->transfer_count++];
    *transfer = (struct transfer_model){.owner = assigned->owner};
    cast_keep(transfer->conversation, sizeof transfer->conversation, assigned->conversation);
    snprintf(transfer->to_agent, sizeof transfer->to_agent, "%s", choose_colleague(agent));
    chat->transfer = agent->number * CAST_TRANSFERS_MAX + agent->transfer_count;
}

void transfers_send(struct agent_model *agent, const struct agent_chat_model *chat)
{
    const struct transfer_model *transfer = transfer_of(agent, chat->transfer);
    char id[32], summary[16];
    struct proto_frame frame = {.kind = PROTO_KIND_TRANSFER};
    struct proto_skill skill = {.name = SLICE_OF("any")};
    check(transfer != NULL);
    int summary_len = snprintf(summary, sizeof summary, "t%u", chat->transfer);
    int id_len = snprintf(id, sizeof id, "%s.%" PRIu64, summary, ++agent->line.next_id);
    frame.as.transfer = (struct proto_transfer){.id = slice_make(id, (size_t)id_len),
            .conversation = text_of(chat->conversation),
            .owner = chat->owner,
            .to_agent = text_of(transfer->to_agent),
            .handoff = {.reason = SLICE_OF("expertise"),
                    .summary = slice_make(summary, (size_t)summary_len),
                    .skills = &skill,
                    .skills_count = 1}};
    fake_client_send(&agent->line.client, &frame);
}

void transfers_on_done(struct agent_model *agent, const struct proto_done *done)
{
    struct transfer_model *transfer = transfer_of(agent, transfer_number(done->id));
    if (transfer == NULL)
        return;
    if (!done->has_at)
        agent->fault = "a transfer was done by no entry";
    else if (transfer->is_promised && !agent->may_lose && !name_equal(&transfer->at, &done->at))
        agent->fault = "a transfer got another place";
    else if (transfer->is_promised)
        return;
    tally_action(transfer->to_agent[0] ? ACTION_TRANSFER_BY_NAME : ACTION_TRANSFER);
    transfer->is_promised = true;
    transfer->at = done->at;
}

/* It is over, and if the case is still there it is closed. */
void transfers_on_error(struct agent_model *agent, const struct proto_error *error)
{
    unsigned number = transfer_number(error->id);
    struct transfer_model *transfer = transfer_of(agent, number);
    if (transfer == NULL || error->retry != PROTO_RETRY_NEVER)
        return;
    bool is_nobody = strcmp(transfer->to_agent, "ag9") == 0;
    if (slice_is(error->code, "no_such_agent") != is_nobody)
        agent->fault = "a transfer to somebody was refused, or one to nobody was not";
    transfer->was_refused = true;
    tally_action(ACTION_TRANSFER_REFUSED);
    for (size_t i = 0; i < agent->chat_count; i++)
        if (agent->chats[i].transfer == number)
            agent->chats[i].transfer = CAST_NO_TRANSFER;
}
