/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of alike requests save looking, they decide nothing: whatever a pool went through, it
 * decides as one that looks at everybody who waits, pair by pair. */
#include "core/route/match.h"
#include "core/route/setup.h"
#include "desk.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 40, STEPS = 150, AGENTS = 6, LATER_MS = 90000 };

static struct pool_decisions decisions, slowly;
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* The text lives until the log's end. */
static const char *numbered(char letter, uint64_t number)
{
    static char texts[2][4096][8];
    char *text = texts[letter == 'c'][number % 4096];
    snprintf(text, sizeof texts[0][0], "%c%u", letter, (unsigned)number % 4096);
    return text;
}

static struct slice text(const char *string)
{
    return slice_of_string(string);
}

/* ---- a pool at random ---- */

/* "sales" overflows to "it" after five seconds; gold customers count more. */
static const struct route_setup *the_setup(void)
{
    static struct route_setup setup;
    setup = (struct route_setup){.class_count = 1, .queue_count = 2};
    route_name_set(&setup.classes[0].name, SLICE_OF("gold"));
    setup.classes[0].worth = 800;
    route_name_set(&setup.queues[0].name, SLICE_OF("sales"));
    route_name_set(&setup.queues[1].name, SLICE_OF("it"));
    setup.queues[0].overflow_count = 1;
    setup.queues[0].overflow[0].after_ms = 5000;
    route_name_set(&setup.queues[0].overflow[0].queue, SLICE_OF("it"));
    return &setup;
}

static void an_agent_comes(uint64_t id, bool lists_queues)
{
    static const char *const skills[] = {"a", "b", "c"}, *const languages[] = {"en", "de", "de-at"};
    struct pool_skill known[3];
    struct slice spoken = text(languages[draw(3)]);
    struct slice queue = text(draw(2) ? "sales" : "it");
    struct pool_entry entry = {.kind = POOL_PRESENCE,
            .agent = text(numbered('a', id)),
            .profile = {.status = draw(4) ? POOL_ONLINE : POOL_AWAY,
                    .capacity = 1 + (uint32_t)draw(2),
                    .skills = known,
                    .languages = &spoken,
                    .language_count = 1,
                    .queues = &queue,
                    .queue_count = lists_queues && draw(2)}};
    for (size_t i = 0; i < 3; i++)
        if (draw(2))
            known[entry.profile.skill_count++] =
                    (struct pool_skill){text(skills[i]), 100 * (uint32_t)(1 + draw(10))};
    expect_u64(desk_says(&entry), POOL_DONE);
}

enum feature { QUEUE, CLASS, VALUE, PROMISE, NAMED, LAST_AGENT, PREFERS, MAIL, FEATURES };

static enum feature favourite; /* of the seed */

static bool has(enum feature feature)
{
    return draw(feature == favourite ? 2 : 16) == 0;
}

/* Mostly the few needs that many share; now and then something more. */
static struct pool_need a_need(void)
{
    static const char *const skills[] = {"", "", "a!", "b!", "a! b!", "a! c", "c", "nobody!"};
    static const char *const languages[] = {"", "en", "de"};
    static struct slice preferred;
    struct pool_need need = need_of(skills[draw(8)], languages[draw(3)]);
    need.first_queued_ms = desk_now_ms - draw(10) * 1000;
    need.queue = text(has(QUEUE) ? "sales" : "");
    need.class_name = text(has(CLASS) ? "gold" : "");
    need.value = has(VALUE) ? desk_policy.value_full / (1 + draw(3)) : 0;
    need.promise_ms = has(PROMISE) ? need.first_queued_ms + 1000 * (1 + draw(60)) : 0;
    need.to_agent = text(has(NAMED) ? numbered('a', draw(AGENTS)) : "");
    need.last_agent = text(has(LAST_AGENT) ? numbered('a', draw(AGENTS)) : "");
    preferred = text(numbered('a', draw(AGENTS)));
    need.prefers = &preferred;
    need.prefer_count = has(PREFERS);
    if (has(MAIL)) {
        need.channel = SLICE_OF("mail");
        need.weight = 500 + 250 * (uint32_t)draw(3);
        need.is_interruptible = draw(2);
    }
    return need;
}

