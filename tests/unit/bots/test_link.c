/* SPDX-License-Identifier: Apache-2.0 */
/* A link against a fake broker: greeting, resuming, and everything that can go wrong between. */
#include "bots/sdk/c/link.h"
#include "lib/test.h"
#include "unit/bots/fake_broker.h"
#include "unit/bots/loop_until.h"

#include <stdio.h>

enum { WAIT_MS = 30000 };

/* What one link has told its owner. */
struct seen {
    size_t connected, disconnected, welcomes, entries, tokens_wanted, byes;
    struct link_reason last_reason;
    bool ended;
    char lineage[33];
};

/* What the broker has heard. */
struct heard {
    size_t hellos, sends, cursors;
    char token[64], ticket[64], bot[64];
};

static struct seen seen;
static struct heard heard;
static uv_loop_t loop;
static struct fake_broker *broker;
static struct link *the_link;
static const char *next_token;

static void on_state(void *context, enum link_state state, const struct link_reason *reason)
{
    struct seen *it = context;
    it->connected += state == LINK_CONNECTED;
    it->disconnected += state == LINK_DISCONNECTED;
    it->ended |= state == LINK_ENDED;
    if (reason != NULL)
        it->last_reason = *reason;
}

static void on_frame(void *context, const struct proto_frame *frame)
{
    struct seen *it = context;
    it->welcomes += frame->kind == PROTO_KIND_WELCOME;
    it->entries += frame->kind == PROTO_KIND_ENTRY;
    it->byes += frame->kind == PROTO_KIND_BYE;
    if (frame->kind == PROTO_KIND_WELCOME)
        snprintf(it->lineage, sizeof it->lineage, "%.*s", SLICE_ARGS(frame->as.welcome.lineage));
}

static void on_token_wanted(void *context)
{
    (void)context;
    seen.tokens_wanted++;
    if (next_token != NULL)
        link_set_token(the_link, next_token);
}

static size_t list_cursors(void *context, struct proto_cursor *out_list, size_t max)
{
    (void)context, (void)max;
    out_list[0] = (struct proto_cursor){SLICE_OF("c1"), {12, {1, 2, 3}}};
    return 1;
}

static void on_broker_frame(
        void *context, struct fake_client *client, const struct proto_frame *frame)
{
    (void)context, (void)client;
    if (frame->kind == PROTO_KIND_SEND)
        heard.sends++;
    if (frame->kind != PROTO_KIND_HELLO)
        return;
    const struct proto_hello *hello = &frame->as.hello;
    heard.hellos++;
    heard.cursors = hello->cursors_count;
    snprintf(heard.token, sizeof heard.token, "%.*s", SLICE_ARGS(hello->token));
    snprintf(heard.ticket, sizeof heard.ticket, "%.*s", SLICE_ARGS(hello->ticket));
    snprintf(heard.bot, sizeof heard.bot, "%.*s", SLICE_ARGS(hello->bot.name));
}

static void open_broker(struct fake_broker_options options, int port)
{
    options.loop = &loop;
    options.on_frame = on_broker_frame;
    broker = fake_broker_open(&options, port);
}

static void begin(struct fake_broker_options options)
{
    seen = (struct seen){0};
    heard = (struct heard){0};
    next_token = NULL;
    expect(uv_loop_init(&loop) == 0);
    open_broker(options, 0);
}

static void dial(struct link_options options)
{
    options.loop = &loop;
    options.url = fake_broker_url(broker);
    options.context = &seen;
    options.on_state = on_state;
    options.on_frame = on_frame;
    the_link = link_open(&options);
    expect(the_link != NULL);
}

static void finish(void)
{
    link_close(the_link);
    if (broker != NULL)
        fake_broker_kill(broker);
    loop_finish(&loop);
}

static bool counter_reached(void *context)
{
    const size_t *const *pair = context;
    return *pair[0] >= *pair[1];
}

static bool reaches(size_t *counter, size_t wanted)
{
    const size_t *pair[] = {counter, &wanted};
    return loop_until(&loop, counter_reached, pair, WAIT_MS);
}

static bool has_ended(void *context)
{
    return ((struct seen *)context)->ended;
}

static bool hears_client(void *context)
{
    (void)context;
    return fake_broker_client(broker) != NULL;
}

static bool sends_text(const char *text)
{
    struct proto_frame frame = {.kind = PROTO_KIND_SEND};
    frame.as.send = (struct proto_send){.id = SLICE_OF("s1"),
            .lineage = SLICE_OF("lineage-1"),
            .n = 1,
            .body = {.kind = PROTO_BODY_KIND_TEXT, .text = slice_of_string(text)}};
    return link_send(the_link, &frame);
}

