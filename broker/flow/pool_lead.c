/* SPDX-License-Identifier: Apache-2.0 */
/* Which node routes a pool: the others leave the work to it, and take it over when it is not done.
 *
 *   ROUTER(incarnation) in the pool's log ---> that node leads from there: it decides at once
 *   something is to be decided, and for 1.0 s + rank x 150 ms nobody did ---> ROUTER of our own
 *   the leader is known to be gone ---> the same, without the second
 *
 * Invariant: leading spares work and decides nothing: whoever decides appends on what it has read,
 * and a leader who was replaced while it slept is refused, reads so, and stops. Only what a leader
 * writes (ROUTER, offers and their like, expiries) is a sign of its life; what the other nodes
 * write is not, or a busy pool would never miss it.
 */
#include "base/check.h"
#include "base/log_line.h"
#include "flow/members.h"
#include "flow/team.h"

enum { PATIENCE_MS = 1000, PATIENCE_OF_RANK_MS = 150, INCARNATION_DIGITS = 13 };

/* The beginning of the node's id as the number that ROUTER holds: 52 bits, which JSON can say. */
static uint64_t incarnation_of(struct slice id)
{
    uint64_t number = 0;
    for (size_t i = 0; i < id.len && i < INCARNATION_DIGITS; i++) {
        char digit = id.bytes[i];
        number = number << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return number;
}

static bool is_alive(const struct node *node, uint64_t incarnation)
{
    for (size_t i = 0; i < members_count(node); i++)
        if (incarnation_of(members_at(node, i)) == incarnation)
            return true;
    return false;
}

bool lead_is_mine(const struct team *team)
{
    return pool_lead(team->pool).incarnation == incarnation_of(members_self(team->node));
}

bool lead_is_vacant(const struct team *team)
{
    return !is_alive(team->node, pool_lead(team->pool).incarnation);
}

uint64_t lead_patience_ms(const struct team *team)
{
    uint64_t rank_ms = members_rank(team->node) * PATIENCE_OF_RANK_MS;
    return lead_is_mine(team) ? 0 : lead_is_vacant(team) ? rank_ms : PATIENCE_MS + rank_ms;
}

void lead_note(struct team *team, const struct pool_entry *entry)
{
    if (entry->kind == POOL_ROUTER || entry->kind == POOL_OFFERED || entry->kind == POOL_ASSIGNED ||
            entry->kind == POOL_EXPIRED)
        team->led_clock_ms = node_clock_ms(team->node);
}

/* ---- taking it over ---------------------------------------------------------------------------
 */

static size_t decide_lead(struct pool_change *change, const struct pool *pool, uint64_t now_ms,
        struct pool_entry *entries)
{
    struct team *team = change->team;
    (void)now_ms;
    if (pool_lead(pool).incarnation != team->lead_before)
        return 0; /* another node was quicker */
    entries[0] = (struct pool_entry){
            .kind = POOL_ROUTER, .incarnation = incarnation_of(members_self(team->node))};
    return 1;
}

static void on_lead(struct pool_change *change, enum log_outcome outcome)
{
    struct team *team = change->team;
    team->is_deciding = false;
    if (outcome != LOG_APPENDED)
        return;
    log_line(LOG_INFO, "pool.led", "tenant=%.*s", SLICE_ARGS(id_slice(&team->tenant)));
    pool_doubt(team); /* whoever led may have left something half done */
    team_look(team);
}

void lead_take(struct team *team)
{
    check(!team->is_deciding);
    team->is_deciding = true;
    team->lead_before = pool_lead(team->pool).incarnation;
    team->decision = (struct pool_change){.decide = decide_lead, .done = on_lead, .is_alone = true};
    pool_submit(team, &team->decision);
}
