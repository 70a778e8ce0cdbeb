/* SPDX-License-Identifier: Apache-2.0 */
/* A seeded world around the pure core: three routers with stale folds race for one pool log.
 *
 * Routers decide on what they have read, append by compare-and-append, are refused when behind, and
 * read again. Agents accept, decline, ignore, flap and vanish; customers leave; conversations
 * adopt; and now and then a faulty router forces its stale decisions into the log. After every
 * entry the newest fold is compared with a naive model, and must keep: capacity, one owner, offers
 * only to those online. After each drain nobody waits while somebody is free. In the end everybody
 * has been served and the four folds are one.
 *
 * SEEDS=100000 and FIRST_SEED=n in the environment widen or repeat a run.
 */
#include "core/route/fold.h"
#include "core/route/setup.h"
#include "lib/test.h"
#include "route_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ROUTERS = 3,
    AGENTS = MODEL_AGENTS,
    CONVERSATIONS = MODEL_CONVERSATIONS,
    STEPS = 120,
    SEEDS_DEFAULT = 2000
};

struct world {
    uint64_t random, now_ms, requests;
    bool is_quiet; /* all come back and do their work */
    struct pool_log log;
    struct pool *judge, *routers[ROUTERS];
    size_t seen[ROUTERS]; /* records that each has folded */
    struct model model;
    size_t refused, forced, served, restarts, breaches, wrapped, weighed, captured;
    struct pool_log pieces; /* of a snapshot that is being taken of the judge */
    size_t captured_at;     /* records that it stands for */
    uint64_t captured_ms;
    struct pool *as_captured;
    struct route_policy policy;
    struct route_setup setup;
};

static struct world world;
static struct pool_decisions decisions;

static const char *const skill_names[] = {"billing", "parcels", "tariffs", "astrology"};
static const char *const queue_names[] = {"default", "sales", "night"};

static uint64_t draw(uint64_t below)
{
    world.random ^= world.random << 13;
    world.random ^= world.random >> 7;
    world.random ^= world.random << 17;
    return world.random % below;
}

static bool chance(unsigned percent)
{
    return draw(100) < percent;
}

/* ---- what must hold after every entry ---- */

/* An offer or a taking that went through found room and presence. */
static void expect_within_capacity(const struct pool_entry *entry, enum pool_outcome outcome)
{
    bool is_offer = entry->kind == POOL_OFFERED || entry->kind == POOL_ASSIGNED;
    if (outcome != POOL_DONE || (!is_offer && entry->kind != POOL_TAKEN))
        return;
    const struct agent *agent = &world.judge->agents[agent_find(world.judge, entry->agent)];
    const struct request *request =
            &world.judge->requests[request_find(world.judge, &entry->request)];
    uint32_t taken = agent->firm + (request->is_interruptible ? agent->soft : 0);
    world.breaches += taken > agent->capacity * POOL_WEIGHT_FULL;
    expect_u64(world.breaches, 0);
    expect(agent->status == POOL_ONLINE || (!is_offer && agent->status == POOL_AWAY));
}

/* The judge folds what was appended last. is_sure: decided on the newest fold, so all must hold. */
static void judge_last(bool is_sure)
{
    const struct pool_log_record *record = &world.log.records[world.log.record_count - 1];
    for (size_t i = 0; i < record->count; i++) {
        const struct pool_entry *entry = &world.log.entries[record->first + i];
        enum pool_outcome outcome = pool_apply(world.judge, &record->at, record->time_ms, entry);
        if (is_sure)
            expect_u64(outcome, POOL_DONE);
        expect_within_capacity(entry, outcome);
        model_apply(&world.model, record, entry);
    }
    expect_as_modelled(&world.model, world.judge);
    if (world.log.record_count % 8 == 0)
        expect_sound(world.judge);
}

/* ---- routers ---- */

static void catch_up(unsigned router)
{
    pool_log_fold(&world.log, world.seen[router], world.routers[router]);
    world.seen[router] = world.log.record_count;
}

