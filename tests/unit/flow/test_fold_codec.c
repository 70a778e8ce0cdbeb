/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot stands for everything before it: the fold of a whole log equals the fold restored from
 * a snapshot and folded on, in all that any decision looks at.
 */
#include "any_history.h"
#include "flow/entry_codec.h"
#include "lib/test.h"

#include <stdlib.h>

enum { SEEDS = 120, STEPS = 300, ROOM = 32768 };

static struct any_history history;
static struct conversation whole, restored;
static uint8_t scratch_bytes[1024 * 1024];
static char stored[ROOM], entry_bytes[192 * 1024];
static struct arena scratch;

static void save_and_restore(const struct conversation *from, struct conversation *to)
{
    struct buffer out = buffer_make(stored, sizeof stored);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    fold_encode(from, &scratch, &out);
    expect(!out.overflowed);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    expect(fold_decode(buffer_slice(&out), &scratch, to));
    expect_u64(to->tail.seq, 0); /* not stored: the snapshot's own place */
    to->tail = from->tail;
}

/* ---- equal in everything ---- */

static void expect_same_window(const struct lineages *a, const struct lineage *in_a,
        const struct lineages *b, const struct lineage *in_b)
{
    expect((in_a->window != 0) == (in_b->window != 0));
    for (size_t n = 0; in_a->window != 0 && n < LINEAGE_WINDOW; n++) {
        const struct lineage_place *x = &a->windows[in_a->window - 1][n];
        const struct lineage_place *y = &b->windows[in_b->window - 1][n];
        expect(name_equal(&x->at, &y->at));
        expect_u64(x->digest, y->digest);
    }
}

static void expect_same_lineages(const struct lineages *a, const struct lineages *b)
{
    expect_u64(a->count, b->count);
    expect(memcmp(a->forgotten_birth, b->forgotten_birth, LINEAGE_BIRTH_LEN) == 0);
    for (size_t i = 0; i < a->count; i++) {
        expect(memcmp(a->all[i].id, b->all[i].id, LINEAGE_LEN) == 0);
        expect_u64(a->all[i].highest, b->all[i].highest);
        expect_u64(a->all[i].used_seq, b->all[i].used_seq);
        expect_same_window(a, &a->all[i], b, &b->all[i]);
    }
}

static void expect_same_texts(const struct conversation *a, const struct conversation *b)
{
    expect_slice(id_slice(&a->tenant), id_slice(&b->tenant));
    expect_slice(short_slice(&a->contact_name), short_slice(&b->contact_name));
    expect_slice(id_slice(&a->channel), id_slice(&b->channel));
    expect_slice(id_slice(&a->language), id_slice(&b->language));
    expect_slice(id_slice(&a->reference), id_slice(&b->reference));
    expect_slice(id_slice(&a->follow), id_slice(&b->follow));
    expect_slice(id_slice(&a->owner_id), id_slice(&b->owner_id));
    expect_slice(id_slice(&a->last_agent), id_slice(&b->last_agent));
    expect_slice(slice_make(a->state, a->state_len), slice_make(b->state, b->state_len));
    expect_slice(slice_make(a->page.bytes, a->page.len), slice_make(b->page.bytes, b->page.len));
}

/* Every name in the struct, found by looking at it: a new one that is not stored turns this red. */
static void expect_same_names(const struct conversation *a, const struct conversation *b)
{
    const struct name *in_a[] = {&a->tail, &a->public_tail, &a->staff_tail, &a->owner,
            &a->last_owner, &a->closed_at, &a->turn, &a->committed_turn, &a->committed_at,
            &a->request};
    for (size_t i = 0; i < sizeof in_a / sizeof *in_a; i++) {
        size_t at = (size_t)((const char *)in_a[i] - (const char *)a);
        expect(name_equal(in_a[i], (const struct name *)(const void *)((const char *)b + at)));
    }
}

