/* SPDX-License-Identifier: Apache-2.0 */
/* Business hours: is somebody meant to be here now, and when next?
 *
 * A schedule is said in local time; a zone says what local time is. The zone is a value: who reads
 * the system's time-zone database fills it, so daylight saving is right and nothing
 * here looks at a file or a clock. */
#ifndef WEFT_CORE_ROUTE_HOURS_H
#define WEFT_CORE_ROUTE_HOURS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ZONE_CHANGES_MAX = 512,
    HOURS_SPANS_MAX = 28,
    HOURS_HOLIDAYS_MAX = 64,
    DAY_MINUTES = 24 * 60,
};

/* From this moment on local time is so many seconds ahead of UTC. */
struct zone_change {
    int64_t at_s;
    int32_t offset_s;
};

/* A rule for the years after the last change: "the last Sunday of March at 2:00". */
struct zone_rule {
    uint8_t month, week, weekday; /* 1..12 · 1..5, 5: the last · 0: Sunday */
    int32_t at_s;                 /* local seconds of that day, by the offset before */
};

struct zone {
    int32_t first_offset_s; /* before the first change */
    uint32_t change_count;
    struct zone_change changes[ZONE_CHANGES_MAX];
    bool has_rule;
    int32_t standard_s, summer_s; /* offsets of the rule */
    struct zone_rule summer_begins, summer_ends;
};

/* A span of one day of the week; one that goes over midnight is two. */
struct hours_span {
    uint8_t weekday;      /* 0: Sunday */
    uint16_t from, until; /* minutes of the day, until <= DAY_MINUTES */
};

/* A whole day on which nobody is here, or only for a span. */
struct hours_holiday {
    uint16_t year; /* 0: every year */
    uint8_t month, day;
    uint16_t from, until; /* 0, 0: closed all day */
};

struct route_hours {
    const struct zone *zone; /* NULL: UTC */
    struct hours_span spans[HOURS_SPANS_MAX];
    uint32_t span_count;
    struct hours_holiday holidays[HOURS_HOLIDAYS_MAX];
    uint32_t holiday_count;
};

/* Seconds that local time is ahead of UTC at this moment. */
int32_t zone_offset_s(const struct zone *zone, int64_t utc_s);

bool hours_are_open(const struct route_hours *hours, uint64_t now_ms);

/* The next moment of opening, looking a year ahead; now_ms while open. UINT64_MAX: never. */
uint64_t hours_open_next_ms(const struct route_hours *hours, uint64_t now_ms);

/* The moment on the clock of the hours' zone: "2026-11-23 09:00". */
enum { HOURS_LOCAL_TEXT = 17 };
struct slice hours_write_local(
        const struct route_hours *hours, uint64_t at_ms, char out[HOURS_LOCAL_TEXT]);

/* When what hours_are_open says changes next, or may: at most a day ahead while open, a year while
 * closed. UINT64_MAX: never. */
uint64_t hours_change_next_ms(const struct route_hours *hours, uint64_t now_ms);

/* Spans in range that do not overlap on a day. */
bool hours_are_good(const struct route_hours *hours);

/* What a TZif file (RFC 8536) says. false: not such a file, or more changes than fit. */
bool zone_read(struct slice file, struct zone *out_zone);

#endif
