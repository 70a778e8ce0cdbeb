/* SPDX-License-Identifier: Apache-2.0 */
/* Edits, deletions and reactions: who may, until when, and that no amended message is ever
 * forgotten, however many there are. */
#include "story.h"

#include "lib/test.h"

static struct story story;

/* ---- the table "amends" ---- */

enum { WINDOW_MS = 60000 };

/* Ann owns the case; what she or the customer asks of a message like this. */
static const struct amends_row {
    const char *name;
    enum part_kind kind;
    enum author_kind by; /* AGENT: ann */
    enum author_kind found;
    const char *found_id;
    bool is_message, is_note, is_deleted;
    uint64_t age_ms;
    enum verdict verdict;
    enum refusal refusal;
} amends[] = {
        {"own words", PART_EDITED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", true, false, false, 5,
                VERDICT_APPEND, REFUSAL_NONE},
        {"at the end of the window", PART_EDITED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", true, false,
                false, WINDOW_MS, VERDICT_APPEND, REFUSAL_NONE},
        {"after the window", PART_EDITED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", true, false, false,
                WINDOW_MS + 1, VERDICT_NO, REFUSAL_TOO_LATE},
        {"deleting has no window", PART_DELETED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", true, false,
                false, 100 * WINDOW_MS, VERDICT_APPEND, REFUSAL_NONE},
        {"an agent's words", PART_EDITED, AUTHOR_CUSTOMER, AUTHOR_AGENT, "ann", true, false, false,
                5, VERDICT_NO, REFUSAL_NO_MESSAGE},
        {"deleting an agent's words", PART_DELETED, AUTHOR_CUSTOMER, AUTHOR_AGENT, "ann", true,
                false, false, 5, VERDICT_NO, REFUSAL_NO_MESSAGE},
        {"a bot's words", PART_DELETED, AUTHOR_AGENT, AUTHOR_BOT, "guide", true, false, false, 5,
                VERDICT_NO, REFUSAL_NO_MESSAGE},
        {"a colleague's words", PART_EDITED, AUTHOR_AGENT, AUTHOR_AGENT, "bob", true, false, false,
                5, VERDICT_NO, REFUSAL_NO_MESSAGE},
        {"the agent's own", PART_EDITED, AUTHOR_AGENT, AUTHOR_AGENT, "ann", true, false, false, 5,
                VERDICT_APPEND, REFUSAL_NONE},
        {"the agent's own note", PART_EDITED, AUTHOR_AGENT, AUTHOR_AGENT, "ann", true, true, false,
                5, VERDICT_APPEND, REFUSAL_NONE},
        {"no message at all", PART_DELETED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", false, false,
                false, 5, VERDICT_NO, REFUSAL_NO_MESSAGE},
        {"a reaction to a bot", PART_REACTED, AUTHOR_CUSTOMER, AUTHOR_BOT, "guide", true, false,
                false, 5, VERDICT_APPEND, REFUSAL_NONE},
        {"a customer's reaction to a note", PART_REACTED, AUTHOR_CUSTOMER, AUTHOR_AGENT, "ann",
                true, true, false, 5, VERDICT_NO, REFUSAL_NO_MESSAGE},
        {"an agent's reaction to a note", PART_REACTED, AUTHOR_AGENT, AUTHOR_AGENT, "bob", true,
                true, false, 5, VERDICT_APPEND, REFUSAL_NONE},
        {"a reaction to a tombstone", PART_REACTED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", true,
                false, true, 5, VERDICT_NO, REFUSAL_DELETED},
        {"a tombstone is not edited", PART_EDITED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", true,
                false, true, 5, VERDICT_NO, REFUSAL_DELETED},
        {"nor deleted again", PART_DELETED, AUTHOR_CUSTOMER, AUTHOR_CUSTOMER, "", true, false, true,
                5, VERDICT_NO, REFUSAL_DELETED},
};

