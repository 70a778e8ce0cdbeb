/* SPDX-License-Identifier: Apache-2.0 */
/* A bot at work against a fake broker: turns, heartbeats, retries, cancels, and its whole process.
 */
#include "bots/sdk/c/bot_runner.h"
#include "lib/test.h"
#include "unit/bots/fake_broker.h"
#include "unit/bots/loop_until.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

static uv_loop_t loop;
static struct fake_broker *broker;
static struct bot_runner *runner;
static struct bot_turn *held;
static size_t hellos, commits, fails, progresses, turns_seen, cancels, stops;
static char last_text[200], last_id[32], first_id[32];
static enum proto_error_code answer_with; /* NONE: ack */
static bool holds, is_deaf;

static void answer(struct fake_client *client, const struct proto_commit *commit)
{
    struct proto_frame frame = {.kind = PROTO_KIND_ACK};
    frame.as.ack = (struct proto_ack){
            .id = commit->id, .conversation = commit->conversation, .at = {17, {1}}};
    if (answer_with != PROTO_ERROR_NONE) {
        const struct proto_error_info *info = proto_error_info(answer_with);
        frame.kind = PROTO_KIND_ERROR;
        frame.as.error = (struct proto_error){.id = commit->id,
                .code = info->code,
                .message = info->message,
                .retry = info->retry,
                .has_retry_after_ms = true,
                .retry_after_ms = 5};
        if (info->retry != PROTO_RETRY_NEVER)
            answer_with = PROTO_ERROR_NONE;
    }
    fake_client_send(client, &frame);
}

static void send_done(struct fake_client *client, struct slice id)
{
    const struct proto_frame frame = {.kind = PROTO_KIND_DONE, .as.done = {.id = id}};
    fake_client_send(client, &frame);
}

static void on_frame(void *context, struct fake_client *client, const struct proto_frame *frame)
{
    (void)context;
    hellos += frame->kind == PROTO_KIND_HELLO;
    progresses += frame->kind == PROTO_KIND_PROGRESS;
    if (frame->kind == PROTO_KIND_COMMIT) {
        const struct proto_commit *commit = &frame->as.commit;
        snprintf(commits++ ? last_id : first_id, sizeof last_id, "%.*s", SLICE_ARGS(commit->id));
        if (commit->messages_count > 0)
            snprintf(last_text, sizeof last_text, "%.*s", SLICE_ARGS(commit->messages[0].text));
        if (!is_deaf)
            answer(client, commit);
    }
    if (frame->kind == PROTO_KIND_FAIL) {
        fails++;
        snprintf(last_text, sizeof last_text, "%.*s", SLICE_ARGS(frame->as.fail.reason));
        send_done(client, frame->as.fail.id);
    }
}

static void on_turn(struct bot_turn *turn)
{
    turns_seen++;
    bot_say(turn, bot_text(turn));
    if (!holds)
        return;
    held = turn;
    bot_hold(turn);
}

static void on_cancel(struct bot_turn *turn, enum bot_cancel reason)
{
    cancels += turn == held && reason == BOT_CANCEL_HUMAN_TOOK_OVER;
    held = NULL;
}

static const struct weft_bot bot = {
        .name = "test", .version = "1", .on_turn = on_turn, .on_cancel = on_cancel};

static void on_stopped(void *context, bool is_revoked)
{
    (void)context, (void)is_revoked;
    stops++;
    bot_runner_close(runner);
    runner = NULL;
}

static void begin_broker(void)
{
    hellos = commits = fails = progresses = turns_seen = cancels = stops = 0;
    last_text[0] = last_id[0] = first_id[0] = '\0';
    answer_with = PROTO_ERROR_NONE;
    holds = is_deaf = false;
    held = NULL;
    expect(uv_loop_init(&loop) == 0);
    broker =
            fake_broker_open(&(struct fake_broker_options){.loop = &loop, .on_frame = on_frame}, 0);
}

static bool counter_reached(void *context)
{
    const size_t *const *pair = context;
    return *pair[0] >= *pair[1];
}

static void reach(size_t *counter, size_t wanted)
{
    const size_t *pair[] = {counter, &wanted};
    expect(loop_until(&loop, counter_reached, pair, WAIT_MS));
}

static bool has_client(void *context)
{
    (void)context;
    return fake_broker_client(broker) != NULL;
}

