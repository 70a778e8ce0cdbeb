/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of a story.
 *
 * Invariant: an entry gets a mark of its own, and is folded by conversation_apply alone, right
 * after it was decided: a story has no races. Those are for tests/sim.
 */
#include "story.h"

#include "base/check.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t digest_of(struct slice text)
{
    uint64_t digest = 14695981039346656037u;
    for (size_t i = 0; i < text.len; i++)
        digest = (digest ^ (unsigned char)text.bytes[i]) * 1099511628211u;
    return digest;
}

struct name forged(struct name name)
{
    name.mark[0] ^= 0x55;
    return name;
}

void story_lineage(uint64_t birth_ms, uint64_t number, char out[LINEAGE_LEN])
{
    uint8_t random[8];
    memcpy(random, &number, sizeof random);
    lineage_make(birth_ms, random, out);
}

static struct name next_name(struct story *story)
{
    struct name name = {.seq = story->draft.at.seq};
    uint64_t mark = ++story->marks * 0x9e3779b97f4a7c15u;
    memcpy(name.mark, &mark, MARK_SIZE);
    return name;
}

void story_finish_request(struct story *story)
{
    if (story->decision.verdict != VERDICT_APPEND || story->is_dry)
        return;
    story->draft.at = next_name(story);
    check(story->draft.at.seq < STORY_ENTRIES_MAX);
    story->names[story->draft.at.seq] = story->draft.at;
    if (story->on_entry != NULL)
        story->on_entry(story->on_entry_user, &story->draft);
    expect_u64(conversation_apply(&story->fold, &story->draft), FOLD_OK);
}

static struct decision *ask(struct story *story)
{
    story->decision = (struct decision){.draft = &story->draft};
    return &story->decision;
}

void story_begin(struct story *story)
{
    memset(story, 0, sizeof *story);
    story->now_ms = 1700000000000;
    story->has_bot = true;
    story_lineage(story->now_ms, 1, story->lineage);
    story_lineage(story->now_ms, 2, story->agent_lineage);
    struct part created = {.id = SLICE_OF("demo"),
            .name = SLICE_OF("Ada"),
            .channel = SLICE_OF("web"),
            .page = SLICE_OF("https://shop.example/cart"),
            .language = SLICE_OF("en")};
    conversation_create(&story->fold, &created, story->now_ms, ask(story));
    story_finish_request(story);
}

void somebody_says(struct story *story, const struct say *said)
{
    struct say say = *said;
    say.has_bot = story->has_bot;
    say.bot_id = say.bot_name = SLICE_OF("guide");
    conversation_say(&story->fold, &say, story->now_ms, ask(story));
    story_finish_request(story);
}

void somebody_amends(struct story *story, const struct amend *asked)
{
    struct amend amend = *asked;
    amend.page = story->page;
    conversation_amend(&story->fold, &amend, story->now_ms, ask(story));
    story_finish_request(story);
}

void steps_are_tracked(struct story *story, uint64_t number, size_t count)
{
    struct journey_event events[ENTRY_PARTS_MAX];
    for (size_t i = 0; i < count && i < ENTRY_PARTS_MAX; i++)
        events[i] = (struct journey_event){.id = SLICE_OF("e"),
                .name = SLICE_OF("page_viewed"),
                .digest = number + i,
                .time_ms = story->now_ms};
    struct journey_steps steps = {{.kind = AUTHOR_SERVICE}, events, count};
    conversation_track(&story->fold, &steps, story->now_ms, ask(story));
    story_finish_request(story);
}

void customer_says(struct story *story, uint64_t n, const char *text)
{
    struct slice body = slice_of_string(text);
    somebody_says(story, &(struct say){.author = {.kind = AUTHOR_CUSTOMER},
                                 .lineage = slice_make(story->lineage, LINEAGE_LEN),
                                 .n = n,
                                 .body = body,
                                 .digest = digest_of(body)});
}

static struct say agent_words(struct story *story, uint64_t n, const char *text)
{
    struct slice body = slice_of_string(text);
    return (struct say){.author = {AUTHOR_AGENT, SLICE_OF("ann"), SLICE_OF("Ann")},
            .lineage = slice_make(story->agent_lineage, LINEAGE_LEN),
            .n = n,
            .body = body,
            .digest = digest_of(body)};
}

void agent_says(struct story *story, uint64_t n, const char *text, struct name owner)
{
    struct say say = agent_words(story, n, text);
    say.owner = owner;
    somebody_says(story, &say);
}

void agent_notes(struct story *story, uint64_t n, const char *text)
{
    struct say say = agent_words(story, n, text);
    say.is_note = true;
    somebody_says(story, &say);
}

void bot_commits(struct story *story, struct name turn, const struct commit *said)
{
    struct commit commit = *said;
    commit.author = (struct author){AUTHOR_BOT, SLICE_OF("guide"), SLICE_OF("Guide")};
    commit.turn = turn;
    conversation_commit(&story->fold, &commit, story->now_ms, ask(story));
    story_finish_request(story);
}

