/* SPDX-License-Identifier: Apache-2.0 */
/* A hello whose token is looked at beside the loop: what happens meanwhile, and what is judged when
 * the answer comes. */
#include "flow/directory.h"
#include "flow/tenant_keys.h"
#include "lib/test.h"
#include "stage.h"

#include <stdio.h>
#include <string.h>

enum { LONG_MS = 2000 };

/* Connects and says hello; the verifier answers after just so long. */
static struct actor *say_hello(const char *subject, uint64_t ms)
{
    struct actor *ada = stage_actor();
    stage.nodes[0].verifier.ms_min = stage.nodes[0].verifier.ms_max = ms;
    act_sign(ada, "north", "customer", subject, true);
    act_enter(ada);
    return ada;
}

static struct tenant *north(void)
{
    return (struct tenant *)(uintptr_t)directory_tenant(stage.node, SLICE_OF("north"));
}

static void the_welcome_comes_after_the_answer(void)
{
    stage_start();
    struct actor *ada = say_hello("x:ada", LONG_MS);
    expect(!heard(ada, "\"welcome\"") && ada->close_code == 0);
    stage_run(LONG_MS);
    expect(heard(ada, "\"welcome\""));
    act_say(ada, "Hello");
    expect(heard(ada, "\"ack\""));
    stage_end();
}

static void nothing_but_the_hello_is_taken_meanwhile(void)
{
    static const char *const frames[] = {"{\"type\":\"ping\",\"id\":\"p\"}",
            "{\"type\":\"hello\",\"id\":\"h\",\"token\":\"none\"}"};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        stage_start();
        struct actor *ada = say_hello("x:ada", LONG_MS);
        act_ask(ada, "%s", frames[i]);
        expect(heard(ada, i == 0 ? "\"hello_first\"" : "\"hello_twice\""));
        expect(ada->close_code != 0);
        stage_run(LONG_MS); /* the answer finds nobody */
        expect(!heard_ever(ada, "\"welcome\""));
        stage_end();
    }
}

static void who_went_meanwhile_is_not_welcomed(void)
{
    stage_start();
    struct actor *ada = say_hello("x:ada", LONG_MS);
    act_leave(ada);
    stage_run(LONG_MS);
    expect(!heard_ever(ada, "\"welcome\""));
    expect(node_is_quiet(stage.node));
    stage_end();
}

static void a_token_that_ran_out_meanwhile_is_refused(void)
{
    enum { SKEW_MS = 60000, LEFT_MS = LONG_MS / 2 };
    uint8_t brand[SIGNING_SECRET_SIZE];
    struct token_claims claims = {.tenant = SLICE_OF("north"),
            .role = SLICE_OF("customer"),
            .subject = SLICE_OF("x:ada")};
    stage_start();
    struct actor *ada = stage_actor();
    tenant_brand_secret(stage.settings.master_key, north(), brand);
    stage_run(SKEW_MS + 10000);
    uint64_t now_ms = node_time_ms(stage.node);
    claims.expires_ms = (now_ms - SKEW_MS) / 1000 * 1000 + LONG_MS; /* whole seconds */
    claims.issued_ms = claims.expires_ms - 1000;
    stage_run(claims.expires_ms + SKEW_MS - now_ms - LEFT_MS);
    struct buffer out = buffer_make(ada->token, sizeof ada->token - 1);
    expect(token_sign(brand, &claims, &out));
    ada->token[out.len] = '\0';
    stage.nodes[0].verifier.ms_min = stage.nodes[0].verifier.ms_max = LONG_MS;
    act_enter(ada);
    expect(node_time_ms(stage.node) < claims.expires_ms + SKEW_MS);
    stage_run(LONG_MS);
    expect(heard(ada, "\"token_expired\"") && !heard_ever(ada, "\"welcome\""));
    stage_end();
}

static void a_key_that_was_taken_away_meanwhile_opens_nothing(void)
{
    stage_start();
    struct actor *ada = say_hello("x:ada", LONG_MS);
    north()->brand_public_key[0] ^= 1;
    stage_run(LONG_MS);
    expect(heard(ada, "\"unauthenticated\"") && !heard_ever(ada, "\"welcome\""));
    stage_end();
}

