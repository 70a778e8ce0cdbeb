/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting a pool's values and encoding them.
 *
 * Invariant: what is saved can be read: with the same scratch, by the same reader, tried before it
 * is appended. A pool that is too large for that is not saved, never half.
 */
#include "flow/pool_save.h"

#include "stored/pool_codec.h"

struct collected {
    struct pool_entry *entries;
    struct arena *scratch;
    size_t count;
    bool is_too_much;
};

static const void *keep(struct collected *all, const void *from, size_t size)
{
    void *to = size > 0 ? arena_take(all->scratch, size) : NULL;
    if (to != NULL)
        memcpy(to, from, size);
    all->is_too_much = all->is_too_much || (size > 0 && to == NULL);
    return to;
}

/* The visited entry's slices are borrowed until the visit returns: arrays are kept, texts are the
 * fold's own. */
static void collect(void *user, const struct pool_entry *entry)
{
    struct collected *all = user;
    if (all->is_too_much || all->count == POOL_SAVED_MAX) {
        all->is_too_much = true;
        return;
    }
    struct pool_entry *kept = &all->entries[all->count++];
    *kept = *entry;
    kept->need.skills =
            keep(all, entry->need.skills, entry->need.skill_count * sizeof *entry->need.skills);
    kept->profile.skills = keep(
            all, entry->profile.skills, entry->profile.skill_count * sizeof *entry->profile.skills);
    kept->profile.languages = keep(all, entry->profile.languages,
            entry->profile.language_count * sizeof *entry->profile.languages);
    kept->need.prefers =
            keep(all, entry->need.prefers, entry->need.prefer_count * sizeof *entry->need.prefers);
    kept->profile.queues = keep(
            all, entry->profile.queues, entry->profile.queue_count * sizeof *entry->profile.queues);
    kept->profile.channels = keep(all, entry->profile.channels,
            entry->profile.channel_count * sizeof *entry->profile.channels);
    kept->exclusions =
            keep(all, entry->exclusions, entry->exclusion_count * sizeof *entry->exclusions);
    kept->terms = keep(all, entry->terms, entry->term_count * sizeof *entry->terms);
}

static bool can_be_read(const struct buffer *out, struct arena *scratch)
{
    const struct pool_entry *entries;
    size_t count;
    return !out->overflowed && pool_decode(buffer_slice(out), scratch, &entries, &count);
}

bool pool_save(const struct pool *pool, struct arena *scratch, struct buffer *out)
{
    size_t mark = scratch->used;
    struct collected all = {.scratch = scratch};
    all.entries = arena_take(scratch, POOL_SAVED_MAX * sizeof *all.entries);
    if (all.entries == NULL)
        return false;
    pool_snapshot(pool, collect, &all);
    bool is_encoded = !all.is_too_much && pool_encode(all.entries, all.count, scratch, out);
    scratch->used = mark;
    bool is_good = is_encoded && can_be_read(out, scratch);
    scratch->used = mark;
    return is_good;
}
