/* SPDX-License-Identifier: Apache-2.0 */
/* Senders that number their words and try again on any node, and a bot that answers turns.
 *
 * Invariant: a sender never gives up and never renumbers. It changes its words only when it was
 * told that they were not written, by an answer that it had no reason to doubt.
 */
#include "log_world.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

struct attempt {
    struct log_change change;
    struct log_node *node;
    struct sender *sender;
    uint64_t n, acked_most, resend_from, life;
    unsigned version;
    enum refusal refusal;
    struct name already;
    char body[32];
};

uint64_t sent_digest(size_t sender, uint64_t n, unsigned version)
{
    return (uint64_t)(sender + 1) << 32 | n << 16 | version;
}

static uint64_t now_ms_of(struct log_node *node)
{
    return node->bend.base.ops->now_ms(&node->bend.base);
}

static size_t index_of(const struct attempt *attempt)
{
    return (size_t)(attempt->sender - attempt->node->world->senders);
}

/* Without dense counters: what is ahead is taken too, under its own number. */
static void take_what_is_ahead(
        struct attempt *attempt, const struct say *said, struct decision *decision)
{
    struct say say = *said;
    say.n = decision->resend_from;
    conversation_say(&attempt->node->fold, &say, now_ms_of(attempt->node), decision);
    check(decision->verdict == VERDICT_APPEND);
    for (size_t i = 0; i < decision->draft->part_count; i++)
        if (decision->draft->parts[i].kind == PART_MESSAGE)
            decision->draft->parts[i].n = attempt->n;
}

static enum log_decision decide(struct log_change *change, struct log *log, struct log_draft *draft)
{
    struct attempt *attempt = LIST_ITEM(change, struct attempt, change);
    struct log_node *node = attempt->node;
    struct entry entry;
    struct decision decision = {.draft = &entry};
    struct say say = {.author = {.kind = AUTHOR_CUSTOMER},
            .lineage = slice_make(attempt->sender->lineage, LINEAGE_LEN),
            .n = attempt->n,
            .body = slice_of_string(attempt->body),
            .digest = sent_digest(index_of(attempt), attempt->n, attempt->version),
            .has_bot = true,
            .bot_id = SLICE_OF("guide"),
            .bot_name = SLICE_OF("Guide")};
    (void)log;
    conversation_say(&node->fold, &say, now_ms_of(node), &decision);
    if (decision.refusal == REFUSAL_RESEND && node->world->off == RULE_DENSE_COUNTER)
        take_what_is_ahead(attempt, &say, &decision);
    attempt->refusal = decision.refusal;
    attempt->resend_from = decision.resend_from;
    attempt->already = decision.already;
    return log_node_draft(node, &decision, draft);
}

static void on_ack(struct attempt *attempt, const struct name *at)
{
    struct world *world = attempt->node->world;
    struct sending *sending = &attempt->sender->sends[attempt->n];
    if (world->is_durable && sending->is_acked && !name_equal(&sending->at, at))
        world->violations |= OTHER_PLACE;
    if (attempt->version != sending->version)
        return; /* words given up since: the judge looks whether they are there */
    if (!sending->is_acked || !world->is_durable)
        sending->at = *at;
    sending->is_acked = true;
    sending->is_open = false;
    if (attempt->n > attempt->sender->acked_most)
        attempt->sender->acked_most = attempt->n;
}

static void on_refused(struct attempt *attempt)
{
    struct world *world = attempt->node->world;
    struct sender *sender = attempt->sender;
    if (attempt->refusal != REFUSAL_RESEND) {
        world->violations |= OTHER_BODY;
        return;
    }
    bool is_current = attempt->life == world->lives && attempt->node->life == world->lives;
    if (world->is_durable && is_current && attempt->resend_from <= attempt->acked_most)
        world->violations |= FALSE_NO;
    for (uint64_t n = attempt->resend_from; n < sender->next; n++)
        if (world->off != RULE_HEAL)
            sender->sends[n].is_open = true;
}

/* Other words, if nothing speaks for it that the first ones were written after all. */
static void on_full(struct attempt *attempt)
{
    struct sending *sending = &attempt->sender->sends[attempt->n];
    if (sending->is_open && !sending->is_acked && !sending->was_unknown && sending->underway == 0 &&
            attempt->version == sending->version)
        sending->version++;
}

static void on_done(struct log_change *change, struct log *log)
{
    struct attempt *attempt = LIST_ITEM(change, struct attempt, change);
    struct world *world = attempt->node->world;
    (void)log;
    attempt->sender->sends[attempt->n].underway--;
    switch (change->result.outcome) {
    case LOG_APPENDED:
        on_ack(attempt, &change->result.at);
        break;
    case LOG_WAS_ALREADY:
        on_ack(attempt, &attempt->already);
        break;
    case LOG_REFUSED:
        on_refused(attempt);
        break;
    case LOG_RETRY:
        attempt->sender->sends[attempt->n].was_unknown = true;
        break;
    case LOG_FULL:
        on_full(attempt);
        break;
    case LOG_MISSING:
    case LOG_QUARANTINED:
    case LOG_READ_ONLY:
        world->violations |= BROKEN_LOG;
        break;
    }
    free(attempt);
}

