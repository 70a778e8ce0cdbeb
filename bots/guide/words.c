/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation.
 *
 * Invariant: "Retour: RETURNS, returned, returning" all give the same word, however they were
 * typed; what is not a letter or digit separates. The stemmer is deliberately small: it makes
 * questions and answers of a shop meet, and where it goes too far it does so on both sides alike.
 */
#include "bots/guide/words.h"

#include <stdint.h>

/* ---- letters -------------------------------------------------------------------------------- */

/* U+00C0 … U+017F without their accents; two letters where one is not enough, ' ' for signs. */
static const char *const latin[] = {"a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e",
        "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "oe", " ", "o", "u", "u", "u", "ue", "y",
        "th", "ss", "a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",
        "i", "d", "n", "o", "o", "o", "o", "oe", " ", "o", "u", "u", "u", "ue", "y", "th", "y"};
static const char latin_a[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                              "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static size_t decode(struct slice text, size_t at, uint32_t *out_letter)
{
    uint8_t first = (uint8_t)text.bytes[at];
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    *out_letter = len == 1 ? first : first & (0xffu >> (len + 1));
    if (at + len > text.len)
        len = text.len - at;
    for (size_t i = 1; i < len; i++)
        *out_letter = *out_letter << 6 | ((uint8_t)text.bytes[at + i] & 0x3f);
    return len;
}

static const char *fold_ascii(char letter, char space[2])
{
    if (letter == '\'')
        return "";
    space[0] = letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
    bool is_kept = (space[0] >= 'a' && space[0] <= 'z') || (space[0] >= '0' && space[0] <= '9');
    return is_kept ? space : " ";
}

/* Apostrophes and accents vanish ("don't"), spaces and signs separate: "" and " ". Letters of other
 * scripts are kept: NULL. */
static const char *fold(uint32_t letter, char space[2])
{
    if (letter < 0x80)
        return fold_ascii((char)letter, space);
    if (letter == 0x2019 || letter == 0x2018 || (letter >= 0x300 && letter < 0x370))
        return "";
    if (letter >= 0xc0 && letter < 0x100)
        return latin[letter - 0xc0];
    if (letter >= 0x100 && letter < 0x100 + sizeof latin_a - 1) {
        space[0] = latin_a[letter - 0x100];
        return space;
    }
    if (letter < 0x180 || (letter >= 0x2000 && letter < 0x2c00) || letter == 0x3000)
        return " ";
    return NULL;
}

/* ---- stems ---------------------------------------------------------------------------------- */

static bool ends_with(const char *word, size_t len, const char *ending)
{
    size_t ending_len = strlen(ending);
    return len > ending_len && memcmp(word + len - ending_len, ending, ending_len) == 0;
}

static bool is_vowel(char letter)
{
    return strchr("aeiouy", letter) != NULL;
}

static bool has_vowel(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (is_vowel(word[i]))
            return true;
    return false;
}

static size_t strip_plural(char *word, size_t len)
{
    if (len > 4 && ends_with(word, len, "ies")) {
        word[len - 3] = 'y';
        return len - 2;
    }
    if (len > 4 && (ends_with(word, len, "sses") || ends_with(word, len, "xes") ||
                           ends_with(word, len, "zes") || ends_with(word, len, "ches") ||
                           ends_with(word, len, "shes")))
        return len - 2;
    if (len > 3 && word[len - 1] == 's' && strchr("sui", word[len - 2]) == NULL)
        return len - 1;
    return len;
}

static size_t strip_verb(const char *word, size_t len)
{
    size_t stem = len;
    if (len > 5 && ends_with(word, len, "ing"))
        stem = len - 3;
    else if (len > 4 && ends_with(word, len, "ed"))
        stem = len - 2;
    if (stem == len || !has_vowel(word, stem))
        return len;
    bool is_doubled = word[stem - 1] == word[stem - 2] && !is_vowel(word[stem - 1]) &&
                      strchr("lsz", word[stem - 1]) == NULL;
    return is_doubled ? stem - 1 : stem;
}

static void stem(char *word)
{
    size_t len = strip_verb(word, strip_plural(word, strlen(word)));
    if (len > 3 && word[len - 1] == 'e')
        len--;
    word[len] = '\0';
}

/* ---- words ---------------------------------------------------------------------------------- */

static const char stop_words[] =
        " "
        "a about after again all also am an and any anybody anyone are as at back be because "
        "been but by bye can cant cheers could couldnt did didnt do does doesnt doing done "
        "dont during for from get give go goodbye got had has have havent having he hello "
        "her hey hi him his hmm how however hows i id if ill im in into is isnt it its ive "
        "just know let lets like me more most much my myself need no nope not now of off oh "
        "ok okay on one or our out over please really said say she should since so some "
        "somebody somehow sorry tell than thank thanks that thats the their them then there "
        "theres they this those thx till to too until up us very want was wasnt we well were "
        "what whats when where which while who whom whos why will with wont would yeah yep "
        "yes you your youre yours youve ";

static bool is_stop_word(const char *word)
{
    size_t len = strlen(word);
    for (const char *at = strstr(stop_words, word); at != NULL; at = strstr(at + 1, word))
        if (at[-1] == ' ' && at[len] == ' ')
            return true;
    return false;
}

static void end_word(struct words *words, size_t *len)
{
    struct word *word = &words->items[words->count];
    if (*len == 0)
        return;
    word->text[*len] = '\0';
    *len = 0;
    word->has_digits = strpbrk(word->text, "0123456789") != NULL;
    word->is_stop = is_stop_word(word->text);
    if (!word->is_stop && !word->has_digits)
        stem(word->text);
    words->count++;
}

static void add_letters(struct word *word, size_t *len, const char *letters, size_t count)
{
    if (*len + count > WORD_BYTES_MAX)
        return;
    memcpy(word->text + *len, letters, count);
    *len += count;
}

void words_read(struct slice text, struct words *out_words)
{
    size_t len = 0;
    out_words->count = 0;
    for (size_t at = 0, step; at < text.len && out_words->count < WORDS_MAX; at += step) {
        uint32_t letter;
        char space[2] = {0};
        step = decode(text, at, &letter);
        const char *folded = fold(letter, space);
        if (folded != NULL && folded[0] == ' ')
            end_word(out_words, &len);
        else if (folded != NULL)
            add_letters(&out_words->items[out_words->count], &len, folded, strlen(folded));
        else
            add_letters(&out_words->items[out_words->count], &len, text.bytes + at, step);
    }
    if (out_words->count < WORDS_MAX)
        end_word(out_words, &len);
}
