/* SPDX-License-Identifier: Apache-2.0 */
/* Stored entries: read as they were written, told apart when damaged, newer or not authentic. */
#include "flow/chat.h"
#include "flow/entry_codec.h"
#include "lib/test.h"

#include <stdlib.h>

static uint8_t scratch_bytes[256 * 1024];
static char stored[128 * 1024];
static struct arena scratch;

static struct slice encode(const struct entry *entry)
{
    struct buffer out = buffer_make(stored, sizeof stored);
    entry_encode(entry, &out);
    expect(!out.overflowed);
    return buffer_slice(&out);
}

static enum entry_fault decode(struct slice bytes, struct entry *out)
{
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    return entry_decode(bytes, &scratch, out);
}

static void expect_same_part(const struct part *a, const struct part *b)
{
    expect_u64(a->kind, b->kind);
    expect_u64(a->visibility, b->visibility);
    expect_u64(a->owner, b->owner);
    expect_slice(a->id, b->id);
    expect_slice(a->name, b->name);
    expect_slice(a->reason, b->reason);
    expect_slice(a->channel, b->channel);
    expect_slice(a->page, b->page);
    expect_slice(a->language, b->language);
    expect_slice(a->lineage, b->lineage);
    expect_u64(a->n, b->n);
    expect_u64(a->digest, b->digest);
    expect_u64(a->number, b->number);
    expect_u64(a->from_seq, b->from_seq);
    expect(name_equal(&a->ref, &b->ref));
    expect_slice(a->body, b->body);
    expect_slice(a->handoff, b->handoff);
    expect_u64(a->pair_count, b->pair_count);
    for (size_t i = 0; i < a->pair_count; i++) {
        expect_slice(a->pairs[i].name, b->pairs[i].name);
        expect_slice(a->pairs[i].value, b->pairs[i].value);
        expect((a->pairs[i].value.bytes == NULL) == (b->pairs[i].value.bytes == NULL));
    }
}

static const struct pair pairs[] = {
        {{"parcel", 6}, {"4711", 4}}, {{"mood", 4}, {NULL, 0}}, {{"empty", 5}, {"", 0}}};

static void fill(struct part *part)
{
    part->id = SLICE_OF("id");
    part->name = SLICE_OF("Ada \xc3\xa9");
    part->reason = SLICE_OF("asked");
    part->channel = SLICE_OF("web");
    part->page = SLICE_OF("https://shop.example/treadmill?x=1");
    part->language = SLICE_OF("fr-CA");
    part->lineage = SLICE_OF("01jd8x2k7q-4t9w2e6r8y0x1");
    part->n = UINT64_MAX;
    part->digest = UINT64_C(0xfedcba9876543210);
    part->number = 3;
    part->from_seq = UINT64_C(1) << 40;
    part->ref =
            (struct name){.seq = (UINT64_C(1) << 53) - 1, .mark = {0xff, 0, 1, 2, 3, 4, 5, 0x80}};
    part->body = slice_make("\x00\xff\x81words", 8);
    part->handoff = SLICE_OF("packet");
}

/* With all that a part of this kind can hold, and more. */
static void fill_as(struct part *part)
{
    fill(part);
    if (part->kind == PART_STATE || part->kind == PART_LABELS) {
        part->pairs = pairs;
        part->pair_count = 3;
    }
    if (part->kind == PART_OWNER)
        part->owner = OWNER_AGENT;
    if (part->kind == PART_MESSAGE)
        part->visibility = VISIBLE_TO_STAFF;
}

static void expect_to_read_as_written(enum part_kind kind, bool is_full)
{
    static struct entry entry, back;
    test_note("kind %d, %s", (int)kind, is_full ? "full" : "empty");
    entry = (struct entry){.author = {AUTHOR_AGENT, SLICE_OF("ann"), SLICE_OF("Ann")},
            .after_public = {.seq = 4, .mark = {1}},
            .after_staff = {.seq = 5, .mark = {2}}};
    struct part *part = entry_add(&entry, kind);
    if (is_full)
        fill_as(part);
    expect_u64(decode(encode(&entry), &back), ENTRY_GOOD);
    expect_u64(back.part_count, 1);
    expect_same_part(&back.parts[0], part);
    expect_u64(back.author.kind, AUTHOR_AGENT);
    expect_slice(back.author.id, SLICE_OF("ann"));
    expect(name_equal(&back.after_public, &entry.after_public));
    expect(name_equal(&back.after_staff, &entry.after_staff));
}

