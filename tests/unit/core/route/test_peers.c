/* SPDX-License-Identifier: Apache-2.0 */
/* The known routing bugs of others, each as a case by name, as far as the pure core can hold them.
 * The simulation in test_route_sim.c holds the races. */
#include "desk.h"
#include "lib/test.h"

/* Rocket.Chat 37776: three nodes, limit 3, four assigned. Three routers decided on the same fold;
 * all their offers reach the log, and the fold takes no more than fit. */
static void rocketchat_37776_capacity_holds_for_any_number_of_routers(void)
{
    static const char *const waiting[] = {"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"};
    desk_open();
    agent_comes("anna", 3, "", "");
    for (size_t i = 0; i < 9; i++)
        customer_waits(waiting[i], "");
    size_t refused = 0;
    for (size_t router = 0; router < 9; router++) {
        struct pool_entry offer = {.kind = POOL_OFFERED,
                .request = key_of(waiting[router], 1),
                .agent = SLICE_OF("anna"),
                .deadline_ms = desk_now_ms + 30000};
        refused += desk_says(&offer) == POOL_NO_ROOM;
    }
    expect_u64(refused, 6);
    expect_load("anna", 3);
    desk_close();
}

/* Rocket.Chat 22206: two agents take one chat. */
static void rocketchat_22206_one_owner_when_two_take_a_chat(void)
{
    desk_open();
    agent_comes("anna", 4, "", "");
    agent_comes("bela", 4, "", "");
    customer_waits("c1", "");
    struct pool_entry take = {
            .kind = POOL_TAKEN, .request = key_of("c1", 1), .agent = SLICE_OF("anna")};
    expect_u64(desk_says(&take), POOL_DONE);
    take.agent = SLICE_OF("bela");
    expect_u64(desk_says(&take), POOL_NOT_WAITING);
    expect_talks_to("c1", "anna");
    expect_load("bela", 0);
    desk_close();
}

/* Rocket.Chat 29402: queued chats vanish after a status toggle. */
static void rocketchat_29402_the_queue_survives_presence_flaps(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    for (int flap = 0; flap < 5; flap++) {
        router_works();
        expect_offered_to("c1", "anna");
        agent_is("anna", POOL_OFFLINE);
        expect_waiting("c1");
        expect_waiting("c2");
        router_works();
        time_passes(700);
        agent_is("anna", flap % 2 ? POOL_ONLINE : POOL_AWAY);
        agent_is("anna", POOL_ONLINE);
    }
    router_works();
    expect_offered_to("c1", "anna");
    expect_waiting("c2");
    desk_close();
}

/* Rocket.Chat 18200: a chat is stuck. An offer that nobody answers always has an end. */
static void rocketchat_18200_no_offer_without_a_deadline(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    agent_comes("bela", 1, "", "");
    customer_waits("c1", "");
    router_works();
    struct pool_request_view offered = view_of("c1");
    expect_u64(offered.deadline_ms, desk_now_ms + desk_policy.offer_ms);
    time_passes_working(desk_policy.offer_ms);
    expect(!slice_equal(view_of("c1").agent, offered.agent));
    expect_u64(view_of("c1").state, POOL_OFFER_OPEN);
    desk_close();
}

/* Chatwoot 7204, 4158: a reopened chat is assigned to the agent of before, who is offline. */
static void chatwoot_7204_never_offered_to_an_absent_agent(void)
{
    desk_open();
    agent_comes("anna", 4, "", "");
    agent_comes("bela", 4, "", "");
    agent_is("anna", POOL_OFFLINE);
    struct pool_need need = {.last_agent = SLICE_OF("anna")};
    customer_waits_as("c1", 1, need);
    router_works();
    expect_offered_to("c1", "bela");
    agent_is("bela", POOL_AWAY);
    need.last_agent = SLICE_OF("bela");
    customer_waits_as("c2", 1, need);
    router_works();
    expect_waiting("c2");
    struct pool_entry offer = {.kind = POOL_OFFERED,
            .request = key_of("c2", 1),
            .agent = SLICE_OF("anna"),
            .deadline_ms = desk_now_ms + 1};
    expect_u64(pool_may_apply(desk_pool, &offer), POOL_NOT_ONLINE);
    offer.agent = SLICE_OF("bela"); /* away */
    expect_u64(pool_may_apply(desk_pool, &offer), POOL_NOT_ONLINE);
    desk_close();
}

/* Chatwoot 10685: no retry when agents return. */
static void chatwoot_10685_presence_drains_the_queue(void)
{
    desk_open();
    customer_waits("c1", "");
    customer_waits("c2", "");
    expect_u64(router_works(), 0);
    agent_comes("anna", 2, "", "");
    expect_u64(router_works(), 2);
    expect_offered_to("c1", "anna");
    expect_offered_to("c2", "anna");
    desk_close();
}