static void send_entry(struct fake_client *client, uint64_t seq, const char *text)
{
    struct proto_part part = {.kind = PROTO_PART_KIND_MESSAGE,
            .has_body = true,
            .body = {.kind = PROTO_BODY_KIND_TEXT, .text = slice_of_string(text)}};
    struct proto_frame frame = {.kind = PROTO_KIND_ENTRY};
    frame.as.entry = (struct proto_entry_view){.conversation = SLICE_OF("c1"),
            .at = {seq, {(uint8_t)seq}},
            .after = {seq - 1, {(uint8_t)(seq - 1)}},
            .time_ms = 1,
            .author = {.kind = PROTO_AUTHOR_KIND_SYSTEM},
            .visibility = PROTO_VISIBILITY_PUBLIC,
            .parts = &part,
            .parts_count = 1};
    fake_client_send(client, &frame);
}

static void greets_and_speaks(bool use_json)
{
    const struct proto_bot_info bot = {.name = SLICE_OF("echo"), .credits = 4};
    begin((struct fake_broker_options){.use_json = use_json});
    dial((struct link_options){
            .token = "wk_key", .use_json = use_json, .bot = &bot, .list_cursors = list_cursors});
    expect(!sends_text("too early"));
    expect(reaches(&seen.welcomes, 1));
    expect_u64(seen.connected, 1);
    expect_text(slice_of_string(heard.token), "wk_key");
    expect_text(slice_of_string(heard.bot), "echo");
    expect_u64(heard.cursors, 1);
    expect_text(slice_of_string(seen.lineage), "lineage-1");
    expect(sends_text("Where is my parcel?"));
    expect(reaches(&heard.sends, 1));
    send_entry(fake_broker_client(broker), 13, "On its way");
    expect(reaches(&seen.entries, 1));
    finish();
}

static void a_link_greets_and_speaks_msgpack(void)
{
    greets_and_speaks(false);
}

static void a_link_greets_and_speaks_json(void)
{
    greets_and_speaks(true);
}

static void a_link_refuses_what_is_no_address(void)
{
    static const char *const refused[] = {"", "localhost:8080", "ws://", "ws://host:0",
            "ws://host:65536", "wss://host", "ws://ho st", "ws://host/a b", "ws://[::1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_note("row '%s'", refused[i]);
        expect(uv_loop_init(&loop) == 0);
        expect(link_open(&(struct link_options){
                       .loop = &loop, .url = refused[i], .on_frame = on_frame}) == NULL);
        loop_finish(&loop);
    }
}

static void a_killed_server_is_found_again_by_ticket(void)
{
    begin((struct fake_broker_options){0});
    int port = fake_broker_port(broker);
    dial((struct link_options){.token = "t1"});
    expect(reaches(&seen.welcomes, 1));
    fake_broker_kill(broker);
    broker = NULL;
    expect(reaches(&seen.disconnected, 1));
    expect(!sends_text("nobody is there"));
    open_broker((struct fake_broker_options){0}, port);
    expect(reaches(&seen.welcomes, 2));
    expect_u64(link_reconnects(the_link), 1);
    expect_text(slice_of_string(heard.ticket), "tk1.ticket");
    expect_text(slice_of_string(heard.token), "");
    finish();
}

static void an_unreachable_server_is_tried_again_and_again(void)
{
    begin((struct fake_broker_options){0});
    int port = fake_broker_port(broker);
    dial((struct link_options){.token = "t1"});
    fake_broker_kill(broker);
    broker = NULL;
    expect(reaches(&seen.disconnected, 4));
    expect(seen.last_reason.kind == LINK_UNREACHABLE);
    open_broker((struct fake_broker_options){0}, port);
    expect(reaches(&seen.welcomes, 1));
    expect_u64(link_reconnects(the_link), 0);
    finish();
}

static void a_half_open_connection_is_noticed_and_replaced(void)
{
    begin((struct fake_broker_options){0});
    dial((struct link_options){.token = "t1", .silent_ms_max = 120});
    expect(reaches(&seen.welcomes, 1));
    fake_client_freeze(fake_broker_client(broker));
    expect(reaches(&seen.disconnected, 1));
    expect(seen.last_reason.kind == LINK_SILENT);
    expect(reaches(&seen.welcomes, 2));
    finish();
}

static bool has_waited(void *context)
{
    return *(uint64_t *)context <= uv_now(&loop);
}

