/* SPDX-License-Identifier: Apache-2.0 */
/* Dense counters per lineage, with a window of places for the lineages used last.
 *
 * Invariant: a number up to a lineage's highest was appended exactly once, whether or not its place
 * is still at hand. The table is bounded: the lineage unused for longest makes room, and
 * forgotten_birth then keeps anything as old from passing for new.
 */
#include "core/conversation/lineages.h"

#include "base/base32.h"
#include "base/check.h"

static void put_digits(uint64_t value, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = base32_digits[value >> 5 * (count - 1 - i) & 31];
}

void lineage_make(uint64_t now_ms, const uint8_t random[8], char out[LINEAGE_LEN])
{
    uint64_t bits;
    memcpy(&bits, random, sizeof bits);
    put_digits(now_ms, LINEAGE_BIRTH_LEN, out);
    out[LINEAGE_BIRTH_LEN] = '-';
    put_digits(bits, LINEAGE_LEN - LINEAGE_BIRTH_LEN - 1, out + LINEAGE_BIRTH_LEN + 1);
}

bool lineage_is_well_formed(struct slice id)
{
    char digits[LINEAGE_LEN];
    if (id.len != LINEAGE_LEN || id.bytes[LINEAGE_BIRTH_LEN] != '-')
        return false;
    memcpy(digits, id.bytes, LINEAGE_LEN);
    digits[LINEAGE_BIRTH_LEN] = base32_digits[0];
    return base32_is_text(slice_make(digits, LINEAGE_LEN));
}

uint64_t lineage_birth_ms(struct slice id)
{
    uint64_t value = 0;
    for (size_t i = 0; i < LINEAGE_BIRTH_LEN; i++)
        value = value << 5 | (uint64_t)(base32_values[(uint8_t)id.bytes[i]] - 1);
    return value;
}

static const struct lineage *find(const struct lineages *lineages, struct slice id)
{
    for (size_t i = 0; i < lineages->count; i++)
        if (memcmp(lineages->all[i].id, id.bytes, LINEAGE_LEN) == 0)
            return &lineages->all[i];
    return NULL;
}

static enum lineage_answer ask_known(const struct lineages *lineages, const struct lineage *lineage,
        uint64_t n, uint64_t digest, struct lineage_place *out_place)
{
    if (n == lineage->highest + 1)
        return LINEAGE_NEXT;
    if (n > lineage->highest) {
        *out_place = (struct lineage_place){.at.seq = lineage->highest + 1};
        return LINEAGE_AHEAD;
    }
    if (lineage->window == 0 || n + LINEAGE_WINDOW <= lineage->highest)
        return LINEAGE_LONG_AGO;
    const struct lineage_place *place = &lineages->windows[lineage->window - 1][n % LINEAGE_WINDOW];
    if (place->at.seq == 0)
        return LINEAGE_LONG_AGO;
    if (place->digest != digest)
        return LINEAGE_OTHER;
    *out_place = *place;
    return LINEAGE_ALREADY;
}

enum lineage_answer lineages_ask(const struct lineages *lineages, struct slice id, uint64_t n,
        uint64_t digest, struct lineage_place *out_place)
{
    const struct lineage *lineage = id.len == LINEAGE_LEN && n != 0 ? find(lineages, id) : NULL;
    if (lineage != NULL)
        return ask_known(lineages, lineage, n, digest, out_place);
    if (!lineage_is_well_formed(id) || n == 0)
        return LINEAGE_MALFORMED;
    if (memcmp(id.bytes, lineages->forgotten_birth, LINEAGE_BIRTH_LEN) <= 0)
        return LINEAGE_MALFORMED;
    if (n == 1)
        return LINEAGE_NEXT;
    *out_place = (struct lineage_place){.at.seq = 1};
    return LINEAGE_AHEAD;
}

static struct lineage *least_used(struct lineages *lineages, bool with_window)
{
    struct lineage *least = NULL;
    for (size_t i = 0; i < lineages->count; i++) {
        struct lineage *at = &lineages->all[i];
        if ((at->window != 0 || !with_window) && (least == NULL || at->used_seq < least->used_seq))
            least = at;
    }
    return least;
}

static struct lineage *add(struct lineages *lineages, struct slice id)
{
    struct lineage *lineage;
    if (lineages->count < LINEAGES_MAX) {
        lineage = &lineages->all[lineages->count++];
    } else {
        lineage = least_used(lineages, false);
        if (memcmp(lineage->id, lineages->forgotten_birth, LINEAGE_BIRTH_LEN) > 0)
            memcpy(lineages->forgotten_birth, lineage->id, LINEAGE_BIRTH_LEN);
    }
    *lineage = (struct lineage){0};
    memcpy(lineage->id, id.bytes, LINEAGE_LEN);
    return lineage;
}

static void lend_window(struct lineages *lineages, struct lineage *lineage)
{
    uint8_t taken = 0;
    for (size_t i = 0; i < lineages->count; i++)
        if (lineages->all[i].window != 0)
            taken = (uint8_t)(taken | 1u << (lineages->all[i].window - 1));
    for (uint8_t i = 0; i < LINEAGE_WINDOWS && lineage->window == 0; i++)
        if (!(taken >> i & 1))
            lineage->window = (uint8_t)(i + 1);
    if (lineage->window == 0) {
        struct lineage *lender = least_used(lineages, true);
        lineage->window = lender->window;
        lender->window = 0;
    }
    memset(lineages->windows[lineage->window - 1], 0, sizeof lineages->windows[0]);
}

void lineages_record(struct lineages *lineages, struct slice id, uint64_t n, uint64_t digest,
        const struct name *at)
{
    struct lineage_place ignored;
    if (lineages_ask(lineages, id, n, digest, &ignored) != LINEAGE_NEXT)
        return;
    struct lineage *lineage = (struct lineage *)find(lineages, id);
    if (lineage == NULL)
        lineage = add(lineages, id);
    if (lineage->window == 0)
        lend_window(lineages, lineage);
    lineages->windows[lineage->window - 1][n % LINEAGE_WINDOW] =
            (struct lineage_place){*at, digest};
    lineage->highest = n;
    lineage->used_seq = at->seq;
    check(lineages->count <= LINEAGES_MAX);
}
