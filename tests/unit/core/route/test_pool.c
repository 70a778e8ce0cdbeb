/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: what an entry does, and what is refused. */
#include "desk.h"

#include "core/route/fold.h"
#include "lib/test.h"

#include <stdio.h>

static void a_request_goes_from_waiting_to_an_agent_and_is_forgotten(void)
{
    desk_open();
    customer_waits("c1", "billing!");
    expect_waiting("c1");
    agent_comes("anna", 2, "billing", "en");
    router_works();
    expect_offered_to("c1", "anna");
    accepts("anna", "c1");
    expect_talks_to("c1", "anna");
    ends("c1");
    expect_gone("c1");
    struct pool_counts counts = pool_counts(desk_pool);
    expect_u64(counts.waiting + counts.offered + counts.active, 0);
    customer_waits("c1", "billing!"); /* not remembered: the same request may come again */
    expect_waiting("c1");
    desk_close();
}

static void an_offer_goes_back_at_once_when_the_agent_is_gone(void)
{
    desk_open();
    agent_comes("anna", 4, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    customer_waits("c3", "");
    router_works();
    accepts("anna", "c2");
    agent_is("anna", POOL_OFFLINE);
    expect_waiting("c1");
    expect_talks_to("c2", "anna");
    expect_waiting("c3");
    expect_load("anna", 1);
    desk_close();
}

static void who_is_away_keeps_chats_and_offers_and_gets_no_more(void)
{
    desk_open();
    agent_comes("anna", 4, "", "");
    customer_waits("c1", "");
    router_works();
    agent_is("anna", POOL_AWAY);
    customer_waits("c2", "");
    expect_u64(router_works(), 0);
    expect_offered_to("c1", "anna");
    accepts("anna", "c1");
    expect_talks_to("c1", "anna");
    expect_waiting("c2");
    desk_close();
}

static void one_log_entry_offers_an_agent_one_request(void)
{
    desk_open();
    agent_comes("anna", 4, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    struct pool_entry offers[2] = {
            {.kind = POOL_OFFERED, .request = key_of("c1", 1), .agent = SLICE_OF("anna")},
            {.kind = POOL_OFFERED, .request = key_of("c2", 1), .agent = SLICE_OF("anna")}};
    struct name at = {.seq = 77};
    expect_u64(pool_apply(desk_pool, &at, desk_now_ms, &offers[0]), POOL_DONE);
    expect_u64(pool_apply(desk_pool, &at, desk_now_ms, &offers[1]), POOL_ALREADY_OFFERED);
    struct pool_request_view view;
    expect(pool_find_offer(desk_pool, &at, SLICE_OF("anna"), &view));
    expect_text(view.key.conversation, "c1");
    expect(!pool_find_offer(desk_pool, &at, SLICE_OF("bela"), &view));
    at.mark[0] = 1; /* the same place on a lost branch */
    expect(!pool_find_offer(desk_pool, &at, SLICE_OF("anna"), &view));
    desk_close();
}

static void an_answer_counts_for_the_own_offer_of_a_batch_only(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    agent_comes("bela", 1, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    router_works();
    struct pool_request_view first = view_of("c1"), second = view_of("c2");
    expect(name_equal(&first.offer, &second.offer)); /* one log entry */
    struct pool_entry accept = {.kind = POOL_ACCEPTED,
            .request = first.key,
            .agent = second.agent,
            .offer = first.offer};
    expect_u64(desk_says(&accept), POOL_NO_SUCH_OFFER);
    accept.agent = first.agent;
    expect_u64(desk_says(&accept), POOL_DONE);
    desk_close();
}

static void a_conversation_says_who_owns_it(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    owns("anna", "c2"); /* not seen before */
    owns("anna", "c1"); /* over the limit: a fact is a fact */
    expect_load("anna", 2);
    owns("lost", "c1"); /* an agent whose presence this log does not hold (any more) */
    expect_talks_to("c1", "lost");
    expect_load("anna", 1);
    struct pool_entry again = {
            .kind = POOL_ADOPTED, .request = key_of("c1", 1), .agent = SLICE_OF("lost")};
    expect_u64(desk_says(&again), POOL_ALREADY_LIVE);
    struct pool_orphans orphans;
    time_passes(desk_policy.grace_ms);
    pool_orphans(desk_pool, &desk_policy, desk_now_ms, &orphans);
    expect_u64(orphans.count, 1);
    desk_close();
}

static void adopting_ends_an_open_offer(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    agent_comes("bela", 1, "", "");
    owns("bela", "c1");
    expect_talks_to("c1", "bela");
    expect_load("anna", 0);
    struct name offer = view_of("c1").offer;
    expect(name_is_none(&offer));
    desk_close();
}

static void taking_needs_room_and_presence(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    struct pool_entry take = {
            .kind = POOL_TAKEN, .request = key_of("c1", 1), .agent = SLICE_OF("anna")};
    expect_u64(desk_says(&take), POOL_DONE);
    expect_talks_to("c1", "anna");
    expect_u64(desk_says(&take), POOL_ALREADY_LIVE);
    take.request = key_of("c2", 1);
    expect_u64(desk_says(&take), POOL_NO_ROOM);
    ends("c1");
    agent_is("anna", POOL_OFFLINE);
    expect_u64(desk_says(&take), POOL_NOT_ONLINE);
    take.agent = SLICE_OF("nobody");
    expect_u64(desk_says(&take), POOL_NO_SUCH_AGENT);
    desk_close();
}

static void a_lowered_capacity_keeps_the_chats(void)
{
    desk_open();
    agent_comes("anna", 3, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    router_works();
    agent_comes("anna", 1, "", "");
    expect_load("anna", 2);
    customer_waits("c3", "");
    expect_u64(router_works(), 0);
    accepts("anna", "c1");
    ends("c2");
    expect_u64(router_works(), 0);
    ends("c1");
    expect_u64(router_works(), 1);
    desk_close();
}

static void a_removed_agent_is_forgotten_with_the_last_chat(void)
{
    desk_open();
    agent_comes("anna", 2, "billing", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    router_works();
    accepts("anna", "c1");
    agent_is_removed("anna");
    expect_waiting("c2");
    expect_talks_to("c1", "anna");
    struct pool_entry status = {
            .kind = POOL_STATUS, .agent = SLICE_OF("anna"), .profile.status = POOL_ONLINE};
    expect_u64(pool_may_apply(desk_pool, &status), POOL_NO_SUCH_AGENT);
    ends("c1");
    expect_u64(pool_counts(desk_pool).agents, 0);
    ends("c2");
    expect_u64(desk_pool->words.index.len, 0); /* nothing is left behind */
    agent_comes("anna", 2, "billing", "");
    expect_u64(pool_counts(desk_pool).online, 1);
    desk_close();
}

static void a_new_profile_replaces_the_old_one(void)
{
    desk_open();
    agent_comes("anna", 2, "billing:300 parcels", "de");
    agent_comes("anna", 2, "billing:900 billing:100 returns:0", "de-AT");
    customer_waits("c1", "parcels!");
    customer_waits("c2", "returns!");
    expect_u64(router_works(), 0);
    customer_waits_speaking("c3", "billing!", "DE-at");
    router_works();
    struct pool_request_view view = view_of("c3");
    expect_text(view.terms[0].name, "skill");
    expect_u64(view.terms[0].value, 900);
    expect_text(view.terms[1].name, "language");
    expect_u64(view.terms[1].value, 1000);
    desk_close();
}

static void an_unknown_kind_makes_the_pool_read_only(void)
{
    desk_open();
    agent_comes("anna", 2, "", "");
    customer_waits("c1", "");
    struct pool_entry unknown = {.kind = POOL_UNKNOWN};
    expect_u64(desk_says(&unknown), POOL_UNKNOWN_KIND);
    expect(pool_is_read_only(desk_pool));
    struct pool_entry queued = {.kind = POOL_QUEUED, .request = key_of("c2", 1)};
    expect_u64(pool_may_apply(desk_pool, &queued), POOL_READ_ONLY);
    expect_u64(desk_says(&queued), POOL_DONE); /* what others write is still followed */
    struct pool_decisions decisions;
    pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
    expect_u64(decisions.count, 0);
    expect_u64(decisions.next_due_ms, ROUTE_NEVER);
    desk_close();
}

static void malformed_entries_change_nothing(void)
{
    static const char long_id[POOL_ID_MAX + 1] = "too long";
    struct slice too_long = {long_id, sizeof long_id};
    struct pool_skill bad_level = {SLICE_OF("x"), POOL_LEVEL_MAX + 1};
    struct pool_requirement nameless = {SLICE_NONE, true};
    struct pool_key key = key_of("c1", 1), no_name = key_of("c1", 0);
    const struct pool_entry rows[] = {{.kind = POOL_QUEUED, .request = no_name},
            {.kind = POOL_QUEUED, .request = {too_long, key.name}},
            {.kind = POOL_QUEUED, .request = {SLICE_NONE, key.name}},
            {.kind = POOL_QUEUED, .request = key, .need.language = too_long},
            {.kind = POOL_QUEUED, .request = key, .need = {.skills = &nameless, .skill_count = 1}},
            {.kind = POOL_QUEUED, .request = key, .exclusion_count = POOL_EXCLUSIONS_MAX + 1},
            {.kind = POOL_PRESENCE}, {.kind = POOL_PRESENCE, .agent = too_long},
            {.kind = POOL_PRESENCE,
                    .agent = SLICE_OF("a"),
                    .profile = {.skills = &bad_level, .skill_count = 1}},
            {.kind = POOL_PRESENCE,
                    .agent = SLICE_OF("a"),
                    .profile.capacity = POOL_CAPACITY_MAX + 1},
            {.kind = POOL_PRESENCE, .agent = SLICE_OF("a"), .profile.status = (enum pool_status)3},
            {.kind = POOL_ADOPTED, .request = key},
            {.kind = POOL_OFFERED,
                    .request = key,
                    .agent = SLICE_OF("a"),
                    .term_count = POOL_TERMS_MAX + 1},
            {.kind = POOL_SNAPSHOT_REQUEST, .request = key, .agent = SLICE_OF("a")},
            {.kind = POOL_SNAPSHOT_REQUEST, .request = key, .kept_request.state = POOL_ACTIVE}};
    struct name at = {.seq = 1};
    desk_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row %zu", i);
        expect_u64(pool_may_apply(desk_pool, &rows[i]), POOL_MALFORMED);
        expect_u64(pool_apply(desk_pool, &at, desk_now_ms, &rows[i]), POOL_MALFORMED);
    }
    expect_u64(desk_pool->words.index.len, 0);
    desk_close();
}

static void the_lead_is_renewed_by_any_entry(void)
{
    desk_open();
    struct pool_entry router = {.kind = POOL_ROUTER, .incarnation = 4711};
    expect_u64(desk_says(&router), POOL_DONE);
    time_passes(500);
    customer_waits("c1", "");
    expect_u64(pool_lead(desk_pool).incarnation, 4711);
    expect_u64(pool_lead(desk_pool).last_ms, desk_now_ms);
    desk_close();
}

static void a_ninth_exclusion_takes_the_place_of_the_one_that_ends_first(void)
{
    desk_open();
    customer_waits("c1", "");
    for (int i = 0; i < POOL_EXCLUSIONS_MAX + 1; i++) {
        char id[16];
        snprintf(id, sizeof id, "a%d", i);
        agent_comes(id, 1, "", "");
        router_works();
        expect_offered_to("c1", id);
        declines(id, "c1");
        time_passes(10);
    }
    router_works();
    expect_offered_to("c1", "a0");
    desk_close();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_request_goes_from_waiting_to_an_agent_and_is_forgotten),
                    CASE(an_offer_goes_back_at_once_when_the_agent_is_gone),
                    CASE(who_is_away_keeps_chats_and_offers_and_gets_no_more),
                    CASE(one_log_entry_offers_an_agent_one_request),
                    CASE(an_answer_counts_for_the_own_offer_of_a_batch_only),
                    CASE(a_conversation_says_who_owns_it), CASE(adopting_ends_an_open_offer),
                    CASE(taking_needs_room_and_presence), CASE(a_lowered_capacity_keeps_the_chats),
                    CASE(a_removed_agent_is_forgotten_with_the_last_chat),
                    CASE(a_new_profile_replaces_the_old_one),
                    CASE(an_unknown_kind_makes_the_pool_read_only),
                    CASE(malformed_entries_change_nothing), CASE(the_lead_is_renewed_by_any_entry),
                    CASE(a_ninth_exclusion_takes_the_place_of_the_one_that_ends_first), {0}});
}