static void begin(void)
{
    begin_broker();
    runner = bot_runner_open(&(struct bot_runner_options){.loop = &loop,
            .bot = &bot,
            .url = fake_broker_url(broker),
            .key = "wk_test",
            .on_stopped = on_stopped});
    reach(&hellos, 1);
}

static void finish(void)
{
    bot_runner_stop(runner);
    reach(&stops, 1);
    fake_broker_kill(broker);
    loop_finish(&loop);
}

static void send_turn(uint64_t seq, const char *text)
{
    struct proto_input input = {.at = {seq, {1}},
            .body = {.kind = PROTO_BODY_KIND_TEXT, .text = slice_of_string(text)}};
    struct proto_frame frame = {.kind = PROTO_KIND_TURN};
    frame.as.turn = (struct proto_turn){.turn = {seq, {1}},
            .conversation = SLICE_OF("c1"),
            .attempt = 1,
            .lease_ms = 60,
            .deadline_ms = 60000,
            .context = {.contact = SLICE_OF("ct")},
            .input = &input,
            .input_count = 1};
    expect(loop_until(&loop, has_client, NULL, WAIT_MS));
    fake_client_send(fake_broker_client(broker), &frame);
}

static void a_turn_is_answered(void)
{
    begin();
    send_turn(1, "hello");
    reach(&commits, 1);
    expect_text(slice_of_string(last_text), "hello");
    finish();
}

static void a_commit_goes_out_again_until_it_is_answered(void)
{
    begin();
    is_deaf = true;
    send_turn(1, "hello");
    reach(&commits, 1);
    fake_client_reset(fake_broker_client(broker));
    reach(&hellos, 2);
    is_deaf = false;
    answer_with = PROTO_ERROR_STORE_UNAVAILABLE;
    reach(&commits, 3);
    expect_text(slice_of_string(last_id), first_id);
    expect_u64(turns_seen, 1);
    finish();
    expect_u64(commits, 3);
}

static void a_fenced_commit_is_let_go(void)
{
    begin();
    answer_with = PROTO_ERROR_FENCED;
    send_turn(1, "hello");
    reach(&commits, 1);
    send_turn(2, "next");
    reach(&commits, 2);
    finish();
    expect_u64(commits, 2);
}

static void a_held_turn_shows_signs_of_life(void)
{
    begin();
    holds = true;
    send_turn(1, "slow");
    reach(&progresses, 3);
    expect_u64(commits, 0);
    bot_say(held, "at last");
    bot_commit(held);
    reach(&commits, 1);
    finish();
}

static void a_turn_that_comes_again_is_the_same_turn(void)
{
    begin();
    holds = true;
    send_turn(1, "slow");
    reach(&turns_seen, 1);
    fake_client_reset(fake_broker_client(broker));
    reach(&hellos, 2);
    send_turn(1, "slow");
    size_t before = progresses;
    reach(&progresses, before + 1);
    expect_u64(turns_seen, 1);
    bot_commit(held);
    reach(&commits, 1);
    finish();
}

static void a_cancelled_turn_is_gone(void)
{
    struct proto_frame frame = {.kind = PROTO_KIND_CANCEL};
    frame.as.cancel = (struct proto_cancel){.has_turn = true,
            .turn = {1, {1}},
            .conversation = SLICE_OF("c1"),
            .reason = PROTO_CANCEL_REASON_HUMAN_TOOK_OVER};
    begin();
    holds = true;
    send_turn(1, "slow");
    reach(&turns_seen, 1);
    fake_client_send(fake_broker_client(broker), &frame);
    reach(&cancels, 1);
    finish();
    expect_u64(commits + fails, 0);
}

static void a_failed_turn_is_told(void)
{
    begin();
    holds = true;
    send_turn(1, "slow");
    reach(&turns_seen, 1);
    bot_fail(held, true, "the shop's server is down");
    reach(&fails, 1);
    expect_text(slice_of_string(last_text), "the shop's server is down");
    finish();
}

static void a_stopping_bot_takes_nothing_new_and_ends_what_it_has(void)
{
    begin();
    holds = true;
    send_turn(1, "slow");
    reach(&turns_seen, 1);
    bot_runner_stop(runner);
    send_turn(2, "too late");
    reach(&fails, 1);
    expect_u64(stops, 0);
    bot_commit(held);
    reach(&stops, 1);
    expect_u64(commits, 1);
    fake_broker_kill(broker);
    loop_finish(&loop);
}

