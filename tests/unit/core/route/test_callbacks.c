/* SPDX-License-Identifier: Apache-2.0 */
/* To whom a callback is offered, which times may be chosen, which numbers and addresses are taken.
 */
#include "core/route/callbacks.h"
#include "lib/test.h"

#include <string.h>
#include <time.h>

enum { HOUR_MS = 3600000 };

static struct route_queue queue;
static struct zone zone;

static uint64_t utc_ms(int month, int day, int hour, int minute)
{
    struct tm tm = {
            .tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};
    return (uint64_t)timegm(&tm) * 1000;
}

/* Monday to Friday, nine to twelve and thirteen to five, an hour ahead of UTC; an hour each. */
static void open_office(void)
{
    zone = (struct zone){.first_offset_s = 3600};
    queue = (struct route_queue){.has_hours = true,
            .hours = {.zone = &zone, .span_count = 10},
            .callback = {.channels = 7, .wait_ms = 60000, .window_ms = HOUR_MS}};
    for (uint8_t day = 1; day <= 5; day++) {
        queue.hours.spans[2 * day - 2] = (struct hours_span){day, 9 * 60, 12 * 60};
        queue.hours.spans[2 * day - 1] = (struct hours_span){day, 13 * 60, 17 * 60};
    }
}

static void it_is_offered_to_whom_waiting_is_no_use(void)
{
    static const struct {
        struct callback_situation situation;
        bool is_offered;
    } rows[] = {
            {{.is_open = true, .is_anybody_there = true}, false},
            {{.is_open = false, .is_anybody_there = true}, true},
            {{.is_open = true, .is_anybody_there = false}, true},
            {{.is_open = true, .is_anybody_there = true, .has_wait = true, .wait_ms = 59999},
                    false},
            {{.is_open = true, .is_anybody_there = true, .has_wait = true, .wait_ms = 60000}, true},
            {{.is_open = true, .is_anybody_there = true, .waited_ms = 60000}, true},
            {{.is_open = true, .is_anybody_there = true, .has_wait = true, .waited_ms = 60000},
                    false},
    };
    open_office();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row %zu", i);
        expect(callback_is_offered(&queue.callback, &rows[i].situation) == rows[i].is_offered);
    }
    queue.callback.channels = 0;
    expect(!callback_is_offered(&queue.callback, &rows[1].situation));
}

static void windows_lie_within_the_hours(void)
{
    struct callback_window windows[CALLBACK_WINDOWS_MAX];
    open_office();
    uint64_t friday = utc_ms(11, 20, 14, 10); /* ten past three there */
    size_t count = callback_windows(&queue, friday, windows);
    expect_u64(count, CALLBACK_WINDOWS_MAX);
    expect_u64(windows[0].from_ms, utc_ms(11, 20, 15, 0));
    expect_u64(windows[0].until_ms, utc_ms(11, 20, 16, 0));
    expect_u64(windows[1].from_ms, utc_ms(11, 23, 8, 0)); /* Monday at nine */
    expect_u64(windows[3].from_ms, utc_ms(11, 23, 10, 0));
    expect_u64(windows[4].from_ms, utc_ms(11, 23, 12, 0)); /* after lunch */
    for (size_t i = 0; i < count; i++)
        expect(callback_window_is_good(&queue, friday, windows[i].from_ms));
    uint64_t never = friday - friday % HOUR_MS; /* the end of the week ahead is a whole hour */
    queue.hours.span_count = 0;
    expect_u64(callback_windows(&queue, never, windows), 0);
    queue.hours.span_count = 10;
    queue.callback.window_ms = 4 * HOUR_MS; /* noon to four is not open throughout */
    expect_u64(callback_windows(&queue, friday, windows), 0);
}

static void other_times_are_refused(void)
{
    open_office();
    uint64_t friday = utc_ms(11, 20, 14, 10);
    expect(!callback_window_is_good(&queue, friday, friday));                 /* now */
    expect(!callback_window_is_good(&queue, friday, utc_ms(11, 20, 15, 30))); /* ends late */
    expect(!callback_window_is_good(&queue, friday, utc_ms(11, 21, 9, 0)));   /* Saturday */
    expect(!callback_window_is_good(&queue, friday, utc_ms(11, 30, 9, 0)));   /* too far */
    expect(!callback_window_is_good(&queue, friday, UINT64_MAX));
    queue.callback.window_ms = 0;
    expect(!callback_window_is_good(&queue, friday, utc_ms(11, 20, 15, 0)));
    struct callback_window windows[CALLBACK_WINDOWS_MAX];
    expect_u64(callback_windows(&queue, friday, windows), 0);
}

