/* SPDX-License-Identifier: Apache-2.0 */
/* What a case asks for, and who serves it when: levels, queues, preferred agents, schedules,
 * promises. */
#include "core/route/setup.h"
#include "desk.h"
#include "lib/test.h"

/* ---- levels, queues, preferred agents ---- */

static void a_must_may_ask_for_a_level(void)
{
    desk_open();
    agent_comes("novice", 1, "billing:300", "");
    agent_comes("expert", 1, "billing:900", "");
    struct pool_requirement skill = {SLICE_OF("billing"), true, 800};
    struct pool_need need = {.skills = &skill, .skill_count = 1};
    agent_is("expert", POOL_OFFLINE);
    customer_waits_as("c1", 1, need);
    router_works();
    expect_waiting("c1");
    time_passes_working(desk_policy.relax_absent_ms - 1);
    expect_waiting("c1");
    agent_is("expert", POOL_ONLINE);
    router_works();
    expect_offered_to("c1", "expert");
    skill.min_level = 950; /* nobody has that much: it becomes a wish */
    customer_waits_as("c2", 1, need);
    router_works();
    expect_waiting("c2");
    time_passes_working(desk_policy.relax_unknown_ms);
    expect_offered_to("c2", "novice");
    desk_close();
}

static struct route_setup setup;

static void name_two_queues(void)
{
    setup = (struct route_setup){.queue_count = 2};
    route_name_set(&setup.queues[0].name, SLICE_OF("default"));
    route_name_set(&setup.queues[1].name, SLICE_OF("sales"));
    route_name_set(&setup.queues[1].overflow[0].queue, SLICE_OF("default"));
    setup.queues[1].overflow[0].after_ms = 30000;
    setup.queues[1].overflow_count = 1;
    desk_policy.setup = &setup;
}

static void serves(const char *agent, const char *queue)
{
    struct slice queues[1] = {slice_of_string(queue)};
    struct pool_entry entry = {.kind = POOL_PRESENCE,
            .agent = slice_of_string(agent),
            .profile = {.status = POOL_ONLINE,
                    .capacity = 1,
                    .name = slice_of_string(agent),
                    .queues = queues,
                    .queue_count = queue[0] != 0}};
    expect_u64(desk_says(&entry), POOL_DONE);
}

static void a_case_waits_in_its_queue_and_overflows_in_time(void)
{
    desk_open();
    name_two_queues();
    serves("anna", "default");
    customer_waits_as("c1", 1, (struct pool_need){.queue = SLICE_OF("sales")});
    router_works();
    expect_waiting("c1");
    struct route_candidate candidate;
    struct pool_key key = key_of("c1", 1);
    expect_u64(pool_explain(desk_pool, &desk_policy, &key, desk_now_ms, &candidate, 1), 1);
    expect_u64(candidate.verdict, ROUTE_OTHER_QUEUE);
    time_passes_working(29999);
    expect_waiting("c1");
    time_passes_working(1);
    expect_offered_to("c1", "anna");
    customer_waits_as("c2", 1, (struct pool_need){.queue = SLICE_OF("sales")});
    serves("bela", "sales");
    router_works();
    expect_offered_to("c2", "bela");
    serves("carl", ""); /* serves all */
    customer_waits_as("c3", 1, (struct pool_need){.queue = SLICE_OF("sales")});
    router_works();
    expect_offered_to("c3", "carl");
    desk_close();
}

/* An auction and one freed agent keep to the queues as well. */
static void queues_hold_in_a_crowd(void)
{
    static const char *const names[] = {"s1", "s2", "s3", "s4", "d1", "d2", "d3", "d4"};
    desk_open();
    name_two_queues();
    serves("anna", "default");
    serves("bela", "sales");
    for (size_t i = 0; i < 8; i++)
        customer_waits_as(
                names[i], 1, (struct pool_need){.queue = i < 4 ? SLICE_OF("sales") : SLICE_NONE});
    expect_u64(router_works(), 2);
    for (size_t i = 0; i < 8; i++) {
        struct pool_request_view view = view_of(names[i]);
        if (view.state == POOL_OFFER_OPEN)
            expect_text(view.agent, i < 4 ? "bela" : "anna");
    }
    desk_close();
}

