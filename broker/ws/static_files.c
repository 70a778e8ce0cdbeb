/* SPDX-License-Identifier: Apache-2.0 */
/* Serving the assets from memory.
 *
 * Invariant: a request path is only ever compared with the paths that were found at start, never
 * given to the file system, so there is nothing to traverse. The table is sorted; what is in it
 * does not change until the process ends.
 *
 * A page may load only what this server serves, runs no inline script, and the desk may not be
 * framed. Scripts and pictures may be loaded by other websites: the widget lives there.
 *
 * Not here: ranges, negotiation other than gzip, listings.
 */
#include "ws/static_files.h"

#include "ws/static_load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char policy[] =
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
        "connect-src 'self' ws: wss:; img-src 'self' data: blob:; font-src 'self'; "
        "base-uri 'none'; frame-ancestors %s; form-action 'self'; "
        "require-trusted-types-for 'script'\r\n";

static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"}, {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"}, {".json", "application/json"},
        {".map", "application/json"}, {".svg", "image/svg+xml"}, {".png", "image/png"},
        {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".gif", "image/gif"},
        {".webp", "image/webp"}, {".ico", "image/x-icon"}, {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"}, {".webmanifest", "application/manifest+json"},
        {".wasm", "application/wasm"}};

static bool ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.bytes + text.len - len, end, len) == 0;
}

static struct slice content_type(struct slice path)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (ends_with(path, types[i][0]))
            return slice_of_string(types[i][1]);
    return SLICE_OF("application/octet-stream");
}

/* A hash in the name: eight or more letters and digits after the last '-' or '.' before the
 * extension, as build tools write it. A word ("settings") is none. */
static bool has_hash_in_name(struct slice path)
{
    const char *dot = memrchr(path.bytes, '.', path.len);
    size_t end = dot ? (size_t)(dot - path.bytes) : path.len, start = end;
    bool has_digit = false, has_lower = false;
    for (; start > 0; start--) {
        char c = path.bytes[start - 1];
        bool is_lower = c >= 'a' && c <= 'z', is_digit = c >= '0' && c <= '9';
        if (!is_lower && !is_digit && !(c >= 'A' && c <= 'Z') && c != '_')
            break;
        has_digit |= is_digit;
        has_lower |= is_lower;
    }
    bool is_set_off = start > 0 && (path.bytes[start - 1] == '-' || path.bytes[start - 1] == '.');
    return is_set_off && end - start >= 8 && (has_digit || !has_lower);
}

static const struct asset *find(const struct static_files *files, struct slice path)
{
    size_t low = 0, high = files ? files->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = asset_compare(slice_of_string(files->assets[middle].path), path);
        if (order == 0)
            return &files->assets[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* "/desk/" means "/desk/index.html". */
static const struct asset *find_index(const struct static_files *files, struct slice folder)
{
    char path[ASSET_PATH_MAX + 16];
    if (folder.len > ASSET_PATH_MAX)
        return NULL;
    int len = snprintf(path, sizeof path, "%.*s%sindex.html", SLICE_ARGS(folder),
            ends_with(folder, "/") ? "" : "/");
    return find(files, slice_make(path, (size_t)len));
}

static void put_headers(const struct asset *asset, bool is_gzip, struct static_reply *reply)
{
    struct slice path = slice_of_string(asset->path);
    bool is_page = ends_with(path, ".html");
    bool is_immutable = slice_starts_with(path, SLICE_OF("/assets/")) && has_hash_in_name(path);
    bool is_desk = slice_starts_with(path, SLICE_OF("/desk/"));
    char policy_line[512] = "";
    if (is_page)
        snprintf(policy_line, sizeof policy_line, policy, is_desk ? "'none'" : "'self'");
    int len = snprintf(reply->headers, sizeof reply->headers,
            "ETag: \"%016" PRIx64 "%s\"\r\nCache-Control: %s\r\n%s%s%s%s", asset->digest,
            is_gzip ? "-gz" : "", is_immutable ? "public, max-age=31536000, immutable" : "no-cache",
            asset->gzipped.len > 0 ? "Vary: Accept-Encoding\r\n" : "",
            is_gzip ? "Content-Encoding: gzip\r\n" : "", policy_line,
            is_page ? ""
                    : "Access-Control-Allow-Origin: *\r\n"
                      "Cross-Origin-Resource-Policy: cross-origin\r\n");
    reply->headers_len = (size_t)len;
}

static bool is_unchanged(const struct asset *asset, bool is_gzip, struct slice if_none_match)
{
    char tag[32];
    int len =
            snprintf(tag, sizeof tag, "\"%016" PRIx64 "%s\"", asset->digest, is_gzip ? "-gz" : "");
    return if_none_match.len > 0 &&
           memmem(if_none_match.bytes, if_none_match.len, tag, (size_t)len) != NULL;
}

static void redirect_to_folder(struct slice path, struct static_reply *reply)
{
    reply->status = 308;
    reply->headers_len = (size_t)snprintf(
            reply->headers, sizeof reply->headers, "Location: %.*s/\r\n", SLICE_ARGS(path));
}

void static_files_answer(const struct static_files *files, const struct static_request *request,
        struct static_reply *out_reply)
{
    struct slice path = request->path;
    *out_reply = (struct static_reply){.status = 404};
    const struct asset *asset = ends_with(path, "/") ? find_index(files, path) : find(files, path);
    if (asset == NULL) {
        if (!ends_with(path, "/") && find_index(files, path) != NULL)
            redirect_to_folder(path, out_reply);
        return;
    }
    bool is_gzip = request->accepts_gzip && asset->gzipped.len > 0;
    put_headers(asset, is_gzip, out_reply);
    out_reply->content_type = content_type(slice_of_string(asset->path));
    out_reply->status = is_unchanged(asset, is_gzip, request->if_none_match) ? 304 : 200;
    if (out_reply->status == 200)
        out_reply->body = is_gzip ? asset->gzipped : asset->plain;
}
