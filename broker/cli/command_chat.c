/* SPDX-License-Identifier: Apache-2.0 */
/* weft chat: a customer at the terminal.
 *
 * Invariant: the same contact comes back: its renewal is kept in a state file, readable by its
 * owner only. Words typed while there is no connection wait in the outbox and go out once; restarts
 * of the server show as a note and nothing else.
 */
#include "base/check.h"
#include "bots/sdk/c/event_loop.h"
#include "bots/sdk/c/link.h"
#include "bots/sdk/c/waker.h"
#include "cli/api.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/talk/talk.h"
#include "cli/text_file.h"
#include "port/crypto.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

enum { DOOR_MS = 3000, WAIT_S_MAX = 3600, SENTENCE_MAX = 4608, LEAVE_MS_MAX = 5000 };

struct chat_options {
    const char *up, *url, *tenant, *name, *state;
    uint64_t wait_s;
};

static const struct chat_options defaults = {.tenant = "demo"};

static const struct option_row rows[] = {{"--up", OPTION_TEXT, offsetof(struct chat_options, up),
                                                 "FILE", "the up.json of a running Weft", 0, 0},
        {"--url", OPTION_TEXT, offsetof(struct chat_options, url), "URL",
                "or its address, http://host:port", 0, 0},
        {"--tenant", OPTION_TEXT, offsetof(struct chat_options, tenant), "T",
                "whom to talk to; demo when absent", 0, 0},
        {"--name", OPTION_TEXT, offsetof(struct chat_options, name), "NAME",
                "your name, for a new contact", 0, 0},
        {"--state", OPTION_TEXT, offsetof(struct chat_options, state), "FILE",
                "who you are is kept here; in ~/.config/weft when absent", 0, 0},
        {"--wait", OPTION_NUMBER, offsetof(struct chat_options, wait_s), "S",
                "go on listening so long after the input has ended", 0, WAIT_S_MAX},
        {0}};

struct chat_session {
    const struct chat_options *options;
    struct place place;
    char state_path[PATH_MAX];
    char renewal[TOKEN_MAX + 1];
    struct event_loop *loop;
    struct console *console;
    struct link *link;
    struct waker *waker;
    struct outbox outbox;
    struct cursors cursors;
    struct talk talk;
    uint64_t leave_ms; /* when to go, at the latest; 0: not yet */
    uint64_t quiet_ms; /* the end of --wait */
    bool was_connected, is_over;
    int code;
};

/* ---- who it is --------------------------------------------------------------------------------
 */

static void choose_state_path(struct chat_session *chat)
{
    const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
    char key[PLACE_URL_MAX + 64];
    int len = snprintf(key, sizeof key, "%s %s", chat->place.url, chat->options->tenant);
    uint64_t digest = crypto_digest(slice_make(key, (size_t)len));
    if (chat->options->state != NULL)
        snprintf(chat->state_path, sizeof chat->state_path, "%s", chat->options->state);
    else if (config != NULL && config[0] == '/')
        snprintf(chat->state_path, sizeof chat->state_path, "%s/weft/chat-%016" PRIx64, config,
                digest);
    else if (home != NULL)
        snprintf(chat->state_path, sizeof chat->state_path, "%s/.config/weft/chat-%016" PRIx64,
                home, digest);
}

static void read_state(struct chat_session *chat)
{
    char *text = text_file_read(chat->state_path, TOKEN_MAX);
    if (text != NULL)
        snprintf(chat->renewal, sizeof chat->renewal, "%.*s", (int)strcspn(text, "\r\n"), text);
    free(text);
}

static void keep_state(struct chat_session *chat, const char *renewal)
{
    snprintf(chat->renewal, sizeof chat->renewal, "%s", renewal);
    if (chat->state_path[0] != '\0' && !text_file_write(chat->state_path, renewal))
        console_note(
                chat->console, "you cannot be remembered: %s cannot be written", chat->state_path);
}

static bool enter(struct chat_session *chat, struct api_answer *answer)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "tenant", chat->options->tenant);
    if (chat->renewal[0] != '\0')
        cJSON_AddStringToObject(body, "renewal", chat->renewal);
    else if (chat->options->name != NULL)
        cJSON_AddStringToObject(body, "name", chat->options->name);
    char *text = cJSON_PrintUnformatted(body);
    bool is_in = api_ask(&chat->place, false, "POST", "/v1/sessions", text, DOOR_MS, answer);
    cJSON_Delete(body);
    free(text);
    return is_in;
}

static void end(struct chat_session *chat, int code)
{
    if (chat->is_over)
        return;
    chat->is_over = true;
    chat->code = code;
    link_close(chat->link);
    waker_destroy(chat->waker);
    console_close(chat->console);
    event_loop_release(chat->loop);
}

