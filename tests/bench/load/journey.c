/* SPDX-License-Identifier: Apache-2.0 */
/* journey: each customer's page tells of its steps, with some on their way at once; an event counts
 * when the server says done, that is, when it is kept.
 */
#include "cast.h"
#include "report.h"

#include "base/check.h"

#include <stdio.h>

enum { IN_FLIGHT = 4 };

static struct samples kept;
static uint64_t count;
static bool is_measuring;

static void tell(struct customer *customer)
{
    char event[32];
    customer->sent_ns[++customer->n % UNACKED_MAX] = now_ns();
    int len = snprintf(
            event, sizeof event, "%llx", (unsigned long long)(now_ns() ^ customer->n << 56));
    load.dialect->track(&customer->line, slice_make(event, (size_t)len));
}

/* Answers of a line come in the order of its requests. */
static void on_news(struct line *line, const struct news *news)
{
    struct customer *customer = &cast.customers[line->number];
    cast_on_news(line, news);
    if (news->kind != NEWS_DONE)
        return;
    uint64_t sent_ns = customer->sent_ns[++customer->acked_n % UNACKED_MAX];
    if (is_measuring && sent_ns >= load.begin_ns) {
        count++;
        samples_add(&kept, sent_ns, now_ns());
    }
    tell(customer);
}

void run_journey(void)
{
    load_news = on_news;
    load_greet = cast_greet;
    load.agents = 0;
    if (load.dialect->track == NULL)
        load_fail("this dialect has no journey", SLICE_NONE);
    cast_begin();
    cast_call_customers();
    for (uint32_t i = 0; i < load.customers; i++)
        for (int j = 0; j < IN_FLIGHT; j++)
            tell(&cast.customers[i]);
    report_measure(&is_measuring, NULL);
    report_begin();
    report_number("messages", (double)count);
    report_number("msgs_per_s", (double)count / load.seconds);
    report_samples("", &kept);
    report_end();
}
