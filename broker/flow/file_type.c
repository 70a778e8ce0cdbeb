/* SPDX-License-Identifier: Apache-2.0 */
/* Types by magic bytes. What the sender says of a file counts for nothing.
 *
 * Invariant: a type is one of the table's, and none of them runs in a browser. Words are plain text
 * only while they do not begin as markup does.
 *
 * source: the WHATWG's MIME sniffing standard, section 7, for the patterns
 */
#include "flow/file_type.h"

#include "base/utf8.h"

#include <string.h>

static const struct magic {
    unsigned at;
    struct slice bytes;
    unsigned also_at;
    struct slice also;
    const char *type;
} magics[] = {
        {0, {"\x89PNG\r\n\x1a\n", 8}, 0, {0}, "image/png"},
        {0, {"\xff\xd8\xff", 3}, 0, {0}, "image/jpeg"},
        {0, {"GIF87a", 6}, 0, {0}, "image/gif"},
        {0, {"GIF89a", 6}, 0, {0}, "image/gif"},
        {0, {"RIFF", 4}, 8, {"WEBP", 4}, "image/webp"},
        {0, {"%PDF-", 5}, 0, {0}, "application/pdf"},
        {4, {"ftyp", 4}, 8, {"M4A ", 4}, "audio/mp4"},
        {4, {"ftyp", 4}, 8, {"isom", 4}, "video/mp4"},
        {4, {"ftyp", 4}, 8, {"iso2", 4}, "video/mp4"},
        {4, {"ftyp", 4}, 8, {"mp4", 3}, "video/mp4"},
        {4, {"ftyp", 4}, 8, {"avc1", 4}, "video/mp4"},
        {4, {"ftyp", 4}, 8, {"M4V ", 4}, "video/mp4"},
        {4, {"ftyp", 4}, 8, {"dash", 4}, "video/mp4"},
        {4, {"ftyp", 4}, 8, {"qt  ", 4}, "video/quicktime"},
        {0, {"OggS", 4}, 0, {0}, "audio/ogg"},
        {0, {"ID3", 3}, 0, {0}, "audio/mpeg"},
        {0, {"\xff\xfb", 2}, 0, {0}, "audio/mpeg"},
        {0, {"\xff\xf3", 2}, 0, {0}, "audio/mpeg"},
        {0, {"\xff\xf2", 2}, 0, {0}, "audio/mpeg"},
        {0, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8}, 0, {0}, "application/x-ole-storage"},
};

/* Inside a zip, as the name of an early member. */
static const struct member {
    const char *name, *type;
} members[] = {
        {"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
        {"mimetypeapplication/vnd.oasis.opendocument.text",
                "application/vnd.oasis.opendocument.text"},
        {"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
                "application/vnd.oasis.opendocument.spreadsheet"},
        {"mimetypeapplication/vnd.oasis.opendocument.presentation",
                "application/vnd.oasis.opendocument.presentation"},
};

static bool has_at(struct slice text, size_t at, struct slice bytes)
{
    return bytes.len == 0 ||
           (text.len >= at + bytes.len && memcmp(text.bytes + at, bytes.bytes, bytes.len) == 0);
}

/* A zip's first members stand in its beginning, each name behind a head of 30 bytes. */
static const char *type_of_zip(struct slice beginning)
{
    static const struct slice head = {"PK\x03\x04", 4};
    for (size_t at = 0; at + 30 < beginning.len; at++) {
        if (!has_at(beginning, at, head))
            continue;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            if (has_at(beginning, at + 30, slice_of_string(members[i].name)))
                return members[i].type;
    }
    return "application/zip";
}

/* WebM and Matroska begin alike; the kind of document is named a little later. */
static const char *type_of_ebml(struct slice beginning)
{
    size_t len = beginning.len < 64 ? beginning.len : 64;
    return memmem(beginning.bytes, len, "webm", 4) != NULL ? "video/webm"
                                                           : "application/octet-stream";
}

static bool is_markup(struct slice text)
{
    size_t at = has_at(text, 0, SLICE_OF("\xef\xbb\xbf")) ? 3 : 0;
    while (at < text.len && memchr("\t\n\r\f ", text.bytes[at], 5) != NULL)
        at++;
    return at < text.len && text.bytes[at] == '<';
}

/* Its end may be in the middle of a character. */
static bool is_words(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if ((c < ' ' && memchr("\t\n\r\f", c, 4) == NULL) || c == 0x7f)
            return false;
    }
    for (size_t cut = 0; cut < 4 && cut < text.len; cut++)
        if (utf8_is_valid(slice_make(text.bytes, text.len - cut)))
            return true;
    return false;
}

struct slice file_type(struct slice beginning)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (has_at(beginning, magics[i].at, magics[i].bytes) &&
                has_at(beginning, magics[i].also_at, magics[i].also))
            return slice_of_string(magics[i].type);
    if (has_at(beginning, 0, (struct slice){"PK\x03\x04", 4}))
        return slice_of_string(type_of_zip(beginning));
    if (has_at(beginning, 0, (struct slice){"\x1a\x45\xdf\xa3", 4}))
        return slice_of_string(type_of_ebml(beginning));
    if (is_words(beginning) && !is_markup(beginning))
        return SLICE_OF("text/plain; charset=utf-8");
    return SLICE_OF("application/octet-stream");
}

bool file_type_is_shown(struct slice type)
{
    return slice_is(type, "image/png") || slice_is(type, "image/jpeg") ||
           slice_is(type, "image/gif") || slice_is(type, "image/webp");
}