static void an_idle_connection_is_kept_alive_by_pings(void)
{
    begin((struct fake_broker_options){0});
    dial((struct link_options){.token = "t1", .silent_ms_max = 600});
    expect(reaches(&seen.welcomes, 1));
    uint64_t until_ms = uv_now(&loop) + 1500;
    expect(loop_until(&loop, has_waited, &until_ms, WAIT_MS));
    expect_u64(seen.disconnected, 0);
    fake_client_ping(fake_broker_client(broker));
    while (fake_broker_pongs(broker) == 0)
        uv_run(&loop, UV_RUN_ONCE);
    finish();
}

static void wrong_answers_open_nothing(void)
{
    static const enum fake_manners wrong[] = {
            FAKE_WRONG_ACCEPT, FAKE_WRONG_SUBPROTOCOL, FAKE_UNAVAILABLE, FAKE_MUTE};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_note("manners %d", (int)wrong[i]);
        begin((struct fake_broker_options){.manners = wrong[i]});
        dial((struct link_options){.token = "t1", .greeting_ms_max = 200});
        expect(reaches(&seen.disconnected, 2));
        expect_u64(seen.connected, 0);
        expect_u64(heard.hellos, 0);
        if (wrong[i] == FAKE_UNAVAILABLE)
            expect_u64((uint64_t)seen.last_reason.http_status, 503);
        fake_broker_set_manners(broker, FAKE_POLITE);
        expect(reaches(&seen.welcomes, 1));
        finish();
    }
}

static void garbage_costs_the_connection_not_the_link(void)
{
    static const struct slice garbage[] = {{"\xc1\x00", 2}, {"\x82\x01\xff", 3}, {"\x81\x02{}", 4},
            {"\x82\x85\0\0\0\0hello", 11}, {"\x82\x7f\0\0\0\0\0\1\0\1", 10}, {"\x00\x01x", 3},
            {"\x89\x7e\x01\x00", 4}};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        test_note("row %zu", i);
        begin((struct fake_broker_options){0});
        dial((struct link_options){.token = "t1"});
        expect(reaches(&seen.welcomes, 1));
        fake_client_send_raw(fake_broker_client(broker), garbage[i]);
        expect(reaches(&seen.welcomes, 2));
        finish();
    }
}

static void a_bye_is_obeyed(void)
{
    struct proto_frame bye = {.kind = PROTO_KIND_BYE, .as.bye = {SLICE_OF("draining"), 300}};
    begin((struct fake_broker_options){0});
    dial((struct link_options){.token = "t1"});
    expect(reaches(&seen.welcomes, 1));
    fake_client_send(fake_broker_client(broker), &bye);
    fake_client_close(fake_broker_client(broker), PROTO_CLOSE_GOING_AWAY);
    expect(reaches(&seen.disconnected, 1));
    uint64_t left_ms = uv_now(&loop);
    expect_u64(seen.byes, 1);
    expect(reaches(&seen.welcomes, 2));
    expect(uv_now(&loop) - left_ms >= 290);
    finish();
}

static void a_session_ended_for_its_token_gets_a_new_one(void)
{
    begin((struct fake_broker_options){0});
    dial((struct link_options){.token = "t1", .on_token_wanted = on_token_wanted});
    next_token = "t2";
    expect(reaches(&seen.welcomes, 1));
    fake_client_close(fake_broker_client(broker), PROTO_CLOSE_UNAUTHENTICATED);
    expect(reaches(&seen.welcomes, 2));
    expect_text(slice_of_string(heard.token), "t2");
    expect_u64(seen.tokens_wanted, 1);
    finish();
}

static void a_first_token_is_asked_for(void)
{
    begin((struct fake_broker_options){0});
    dial((struct link_options){.on_token_wanted = on_token_wanted});
    expect(reaches(&seen.tokens_wanted, 1));
    expect_u64(fake_broker_accepted(broker), 0);
    link_set_token(the_link, "late");
    expect(reaches(&seen.welcomes, 1));
    expect_text(slice_of_string(heard.token), "late");
    finish();
}

static void a_revoked_session_ends_the_link(void)
{
    begin((struct fake_broker_options){0});
    dial((struct link_options){.token = "t1"});
    expect(reaches(&seen.welcomes, 1));
    fake_client_close(fake_broker_client(broker), PROTO_CLOSE_REVOKED);
    expect(loop_until(&loop, has_ended, &seen, WAIT_MS));
    expect(link_state(the_link) == LINK_ENDED);
    expect_u64((uint64_t)seen.last_reason.close_code, PROTO_CLOSE_REVOKED);
    finish();
}

