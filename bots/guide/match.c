/* SPDX-License-Identifier: Apache-2.0 */
/* Matching by weighted overlap of words.
 *
 * A word weighs the more, the fewer entries use it (as in tf-idf); words that no entry uses count
 * against all. The score of a question is the Dice coefficient of the two sets of words, so neither
 * a long story nor a single common word carries it. Invariant: the same text gets the same scores,
 * whatever order the entries are written in; synonyms are replaced on both sides before anything is
 * counted. Scores are a ranking with a threshold, not probabilities.
 */
#include "bots/guide/match.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/map.h"
#include "bots/guide/words.h"

#include <math.h>
#include <stdlib.h>

enum { PHRASE_WORDS_MAX = 3, TERM_MAX = PHRASE_WORDS_MAX * (WORD_BYTES_MAX + 1) };

static const double unknown_share = 0.5;    /* of the heaviest weight */
static const double length_ratio_max = 2.5; /* a story counts as at most this many questions */
static const double union_share = 0.15;     /* for words of the entry's other questions */
static const double wording_share = 0.12;   /* for small words: "where is", "do not want" */

struct term {
    struct map_node node;
    char text[TERM_MAX];
    const struct term *same_as; /* the first of its group of synonyms, or NULL */
    double weight;
    size_t entries, last_entry; /* how many use it; the last one counted, from 1 */
};

struct question {
    const struct term **terms;
    size_t count, entry;
    double weight;
    uint32_t *wording; /* a hash of each word, the small ones too */
    size_t wording_count;
};

struct match_index {
    const struct knowledge *knowledge;
    struct map terms;
    struct question *questions;
    size_t question_count;
    double unknown_weight;
};

/* The distinct terms of a text; unknown ones are only counted. */
struct bag {
    const struct term *terms[WORDS_MAX];
    size_t count, unknown;
    double weight;
    uint32_t wording[WORDS_MAX];
    size_t wording_count;
};

/* ---- terms ---------------------------------------------------------------------------------- */

static struct term *find_term(const struct match_index *index, struct slice text)
{
    return MAP_ITEM(map_find(&index->terms, text), struct term, node);
}

static struct term *add_term(struct match_index *index, struct slice text)
{
    struct term *term = find_term(index, text);
    if (term != NULL)
        return term;
    term = calloc(1, sizeof *term);
    check(term != NULL && text.len < sizeof term->text);
    memcpy(term->text, text.bytes, text.len);
    map_put(&index->terms, &term->node, slice_make(term->text, text.len));
    return term;
}

/* Words that say something, and are neither numbers nor codes. */
static void drop_small_words(struct words *words)
{
    size_t kept = 0;
    for (size_t i = 0; i < words->count; i++)
        if (!words->items[i].is_stop && !words->items[i].has_digits)
            words->items[kept++] = words->items[i];
    words->count = kept;
}

static struct slice join(const struct words *words, size_t from, size_t count, char out[TERM_MAX])
{
    struct buffer text = buffer_make(out, TERM_MAX);
    for (size_t i = from; i < from + count; i++) {
        if (i > from)
            buffer_put_char(&text, ' ');
        buffer_put(&text, words->items[i].text, strlen(words->items[i].text));
    }
    return buffer_slice(&text);
}

/* The longest term that begins at this word; NULL: unknown. */
static const struct term *take_term(
        const struct match_index *index, const struct words *words, size_t at, size_t *out_count)
{
    char space[TERM_MAX];
    for (size_t count = PHRASE_WORDS_MAX; count > 0; count--) {
        if (at + count > words->count)
            continue;
        const struct term *term = find_term(index, join(words, at, count, space));
        *out_count = count;
        if (term != NULL)
            return term->same_as ? term->same_as : term;
    }
    return NULL;
}

static void put_in_bag(struct bag *bag, const struct term *term)
{
    for (size_t i = 0; i < bag->count; i++)
        if (bag->terms[i] == term)
            return;
    bag->terms[bag->count++] = term;
}