static void without_hours_any_time_will_do(void)
{
    struct callback_window windows[CALLBACK_WINDOWS_MAX];
    queue = (struct route_queue){.callback = {.channels = 1, .window_ms = HOUR_MS}};
    expect_u64(callback_windows(&queue, utc_ms(11, 21, 3, 59), windows), CALLBACK_WINDOWS_MAX);
    expect_u64(windows[0].from_ms, utc_ms(11, 21, 4, 0));
    expect_u64(windows[11].from_ms, utc_ms(11, 21, 15, 0));
}

static const struct {
    enum route_callback_channel channel;
    const char *text, *kept; /* NULL: refused */
} addresses[] = {
        {ROUTE_CALLBACK_CHAT, "", ""},
        {ROUTE_CALLBACK_CHAT, "x", NULL},
        {ROUTE_CALLBACK_PHONE, "+49 (30) 123-456", "+4930123456"},
        {ROUTE_CALLBACK_PHONE, "0049 30/123.456", "004930123456"},
        {ROUTE_CALLBACK_PHONE, "12345", "12345"},
        {ROUTE_CALLBACK_PHONE, "1234", NULL},
        {ROUTE_CALLBACK_PHONE, "", NULL},
        {ROUTE_CALLBACK_PHONE, "123456789012345", "123456789012345"},
        {ROUTE_CALLBACK_PHONE, "1234567890123456", NULL},
        {ROUTE_CALLBACK_PHONE, "12+345", NULL},
        {ROUTE_CALLBACK_PHONE, "++12345", NULL},
        {ROUTE_CALLBACK_PHONE, "12345;ext=1", NULL},
        {ROUTE_CALLBACK_PHONE, "12345\n", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@example.org", "ada@example.org"},
        {ROUTE_CALLBACK_EMAIL, "ada.l+shop@mail.example.co.uk", "ada.l+shop@mail.example.co.uk"},
        {ROUTE_CALLBACK_EMAIL, "ada@example", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@@example.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@b@example.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "@example.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@-x.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada lovelace@example.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@example.org,bob@example.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "ada@example.org\r\nBcc: x@example.org", NULL},
        {ROUTE_CALLBACK_EMAIL, "", NULL},
};

static void addresses_are_taken_as_they_can_be_used(void)
{
    char out[CALLBACK_TEXT_MAX], long_one[200];
    size_t len;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct slice text = slice_of_string(addresses[i].text);
        test_note("'%s'", addresses[i].text);
        bool is_taken = callback_address_read(addresses[i].channel, text, out, &len);
        expect(is_taken == (addresses[i].kept != NULL));
        if (is_taken)
            expect_slice(slice_make(out, len), slice_of_string(addresses[i].kept));
    }
    memset(long_one, '1', sizeof long_one);
    memcpy(long_one, "a@b.", 4);
    expect(!callback_address_read(
            ROUTE_CALLBACK_EMAIL, slice_make(long_one, sizeof long_one), out, &len));
}

static void channels_have_names(void)
{
    enum route_callback_channel channel = ROUTE_CALLBACK_CHAT;
    expect(callback_channel_find(SLICE_OF("email"), &channel) && channel == ROUTE_CALLBACK_EMAIL);
    expect(callback_channel_find(SLICE_OF("phone"), &channel) && channel == ROUTE_CALLBACK_PHONE);
    expect(!callback_channel_find(SLICE_OF("pigeon"), &channel));
    expect(!callback_channel_find(SLICE_NONE, &channel));
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(it_is_offered_to_whom_waiting_is_no_use),
                    CASE(windows_lie_within_the_hours), CASE(other_times_are_refused),
                    CASE(without_hours_any_time_will_do),
                    CASE(addresses_are_taken_as_they_can_be_used), CASE(channels_have_names), {0}});
}