static void something_ends(void)
{
    struct pool_request_view view;
    uint64_t left = draw(1 + pool_counts(desk_pool).active + pool_counts(desk_pool).waiting / 8);
    for (size_t cursor = 0; pool_next_request(desk_pool, &cursor, &view);)
        if ((view.state == POOL_ACTIVE || view.state == POOL_WAITING) && left-- == 0) {
            desk_says(&(struct pool_entry){.kind = POOL_RELEASED, .request = view.key});
            return;
        }
}

static void an_offer_is_answered(void)
{
    struct pool_request_view view;
    for (size_t cursor = 0; pool_next_request(desk_pool, &cursor, &view);)
        if (view.state == POOL_OFFER_OPEN) {
            desk_says(&(struct pool_entry){.kind = draw(8) ? POOL_ACCEPTED : POOL_DECLINED,
                    .request = view.key,
                    .agent = view.agent,
                    .offer = view.offer,
                    .until_ms = desk_now_ms + 3000});
            return;
        }
}

static void a_need_changes(void)
{
    struct pool_request_view view;
    size_t cursor = 0;
    if (pool_next_waiting(desk_pool, &cursor, &view))
        desk_says(
                &(struct pool_entry){.kind = POOL_CHANGED, .request = view.key, .need = a_need()});
}

static void something_happens(uint64_t step, bool lists_queues)
{
    uint64_t what = draw(24);
    time_passes(draw(4) ? draw(300) : draw(8000));
    if (what < 10) /* some at one moment: then their names decide */
        for (uint64_t more = draw(6); more > 0; more--)
            customer_waits_as(numbered('c', step * 8 + more), 1, a_need());
    else if (what < 15)
        something_ends();
    else if (what < 21)
        an_offer_is_answered();
    else if (what == 21)
        a_need_changes();
    else if (what == 22)
        an_agent_comes(draw(AGENTS), lists_queues);
    else
        desk_says(&(struct pool_entry){.kind = POOL_STATUS,
                .agent = text(numbered('a', draw(AGENTS))),
                .profile.status = draw(3) ? POOL_ONLINE : POOL_AWAY});
}

/* ---- the slow way ---- */

/* As good as never, but with it the lists are not used. */
#define RELAX_LATE_MS ((uint64_t)1 << 60)

/* A pool that has never decided anything, and looks at all who wait. */
static void decide_slowly(uint64_t now_ms)
{
    struct route_policy policy = desk_policy;
    struct pool *copy = pool_copy(desk_pool, desk_now_ms);
    policy.relax_busy_ms = RELAX_LATE_MS;
    pool_decide(copy, &policy, now_ms, &slowly);
    expect_u64(slowly.count, now_ms == desk_now_ms ? decisions.count : 0);
    bool are_offers = slowly.count > 0 && slowly.entries[0].kind == POOL_OFFERED;
    for (size_t i = 0; are_offers && i < slowly.count; i++) { /* expiries come in no order */
        const struct pool_entry *quick = &decisions.entries[i], *slow = &slowly.entries[i];
        expect_u64(quick->kind, slow->kind);
        expect_slice(quick->agent, slow->agent);
        expect_slice(quick->request.conversation, slow->request.conversation);
        expect_u64(quick->deadline_ms, slow->deadline_ms);
        expect_u64(quick->gap, slow->gap);
        expect_u64(quick->term_count, slow->term_count);
        for (size_t term = 0; term < slow->term_count; term++)
            expect_u64(quick->terms[term].value, slow->terms[term].value);
    }
    pool_destroy(copy);
}

/* The one agent with room gets the best of all, one by one: of equal ones the oldest. */
static void expect_best_for(uint32_t agent)
{
    struct match match = {desk_pool, &desk_policy, desk_now_ms};
    const struct request *best = NULL;
    uint64_t best_score = 0;
    for (uint32_t i = 0; i < desk_pool->waiting_count; i++) {
        const struct request *request = &desk_pool->requests[desk_pool->waiting[i].request];
        if (!match_candidates(&match, request, GRID_OPEN) ||
                !grid_has(&desk_pool->grid, GRID_CANDIDATES, agent))
            continue;
        uint64_t score = match_score(&match, request, agent);
        if (best == NULL || score > best_score) {
            best = request;
            best_score = score;
        }
    }
    expect_u64(decisions.count, best != NULL);
    if (best != NULL)
        expect_slice(decisions.entries[0].request.conversation, request_conversation(best));
}

