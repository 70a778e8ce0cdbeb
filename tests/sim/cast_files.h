/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the cast: what is attached to words, and what is fetched of it. */
#ifndef WEFT_TESTS_SIM_CAST_FILES_H
#define WEFT_TESTS_SIM_CAST_FILES_H

#include "fake_web.h"
#include "proto/frames.h"

enum {
    FILES_OF_DEVICE = 3, /* in one life */
    FILE_LINKS_MAX = 16,
    FILE_URL_TEXT = 256,
    CAST_FILE_MAX = 40000,
    UPLOAD_TRIES_MAX = 12
};

struct device;
struct fake_server;

enum sent_file { FILE_NONE, FILE_TO_UPLOAD, FILE_UPLOADED };

/* Something with a file that is shown, and where it is. */
struct shown_file {
    unsigned word;
    uint64_t until_ms;
    char url[FILE_URL_TEXT];
    bool is_fetched;
};

struct device_files {
    struct fake_web *const *webs; /* one a node; NULL: files are not attached in this world */
    const struct fake_server *wall;
    unsigned count;
    struct web_call up, down;
    bool is_up, is_down; /* under way, since */
    uint64_t up_ms, down_ms, up_n;
    char body[CAST_FILE_MAX];
    unsigned down_word;
    uint64_t down_until_ms; /* the address that was asked for: since then it may be another */
    struct shown_file shown[FILE_LINKS_MAX];
    size_t shown_count;
    struct shown_file erased; /* one of the life before; no address: there is none */
    bool wants_all;
};

/* What these words carry. Returns how many bytes. */
size_t file_make(uint64_t word, char out[CAST_FILE_MAX]);

/* Another life: nothing of it goes on. */
void files_forget(struct device *device);
/* New words: may they carry a file? */
void files_choose(struct device *device, uint64_t n);
/* false: the file of these words is not up yet; it is on its way. */
bool files_are_up(struct device *device, uint64_t n);
/* Words with a file are shown. */
void files_see(struct device *device, const struct proto_body *body);
/* Fetches something, now and then; all of it, when that is wanted. */
void files_fetch(struct device *device);
bool files_are_fetched(const struct device *device);

#endif
