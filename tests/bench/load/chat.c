/* SPDX-License-Identifier: Apache-2.0 */
/* chat: each customer says something, their agent answers each message, 200 bytes either way.
 * bots: a bot's turn for the answer; the time is that of the whole round.
 *
 * Without a rate each customer speaks as soon as the answer has come: the server is always full.
 * With a rate, messages are due at fixed times whatever the server does, and a late one is counted
 * from when it was due. A message counts once it was delivered to the other side.
 */
#include "cast.h"
#include "report.h"

#include "base/check.h"

static struct samples delivered, acked;
static uint64_t delivered_count, acked_count, skipped;
static bool is_measuring, is_over;

static void deliver(uint64_t due_ns)
{
    if (!is_measuring || due_ns < load.begin_ns)
        return;
    delivered_count++;
    samples_add(&delivered, due_ns, now_ns());
}

static void on_ack(struct customer *customer, const struct news *news)
{
    uint64_t due_ns = customer->sent_ns[news->n % UNACKED_MAX];
    customer->acked_n = news->n;
    if (!is_measuring || due_ns < load.begin_ns)
        return;
    acked_count++;
    samples_add(&acked, due_ns, now_ns());
}

static void on_customer_entry(struct customer *customer, const struct news *news)
{
    uint64_t due_ns = cast_due_ns(news->text, 'A');
    if (due_ns == 0)
        return;
    deliver(due_ns);
    if (load.rate <= 0 && !is_over)
        cast_customer_says(customer, now_ns());
}

static void on_agent_entry(const struct news *news)
{
    uint64_t due_ns = cast_due_ns(news->text, 'C');
    struct customer *customer = due_ns ? cast_customer(news->conversation) : NULL;
    if (customer == NULL)
        return;
    deliver(due_ns);
    cast_agent_answers(customer, due_ns);
}

static void on_news(struct line *line, const struct news *news)
{
    cast_on_news(line, news);
    if (line->kind == 'c' && news->kind == NEWS_ACK)
        on_ack(&cast.customers[line->number], news);
    else if (line->kind == 'c' && news->kind == NEWS_ENTRY)
        on_customer_entry(&cast.customers[line->number], news);
    else if (line->kind == 'a' && news->kind == NEWS_ENTRY)
        on_agent_entry(news);
    else if (news->kind == NEWS_TURN)
        load.dialect->commit(line, news, cast_text('A', cast_due_ns(news->text, 'C')));
}

/* Says what is due by now; a customer with too much unanswered is passed over, and that is counted.
 */
static int say_what_is_due(void)
{
    static uint64_t next_ns;
    static uint32_t who;
    uint64_t now = now_ns(), step = (uint64_t)(1e9 / load.rate);
    for (next_ns = next_ns ? next_ns : now; next_ns <= now; next_ns += step) {
        struct customer *customer = &cast.customers[who++ % load.customers];
        if (customer->n - customer->acked_n >= UNACKED_MAX / 2)
            skipped++;
        else
            cast_customer_says(customer, next_ns);
    }
    return 1;
}

/* Who comes in a later round is first shown the end of each of their conversations, 50 entries of
 * each: that is not what is measured here. */
static void talk(void)
{
    load_until(load_is_silent, "silence");
    for (uint32_t i = 0; load.rate <= 0 && i < load.customers; i++)
        cast_customer_says(&cast.customers[i], now_ns());
    report_measure(&is_measuring, load.rate > 0 ? say_what_is_due : NULL);
    is_over = true;
}

static void report(void)
{
    report_begin();
    report_number("messages", (double)delivered_count);
    report_number("msgs_per_s", (double)delivered_count / load.seconds);
    report_number("acked", (double)acked_count);
    report_number("skipped", (double)skipped);
    report_samples("", &delivered);
    report_samples("ack_", &acked);
    report_end();
}

void run_bots(void)
{
    load_news = on_news;
    load_greet = cast_greet;
    cast_begin();
    cast_call_agents('b');
    cast_call_customers();
    talk();
    report();
}

void run_chat(void)
{
    load_news = on_news;
    load_greet = cast_greet;
    cast_begin();
    cast_call_customers();
    cast_call_agents('a');
    cast_assign();
    talk();
    report();
}