static void amends_with(enum part_kind kind, enum author_kind by, uint64_t n, struct name target)
{
    bool is_agent = by == AUTHOR_AGENT;
    const char *lineage = is_agent ? story.agent_lineage : story.lineage;
    struct author author = {by, is_agent ? SLICE_OF("ann") : SLICE_NONE, SLICE_NONE};
    somebody_amends(&story,
            &(struct amend){.kind = kind,
                    .author = author,
                    .lineage = slice_make(lineage, LINEAGE_LEN),
                    .n = n,
                    .digest = (uint64_t)kind + target.seq,
                    .target = target,
                    .body = SLICE_OF("other words"),
                    .edit_window_ms = WINDOW_MS,
                    .found = {.is_message = true, .author = author, .time_ms = story.now_ms}});
}

static void ask_row(const struct amends_row *row)
{
    bool is_agent = row->by == AUTHOR_AGENT;
    struct amend amend = {.kind = row->kind,
            .author = {row->by, is_agent ? SLICE_OF("ann") : SLICE_NONE, SLICE_NONE},
            .lineage = slice_make(is_agent ? story.agent_lineage : story.lineage, LINEAGE_LEN),
            .n = is_agent ? 1 : 2,
            .target = story.fold.tail,
            .edit_window_ms = WINDOW_MS,
            .found = {.is_message = row->is_message,
                    .is_deleted = row->is_deleted,
                    .author = {row->found, slice_of_string(row->found_id), SLICE_NONE},
                    .visibility = row->is_note ? VISIBLE_TO_STAFF : VISIBLE_TO_ALL,
                    .time_ms = story.now_ms - row->age_ms}};
    somebody_amends(&story, &amend);
}

static void each_message_is_amended_by_whom_it_belongs_to(void)
{
    for (size_t i = 0; i < sizeof amends / sizeof *amends; i++) {
        const struct amends_row *row = &amends[i];
        test_note("row '%s'", row->name);
        story_begin(&story);
        story_until_active(&story, "ann");
        ask_row(row);
        expect_u64(story.decision.verdict, row->verdict);
        expect_u64(story.decision.refusal, row->refusal);
        if (row->verdict == VERDICT_APPEND) /* of a note nobody but the staff hears */
            expect(entry_is_visible(&story.draft, false) == !row->is_note);
    }
}

/* To add to what a customer sees is the owner's right; to take back what one said is everybody's.
 */
static void an_agent_who_is_not_the_owner_only_deletes(void)
{
    story_begin(&story);
    story_until_active(&story, "ann");
    agent_says(&story, 1, "Fifty euros", story.fold.owner);
    struct name said = story.fold.tail;
    agent_requeues(&story, story.fold.owner);
    amends_with(PART_EDITED, AUTHOR_AGENT, 2, said);
    expect_refused(&story, REFUSAL_FENCED);
    amends_with(PART_REACTED, AUTHOR_AGENT, 2, said);
    expect_refused(&story, REFUSAL_FENCED);
    amends_with(PART_DELETED, AUTHOR_AGENT, 2, said);
    expect_appended(&story);
}

/* Words and what is done to them count in one row. */
static void an_amendment_is_taken_once(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name said = story.fold.tail;
    amends_with(PART_EDITED, AUTHOR_CUSTOMER, 2, said);
    expect_appended(&story);
    struct name place = story.fold.tail;
    amends_with(PART_EDITED, AUTHOR_CUSTOMER, 2, said);
    expect_already(&story, place);
    amends_with(PART_DELETED, AUTHOR_CUSTOMER, 2, said);
    expect_refused(&story, REFUSAL_OTHER_BODY);
    amends_with(PART_DELETED, AUTHOR_CUSTOMER, 4, said);
    expect_refused(&story, REFUSAL_RESEND);
    amends_with(PART_DELETED, AUTHOR_CUSTOMER, 3, said);
    expect_appended(&story);
    place = story.fold.tail;
    amends_with(PART_DELETED, AUTHOR_CUSTOMER, 3, said); /* the retry, although it is gone by now */
    expect_already(&story, place);
    amends_with(PART_EDITED, AUTHOR_CUSTOMER, 4, said); /* the caller had read it before */
    expect_refused(&story, REFUSAL_DELETED);
    customer_says(&story, 4, "and now");
    expect_appended(&story);
}

static void only_living_conversations_are_amended(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name said = story.fold.tail;
    is_erased(&story);
    amends_with(PART_DELETED, AUTHOR_CUSTOMER, 2, said);
    expect_refused(&story, REFUSAL_ERASED);
    expect_u64(story.fold.amendments.count, 0);
}