static void a_hello_refused_for_now_is_repeated(void)
{
    struct proto_frame busy = {.kind = PROTO_KIND_ERROR};
    busy.as.error = (struct proto_error){.id = SLICE_OF("1"),
            .code = SLICE_OF("busy"),
            .message = SLICE_OF("The server is busy."),
            .retry = PROTO_RETRY_LATER,
            .has_retry_after_ms = true,
            .retry_after_ms = 100};
    begin((struct fake_broker_options){.greets_by_hand = true});
    dial((struct link_options){.token = "t1"});
    expect(reaches(&heard.hellos, 1));
    fake_client_send(fake_broker_client(broker), &busy);
    expect(reaches(&seen.disconnected, 1));
    expect(seen.last_reason.error == PROTO_ERROR_BUSY);
    expect(reaches(&heard.hellos, 2));
    expect(loop_until(&loop, hears_client, NULL, WAIT_MS));
    fake_client_welcome(fake_broker_client(broker), "lineage-1", "tk");
    expect(reaches(&seen.welcomes, 1));
    finish();
}

static void a_reader_that_stops_fills_the_outbound_buffer(void)
{
    static char text[8001];
    size_t sent = 0;
    memset(text, 'x', sizeof text - 1);
    begin((struct fake_broker_options){0});
    dial((struct link_options){.token = "t1"});
    expect(reaches(&seen.welcomes, 1));
    fake_client_freeze(fake_broker_client(broker));
    while (sent < 10000 && sends_text(text))
        sent++;
    expect(sent > 30 && sent < 10000);
    expect(!sends_text(text));
    expect(link_state(the_link) == LINK_CONNECTED);
    finish();
}

static void reconnecting_after_a_gap_is_at_once(void)
{
    begin((struct fake_broker_options){0});
    dial((struct link_options){.token = "t1"});
    expect(reaches(&seen.welcomes, 1));
    link_reconnect(the_link);
    expect_u64(seen.disconnected, 0);
    expect(reaches(&seen.welcomes, 2));
    expect(seen.last_reason.kind == LINK_RENEWED);
    finish();
}

static void on_frame_that_closes(void *context, const struct proto_frame *frame)
{
    (void)frame;
    ((struct seen *)context)->welcomes++;
    link_close(the_link);
}

static void a_link_may_be_closed_in_any_callback_and_at_any_stage(void)
{
    for (int stage = 0; stage < 3; stage++) {
        begin((struct fake_broker_options){.manners = stage == 1 ? FAKE_MUTE : FAKE_POLITE});
        the_link = link_open(&(struct link_options){.loop = &loop,
                .url = fake_broker_url(broker),
                .token = "t1",
                .context = &seen,
                .on_frame = on_frame_that_closes});
        if (stage == 1)
            while (fake_broker_accepted(broker) == 0)
                uv_run(&loop, UV_RUN_ONCE);
        if (stage == 2)
            expect(reaches(&seen.welcomes, 1));
        else
            link_close(the_link);
        fake_broker_kill(broker);
        loop_finish(&loop);
        expect_u64(seen.welcomes, stage == 2);
    }
}

static void four_hundred_links_share_a_loop_and_survive_a_restart(void)
{
    enum { LINKS = 400 };
    struct link *links[LINKS];
    begin((struct fake_broker_options){0});
    int port = fake_broker_port(broker);
    for (size_t i = 0; i < LINKS; i++) {
        dial((struct link_options){.token = "t1"});
        links[i] = the_link;
    }
    expect(reaches(&seen.welcomes, LINKS));
    fake_broker_kill(broker);
    open_broker((struct fake_broker_options){0}, port);
    expect(reaches(&seen.welcomes, 2 * LINKS));
    for (size_t i = 0; i < LINKS; i++) {
        expect_u64(link_reconnects(links[i]), 1);
        link_close(links[i]);
    }
    fake_broker_kill(broker);
    loop_finish(&loop);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_link_greets_and_speaks_msgpack),
                    CASE(a_link_greets_and_speaks_json), CASE(a_link_refuses_what_is_no_address),
                    CASE(a_killed_server_is_found_again_by_ticket),
                    CASE(an_unreachable_server_is_tried_again_and_again),
                    CASE(a_half_open_connection_is_noticed_and_replaced),
                    CASE(an_idle_connection_is_kept_alive_by_pings),
                    CASE(wrong_answers_open_nothing),
                    CASE(garbage_costs_the_connection_not_the_link), CASE(a_bye_is_obeyed),
                    CASE(a_session_ended_for_its_token_gets_a_new_one),
                    CASE(a_first_token_is_asked_for), CASE(a_revoked_session_ends_the_link),
                    CASE(a_hello_refused_for_now_is_repeated),
                    CASE(a_reader_that_stops_fills_the_outbound_buffer),
                    CASE(reconnecting_after_a_gap_is_at_once),
                    CASE(a_link_may_be_closed_in_any_callback_and_at_any_stage),
                    CASE(four_hundred_links_share_a_loop_and_survive_a_restart), {0}});
}
