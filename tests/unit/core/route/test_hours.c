/* SPDX-License-Identifier: Apache-2.0 */
/* Business hours: local time, daylight saving, holidays; and the zones of the system's database. */
#include "core/route/setup.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FILE_MAX = 64 * 1024 };

static struct zone zone;
static struct route_hours office;

/* false: this machine has no such zone, and the case has nothing to look at. */
static bool zone_of_system(const char *name, struct zone *out)
{
    static char bytes[FILE_MAX];
    char path[128];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    expect(zone_read(slice_make(bytes, len), out));
    return true;
}

/* The European rules, as the footer of Berlin's file has them, without its history. */
static struct zone berlin(void)
{
    return (struct zone){.first_offset_s = 3600,
            .has_rule = true,
            .standard_s = 3600,
            .summer_s = 7200,
            .summer_begins = {3, 5, 0, 2 * 3600},
            .summer_ends = {10, 5, 0, 3 * 3600}};
}

static uint64_t utc_ms(int year, int month, int day, int hour, int minute)
{
    struct tm tm = {.tm_year = year - 1900,
            .tm_mon = month - 1,
            .tm_mday = day,
            .tm_hour = hour,
            .tm_min = minute};
    return (uint64_t)timegm(&tm) * 1000;
}

/* Monday to Friday, nine to five. */
static void open_office(void)
{
    zone = berlin();
    office = (struct route_hours){.zone = &zone, .span_count = 5};
    for (uint8_t day = 1; day <= 5; day++)
        office.spans[day - 1] = (struct hours_span){day, 9 * 60, 17 * 60};
    expect(hours_are_good(&office));
}

static void local_time_counts_and_the_clock_change_is_seen(void)
{
    open_office();
    expect(!hours_are_open(&office, utc_ms(2026, 1, 12, 7, 59))); /* winter: 8:59 */
    expect(hours_are_open(&office, utc_ms(2026, 1, 12, 8, 0)));
    expect(hours_are_open(&office, utc_ms(2026, 1, 12, 15, 59)));
    expect(!hours_are_open(&office, utc_ms(2026, 1, 12, 16, 0)));
    expect(hours_are_open(&office, utc_ms(2026, 7, 13, 7, 0))); /* summer: 9:00 */
    expect(!hours_are_open(&office, utc_ms(2026, 7, 13, 6, 59)));
    expect(!hours_are_open(&office, utc_ms(2026, 7, 12, 10, 0))); /* a Sunday */
}

static void the_next_opening_is_found_across_the_clock_change(void)
{
    open_office();
    uint64_t friday = utc_ms(2026, 3, 27, 16, 0); /* Friday, 17:00, the clock changes on Sunday */
    expect_u64(hours_open_next_ms(&office, friday), utc_ms(2026, 3, 30, 7, 0));
    uint64_t autumn = utc_ms(2026, 10, 23, 15, 0);
    expect_u64(hours_open_next_ms(&office, autumn), utc_ms(2026, 10, 26, 8, 0));
    uint64_t noon = utc_ms(2026, 10, 26, 12, 0);
    expect_u64(hours_open_next_ms(&office, noon), noon);
    office.span_count = 0;
    expect_u64(hours_open_next_ms(&office, noon), UINT64_MAX);
}

/* 2:30 does not exist on the last Sunday of March; whoever opens then opens when the clock has
 * jumped. In October 2:30 comes twice, and they open at the first. */
static void an_hour_that_is_skipped_or_repeated(void)
{
    open_office();
    office.span_count = 1;
    office.spans[0] = (struct hours_span){0, 2 * 60 + 30, 4 * 60};
    uint64_t night = utc_ms(2026, 3, 28, 23, 30);
    uint64_t opens = hours_open_next_ms(&office, night);
    expect(hours_are_open(&office, opens));
    expect_u64(opens, utc_ms(2026, 3, 29, 1, 0) + 30 * 60 * 1000);
    expect(!hours_are_open(&office, utc_ms(2026, 10, 25, 0, 29)));
    expect(hours_are_open(&office, utc_ms(2026, 10, 25, 0, 30)));
    expect_u64(
            hours_open_next_ms(&office, utc_ms(2026, 10, 24, 23, 0)), utc_ms(2026, 10, 25, 0, 30));
}

