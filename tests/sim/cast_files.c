/* SPDX-License-Identifier: Apache-2.0 */
/* Devices attach files: they go up to any node, are said, and are fetched by whoever is shown their
 * address, from any node.
 *
 * Invariant: what was answered with 201 can be said, in that conversation; a file that comes at all
 * comes whole, with the bytes that its words carry.
 */
#include "cast_files.h"

#include "base/check.h"
#include "base/list.h"
#include "cast_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ATTACH_PER_MILLE = 450,
    FETCH_PER_MILLE = 200,
    ERASED_PER_MILLE = 100,
    LARGE_EVERY = 4,
    SMALL_MAX = 3000,
    SOON_MS = 20,
    GIVES_UP_MS = 10000,
    CLOCKS_MS = 60000,
};

size_t file_make(uint64_t word, char out[CAST_FILE_MAX])
{
    size_t len = word % LARGE_EVERY == 0 ? CAST_FILE_MAX - word : 16 + word * 7919 % SMALL_MAX;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)('a' + (i * 7 + word + i / 97) % 26);
    return len;
}

static uint64_t number_of(struct slice text)
{
    uint64_t number = 0;
    check(text.len > 1 && text.bytes[0] == 'w');
    for (size_t i = 1; i < text.len; i++)
        number = number * 10 + (uint64_t)(text.bytes[i] - '0');
    return number;
}

static uint64_t now_ms(const struct device *device)
{
    return device->line.clock->now_ms;
}

static struct fake_web *choose_web(const struct device *device)
{
    return device->files.webs[fake_random_below(device->line.random, device->line.door_count)];
}

void files_forget(struct device *device)
{
    struct device_files *files = &device->files;
    fake_web_leave(&files->up);
    fake_web_leave(&files->down);
    files->is_up = files->is_down = false;
    files->count = 0;
    if (files->shown_count > 0)
        files->erased = files->shown[0];
    files->shown_count = 0;
}

/* ---- up ---------------------------------------------------------------------------------------
 */

void files_choose(struct device *device, uint64_t n)
{
    struct device_files *files = &device->files;
    struct sent *sent = &device->outbox.sent[n];
    if (files->webs == NULL || files->count == FILES_OF_DEVICE || sent->deed != DEED_SAY ||
            !fake_random_chance(device->line.random, ATTACH_PER_MILLE))
        return;
    files->count++;
    sent->file = FILE_TO_UPLOAD;
}

static void on_refused(struct device *device, int status)
{
    static char why[64];
    bool may_be_gone = device->may_lose || device->erased != NULL;
    bool is_fair = status == 0 || status == 401 || status == 429 || status == 503 ||
                   status == 507 || (status == 404 && may_be_gone);
    tally_action(status == 0 ? ACTION_UPLOAD_BROKEN : ACTION_UPLOAD_REFUSED);
    snprintf(why, sizeof why, "an upload was refused with %d", status);
    if (!is_fair)
        device->fault = why;
}

static void on_up(struct web_call *call, int status, struct slice body)
{
    struct device *device = LIST_ITEM(call, struct device, files.up);
    struct sent *sent = &device->outbox.sent[device->files.up_n];
    struct slice before = SLICE_OF("\"upload\":\"");
    device->files.is_up = false;
    if (status != 201) {
        on_refused(device, status);
        return;
    }
    const char *at = memmem(body.bytes, body.len, before.bytes, before.len);
    check(at != NULL);
    snprintf(sent->upload, sizeof sent->upload, "%.26s", at + before.len);
    sent->file = FILE_UPLOADED;
    tally_action(ACTION_UPLOAD);
    line_arm(&device->line, SOON_MS);
}

static void begin_up(struct device *device, uint64_t n)
{
    struct device_files *files = &device->files;
    struct sent *sent = &device->outbox.sent[n];
    char query[96];
    size_t size = file_make(number_of(text_of(sent->text)), files->body);
    int len = snprintf(
            query, sizeof query, "name=%s.txt&conversation=%s", sent->text, device->conversation);
    struct web_request request = {.method = HTTP_POST,
            .path = SLICE_OF(HTTP_STREAMED_PATH),
            .query = slice_make(query, (size_t)len),
            .bearer = text_of(device->line.ticket),
            .body = slice_make(files->body, size)};
    memcpy(sent->shelf, device->conversation, sizeof sent->shelf);
    sent->file = FILE_TO_UPLOAD;
    files->up.done = on_up;
    files->up_n = n;
    files->up_ms = now_ms(device);
    files->is_up = fake_web_ask(choose_web(device), &files->up, &request);
    sent->tries++;
}

/* It lies on another conversation's shelf: the one of before was lost. */
static bool is_astray(const struct device *device, const struct sent *sent)
{
    return strcmp(sent->shelf, device->conversation) != 0;
}

