/* SPDX-License-Identifier: Apache-2.0 */
/* The cast of a conversation: customers, each in one of their own, and the agents who answer them.
 *
 * Invariant: a conversation is found by its id, whatever the dialect; what is said carries its
 * speaker and the time at which it was due, so whoever gets it knows how long it took.
 */
#include "cast.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cast cast;

enum { TABLE_FACTOR = 4 };

static uint32_t *table;
static uint32_t table_mask;
static uint64_t began_ns;

static uint32_t hash(struct slice text)
{
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < text.len; i++)
        value = (value ^ (uint8_t)text.bytes[i]) * 16777619u;
    return value;
}

static void keep(char *out, size_t room, struct slice text)
{
    check(text.len < room);
    memcpy(out, text.bytes, text.len);
    out[text.len] = '\0';
}

static void set_conversation(struct customer *customer, struct slice id)
{
    keep(customer->conversation, sizeof customer->conversation, id);
    uint32_t at = hash(id) & table_mask;
    while (table[at] != 0)
        at = (at + 1) & table_mask;
    table[at] = customer->line.number + 1;
}

struct customer *cast_customer(struct slice conversation)
{
    uint32_t at = hash(conversation) & table_mask;
    for (; table[at] != 0; at = (at + 1) & table_mask) {
        struct customer *customer = &cast.customers[table[at] - 1];
        if (slice_equal(slice_of_string(customer->conversation), conversation))
            return customer;
    }
    return NULL;
}

void cast_begin(void)
{
    began_ns = now_ns();
    table_mask = 1;
    while (table_mask < load.customers * TABLE_FACTOR)
        table_mask *= 2;
    table = calloc(table_mask--, sizeof *table);
    cast.customers = calloc(load.customers, sizeof *cast.customers);
    cast.agents = calloc(load.agents ? load.agents : 1, sizeof *cast.agents);
    check(table != NULL && cast.customers != NULL && cast.agents != NULL);
}

/* ---- agents' answers ---------------------------------------------------------------------------
 */

static void say_answer(struct agent *agent, struct customer *customer, uint64_t due_ns)
{
    struct words words = {.role = 'a',
            .number = customer->line.number,
            .conversation = slice_of_string(customer->conversation),
            .lineage = slice_of_string(agent->lineage),
            .owner = slice_of_string(customer->owner),
            .text = cast_text('A', due_ns),
            .n = ++customer->agent_n};
    agent->unacked++;
    load.dialect->say(&agent->line, &words);
}

/* After a moment in which nobody got on, more is due than a session may have unacked. */
static void say_held_back(struct agent *agent)
{
    struct answer answer;
    while (agent->unacked < UNACKED_MAX && agent->held_back.len > 0) {
        memcpy(&answer, agent->held_back.at, sizeof answer);
        bytes_drop(&agent->held_back, sizeof answer);
        say_answer(agent, &cast.customers[answer.customer], answer.due_ns);
    }
}

/* ---- news that concern who is there ------------------------------------------------------------
 */

static void on_agent_news(struct agent *agent, const struct news *news)
{
    struct customer *customer = NULL;
    if (news->kind == NEWS_WELCOME) {
        keep(agent->lineage, sizeof agent->lineage, news->lineage);
        cast.agents_here++;
        if (load.dialect->online != NULL && agent->line.kind == 'a')
            load.dialect->online(&agent->line);
    } else if (news->kind == NEWS_OFFER) {
        load.dialect->accept(&agent->line, news->at);
    } else if (news->kind == NEWS_ASSIGNED && (customer = cast_customer(news->conversation))) {
        cast.assigned += customer->owner[0] == '\0';
        keep(customer->owner, sizeof customer->owner, news->at);
        customer->agent = agent->line.number;
    } else if (news->kind == NEWS_ACK) {
        agent->unacked -= agent->unacked > 0;
        say_held_back(agent);
    }
}

static void on_customer_news(struct customer *customer, const struct news *news)
{
    char id[ID_ROOM];
    if (news->kind != NEWS_WELCOME || customer->is_here)
        return;
    int len = snprintf(id, sizeof id, "c%u", customer->line.number);
    customer->is_here = true;
    set_conversation(
            customer, news->conversation.len ? news->conversation : slice_make(id, (size_t)len));
    keep(customer->lineage, sizeof customer->lineage, news->lineage);
    customer->agent = load.agents ? customer->line.number % load.agents : 0;
    cast.customers_here++;
}

