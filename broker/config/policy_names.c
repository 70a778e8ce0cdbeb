/* SPDX-License-Identifier: Apache-2.0 */
/* Channels, classes and queues of a policy: the way from texts to values.
 *
 * Invariant: what was read passes route_setup_check, and each zone is one of the system's
 * time-zone database. Text that is only almost a span or a date is refused, not guessed at.
 */
#include "config/policy_names.h"

#include "core/route/callbacks.h"
#include "core/route/pool_entry.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000, WINDOW_LEAST_MS = 15 * 60 * 1000, ZONE_BYTES_MAX = 64 * 1024 };

static const char zone_folder[] = "/usr/share/zoneinfo";

/* ---- texts ---- */

static bool read_number(const char **text, uint32_t most, uint32_t *out)
{
    uint32_t value = 0, digits = 0;
    for (; isdigit((unsigned char)**text) && digits < 9; (*text)++, digits++)
        value = value * 10 + (uint32_t)(**text - '0');
    *out = value;
    return digits > 0 && value <= most;
}

static bool skip(const char **text, char c)
{
    bool is_there = **text == c;
    *text += is_there;
    return is_there;
}

/* "09:00-17:00" */
static bool read_span(const char **text, uint16_t *out_from, uint16_t *out_until)
{
    uint32_t hours[2], minutes[2];
    for (int i = 0; i < 2; i++)
        if ((i > 0 && !skip(text, '-')) || !read_number(text, 24, &hours[i]) || !skip(text, ':') ||
                !read_number(text, 59, &minutes[i]))
            return false;
    *out_from = (uint16_t)(hours[0] * 60 + minutes[0]);
    *out_until = (uint16_t)(hours[1] * 60 + minutes[1]);
    return *out_from < *out_until && *out_until <= DAY_MINUTES;
}

static bool read_day(const char **text, uint32_t *out)
{
    static const char days[] = "sunmontuewedthufrisat";
    for (uint32_t day = 0; day < 7; day++) {
        if (strncmp(*text, days + (size_t)day * 3, 3) != 0)
            continue;
        *out = day;
        *text += 3;
        return true;
    }
    return false;
}

/* "mon-fri 09:00-17:00": a span for each of the days. */
static bool read_hours(const char *text, struct route_hours *hours)
{
    uint32_t first, last;
    struct hours_span span;
    if (!read_day(&text, &first))
        return false;
    last = first;
    if (skip(&text, '-') && !read_day(&text, &last))
        return false;
    if (!skip(&text, ' ') || !read_span(&text, &span.from, &span.until) || *text != '\0')
        return false;
    for (uint32_t day = first;; day = (day + 1) % 7) {
        if (hours->span_count == HOURS_SPANS_MAX)
            return false;
        span.weekday = (uint8_t)day;
        hours->spans[hours->span_count++] = span;
        if (day == last)
            return true;
    }
}

static bool read_holiday(const char *text, struct route_hours *hours)
{
    struct hours_holiday holiday = {0};
    uint32_t numbers[3], count = 0;
    do {
        if (count == 3 || !read_number(&text, 9999, &numbers[count++]))
            return false;
    } while (skip(&text, '-'));
    if (count < 2 || numbers[count - 2] > 12 || numbers[count - 1] > 31)
        return false;
    holiday.year = count == 3 ? (uint16_t)numbers[0] : 0;
    holiday.month = (uint8_t)numbers[count - 2];
    holiday.day = (uint8_t)numbers[count - 1];
    if (skip(&text, ' ') && !read_span(&text, &holiday.from, &holiday.until))
        return false;
    hours->holidays[hours->holiday_count++] = holiday;
    return *text == '\0';
}

/* "sales after 60000", or "sales" for at once. */
static bool read_overflow(const char *text, struct route_overflow *out)
{
    size_t len = strcspn(text, " ");
    uint32_t after_ms = 0;
    if (!route_name_set(&out->queue, slice_make(text, len)))
        return false;
    text += len;
    if (*text != '\0' && (strncmp(text, " after ", 7) != 0 || (text += 7, false) ||
                                 !read_number(&text, DAY_MS, &after_ms)))
        return false;
    out->after_ms = after_ms;
    return *text == '\0';
}

/* "refund from 600", or "refund" at any level. */
static bool read_skill(const char *text, struct route_skill *out)
{
    size_t len = strcspn(text, " ");
    if (!route_name_set(&out->name, slice_make(text, len)))
        return false;
    text += len;
    if (*text != '\0' && (strncmp(text, " from ", 6) != 0 || (text += 6, false) ||
                                 !read_number(&text, POOL_LEVEL_MAX, &out->min_level)))
        return false;
    return *text == '\0';
}

static bool read_zone(const char *name, struct zone *out)
{
    char path[128];
    static char bytes[ZONE_BYTES_MAX];
    if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
        return false;
    snprintf(path, sizeof path, "%s/%s", zone_folder, name);
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file != NULL)
        fclose(file);
    return len > 0 && zone_read(slice_make(bytes, len), out);
}