bool files_are_up(struct device *device, uint64_t n)
{
    struct device_files *files = &device->files;
    struct sent *sent = &device->outbox.sent[n];
    bool is_up = sent->file == FILE_UPLOADED && !is_astray(device, sent);
    if (sent->file == FILE_NONE || is_up)
        return true;
    if (files->is_up && now_ms(device) - files->up_ms > GIVES_UP_MS) {
        fake_web_leave(&files->up);
        files->is_up = false;
    }
    if (files->is_up)
        return false;
    if (sent->tries >= UPLOAD_TRIES_MAX && device->line.is_restless) {
        sent->file = FILE_NONE; /* it was never said with it: it is said without */
        return true;
    }
    begin_up(device, n);
    return false;
}

/* ---- down -------------------------------------------------------------------------------------
 */

/* NULL: it is not shown any more. */
static struct shown_file *find_shown(struct device *device, unsigned word)
{
    struct device_files *files = &device->files;
    for (size_t i = 0; i < files->shown_count; i++)
        if (files->shown[i].word == word)
            return &files->shown[i];
    return files->erased.word == word ? &files->erased : NULL;
}

static struct shown_file *shown(struct device *device, unsigned word)
{
    struct device_files *files = &device->files;
    struct shown_file *known = find_shown(device, word);
    if (known != NULL && known != &files->erased)
        return known;
    check(files->shown_count < FILE_LINKS_MAX);
    struct shown_file *file = &files->shown[files->shown_count++];
    *file = (struct shown_file){.word = word};
    return file;
}

void files_see(struct device *device, const struct proto_body *body)
{
    const char *until = body->url.len ? memmem(body->url.bytes, body->url.len, "until=", 6) : NULL;
    if (device->files.webs == NULL || until == NULL) {
        device->fault = "a file is shown without its address";
        return;
    }
    struct shown_file *file = shown(device, (unsigned)number_of(body->text));
    cast_keep(file->url, sizeof file->url, body->url);
    file->until_ms = strtoull(until + 6, NULL, 10);
}

static void check_bytes(struct device *device, struct slice bytes)
{
    static char expected[CAST_FILE_MAX];
    size_t len = file_make(device->files.down_word, expected);
    if (!slice_equal(bytes, slice_make(expected, len)))
        device->fault = "a file came with other bytes than were attached";
}

/* Whoever gets it has asked for it when the call began. */
static void on_came(struct device *device, struct shown_file *file, struct slice bytes)
{
    char text[16];
    int len = snprintf(text, sizeof text, "w%u", file->word);
    check_bytes(device, bytes);
    line_hear(&device->line, slice_make(text, (size_t)len), device->files.down_ms);
    file->is_fetched = true;
    tally_action(ACTION_DOWNLOAD);
}

static void on_down(struct web_call *call, int status, struct slice body)
{
    struct device *device = LIST_ITEM(call, struct device, files.down);
    struct shown_file *file = find_shown(device, device->files.down_word);
    uint64_t wall_ms = fake_server_now_ms(device->files.wall);
    device->files.is_down = false;
    if (file == NULL)
        return;
    if (status == 200)
        on_came(device, file, body);
    else if (status == 410)
        tally_action(file == &device->files.erased ? ACTION_FILE_ERASED : ACTION_FILE_GONE);
    else if (status == 403 && wall_ms + CLOCKS_MS < device->files.down_until_ms)
        device->fault = "an address that is good was refused";
    else if (status != 0 && status != 403 && status != 503)
        device->fault = "a file was refused for no reason";
}

static void begin_down(struct device *device, const struct shown_file *file)
{
    struct device_files *files = &device->files;
    const char *mark = strchr(file->url, '?');
    check(mark != NULL);
    struct web_request request = {.method = HTTP_GET,
            .path = slice_make(file->url, (size_t)(mark - file->url)),
            .query = slice_of_string(mark + 1)};
    files->down.done = on_down;
    files->down_word = file->word;
    files->down_until_ms = file->until_ms;
    files->down_ms = now_ms(device);
    files->is_down = fake_web_ask(choose_web(device), &files->down, &request);
}

/* NULL: there is nothing to fetch. What was erased is asked for all the same. */
static const struct shown_file *choose_file(const struct device *device)
{
    const struct device_files *files = &device->files;
    if (files->erased.url[0] != '\0' && fake_random_chance(device->line.random, ERASED_PER_MILLE))
        return &files->erased;
    for (size_t i = 0; i < files->shown_count && files->wants_all; i++)
        if (!files->shown[i].is_fetched)
            return &files->shown[i];
    if (files->shown_count == 0 || files->wants_all || !device->line.is_restless ||
            !fake_random_chance(device->line.random, FETCH_PER_MILLE))
        return NULL;
    return &files->shown[fake_random_below(device->line.random, files->shown_count)];
}

void files_fetch(struct device *device)
{
    struct device_files *files = &device->files;
    if (files->webs == NULL)
        return;
    if (files->is_down && now_ms(device) - files->down_ms > GIVES_UP_MS) {
        fake_web_leave(&files->down);
        files->is_down = false;
    }
    const struct shown_file *file = files->is_down ? NULL : choose_file(device);
    if (file != NULL)
        begin_down(device, file);
}

bool files_are_fetched(const struct device *device)
{
    for (size_t i = 0; i < device->files.shown_count; i++)
        if (!device->files.shown[i].is_fetched)
            return false;
    return true;
}