/* source: FNV-1a */
static uint32_t hash_word(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

static void read_bag(const struct match_index *index, struct slice text, struct bag *out_bag)
{
    struct words words;
    words_read(text, &words);
    *out_bag = (struct bag){.wording_count = words.count};
    for (size_t i = 0; i < words.count; i++)
        out_bag->wording[i] = hash_word(words.items[i].text);
    drop_small_words(&words);
    for (size_t at = 0, step = 1; at < words.count; at += step) {
        const struct term *term = take_term(index, &words, at, &step);
        if (term != NULL)
            put_in_bag(out_bag, term);
        else
            out_bag->unknown++;
    }
}

/* ---- the index ------------------------------------------------------------------------------ */

static void add_synonyms(struct match_index *index, const struct text_list *group)
{
    struct term *first = NULL;
    for (size_t i = 0; i < group->count; i++) {
        char space[TERM_MAX];
        struct words words;
        words_read(slice_of_string(group->items[i]), &words);
        drop_small_words(&words);
        if (words.count == 0 || words.count > PHRASE_WORDS_MAX)
            continue;
        struct term *term = add_term(index, join(&words, 0, words.count, space));
        if (first == NULL)
            first = (struct term *)(term->same_as ? term->same_as : term);
        else if (term != first && term->same_as == NULL)
            term->same_as = first;
    }
}

static void add_words(struct match_index *index, struct slice text)
{
    struct words words;
    words_read(text, &words);
    drop_small_words(&words);
    for (size_t i = 0; i < words.count; i++)
        add_term(index, slice_of_string(words.items[i].text));
}

static void count_use(const struct term *term, size_t entry)
{
    struct term *counted = (struct term *)term;
    if (counted->last_entry == entry + 1)
        return;
    counted->last_entry = entry + 1;
    counted->entries++;
}

static void add_question(struct match_index *index, size_t entry, const char *text)
{
    struct question *question = &index->questions[index->question_count];
    struct bag bag;
    add_words(index, slice_of_string(text));
    read_bag(index, slice_of_string(text), &bag);
    if (bag.count == 0)
        return;
    question->terms = malloc(bag.count * sizeof *question->terms);
    question->wording = malloc(bag.wording_count * sizeof *question->wording);
    check(question->terms != NULL && question->wording != NULL);
    memcpy(question->wording, bag.wording, bag.wording_count * sizeof *question->wording);
    question->wording_count = bag.wording_count;
    memcpy(question->terms, bag.terms, bag.count * sizeof *question->terms);
    question->count = bag.count;
    question->entry = entry;
    for (size_t i = 0; i < bag.count; i++)
        count_use(bag.terms[i], entry);
    index->question_count++;
}

static void weigh(struct match_index *index)
{
    double entries = (double)index->knowledge->entry_count;
    for (struct map_node *node = map_next(&index->terms, NULL); node != NULL;
            node = map_next(&index->terms, node)) {
        struct term *term = MAP_ITEM(node, struct term, node);
        term->weight = log(1 + entries / (double)(term->entries ? term->entries : 1));
    }
    index->unknown_weight = unknown_share * log(1 + entries);
    for (size_t i = 0; i < index->question_count; i++)
        for (size_t j = 0; j < index->questions[i].count; j++)
            index->questions[i].weight += index->questions[i].terms[j]->weight;
}

struct match_index *match_index_create(const struct knowledge *knowledge)
{
    struct match_index *index = calloc(1, sizeof *index);
    size_t questions = 0;
    check(index != NULL);
    index->knowledge = knowledge;
    for (size_t i = 0; i < knowledge->synonym_count; i++)
        add_synonyms(index, &knowledge->synonyms[i]);
    for (size_t i = 0; i < knowledge->entry_count; i++)
        questions += knowledge->entries[i].questions.count + 1;
    index->questions = calloc(questions, sizeof *index->questions);
    check(index->questions != NULL);
    for (size_t i = 0; i < knowledge->entry_count; i++) {
        const struct entry *entry = &knowledge->entries[i];
        add_question(index, i, entry->title);
        for (size_t j = 0; j < entry->questions.count; j++)
            add_question(index, i, entry->questions.items[j]);
    }
    weigh(index);
    return index;
}

void match_index_destroy(struct match_index *index)
{
    if (index == NULL)
        return;
    for (size_t i = 0; i < index->question_count; i++)
        free(index->questions[i].terms), free(index->questions[i].wording);
    free(index->questions);
    struct map_node *node = map_next(&index->terms, NULL);
    while (node != NULL) {
        struct map_node *next = map_next(&index->terms, node);
        free(MAP_ITEM(node, struct term, node));
        node = next;
    }
    map_finish(&index->terms);
    free(index);
}

/* ---- scores --------------------------------------------------------------------------------- */

static bool is_in_question(const struct question *question, const struct term *term)
{
    for (size_t i = 0; i < question->count; i++)
        if (question->terms[i] == term)
            return true;
    return false;
}

static double score_terms(const struct question *question, const struct bag *bag)
{
    double common = 0;
    double limit = question->weight * length_ratio_max;
    for (size_t i = 0; i < bag->count; i++)
        if (is_in_question(question, bag->terms[i]))
            common += bag->terms[i]->weight;
    return 2 * common / (question->weight + (bag->weight < limit ? bag->weight : limit));
}

static double score_wording(const struct question *question, const struct bag *bag)
{
    size_t common = 0;
    for (size_t i = 0; i < question->wording_count; i++) {
        size_t at = 0;
        while (at < bag->wording_count && bag->wording[at] != question->wording[i])
            at++;
        common += at < bag->wording_count;
    }
    return 2 * (double)common / (double)(question->wording_count + bag->wording_count);
}

static double score_question(const struct question *question, const struct bag *bag)
{
    double terms = score_terms(question, bag);
    if (terms == 0)
        return 0;
    double wording = score_wording(question, bag);
    return (1 - wording_share) * terms + wording_share * (wording < 1 ? wording : 1);
}

/* How much of the text occurs anywhere in the entry. */
static double score_union(
        const struct match_index *index, size_t first, size_t end, const struct bag *bag)
{
    double common = 0;
    for (size_t i = 0; i < bag->count; i++) {
        size_t at = first;
        while (at < end && !is_in_question(&index->questions[at], bag->terms[i]))
            at++;
        common += at < end ? bag->terms[i]->weight : 0;
    }
    return common / bag->weight;
}

static void insert(struct match *matches, size_t *count, size_t max, struct match match)
{
    size_t at = *count;
    while (at > 0 && matches[at - 1].percent < match.percent)
        at--;
    if (at == max)
        return;
    size_t moved = (*count < max ? *count : max - 1) - at;
    memmove(&matches[at + 1], &matches[at], moved * sizeof *matches);
    matches[at] = match;
    *count += *count < max;
}

size_t match_entries(
        const struct match_index *index, struct slice text, struct match *out_matches, size_t max)
{
    struct bag bag;
    size_t count = 0;
    read_bag(index, text, &bag);
    bag.weight = (double)bag.unknown * index->unknown_weight;
    for (size_t i = 0; i < bag.count; i++)
        bag.weight += bag.terms[i]->weight;
    if (bag.count == 0)
        return 0;
    for (size_t first = 0, end; first < index->question_count; first = end) {
        double best = 0;
        size_t entry = index->questions[first].entry;
        for (end = first; end < index->question_count && index->questions[end].entry == entry;
                end++) {
            double score = score_question(&index->questions[end], &bag);
            best = score > best ? score : best;
        }
        double whole =
                (1 - union_share) * best + union_share * score_union(index, first, end, &bag);
        if (best > 0)
            insert(out_matches, &count, max,
                    (struct match){
                            &index->knowledge->entries[entry], (unsigned)(100 * whole + 0.5)});
    }
    return count;
}

/* ---- manners -------------------------------------------------------------------------------- */

static bool has_word(const struct words *words, const char *text)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i].text, text) == 0)
            return true;
    return false;
}

