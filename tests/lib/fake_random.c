/* SPDX-License-Identifier: Apache-2.0 */
/* A seeded random stream for tests.
 *
 * Invariant: the numbers depend on the seed and on the count of draws alone, never on addresses,
 * time or the machine. Not for anything secret.
 * source: splitmix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators"
 */
#include "lib/fake_random.h"

#include <string.h>

static void fill(struct random *base, void *out, size_t len)
{
    struct fake_random *random = (struct fake_random *)(void *)base;
    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t piece = fake_random_u64(random);
        memcpy((char *)out + at, &piece, len - at < sizeof piece ? len - at : sizeof piece);
    }
}

void fake_random_init(struct fake_random *random, uint64_t seed)
{
    *random = (struct fake_random){{fill}, seed};
}

uint64_t fake_random_u64(struct fake_random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t fake_random_below(struct fake_random *random, uint64_t bound)
{
    return bound == 0 ? 0 : fake_random_u64(random) % bound;
}

uint64_t fake_random_between(struct fake_random *random, uint64_t low, uint64_t high)
{
    return high <= low ? low : low + fake_random_below(random, high - low + 1);
}

bool fake_random_chance(struct fake_random *random, unsigned per_mille)
{
    return per_mille > 0 && fake_random_below(random, 1000) < per_mille;
}
