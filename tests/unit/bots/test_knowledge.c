/* SPDX-License-Identifier: Apache-2.0 */
/* The guide's tools: words, slots, templates, and knowledge files with mistakes in them. */
#include "bots/guide/find_slot.h"
#include "bots/guide/knowledge.h"
#include "bots/guide/template.h"
#include "bots/guide/words.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

static void expect_words(const char *text, const char *wanted)
{
    char joined[4000] = "";
    static struct words words;
    words_read(slice_of_string(text), &words);
    for (size_t i = 0; i < words.count; i++)
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", i ? " " : "",
                words.items[i].text);
    expect_text(slice_of_string(joined), wanted);
}

static void words_lose_case_accents_and_endings(void)
{
    static const char *const rows[][2] = {{"", ""}, {"  ...!?  ", ""},
            {"RETURNS returned, returning/return", "return return return return"},
            {"shipping shipped ships", "ship ship ship"}, {"parties batteries", "party battery"},
            {"boxes watches glasses", "box watch glass"}, {"bus address this", "bus address this"},
            {"Crème brûlée, Ærø, Straße", "crem brule aero strass"}, {"Łódź", "lodz"},
            {"e\xcc\x81t\xc3\xa9s", "ete"}, {"don't can’t", "dont cant"},
            {"order #WS-10234 x", "order ws 10234 x"}, {"Привет мир", "Привет мир"},
            {"bring sing red bed", "bring sing red bed"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row '%s'", rows[i][0]);
        expect_words(rows[i][0], rows[i][1]);
    }
    static struct words words; /* broken UTF-8 must only not hurt */
    words_read(slice_make("\xff\xc3", 2), &words);
}

static void long_texts_are_cut_not_overrun(void)
{
    static char text[100000];
    static struct words words;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 3 == 2 ? ' ' : 'x';
    words_read(slice_of_string(text), &words);
    expect_u64(words.count, WORDS_MAX);
    memset(text, 'y', sizeof text - 1);
    words_read(slice_of_string(text), &words);
    expect_u64(words.count, 1);
    expect_u64(strlen(words.items[0].text), WORD_BYTES_MAX);
}

static void slots_are_found_in_words(void)
{
    static const char *sizes[] = {"small", "large", "extra large"};
    static const struct slot order = {.kind = SLOT_ORDER_NUMBER}, email = {.kind = SLOT_EMAIL},
                             number = {.kind = SLOT_NUMBER}, text = {.kind = SLOT_TEXT},
                             size = {.kind = SLOT_CHOICE, .choices = {sizes, 3}},
                             plate = {.kind = SLOT_TEXT, .pattern = "@@-###"};
    static const struct {
        const struct slot *slot;
        const char *text;
        bool was_asked;
        const char *wanted;
    } rows[] = {{&order, "where is ws-10234?", false, "WS-10234"}, {&order, "#4711", false, "4711"},
            {&order, "I paid 129.00 on 12/03/2026", false, NULL},
            {&order, "call +4915112345678", false, NULL}, {&order, "3 shoes", true, NULL},
            {&order, "I live at 10:3045", false, NULL}, {&order, "1234567890123", false, NULL},
            {&email, "mail ada.l+x@mail.example.com.", false, "ada.l+x@mail.example.com"},
            {&email, "me @ home", true, NULL}, {&email, "a@b", true, NULL},
            {&email, "@x.com", true, NULL}, {&number, "about 12,5 km", true, "12,5"},
            {&number, "12 km", false, NULL}, {&number, "many", true, NULL},
            {&text, "  anything \n", true, "anything"}, {&text, "anything", false, NULL},
            {&text, "   ", true, NULL}, {&size, "an EXTRA large one", false, "extra large"},
            {&size, "large", false, "large"}, {&size, "medium", true, NULL},
            {&plate, "my AB-123 car", false, "AB-123"}, {&plate, "AB-1234", true, NULL},
            {&plate, "xAB-123", true, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char value[SLOT_VALUE_MAX + 1] = "";
        test_note("row %zu '%s' -> '%s'", i, rows[i].text, value);
        bool is_found = find_slot(rows[i].slot, rows[i].text, rows[i].was_asked, value);
        test_note("row %zu '%s' -> '%s'", i, rows[i].text, value);
        expect(is_found == (rows[i].wanted != NULL));
        if (is_found)
            expect_text(slice_of_string(value), rows[i].wanted);
    }
}

static void an_endless_answer_is_cut_at_a_whole_character(void)
{
    static char text[1000];
    char value[SLOT_VALUE_MAX + 1];
    const struct slot slot = {.kind = SLOT_TEXT};
    for (size_t i = 0; i + 3 < sizeof text; i++)
        text[i] = "\xe2\x82\xac"[i % 3];
    expect(find_slot(&slot, text, true, value));
    expect_u64(strlen(value) % 3, 0);
}

static const char *value_of(const void *context, struct slice name)
{
    (void)context;
    return slice_is(name, "name") ? "Ada" : slice_is(name, "sly") ? "{name}[" : NULL;
}

static void templates_are_filled(void)
{
    static const char *const rows[][2] = {{"Hello {name}!", "Hello Ada!"},
            {"Hello[ {name}]!", "Hello Ada!"}, {"Hello[ {nobody}]!", "Hello!"}, {"{nobody}", ""},
            {"a { b", "a { b"}, {"a [ b", "a [ b"}, {"\\[{name}\\]", "[Ada]"}, {"{sly}", "{name}["},
            {"[{name}, {nobody}]x", "x"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char space[100];
        struct buffer out = buffer_make(space, sizeof space);
        test_note("row '%s'", rows[i][0]);
        template_fill(rows[i][0], value_of, NULL, &out);
        expect_text(buffer_slice(&out), rows[i][1]);
    }
}

#define ENTRY "entries:\n  - id: a\n    title: A\n    questions: x\n    answer: y\n"

static void mistakes_are_told_with_their_line(void)
{
    static const char *const rows[][2] = {{"", "f.yaml:1: the file is empty"},
            {"name: [", "f.yaml:2: did not find expected node content"},
            {"- a", "f.yaml:1: a knowledge file is written as \"name: value\" lines"},
            {"name: X\n", "f.yaml:1: a knowledge file needs \"entries\""},
            {"name: X\nentrys: []\n", "f.yaml:2: a knowledge file has no \"entrys\""},
            {"name: X\nname: Y\n" ENTRY, "f.yaml:2: \"name\" is there twice"},
            {"name: X\nthreshold: 101\n" ENTRY,
                    "f.yaml:2: a number from 0 to 100 is expected here"},
            {"name: X\nentries:\n  - id: a\n    title: A\n",
                    "f.yaml:3: an entry needs \"questions\""},
            {"name: X\nentries:\n  - id: a\n    title: A\n    questions: x\n",
                    "f.yaml:3: an entry needs an \"answer\", or \"handoff: true\""},
            {"name: X\n" ENTRY "  - id: a\n    title: B\n    questions: x\n    answer: y\n",
                    "f.yaml:7: there are two entries \"a\""},
            {"name: X\n" ENTRY "    needs:\n      - slot: s\n        kind: date\n",
                    "f.yaml:9: a kind is one of: text, order number, email, number, choice"},
            {"name: X\n" ENTRY
             "    needs:\n      - slot: s\n        kind: choice\n        question: q\n",
                    "f.yaml:8: a choice needs at least two \"choices\""},
            {"name: X\n" ENTRY "    handoff: maybe\n", "f.yaml:7: true or false is expected here"},
            {"name: X\n" ENTRY "    replies: []\n",
                    "f.yaml:7: from 1 to 10 texts are expected here"},
            {"name: X\n" ENTRY "    skills:\n      - [a]\n", "f.yaml:8: a text is expected here"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char problem[KNOWLEDGE_PROBLEM_MAX] = "";
        struct knowledge knowledge;
        test_note("row %zu", i);
        expect(!knowledge_read(slice_of_string(rows[i][0]), "f.yaml", &knowledge, problem));
        expect_text(slice_of_string(problem), rows[i][1]);
    }
}

static void a_small_file_is_enough(void)
{
    char problem[KNOWLEDGE_PROBLEM_MAX] = "";
    struct knowledge knowledge;
    expect(knowledge_read(SLICE_OF("name: X\n" ENTRY), "f.yaml", &knowledge, problem));
    expect_u64(knowledge.entry_count, 1);
    expect(knowledge_find(&knowledge, "a") != NULL && knowledge_find(&knowledge, "b") == NULL);
    knowledge_finish(&knowledge);
    expect(!knowledge_read_file("/nonexistent/k.yaml", &knowledge, problem));
    expect_text(slice_of_string(problem),
            "/nonexistent/k.yaml cannot be opened: No such file or directory");
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(words_lose_case_accents_and_endings),
                    CASE(long_texts_are_cut_not_overrun), CASE(slots_are_found_in_words),
                    CASE(an_endless_answer_is_cut_at_a_whole_character), CASE(templates_are_filled),
                    CASE(mistakes_are_told_with_their_line), CASE(a_small_file_is_enough), {0}});
}