static bool has_all(const struct words *words, const struct words *wanted)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (!has_word(words, wanted->items[i].text))
            return false;
    return wanted->count > 0;
}

/* A wish for a person may stand anywhere in a longer text; one lone word must carry it. */
static unsigned match_person(const struct words *all, const struct text_list *phrases)
{
    unsigned best = 0;
    struct words words = *all, phrase;
    drop_small_words(&words);
    for (size_t i = 0; i < phrases->count; i++) {
        words_read(slice_of_string(phrases->items[i]), &phrase);
        drop_small_words(&phrase);
        if (!has_all(&words, &phrase))
            continue;
        unsigned percent = phrase.count > 1 ? 100 : (unsigned)(100 * phrase.count / words.count);
        best = percent > best ? percent : best;
    }
    return best;
}

unsigned match_manner(const struct match_index *index, struct slice text, enum manner manner)
{
    const struct text_list *phrases = &index->knowledge->manners[manner];
    struct words words, phrase;
    bool is_covered[WORDS_MAX] = {0}, is_found = false;
    size_t covered = 0;
    words_read(text, &words);
    if (manner == MANNER_PERSON)
        return match_person(&words, phrases);
    for (size_t i = 0; i < phrases->count; i++) {
        words_read(slice_of_string(phrases->items[i]), &phrase);
        is_found |= has_all(&words, &phrase);
        for (size_t j = 0; j < words.count; j++)
            is_covered[j] |= words.items[j].is_stop || has_word(&phrase, words.items[j].text);
    }
    for (size_t j = 0; j < words.count; j++)
        covered += is_covered[j];
    return is_found ? (unsigned)(100 * covered / words.count) : 0;
}
