/* SPDX-License-Identifier: Apache-2.0 */
/* All rests, and nothing is broken. Then what is only a hint comes through as well: one device of
 * each contact leafs through its history, says how far it has read, types, and ends that; the other
 * one must learn it. Each desk must know of each agent who is there with nothing to do.
 *
 * Invariant: a hint may be lost while things are broken, never for good.
 */
#include "flow/members.h"
#include "world.h"

enum { LOOK_MS = 50, LOOKS_MAX = 400 };

static const char *missing_of_device(const struct world *world, unsigned contact, bool is_typing)
{
    const struct device *one = &world->devices[contact],
                        *other = &world->devices[contact + CONTACTS];
    uint64_t last = one->view_count ? one->view[one->view_count - 1].at.seq : 0;
    const struct reader_model *told = NULL;
    for (size_t i = 0; i < other->signs.count; i++)
        if (strcmp(other->signs.readers[i].id, one->conversation) == 0)
            told = &other->signs.readers[i];
    if (!one->leafing.is_done)
        return "somebody did not get to the beginning of the history";
    if (!files_are_fetched(one))
        return "somebody cannot get a file that they are shown";
    if (one->may_lose && strcmp(one->conversation, other->conversation) != 0)
        return NULL; /* a failover forgot whose the older one is: it lasts as long as its ticket */
    if (told == NULL || told->read != last)
        return "a device does not know how far its contact has read";
    if (told->is_typing != is_typing)
        return is_typing ? "a device does not know that somebody is typing"
                         : "a device does not know that somebody has stopped typing";
    return NULL;
}

static const char *missing_at_desk(const struct agent_model *desk)
{
    for (unsigned i = 0; i < AGENTS; i++)
        if (desk->colleagues[i].status != PROTO_AVAILABILITY_ONLINE ||
                desk->colleagues[i].chats != 0)
            return "a desk does not know who is there and how much they have to do";
    for (size_t i = 0; i < desk->chat_count; i++)
        if (desk->chats[i].is_mine)
            return "a desk does not know that a case is no longer there";
    return NULL;
}

static const char *missing(const struct world *world, bool is_typing)
{
    const char *what = NULL;
    for (unsigned i = 0; i < CONTACTS && what == NULL; i++)
        what = missing_of_device(world, i, is_typing);
    for (unsigned i = 0; i < DESKS && what == NULL; i++)
        what = missing_at_desk(&world->desks[i]);
    return what;
}

static void insist(struct world *world, bool is_typing)
{
    for (unsigned i = 0; i < CONTACTS; i++) {
        if (!world->devices[i].leafing.is_wanted)
            world->devices[i].files.shown_count = 0; /* those that are shown now, from now on */
        world->devices[i].leafing.is_wanted = world->devices[i].files.wants_all = true;
        world->devices[i].signs.insists = true;
        world->devices[i].signs.is_typing = is_typing;
    }
    world->unknown = missing(world, is_typing);
    for (unsigned looks = 0; looks < LOOKS_MAX && world->unknown != NULL; looks++) {
        world_run_for(world, LOOK_MS);
        world->unknown = missing(world, is_typing);
    }
}

/* A node tells the others only while it knows of some. */
static bool know_each_other(const struct world *world)
{
    for (unsigned i = 0; i < world->plan.node_count; i++)
        if (members_count(world->nodes[i].node) != world->plan.node_count)
            return false;
    return true;
}

void world_look_back(struct world *world)
{
    for (unsigned looks = 0; looks < LOOKS_MAX && !know_each_other(world); looks++)
        world_run_for(world, LOOK_MS);
    insist(world, true);
    if (world->unknown == NULL)
        insist(world, false);
}