/* Minute by minute through both changes of the clock: nothing changes before it was told to. */
static void no_change_comes_before_the_one_that_is_told(void)
{
    static const int months[] = {3, 10};
    open_office();
    office.spans[0] = (struct hours_span){0, 60, 4 * 60}; /* Sundays, over the change */
    office.holidays[0] = (struct hours_holiday){0, 3, 27, 10 * 60, 11 * 60};
    office.holiday_count = 1;
    for (size_t i = 0; i < 2; i++) {
        uint64_t at = utc_ms(2026, months[i], 23, 0, 0), end = utc_ms(2026, months[i], 31, 0, 0);
        uint64_t change = hours_change_next_ms(&office, at);
        bool is_open = hours_are_open(&office, at);
        for (; at < end; at += 60000) {
            if (at >= change) {
                is_open = hours_are_open(&office, at);
                change = hours_change_next_ms(&office, at);
                expect(change > at);
            }
            test_note("%llu", (unsigned long long)at);
            expect(hours_are_open(&office, at) == is_open);
        }
    }
    uint64_t monday = utc_ms(2026, 1, 12, 12, 0);
    expect_u64(hours_change_next_ms(&office, monday), utc_ms(2026, 1, 13, 8, 0));
    char text[HOURS_LOCAL_TEXT];
    expect_text(hours_write_local(&office, utc_ms(2026, 7, 13, 7, 5), text), "2026-07-13 09:05");
}

static void holidays_close_or_shorten_a_day(void)
{
    open_office();
    office.holiday_count = 2;
    office.holidays[0] = (struct hours_holiday){0, 12, 25, 0, 0};               /* every year */
    office.holidays[1] = (struct hours_holiday){2026, 12, 24, 9 * 60, 12 * 60}; /* half a day */
    expect(hours_are_good(&office));
    expect(hours_are_open(&office, utc_ms(2026, 12, 24, 10, 59)));
    expect(!hours_are_open(&office, utc_ms(2026, 12, 24, 11, 0)));
    expect(!hours_are_open(&office, utc_ms(2026, 12, 25, 10, 0)));
    expect_u64(
            hours_open_next_ms(&office, utc_ms(2026, 12, 24, 11, 0)), utc_ms(2026, 12, 28, 8, 0));
    expect(!hours_are_open(&office, utc_ms(2028, 12, 25, 10, 0)));
}

static void hours_that_overlap_are_refused(void)
{
    open_office();
    office.spans[5] = (struct hours_span){3, 16 * 60, 18 * 60};
    office.span_count = 6;
    expect(!hours_are_good(&office));
    office.spans[5] = (struct hours_span){3, 17 * 60, 18 * 60};
    expect(hours_are_good(&office));
    office.spans[5] = (struct hours_span){3, 18 * 60, 17 * 60};
    expect(!hours_are_good(&office));
}

static void holidays_are_dates(void)
{
    static const struct hours_holiday good[] = {{0, 2, 29, 0, 0}, {2028, 2, 29, 0, 0},
            {2000, 2, 29, 0, 0}, {0, 12, 31, 0, 0}, {2026, 4, 30, 0, 0}},
                                      bad[] = {{0, 2, 30, 0, 0}, {2026, 2, 29, 0, 0},
                                              {2100, 2, 29, 0, 0}, {0, 4, 31, 0, 0},
                                              {0, 13, 1, 0, 0}, {0, 0, 1, 0, 0}, {0, 1, 0, 0, 0}};
    open_office();
    office.holiday_count = 1;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        office.holidays[0] = good[i];
        expect(hours_are_good(&office));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        office.holidays[0] = bad[i];
        expect(!hours_are_good(&office));
    }
}