static void a_bare_place_is_no_name(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name said = story.fold.tail, other = forged(said);
    amends_with(PART_DELETED, AUTHOR_CUSTOMER, 2, said);
    expect(amendments_find(&story.fold.amendments, &said) != NULL);
    expect(amendments_find(&story.fold.amendments, &other) == NULL);
}

/* ---- pages ---- */

enum { MANY = 300 };

static struct paged {
    uint64_t page_seq, before, up_to;
    size_t count;
    struct amendment all[AMENDMENTS_PAGE];
} pages[MANY];
static size_t page_count;

static void keep_page(void *user, const struct entry *entry)
{
    (void)user;
    const struct part *part = entry_part(entry, PART_AMENDMENTS);
    if (part == NULL)
        return;
    struct paged *page = &pages[page_count++];
    *page = (struct paged){entry->at.seq, part->number, part->from_seq, 0, {{{0}, 0, false}}};
    while (amendments_page_read(part->body, page->count, &page->all[page->count]))
        if (++page->count == AMENDMENTS_PAGE)
            break;
}

/* As a reader goes: the table, then page by page as far as it must. */
static bool is_known_to_readers(const struct name *target, uint64_t lowest)
{
    uint64_t next = story.fold.amendments.page_seq, up_to = story.fold.amendments.paged_up_to;
    if (amendments_find(&story.fold.amendments, target) != NULL)
        return true;
    for (size_t i = page_count; i-- > 0 && next != 0 && up_to >= lowest;) {
        if (pages[i].page_seq != next)
            continue;
        for (size_t j = 0; j < pages[i].count; j++)
            if (name_equal(&pages[i].all[j].target, target))
                return true;
        next = pages[i].before;
        up_to = pages[i].up_to;
    }
    return false;
}

static void nothing_amended_is_ever_forgotten(void)
{
    static struct name said[MANY];
    story_begin(&story);
    story.on_entry = keep_page;
    page_count = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        customer_says(&story, 2 * i + 1, "words");
        said[i] = story.fold.tail;
        amends_with(i % 2 ? PART_DELETED : PART_EDITED, AUTHOR_CUSTOMER, 2 * i + 2, said[i]);
        expect_appended(&story);
        expect(story.fold.amendments.count <= AMENDMENTS_MAX);
    }
    expect(page_count >= (MANY - AMENDMENTS_MAX) / AMENDMENTS_PAGE);
    for (size_t i = 0; i < MANY; i++) {
        test_note("message %zu", i);
        expect(is_known_to_readers(&said[i], said[i].seq)); /* a range that begins with it */
        expect(is_known_to_readers(&said[i], 1));
    }
}

/* What was edited long ago and is deleted now is in a page as it was, and in the table as it is. */
static void the_newest_amendment_is_found_first(void)
{
    static struct name first;
    story_begin(&story);
    story.on_entry = keep_page;
    page_count = 0;
    customer_says(&story, 1, "words");
    first = story.fold.tail;
    amends_with(PART_EDITED, AUTHOR_CUSTOMER, 2, first);
    for (uint64_t i = 1; i <= AMENDMENTS_MAX; i++) {
        customer_says(&story, 2 * i + 1, "words");
        amends_with(PART_DELETED, AUTHOR_CUSTOMER, 2 * i + 2, story.fold.tail);
    }
    expect_u64(page_count, 1);
    expect(amendments_find(&story.fold.amendments, &first) == NULL);
    amends_with(PART_DELETED, AUTHOR_CUSTOMER, 2 * AMENDMENTS_MAX + 3, first);
    const struct amendment *amendment = amendments_find(&story.fold.amendments, &first);
    expect(amendment != NULL && amendment->is_deleted);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(each_message_is_amended_by_whom_it_belongs_to),
                    CASE(an_agent_who_is_not_the_owner_only_deletes),
                    CASE(an_amendment_is_taken_once), CASE(only_living_conversations_are_amended),
                    CASE(a_bare_place_is_no_name), CASE(nothing_amended_is_ever_forgotten),
                    CASE(the_newest_amendment_is_found_first), {0}});
}
