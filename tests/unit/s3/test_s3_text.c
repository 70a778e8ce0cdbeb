/* SPDX-License-Identifier: Apache-2.0 */
/* What a store answers with is read within its bounds, and what is no number or no date is told. */
#include "lib/test.h"
#include "s3/s3_text.h"

static void elements_are_found_within_the_text(void)
{
    struct slice text = SLICE_OF("<A><B>1</B></A><A>2</A><A>never ends");
    expect_text(s3_text_find(text, "B"), "1");
    expect_text(s3_text_next(&text, "A"), "<B>1</B>");
    expect_text(s3_text_next(&text, "A"), "2");
    expect_u64(s3_text_next(&text, "A").len, 0);
    expect_u64(s3_text_next(&text, "A").len, 0);
    expect_u64(s3_text_find(SLICE_OF("</A><A>"), "A").len, 0);
    expect_u64(s3_text_find(SLICE_NONE, "A").len, 0);
}

static void numbers_have_up_to_18_digits(void)
{
    uint64_t number = 7;
    expect(!s3_text_number(SLICE_OF("1234567890123456789"), &number));
    expect(!s3_text_number(SLICE_OF("-1"), &number));
    expect(!s3_text_number(SLICE_OF("1 "), &number));
    expect_u64(number, 7);
    expect(s3_text_number(SLICE_OF("123456789012345678"), &number));
    expect_u64(number, 123456789012345678u);
    expect(!s3_text_number(SLICE_NONE, &number));
}

static void dates_have_their_form(void)
{
    static const char *const bad[] = {"", "2026-11-22T04:40", "Sun, 22 Nov 2026 04:40:19",
            "2026/11-22T04:40:19Z", "2026-11/22T04:40:19Z", "2026-11-22 04:40:19Z",
            "2026-11-22T04.40:19Z", "2026-11-22T04:40.19Z", "x026-11-22T04:40:19Z",
            "2026-1x-22T04:40:19Z", "2026-11-x2T04:40:19Z", "2026-11-22T0x:40:19Z",
            "2026-11-22T04:x0:19Z", "2026-11-22T04:40:1xZ"};
    int64_t date_s = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_note("%s", bad[i]);
        expect(!s3_text_date(slice_of_string(bad[i]), &date_s));
    }
    expect(s3_text_date(SLICE_OF("2026-11-22T04:40:19.000Z"), &date_s));
    expect(date_s == 1795322419);
    expect(s3_text_date(SLICE_OF("2026-11-22T04:40:19"), &date_s));
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(elements_are_found_within_the_text),
                    CASE(numbers_have_up_to_18_digits), CASE(dates_have_their_form), {0}});
}
