/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads in which connections matter more than words:
 *
 *   idle      opens N, says so, and stays for some seconds: the caller looks at the memory
 *   accept    connect, hello with a signed token, welcome, hang up; again and again. The tokens, a
 *             new one for each hello, were signed before: that is the brand's server's work
 *   tickets   the same with the ticket of the last welcome, and its head as the cursor
 *   storm     N are dropped at once and all come back with ticket and cursor; what they missed must
 *             come, once
 *
 * Invariant: at most HANDSHAKES_MAX connections are between connect and welcome, so the listen
 * queue never overflows and what is measured is the server.
 */
#include "cast.h"
#include "report.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HANDSHAKES_MAX = 256, SAID_EACH = 3, IN_FLIGHT_MAX = 1024 };
/* Twice the goal, so that there is one left for each hello. */
enum { TOKENS_PER_SECOND = 12000 };
enum { CALLS_PER_TURN = 16 }; /* who calls without listening meanwhile lets the server wait */

struct caller {
    struct line line;
    char ticket[TICKET_ROOM], conversation[ID_ROOM], lineage[LINEAGE_ROOM], cursor[NAME_ROOM];
    uint64_t called_ns;
    uint32_t n, acked, seen_again, tokens_used;
    bool is_welcome;
};

static struct caller *callers;
static char **tokens; /* by caller, then in the order of use */
static uint32_t tokens_each;
static uint32_t welcomed, handshakes, acked_all, acks_all, said_all;
static bool is_coming_back, is_measuring, is_by_token, has_read_all;
static uint64_t lost, doubled, came_back;
static struct samples greeted;

static void keep(char *out, size_t room, struct slice text)
{
    if (text.len == 0)
        return;
    check(text.len < room);
    memcpy(out, text.bytes, text.len);
    out[text.len] = '\0';
}

static void call(uint32_t number)
{
    struct caller *caller = &callers[number];
    caller->line.number = number;
    caller->line.kind = 'c';
    caller->called_ns = now_ns();
    caller->is_welcome = false;
    handshakes++;
    line_open(&caller->line, load.port, load.dialect->path, load.dialect->subprotocol);
}

static void sign_tokens(void)
{
    tokens_each = (uint32_t)(load.seconds * TOKENS_PER_SECOND) / load.customers + 1;
    tokens = calloc((size_t)load.customers * tokens_each, sizeof *tokens);
    check(tokens != NULL);
    for (uint32_t i = 0; i < load.customers * tokens_each; i++) {
        struct slice token = load_token(i / tokens_each);
        tokens[i] = strndup(token.bytes, token.len);
        check(tokens[i] != NULL);
    }
}

static struct slice next_token(struct caller *caller)
{
    if (caller->tokens_used == tokens_each)
        return load_token(caller->line.number);
    uint32_t at = caller->line.number * tokens_each + caller->tokens_used++;
    return slice_of_string(tokens[at]);
}

static void greet(struct line *line)
{
    struct caller *caller = &callers[line->number];
    struct hello hello = {.role = 'c', .number = line->number};
    hello.is_ticket = caller->ticket[0] != '\0';
    hello.token = hello.is_ticket ? slice_of_string(caller->ticket) : next_token(caller);
    if (is_coming_back || (has_read_all && hello.is_ticket)) {
        hello.conversation = slice_of_string(caller->conversation);
        hello.at = slice_of_string(caller->cursor);
    }
    load.dialect->hello(line, &hello);
}

static void on_welcome(struct caller *caller, const struct news *news)
{
    if (!is_by_token)
        keep(caller->ticket, sizeof caller->ticket, news->ticket);
    keep(caller->conversation, sizeof caller->conversation, news->conversation);
    if (has_read_all)
        keep(caller->cursor, sizeof caller->cursor, news->at);
    if (!is_coming_back)
        keep(caller->lineage, sizeof caller->lineage, news->lineage);
    caller->is_welcome = true;
    handshakes--;
    welcomed++;
    if (is_measuring)
        samples_add(&greeted, caller->called_ns, now_ns());
}

static void say(struct caller *caller)
{
    struct words words = {.role = 'c',
            .number = caller->line.number,
            .lineage = slice_of_string(caller->lineage),
            .text = cast_text('C', caller->n + 1),
            .n = caller->n + 1};
    caller->n++;
    load.dialect->say(&caller->line, &words);
}