static void every_kind_of_part_reads_as_it_was_written(void)
{
    for (int kind = PART_CREATED; kind <= PART_KIND_LAST; kind++) {
        if (!part_is_known((uint64_t)kind))
            continue;
        expect_to_read_as_written((enum part_kind)kind, false);
        expect_to_read_as_written((enum part_kind)kind, true);
    }
}

static void an_entry_holds_as_many_parts_as_it_may(void)
{
    static struct entry entry, back;
    entry = (struct entry){.author.kind = AUTHOR_BOT};
    for (size_t i = 0; i < ENTRY_PARTS_MAX; i++)
        fill(entry_add(&entry, PART_MESSAGE));
    expect_u64(decode(encode(&entry), &back), ENTRY_GOOD);
    expect_u64(back.part_count, ENTRY_PARTS_MAX);
    for (size_t i = 0; i < ENTRY_PARTS_MAX; i++)
        expect_same_part(&back.parts[i], &entry.parts[i]);
}

static void an_unknown_kind_is_told_from_damage(void)
{
    static struct entry entry, back;
    entry = (struct entry){.author.kind = AUTHOR_BOT};
    entry_add(&entry, PART_MESSAGE);
    entry_add(&entry, PART_MESSAGE)->kind = (enum part_kind)(PART_KIND_LAST + 1);
    struct slice bytes = encode(&entry);
    expect_u64(decode(bytes, &back), ENTRY_UNKNOWN_KIND);
    for (size_t len = 0; len < bytes.len; len++) /* cut short anywhere */
        expect(decode(slice_make(bytes.bytes, len), &back) == ENTRY_DAMAGED);
    expect_u64(decode(SLICE_OF("noise"), &back), ENTRY_DAMAGED);
}

/* A form, a flag of the head, a member of a part. */
static void what_a_newer_version_wrote_is_told_from_damage(void)
{
    static struct entry back;
    static const char good[] = "\2\0\1\0markmark\1\2\1\0";
    static const struct {
        size_t at;
        char byte;
        enum entry_fault fault;
    } rows[] = {{0, 2, ENTRY_GOOD}, {0, 3, ENTRY_UNKNOWN_KIND}, {0, 31, ENTRY_UNKNOWN_KIND},
            {0, ' ', ENTRY_DAMAGED}, {1, 16, ENTRY_UNKNOWN_KIND}, {1, 8, ENTRY_DAMAGED},
            {12, 17, ENTRY_DAMAGED}, {13, PART_KIND_LAST + 1, ENTRY_UNKNOWN_KIND}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char bytes[sizeof good - 1];
        memcpy(bytes, good, sizeof bytes);
        bytes[rows[i].at] = rows[i].byte;
        test_note("byte %zu is %d", rows[i].at, rows[i].byte);
        expect_u64(decode(slice_make(bytes, sizeof bytes), &back), rows[i].fault);
    }
    expect_u64(decode(SLICE_OF("\2\0\1\0markmark\1\2\x80\x80\x08"), &back), ENTRY_UNKNOWN_KIND);
}

/* As it was written until November 2026. */
static void the_first_form_is_still_read(void)
{
    static struct entry back;
    static const char stored_first[] = "\x86\xa1"
                                       "a\2\xa1i\xa3"
                                       "ann\xa1m\xa3"
                                       "Ann\xa1u\xb2"
                                       "4-0100000000000000\xa1s\xb2"
                                       "5-0200000000000000\xa1p\x93"
                                       "\x86\xa1k\2\xa1s\1\xa1l\xa3tab\xa1n\7\xa1"
                                       "d\xcf\xfe\xdc\xba\x98\x76\x54\x32\x10\xa1"
                                       "b\xc4\2hi"
                                       "\x83\xa1k\3\xa1o\2\xa1i\xa4"
                                       "anna"
                                       "\x82\xa1k\x09\xa1q\x92\x82\xa1n\xa1"
                                       "a\xa1v\xa1"
                                       "1\x81\xa1n\xa1"
                                       "b";
    struct slice bytes = slice_make(stored_first, sizeof stored_first - 1);
    expect_u64(decode(bytes, &back), ENTRY_GOOD);
    expect_u64(back.author.kind, AUTHOR_AGENT);
    expect_slice(back.author.name, SLICE_OF("Ann"));
    expect(back.after_public.seq == 4 && back.after_staff.seq == 5);
    expect(back.after_public.mark[0] == 1 && back.after_staff.mark[0] == 2);
    expect_u64(back.part_count, 3);
    const struct part *parts = back.parts;
    expect(parts[0].kind == PART_MESSAGE && parts[0].visibility == VISIBLE_TO_STAFF);
    expect_slice(parts[0].lineage, SLICE_OF("tab"));
    expect_slice(parts[0].body, SLICE_OF("hi"));
    expect(parts[0].n == 7 && parts[0].digest == UINT64_C(0xfedcba9876543210));
    expect(parts[1].kind == PART_OWNER && parts[1].owner == OWNER_AGENT);
    expect_slice(parts[1].id, SLICE_OF("anna"));
    expect(parts[2].kind == PART_STATE && parts[2].pair_count == 2);
    expect_slice(parts[2].pairs[0].value, SLICE_OF("1"));
    expect(parts[2].pairs[1].value.bytes == NULL);
    struct entry first = back;
    expect_u64(decode(encode(&first), &back), ENTRY_GOOD);
    expect(!entry_may_stand_for_all(bytes, &scratch));
}

