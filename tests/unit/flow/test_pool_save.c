/* SPDX-License-Identifier: Apache-2.0 */
/* A saved pool is read by whoever loads it, or it is not saved: a node must not write what would
 * stop it and everybody after it. */
#include "base/heap.h"
#include "flow/node.h"
#include "flow/pool_save.h"
#include "lib/test.h"
#include "log/record.h"
#include "stored/pool_codec.h"

#include <stdio.h>

enum { SKILLS = 32 };

static uint8_t scratch_bytes[NODE_SCRATCH_BYTES], plain[RECORD_PLAIN_MAX];

static void come(struct pool *pool, unsigned agent, size_t skill_count)
{
    static char names[SKILLS][8];
    struct pool_skill skills[SKILLS];
    char id[16];
    struct name at = {.seq = agent + 1, .mark = {1}};
    for (size_t i = 0; i < skill_count; i++)
        skills[i] = (struct pool_skill){
                slice_make(names[i], (size_t)snprintf(names[i], 8, "s%zu", i)), 1000};
    struct pool_entry entry = {.kind = POOL_PRESENCE,
            .agent = slice_make(id, (size_t)snprintf(id, sizeof id, "a%u", agent)),
            .profile = {.status = POOL_ONLINE,
                    .capacity = 4,
                    .skills = skills,
                    .skill_count = skill_count,
                    .name = SLICE_OF("A")}};
    expect(pool_apply(pool, &at, 1000, &entry) == POOL_DONE);
}

/* Saves a pool of so many agents. Returns whether it was saved; then it can be read. */
static bool saves(unsigned agents, size_t skill_count)
{
    struct pool *pool = pool_create((struct pool_memory){heap_resize, NULL}, 7);
    struct arena scratch;
    const struct pool_entry *entries;
    size_t count = 0;
    for (unsigned i = 0; i < agents; i++)
        come(pool, i, skill_count);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    struct buffer out = buffer_make(plain, sizeof plain);
    bool is_saved = pool_save(pool, &scratch, &out);
    expect_u64(scratch.used, 0);
    pool_destroy(pool);
    test_note("%u agents with %zu skills", agents, skill_count);
    if (is_saved) {
        expect(!out.overflowed);
        expect(pool_decode(buffer_slice(&out), &scratch, &entries, &count));
        expect_u64(count, agents + 1);
    }
    return is_saved;
}

static void a_pool_is_saved_if_it_can_be_read(void)
{
    expect(saves(0, 0));
    expect(saves(100, 8));
    for (unsigned agents = 10; agents < POOL_SAVED_MAX; agents += 10)
        for (size_t skills = 0; skills <= SKILLS; skills += 8)
            saves(agents, skills);
}

static void more_than_an_entry_holds_is_not_saved(void)
{
    expect(!saves(POOL_SAVED_MAX, 1));
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_pool_is_saved_if_it_can_be_read),
                    CASE(more_than_an_entry_holds_is_not_saved), {0}});
}