/* As a flow does: check on the fold, append, and when refused read again and check again. */
static bool submit(unsigned router, const struct pool_entry *entry)
{
    for (int attempt = 0; attempt < 3; attempt++) {
        bool may = pool_may_apply(world.routers[router], entry) == POOL_DONE;
        if (may && pool_log_append(&world.log, world.seen[router], world.now_ms, entry, 1)) {
            judge_last(true);
            return true;
        }
        if (!may && world.seen[router] == world.log.record_count)
            return false; /* a no from a fresh fold */
        world.refused += may;
        catch_up(router);
    }
    return false;
}

/* Returns false when refused. force: a faulty router appends what it decided long ago. */
static bool decide_and_append(unsigned router, bool force)
{
    pool_decide(world.routers[router], &world.policy, world.now_ms, &decisions);
    size_t seen = force ? world.log.record_count : world.seen[router];
    bool is_fresh = world.seen[router] == world.log.record_count;
    if (decisions.count == 0)
        return is_fresh;
    if (!pool_log_append(&world.log, seen, world.now_ms, decisions.entries, decisions.count)) {
        world.refused++;
        return false;
    }
    judge_last(is_fresh);
    world.forced += !is_fresh;
    return is_fresh;
}

static void drain(unsigned router)
{
    do
        catch_up(router);
    while (decide_and_append(router, false) && decisions.has_more);
    catch_up(router);
    expect_u64(pool_waiting_while_free(world.routers[router], &world.policy, world.now_ms), 0);
    expect(decisions.next_due_ms > world.now_ms);
}

/* A router dies; its successor reads the whole log, or a snapshot of what another one has. */
static void router_restarts(unsigned router)
{
    unsigned other = (router + 1) % ROUTERS;
    pool_destroy(world.routers[router]);
    world.restarts++;
    if (chance(50)) {
        world.routers[router] = pool_create(pool_heap(), world.random);
        world.seen[router] = 0;
        return;
    }
    world.seen[router] = world.seen[other];
    world.routers[router] = pool_copy(world.routers[other], world.now_ms);
}

static void keep_piece(void *user, const struct pool_entry *entry)
{
    struct pool_log *pieces = user;
    expect(pool_log_append(pieces, pieces->record_count, world.captured_ms, entry, 1));
}

static void fold_pieces(struct pool *pool, bool requests)
{
    for (size_t i = 0; i < world.pieces.entry_count; i++) {
        const struct pool_entry *piece = &world.pieces.entries[i];
        struct name at = {.seq = world.captured_at + 1};
        if ((piece->kind == POOL_SNAPSHOT_REQUEST) == requests)
            expect_u64(pool_apply(pool, &at, world.captured_ms, piece), POOL_DONE);
    }
}

/* A snapshot is taken in pieces while everything goes on; a router begins with it. */
static void capture_goes_on(unsigned router)
{
    if (!pool_is_captured(world.judge)) {
        pool_log_reset(&world.pieces);
        world.captured_at = world.log.record_count;
        world.captured_ms = world.now_ms;
        pool_destroy(world.as_captured);
        world.as_captured = pool_copy(world.judge, world.now_ms);
        expect(pool_capture_begin(world.judge, keep_piece, &world.pieces));
        return;
    }
    if (pool_capture_next(world.judge, draw(4)) != POOL_LEFT_NOTHING)
        return;
    pool_capture_end(world.judge);
    pool_destroy(world.routers[router]);
    world.routers[router] = pool_create(pool_heap(), world.random);
    fold_pieces(world.routers[router], false);
    fold_pieces(world.routers[router], true);
    expect_same_pool(world.as_captured, world.routers[router]);
    world.seen[router] = world.captured_at;
    catch_up(router);
    expect_same_pool(world.judge, world.routers[router]);
    expect_sound(world.routers[router]);
    world.captured++;
}

