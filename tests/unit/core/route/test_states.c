/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent's cases leave of their room: weights, wrap-up, interruption. */
#include "desk.h"
#include "lib/test.h"

static void says(enum pool_kind kind, const char *conversation, struct pool_entry more)
{
    more.kind = kind;
    more.request = view_of(conversation).key;
    expect_u64(pool_may_apply(desk_pool, &more), POOL_DONE);
    expect_u64(desk_says(&more), POOL_DONE);
}

static void falls_silent(const char *conversation)
{
    says(POOL_WEIGHED, conversation, (struct pool_entry){.weight = 100});
}

static void speaks_again(const char *conversation)
{
    says(POOL_WEIGHED, conversation, (struct pool_entry){.weight = 0});
}

static void wraps_up(const char *conversation, uint64_t ms)
{
    says(POOL_WRAPPING, conversation, (struct pool_entry){.deadline_ms = desk_now_ms + ms});
}

static void mail_waits(const char *conversation)
{
    customer_waits_as(conversation, 1,
            (struct pool_need){
                    .channel = SLICE_OF("mail"), .weight = 500, .is_interruptible = true});
}

static void takes_all_offers(const char *agent, const char *const *conversations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        router_works();
        accepts(agent, conversations[i]);
    }
}

static void expect_weight(const char *agent, uint32_t weight)
{
    struct pool_agent_view view;
    expect(pool_find_agent(desk_pool, slice_of_string(agent), &view));
    expect_u64(view.weight, weight);
}

/* Two silent chats make room for a third; when they speak again the agent is over the limit, keeps
 * all three, and gets no more. */
static void a_silent_chat_gives_room_and_takes_it_again(void)
{
    static const char *const chats[] = {"c1", "c2"};
    desk_open();
    agent_comes("anna", 2, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    takes_all_offers("anna", chats, 2);
    customer_waits("c3", "");
    expect_u64(router_works(), 0);
    falls_silent("c1");
    expect_u64(router_works(), 0); /* 1.1 and one more are too many */
    falls_silent("c2");
    expect_u64(router_works(), 1);
    accepts("anna", "c3");
    expect_weight("anna", 1200);
    speaks_again("c1");
    speaks_again("c2");
    expect_weight("anna", 3000);
    customer_waits("c4", "");
    expect_u64(router_works(), 0);
    ends("c3");
    expect_u64(router_works(), 0); /* 2 of 2 */
    ends("c2");
    expect_u64(router_works(), 1);
    desk_close();
}

static void light_work_fills_what_is_left(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    mail_waits("m1");
    mail_waits("m2");
    mail_waits("m3");
    expect_u64(router_works(), 2);
    expect_weight("anna", 1000);
    expect_waiting("m3");
    desk_close();
}

/* Live work interrupts mail, the youngest first; the mail stays with the agent and goes on. */
static void a_chat_interrupts_mail_which_is_kept_and_goes_on(void)
{
    static const char *const mails[] = {"m1", "m2"};
    desk_open();
    agent_comes("anna", 1, "", "");
    mail_waits("m1");
    router_works();
    accepts("anna", "m1");
    time_passes(5);
    mail_waits("m2");
    takes_all_offers("anna", mails + 1, 1);
    expect(!view_of("m1").is_interrupted && !view_of("m2").is_interrupted);
    customer_waits("c1", "");
    expect_u64(router_works(), 1);
    accepts("anna", "c1");
    expect_talks_to("m1", "anna");
    expect_talks_to("m2", "anna");
    expect(view_of("m1").is_interrupted && view_of("m2").is_interrupted);
    customer_waits("c2", ""); /* no room for a second chat */
    expect_u64(router_works(), 0);
    falls_silent("c1");
    expect(!view_of("m1").is_interrupted && view_of("m2").is_interrupted);
    ends("c2");
    ends("c1");
    expect(!view_of("m1").is_interrupted && !view_of("m2").is_interrupted);
    desk_close();
}

static void who_is_not_interrupted_comes_first(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    mail_waits("m1");
    router_works();
    accepts("anna", "m1");
    agent_comes("bela", 1, "", "");
    mail_waits("m2");
    mail_waits("m3");
    router_works();
    time_passes(700000); /* anna and bela have been idle for long */
    ends("m2");
    ends("m3");
    owns("bela", "m4");
    ends("m4"); /* bela is the one idle for less */
    customer_waits("c1", "");
    router_works();
    expect_offered_to("c1", "bela");
    desk_close();
}

static void wrap_up_keeps_the_place_until_its_deadline(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    accepts("anna", "c1");
    wraps_up("c1", 30000);
    expect_load("anna", 1);
    customer_waits("c2", "");
    expect_u64(router_works(), 0);
    time_passes_working(29999);
    expect_waiting("c2");
    time_passes_working(1);
    expect_gone("c1");
    expect_offered_to("c2", "anna");
    desk_close();
}

static void an_agent_who_is_done_early_is_free_early(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    accepts("anna", "c1");
    wraps_up("c1", 30000);
    customer_waits("c2", "");
    ends("c1");
    expect_u64(router_works(), 1);
    struct pool_entry again = {.kind = POOL_WRAPPING, .request = key_of("c2", 1)};
    expect_u64(desk_says(&again), POOL_NOT_ACTIVE);
    desk_close();
}

static void a_wrap_up_is_no_orphan(void)
{
    desk_open();
    agent_comes("anna", 1, "", "");
    customer_waits("c1", "");
    router_works();
    accepts("anna", "c1");
    wraps_up("c1", 60000);
    agent_is("anna", POOL_OFFLINE);
    time_passes(desk_policy.grace_ms);
    struct pool_orphans orphans;
    pool_orphans(desk_pool, &desk_policy, desk_now_ms, &orphans);
    expect_u64(orphans.count, 0);
    time_passes_working(60000);
    expect_gone("c1");
    desk_close();
}

static void who_accepts_all_is_not_asked(void)
{
    desk_open();
    desk_policy.auto_accept = true;
    agent_comes("anna", 2, "", "");
    customer_waits("c1", "");
    customer_waits("c2", "");
    router_works();
    expect_talks_to("c1", "anna");
    expect_talks_to("c2", "anna");
    expect(view_of("c1").term_count > 0);
    customer_waits("c3", "");
    router_works();
    expect_waiting("c3");
    desk_close();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_silent_chat_gives_room_and_takes_it_again),
                    CASE(light_work_fills_what_is_left),
                    CASE(a_chat_interrupts_mail_which_is_kept_and_goes_on),
                    CASE(who_is_not_interrupted_comes_first),
                    CASE(wrap_up_keeps_the_place_until_its_deadline),
                    CASE(an_agent_who_is_done_early_is_free_early), CASE(a_wrap_up_is_no_orphan),
                    CASE(who_accepts_all_is_not_asked), {0}});
}
