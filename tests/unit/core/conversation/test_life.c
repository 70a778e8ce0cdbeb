/* SPDX-License-Identifier: Apache-2.0 */
/* Birth, identity, erasure, time, and who may see what. */
#include "story.h"

#include "lib/test.h"

static struct story story;

static void it_is_born_once(void)
{
    story_begin(&story);
    expect_u64(story.fold.phase, PHASE_IDLE);
    expect_slice(short_slice(&story.fold.contact_name), SLICE_OF("Ada"));
    struct part created = {.id = SLICE_OF("another")};
    conversation_create(&story.fold, &created, story.now_ms, &story.decision);
    expect_refused(&story, REFUSAL_OPEN);
    expect_slice(id_slice(&story.fold.tenant), SLICE_OF("demo"));
}

static void nothing_can_be_asked_of_what_is_not_born(void)
{
    story_begin(&story);
    memset(&story.fold, 0, sizeof story.fold);
    customer_says(&story, 1, "hello");
    expect_refused(&story, REFUSAL_UNBORN);
    contact_proves(&story, "crm-42");
    expect_refused(&story, REFUSAL_UNBORN);
}

static void a_reference_is_proven_once_and_never_changes(void)
{
    story_begin(&story);
    contact_proves(&story, "crm-42");
    expect_appended(&story);
    struct name proven = story.fold.tail;
    expect_slice(short_slice(&story.fold.contact_name), SLICE_OF("Ada Lovelace"));
    contact_proves(&story, "crm-42");
    expect_already(&story, proven);
    contact_proves(&story, "crm-43");
    expect_refused(&story, REFUSAL_IDENTITY_TAKEN);
}

static void erased_is_erased(void)
{
    story_begin(&story);
    story_until_active(&story, "ann");
    struct name token = story.fold.owner;
    contact_proves(&story, "crm-42");
    is_erased(&story);
    expect_appended(&story);
    expect_u64(story.fold.phase, PHASE_ERASED);
    expect_u64(story.fold.contact_name.len + story.fold.reference.len, 0);
    expect_u64(story.fold.lineages.count + story.fold.state_len, 0);
    static const char nothing[sizeof story.fold.contact_name.bytes];
    expect(memcmp(story.fold.contact_name.bytes, nothing, sizeof nothing) == 0);
    customer_says(&story, 1, "hello"); /* a retry of old words */
    expect_refused(&story, REFUSAL_ERASED);
    agent_notes(&story, 1, "a note");
    expect_refused(&story, REFUSAL_ERASED);
    agent_closes(&story, token);
    expect_refused(&story, REFUSAL_ERASED);
    contact_proves(&story, "crm-42");
    expect_refused(&story, REFUSAL_ERASED);
    uint64_t seqs[2];
    expect_u64(conversation_obligations(&story.fold, seqs), 0);
}

static void what_follows_erased_in_an_entry_or_after_it_has_no_effect(void)
{
    story_begin(&story);
    struct entry entry = {.at = {.seq = 2}, .author.kind = AUTHOR_SYSTEM};
    entry_add(&entry, PART_ERASED);
    entry_add(&entry, PART_CASE_OPENED);
    expect_u64(conversation_apply(&story.fold, &entry), FOLD_OK);
    struct entry later = {.at = {.seq = 3}, .author.kind = AUTHOR_SYSTEM};
    entry_add(&later, PART_CREATED)->id = SLICE_OF("again");
    expect_u64(conversation_apply(&story.fold, &later), FOLD_OK);
    expect_u64(story.fold.phase, PHASE_ERASED);
    expect_u64(story.fold.cases, 0);
    expect_u64(story.fold.tail.seq, 3);
}

static void superseded_is_its_last_word(void)
{
    story_begin(&story);
    struct entry entry = {.at = {.seq = 2}, .author.kind = AUTHOR_SYSTEM};
    entry_add(&entry, PART_SUPERSEDED)->id = SLICE_OF("another");
    expect_u64(conversation_apply(&story.fold, &entry), FOLD_OK);
    customer_says(&story, 1, "hello");
    expect_refused(&story, REFUSAL_SUPERSEDED);
    expect_slice(id_slice(&story.fold.follow), SLICE_OF("another"));
    is_erased(&story);
    expect_appended(&story);
}

