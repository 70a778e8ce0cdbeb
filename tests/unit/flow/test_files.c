/* SPDX-License-Identifier: Apache-2.0 */
/* What files are by their bytes, how they are stored, and how names travel in queries. */
#include "flow/file_type.h"
#include "flow/files.h"
#include "lib/fake_random.h"
#include "lib/test.h"

#include <string.h>

#define BYTES(text) \
    { \
        text, sizeof(text) - 1 \
    }

static void a_type_is_what_the_bytes_show(void)
{
    static const struct row {
        struct slice bytes;
        const char *type;
    } rows[] = {
            {BYTES("\x89PNG\r\n\x1a\n...."), "image/png"},
            {BYTES("\xff\xd8\xff\xe0"), "image/jpeg"},
            {BYTES("GIF89a;"), "image/gif"},
            {BYTES("RIFF....WEBPVP8 "), "image/webp"},
            {BYTES("RIFF\x01\x02\x03\x04WAVEfmt "), "application/octet-stream"},
            {BYTES("%PDF-1.7"), "application/pdf"},
            {BYTES("PK\x03\x04 and so on, some more bytes to be long"), "application/zip"},
            {BYTES("PK\x03\x04..........................word/document.xml"),
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
            {BYTES("PK\x03\x04..........................mimetypeapplication/"
                   "vnd.oasis.opendocument.text"),
                    "application/vnd.oasis.opendocument.text"},
            {BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "application/x-ole-storage"},
            {BYTES("\0\0\0\x18"
                   "ftypisom"),
                    "video/mp4"},
            {BYTES("\0\0\0\x18"
                   "ftypM4A "),
                    "audio/mp4"},
            {BYTES("\x1a\x45\xdf\xa3....\x42\x82\x84webm"), "video/webm"},
            {BYTES("\x1a\x45\xdf\xa3....\x42\x82\x88matroska"), "application/octet-stream"},
            {BYTES("OggS\0"), "audio/ogg"},
            {BYTES("ID3\x04"), "audio/mpeg"},
            {BYTES("Gr\xc3\xbc\xc3\x9f"
                   "e\r\n"),
                    "text/plain; charset=utf-8"},
            {BYTES("cut in a character \xe2\x82"), "text/plain; charset=utf-8"},
            {BYTES("latin \xfc and more"), "application/octet-stream"},
            {BYTES("<!doctype html><p>"), "application/octet-stream"},
            {BYTES(" \n<svg onload=alert(1)>"), "application/octet-stream"},
            {BYTES("\xef\xbb\xbf<?xml version='1.0'?>"), "application/octet-stream"},
            {BYTES("\x7f"
                   "ELF\x02\x01"),
                    "application/octet-stream"},
            {BYTES("\0"), "application/octet-stream"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row %zu", i);
        expect_slice(file_type(rows[i].bytes), slice_of_string(rows[i].type));
    }
}

static void only_pictures_are_shown_in_place(void)
{
    expect(file_type_is_shown(SLICE_OF("image/png")));
    expect(file_type_is_shown(SLICE_OF("image/webp")));
    expect(!file_type_is_shown(SLICE_OF("image/svg+xml")));
    expect(!file_type_is_shown(SLICE_OF("text/html")));
    expect(!file_type_is_shown(SLICE_OF("application/pdf")));
    expect(!file_type_is_shown(SLICE_OF("text/plain; charset=utf-8")));
}

static void names_come_out_of_queries(void)
{
    char out[16];
    size_t len;
    struct slice query = SLICE_OF("conversation=abc&name=a%26b%C3%BC&rename=x&empty=");
    expect_slice(query_value(query, "conversation"), SLICE_OF("abc"));
    expect_slice(query_value(query, "empty"), SLICE_NONE);
    expect_slice(query_value(query, "nam"), SLICE_NONE);
    expect(percent_decode(query_value(query, "name"), out, sizeof out, &len));
    expect_slice(slice_make(out, len), SLICE_OF("a&b\xc3\xbc"));
    expect(!percent_decode(SLICE_OF("%"), out, sizeof out, &len));
    expect(!percent_decode(SLICE_OF("a%2"), out, sizeof out, &len));
    expect(!percent_decode(SLICE_OF("%zz"), out, sizeof out, &len));
    expect(!percent_decode(SLICE_OF("seventeen letters"), out, sizeof out, &len));
}

static void a_stored_head_opens_only_for_its_own(void)
{
    static struct chat chat, other;
    static struct fake_random random;
    static struct node node;
    uint8_t head[FILE_HEAD_BYTES];
    struct crypto_stream sealing, opening;
    struct file_meta meta = {"Gr\xc3\xbc\xc3\x9f"
                             "e.png",
            "image/png", 123456789012};
    struct file_meta read;
    struct slice id = SLICE_OF("01234567890123456789012345"), all = slice_make(head, sizeof head);
    fake_random_init(&random, 7);
    node.random = &random.base;
    memset(other.key, 9, sizeof other.key);
    file_begin(&node, &chat, id, &meta, &sealing, head);
    expect(file_open(&chat, id, all, &opening, &read));
    expect_slice(slice_of_string(read.name), slice_of_string(meta.name));
    expect_slice(slice_of_string(read.type), slice_of_string(meta.type));
    expect_u64(read.bytes, meta.bytes);
    expect(!file_open(&other, id, all, &opening, &read));
    expect(!file_open(&chat, SLICE_OF("11234567890123456789012345"), all, &opening, &read));
    expect(!file_open(&chat, id, slice_make(head, sizeof head - 1), &opening, &read));
    head[100] ^= 1;
    expect(!file_open(&chat, id, all, &opening, &read));
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_type_is_what_the_bytes_show),
                    CASE(only_pictures_are_shown_in_place), CASE(names_come_out_of_queries),
                    CASE(a_stored_head_opens_only_for_its_own), {0}});
}
