/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy file names: channels, classes and queues. Private to config. */
#ifndef WEFT_CONFIG_POLICY_NAMES_H
#define WEFT_CONFIG_POLICY_NAMES_H

#include "config/rules.h"
#include "config/settings.h"
#include "core/route/setup.h"

enum {
    OVERFLOW_TEXT_MAX = 64,
    SKILL_TEXT_MAX = 64,
    SPAN_TEXT_MAX = 48,
    CALLBACK_CHANNEL_TEXT_MAX = 16
};

/* The structs mirror the file, member for member. */
struct policy_channel {
    char name[ROUTE_NAME_MAX + 1];
    uint32_t weight, interruptible;
};

struct policy_class {
    char name[ROUTE_NAME_MAX + 1];
    uint32_t worth;
};

struct policy_queue {
    char name[ROUTE_NAME_MAX + 1];
    uint32_t promise_ms, skill_count, overflow_count, hours_count, holiday_count;
    char skills[ROUTE_QUEUE_SKILLS_MAX][SKILL_TEXT_MAX];
    char overflow[ROUTE_OVERFLOW_MAX][OVERFLOW_TEXT_MAX];
    char time_zone[64];
    char hours[HOURS_SPANS_MAX][SPAN_TEXT_MAX];
    char holidays[HOURS_HOLIDAYS_MAX][SPAN_TEXT_MAX];
    char offline_text[ROUTE_OFFLINE_TEXT_MAX];
    uint32_t callback_count, callback_wait_ms, callback_window_ms, callback_attempts,
            callback_retry_ms, callback_outcome_ms;
    char callback[ROUTE_CALLBACK_CHANNELS][CALLBACK_CHANNEL_TEXT_MAX];
    char callback_missed_text[ROUTE_OFFLINE_TEXT_MAX];
};

struct policy_shift {
    char name[ROUTE_NAME_MAX + 1];
    uint32_t hours_count, holiday_count;
    char time_zone[64];
    char hours[HOURS_SPANS_MAX][SPAN_TEXT_MAX];
    char holidays[HOURS_HOLIDAYS_MAX][SPAN_TEXT_MAX];
};

struct policy_names {
    struct policy_channel channels[ROUTE_CHANNELS_MAX];
    struct policy_class classes[ROUTE_CLASSES_MAX];
    struct policy_queue queues[ROUTE_QUEUES_MAX];
    struct policy_shift shifts[ROUTE_SHIFTS_MAX];
    uint32_t channel_count, class_count, queue_count, shift_count;
};

extern const struct setting policy_channel_rows[], policy_class_rows[], policy_queue_rows[],
        policy_shift_rows[];

/* Zones of the queues and the shifts, one each, beside the setup that points at them. */
struct policy_setup {
    struct route_setup setup;
    struct zone zones[ROUTE_QUEUES_MAX], shift_zones[ROUTE_SHIFTS_MAX];
};

/* What a policy is read for. */
struct policy_use {
    const struct route_staff *staff; /* who has the skills that it names; NULL: whoever exists */
    bool is_stored;                  /* it was put once: its hours are as they are */
};

/* From the file's texts to the core's values, checked as a whole.
 *
 * errors: false: out_breach says where and what */
bool policy_names_read(const struct policy_names *from, const struct policy_use *use,
        struct policy_setup *out, struct breach *out_breach);

#endif