static void on_token_wanted(void *context)
{
    struct chat_session *chat = context;
    struct api_answer answer;
    bool is_in = enter(chat, &answer);
    if (!is_in && answer.status == 401 && chat->renewal[0] != '\0') {
        console_note(chat->console, "you are not known any more: this is a new conversation");
        chat->renewal[0] = '\0';
        api_finish(&answer);
        is_in = enter(chat, &answer);
    }
    const char *token = is_in ? api_text(&answer, "token") : NULL;
    const char *renewal = is_in ? api_text(&answer, "renewal") : NULL;
    if (token != NULL && renewal != NULL) {
        keep_state(chat, renewal);
        link_set_token(chat->link, token);
    } else if (answer.retry_after_ms > 0) {
        console_note(chat->console, "%s; trying again", answer.sentence);
    } else {
        say("%s", answer.sentence[0] ? answer.sentence : "the server gave no token");
        end(chat, CLI_NOT_RUN);
    }
    api_finish(&answer);
}

/* ---- what comes -------------------------------------------------------------------------------
 */

static void flush(struct chat_session *chat)
{
    if (chat->is_over)
        return;
    uint64_t now_ms = waker_now_ms(chat->waker);
    uint64_t wait_ms = outbox_flush(&chat->outbox, now_ms);
    bool is_done = chat->leave_ms != 0 && outbox_unacked(&chat->outbox) == 0;
    if ((is_done && now_ms >= chat->quiet_ms) ||
            (chat->leave_ms != 0 && now_ms >= chat->leave_ms)) {
        if (!is_done)
            say("%zu messages could not be sent", outbox_unacked(&chat->outbox));
        end(chat, is_done ? CLI_GOOD : CLI_FOUND);
        return;
    }
    uint64_t until_ms = is_done ? chat->quiet_ms : chat->leave_ms;
    if (chat->leave_ms != 0 && (wait_ms == 0 || wait_ms > until_ms - now_ms))
        wait_ms = until_ms - now_ms;
    if (wait_ms > 0)
        waker_arm(chat->waker, wait_ms);
}

static void on_due(void *context)
{
    flush(context);
}

static void confirm(struct chat_session *chat, const struct name *at)
{
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPT};
    frame.as.receipt = (struct proto_receipt){
            .has_delivered = true, .delivered = *at, .has_read = true, .read = *at};
    link_send(chat->link, &frame);
}

static void on_entry(struct chat_session *chat, const struct proto_entry_view *entry, bool is_own)
{
    switch (cursors_take(&chat->cursors, entry->conversation, &entry->at, &entry->after)) {
    case CURSORS_NEXT:
        talk_show(&chat->talk, entry, is_own);
        confirm(chat, &entry->at);
        break;
    case CURSORS_SEEN:
        break;
    case CURSORS_GAP:
        link_reconnect(chat->link);
        break;
    }
}

static void on_queue(struct chat_session *chat, const struct proto_queue *queue)
{
    if (queue->position == 0)
        return;
    if (queue->has_wait_ms)
        console_note(chat->console, "you are number %" PRIu64 " in the queue, about %" PRIu64 " s",
                queue->position, queue->wait_ms / 1000);
    else
        console_note(chat->console, "you are number %" PRIu64 " in the queue", queue->position);
}

static void on_reset(struct chat_session *chat, const struct proto_reset *reset)
{
    cursors_forget(&chat->cursors, reset->conversation);
    chat->talk.has_shown = false;
    console_note(chat->console, "the conversation is shown anew:");
}

static void on_frame(void *context, const struct proto_frame *frame)
{
    struct chat_session *chat = context;
    enum outbox_verdict verdict =
            outbox_on_frame(&chat->outbox, frame, talk_random(), waker_now_ms(chat->waker));
    if (frame->kind == PROTO_KIND_WELCOME)
        outbox_on_welcome(&chat->outbox, frame->as.welcome.lineage);
    else if (frame->kind == PROTO_KIND_ENTRY)
        on_entry(chat, &frame->as.entry, verdict != OUTBOX_NOT_MINE);
    else if (frame->kind == PROTO_KIND_PAGE)
        talk_show_page(&chat->talk, &frame->as.page);
    else if (frame->kind == PROTO_KIND_TYPIST)
        talk_show_typist(&chat->talk, &frame->as.typist);
    else if (frame->kind == PROTO_KIND_RECEIPTS)
        talk_show_receipts(&chat->talk, &frame->as.receipts);
    else if (frame->kind == PROTO_KIND_QUEUE)
        on_queue(chat, &frame->as.queue);
    else if (frame->kind == PROTO_KIND_RESET)
        on_reset(chat, &frame->as.reset);
    else if (frame->kind == PROTO_KIND_ERROR && verdict == OUTBOX_NOT_MINE)
        console_note(chat->console, "%.*s", SLICE_ARGS(frame->as.error.message));
    if (verdict == OUTBOX_RECONNECT)
        link_reconnect(chat->link);
    flush(chat);
}

static void on_state(void *context, enum link_state state, const struct link_reason *reason)
{
    struct chat_session *chat = context;
    if (state == LINK_CONNECTED) {
        console_note(chat->console, chat->was_connected ? "connected again" : "connected");
        chat->was_connected = true;
    } else if (state == LINK_DISCONNECTED) {
        if (link_reconnects(chat->link) > 0 || chat->was_connected)
            console_note(chat->console, "the connection is lost; trying again");
        outbox_on_disconnect(&chat->outbox);
    } else if (state == LINK_ENDED) {
        say("the server ended the conversation (%d)", reason->close_code);
        end(chat, CLI_FOUND);
    }
}

