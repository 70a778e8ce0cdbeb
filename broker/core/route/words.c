/* SPDX-License-Identifier: Apache-2.0 */
/* Interned text.
 *
 * Invariant: a text has at most one number at a time, and keeps it while anybody takes it. Numbers
 * are given anew after that: they mean nothing outside of one fold, and no decision depends on
 * their order.
 */
#include "core/route/words.h"

#include "base/check.h"
#include "core/route/grid.h"

static uint64_t hash_of(const struct words *words, struct slice text)
{
    return table_hash(words->seed, text);
}

struct slice words_text(const struct words *words, uint32_t word)
{
    if (word == WORD_NONE)
        return SLICE_NONE;
    return slice_make(words->items[word].text, words->items[word].len);
}

uint32_t words_find(const struct words *words, struct slice text)
{
    uint64_t hash = hash_of(words, text);
    uint32_t word;
    for (size_t cursor = 0; table_next(&words->index, hash, &cursor, &word);)
        if (slice_equal(words_text(words, word), text))
            return word;
    return WORD_NONE;
}

static bool reserve(struct words *words, const struct pool_memory *memory)
{
    if (words->first_free == 0 && words->count >= words->capacity) {
        uint32_t capacity = words->capacity ? words->capacity * 2 : 32;
        void *items = memory->resize(memory->user, words->items, capacity * sizeof *words->items);
        if (items == NULL)
            return false;
        words->items = items;
        words->capacity = capacity;
    }
    return table_reserve(&words->index, memory);
}

static uint32_t free_number(struct words *words)
{
    uint32_t word = words->first_free;
    if (word != 0) {
        words->first_free = words->items[word].next_free;
        return word;
    }
    words->count += words->count == 0; /* 0 is WORD_NONE */
    words->items[words->count] = (struct word){0};
    return words->count++;
}

bool words_take(struct words *words, const struct pool_memory *memory, struct slice text,
        uint32_t *out_word)
{
    check(text.len <= WORD_BYTES_MAX);
    uint32_t word = text.len ? words_find(words, text) : WORD_NONE;
    if (word == WORD_NONE && text.len > 0) {
        if (!reserve(words, memory))
            return false;
        word = free_number(words);
        struct word *item = &words->items[word];
        *item = (struct word){.len = (uint8_t)text.len,
                .agent = SLOT_NONE,
                .row = SLOT_NONE,
                .queue_row = SLOT_NONE,
                .list = item->list};
        memcpy(item->text, text.bytes, text.len);
        table_put(&words->index, hash_of(words, text), word);
    }
    if (word != WORD_NONE)
        words->items[word].takers++;
    *out_word = word;
    return true;
}

static void lower(struct slice text, char out[POOL_LANGUAGE_MAX])
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.bytes[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
}

bool words_take_language(struct words *words, const struct pool_memory *memory, struct slice tag,
        uint32_t *out_tag, uint32_t *out_primary)
{
    char text[POOL_LANGUAGE_MAX];
    lower(tag, text);
    const char *dash = tag.len ? memchr(text, '-', tag.len) : NULL;
    size_t primary_len = dash ? (size_t)(dash - text) : tag.len;
    uint32_t whole;
    if (!words_take(words, memory, slice_make(text, tag.len), &whole))
        return false;
    if (!words_take(words, memory, slice_make(text, primary_len), out_primary)) {
        words_give_back(words, whole);
        return false;
    }
    *out_tag = whole;
    return true;
}

void words_take_again(struct words *words, uint32_t word)
{
    if (word == WORD_NONE)
        return;
    check(words->items[word].takers > 0);
    words->items[word].takers++;
}

void words_give_back(struct words *words, uint32_t word)
{
    if (word == WORD_NONE)
        return;
    struct word *item = &words->items[word];
    check(item->takers > 0);
    if (--item->takers > 0)
        return;
    check(item->agent == SLOT_NONE && item->row == SLOT_NONE && item->queue_row == SLOT_NONE &&
            item->list.count == 0);
    table_remove(&words->index, hash_of(words, words_text(words, word)), word);
    item->next_free = words->first_free;
    words->first_free = word;
}

void words_clear(struct words *words)
{
    table_clear(&words->index);
    words->count = words->first_free = 0;
}

void words_finish(struct words *words, const struct pool_memory *memory)
{
    table_finish(&words->index, memory);
    if (words->items != NULL)
        memory->resize(memory->user, words->items, 0);
    *words = (struct words){0};
}