static void time_never_falls(void)
{
    story_begin(&story);
    uint64_t birth_ms = story.fold.time_ms;
    story.now_ms = birth_ms - 3600000; /* a new master's clock */
    customer_says(&story, 1, "hello");
    expect_u64(story.draft.time_ms, birth_ms);
    expect_u64(story.fold.time_ms, birth_ms);
    story.now_ms = birth_ms + 5;
    customer_says(&story, 2, "hello");
    expect_u64(story.draft.time_ms, birth_ms + 5);
    struct entry entry = {.at = {.seq = story.fold.tail.seq + 1}, .time_ms = 1};
    entry_add(&entry, PART_LABELS);
    conversation_apply(&story.fold, &entry); /* nor by what a wrong writer wrote */
    expect_u64(story.fold.time_ms, birth_ms + 5);
}

static void an_unknown_kind_leaves_the_fold_as_it_was(void)
{
    story_begin(&story);
    static struct conversation before;
    before = story.fold;
    struct entry entry = {.at = {.seq = 2}, .time_ms = story.now_ms + 1};
    entry_add(&entry, PART_CASE_OPENED);
    entry.parts[entry.part_count++] = (struct part){.kind = (enum part_kind)(PART_KIND_LAST + 1)};
    expect_u64(conversation_apply(&story.fold, &entry), FOLD_UNKNOWN_KIND);
    expect(memcmp((const char *)&before, (const char *)&story.fold, sizeof before) == 0);
    entry.parts[1].kind = (enum part_kind)0;
    expect_u64(conversation_apply(&story.fold, &entry), FOLD_UNKNOWN_KIND);
}

/* ---- who may see what ---- */

static const struct seen_row {
    enum part_kind kind;
    bool by_all, by_staff;
} seen[] = {
        {PART_CREATED, false, false},
        {PART_MESSAGE, true, true},
        {PART_OWNER, true, true},
        {PART_CASE_OPENED, true, true},
        {PART_CASE_CLOSED, true, true},
        {PART_TURN, false, false},
        {PART_TURN_OVER, false, false},
        {PART_COMMITTED, false, false},
        {PART_STATE, false, false},
        {PART_LABELS, false, false},
        {PART_QUEUED, true, true},
        {PART_VOIDED, false, false},
        {PART_IDENTITY, true, true},
        {PART_SNAPSHOT, false, false},
        {PART_SUPERSEDED, true, true},
        {PART_JOINED, true, true},
        {PART_ERASED, true, true},
        {PART_EDITED, true, true},
        {PART_DELETED, true, true},
        {PART_REACTED, true, true},
        {PART_AMENDMENTS, false, false},
        {PART_PARTICIPANT, true, true},
        {PART_INVITED, false, true},
        {PART_CALLBACK, true, true},
        {PART_EVENT, false, true},
};

static void each_kind_of_part_is_seen_by_whom_it_is_for(void)
{
    size_t known = 0;
    for (uint64_t kind = 0; kind <= PART_KIND_LAST; kind++)
        known += part_is_known(kind);
    expect_u64(sizeof seen / sizeof *seen, known);
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        struct entry entry = {0};
        test_note("part kind %d", (int)seen[i].kind);
        expect(part_is_known(seen[i].kind) && (i == 0 || seen[i].kind > seen[i - 1].kind));
        entry_add(&entry, seen[i].kind);
        expect(entry_is_visible(&entry, false) == seen[i].by_all);
        expect(entry_is_visible(&entry, true) == seen[i].by_staff);
    }
    struct entry unknown = {.part_count = 1};
    unknown.parts[0] = (struct part){
            .kind = (enum part_kind)99, .visibility = part_visibility((enum part_kind)99)};
    expect(!entry_is_visible(&unknown, true));
}

static void entries_name_the_one_before_that_each_may_see(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name public_tail = story.fold.tail;
    agent_notes(&story, 1, "a note");
    struct name note = story.fold.tail;
    expect(name_equal(&story.fold.public_tail, &public_tail));
    expect(name_equal(&story.fold.staff_tail, &note));
    bot_commits(&story, story.fold.turn, &(struct commit){.digest = 1}); /* nothing to see */
    expect(name_equal(&story.fold.staff_tail, &note));
    customer_says(&story, 2, "hello?");
    expect(name_equal(&story.draft.after_public, &public_tail));
    expect(name_equal(&story.draft.after_staff, &note));
    expect(name_equal(&story.fold.public_tail, &story.fold.tail));
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(it_is_born_once),
                    CASE(nothing_can_be_asked_of_what_is_not_born),
                    CASE(a_reference_is_proven_once_and_never_changes), CASE(erased_is_erased),
                    CASE(what_follows_erased_in_an_entry_or_after_it_has_no_effect),
                    CASE(superseded_is_its_last_word), CASE(time_never_falls),
                    CASE(an_unknown_kind_leaves_the_fold_as_it_was),
                    CASE(each_kind_of_part_is_seen_by_whom_it_is_for),
                    CASE(entries_name_the_one_before_that_each_may_see), {0}});
}