static size_t list_cursors(void *context, struct proto_cursor *out_list, size_t max)
{
    struct chat_session *chat = context;
    return cursors_list(&chat->cursors, out_list, max);
}

/* ---- what goes --------------------------------------------------------------------------------
 */

static bool send_frame(void *context, const struct proto_frame *frame)
{
    struct chat_session *chat = context;
    return link_send(chat->link, frame);
}

static void on_acked(void *context, uint64_t key, uint64_t n, const struct name *at)
{
    struct chat_session *chat = context;
    (void)key, (void)n, (void)at;
    console_note(chat->console, "sent");
}

static void on_refused(void *context, uint64_t key, enum proto_error_code code)
{
    struct chat_session *chat = context;
    (void)key;
    console_note(chat->console, "not sent: %.*s", SLICE_ARGS(proto_error_info(code)->message));
}

static void leave(struct chat_session *chat, uint64_t wait_s)
{
    uint64_t now_ms = waker_now_ms(chat->waker);
    chat->quiet_ms = now_ms + wait_s * 1000;
    chat->leave_ms = chat->quiet_ms + LEAVE_MS_MAX;
    flush(chat);
}

static void ask_for_history(struct chat_session *chat)
{
    struct proto_frame frame = {.kind = PROTO_KIND_HISTORY};
    frame.as.history = (struct proto_history){.id = SLICE_OF("history"),
            .has_before = !name_is_none(&chat->talk.oldest),
            .before = chat->talk.oldest};
    if (chat->talk.has_shown && name_is_none(&chat->talk.oldest))
        console_note(chat->console, "there is nothing earlier");
    else if (!link_send(chat->link, &frame))
        console_note(chat->console, "not connected just now");
}

static void on_line(void *context, char *line)
{
    struct chat_session *chat = context;
    if (line[0] == '\0')
        return;
    if (strcmp(line, "/quit") == 0) {
        leave(chat, 0);
    } else if (strcmp(line, "/history") == 0) {
        ask_for_history(chat);
    } else if (line[0] == '/') {
        console_note(chat->console, "/history shows what came before, /quit ends");
    } else {
        struct proto_body body = talk_body(&chat->talk, line);
        if (outbox_put(&chat->outbox, &(struct outbox_message){.body = &body}) == 0)
            console_note(chat->console, "too many messages wait already: not sent");
        flush(chat);
    }
}

static void on_end(void *context)
{
    struct chat_session *chat = context;
    leave(chat, chat->options->wait_s);
}

static void on_signal(void *context)
{
    end(context, CLI_GOOD);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void open_all(struct chat_session *chat)
{
    struct uv_loop_s *loop = event_loop_uv(chat->loop);
    chat->console = console_open(&(struct console_options){loop, chat, on_line, on_end});
    chat->talk.console = chat->console;
    chat->talk.is_customer = true;
    chat->waker = waker_create(loop, chat, on_due);
    cursors_init(&chat->cursors);
    outbox_init(&chat->outbox, &(struct outbox_options){.prefix = "c",
                                       .context = chat,
                                       .send = send_frame,
                                       .on_acked = on_acked,
                                       .on_refused = on_refused});
    chat->link = link_open(&(struct link_options){.loop = loop,
            .url = chat->place.ws_url,
            .client = {SLICE_OF("weft-chat"), SLICE_OF("1")},
            .context = chat,
            .on_state = on_state,
            .on_frame = on_frame,
            .on_token_wanted = on_token_wanted,
            .list_cursors = list_cursors});
    check(chat->link != NULL);
}

static int run(const void *given, const struct command_words *words)
{
    static struct chat_session chat; /* large */
    char sentence[SENTENCE_MAX];
    (void)words;
    chat = (struct chat_session){.options = given};
    if ((chat.options->up == NULL) == (chat.options->url == NULL))
        return say_code(CLI_USAGE, "it needs --up FILE or --url URL");
    if (chat.options->url != NULL && !place_of_url(chat.options->url, &chat.place))
        return say_code(CLI_USAGE, "%s is not an http:// address", chat.options->url);
    if (chat.options->up != NULL &&
            !place_read(chat.options->up, &chat.place, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    choose_state_path(&chat);
    read_state(&chat);
    chat.loop = event_loop_open(&chat, on_signal);
    open_all(&chat);
    event_loop_run(chat.loop);
    event_loop_close(chat.loop);
    outbox_finish(&chat.outbox);
    cursors_finish(&chat.cursors);
    return chat.code;
}

const struct command command_chat = {
        .name = "chat",
        .words = "",
        .summary = "A customer at the terminal.",
        .details = "A line is a message; a number chooses a quick reply; /history shows what came "
                   "before; /quit\nends. You come back as the same contact.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .run = run,
};