static void router_acts(void)
{
    unsigned router = (unsigned)draw(ROUTERS);
    if (chance(4))
        router_restarts(router);
    if (chance(40))
        capture_goes_on(router);
    if (chance(40))
        drain(router);
    else if (chance(5))
        decide_and_append(router, true);
    else if (!decide_and_append(router, false))
        catch_up(router);
}

/* ---- people ---- */

static void agent_enters(int agent, enum pool_status status, uint32_t capacity)
{
    struct pool_skill skills[3];
    struct slice language = SLICE_OF("de");
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (chance(60))
            skills[count++] = (struct pool_skill){
                    slice_of_string(skill_names[i]), (uint32_t)draw(POOL_LEVEL_MAX + 1)};
    struct slice queue = slice_of_string(queue_names[draw(3)]);
    struct pool_channel mail = {SLICE_OF("mail"), draw(3) ? 500 : 0};
    bool is_plain = world.is_quiet;
    struct pool_entry entry = {.kind = POOL_PRESENCE,
            .agent = slice_of_string(model_agent_ids[agent]),
            .profile = {.status = status,
                    .capacity = capacity,
                    .queues = &queue,
                    .queue_count = !is_plain && chance(30),
                    .channels = &mail,
                    .channel_count = !is_plain && chance(20),
                    .auto_accept = chance(20),
                    .skills = skills,
                    .skill_count = count,
                    .languages = &language,
                    .language_count = chance(50)}};
    submit((unsigned)draw(ROUTERS), &entry);
}

static void agent_flaps(void)
{
    int agent = (int)draw(AGENTS);
    if (chance(40)) {
        agent_enters(agent, (enum pool_status)draw(3), (uint32_t)draw(4));
        return;
    }
    struct pool_entry entry = {.kind = POOL_STATUS,
            .agent = slice_of_string(model_agent_ids[agent]),
            .profile.status = (enum pool_status)draw(3)};
    submit((unsigned)draw(ROUTERS), &entry);
}

/* What the case is beside its skills: by mail it is light and can be put aside. */
static void set_channel(struct pool_need *need)
{
    need->queue = slice_of_string(queue_names[draw(3)]);
    need->value = draw(3) ? 0 : draw(200000);
    need->promise_ms = draw(3) ? 0 : world.now_ms + draw(60000);
    need->is_stranded = chance(5);
    if (chance(70))
        return;
    need->channel = SLICE_OF("mail");
    need->weight = 300;
    need->is_interruptible = true;
}

static void customer_comes(void)
{
    int at = (int)draw(CONVERSATIONS);
    if (world.model.requests[at].state != NOWHERE)
        return;
    struct pool_requirement skills[2] = {{slice_of_string(skill_names[draw(4)]), chance(60),
                                                 (uint32_t)(draw(3) ? 0 : draw(1001))},
            {slice_of_string(skill_names[draw(4)]), chance(20), 0}};
    struct slice prefers[2] = {slice_of_string(model_agent_ids[draw(AGENTS)]),
            slice_of_string(model_agent_ids[draw(AGENTS)])};
    struct pool_exclusion exclusion = {
            slice_of_string(model_agent_ids[draw(AGENTS)]), world.now_ms + draw(40000)};
    struct pool_entry entry = {.kind = POOL_QUEUED,
            .request = {slice_of_string(model_conversation_ids[at]),
                    {.seq = ++world.requests, .mark = {(uint8_t)draw(256)}}},
            .need = {.first_queued_ms = world.now_ms - draw(5000),
                    .skills = skills,
                    .skill_count = draw(3),
                    .prefers = prefers,
                    .prefer_count = draw(5) ? 0 : draw(3),
                    .language = chance(50) ? SLICE_OF("de-AT") : SLICE_NONE,
                    .last_agent = slice_of_string(model_agent_ids[draw(AGENTS)])},
            .exclusions = &exclusion,
            .exclusion_count = chance(10)};
    if (chance(15))
        entry.need.to_agent = slice_of_string(model_agent_ids[draw(AGENTS)]);
    set_channel(&entry.need);
    submit((unsigned)draw(ROUTERS), &entry);
}

