/* SPDX-License-Identifier: Apache-2.0 */
/* Business hours in local time.
 *
 * Invariant: the answer depends on the schedule, the zone and the moment only. A day is found by
 * its local date, so a day of 23 or 25 hours has the hours that its clock shows: when the clock
 * skips an hour nobody is early, when it repeats one they stay open through both.
 */
#include "core/route/hours.h"

enum { DAY_S = 24 * 3600, LOOK_AHEAD_DAYS = 366, MINUTE_S = 60 };

/* ---- dates ---- */

struct date {
    int64_t year;
    uint32_t month, day, weekday;
};

/* Days since 1970 to a date of the Gregorian calendar.
 * source: H. Hinnant, "chrono-compatible low-level date algorithms" */
static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct date date = {.day = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1),
            .month = (uint32_t)(month < 10 ? month + 3 : month - 9),
            .weekday = (uint32_t)(((days % 7) + 11) % 7)};
    date.year = year_of_era + era * 400 + (date.month <= 2);
    return date;
}

static int64_t days_of(int64_t year, uint32_t month, uint32_t day)
{
    int64_t shifted = year - (month <= 2);
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t months = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * months + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t floor_days(int64_t seconds)
{
    return (seconds >= 0 ? seconds : seconds - (DAY_S - 1)) / DAY_S;
}

/* ---- zones ---- */

/* The local second, counted by the offset before the change, at which the rule strikes. */
static int64_t rule_local_s(const struct zone_rule *rule, int64_t year)
{
    int64_t first = days_of(year, rule->month, 1);
    uint32_t first_weekday = date_of(first).weekday;
    int64_t day = first + (rule->weekday + 7u - first_weekday) % 7 + (rule->week - 1) * 7;
    int64_t next_month = rule->month == 12 ? days_of(year + 1, 1, 1)
                                           : days_of(year, (uint32_t)rule->month + 1, 1);
    while (day >= next_month)
        day -= 7;
    return day * DAY_S + rule->at_s;
}

static int32_t offset_by_rule(const struct zone *zone, int64_t utc_s)
{
    int64_t year = date_of(floor_days(utc_s + zone->standard_s)).year;
    int64_t begins = rule_local_s(&zone->summer_begins, year) - zone->standard_s;
    int64_t ends = rule_local_s(&zone->summer_ends, year) - zone->summer_s;
    bool is_summer =
            begins < ends ? utc_s >= begins && utc_s < ends : utc_s >= begins || utc_s < ends;
    return is_summer ? zone->summer_s : zone->standard_s;
}

int32_t zone_offset_s(const struct zone *zone, int64_t utc_s)
{
    if (zone == NULL)
        return 0;
    uint32_t low = 0, high = zone->change_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (zone->has_rule && low == zone->change_count)
        return offset_by_rule(zone, utc_s);
    return low == 0 ? zone->first_offset_s : zone->changes[low - 1].offset_s;
}

/* ---- schedules ---- */

static const struct hours_holiday *holiday_on(
        const struct route_hours *hours, const struct date *date)
{
    for (uint32_t i = 0; i < hours->holiday_count; i++) {
        const struct hours_holiday *holiday = &hours->holidays[i];
        if (holiday->month == date->month && holiday->day == date->day &&
                (holiday->year == 0 || holiday->year == date->year))
            return holiday;
    }
    return NULL;
}

/* The first open minute of this local day at or after the minute; DAY_MINUTES: none. */
static uint32_t first_open(const struct route_hours *hours, int64_t day, uint32_t minute)
{
    struct date date = date_of(day);
    const struct hours_holiday *holiday = holiday_on(hours, &date);
    uint32_t first = DAY_MINUTES;
    if (holiday != NULL) {
        uint32_t opens = minute > holiday->from ? minute : holiday->from;
        return opens < holiday->until ? opens : DAY_MINUTES;
    }
    for (uint32_t i = 0; i < hours->span_count; i++) {
        const struct hours_span *span = &hours->spans[i];
        uint32_t opens = minute > span->from ? minute : span->from;
        if (span->weekday == date.weekday && opens < span->until && opens < first)
            first = opens;
    }
    return first;
}

static int64_t local_s(const struct route_hours *hours, uint64_t now_ms)
{
    int64_t utc_s = (int64_t)(now_ms / 1000);
    return utc_s + zone_offset_s(hours->zone, utc_s);
}

static bool is_open_at(const struct route_hours *hours, int64_t seconds)
{
    int64_t day = floor_days(seconds);
    uint32_t minute = (uint32_t)((seconds - day * DAY_S) / MINUTE_S);
    return first_open(hours, day, minute) == minute;
}

bool hours_are_open(const struct route_hours *hours, uint64_t now_ms)
{
    return is_open_at(hours, local_s(hours, now_ms));
}

/* A local second as a moment. In an hour that the clock skips: the moment after it. */
static int64_t utc_of(const struct zone *zone, int64_t seconds)
{
    int64_t before = seconds - zone_offset_s(zone, seconds - DAY_S);
    int64_t after = seconds - zone_offset_s(zone, seconds + DAY_S);
    int64_t early = before < after ? before : after, late = before < after ? after : before;
    return early + zone_offset_s(zone, early) >= seconds ? early : late;
}

uint64_t hours_open_next_ms(const struct route_hours *hours, uint64_t now_ms)
{
    int64_t now_local = local_s(hours, now_ms), today = floor_days(now_local);
    if (is_open_at(hours, now_local))
        return now_ms;
    uint32_t minute = (uint32_t)((now_local - today * DAY_S) / MINUTE_S) + 1;
    for (int64_t day = today; day < today + LOOK_AHEAD_DAYS; day++, minute = 0) {
        uint32_t opens = first_open(hours, day, minute);
        if (opens == DAY_MINUTES)
            continue;
        int64_t at_s = utc_of(hours->zone, day * DAY_S + (int64_t)opens * MINUTE_S);
        return (uint64_t)at_s * 1000 > now_ms ? (uint64_t)at_s * 1000 : now_ms + 1;
    }
    return UINT64_MAX;
}

/* The end of the span that holds this open minute. */
static uint32_t open_until(const struct route_hours *hours, int64_t day, uint32_t minute)
{
    struct date date = date_of(day);
    const struct hours_holiday *holiday = holiday_on(hours, &date);
    if (holiday != NULL)
        return holiday->until;
    for (uint32_t i = 0; i < hours->span_count; i++) {
        const struct hours_span *span = &hours->spans[i];
        if (span->weekday == date.weekday && span->from <= minute && minute < span->until)
            return span->until;
    }
    return minute;
}

uint64_t hours_change_next_ms(const struct route_hours *hours, uint64_t now_ms)
{
    int64_t now_local = local_s(hours, now_ms), today = floor_days(now_local);
    if (!is_open_at(hours, now_local))
        return hours_open_next_ms(hours, now_ms);
    uint32_t minute = (uint32_t)((now_local - today * DAY_S) / MINUTE_S);
    int64_t ends = today * DAY_S + (int64_t)open_until(hours, today, minute) * MINUTE_S;
    uint64_t at_ms = (uint64_t)utc_of(hours->zone, ends) * 1000;
    return at_ms > now_ms ? at_ms : now_ms + MINUTE_S * 1000; /* the clock repeats an hour */
}

static void write_digits(char *out, uint32_t value, uint32_t count)
{
    for (; count-- > 0; value /= 10)
        out[count] = (char)('0' + value % 10);
}

struct slice hours_write_local(
        const struct route_hours *hours, uint64_t at_ms, char out[HOURS_LOCAL_TEXT])
{
    int64_t local = local_s(hours, at_ms), day = floor_days(local);
    struct date date = date_of(day);
    uint32_t minute = (uint32_t)((local - day * DAY_S) / MINUTE_S);
    memcpy(out, "0000-00-00 00:00", HOURS_LOCAL_TEXT);
    write_digits(out, (uint32_t)date.year, 4);
    write_digits(out + 5, date.month, 2);
    write_digits(out + 8, date.day, 2);
    write_digits(out + 11, minute / 60, 2);
    write_digits(out + 14, minute % 60, 2);
    return slice_make(out, HOURS_LOCAL_TEXT - 1);
}

/* Of a month that comes; year 0: of any year. */
static uint32_t days_in(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] - (uint32_t)(month == 2 && !is_leap);
}

static bool holiday_is_good(const struct hours_holiday *holiday)
{
    bool is_closed = holiday->from == 0 && holiday->until == 0;
    return holiday->month >= 1 && holiday->month <= 12 && holiday->day >= 1 &&
           holiday->day <= days_in(holiday->year, holiday->month) &&
           (is_closed || holiday->from < holiday->until) && holiday->until <= DAY_MINUTES;
}

bool hours_are_good(const struct route_hours *hours)
{
    for (uint32_t i = 0; i < hours->span_count; i++) {
        const struct hours_span *a = &hours->spans[i];
        if (a->weekday > 6 || a->from >= a->until || a->until > DAY_MINUTES)
            return false;
        for (uint32_t j = 0; j < i; j++) {
            const struct hours_span *b = &hours->spans[j];
            if (a->weekday == b->weekday && a->from < b->until && b->from < a->until)
                return false;
        }
    }
    for (uint32_t i = 0; i < hours->holiday_count; i++)
        if (!holiday_is_good(&hours->holidays[i]))
            return false;
    return true;
}