static void a_revoked_key_stops_the_bot(void)
{
    begin();
    fake_client_close(fake_broker_client(broker), PROTO_CLOSE_REVOKED);
    reach(&stops, 1);
    fake_broker_kill(broker);
    loop_finish(&loop);
}

/* ---- the first bot's whole process ---------------------------------------------------------- */

static int64_t exit_status;
static size_t exits;

static void on_exit_of_bot(uv_process_t *process, int64_t status, int number)
{
    exit_status = number ? -number : status;
    exits++;
    uv_close((uv_handle_t *)process, NULL);
}

static void start_echo(uv_process_t *process, const char *url, const char *key_file)
{
    char url_setting[100], key_setting[300];
    char *environment[] = {url_setting, key_setting, NULL};
    char *arguments[] = {getenv("WEFT_ECHO_BOT"), NULL};
    uv_stdio_container_t streams[3] = {
            {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    const uv_process_options_t options = {.exit_cb = on_exit_of_bot,
            .file = arguments[0],
            .args = arguments,
            .env = environment,
            .stdio = streams,
            .stdio_count = 3};
    snprintf(url_setting, sizeof url_setting, "WEFT_URL=%s", url);
    snprintf(key_setting, sizeof key_setting, "WEFT_KEY_FILE=%s", key_file);
    exits = 0;
    expect(uv_spawn(&loop, process, &options) == 0);
}

static const char *write_key(const char *key)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/key", test_folder());
    FILE *file = fopen(path, "w");
    expect(file != NULL && fputs(key, file) >= 0 && fclose(file) == 0);
    return path;
}

static void the_first_bot_of_the_tutorial_runs(void)
{
    uv_process_t process;
    if (getenv("WEFT_ECHO_BOT") == NULL)
        test_skip("WEFT_ECHO_BOT is not set");
    begin_broker();
    start_echo(&process, fake_broker_url(broker), write_key("wk_echo\n"));
    reach(&hellos, 1);
    send_turn(1, "hello");
    reach(&commits, 1);
    expect_text(slice_of_string(last_text), "hello");
    uv_process_kill(&process, SIGTERM);
    reach(&exits, 1);
    expect_u64((uint64_t)exit_status, 0);
    fake_broker_kill(broker);
    loop_finish(&loop);
}

static size_t read_whole(const char *path, char *out, size_t capacity)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        test_skip("not run from the root of the project");
    size_t len = fread(out, 1, capacity - 1, file);
    fclose(file);
    out[len] = '\0';
    return len;
}

static void the_tutorial_shows_the_very_file(void)
{
    static char tutorial[100000], source[10000];
    read_whole("docs/tutorial/first-bot.md", tutorial, sizeof tutorial);
    read_whole("bots/examples/echo/echo.c", source, sizeof source);
    const char *code = strstr(source, "#include");
    expect(code != NULL && strstr(tutorial, code) != NULL);
}

static void wrong_settings_end_a_bot_at_once(void)
{
    static const struct {
        const char *url, *key;
    } rows[] = {{"wss://host", "wk_k"}, {"nonsense", "wk_k"}, {"ws://127.0.0.1:1", "\n"}};
    if (getenv("WEFT_ECHO_BOT") == NULL)
        test_skip("WEFT_ECHO_BOT is not set");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uv_process_t process;
        test_note("row %zu", i);
        expect(uv_loop_init(&loop) == 0);
        start_echo(&process, rows[i].url, write_key(rows[i].key));
        reach(&exits, 1);
        expect_u64((uint64_t)exit_status, 1);
        loop_finish(&loop);
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_turn_is_answered),
                    CASE(a_commit_goes_out_again_until_it_is_answered),
                    CASE(a_fenced_commit_is_let_go), CASE(a_held_turn_shows_signs_of_life),
                    CASE(a_turn_that_comes_again_is_the_same_turn), CASE(a_cancelled_turn_is_gone),
                    CASE(a_failed_turn_is_told),
                    CASE(a_stopping_bot_takes_nothing_new_and_ends_what_it_has),
                    CASE(a_revoked_key_stops_the_bot), CASE(the_first_bot_of_the_tutorial_runs),
                    CASE(wrong_settings_end_a_bot_at_once), CASE(the_tutorial_shows_the_very_file),
                    {0}});
}
