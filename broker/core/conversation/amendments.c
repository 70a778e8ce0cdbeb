/* SPDX-License-Identifier: Apache-2.0 */
/* The table of amended messages, and its pages.
 *
 * Invariant: each target is in the table at most once; what leaves the table is in a page that the
 * table leads to, so table and pages together know every amended message. A page is read as it was
 * written, whatever the table holds by then: where both know a target, the table is newer.
 */
#include "core/conversation/amendments.h"

#include "base/check.h"

static struct amendment *find(struct amendments *amendments, const struct name *target)
{
    for (size_t i = 0; i < amendments->count; i++)
        if (name_equal(&amendments->all[i].target, target))
            return &amendments->all[i];
    return NULL;
}

const struct amendment *amendments_find(
        const struct amendments *amendments, const struct name *target)
{
    return find((struct amendments *)amendments, target);
}

void amendments_record(
        struct amendments *amendments, const struct name *target, uint64_t by_seq, bool is_deleted)
{
    struct amendment *amendment = find(amendments, target);
    if (amendment == NULL) {
        check(!amendments_is_full(amendments));
        amendment = &amendments->all[amendments->count++];
        *amendment = (struct amendment){.target = *target};
    }
    if (amendment->is_deleted)
        return;
    amendment->by_seq = by_seq;
    amendment->is_deleted = is_deleted;
}

/* ---- pages ------------------------------------------------------------------------------------
 */

static void put_u64(uint8_t *out, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static void put(uint8_t *out, const struct amendment *amendment)
{
    put_u64(out, amendment->target.seq);
    memcpy(out + 8, amendment->target.mark, MARK_SIZE);
    put_u64(out + 8 + MARK_SIZE, amendment->by_seq);
    out[16 + MARK_SIZE] = amendment->is_deleted;
}

/* How many of the table were amended earlier. An entry amends one message. */
static size_t rank(const struct amendments *amendments, const struct amendment *amendment)
{
    size_t before = 0;
    for (size_t i = 0; i < amendments->count; i++)
        before += amendments->all[i].by_seq < amendment->by_seq;
    return before;
}

struct slice amendments_page(
        const struct amendments *amendments, uint8_t out[AMENDMENTS_PAGE_BYTES])
{
    size_t count = 0;
    for (size_t i = 0; i < amendments->count; i++) {
        size_t place = rank(amendments, &amendments->all[i]);
        if (place >= AMENDMENTS_PAGE)
            continue;
        put(out + place * AMENDMENT_SIZE, &amendments->all[i]);
        count++;
    }
    return slice_make(out, count * AMENDMENT_SIZE);
}

struct slice amendments_write(const struct amendments *amendments, uint8_t out[AMENDMENTS_BYTES])
{
    for (size_t i = 0; i < amendments->count; i++)
        put(out + i * AMENDMENT_SIZE, &amendments->all[i]);
    return slice_make(out, amendments->count * AMENDMENT_SIZE);
}

bool amendments_page_read(struct slice page, size_t at, struct amendment *out)
{
    if ((at + 1) * AMENDMENT_SIZE > page.len)
        return false;
    const uint8_t *bytes = (const uint8_t *)page.bytes + at * AMENDMENT_SIZE;
    *out = (struct amendment){.target.seq = get_u64(bytes),
            .by_seq = get_u64(bytes + 8 + MARK_SIZE),
            .is_deleted = bytes[16 + MARK_SIZE] != 0};
    memcpy(out->target.mark, bytes + 8, MARK_SIZE);
    return true;
}

void amendments_on_page(struct amendments *amendments, struct slice page, uint64_t seq)
{
    struct amendment paged;
    for (size_t i = 0; amendments_page_read(page, i, &paged); i++) {
        struct amendment *held = find(amendments, &paged.target);
        if (held != NULL)
            *held = amendments->all[--amendments->count];
        if (paged.by_seq > amendments->paged_up_to)
            amendments->paged_up_to = paged.by_seq;
    }
    amendments->page_seq = seq;
}
