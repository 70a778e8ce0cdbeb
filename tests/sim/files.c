/* SPDX-License-Identifier: Apache-2.0 */
/* Where files lie, in worlds that attach some: one disk for all nodes, each with its own shaky way
 * to it, and a door of its own.
 *
 * Invariant: in the end, an hour later, nothing lies there that was not kept for a message, and
 * nothing of a conversation that was erased.
 */
#include "base/check.h"
#include "tally.h"
#include "world.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    HOUR_MS = 60 * 60 * 1000,
    SWEPT_MS = 62 * 1000, /* by then, each node has */
    BREAK_PER_MILLE = 25,
    URL_MS = 600 * 1000
};

void files_begin(struct world *world)
{
    struct world_files *files = &world->files;
    uint64_t seed = world->plan.seed;
    if (!world->plan.attaches)
        return;
    fake_blobs_init(&files->disk, &world->world_timers.base);
    world->settings.upload_bytes_max = CAST_FILE_MAX;
    world->settings.upload_bytes_per_contact_max = FAKE_BLOBS_MAX * CAST_FILE_MAX;
    world->settings.messages_per_min_per_contact = 100000;
    world->settings.file_url_ms = URL_MS;
    for (unsigned i = 0; i < world->plan.node_count; i++) {
        struct sim_node *sim = &world->nodes[i];
        shaky_blobs_init(
                &sim->blobs, &files->disk.base, &sim->timers, &files->faults, seed * 7 + 7 + i);
        fake_web_init(&sim->web, &sim->timers, &world->cast_timers, seed * 7 + 8 + i);
        files->webs[i] = &sim->web;
    }
}

void files_shake(struct world *world)
{
    static const struct shaky_faults kinds[3] = {{30, 10, 40}, {150, 0, 400}, {0, 0, 3}};
    world->files.faults = kinds[world->plan.seed % 3];
    for (unsigned i = 0; i < world->plan.node_count; i++)
        world->nodes[i].web.break_per_mille = BREAK_PER_MILLE;
}

void files_rest(struct world *world)
{
    world->files.faults = (struct shaky_faults){.delay_ms_max = 3};
    for (unsigned i = 0; i < world->plan.node_count; i++)
        world->nodes[i].web.break_per_mille = 0;
}

/* For the disk an hour goes by. */
void files_grow_old(struct world *world)
{
    struct fake_blobs *disk = &world->files.disk;
    if (!world->plan.attaches)
        return;
    for (size_t i = 0; i < FAKE_BLOBS_MAX; i++)
        disk->blobs[i].written_ms -=
                HOUR_MS; /* before the world began: it wraps, as differences do */
    world_run_for(world, SWEPT_MS);
}

const char *files_judge(const struct world *world)
{
    const struct fake_blobs *disk = &world->files.disk;
    const char *erased = world->erasure.conversation;
    for (size_t i = 0; i < FAKE_BLOBS_MAX && world->plan.attaches; i++) {
        const struct fake_blob *blob = &disk->blobs[i];
        if (blob->state == FAKE_BLOB_PART || blob->state == FAKE_BLOB_LOOSE)
            return "a file that nobody said is still there an hour later";
        if (blob->state == FAKE_BLOB_KEPT && erased[0] != '\0' && !erasure_is_unheard(world) &&
                memcmp(blob->shelf, erased, BLOB_NAME_LEN) == 0)
            return "a file of a conversation that was erased is still there";
    }
    return NULL;
}

void files_end(struct world *world)
{
    if (!world->plan.attaches)
        return;
    world->files.disk.waiting = 0;
    fake_blobs_finish(&world->files.disk);
}