void bot_answers(struct story *story, struct name turn, const char *text)
{
    struct slice body = slice_of_string(text);
    bot_commits(story, turn,
            &(struct commit){.bodies = &body, .body_count = 1, .digest = digest_of(body)});
}

void bot_hands_over(struct story *story, struct name turn)
{
    bot_commits(story, turn,
            &(struct commit){.is_handoff = true,
                    .handoff = SLICE_OF("packet"),
                    .reason = SLICE_OF("asked"),
                    .digest = 77});
}

void turn_ends(struct story *story, struct name turn, bool is_final)
{
    conversation_end_turn(&story->fold, &turn, SLICE_OF("timeout"), is_final,
            SLICE_OF("A colleague takes over."), story->now_ms, ask(story));
    story_finish_request(story);
}

void agent_takes(struct story *story, struct name request, const char *agent)
{
    struct slice id = slice_of_string(agent);
    conversation_own(&story->fold, &request, id, id, story->now_ms, ask(story));
    story_finish_request(story);
}

void request_is_voided(struct story *story, struct name request)
{
    conversation_void(&story->fold, &request, story->now_ms, ask(story));
    story_finish_request(story);
}

static const struct author ann = {AUTHOR_AGENT, {"ann", 3}, {"Ann", 3}};

void agent_requeues(struct story *story, struct name owner)
{
    struct requeue requeue = {
            .by = ann, .owner = owner, .to_agent = SLICE_OF("bob"), .reason = SLICE_OF("transfer")};
    conversation_requeue(&story->fold, &requeue, story->now_ms, ask(story));
    story_finish_request(story);
}

void agent_closes(struct story *story, struct name owner)
{
    conversation_close(&story->fold, &ann, &owner, SLICE_OF("solved"), story->now_ms, ask(story));
    story_finish_request(story);
}

void agent_reopens(struct story *story)
{
    conversation_reopen(&story->fold, &ann, story->now_ms, ask(story));
    story_finish_request(story);
}

void callback_is_asked(struct story *story, uint64_t due_ms)
{
    struct callback_wish wish = {.author = {.kind = AUTHOR_CUSTOMER},
            .channel = SLICE_OF("phone"),
            .address = SLICE_OF("+4930123456"),
            .due_ms = due_ms,
            .until_ms = due_ms ? due_ms + 3600000 : 0};
    conversation_ask_callback(&story->fold, &wish, story->now_ms, ask(story));
    story_finish_request(story);
}

void callback_is_cancelled(struct story *story)
{
    struct author customer = {.kind = AUTHOR_CUSTOMER};
    conversation_cancel_callback(&story->fold, &customer, story->now_ms, ask(story));
    story_finish_request(story);
}

void agent_records(struct story *story, struct name owner, bool is_reached)
{
    struct callback_outcome outcome = {.by = ann,
            .owner = owner,
            .is_reached = is_reached,
            .attempts_max = 3,
            .again_ms = story->now_ms + 1800000,
            .body = SLICE_OF("We could not reach you.")};
    conversation_end_callback(&story->fold, &outcome, story->now_ms, ask(story));
    story_finish_request(story);
}

void contact_proves(struct story *story, const char *reference)
{
    conversation_identify(&story->fold, slice_of_string(reference), SLICE_OF("Ada Lovelace"),
            story->now_ms, ask(story));
    story_finish_request(story);
}

/* As flow/erase.c does it, who has no fold to ask. */
void is_erased(struct story *story)
{
    const struct conversation *fold = &story->fold;
    story->draft = (struct entry){.at.seq = fold->tail.seq + 1,
            .time_ms = fold->time_ms > story->now_ms ? fold->time_ms : story->now_ms,
            .author.kind = AUTHOR_SYSTEM};
    entry_add(&story->draft, PART_ERASED);
    ask(story)->verdict = VERDICT_APPEND;
    story_finish_request(story);
}

void story_until_queued(struct story *story)
{
    customer_says(story, 1, "hello");
    bot_hands_over(story, story->fold.turn);
    expect_u64(story->fold.phase, PHASE_QUEUED);
}

void story_until_active(struct story *story, const char *agent)
{
    story_until_queued(story);
    agent_takes(story, story->fold.request, agent);
    expect_u64(story->fold.phase, PHASE_ACTIVE);
}

void expect_appended_at(const struct story *story, const char *file, int line)
{
    test_expect_u64(story->decision.verdict, VERDICT_APPEND, "the verdict", file, line);
    test_expect(story->is_dry || name_equal(&story->draft.at, &story->fold.tail),
            "the entry is the tail", file, line);
}

void expect_already_at(const struct story *story, struct name name, const char *file, int line)
{
    test_expect_u64(story->decision.verdict, VERDICT_ALREADY, "the verdict", file, line);
    test_expect_u64(story->decision.already.seq, name.seq, "the place", file, line);
    test_expect(name_equal(&story->decision.already, &name), "the mark", file, line);
}

void expect_refused_at(const struct story *story, enum refusal refusal, const char *file, int line)
{
    test_expect_u64(story->decision.verdict, VERDICT_NO, "the verdict", file, line);
    test_expect_u64(story->decision.refusal, refusal, "the refusal", file, line);
}