static void preferred_agents_are_waited_for_and_no_longer(void)
{
    struct slice prefers[1] = {SLICE_OF("anna")};
    desk_open();
    agent_comes("anna", 1, "", "");
    agent_comes("bela", 1, "", "");
    owns("anna", "c0");
    customer_waits_as("c1", 1, (struct pool_need){.prefers = prefers, .prefer_count = 1});
    router_works();
    expect_waiting("c1");
    time_passes_working(desk_policy.prefer_ms - 1);
    expect_waiting("c1");
    time_passes_working(1);
    expect_offered_to("c1", "bela");
    ends("c1");
    agent_is("anna", POOL_OFFLINE); /* who is not there is not waited for */
    customer_waits_as("c2", 1, (struct pool_need){.prefers = prefers, .prefer_count = 1});
    router_works();
    expect_offered_to("c2", "bela");
    desk_close();
}

static void a_stranded_case_goes_to_whoever_is_there_at_once(void)
{
    struct pool_requirement skill = {SLICE_OF("astrology"), true, 0};
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits_as(
            "c1", 1, (struct pool_need){.skills = &skill, .skill_count = 1, .is_stranded = true});
    router_works();
    expect_offered_to("c1", "anna");
    desk_close();
}

static void queued_for(const char *conversation, const char *queue, bool is_stranded)
{
    struct pool_need need = {.queue = slice_of_string(queue), .is_stranded = is_stranded};
    customer_waits_as(conversation, 1, need);
}

/* Everybody lists queues and nobody this one: whoever lists another queue may have it. With a
 * colleague of that queue, even an absent one, it is theirs. */
static void a_stranded_case_of_nobodys_queue_is_everybodys(void)
{
    desk_open();
    serves("anna", "sales");
    queued_for("c1", "vip", true);
    queued_for("c2", "vip", false);
    router_works();
    expect_offered_to("c1", "anna");
    expect_waiting("c2");
    accepts("anna", "c1");
    ends("c1");
    serves("bela", "vip");
    agent_is("bela", POOL_AWAY);
    queued_for("c3", "vip", true);
    router_works();
    expect_waiting("c3");
    desk_close();
}

/* ---- schedules ---- */

enum { HOUR_MS = 3600000 };

/* Thursday, 1970-01-01, 08:00 UTC; a shift of Thursdays from 9 to 12 and the next day from 10
 * to 11. */
static void open_with_a_shift(void)
{
    static const struct hours_span spans[] = {{4, 9 * 60, 12 * 60}, {5, 9 * 60, 12 * 60}};
    desk_open();
    setup = (struct route_setup){.shift_count = 1};
    route_name_set(&setup.shifts[0].name, SLICE_OF("early"));
    memcpy(setup.shifts[0].hours.spans, spans, sizeof spans);
    setup.shifts[0].hours.span_count = 2;
    setup.shifts[0].hours.holidays[0] = (struct hours_holiday){0, 1, 2, 10 * 60, 11 * 60};
    setup.shifts[0].hours.holiday_count = 1;
    desk_policy.setup = &setup;
    desk_policy.relax_absent_ms = 0;
    time_passes(8 * HOUR_MS - desk_now_ms);
}

static void works_in_the_shift(const char *agent)
{
    struct pool_skill skill = {SLICE_OF("tax"), 1000};
    struct pool_entry entry = {.kind = POOL_PRESENCE,
            .agent = slice_of_string(agent),
            .profile = {.status = POOL_ONLINE,
                    .capacity = 2,
                    .skills = &skill,
                    .skill_count = 1,
                    .shift = SLICE_OF("early")}};
    expect_u64(desk_says(&entry), POOL_DONE);
}

static enum route_verdict verdict_on(const char *conversation)
{
    struct route_candidate candidate;
    struct pool_key key = key_of(conversation, 1);
    expect_u64(pool_explain(desk_pool, &desk_policy, &key, desk_now_ms, &candidate, 1), 1);
    return candidate.verdict;
}