/* The cursor is the entry of the first message: the others are to come again. */
static void on_entry(struct caller *caller, const struct news *news)
{
    uint64_t which = cast_due_ns(news->text, 'C');
    if (which == 0)
        return;
    if (!is_coming_back) {
        if (which == 1)
            keep(caller->cursor, sizeof caller->cursor, news->at);
        return;
    }
    if (which != caller->seen_again + 2)
        which <= caller->seen_again + 1 ? doubled++ : lost++;
    else if (++caller->seen_again == SAID_EACH - 1)
        came_back++;
}

static void on_news(struct line *line, const struct news *news)
{
    struct caller *caller = &callers[line->number];
    if (news->kind == NEWS_ERROR)
        load_fail("an error", news->text);
    else if (news->kind == NEWS_WELCOME)
        on_welcome(caller, news);
    else if (news->kind == NEWS_ENTRY)
        on_entry(caller, news);
    else if (news->kind == NEWS_ACK) {
        acks_all++;
        acked_all += ++caller->acked == SAID_EACH;
    }
}

static bool is_there_room(void)
{
    return handshakes < HANDSHAKES_MAX;
}

static bool are_all_welcome(void)
{
    return welcomed == load.customers;
}

static void begin(void)
{
    load_news = on_news;
    callers = calloc(load.customers, sizeof *callers);
    check(callers != NULL);
}

static void call_all(void)
{
    welcomed = 0;
    for (uint32_t i = 0; i < load.customers; i++) {
        load_until(is_there_room, "room for another handshake");
        call(i);
    }
    load_until(are_all_welcome, "all welcomes");
}

void run_idle(void)
{
    begin();
    load_greet = greet;
    call_all();
    report_measuring();
    uint64_t end = now_ns() + (uint64_t)(load.seconds * 1e9);
    while (now_ns() < end)
        net_turn(100);
    report_begin();
    report_end();
}

/* ---- again and again ----------------------------------------------------------------------------
 */

static void come_and_go(void)
{
    uint64_t end = now_ns() + 500000000u, count = 0;
    uint32_t next = 0;
    for (int round = 0; round < 2; round++) {
        is_measuring = round == 1;
        if (is_measuring) {
            report_measuring();
            end = now_ns() + (uint64_t)(load.seconds * 1e9);
        }
        count = welcomed;
        while (now_ns() < end) {
            for (uint32_t tries = 0; tries < CALLS_PER_TURN && is_there_room(); tries++) {
                struct caller *caller = &callers[next++ % load.customers];
                if (caller->line.phase != LINE_CLOSED && caller->is_welcome)
                    line_drop(&caller->line);
                if (caller->line.phase == LINE_CLOSED)
                    call((uint32_t)(caller - callers));
            }
            net_turn(10);
        }
        count = welcomed - count;
    }
    report_begin();
    report_number("connects", (double)count);
    report_number("connects_per_s", (double)count / load.seconds);
    report_samples("", &greeted);
    report_end();
}

void run_accept(void)
{
    begin();
    load_greet = greet;
    is_by_token = true;
    sign_tokens();
    come_and_go();
}

void run_tickets(void)
{
    begin();
    load_greet = greet;
    has_read_all = true;
    call_all();
    for (uint32_t i = 0; i < load.customers; i++)
        line_drop(&callers[i].line);
    come_and_go();
}

/* ---- the storm
 * ------------------------------------------------------------------------------------ */

static bool are_all_acked(void)
{
    return acked_all == load.customers;
}

/* A server is not asked for more than it holds at once: that would be another measurement. */
static bool is_answered(void)
{
    return said_all < acks_all + IN_FLIGHT_MAX;
}

static bool are_all_back(void)
{
    return came_back == load.customers || lost > 0;
}

void run_storm(void)
{
    begin();
    load_greet = greet;
    call_all();
    for (uint32_t i = 0; i < load.customers; i++) {
        load_until(is_answered, "acks");
        for (int j = 0; j < SAID_EACH; j++, said_all++)
            say(&callers[i]);
    }
    load_until(are_all_acked, "all acks");
    for (int i = 0; i < 50; i++) /* what was acked is on its way to its sender as an entry, too */
        net_turn(10);
    for (uint32_t i = 0; i < load.customers; i++)
        line_drop(&callers[i].line);
    is_coming_back = is_measuring = true;
    report_measuring();
    call_all();
    load_until(are_all_back, "what was missed");
    double seconds = (double)(now_ns() - load.begin_ns) / 1e9;
    for (int i = 0; i < 50; i++) /* anything doubled would come now */
        net_turn(10);
    report_begin();
    report_number("storm_s", seconds);
    report_number("resumes_per_s", load.customers / seconds);
    report_number("lost", (double)(lost + load.customers - came_back));
    report_number("doubled", (double)doubled);
    report_samples("", &greeted);
    report_end();
}