static void submit(struct world *world, struct sender *sender, uint64_t n)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);
    check(attempt != NULL);
    attempt->node = &world->nodes[fake_random_below(&world->random, WORLD_NODES)];
    attempt->sender = sender;
    attempt->n = n;
    attempt->version = sender->sends[n].version;
    attempt->acked_most = sender->acked_most;
    attempt->life = attempt->node->life;
    attempt->change.decide = decide;
    attempt->change.done = on_done;
    snprintf(attempt->body, sizeof attempt->body, "sender %zu n %llu v %u",
            (size_t)(sender - world->senders), (unsigned long long)n, attempt->version);
    if (world->off == RULE_NO_FROM_FRESH)
        attempt->node->log.fresh_at = UINT64_MAX;
    sender->sends[n].underway++;
    log_submit(&attempt->node->log, &attempt->change);
}

void sender_acts(struct world *world)
{
    struct sender *sender = &world->senders[fake_random_below(&world->random, SENDERS)];
    uint64_t open[SENDS], count = 0;
    for (uint64_t n = 1; n < sender->next; n++)
        if (sender->sends[n].is_open)
            open[count++] = n;
    while (sender->next <= SENDS && count < UNACKED_MAX) {
        open[count++] = sender->next;
        sender->sends[sender->next++].is_open = true;
    }
    if (count > 0)
        submit(world, sender, open[fake_random_below(&world->random, count)]);
}

bool senders_are_done(const struct world *world)
{
    for (size_t i = 0; i < SENDERS; i++) {
        if (world->senders[i].next <= SENDS)
            return false;
        for (uint64_t n = 1; n <= SENDS; n++)
            if (world->senders[i].sends[n].is_open)
                return false;
    }
    return true;
}

void senders_begin(struct world *world)
{
    for (size_t i = 0; i < SENDERS; i++) {
        uint8_t random[8] = {(uint8_t)(i + 1)};
        world->senders[i].next = 1;
        lineage_make(fake_server_now_ms(world->server), random, world->senders[i].lineage);
    }
}

/* ---- the bot ---- */

struct answer {
    struct log_change change;
    struct log_node *node;
    struct name turn;
};

static enum log_decision decide_answer(
        struct log_change *change, struct log *log, struct log_draft *draft)
{
    struct answer *answer = LIST_ITEM(change, struct answer, change);
    struct log_node *node = answer->node;
    struct entry entry;
    struct decision decision = {.draft = &entry};
    struct slice body = SLICE_OF("an answer");
    struct commit commit = {.author = {AUTHOR_BOT, SLICE_OF("guide"), SLICE_OF("Guide")},
            .turn = answer->turn,
            .bodies = &body,
            .body_count = 1};
    (void)log;
    memcpy(&commit.digest, answer->turn.mark, sizeof commit.digest); /* what it has answered */
    if (node->world->off == RULE_TOKEN_MARKS && commit.turn.seq == node->fold.turn.seq)
        commit.turn = node->fold.turn;
    conversation_commit(&node->fold, &commit, now_ms_of(node), &decision);
    return log_node_draft(node, &decision, draft);
}

static void on_answered(struct log_change *change, struct log *log)
{
    struct answer *answer = LIST_ITEM(change, struct answer, change);
    struct world *world = answer->node->world;
    enum log_outcome outcome = change->result.outcome;
    (void)log;
    if (outcome == LOG_RETRY || outcome == LOG_FULL)
        bot_hears(world, &answer->turn);
    free(answer);
}

void bot_hears(struct world *world, const struct name *turn)
{
    for (size_t i = 0; i < world->turn_count; i++)
        if (name_equal(&world->turns[i], turn))
            return;
    if (turn->seq != 0 && world->turn_count < TURNS_MAX)
        world->turns[world->turn_count++] = *turn;
}

void bot_acts(struct world *world)
{
    if (world->turn_count == 0)
        return;
    size_t which = fake_random_below(&world->random, world->turn_count);
    struct answer *answer = calloc(1, sizeof *answer);
    check(answer != NULL);
    answer->node = &world->nodes[fake_random_below(&world->random, WORLD_NODES)];
    answer->turn = world->turns[which];
    world->turns[which] = world->turns[--world->turn_count];
    answer->change.decide = decide_answer;
    answer->change.done = on_answered;
    log_submit(&answer->node->log, &answer->change);
}