static void agent_answers(unsigned accept_percent, unsigned decline_percent)
{
    const struct model_request *request = &world.model.requests[draw(CONVERSATIONS)];
    if (request->state != OFFERED)
        return;
    bool accepts = chance(accept_percent);
    if (!accepts && !chance(decline_percent))
        return; /* ignores it */
    struct pool_entry entry = {.kind = accepts ? POOL_ACCEPTED : POOL_DECLINED,
            .request = request->key,
            .agent = slice_of_string(model_agent_ids[request->agent]),
            .offer = request->offer,
            .until_ms = world.now_ms + world.policy.exclusion_ms};
    submit((unsigned)draw(ROUTERS), &entry);
}

/* A case falls silent, comes to life again, is wrapped up, or needs something else. */
static void case_changes(void)
{
    const struct model_request *request = &world.model.requests[draw(CONVERSATIONS)];
    if (request->state == NOWHERE)
        return;
    struct pool_entry entry = {.request = request->key, .need = {.first_queued_ms = 1}};
    uint64_t what = draw(10);
    entry.kind = what < 6 ? POOL_WEIGHED : what < 9 ? POOL_WRAPPING : POOL_CHANGED;
    if (entry.kind == POOL_WEIGHED)
        entry.weight = chance(50) ? 100 : 0;
    if (entry.kind == POOL_WRAPPING)
        entry.deadline_ms = world.now_ms + draw(20000);
    if (entry.kind == POOL_CHANGED)
        set_channel(&entry.need);
    bool is_said = submit((unsigned)draw(ROUTERS), &entry);
    world.wrapped += is_said && entry.kind == POOL_WRAPPING;
    world.weighed += is_said && entry.kind == POOL_WEIGHED;
}

static void case_ends(bool waiting_too)
{
    const struct model_request *request = &world.model.requests[draw(CONVERSATIONS)];
    if (request->state == NOWHERE || (request->state != TALKS && !waiting_too))
        return;
    struct pool_entry entry = {.kind = POOL_RELEASED, .request = request->key};
    world.served += submit((unsigned)draw(ROUTERS), &entry);
}

static void somebody_owns(void)
{
    int at = (int)draw(CONVERSATIONS), agent = (int)draw(AGENTS);
    struct pool_entry entry = {.kind = chance(50) ? POOL_ADOPTED : POOL_TAKEN,
            .request = world.model.requests[at].key,
            .need = {.first_queued_ms = world.now_ms},
            .agent = slice_of_string(model_agent_ids[agent])};
    if (!world.model.agents[agent].is_known)
        return;
    if (world.model.requests[at].state == NOWHERE)
        entry.request = (struct pool_key){
                slice_of_string(model_conversation_ids[at]), {.seq = ++world.requests}};
    submit((unsigned)draw(ROUTERS), &entry);
}

static void something_happens(void)
{
    uint64_t what = draw(100);
    if (what < 25)
        customer_comes();
    else if (what < 50)
        router_acts();
    else if (what < 72)
        agent_answers(60, 50);
    else if (what < 80)
        case_ends(chance(10));
    else if (what < 86)
        case_changes();
    else if (what < 93)
        agent_flaps();
    else if (what < 95)
        somebody_owns();
    else
        world.now_ms += draw(chance(20) ? 40000 : 2000);
}

/* ---- one seed ---- */

static void set_policy(void)
{
    struct route_setup *setup = &world.setup;
    for (uint32_t i = 0; i < 3; i++)
        route_name_set(&setup->queues[i].name, slice_of_string(queue_names[i]));
    setup->queue_count = 3;
    setup->queues[1].overflow[0].after_ms = 3000; /* sales: the default queue helps */
    route_name_set(&setup->queues[1].overflow[0].queue, SLICE_OF("default"));
    setup->queues[1].overflow_count = 1;
    setup->queues[2].overflow[0].after_ms = 0;
    route_name_set(&setup->queues[2].overflow[0].queue, SLICE_OF("sales"));
    setup->queues[2].overflow_count = 1;
    uint32_t at;
    expect_u64(route_setup_check(setup, &at), ROUTE_SETUP_GOOD);
    world.policy.setup = setup;
}