static void fold_decided(void)
{
    size_t seen = desk_log.record_count;
    if (decisions.count == 0)
        return;
    expect(pool_log_append(&desk_log, seen, desk_now_ms, decisions.entries, decisions.count));
    expect_u64(pool_log_fold(&desk_log, seen, desk_pool), POOL_DONE);
    expect_sound(desk_pool);
}

/* Decides until nothing is left; returns how often it was for one agent alone. A plan in hand would
 * be another's; one for other weights is no plan. */
static unsigned decide_and_compare(void)
{
    unsigned alone = 0;
    do {
        bool is_one = grid_count(&desk_pool->grid, GRID_OPEN) == 1;
        desk_policy.weights[ROUTE_TERM_FAIRNESS] ^= 1;
        pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
        decide_slowly(desk_now_ms);
        if (is_one && (decisions.count == 0 || decisions.entries[0].kind == POOL_OFFERED)) {
            expect_best_for(grid_next(&desk_pool->grid, GRID_OPEN, 0));
            alone += decisions.count > 0;
        }
        fold_decided();
    } while (decisions.has_more);
    uint64_t later_ms = desk_now_ms + 1 + draw(LATER_MS);
    if (decisions.count == 0 &&
            decisions.next_due_ms > desk_now_ms + 1) /* not due: nothing to do */
        decide_slowly(later_ms < decisions.next_due_ms ? later_ms : decisions.next_due_ms - 1);
    return alone;
}

static void a_pool_decides_as_if_it_looked_at_all(void)
{
    unsigned alone = 0;
    const char *seeds = getenv("SEEDS");
    uint64_t last = seeds ? strtoull(seeds, NULL, 10) : SEEDS;
    for (uint64_t seed = 1; seed <= last; seed++) {
        random_state = seed * 0x9e3779b97f4a7c15u;
        bool lists_queues = draw(2);
        favourite = seed % FEATURES;
        desk_open();
        desk_policy.setup = draw(4) ? the_setup() : NULL;
        test_note("seed %u", (unsigned)seed);
        for (uint64_t id = 0; id < AGENTS; id++)
            an_agent_comes(id, lists_queues);
        for (uint64_t step = 0; step < STEPS; step++) {
            something_happens(step, lists_queues);
            alone += decide_and_compare();
        }
        desk_close();
    }
    expect(alone > 10 * last);
}

/* ---- what lines save ---- */

static void alike_customers_are_one_card(void)
{
    desk_open();
    agent_comes("anna", 1, "billing", "");
    owns("anna", "c");
    for (unsigned i = 0; i < 90; i++) {
        time_passes(1);
        customer_waits_speaking(numbered('c', i), i % 3 ? "billing!" : "", i % 2 ? "en" : "");
    }
    ends("c");
    router_works();
    expect_offered_to("c1", "anna");
    expect_u64(desk_pool->loose.count, 0);
    expect_u64(desk_pool->mustless.count, 2);
    expect_u64(desk_pool->lines_by_need.len, 4);
    desk_close();
}

/* Whoever was queued first has overflown first, though the others' original age is higher. */
static void who_has_overflown_does_not_stand_behind_who_has_not(void)
{
    struct slice it = SLICE_OF("it");
    desk_open();
    desk_policy.setup = the_setup();
    desk_says(&(struct pool_entry){.kind = POOL_PRESENCE,
            .agent = SLICE_OF("anna"),
            .profile = {.status = POOL_ONLINE, .capacity = 1, .queues = &it, .queue_count = 1}});
    owns("anna", "c");
    customer_waits_as("c0", 1, (struct pool_need){.queue = SLICE_OF("sales")});
    time_passes(3000);
    for (unsigned i = 1; i < 8; i++)
        customer_waits_as(numbered('c', i), 1,
                (struct pool_need){
                        .queue = SLICE_OF("sales"), .first_queued_ms = desk_now_ms - 9000});
    time_passes(3000);
    ends("c");
    router_works();
    expect_offered_to("c0", "anna");
    desk_close();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_pool_decides_as_if_it_looked_at_all),
                    CASE(alike_customers_are_one_card),
                    CASE(who_has_overflown_does_not_stand_behind_who_has_not), {0}});
}