static void expect_same_amendments(const struct amendments *a, const struct amendments *b)
{
    expect_u64(a->count, b->count);
    expect_u64(a->page_seq, b->page_seq);
    expect_u64(a->paged_up_to, b->paged_up_to);
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        expect(name_equal(&a->all[i].target, &b->all[i].target));
        expect_u64(a->all[i].by_seq, b->all[i].by_seq);
        expect(a->all[i].is_deleted == b->all[i].is_deleted);
    }
}

static void expect_same(const struct conversation *a, const struct conversation *b)
{
    expect_same_texts(a, b);
    expect_same_names(a, b);
    expect_same_lineages(&a->lineages, &b->lineages);
    expect_u64(a->time_ms, b->time_ms);
    expect_u64(a->phase, b->phase);
    expect_u64(a->cases, b->cases);
    expect_u64(a->turn_attempt, b->turn_attempt);
    expect_u64(a->turn_from_seq, b->turn_from_seq);
    expect_u64(a->input_from_seq, b->input_from_seq);
    expect_u64(a->committed_digest, b->committed_digest);
    expect_u64(a->packet_seq, b->packet_seq);
    expect_u64(a->first_queued_ms, b->first_queued_ms);
    expect_u64(a->spoken_ms, b->spoken_ms);
    expect_u64(a->unanswered_ms, b->unanswered_ms);
    expect_u64(a->closed_ms, b->closed_ms);
    expect_u64(a->participant_count, b->participant_count);
    expect_u64(a->invited_count, b->invited_count);
    expect_same_amendments(&a->amendments, &b->amendments);
    expect_slice(callback_channel(&a->callback), callback_channel(&b->callback));
    expect_slice(callback_address(&a->callback), callback_address(&b->callback));
    expect_u64(a->callback.due_ms, b->callback.due_ms);
    expect_u64(a->callback.until_ms, b->callback.until_ms);
    expect_u64(a->callback.attempts, b->callback.attempts);
    expect_u64(a->journey.count, b->journey.count);
    for (size_t i = 0; i < a->journey.count && i < b->journey.count; i++)
        expect_u64(a->journey.digests[i], b->journey.digests[i]);
}

/* ---- any history ---- */

/* The other fold reads what was stored, as another node does. */
static void on_entry(void *user, const struct entry *entry)
{
    static struct entry read;
    struct buffer out = buffer_make(entry_bytes, sizeof entry_bytes);
    (void)user;
    entry_encode(entry, &out);
    expect(!out.overflowed);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    expect_u64(entry_decode(buffer_slice(&out), &scratch, &read), ENTRY_GOOD);
    read.at = entry->at;
    read.time_ms = entry->time_ms;
    expect_u64(conversation_apply(&whole, &read), FOLD_OK);
    expect_u64(conversation_apply(&restored, &read), FOLD_OK);
}

static void go_on_from_snapshots(uint64_t seed)
{
    any_history_begin(&history, seed);
    history.story.on_entry = on_entry;
    whole = restored = history.story.fold;
    for (int step = 0; step < STEPS; step++) {
        test_note("seed %llu, step %d", (unsigned long long)seed, step);
        any_history_step(&history);
        expect_same(&history.story.fold, &whole);
        if (fake_random_chance(&history.random, 30))
            save_and_restore(&whole, &restored);
        expect_same(&whole, &restored);
    }
}

static void a_restored_fold_goes_on_as_the_whole_one(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        go_on_from_snapshots(seed);
}

