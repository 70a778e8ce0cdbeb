/* SPDX-License-Identifier: Apache-2.0 */
/* fan-out: several devices of each contact; one speaks, all are told. The next message is said when
 * every device has the last one.
 * history: pages of 50 entries, walking back through a conversation and beginning again.
 */
#include "cast.h"
#include "report.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT = 16 };

static struct line *extra; /* devices 2, 3, ... of customer 0, then of customer 1, ... */
static uint32_t extra_count, extra_here, *told;
static struct samples delivered;
static uint64_t count;
static bool is_measuring;

static void on_told(struct customer *customer, uint64_t due_ns)
{
    if (is_measuring && due_ns >= load.begin_ns) {
        count++;
        samples_add(&delivered, due_ns, now_ns());
    }
    if (++told[customer->line.number] < load.devices)
        return;
    told[customer->line.number] = 0;
    cast_customer_says(customer, now_ns());
}

static void on_news(struct line *line, const struct news *news)
{
    bool is_extra = line->kind == 'c' && line->number < load.customers &&
                    line != &cast.customers[line->number].line;
    if (is_extra && news->kind == NEWS_WELCOME)
        extra_here++;
    else if (!is_extra)
        cast_on_news(line, news);
    uint64_t due_ns = news->kind == NEWS_ENTRY ? cast_due_ns(news->text, 'C') : 0;
    if (due_ns != 0)
        on_told(&cast.customers[line->number], due_ns);
}

static bool are_devices_here(void)
{
    return extra_here == extra_count;
}

void run_devices(void)
{
    load_news = on_news;
    load_greet = cast_greet;
    load.agents = 0;
    cast_begin();
    cast_call_customers();
    extra_count = load.customers * (load.devices - 1);
    extra = calloc(extra_count, sizeof *extra);
    told = calloc(load.customers, sizeof *told);
    check(extra != NULL && told != NULL);
    for (uint32_t i = 0; i < extra_count; i++) {
        extra[i].number = i / (load.devices - 1);
        extra[i].kind = 'c';
        line_open(&extra[i], load.port, load.dialect->path, load.dialect->subprotocol);
        if (i % 64 == 63)
            net_turn(20);
    }
    load_until(are_devices_here, "all devices");
    for (uint32_t i = 0; i < load.customers; i++)
        cast_customer_says(&cast.customers[i], now_ns());
    report_measure(&is_measuring, NULL);
    report_begin();
    report_number("devices", load.devices);
    report_number("messages", (double)count);
    report_number("msgs_per_s", (double)count / load.seconds);
    report_samples("", &delivered);
    report_end();
}

/* ---- history ------------------------------------------------------------------------------------
 */

static uint64_t asked_ns[65536];
static uint64_t entries;
static uint32_t said_all;

static void ask(struct customer *customer, struct slice before)
{
    asked_ns[customer->line.number] = now_ns();
    load.dialect->history(&customer->line, before);
}

static void on_history_news(struct line *line, const struct news *news)
{
    struct customer *customer = &cast.customers[line->number];
    cast_on_news(line, news);
    if (news->kind == NEWS_ACK) {
        customer->acked_n++;
        if (customer->n < load.entries)
            cast_customer_says(customer, 1);
        else if (customer->acked_n == load.entries)
            said_all++;
    }
    if (news->kind != NEWS_PAGE)
        return;
    if (is_measuring) {
        count++;
        entries += news->count;
        samples_add(&delivered, asked_ns[line->number], now_ns());
    }
    bool is_first = news->at.len == 0 || news->at.bytes[0] == '0';
    ask(customer, is_first ? SLICE_NONE : news->at);
}

static bool is_all_said(void)
{
    return said_all == load.customers;
}

void run_history(void)
{
    check(load.customers <= sizeof asked_ns / sizeof *asked_ns);
    load_news = on_history_news;
    load_greet = cast_greet;
    load.agents = 0;
    cast_begin();
    cast_call_customers();
    for (uint32_t i = 0; i < load.customers; i++)
        for (int j = 0; j < IN_FLIGHT; j++)
            cast_customer_says(&cast.customers[i], 1);
    load_until(is_all_said, "the conversations");
    for (uint32_t i = 0; i < load.customers; i++)
        ask(&cast.customers[i], SLICE_NONE);
    report_measure(&is_measuring, NULL);
    report_begin();
    report_number("pages_per_s", (double)count / load.seconds);
    report_number("entries_per_s", (double)entries / load.seconds);
    report_samples("", &delivered);
    report_end();
}
