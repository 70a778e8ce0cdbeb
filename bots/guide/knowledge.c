/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a knowledge file.
 *
 * Invariant: knowledge that was read is whole: every entry has an id of its own, something to be
 * found by and something to say or somebody to hand over to; every slot can be asked for. So the
 * guide itself never meets a half-written entry.
 */
#include "bots/guide/knowledge.h"

#include "base/check.h"
#include "bots/guide/match.h"
#include "bots/guide/yaml_reader.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum { KNOWLEDGE_BYTES = 16777216 };

static void read_text(struct yaml_reader *reader, int node, void *target)
{
    *(const char **)target = yaml_text(reader, node);
}

/* One text, or a list of at most `max`. */
static void read_list(struct yaml_reader *reader, int node, struct text_list *out, size_t max)
{
    bool is_list = yaml_is_list(reader, node);
    size_t count = is_list ? yaml_count(reader, node) : 1;
    if (count == 0 || count > max) {
        yaml_fail(reader, node, "from 1 to %zu texts are expected here", max);
        return;
    }
    out->items = yaml_take(reader, node, count * sizeof *out->items);
    if (out->items == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        out->items[i] = yaml_text(reader, is_list ? yaml_item(reader, node, i) : node);
    out->count = count;
}

static void read_questions(struct yaml_reader *reader, int node, void *target)
{
    read_list(reader, node, target, QUESTIONS_MAX);
}

static void read_replies(struct yaml_reader *reader, int node, void *target)
{
    read_list(reader, node, target, REPLIES_MAX);
}

static void read_choices(struct yaml_reader *reader, int node, void *target)
{
    read_list(reader, node, target, CHOICES_MAX);
}

static void read_skills(struct yaml_reader *reader, int node, void *target)
{
    read_list(reader, node, target, SKILLS_MAX);
}

static void read_phrases(struct yaml_reader *reader, int node, void *target)
{
    read_list(reader, node, target, PHRASES_MAX);
}

static void read_flag(struct yaml_reader *reader, int node, void *target)
{
    const char *text = yaml_text(reader, node);
    if (text != NULL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        yaml_fail(reader, node, "true or false is expected here");
    *(bool *)target = text != NULL && strcmp(text, "true") == 0;
}

static void read_percent(struct yaml_reader *reader, int node, void *target)
{
    const char *text = yaml_text(reader, node);
    char *end = NULL;
    unsigned long percent = text ? strtoul(text, &end, 10) : 0;
    if (text != NULL && (*end != '\0' || text[0] < '0' || text[0] > '9' || percent > 100))
        yaml_fail(reader, node, "a number from 0 to 100 is expected here");
    *(unsigned *)target = (unsigned)percent;
}

/* ---- slots ---------------------------------------------------------------------------------- */

static void read_kind(struct yaml_reader *reader, int node, void *target)
{
    static const char *const kinds[] = {"text", "order number", "email", "number", "choice"};
    const char *text = yaml_text(reader, node);
    for (size_t i = 0; text != NULL && i < COUNT(kinds); i++) {
        if (strcmp(text, kinds[i]) == 0) {
            *(enum slot_kind *)target = (enum slot_kind)i;
            return;
        }
    }
    yaml_fail(reader, node, "a kind is one of: text, order number, email, number, choice");
}

static void read_slot(struct yaml_reader *reader, int node, struct slot *slot)
{
    static const struct yaml_member members[] = {
            {"slot", read_text, offsetof(struct slot, name), true},
            {"kind", read_kind, offsetof(struct slot, kind), true},
            {"question", read_text, offsetof(struct slot, question), true},
            {"again", read_text, offsetof(struct slot, again), false},
            {"pattern", read_text, offsetof(struct slot, pattern), false},
            {"choices", read_choices, offsetof(struct slot, choices), false}};
    yaml_read_members(reader, node, "a need", members, COUNT(members), slot);
    if (yaml_has_failed(reader))
        return;
    if (slot->kind == SLOT_CHOICE && slot->choices.count < 2)
        yaml_fail(reader, node, "a choice needs at least two \"choices\"");
    if (strlen(slot->name) > 58 ||
            strspn(slot->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(slot->name))
        yaml_fail(reader, node, "a slot's name is of small letters, digits and _");
}

static void read_needs(struct yaml_reader *reader, int node, void *target)
{
    struct entry *entry = (struct entry *)(void *)((char *)target - offsetof(struct entry, needs));
    if (!yaml_is_list(reader, node) || yaml_count(reader, node) > NEEDS_MAX) {
        yaml_fail(reader, node, "\"needs\" is a list of at most %d slots", NEEDS_MAX);
        return;
    }
    for (size_t i = 0; i < yaml_count(reader, node) && !yaml_has_failed(reader); i++)
        read_slot(reader, yaml_item(reader, node, i), &entry->needs[entry->need_count++]);
}

/* ---- entries -------------------------------------------------------------------------------- */

static void read_entry(struct yaml_reader *reader, int node, struct entry *entry)
{
    static const struct yaml_member members[] = {
            {"id", read_text, offsetof(struct entry, id), true},
            {"title", read_text, offsetof(struct entry, title), true},
            {"questions", read_questions, offsetof(struct entry, questions), true},
            {"answer", read_text, offsetof(struct entry, answer), false},
            {"replies", read_replies, offsetof(struct entry, replies), false},
            {"needs", read_needs, offsetof(struct entry, needs), false},
            {"skills", read_skills, offsetof(struct entry, skills), false},
            {"handoff", read_flag, offsetof(struct entry, hands_over), false}};
    yaml_read_members(reader, node, "an entry", members, COUNT(members), entry);
    if (yaml_has_failed(reader))
        return;
    if (entry->answer == NULL && !entry->hands_over)
        yaml_fail(reader, node, "an entry needs an \"answer\", or \"handoff: true\"");
    if (strlen(entry->id) > 40 || strlen(entry->title) > 80)
        yaml_fail(reader, node, "an id has at most 40 bytes, a title at most 80");
}

static void read_entries(struct yaml_reader *reader, int node, void *target)
{
    struct knowledge *knowledge =
            (struct knowledge *)(void *)((char *)target - offsetof(struct knowledge, entries));
    size_t count = yaml_is_list(reader, node) ? yaml_count(reader, node) : 0;
    if (count == 0 || count > ENTRIES_MAX) {
        yaml_fail(reader, node, "\"entries\" is a list of 1 to %d entries", ENTRIES_MAX);
        return;
    }
    knowledge->entries = yaml_take(reader, node, count * sizeof *knowledge->entries);
    for (size_t i = 0; i < count && !yaml_has_failed(reader); i++) {
        struct entry *entry = &knowledge->entries[i];
        int item = yaml_item(reader, node, i);
        read_entry(reader, item, entry);
        if (!yaml_has_failed(reader) && knowledge_find(knowledge, entry->id) != NULL)
            yaml_fail(reader, item, "there are two entries \"%s\"", entry->id);
        knowledge->entry_count++;
    }
}

/* ---- the rest of the file ------------------------------------------------------------------- */

static void read_synonyms(struct yaml_reader *reader, int node, void *target)
{
    struct knowledge *knowledge =
            (struct knowledge *)(void *)((char *)target - offsetof(struct knowledge, synonyms));
    if (!yaml_is_list(reader, node) || yaml_count(reader, node) > SYNONYMS_MAX) {
        yaml_fail(reader, node, "\"synonyms\" is a list of at most %d groups", SYNONYMS_MAX);
        return;
    }
    for (size_t i = 0; i < yaml_count(reader, node) && !yaml_has_failed(reader); i++)
        read_list(reader, yaml_item(reader, node, i),
                &knowledge->synonyms[knowledge->synonym_count++], GROUP_MAX);
}

static void read_greetings(struct yaml_reader *reader, int node, void *target)
{
    static const struct yaml_member members[] = {
            {"page", read_text, offsetof(struct page_greeting, page), true},
            {"text", read_text, offsetof(struct page_greeting, text), true}};
    struct knowledge *knowledge =
            (struct knowledge *)(void *)((char *)target - offsetof(struct knowledge, greetings));
    if (!yaml_is_list(reader, node) || yaml_count(reader, node) > GREETINGS_MAX) {
        yaml_fail(reader, node, "\"greetings\" is a list of at most %d", GREETINGS_MAX);
        return;
    }
    for (size_t i = 0; i < yaml_count(reader, node) && !yaml_has_failed(reader); i++)
        yaml_read_members(reader, yaml_item(reader, node, i), "a greeting", members, COUNT(members),
                &knowledge->greetings[knowledge->greeting_count++]);
}

static void read_texts(struct yaml_reader *reader, int node, void *target)
{
    static const struct yaml_member members[] = {
            {"greeting", read_text, offsetof(struct guide_texts, greeting), false},
            {"greeting_again", read_text, offsetof(struct guide_texts, greeting_again), false},
            {"hello", read_text, offsetof(struct guide_texts, hello), false},
            {"clarify", read_text, offsetof(struct guide_texts, clarify), false},
            {"lost", read_text, offsetof(struct guide_texts, lost), false},
            {"handoff", read_text, offsetof(struct guide_texts, handoff), false},
            {"thanks", read_text, offsetof(struct guide_texts, thanks), false},
            {"bye", read_text, offsetof(struct guide_texts, bye), false},
            {"person", read_text, offsetof(struct guide_texts, person), false}};
    yaml_read_members(reader, node, "\"texts\"", members, COUNT(members), target);
}

static void read_manners(struct yaml_reader *reader, int node, void *target)
{
    static const struct yaml_member members[] = {
            {"person", read_phrases, MANNER_PERSON * sizeof(struct text_list), false},
            {"thanks", read_phrases, MANNER_THANKS * sizeof(struct text_list), false},
            {"bye", read_phrases, MANNER_BYE * sizeof(struct text_list), false},
            {"hello", read_phrases, MANNER_HELLO * sizeof(struct text_list), false}};
    yaml_read_members(reader, node, "\"phrases\"", members, COUNT(members), target);
}

static void read_knowledge(struct yaml_reader *reader, int node, void *target)
{
    static const struct yaml_member members[] = {
            {"name", read_text, offsetof(struct knowledge, name), true},
            {"language", read_text, offsetof(struct knowledge, language), false},
            {"threshold", read_percent, offsetof(struct knowledge, threshold_percent), false},
            {"margin", read_percent, offsetof(struct knowledge, margin_percent), false},
            {"skills", read_skills, offsetof(struct knowledge, skills), false},
            {"start", read_replies, offsetof(struct knowledge, start), false},
            {"texts", read_texts, offsetof(struct knowledge, texts), false},
            {"greetings", read_greetings, offsetof(struct knowledge, greetings), false},
            {"phrases", read_manners, offsetof(struct knowledge, manners), false},
            {"synonyms", read_synonyms, offsetof(struct knowledge, synonyms), false},
            {"entries", read_entries, offsetof(struct knowledge, entries), true}};
    yaml_read_members(reader, node, "a knowledge file", members, COUNT(members), target);
}

/* ---- defaults ------------------------------------------------------------------------------- */

static const char *const person_phrases[] = {"human", "agent", "representative", "operator",
        "talk to a human", "talk to a person", "talk to an agent", "talk to someone",
        "talk to a representative", "speak to a human", "speak to a person", "speak with an agent",
        "speak with someone", "speak with a representative", "chat with a human",
        "chat with a person", "chat with an agent", "chat with someone", "real person",
        "human being", "live agent", "live chat", "connect me with an agent",
        "connect me to a person", "customer service employee", "talk to a colleague",
        "talk to support", "speak to support"};
static const char *const thanks_phrases[] = {"thanks", "thank you very much", "many thanks",
        "great, thanks", "thx", "cheers", "that helps, thank you", "perfect", "thanks a lot",
        "that is all, thanks", "no thanks"};
static const char *const bye_phrases[] = {
        "bye", "goodbye", "see you", "have a nice day", "good night", "bye bye", "thanks, bye"};
static const char *const hello_phrases[] = {"hello", "hi", "hey", "hello there", "good morning",
        "good evening", "good afternoon", "greetings", "good day"};

static void default_list(struct text_list *list, const char *const *items, size_t count)
{
    if (list->count == 0)
        *list = (struct text_list){(const char **)items, count};
}

static void default_text(const char **text, const char *otherwise)
{
    if (*text == NULL)
        *text = otherwise;
}

static void fill_defaults(struct knowledge *knowledge)
{
    struct guide_texts *texts = &knowledge->texts;
    default_list(&knowledge->manners[MANNER_PERSON], person_phrases, COUNT(person_phrases));
    default_list(&knowledge->manners[MANNER_THANKS], thanks_phrases, COUNT(thanks_phrases));
    default_list(&knowledge->manners[MANNER_BYE], bye_phrases, COUNT(bye_phrases));
    default_list(&knowledge->manners[MANNER_HELLO], hello_phrases, COUNT(hello_phrases));
    default_text(&knowledge->language, "en");
    default_text(&texts->greeting, "Hello[ {name}]! How can I help you?");
    default_text(&texts->greeting_again, "Welcome back[, {name}]! How can I help you today?");
    default_text(&texts->hello, "Hello[ {name}]!");
    default_text(&texts->clarify, "I am not quite sure what you mean. Is it one of these?");
    default_text(&texts->lost, "I did not understand that. Could you say it in other words?");
    default_text(&texts->handoff,
            "I am handing you over to a colleague, who can see everything that you have written.");
    default_text(&texts->thanks, "You are welcome! Is there anything else?");
    default_text(&texts->bye, "Goodbye[, {name}]!");
    default_text(&texts->person, "Talk to a person");
    if (knowledge->threshold_percent == 0)
        knowledge->threshold_percent = 50;
    if (knowledge->margin_percent == 0)
        knowledge->margin_percent = 8;
}

/* ---- reading -------------------------------------------------------------------------------- */

const struct entry *knowledge_find(const struct knowledge *knowledge, const char *id)
{
    for (size_t i = 0; id != NULL && i < knowledge->entry_count; i++)
        if (strcmp(knowledge->entries[i].id, id) == 0)
            return &knowledge->entries[i];
    return NULL;
}

void knowledge_finish(struct knowledge *knowledge)
{
    match_index_destroy(knowledge->index);
    free(knowledge->bytes);
    *knowledge = (struct knowledge){0};
}

bool knowledge_read(struct slice yaml, const char *name, struct knowledge *out_knowledge,
        char out_problem[KNOWLEDGE_PROBLEM_MAX])
{
    struct knowledge knowledge = {0};
    knowledge.bytes = malloc(KNOWLEDGE_BYTES);
    check(knowledge.bytes != NULL);
    arena_init(&knowledge.arena, knowledge.bytes, KNOWLEDGE_BYTES);
    if (!yaml_read_root(yaml, name, &knowledge.arena, read_knowledge, &knowledge, out_problem,
                KNOWLEDGE_PROBLEM_MAX)) {
        free(knowledge.bytes);
        return false;
    }
    fill_defaults(&knowledge);
    *out_knowledge = knowledge;
    out_knowledge->index = match_index_create(out_knowledge);
    return true;
}

bool knowledge_read_file(
        const char *path, struct knowledge *out_knowledge, char out_problem[KNOWLEDGE_PROBLEM_MAX])
{
    FILE *file = fopen(path, "re");
    char *yaml = malloc(KNOWLEDGE_FILE_MAX + 1);
    size_t len = file && yaml ? fread(yaml, 1, KNOWLEDGE_FILE_MAX + 1, file) : 0;
    bool is_read = false;
    if (file == NULL)
        snprintf(out_problem, KNOWLEDGE_PROBLEM_MAX, "%s cannot be opened: %m", path);
    else if (len > KNOWLEDGE_FILE_MAX)
        snprintf(out_problem, KNOWLEDGE_PROBLEM_MAX, "%s is larger than 1 MiB", path);
    else
        is_read = knowledge_read(slice_make(yaml, len), path, out_knowledge, out_problem);
    if (file != NULL)
        fclose(file);
    free(yaml);
    return is_read;
}