static void the_largest_fold_fits_a_snapshot(void)
{
    memset(&whole, 0xff, sizeof whole);
    struct lineages *lineages = &whole.lineages;
    whole.tenant.len = whole.channel.len = whole.language.len = whole.reference.len = ID_MAX;
    whole.follow.len = whole.owner_id.len = whole.last_agent.len = ID_MAX;
    whole.contact_name.len = DISPLAY_NAME_MAX;
    whole.callback.channel_len = CALLBACK_CHANNEL_MAX;
    whole.callback.address_len = CALLBACK_ADDRESS_MAX;
    whole.state_len = CONVERSATION_STATE_BYTES;
    whole.page.len = PAGE_MAX;
    whole.journey.count = JOURNEY_WINDOW;
    whole.amendments.count = AMENDMENTS_MAX;
    for (size_t i = 0; i < AMENDMENTS_MAX; i++)
        whole.amendments.all[i].is_deleted = true;
    lineages->count = LINEAGES_MAX;
    for (size_t i = 0; i < LINEAGES_MAX; i++) {
        lineages->all[i].window = (uint8_t)(i < LINEAGE_WINDOWS ? i + 1 : 0);
        lineages->all[i].highest = UINT64_MAX - 1;
    }
    struct buffer out = buffer_make(stored, sizeof stored);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    fold_encode(&whole, &scratch, &out);
    expect(!out.overflowed);
}

static void put_text(struct buffer *out, const char *text)
{
    buffer_put_char(out, (char)(0xa0 | strlen(text)));
    buffer_put_slice(out, slice_of_string(text));
}

/* As it was written until November 2026: each place of a window a map, its name a text. */
static struct slice fold_with_places_as_maps(void)
{
    static const char *const numbers[] = {
            "phase", "cases", "attempt", "from", "input", "digest", "packet", "queued", "time"};
    static const char *const names[] = {"public_tail", "staff_tail", "owner", "last_owner",
            "closed_at", "turn", "committed_turn", "committed_at", "request"};
    struct buffer out = buffer_make(stored, sizeof stored);
    buffer_put(&out, "\xde\0\x13", 3);
    for (size_t i = 0; i < 9; i++) {
        put_text(&out, numbers[i]);
        buffer_put_char(&out, 1);
        put_text(&out, names[i]);
        put_text(&out, "12-9f86d081884c7d65");
    }
    put_text(&out, "lineages");
    buffer_put(&out, "\x91\x84\xa1i", 4);
    put_text(&out, "01jd8x2k7q-4t9w2e6r8y0x1");
    buffer_put(&out, "\xa1h\x09\xa1u\x14\xa1w\x92", 9);
    for (char n = 8; n <= 9; n++) {
        buffer_put(&out, "\x83\xa1n", 3);
        buffer_put_char(&out, n);
        buffer_put(&out,
                "\xa1"
                "d\x05\xa1"
                "e",
                5);
        put_text(&out, "18-0a1b2c3d4e5f6071");
    }
    return buffer_slice(&out);
}

static void places_of_the_first_form_are_still_read(void)
{
    struct slice bytes = fold_with_places_as_maps();
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    expect(fold_decode(bytes, &scratch, &whole));
    const struct lineages *lineages = &whole.lineages;
    expect(lineages->count == 1 && lineages->all[0].window == 1 && lineages->all[0].highest == 9);
    for (size_t n = 0; n < LINEAGE_WINDOW; n++)
        expect_u64(lineages->windows[0][n].at.seq, n == 8 || n == 9 ? 18 : 0);
    expect(lineages->windows[0][9].digest == 5 && lineages->windows[0][9].at.mark[7] == 0x71);
    save_and_restore(&whole, &restored);
    expect_same(&whole, &restored);
}

static void a_damaged_snapshot_is_refused(void)
{
    any_history_begin(&history, 1);
    for (int step = 0; step < 50; step++)
        any_history_step(&history);
    struct buffer out = buffer_make(stored, sizeof stored);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    fold_encode(&history.story.fold, &scratch, &out);
    for (size_t len = 0; len < out.len; len += 7) {
        arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
        expect(!fold_decode(slice_make(stored, len), &scratch, &restored));
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_restored_fold_goes_on_as_the_whole_one),
                    CASE(the_largest_fold_fits_a_snapshot),
                    CASE(places_of_the_first_form_are_still_read),
                    CASE(a_damaged_snapshot_is_refused), {0}});
}