/* ---- values ---- */

__attribute__((format(printf, 3, 4))) static bool blame(
        struct breach *out, const char *where, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    snprintf(out->where, sizeof out->where, "%s", where);
    vsnprintf(out->sentence, sizeof out->sentence, format, values);
    va_end(values);
    return false;
}

/* The texts of a schedule, of a queue's or a shift's. */
struct schedule {
    const char *list;
    uint32_t at;
    const char *time_zone;
    const char (*hours)[SPAN_TEXT_MAX];
    uint32_t hours_count;
    const char (*holidays)[SPAN_TEXT_MAX];
    uint32_t holiday_count;
    bool is_stored;
};

static bool read_schedule(const struct schedule *from, struct route_hours *out, struct zone *zone,
        struct breach *breach)
{
    char where[64];
    bool is_utc = strcmp(from->time_zone, "UTC") == 0;
    snprintf(where, sizeof where, "%s.%u.time_zone", from->list, from->at);
    if (!is_utc && !read_zone(from->time_zone, zone))
        return blame(breach, where, "'%s' is no time zone of this system", from->time_zone);
    out->zone = is_utc ? NULL : zone;
    for (uint32_t i = 0; i < from->hours_count; i++) {
        snprintf(where, sizeof where, "%s.%u.hours.%u", from->list, from->at, i);
        if (!read_hours(from->hours[i], out))
            return blame(
                    breach, where, "'%s' must read like 'mon-fri 09:00-17:00'", from->hours[i]);
        if (!from->is_stored && !hours_are_good(out))
            return blame(breach, where, "'%s' overlaps hours that stand before it", from->hours[i]);
    }
    for (uint32_t i = 0; i < from->holiday_count; i++) {
        snprintf(where, sizeof where, "%s.%u.holidays.%u", from->list, from->at, i);
        if (!read_holiday(from->holidays[i], out))
            return blame(breach, where,
                    "'%s' must read like '12-25', '2026-12-25' or '12-24 09:00-12:00'",
                    from->holidays[i]);
        if (!from->is_stored && !hours_are_good(out))
            return blame(breach, where, "'%s' is no date", from->holidays[i]);
    }
    return true;
}

static bool read_skills(const struct policy_queue *from, uint32_t at,
        const struct route_staff *staff, struct route_queue *out, struct breach *breach)
{
    char where[64];
    out->skill_count = from->skill_count;
    for (uint32_t i = 0; i < from->skill_count; i++) {
        struct route_skill *skill = &out->skills[i];
        snprintf(where, sizeof where, "queues.%u.skills.%u", at, i);
        if (!read_skill(from->skills[i], skill))
            return blame(breach, where, "'%s' must read like 'refund from 600'", from->skills[i]);
        if (staff != NULL &&
                !staff->has_skill(staff->user, route_name_slice(&skill->name), skill->min_level))
            return blame(breach, where, "nobody has the skill '%s' that '%s' needs",
                    from->skills[i], from->name);
    }
    return true;
}

static bool read_overflows(const struct policy_queue *from, uint32_t at, struct route_queue *out,
        struct breach *breach)
{
    char where[64];
    out->overflow_count = from->overflow_count;
    for (uint32_t i = 0; i < from->overflow_count; i++) {
        snprintf(where, sizeof where, "queues.%u.overflow.%u", at, i);
        if (!read_overflow(from->overflow[i], &out->overflow[i]))
            return blame(
                    breach, where, "'%s' must read like 'sales after 60000'", from->overflow[i]);
    }
    return true;
}

static bool read_callback(const struct policy_queue *from, uint32_t at, struct route_callback *out,
        struct breach *breach)
{
    char where[64];
    enum route_callback_channel channel;
    *out = (struct route_callback){.wait_ms = from->callback_wait_ms,
            .window_ms = from->callback_window_ms,
            .attempts = from->callback_attempts,
            .retry_ms = from->callback_retry_ms,
            .outcome_ms = from->callback_outcome_ms,
            .missed_len = (uint16_t)strlen(from->callback_missed_text)};
    memcpy(out->missed_text, from->callback_missed_text, out->missed_len);
    for (uint32_t i = 0; i < from->callback_count; i++) {
        snprintf(where, sizeof where, "queues.%u.callback.%u", at, i);
        if (!callback_channel_find(slice_of_string(from->callback[i]), &channel))
            return blame(breach, where, "'%s' must be chat, phone or email", from->callback[i]);
        if (out->channels >> channel & 1)
            return blame(breach, where, "'%s' is there twice", from->callback[i]);
        out->channels |= (uint32_t)1 << channel;
    }
    snprintf(where, sizeof where, "queues.%u.callback_window_ms", at);
    bool is_short = out->window_ms > 0 && out->window_ms < WINDOW_LEAST_MS;
    return !is_short ||
           blame(breach, where, "'callback_window_ms' must be 0 or at least %d", WINDOW_LEAST_MS);
}