static void a_forged_token_is_refused_after_the_answer(void)
{
    stage_start();
    struct actor *ada = stage_actor(), *eve = say_hello("x:eve", 0);
    act_leave(eve);
    act_sign(ada, "north", "customer", "x:ada", true);
    ada->token[20] = ada->token[20] == 'A' ? 'B' : 'A';
    stage.nodes[0].verifier.ms_min = stage.nodes[0].verifier.ms_max = LONG_MS;
    act_enter(ada);
    expect(!heard(ada, "\"error\""));
    stage_run(LONG_MS);
    expect(heard(ada, "\"unauthenticated\"") && ada->close_code != 0);
    stage_end();
}

/* It has come, so it is not said that none came; and its token is as good as it was. */
static void expect_to_say_it_again(const struct actor *ada, const char *code)
{
    expect(heard(ada, code) && heard(ada, "\"retry_after_ms\"") && heard(ada, "\"bye\""));
    expect(!heard(ada, "\"token\"") && !heard(ada, "\"hello_timeout\""));
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_TIMEOUT);
}

/* A verifier that never answers: the time of a hello ends it. */
static void a_hello_does_not_wait_for_ever(void)
{
    stage_start();
    struct actor *ada = say_hello("x:ada", 3600 * 1000);
    stage_run(PROTO_LIMIT_HELLO_MS);
    expect_to_say_it_again(ada, "\"busy\"");
    stage_end();
}

static void who_waits_for_the_store_in_vain_is_told_so(void)
{
    stage_start();
    fake_store_stall(stage.store, node_clock_ms(stage.node) + 3600 * 1000);
    struct actor *ada = say_hello("x:ada", 0);
    stage_run(PROTO_LIMIT_HELLO_MS);
    expect_to_say_it_again(ada, "\"store_unavailable\"");
    stage_end();
}

static void a_late_hello_has_a_time_of_its_own(void)
{
    stage_start();
    struct actor *ada = stage_actor();
    act_sign(ada, "north", "customer", "x:ada", true);
    stage.nodes[0].verifier.ms_min = stage.nodes[0].verifier.ms_max = LONG_MS;
    expect(fake_client_connect(&ada->client, stage.peers, PEER_JSON));
    stage_run(PROTO_LIMIT_HELLO_MS - 100);
    act_ask(ada, "{\"type\":\"hello\",\"id\":\"h\",\"token\":\"%s\"}", ada->token);
    stage_run(LONG_MS);
    expect(heard_ever(ada, "\"welcome\"") && ada->close_code == 0);
    stage_end();
}

static void who_says_nothing_is_told_that_no_hello_came(void)
{
    stage_start();
    struct actor *ada = stage_actor();
    expect(fake_client_connect(&ada->client, stage.peers, PEER_JSON));
    stage_run(PROTO_LIMIT_HELLO_MS + 100);
    expect(heard_ever(ada, "\"hello_timeout\""));
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_TIMEOUT);
    stage_end();
}

static void where_too_many_wait_it_is_looked_at_here(void)
{
    stage_start();
    stage.nodes[0].verifier.count_max = 0;
    struct actor *ada = say_hello("x:ada", LONG_MS);
    expect(heard(ada, "\"welcome\""));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_welcome_comes_after_the_answer),
                    CASE(nothing_but_the_hello_is_taken_meanwhile),
                    CASE(who_went_meanwhile_is_not_welcomed),
                    CASE(a_token_that_ran_out_meanwhile_is_refused),
                    CASE(a_key_that_was_taken_away_meanwhile_opens_nothing),
                    CASE(a_forged_token_is_refused_after_the_answer),
                    CASE(a_hello_does_not_wait_for_ever),
                    CASE(who_waits_for_the_store_in_vain_is_told_so),
                    CASE(a_late_hello_has_a_time_of_its_own),
                    CASE(who_says_nothing_is_told_that_no_hello_came),
                    CASE(where_too_many_wait_it_is_looked_at_here), {0}});
}
