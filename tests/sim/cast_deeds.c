/* SPDX-License-Identifier: Apache-2.0 */
/* What devices do: they say things, and edit, delete and react to what was said, by themselves or
 * by their contact's other device.
 *
 * Invariant: all deeds count in one row with the words, and a deed names what it means only once
 * that has a place; nothing after it is sent before. A number whose deed was refused for good is
 * free, and taken by words.
 */
#include "cast_line.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEED_PER_MILLE = 450, TAKEN_BACK_PER_MILLE = 300, NOT_OWN_PER_MILLE = 200 };

static const char emoji[] = "\xf0\x9f\x91\x8d";

uint64_t word_number(const struct device *device, unsigned life, uint64_t n)
{
    check(life < CAST_LIVES_MAX && n < CAST_WORDS_OF_LIFE);
    return device->number * CAST_WORDS_OF_ONE + life * CAST_WORDS_OF_LIFE + n;
}

static void make_words(const struct device *device, struct sent *sent, uint64_t n)
{
    if (device->words != NULL)
        snprintf(sent->text, sizeof sent->text, "%s", device->words[n - 1]);
    else
        snprintf(sent->text, sizeof sent->text, "w%" PRIu64, word_number(device, device->lives, n));
}

/* Something that was said. Now and then others' words are to be changed: that is refused. */
static bool choose_seen(struct device *device, struct sent *sent)
{
    for (unsigned tries = 0; tries < 4 && device->view_count > 0; tries++) {
        struct seen *seen =
                &device->view[fake_random_below(device->line.random, device->view_count)];
        bool may_mean = seen->text[0] == 'w' || sent->deed == DEED_REACT ||
                        fake_random_chance(device->line.random, NOT_OWN_PER_MILLE);
        if (seen->kind != PROTO_PART_KIND_MESSAGE || !may_mean)
            continue;
        sent->target = seen->at;
        return true;
    }
    return false;
}

static bool choose_own(struct device *device, struct sent *sent, uint64_t n)
{
    uint64_t target_n = 1 + fake_random_below(device->line.random, n - 1);
    if (device->outbox.sent[target_n].deed != DEED_SAY)
        return false;
    sent->target_n = target_n;
    return true;
}

static void choose_deed(struct device *device, struct sent *sent, uint64_t n)
{
    static const enum deed deeds[4] = {DEED_EDIT, DEED_EDIT, DEED_DELETE, DEED_REACT};
    struct fake_random *random = device->line.random;
    if (n == 1 || !fake_random_chance(random, DEED_PER_MILLE))
        return;
    sent->deed = deeds[fake_random_below(random, 4)];
    bool is_own = fake_random_chance(random, 600);
    if (is_own ? !choose_own(device, sent, n) : !choose_seen(device, sent))
        sent->deed = DEED_SAY;
    if (sent->deed == DEED_REACT)
        snprintf(sent->text, sizeof sent->text, "%s",
                fake_random_chance(random, TAKEN_BACK_PER_MILLE) ? "" : emoji);
}

void deeds_begin_next(struct device *device)
{
    struct outbox_model *outbox = &device->outbox;
    uint64_t n = ++outbox->count;
    struct sent *sent = &outbox->sent[n];
    if (device->line.is_lively)
        choose_deed(device, sent, n);
    if (sent->deed == DEED_SAY || sent->deed == DEED_EDIT)
        make_words(device, sent, n);
    files_choose(device, n);
    sent->is_open = true;
}

/* ---- on the wire ------------------------------------------------------------------------------
 */

static bool find_target(const struct outbox_model *outbox, struct sent *sent)
{
    const struct sent *meant = &outbox->sent[sent->target_n];
    if (sent->deed == DEED_SAY || sent->target_n == 0)
        return true;
    sent->target = meant->at;
    return meant->is_acked && !meant->is_open;
}

/* An error names the number. */
static struct slice request_id(struct connection_model *line, uint64_t n, char out[48])
{
    return slice_make(out, (size_t)snprintf(out, 48, "n%" PRIu64 ".%" PRIu64, n, ++line->next_id));
}

bool deeds_send(struct device *device, uint64_t n)
{
    static const enum proto_kind kinds[] = {
            PROTO_KIND_SEND, PROTO_KIND_EDIT, PROTO_KIND_DELETE, PROTO_KIND_REACT};
    struct outbox_model *outbox = &device->outbox;
    struct sent *sent = &outbox->sent[n];
    char id_bytes[48];
    struct proto_frame frame = {.kind = kinds[sent->deed]};
    if (!find_target(outbox, sent) || !files_are_up(device, n))
        return false;
    struct slice id = request_id(&device->line, n, id_bytes);
    struct slice lineage = slice_make(outbox->lineage, outbox->lineage_len);
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = text_of(sent->text)};
    if (sent->file == FILE_UPLOADED) {
        body.kind = PROTO_BODY_KIND_FILE;
        body.upload = text_of(sent->upload);
    }
    if (sent->deed == DEED_SAY)
        frame.as.send = (struct proto_send){.id = id, .lineage = lineage, .n = n, .body = body};
    if (sent->deed == DEED_EDIT)
        frame.as.edit = (struct proto_edit){
                .id = id, .lineage = lineage, .n = n, .target = sent->target, .body = body};
    if (sent->deed == DEED_DELETE)
        frame.as.delete =
                (struct proto_delete){.id = id, .lineage = lineage, .n = n, .target = sent->target};
    if (sent->deed == DEED_REACT)
        frame.as.react = (struct proto_react){.id = id,
                .lineage = lineage,
                .n = n,
                .target = sent->target,
                .emoji = text_of(emoji),
                .active = sent->text[0] != '\0'};
    fake_client_send(&device->line.client, &frame);
    return true;
}

/* ---- refused ----------------------------------------------------------------------------------
 */

/* What was promised to be there is there. */
static const char *unfair(const struct device *device, const struct sent *sent, struct slice code)
{
    const struct sent *meant = &device->outbox.sent[sent->target_n];
    bool is_promised = sent->target_n != 0 && meant->is_promised && !device->may_lose;
    if (slice_is(code, "no_such_message"))
        return is_promised ? "words that were acked are said not to be there" : NULL;
    if (slice_is(code, "message_deleted") || slice_is(code, "too_late"))
        return NULL;
    return "a deed was refused for no reason";
}

bool deeds_on_error(struct device *device, const struct proto_error *error)
{
    char text[24] = "";
    if (error->id.len == 0 || error->id.bytes[0] != 'n' || error->id.len > sizeof text)
        return false;
    memcpy(text, error->id.bytes + 1, error->id.len - 1);
    uint64_t n = strtoull(text, NULL, 10);
    check(n > 0 && n <= device->outbox.count);
    struct sent *sent = &device->outbox.sent[n];
    if (sent->was_refused)
        return true; /* a late copy's answer; its entry, if it has one, settles the number */
    if (sent->deed == DEED_SAY)
        return false;
    if (slice_is(error->code, "already_sent"))
        return true;
    if (slice_is(error->code, "different_body") && device->may_lose) {
        sent->is_open = true; /* its target moved, and this node talks to the old master still */
        return true;
    }
    device->fault = unfair(device, sent, error->code);
    tally_action(ACTION_DEED_REFUSED);
    *sent = (struct sent){.was_refused = true, .is_open = true};
    make_words(device, sent, n);
    return true;
}