/* The whole path from the file, against the C library's own reading of it. */
static void zones_of_the_system_agree_with_the_c_library(void)
{
    static const char *const names[] = {"Europe/Berlin", "America/New_York", "Australia/Sydney",
            "Asia/Kolkata", "America/Sao_Paulo", "Africa/Casablanca", "UTC"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!zone_of_system(names[i], &zone))
            continue;
        setenv("TZ", names[i], 1);
        tzset();
        test_note("%s", names[i]);
        for (time_t at = 0; at < (time_t)3000000000; at += 5 * 86400 + 1234) {
            struct tm local;
            localtime_r(&at, &local);
            expect_u64((uint64_t)(int64_t)zone_offset_s(&zone, at), (uint64_t)local.tm_gmtoff);
        }
    }
    test_note("%s", "");
}

static void a_broken_zone_is_refused(void)
{
    static char bytes[FILE_MAX];
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    if (file == NULL)
        return;
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut < len; cut += 1) /* no shorter piece is a zone */
        expect(!zone_read(slice_make(bytes, cut), &zone));
    bytes[len - 3] = 'x';
    expect(!zone_read(slice_make(bytes, len), &zone));
}

/* ---- what a policy names ---- */

static struct route_setup setup;

static void name_queues(uint32_t count)
{
    static const char *const names[] = {"default", "sales", "night"};
    setup = (struct route_setup){.queue_count = count};
    for (uint32_t i = 0; i < count; i++)
        route_name_set(&setup.queues[i].name, slice_of_string(names[i]));
}

static void overflows(uint32_t from, const char *to)
{
    struct route_queue *queue = &setup.queues[from];
    route_name_set(&queue->overflow[queue->overflow_count++].queue, slice_of_string(to));
}

static void a_cycle_of_overflow_is_refused(void)
{
    uint32_t at = 99;
    name_queues(3);
    overflows(0, "sales");
    overflows(1, "night");
    expect_u64(route_setup_check(&setup, &at), ROUTE_SETUP_GOOD);
    overflows(2, "default");
    expect_u64(route_setup_check(&setup, &at), ROUTE_FAULT_CYCLE);
    expect_u64(at, 0);
    name_queues(2);
    overflows(1, "sales");
    expect_u64(route_setup_check(&setup, &at), ROUTE_FAULT_OVERFLOW);
    expect_u64(at, 1);
    name_queues(1);
    overflows(0, "nobody");
    expect_u64(route_setup_check(&setup, &at), ROUTE_FAULT_OVERFLOW);
}

static void names_weights_and_hours_are_checked(void)
{
    uint32_t at;
    name_queues(2);
    route_name_set(&setup.queues[1].name, SLICE_OF("default"));
    expect_u64(route_setup_check(&setup, &at), ROUTE_FAULT_TWICE);
    name_queues(1);
    setup.channel_count = 1;
    route_name_set(&setup.channels[0].name, SLICE_OF("mail"));
    expect_u64(route_setup_check(&setup, &at), ROUTE_FAULT_WEIGHT);
    setup.channels[0].weight = 300;
    expect_u64(route_setup_check(&setup, &at), ROUTE_SETUP_GOOD);
    setup.queues[0].has_hours = true;
    setup.queues[0].hours.span_count = 1;
    expect_u64(route_setup_check(&setup, &at), ROUTE_FAULT_HOURS);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(local_time_counts_and_the_clock_change_is_seen),
                    CASE(the_next_opening_is_found_across_the_clock_change),
                    CASE(an_hour_that_is_skipped_or_repeated),
                    CASE(no_change_comes_before_the_one_that_is_told),
                    CASE(holidays_close_or_shorten_a_day), CASE(hours_that_overlap_are_refused),
                    CASE(holidays_are_dates), CASE(zones_of_the_system_agree_with_the_c_library),
                    CASE(a_broken_zone_is_refused), CASE(a_cycle_of_overflow_is_refused),
                    CASE(names_weights_and_hours_are_checked), {0}});
}