/* Nobody says anything: the deadlines alone begin and end the shift. Running chats stay. */
static void an_agent_out_of_schedule_gets_no_offers_and_comes_back_by_the_clock(void)
{
    struct pool_agent_view view;
    open_with_a_shift();
    works_in_the_shift("anna");
    customer_waits("c1", "tax!");
    router_works();
    expect_waiting("c1");
    expect_u64(verdict_on("c1"), ROUTE_OFF_SHIFT);
    expect_u64(pool_counts(desk_pool).online, 0);
    time_passes_working(HOUR_MS - 1); /* 08:59:59.999 */
    expect_waiting("c1");
    time_passes_working(1);
    expect_offered_to("c1", "anna");
    accepts("anna", "c1");
    time_passes_working(3 * HOUR_MS); /* 12:00 */
    customer_waits("c2", "tax!");
    router_works();
    expect_waiting("c2");
    expect_talks_to("c1", "anna");
    expect(pool_find_agent(desk_pool, SLICE_OF("anna"), &view) && view.is_off_shift);
    time_passes_working(22 * HOUR_MS - 1); /* Friday 09:59: an exception */
    expect_waiting("c2");
    time_passes_working(1);
    expect_offered_to("c2", "anna");
    desk_close();
}

/* Who had an offer when the shift ended may still take it; a stale router's offer is refused. */
static void an_offer_outlives_the_shift_and_none_is_made_after_it(void)
{
    open_with_a_shift();
    time_passes(4 * HOUR_MS - 5000); /* 11:59:55 */
    works_in_the_shift("anna");
    customer_waits("c1", "");
    router_works();
    expect_offered_to("c1", "anna");
    time_passes_working(5000);
    accepts("anna", "c1");
    expect_talks_to("c1", "anna");
    customer_waits("c2", "");
    struct pool_entry late = {.kind = POOL_OFFERED,
            .request = key_of("c2", 1),
            .agent = SLICE_OF("anna"),
            .deadline_ms = desk_now_ms + 1000};
    expect_u64(pool_may_apply(desk_pool, &late), POOL_NOT_ONLINE);
    struct pool *copy = pool_copy(desk_pool, desk_now_ms); /* a snapshot keeps it */
    expect_u64(pool_may_apply(copy, &late), POOL_NOT_ONLINE);
    pool_destroy(copy);
    setup.shift_count = 0; /* the shift is gone: so are its hours */
    router_works();
    expect_offered_to("c2", "anna");
    desk_close();
}

/* ---- urgency ---- */

static void a_promise_a_class_and_a_value_go_first(void)
{
    desk_open();
    setup = (struct route_setup){.class_count = 1};
    route_name_set(&setup.classes[0].name, SLICE_OF("concierge"));
    setup.classes[0].worth = 1000;
    desk_policy.setup = &setup;
    agent_comes("anna", 1, "", "");
    time_passes(1000);
    customer_waits("plain", "");
    time_passes(1000);
    customer_waits_as("dear", 1, (struct pool_need){.value = 50000});
    customer_waits_as("known", 1, (struct pool_need){.class_name = SLICE_OF("concierge")});
    struct pool_need promised = {.promise_ms = desk_now_ms + 10000};
    customer_waits_as("promised", 1, promised);
    time_passes(8000);
    router_works();
    expect_offered_to("promised", "anna");
    ends("promised");
    router_works();
    expect_offered_to("known", "anna");
    ends("known");
    router_works();
    expect_offered_to("dear", "anna");
    desk_close();
}

static void a_changed_need_keeps_the_age(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "billing!");
    uint64_t began_ms = desk_now_ms;
    time_passes(5000);
    customer_waits("c2", "");
    struct pool_entry change = {.kind = POOL_CHANGED,
            .request = view_of("c1").key,
            .need = {.channel = SLICE_OF("mail"), .weight = 300, .is_interruptible = true}};
    expect_u64(desk_says(&change), POOL_DONE);
    expect_u64(view_of("c1").first_queued_ms, began_ms);
    router_works();
    expect_offered_to("c1", "anna");
    desk_close();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_must_may_ask_for_a_level),
                    CASE(a_case_waits_in_its_queue_and_overflows_in_time),
                    CASE(queues_hold_in_a_crowd),
                    CASE(preferred_agents_are_waited_for_and_no_longer),
                    CASE(a_stranded_case_goes_to_whoever_is_there_at_once),
                    CASE(a_stranded_case_of_nobodys_queue_is_everybodys),
                    CASE(an_agent_out_of_schedule_gets_no_offers_and_comes_back_by_the_clock),
                    CASE(an_offer_outlives_the_shift_and_none_is_made_after_it),
                    CASE(a_promise_a_class_and_a_value_go_first),
                    CASE(a_changed_need_keeps_the_age), {0}});
}
