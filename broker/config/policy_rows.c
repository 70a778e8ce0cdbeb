/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of what a policy names: channels, classes, queues, shifts.
 *
 * Invariant: a row's default is what policy_names.c makes of its absence. What the texts mean is
 * read there.
 */
#include "config/policy_names.h"

#define AT(type, member) .offset = offsetof(struct type, member)
#define NAME_ROW(type, meaning) \
    { \
        .name = "name", .kind = SETTING_TEXT, AT(type, name), \
        .size = sizeof(((struct type *)NULL)->name), .is_required = true, .example = "mail", \
        .help = (meaning) \
    }
#define TEXTS_ROW(type, label, member, counter, most_items, shown, meaning) \
    { \
        .name = #label, .kind = SETTING_TEXTS, AT(type, member), \
        .size = sizeof(((struct type *)NULL)->member[0]), .most = (most_items), \
        .count_offset = offsetof(struct type, counter), .example = (shown), .help = (meaning) \
    }
#define NUMBER_ROW(type, label, from, to, standard, meaning) \
    { \
        .name = #label, .kind = SETTING_NUMBER, AT(type, label), .least = (from), .most = (to), \
        .fallback = (standard), .example = (standard), .help = (meaning) \
    }

enum { DAY_MS = 24 * 60 * 60 * 1000 };

const struct setting policy_channel_rows[] = {NAME_ROW(policy_channel, "As conversations say it."),
        {.name = "weight",
                .kind = SETTING_NUMBER,
                AT(policy_channel, weight),
                .least = 1,
                .most = 1000,
                .fallback = "1000",
                .help = "What a case of it takes of an agent's capacity, in thousandths of a "
                        "chat."},
        {.name = "interruptible",
                .kind = SETTING_NUMBER,
                AT(policy_channel, interruptible),
                .most = 1,
                .fallback = "0",
                .help = "1: makes way for cases of other channels, and is kept."},
        {0}};

const struct setting policy_class_rows[] = {NAME_ROW(policy_class, "As handoffs say it."),
        {.name = "worth",
                .kind = SETTING_NUMBER,
                AT(policy_class, worth),
                .most = 1000,
                .fallback = "500",
                .help = "How much of `weights.class` it counts, in thousandths."},
        {0}};

const struct setting policy_queue_rows[] = {
        NAME_ROW(policy_queue, "As handoffs and agents say it; `default` for cases that say none."),
        TEXTS_ROW(policy_queue, skills, skills, skill_count, ROUTE_QUEUE_SKILLS_MAX,
                "refund from 600",
                "What each of its cases needs of an agent, beside what the case itself says; "
                "somebody must have it."),
        TEXTS_ROW(policy_queue, overflow, overflow, overflow_count, ROUTE_OVERFLOW_MAX,
                "sales after 60000",
                "Queues whose agents may serve its cases too, and after how many milliseconds."),
        {.name = "promise_ms",
                .kind = SETTING_NUMBER,
                AT(policy_queue, promise_ms),
                .most = DAY_MS,
                .fallback = "0",
                .help = "In which time its cases are to be answered; 0: what the policy says."},
        {.name = "time_zone",
                .kind = SETTING_TEXT,
                AT(policy_queue, time_zone),
                .size = sizeof(((struct policy_queue *)NULL)->time_zone),
                .fallback = "UTC",
                .help = "Of its hours: a name of the system's time-zone database."},
        TEXTS_ROW(policy_queue, hours, hours, hours_count, HOURS_SPANS_MAX, "mon-fri 09:00-17:00",
                "When it is open; always, when nothing is said."),
        TEXTS_ROW(policy_queue, holidays, holidays, holiday_count, HOURS_HOLIDAYS_MAX, "12-25",
                "Days on which it is closed (2026-12-25, or 12-25 for every year), or open for a "
                "span only (12-24 09:00-12:00)."),
        {.name = "offline_text",
                .kind = SETTING_TEXT,
                AT(policy_queue, offline_text),
                .size = sizeof(((struct policy_queue *)NULL)->offline_text),
                .example = "We are back on Monday at nine.",
                .help = "What customers are told when they come outside these hours; {opens} in it "
                        "becomes the "
                        "next moment of opening, as 2026-11-23 09:00."},
        TEXTS_ROW(policy_queue, callback, callback, callback_count, ROUTE_CALLBACK_CHANNELS,
                "chat, phone, email",
                "How customers who need not wait are answered later, if they like: here (chat), by "
                "phone, by email; offered outside the hours, when nobody is there, and when the "
                "wait is long. None: not offered."),
        NUMBER_ROW(policy_queue, callback_wait_ms, 0, DAY_MS, "120000",
                "Offered from so long an estimated wait on; without an estimate, after so long."),
        NUMBER_ROW(policy_queue, callback_window_ms, 0, DAY_MS, "0",
                "How long the times are that a customer may choose, within the hours; 0: there is "
                "no choice, it is at the case's turn."),
        NUMBER_ROW(policy_queue, callback_attempts, 1, 10, "3",
                "Attempts to reach them; after the last one the case is closed."),
        NUMBER_ROW(policy_queue, callback_retry_ms, 60000, DAY_MS, "900000",
                "Until the next attempt, when they were not reached."),
        NUMBER_ROW(policy_queue, callback_outcome_ms, 60000, DAY_MS, "1800000",
                "An agent who records no outcome for so long gives the case back."),
        {.name = "callback_missed_text",
                .kind = SETTING_TEXT,
                AT(policy_queue, callback_missed_text),
                .size = sizeof(((struct policy_queue *)NULL)->callback_missed_text),
                .example = "We tried to reach you. Write to us whenever you like.",
                .help = "What customers are told after the last attempt; Weft has words of its "
                        "own."},
        {0}};

const struct setting policy_shift_rows[] = {NAME_ROW(policy_shift, "As agents' records say it."),
        {.name = "time_zone",
                .kind = SETTING_TEXT,
                AT(policy_shift, time_zone),
                .size = sizeof(((struct policy_shift *)NULL)->time_zone),
                .fallback = "UTC",
                .help = "Of its hours: a name of the system's time-zone database."},
        TEXTS_ROW(policy_shift, hours, hours, hours_count, HOURS_SPANS_MAX, "mon-fri 08:00-16:00",
                "When its agents are offered cases; never, when nothing is said."),
        TEXTS_ROW(policy_shift, holidays, holidays, holiday_count, HOURS_HOLIDAYS_MAX,
                "2026-12-24 09:00-12:00", "Days that differ: off, or on for a span only."),
        {0}};