static void begin(uint64_t seed)
{
    struct pool_log log = world.log, pieces = world.pieces;
    world = (struct world){.random = seed * 0x9e3779b97f4a7c15u + 1,
            .now_ms = 1000000,
            .log = log,
            .pieces = pieces,
            .policy = route_policy_default()};
    set_policy();
    pool_log_reset(&world.log);
    world.judge = pool_create(pool_heap(), seed);
    for (unsigned i = 0; i < ROUTERS; i++)
        world.routers[i] = pool_create(pool_heap(), seed + i);
    for (int i = 0; i < AGENTS; i++)
        if (chance(80))
            agent_enters(i, chance(70) ? POOL_ONLINE : POOL_AWAY, (uint32_t)draw(4));
}

/* All come back and do their work: whatever is left must be served within bounded time. */
static void quiesce(void)
{
    world.is_quiet = true;
    for (int i = 0; i < AGENTS; i++)
        agent_enters(i, POOL_ONLINE, 2);
    for (int round = 0; round < 400; round++) {
        drain((unsigned)draw(ROUTERS));
        for (int i = 0; i < CONVERSATIONS; i++) {
            agent_answers(100, 0);
            case_ends(false);
        }
        struct pool_counts counts = pool_counts(world.judge);
        if (counts.waiting + counts.offered + counts.active + counts.wrapping == 0)
            return;
        if (round % 20 == 19) /* nothing due by time alone is missed */
            world.now_ms =
                    decisions.next_due_ms != ROUTE_NEVER && decisions.next_due_ms > world.now_ms
                            ? decisions.next_due_ms
                            : world.now_ms + 1000;
    }
    expect(!"everybody is served in the end");
}

static void end(void)
{
    struct pool *copy = pool_copy(world.judge, world.now_ms);
    expect_same_pool(world.judge, copy);
    pool_destroy(copy);
    for (unsigned i = 0; i < ROUTERS; i++) {
        catch_up(i);
        expect_same_pool(world.judge, world.routers[i]);
        pool_destroy(world.routers[i]);
    }
    pool_destroy(world.as_captured);
    pool_destroy(world.judge);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void stale_routers_race_and_every_promise_holds(void)
{
    uint64_t first = setting("FIRST_SEED", 1), count = setting("SEEDS", SEEDS_DEFAULT);
    size_t offers = 0, refused = 0, forced = 0, served = 0, restarts = 0, wrapped = 0, weighed = 0,
           captured = 0;
    pool_log_init(&world.log);
    pool_log_init(&world.pieces);
    for (uint64_t seed = first; seed < first + count; seed++) {
        test_note("seed %" PRIu64 ": FIRST_SEED=%" PRIu64 " SEEDS=1", seed, seed);
        begin(seed);
        for (int step = 0; step < STEPS; step++)
            something_happens();
        quiesce();
        end();
        offers += world.model.offers;
        refused += world.refused;
        forced += world.forced;
        served += world.served;
        restarts += world.restarts;
        wrapped += world.wrapped;
        weighed += world.weighed;
        captured += world.captured;
    }
    printf("# %" PRIu64 " seeds: %zu offers, %zu refused appends, %zu forced stale batches, %zu "
           "restarts, %zu served, %zu wrapped up, %zu weighed anew, %zu snapshots in pieces\n",
            count, offers, refused, forced, restarts, served, wrapped, weighed, captured);
    expect(count < 100 || (refused > count && forced > 0 && offers > count && served > count &&
                                  captured > count / 2));
    pool_log_finish(&world.log);
    pool_log_finish(&world.pieces);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(stale_routers_race_and_every_promise_holds), {0}});
}
