/* SPDX-License-Identifier: Apache-2.0 */
/* base64url, base32 and UTF-8: one spelling, and nothing else is read. */
#include "base/utf8.h"
#include "lib/test.h"
#include "port/crypto.h"

static void base64url_reads_what_it_wrote(void)
{
    uint8_t bytes[100], back[100];
    char text[134];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + 13);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        size_t back_len = 999, text_len = base64url_write(bytes, len, text);
        expect_u64(text_len, (4 * len + 2) / 3);
        expect(base64url_read(slice_make(text, text_len), back, len, &back_len));
        expect_slice(slice_make(back, back_len), slice_make(bytes, len));
        if (len > 0)
            expect(!base64url_read(slice_make(text, text_len), back, len - 1, &back_len));
    }
}

/* source: RFC 4648 section 10, without padding */
static void base64url_writes_the_vectors_of_the_rfc(void)
{
    static const char *const rows[][2] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"},
            {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
            {"\xfb\xff\xfe", "-__-"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[16];
        struct slice bytes = slice_of_string(rows[i][0]);
        expect_text(slice_make(text, base64url_write(bytes.bytes, bytes.len, text)), rows[i][1]);
    }
}

static void base64url_has_only_one_spelling(void)
{
    static const char *const refused[] = {"A", "Zh", "Zm9", "Zg=", "Zg==", "Z g", "Zm9v\n", "Zm+v",
            "Zm/v", "Zm9vY", "Zm9v.", "Z\xc3\xa9v", "Zm8=", "_x"};
    uint8_t out[16];
    size_t len;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_note("row '%s'", refused[i]);
        expect(!base64url_read(slice_of_string(refused[i]), out, sizeof out, &len));
    }
}

static void base32_is_crockfords_in_lower_case(void)
{
    char text[16];
    expect_text(slice_make(text, base32_write("", 0, text)), "");
    expect_text(slice_make(text, base32_write("f", 1, text)), "cr");
    expect_text(slice_make(text, base32_write("foobar", 6, text)), "csqpyrk1e8");
    expect_text(slice_make(text, base32_write("\xff\xff\xff\xff\xff", 5, text)), "zzzzzzzz");
}

static void only_well_formed_utf8_is_valid(void)
{
    static const char *const good[] = {"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
            "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc2", "\xc2 ",
            "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
            "\xf5\x80\x80\x80", "\xff", "a\xe2\x28\xa1", "\xf0\x9f\x98", "\xf0\x9f\x98 "};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect(utf8_is_valid(slice_of_string(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_note("row %zu", i);
        expect(!utf8_is_valid(slice_of_string(bad[i])));
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(base64url_reads_what_it_wrote),
                    CASE(base64url_writes_the_vectors_of_the_rfc),
                    CASE(base64url_has_only_one_spelling), CASE(base32_is_crockfords_in_lower_case),
                    CASE(only_well_formed_utf8_is_valid), {0}});
}
