/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation told request by request: each verb asks the core to decide, and what it decides to
 * append is folded at once, as the next entry.
 *
 *   struct story story;   story_begin(&story);
 *   customer_says(&story, 1, "hello");      expect_appended(&story);
 *   bot_commits(&story, story.fold.turn, &answer);
 *
 * Who asks with something old keeps its name from before: `struct name turn = story.fold.turn`.
 */
#ifndef WEFT_TESTS_STORY_H
#define WEFT_TESTS_STORY_H

#include "core/conversation/conversation.h"

enum { STORY_ENTRIES_MAX = 1024 };

struct story {
    struct conversation fold;
    struct decision decision; /* of the last request */
    struct entry draft;
    uint64_t now_ms;
    bool has_bot;
    bool is_dry; /* decide only, append nothing */
    uint64_t marks;
    uint8_t page[AMENDMENTS_PAGE_BYTES];
    struct name names[STORY_ENTRIES_MAX]; /* of all entries, by seq */
    char lineage[LINEAGE_LEN];            /* the customer's device */
    char agent_lineage[LINEAGE_LEN];
    /* Hears of each entry before it is folded. May be NULL. */
    void (*on_entry)(void *user, const struct entry *entry);
    void *on_entry_user;
};

/* Born, idle, with a bot. */
void story_begin(struct story *story);
void story_finish_request(struct story *story); /* appends the draft if there is one */
/* A lineage born at that millisecond. */
void story_lineage(uint64_t birth_ms, uint64_t number, char out[LINEAGE_LEN]);

/* The plain cases. */
void customer_says(struct story *story, uint64_t n, const char *text);
void agent_says(struct story *story, uint64_t n, const char *text, struct name owner);
void agent_notes(struct story *story, uint64_t n, const char *text);
void somebody_says(struct story *story, const struct say *say);       /* has_bot is filled in */
void somebody_amends(struct story *story, const struct amend *amend); /* page is filled in */
void bot_commits(struct story *story, struct name turn, const struct commit *commit);
/* Events by the company's server: digests number, number + 1, … */
void steps_are_tracked(struct story *story, uint64_t number, size_t count);
/* Nothing but one message. */
void bot_answers(struct story *story, struct name turn, const char *text);
void bot_hands_over(struct story *story, struct name turn);
void turn_ends(struct story *story, struct name turn, bool is_final);
void agent_takes(struct story *story, struct name request, const char *agent);
void request_is_voided(struct story *story, struct name request);
void agent_requeues(struct story *story, struct name owner);
void agent_closes(struct story *story, struct name owner);
void agent_reopens(struct story *story);
/* A phone call to +4930123456. due_ms: 0: at its turn. */
void callback_is_asked(struct story *story, uint64_t due_ms);
void callback_is_cancelled(struct story *story);
/* Three attempts, half an hour between them. */
void agent_records(struct story *story, struct name owner, bool is_reached);
void contact_proves(struct story *story, const char *reference);
void is_erased(struct story *story);

/* To a phase by the shortest way. */
void story_until_queued(struct story *story);
void story_until_active(struct story *story, const char *agent);

/* A digest as good as the text. */
uint64_t digest_of(struct slice text);
struct name forged(struct name name); /* the same place, another mark */

void expect_appended_at(const struct story *story, const char *file, int line);
void expect_already_at(const struct story *story, struct name name, const char *file, int line);
void expect_refused_at(const struct story *story, enum refusal refusal, const char *file, int line);
#define expect_appended(story) expect_appended_at((story), __FILE__, __LINE__)
#define expect_already(story, name) expect_already_at((story), (name), __FILE__, __LINE__)
#define expect_refused(story, refusal) expect_refused_at((story), (refusal), __FILE__, __LINE__)
/* The last entry drafted has this part. */
#define expect_part(story, kind) expect(entry_part(&(story)->draft, (kind)) != NULL)
#define expect_no_part(story, kind) expect(entry_part(&(story)->draft, (kind)) == NULL)

#endif
