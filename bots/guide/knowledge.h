/* SPDX-License-Identifier: Apache-2.0 */
/* What the guide knows: the contents of a knowledge file. docs/reference/knowledge-file.md tells
 * what each part is for. */
#ifndef WEFT_GUIDE_KNOWLEDGE_H
#define WEFT_GUIDE_KNOWLEDGE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ENTRIES_MAX = 500,
    QUESTIONS_MAX = 40, /* of one entry */
    NEEDS_MAX = 6,
    CHOICES_MAX = 12,
    REPLIES_MAX = 10,
    SKILLS_MAX = 8,
    GREETINGS_MAX = 32,
    SYNONYMS_MAX = 200,
    GROUP_MAX = 24, /* words of one group of synonyms */
    PHRASES_MAX = 40,
    KNOWLEDGE_FILE_MAX = 1048576,
};

struct text_list {
    const char **items;
    size_t count;
};

enum slot_kind { SLOT_TEXT, SLOT_ORDER_NUMBER, SLOT_EMAIL, SLOT_NUMBER, SLOT_CHOICE };

struct slot {
    const char *name, *question, *again; /* again: NULL when the question does */
    enum slot_kind kind;
    const char *pattern; /* '#' a digit, '@' a letter, anything else itself; or NULL */
    struct text_list choices;
};

struct entry {
    const char *id, *title;
    struct text_list questions; /* the title is one of them */
    const char *answer;         /* a template; NULL: only handed over */
    struct text_list replies;   /* offered below the answer */
    struct slot needs[NEEDS_MAX];
    size_t need_count;
    struct text_list skills;
    bool hands_over; /* after the answer */
};

struct page_greeting {
    const char *page; /* a piece of the page's address */
    const char *text;
};

/* What the guide says of itself; all are templates. */
struct guide_texts {
    const char *greeting, *greeting_again, *hello, *clarify, *lost, *handoff, *thanks, *bye,
            *person;
};

/* What customers say that is about no entry. */
enum manner { MANNER_PERSON, MANNER_THANKS, MANNER_BYE, MANNER_HELLO, MANNERS };

struct match_index;

struct knowledge {
    const char *name, *language;
    unsigned threshold_percent, margin_percent;
    struct guide_texts texts;
    struct page_greeting greetings[GREETINGS_MAX];
    size_t greeting_count;
    struct text_list start; /* replies offered below the greeting */
    struct text_list synonyms[SYNONYMS_MAX];
    size_t synonym_count;
    struct text_list manners[MANNERS];
    struct text_list skills; /* of whoever takes over when no entry says more */
    struct entry *entries;
    size_t entry_count;
    struct match_index *index;
    struct arena arena;
    char *bytes;
};

enum { KNOWLEDGE_PROBLEM_MAX = 300 };

/* Reads a knowledge file.
 *
 * owns:   out_knowledge must not be moved afterwards; knowledge_finish frees it
 * errors: false; out_problem is then a sentence with the line: "demo.yaml:12: …" */
bool knowledge_read_file(
        const char *path, struct knowledge *out_knowledge, char out_problem[KNOWLEDGE_PROBLEM_MAX]);
/* The same from memory; name is for the messages. */
bool knowledge_read(struct slice yaml, const char *name, struct knowledge *out_knowledge,
        char out_problem[KNOWLEDGE_PROBLEM_MAX]);
void knowledge_finish(struct knowledge *knowledge);

/* NULL when there is none. */
const struct entry *knowledge_find(const struct knowledge *knowledge, const char *id);

#endif
