/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of a bot worker.
 *
 *   turn -> OPEN -> COMMITTED -> (ack: gone)          cancel, and an error that says never: gone
 *              `--> FAILED ----> (done: gone)
 *
 * Invariant: whatever ends a turn is sent again, with the same id, on every new connection and
 * after every "same" or "later", until the server has answered it for good; the server sees to it
 * that it happens once. Signs of life go out for every turn that is not yet answered. A turn that
 * comes a second time is the one that we have.
 */
#include "bots/sdk/c/bot_runner.h"

#include "base/check.h"
#include "base/log_line.h"
#include "bots/sdk/c/bot_turn.h"
#include "bots/sdk/c/link.h"
#include "bots/sdk/c/ready.h"
#include "bots/sdk/c/waker.h"

#include <stdlib.h>

enum { CREDITS = 16, RETRY_MS = 200, RETRY_MS_MAX = 5000, STOP_MS_MAX = 3000, IDLE_MS = 60000 };

struct bot_runner {
    struct bot_runner_options options;
    struct link *link;
    struct waker *waker;
    struct list turns;
    bool is_stopping, is_revoked;
    uint64_t stop_by_ms;
};

static uint64_t now_of(const struct bot_runner *runner)
{
    return waker_now_ms(runner->waker);
}

static struct bot_turn *turn_of(struct list *node)
{
    return LIST_ITEM(node, struct bot_turn, node);
}

/* ---- waking --------------------------------------------------------------------------------- */

static uint64_t due_of(const struct bot_turn *turn)
{
    bool has_to_send = turn->stage != BOT_TURN_OPEN && !turn->is_sent;
    return has_to_send && turn->retry_ms < turn->progress_ms ? turn->retry_ms : turn->progress_ms;
}

static void arm(struct bot_runner *runner)
{
    uint64_t now_ms = now_of(runner), due_ms = now_ms + IDLE_MS;
    if (runner->is_stopping)
        due_ms = list_is_empty(&runner->turns) ? now_ms : runner->stop_by_ms;
    LIST_EACH (node, next, &runner->turns)
        if (due_of(turn_of(node)) < due_ms)
            due_ms = due_of(turn_of(node));
    waker_arm(runner->waker, due_ms > now_ms ? due_ms - now_ms : 0);
}

/* ---- ending a turn -------------------------------------------------------------------------- */

static void forget(struct bot_turn *turn)
{
    struct bot_runner *runner = turn->runner;
    bot_turn_destroy(turn);
    arm(runner);
}

static void send_end(struct bot_turn *turn)
{
    struct bot_runner *runner = turn->runner;
    struct proto_frame frame;
    if (turn->id[0] == '\0')
        link_next_id(runner->link, turn->id);
    bot_turn_write_end(turn, &frame);
    turn->is_sent = link_send(runner->link, &frame);
    turn->retry_ms = now_of(runner) + RETRY_MS;
}

/* Sends what ends the turn, as soon as there is a connection. */
static void end_turn(struct bot_turn *turn)
{
    struct bot_runner *runner = turn->runner;
    if (runner == NULL)
        return;
    if (turn->stage == BOT_TURN_COMMITTED && bot_turn_is_too_large(turn))
        bot_turn_turn_into_failure(turn, false, "the answer is too large");
    send_end(turn);
    arm(runner);
}

void bot_commit(struct bot_turn *turn)
{
    check(turn->stage == BOT_TURN_OPEN);
    turn->stage = BOT_TURN_COMMITTED;
    end_turn(turn);
}

void bot_fail(struct bot_turn *turn, bool is_retryable, const char *reason)
{
    check(turn->stage == BOT_TURN_OPEN);
    bot_turn_turn_into_failure(turn, is_retryable, reason);
    end_turn(turn);
}

void bot_hold(struct bot_turn *turn)
{
    check(turn->is_in_on_turn && turn->bot->on_cancel != NULL);
    turn->is_held = true;
}

struct uv_loop_s *bot_loop(const struct bot_turn *turn)
{
    return turn->runner->options.loop;
}

/* ---- what the server says ------------------------------------------------------------------- */

static struct bot_turn *find_turn(
        struct bot_runner *runner, const struct name *name, struct slice conversation)
{
    LIST_EACH (node, next, &runner->turns) {
        struct bot_turn *turn = turn_of(node);
        if (name_equal(&turn->name, name) &&
                (conversation.len == 0 || slice_equal(turn->conversation, conversation)))
            return turn;
    }
    return NULL;
}

static struct bot_turn *find_request(struct bot_runner *runner, struct slice id)
{
    LIST_EACH (node, next, &runner->turns)
        if (id.len > 0 && slice_is(id, turn_of(node)->id))
            return turn_of(node);
    return NULL;
}

static void send_progress(struct bot_turn *turn)
{
    struct proto_frame frame = {.kind = PROTO_KIND_PROGRESS};
    frame.as.progress = (struct proto_progress){turn->conversation, turn->name};
    link_send(turn->runner->link, &frame);
    turn->progress_ms = now_of(turn->runner) + turn->lease_ms / 3 + 1;
}

static void on_turn(struct bot_runner *runner, const struct proto_turn *frame)
{
    struct bot_turn *turn = find_turn(runner, &frame->turn, frame->conversation);
    if (turn != NULL) {
        turn->attempt = frame->attempt;
        turn->is_sent = turn->stage == BOT_TURN_OPEN; /* an end goes out again */
        send_progress(turn);
        arm(runner);
        return;
    }
    turn = bot_turn_create(runner->options.bot, frame);
    turn->runner = runner;
    turn->progress_ms = now_of(runner) + turn->lease_ms / 3 + 1;
    list_append(&runner->turns, &turn->node);
    if (runner->is_stopping) {
        bot_fail(turn, true, "the worker is stopping");
        return;
    }
    turn->is_in_on_turn = true;
    runner->options.bot->on_turn(turn);
    turn->is_in_on_turn = false;
    if (turn->stage == BOT_TURN_OPEN && !turn->is_held)
        bot_commit(turn);
    arm(runner);
}

static enum bot_cancel cancel_of(enum proto_cancel_reason reason)
{
    switch (reason) {
    case PROTO_CANCEL_REASON_INTERRUPTED:
        return BOT_CANCEL_INTERRUPTED;
    case PROTO_CANCEL_REASON_HUMAN_TOOK_OVER:
        return BOT_CANCEL_HUMAN_TOOK_OVER;
    case PROTO_CANCEL_REASON_LEASE_LOST:
        return BOT_CANCEL_LEASE_LOST;
    case PROTO_CANCEL_REASON_EXPIRED:
        return BOT_CANCEL_EXPIRED;
    case PROTO_CANCEL_REASON_WITHDRAWN:
        return BOT_CANCEL_WITHDRAWN;
    }
    return BOT_CANCEL_LEASE_LOST;
}

static void drop(struct bot_turn *turn, enum bot_cancel reason)
{
    if (turn->stage == BOT_TURN_OPEN)
        turn->bot->on_cancel(turn, reason);
    forget(turn);
}

static void on_cancel(struct bot_runner *runner, const struct proto_cancel *cancel)
{
    struct bot_turn *turn =
            cancel->has_turn ? find_turn(runner, &cancel->turn, cancel->conversation) : NULL;
    if (turn != NULL)
        drop(turn, cancel_of(cancel->reason));
}

static void on_error(struct bot_runner *runner, const struct proto_error *error)
{
    struct bot_turn *turn = find_request(runner, error->id);
    if (turn == NULL)
        return;
    if (error->retry == PROTO_RETRY_NEVER) {
        log_line(LOG_INFO, "bot.refused", "code=%.*s attempt=%llu", SLICE_ARGS(error->code),
                (unsigned long long)turn->attempt);
        forget(turn);
        return;
    }
    uint64_t wait_ms = error->has_retry_after_ms ? error->retry_after_ms : RETRY_MS;
    turn->is_sent = false;
    turn->retry_ms = now_of(runner) + (wait_ms < RETRY_MS_MAX ? wait_ms : RETRY_MS_MAX);
    arm(runner);
}

static void on_answer(struct bot_runner *runner, struct slice id)
{
    struct bot_turn *turn = find_request(runner, id);
    if (turn != NULL)
        forget(turn);
}

static void on_frame(void *context, const struct proto_frame *frame)
{
    struct bot_runner *runner = context;
    if (frame->kind == PROTO_KIND_TURN)
        on_turn(runner, &frame->as.turn);
    else if (frame->kind == PROTO_KIND_CANCEL)
        on_cancel(runner, &frame->as.cancel);
    else if (frame->kind == PROTO_KIND_ACK)
        on_answer(runner, frame->as.ack.id);
    else if (frame->kind == PROTO_KIND_DONE)
        on_answer(runner, frame->as.done.id);
    else if (frame->kind == PROTO_KIND_ERROR)
        on_error(runner, &frame->as.error);
}

/* ---- the connection ------------------------------------------------------------------------- */

static void on_connected(struct bot_runner *runner)
{
    log_line(LOG_INFO, "bot.connected", "reconnects=%llu",
            (unsigned long long)link_reconnects(runner->link));
    ready_tell();
    LIST_EACH (node, next, &runner->turns) {
        turn_of(node)->progress_ms = now_of(runner);
        turn_of(node)->retry_ms = 0;
    }
    arm(runner);
}

static void on_disconnected(struct bot_runner *runner, const struct link_reason *reason)
{
    log_line(LOG_WARN, "bot.disconnected", "kind=%d http=%d close=%d", (int)reason->kind,
            reason->http_status, reason->close_code);
    LIST_EACH (node, next, &runner->turns)
        turn_of(node)->is_sent = false;
}

static void on_state(void *context, enum link_state state, const struct link_reason *reason)
{
    struct bot_runner *runner = context;
    switch (state) {
    case LINK_CONNECTED:
        on_connected(runner);
        break;
    case LINK_DISCONNECTED:
        on_disconnected(runner, reason);
        break;
    case LINK_CONNECTING:
        break;
    case LINK_ENDED:
        log_line(LOG_ERROR, "bot.ended", "close=%d error=%d", reason->close_code,
                (int)reason->error);
        runner->is_revoked = true;
        bot_runner_stop(runner);
        break;
    }
}

static void on_token_wanted(void *context)
{
    struct bot_runner *runner = context;
    const char *key = runner->options.read_key(runner->options.context);
    if (key != NULL)
        link_set_token(runner->link, key);
}

static bool may_stop(const struct bot_runner *runner)
{
    return runner->is_stopping && (list_is_empty(&runner->turns) || runner->is_revoked ||
                                          now_of(runner) >= runner->stop_by_ms);
}

static void on_due(void *context)
{
    struct bot_runner *runner = context;
    uint64_t now_ms = now_of(runner);
    if (may_stop(runner)) {
        runner->options.on_stopped(runner->options.context, runner->is_revoked);
        return;
    }
    LIST_EACH (node, next, &runner->turns) {
        struct bot_turn *turn = turn_of(node);
        if (turn->stage != BOT_TURN_OPEN && !turn->is_sent && turn->retry_ms <= now_ms)
            send_end(turn);
        if (turn->progress_ms <= now_ms)
            send_progress(turn);
    }
    arm(runner);
}

struct bot_runner *bot_runner_open(const struct bot_runner_options *options)
{
    const struct weft_bot *bot = options->bot;
    struct bot_runner *runner = calloc(1, sizeof *runner);
    check(runner != NULL && bot->name != NULL && bot->on_turn != NULL);
    runner->options = *options;
    list_init(&runner->turns);
    const struct proto_bot_info info = {.name = slice_of_string(bot->name),
            .version = slice_of_string(bot->version),
            .credits = bot->credits ? bot->credits : CREDITS};
    runner->link = link_open(&(struct link_options){.loop = options->loop,
            .url = options->url,
            .token = options->key,
            .client = {SLICE_OF("weft-bot-c"), SLICE_OF("1")},
            .bot = &info,
            .context = runner,
            .on_state = on_state,
            .on_frame = on_frame,
            .on_token_wanted = options->read_key ? on_token_wanted : NULL});
    if (runner->link == NULL) {
        free(runner);
        return NULL;
    }
    runner->waker = waker_create(options->loop, runner, on_due);
    return runner;
}

void bot_runner_stop(struct bot_runner *runner)
{
    if (!runner->is_stopping)
        runner->stop_by_ms = now_of(runner) + STOP_MS_MAX;
    runner->is_stopping = true;
    arm(runner);
}

void bot_runner_close(struct bot_runner *runner)
{
    LIST_EACH (node, next, &runner->turns)
        bot_turn_destroy(turn_of(node));
    link_close(runner->link);
    waker_destroy(runner->waker);
    free(runner);
}