/* The complaint of many: capacity was freed and the queue not drained. */
static void released_capacity_drains_the_queue(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    accepts("anna", "c1");
    customer_waits("c2", "");
    expect_u64(router_works(), 0);
    ends("c1");
    expect_u64(router_works(), 1);
    expect_gone("c1");
    expect_offered_to("c2", "anna");
    desk_close();
}

/* Chatwoot 6631: ghost-online. Who misses offer after offer is set away, and no longer gets every
 * case first for being the longest idle. */
static void chatwoot_6631_a_ghost_gets_no_more_offers(void)
{
    desk_open();
    agent_comes("ghost", 1, "", "");
    customer_waits("c1", "");
    time_passes_working(10 * 60 * 1000);
    expect_waiting("c1");
    struct pool_agent_view ghost;
    expect(pool_find_agent(desk_pool, SLICE_OF("ghost"), &ghost));
    expect_u64(ghost.status, POOL_AWAY);
    agent_is("ghost", POOL_ONLINE); /* back, with a clean slate */
    router_works();
    expect_offered_to("c1", "ghost");
    time_passes_working(desk_policy.offer_ms);
    expect(pool_find_agent(desk_pool, SLICE_OF("ghost"), &ghost));
    expect_u64(ghost.status, POOL_ONLINE);
    desk_close();
}

/* Chatwoot 13516, first half: whoever is gone leaves orphans behind, after a grace. */
static void the_chats_of_a_lost_agent_are_orphans_after_a_grace(void)
{
    desk_open();
    agent_comes("anna", 2, "", "");
    customer_waits("c1", "");
    router_works();
    accepts("anna", "c1");
    agent_is("anna", POOL_OFFLINE);
    struct pool_orphans orphans;
    pool_orphans(desk_pool, &desk_policy, desk_now_ms, &orphans);
    expect_u64(orphans.count, 0);
    expect_u64(orphans.next_due_ms, desk_now_ms + desk_policy.grace_ms);
    time_passes(desk_policy.grace_ms);
    pool_orphans(desk_pool, &desk_policy, desk_now_ms, &orphans);
    expect_u64(orphans.count, 1);
    expect_text(orphans.items[0].request.conversation, "c1");
    expect_text(orphans.items[0].agent, "anna");
    agent_is("anna", POOL_ONLINE); /* a reload is not a loss */
    pool_orphans(desk_pool, &desk_policy, desk_now_ms, &orphans);
    expect_u64(orphans.count, 0);
    expect_talks_to("c1", "anna");
    desk_close();
}

/* Salesforce KB000382420: the sole agent declines and is never offered it again. */
static void salesforce_382420_the_sole_agent_who_declined_is_offered_it_again(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    for (int round = 0; round < 5; round++) {
        expect_u64(router_works(), 1);
        expect_offered_to("c1", "anna");
        declines("anna", "c1");
        router_works();
        expect_waiting("c1");
        time_passes_working(desk_policy.exclusion_ms - 1);
        expect_waiting("c1");
        time_passes(1);
    }
    desk_close();
}

/* Salesforce KB000384795: capacity leaks. The load is what is assigned, however it came and went.
 */
static void salesforce_384795_capacity_does_not_leak(void)
{
    desk_open();
    agent_comes("anna", 2, "", "");
    for (int round = 0; round < 50; round++) {
        customer_waits("c1", "");
        customer_waits("c2", "");
        customer_waits("c3", "");
        router_works();
        expect_load("anna", 2);
        accepts("anna", "c1");
        if (round % 3 == 0)
            agent_is("anna", POOL_OFFLINE);
        if (round % 3 == 1)
            declines("anna", "c2");
        owns("anna", "c2");
        ends("c2");
        ends("c1");
        ends("c3");
        expect_load("anna", 0);
        agent_is("anna", POOL_ONLINE);
    }
    desk_close();
}