/* A queue on its way from the file, with what it is read for. */
struct reading {
    const struct policy_names *from;
    const struct policy_use *use;
    struct policy_setup *out;
    struct breach *breach;
};

static bool read_queue(const struct reading *reading, uint32_t at)
{
    const struct policy_queue *from = &reading->from->queues[at];
    struct route_queue *out = &reading->out->setup.queues[at];
    *out = (struct route_queue){.promise_ms = from->promise_ms,
            .has_hours = from->hours_count > 0,
            .offline_len = (uint16_t)strlen(from->offline_text)};
    route_name_set(&out->name, slice_of_string(from->name));
    memcpy(out->offline_text, from->offline_text, out->offline_len);
    return read_skills(from, at, reading->use->staff, out, reading->breach) &&
           read_overflows(from, at, out, reading->breach) &&
           read_callback(from, at, &out->callback, reading->breach) &&
           read_schedule(
                   &(struct schedule){"queues", at, from->time_zone, from->hours, from->hours_count,
                           from->holidays, from->holiday_count, reading->use->is_stored},
                   &out->hours, &reading->out->zones[at], reading->breach);
}

static bool read_shift(const struct reading *reading, uint32_t at)
{
    const struct policy_shift *from = &reading->from->shifts[at];
    struct route_shift *out = &reading->out->setup.shifts[at];
    route_name_set(&out->name, slice_of_string(from->name));
    return read_schedule(
            &(struct schedule){"shifts", at, from->time_zone, from->hours, from->hours_count,
                    from->holidays, from->holiday_count, reading->use->is_stored},
            &out->hours, &reading->out->shift_zones[at], reading->breach);
}

/* The check names an item; which list it is of, only the fault and the lists themselves say. */
static bool blame_fault(const struct policy_names *from, enum route_fault fault, uint32_t at,
        const struct route_setup *setup, struct breach *breach)
{
    uint32_t channel_at;
    struct route_setup channels = {.channel_count = setup->channel_count};
    memcpy(channels.channels, setup->channels, sizeof channels.channels);
    struct route_setup classes = {.class_count = setup->class_count};
    memcpy(classes.classes, setup->classes, sizeof classes.classes);
    bool is_shift = fault == ROUTE_FAULT_SHIFT || fault == ROUTE_FAULT_SHIFT_HOURS;
    bool is_channel = !is_shift && route_setup_check(&channels, &channel_at) != ROUTE_SETUP_GOOD;
    bool is_class = !is_shift && !is_channel &&
                    route_setup_check(&classes, &channel_at) != ROUTE_SETUP_GOOD;
    const char *list = is_shift     ? "shifts"
                       : is_channel ? "channels"
                       : is_class   ? "classes"
                                    : "queues";
    const char *name = is_shift     ? from->shifts[at].name
                       : is_channel ? from->channels[at].name
                       : is_class   ? from->classes[at].name
                                    : from->queues[at].name;
    char where[64];
    snprintf(where, sizeof where, "%s.%u", list, at);
    return blame(breach, where, "'%s' %s", name, route_fault_text(fault));
}

bool policy_names_read(const struct policy_names *from, const struct policy_use *use,
        struct policy_setup *out, struct breach *out_breach)
{
    struct reading reading = {from, use, out, out_breach};
    struct route_setup *setup = &out->setup;
    uint32_t at = 0;
    memset(out, 0, sizeof *out);
    setup->channel_count = from->channel_count;
    setup->class_count = from->class_count;
    setup->queue_count = from->queue_count;
    setup->shift_count = from->shift_count;
    for (uint32_t i = 0; i < from->channel_count; i++) {
        route_name_set(&setup->channels[i].name, slice_of_string(from->channels[i].name));
        setup->channels[i].weight = from->channels[i].weight;
        setup->channels[i].is_interruptible = from->channels[i].interruptible != 0;
    }
    for (uint32_t i = 0; i < from->class_count; i++) {
        route_name_set(&setup->classes[i].name, slice_of_string(from->classes[i].name));
        setup->classes[i].worth = from->classes[i].worth;
    }
    for (uint32_t i = 0; i < from->queue_count; i++)
        if (!read_queue(&reading, i))
            return false;
    for (uint32_t i = 0; i < from->shift_count; i++)
        if (!read_shift(&reading, i))
            return false;
    enum route_fault fault = route_setup_check(setup, &at);
    bool is_of_hours = fault == ROUTE_FAULT_HOURS || fault == ROUTE_FAULT_SHIFT_HOURS;
    return fault == ROUTE_SETUP_GOOD || (use->is_stored && is_of_hours) ||
           blame_fault(from, fault, at, setup, out_breach);
}