static void a_snapshot_is_found_without_a_decode(void)
{
    static struct entry entry;
    for (int kind = PART_CREATED; kind <= PART_KIND_LAST; kind++) {
        entry = (struct entry){.author.kind = AUTHOR_SYSTEM};
        entry_add(&entry, PART_MESSAGE);
        entry_add(&entry, (enum part_kind)kind);
        bool stands = kind == PART_SNAPSHOT || kind == PART_ERASED;
        expect(entry_may_stand_for_all(encode(&entry), &scratch) == stands);
    }
}

/* Reading may not spoil what it reads: records are read more than once. */
static void reading_leaves_the_stored_bytes_alone(void)
{
    static struct entry entry, back;
    static char before[sizeof stored];
    entry = (struct entry){.author.kind = AUTHOR_BOT};
    fill(entry_add(&entry, PART_MESSAGE));
    struct slice bytes = encode(&entry);
    memcpy(before, stored, bytes.len);
    decode(bytes, &back);
    expect(memcmp(before, stored, bytes.len) == 0);
}

/* ---- through the log kind of conversations ---- */

static enum log_fold fold_record(struct slice plain, bool is_sealed)
{
    static struct node node;
    static struct chat chat;
    static struct conversation fold;
    memset(&chat, 0, sizeof chat);
    memset(&fold, 0, sizeof fold);
    chat.fold_in_use = &fold;
    chat.node = &node;
    arena_init(&node.scratch, scratch_bytes, sizeof scratch_bytes);
    expect(kept_entry_create(&node));
    struct record record = {.at = {.seq = 1, .mark = {1}}, .is_sealed = is_sealed, .plain = plain};
    enum log_fold folded = chat_log_kind.apply(&chat.log, &record);
    kept_entry_destroy(&node);
    return folded;
}

static void only_erased_may_be_unsealed(void)
{
    static struct entry entry;
    entry = (struct entry){.author.kind = AUTHOR_CUSTOMER};
    entry_add(&entry, PART_MESSAGE)->body = SLICE_OF("send all money to");
    expect_u64(fold_record(encode(&entry), true), LOG_FOLDED);
    expect_u64(fold_record(encode(&entry), false), LOG_FOLD_DAMAGED);
    entry_add(&entry, PART_ERASED); /* smuggled in beside it */
    expect_u64(fold_record(encode(&entry), false), LOG_FOLD_DAMAGED);
    entry = (struct entry){.author.kind = AUTHOR_SYSTEM};
    entry_add(&entry, PART_ERASED);
    expect_u64(fold_record(encode(&entry), false), LOG_FOLDED);
}

/* Text is looked at sixteen bytes at a time: each byte, at each place of two such steps and a rest.
 */
static void controls_are_found_wherever_they_are(void)
{
    char text[40];
    for (size_t at = 0; at < sizeof text; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(text, 'a', sizeof text);
            text[at] = (char)byte;
            bool is_space = byte == '\t' || byte == '\n' || byte == '\r';
            bool is_clean = (byte >= ' ' && byte != 0x7f) || is_space;
            expect(text_is_clean(slice_make(text, sizeof text)) == is_clean);
            expect(text_is_clean(slice_make(text, at)));
        }
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(every_kind_of_part_reads_as_it_was_written),
                    CASE(an_entry_holds_as_many_parts_as_it_may),
                    CASE(an_unknown_kind_is_told_from_damage),
                    CASE(what_a_newer_version_wrote_is_told_from_damage),
                    CASE(the_first_form_is_still_read), CASE(a_snapshot_is_found_without_a_decode),
                    CASE(reading_leaves_the_stored_bytes_alone), CASE(only_erased_may_be_unsealed),
                    CASE(controls_are_found_wherever_they_are), {0}});
}