/* Twilio flex 153: completing one task flips a multitasking agent's activity. */
static void twilio_153_ending_one_chat_leaves_the_others_and_the_status_alone(void)
{
    desk_open();
    agent_comes("anna", 3, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    router_works();
    accepts("anna", "c1");
    accepts("anna", "c2");
    agent_is("anna", POOL_AWAY);
    ends("c1");
    struct pool_agent_view anna;
    expect(pool_find_agent(desk_pool, SLICE_OF("anna"), &anna));
    expect_u64(anna.status, POOL_AWAY);
    expect_talks_to("c2", "anna");
    desk_close();
}

/* Chatwoot 13417: the handoff loses the waiting time. */
static void chatwoot_13417_a_handoff_keeps_the_waiting_time(void)
{
    desk_open();
    uint64_t began_ms = desk_now_ms;
    customer_waits("old", "");
    time_passes(60000);
    customer_waits("young", "");
    ends("old");
    customer_waits_as("old", 2, (struct pool_need){.first_queued_ms = began_ms});
    struct pool_key old = key_of("old", 2), young = key_of("young", 1);
    expect_u64(pool_position(desk_pool, &old), 1);
    expect_u64(pool_position(desk_pool, &young), 2);
    agent_comes("anna", 1, "", "");
    router_works();
    expect_offered_to("old", "anna");
    expect_u64(view_of("old").first_queued_ms, began_ms);
    declines("anna", "old");
    expect_u64(pool_position(desk_pool, &old), 1);
    desk_close();
}

/* Tiledesk chatbot 4, Zendesk switchboard: handoff to nobody. A case that asks for a skill that
 * nobody has ends up with somebody all the same. */
static void tiledesk_4_a_handoff_to_nobody_finds_somebody(void)
{
    desk_open();
    agent_comes("anna", 1, "parcels", "");
    customer_waits("c1", "astrology!");
    router_works();
    expect_waiting("c1");
    time_passes_working(desk_policy.relax_unknown_ms);
    expect_offered_to("c1", "anna");
    desk_close();
}

/* fazer-ai 158 closes twice; DirectLineJS 188 retries: the second time is a no-op. */
static void saying_it_twice_changes_nothing(void)
{
    desk_open();
    agent_comes("anna", 2, "", "");
    customer_waits("c1", "");
    struct pool_entry queued = {.kind = POOL_QUEUED, .request = key_of("c1", 1)};
    expect_u64(desk_says(&queued), POOL_ALREADY_LIVE);
    router_works();
    struct pool_request_view view = view_of("c1");
    accepts("anna", "c1");
    struct pool_entry accepted = {.kind = POOL_ACCEPTED,
            .request = view.key,
            .agent = SLICE_OF("anna"),
            .offer = view.offer};
    expect_u64(desk_says(&accepted), POOL_NO_SUCH_OFFER);
    expect(pool_find_offer(desk_pool, &view.offer, SLICE_OF("anna"), &view));
    expect_u64(view.state, POOL_ACTIVE);
    ends("c1");
    struct pool_entry released = {.kind = POOL_RELEASED, .request = key_of("c1", 1)};
    expect_u64(desk_says(&released), POOL_NO_SUCH_REQUEST);
    desk_close();
}

/* An answer to an offer that is over must not count for the one that came after it. */
static void a_late_accept_does_not_take_the_next_agents_offer(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    struct pool_request_view first = view_of("c1");
    time_passes_working(desk_policy.offer_ms);
    agent_comes("bela", 1, "", "");
    router_works();
    expect_offered_to("c1", "bela");
    struct pool_entry late = {.kind = POOL_ACCEPTED,
            .request = first.key,
            .agent = SLICE_OF("anna"),
            .offer = first.offer};
    expect_u64(desk_says(&late), POOL_NO_SUCH_OFFER);
    late.agent = SLICE_OF("bela");
    expect_u64(desk_says(&late), POOL_NO_SUCH_OFFER);
    expect_offered_to("c1", "bela");
    desk_close();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(rocketchat_37776_capacity_holds_for_any_number_of_routers),
                    CASE(rocketchat_22206_one_owner_when_two_take_a_chat),
                    CASE(rocketchat_29402_the_queue_survives_presence_flaps),
                    CASE(rocketchat_18200_no_offer_without_a_deadline),
                    CASE(chatwoot_7204_never_offered_to_an_absent_agent),
                    CASE(chatwoot_10685_presence_drains_the_queue),
                    CASE(released_capacity_drains_the_queue),
                    CASE(chatwoot_6631_a_ghost_gets_no_more_offers),
                    CASE(the_chats_of_a_lost_agent_are_orphans_after_a_grace),
                    CASE(salesforce_382420_the_sole_agent_who_declined_is_offered_it_again),
                    CASE(salesforce_384795_capacity_does_not_leak),
                    CASE(twilio_153_ending_one_chat_leaves_the_others_and_the_status_alone),
                    CASE(chatwoot_13417_a_handoff_keeps_the_waiting_time),
                    CASE(tiledesk_4_a_handoff_to_nobody_finds_somebody),
                    CASE(saying_it_twice_changes_nothing),
                    CASE(a_late_accept_does_not_take_the_next_agents_offer), {0}});
}