void cast_on_news(struct line *line, const struct news *news)
{
    if (news->kind == NEWS_ERROR) {
        cast.errors++;
        fprintf(stderr, "weft-load: an error: %.*s\n", (int)news->text.len, news->text.bytes);
        if (cast.errors > 20)
            load_fail("too many errors", SLICE_NONE);
    }
    if (line->kind == 'c')
        on_customer_news(&cast.customers[line->number], news);
    else
        on_agent_news(&cast.agents[line->number], news);
}

/* ---- speaking ----------------------------------------------------------------------------------
 */

struct slice cast_text(char speaker, uint64_t due_ns)
{
    static char text[TEXT_SIZE + 1];
    int len = snprintf(text, sizeof text, "%c%016" PRIx64, speaker, due_ns);
    memset(text + len, 'x', TEXT_SIZE - (size_t)len);
    return slice_make(text, TEXT_SIZE);
}

uint64_t cast_due_ns(struct slice text, char speaker)
{
    if (text.len != TEXT_SIZE || text.bytes[0] != speaker)
        return 0;
    uint64_t due_ns = strtoull(text.bytes + 1, NULL, 16);
    return due_ns >= began_ns ? due_ns : 0;
}

void cast_customer_says(struct customer *customer, uint64_t due_ns)
{
    struct words words = {.role = 'c',
            .number = customer->line.number,
            .conversation = slice_of_string(customer->conversation),
            .lineage = slice_of_string(customer->lineage),
            .text = cast_text('C', due_ns),
            .n = ++customer->n};
    customer->sent_ns[words.n % UNACKED_MAX] = due_ns;
    load.dialect->say(&customer->line, &words);
}

void cast_agent_answers(struct customer *customer, uint64_t due_ns)
{
    struct agent *agent = &cast.agents[customer->agent];
    if (due_ns <= customer->answered_ns)
        return; /* a new owner is shown what the last one has answered */
    customer->answered_ns = due_ns;
    struct answer answer = {.due_ns = now_ns(), .customer = customer->line.number};
    bytes_put(&agent->held_back, &answer, sizeof answer);
    say_held_back(agent);
}

/* ---- coming ------------------------------------------------------------------------------------
 */

void cast_greet(struct line *line)
{
    struct hello hello = {.role = line->kind, .number = line->number};
    if (line->kind == 'c' && load.secret != NULL)
        hello.token = load_token(line->number);
    else if (line->kind != 'c' && load.agent_tokens != NULL)
        hello.token = slice_of_string(load.agent_tokens[line->number]);
    load.dialect->hello(line, &hello);
}

static bool are_agents_here(void)
{
    return cast.agents_here == load.agents;
}

static bool are_customers_here(void)
{
    return cast.customers_here == cast.customers_called;
}

static bool are_all_assigned(void)
{
    return cast.assigned == load.customers;
}

void cast_call_agents(char kind)
{
    for (uint32_t i = 0; i < load.agents; i++) {
        cast.agents[i].line.number = i;
        cast.agents[i].line.kind = kind;
        line_open(&cast.agents[i].line, load.port, load.dialect->path, load.dialect->subprotocol);
    }
    load_until(are_agents_here, "the agents");
}

void cast_call_customers(void)
{
    enum { AT_ONCE = 64 };
    for (uint32_t i = 0; i < load.customers; i++) {
        cast.customers[i].line.number = i;
        cast.customers[i].line.kind = 'c';
        line_open(
                &cast.customers[i].line, load.port, load.dialect->path, load.dialect->subprotocol);
        cast.customers_called++;
        if (i % AT_ONCE == AT_ONCE - 1 || i + 1 == load.customers)
            load_until(are_customers_here, "the customers");
    }
}

void cast_assign(void)
{
    if (!load.dialect->is_routing || load.agents == 0)
        return;
    for (uint32_t i = 0; i < load.customers; i++)
        if (cast.customers[i].owner[0] == '\0')
            cast_customer_says(&cast.customers[i], 0);
    load_until(are_all_assigned, "an agent for each customer");
}
