/* SPDX-License-Identifier: Apache-2.0 */
/* weft agent: an agent at the terminal, with several chats.
 *
 * Invariant: whoever is at the keyboard decides; nothing is accepted, closed or handed on by
 * itself. A restart of the server shows as a note: chats, offers and unsent words are still there.
 */
#include "base/check.h"
#include "bots/sdk/c/event_loop.h"
#include "bots/sdk/c/link.h"
#include "bots/sdk/c/waker.h"
#include "cli/api.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/talk/desk_chats.h"
#include "port/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOOR_MS = 3000, ENTER_PATIENCE_MS = 10000, SENTENCE_MAX = 4608, LEAVE_MS_MAX = 5000 };

struct agent_options {
    const char *up, *url, *tenant, *agent, *code;
};

static const struct agent_options defaults = {.tenant = "demo"};

static const struct option_row rows[] = {
        {"--up", OPTION_TEXT, offsetof(struct agent_options, up), "FILE",
                "the up.json of a running Weft; with --agent", 0, 0},
        {"--tenant", OPTION_TEXT, offsetof(struct agent_options, tenant), "T",
                "with --up: the agent's tenant; demo when absent", 0, 0},
        {"--agent", OPTION_TEXT, offsetof(struct agent_options, agent), "ID",
                "with --up: which agent", 0, 0},
        {"--url", OPTION_TEXT, offsetof(struct agent_options, url), "URL",
                "or its address, http://host:port; with --code", 0, 0},
        {"--code", OPTION_TEXT, offsetof(struct agent_options, code), "CODE",
                "with --url: the one-time code of a link to the desk", 0, 0},
        {0}};

struct agent_session {
    const struct agent_options *options;
    struct place place;
    char token[TOKEN_MAX + 1], renewal[TOKEN_MAX + 1];
    struct event_loop *loop;
    struct console *console;
    struct link *link;
    struct waker *waker;
    struct desk_chats chats;
    enum proto_availability wanted; /* the presence that the person chose */
    uint64_t leave_ms;
    bool was_connected, is_over;
    int code;
};

static void end(struct agent_session *agent, int code)
{
    if (agent->is_over)
        return;
    agent->is_over = true;
    agent->code = code;
    link_close(agent->link);
    waker_destroy(agent->waker);
    console_close(agent->console);
    event_loop_release(agent->loop);
}

/* ---- who it is --------------------------------------------------------------------------------
 */

static bool enter_by(struct agent_session *agent, const char *member, const char *proof,
        uint64_t patience_ms, struct api_answer *answer)
{
    char body[TOKEN_MAX + 64];
    if (strpbrk(proof, "\"\\") != NULL || strlen(proof) > TOKEN_MAX)
        proof = "";
    snprintf(body, sizeof body, "{\"%s\":\"%s\"}", member, proof);
    bool is_in = api_ask_patiently(
            &agent->place, false, "POST", "/v1/agents/sessions", body, patience_ms, answer);
    const char *token = is_in ? api_text(answer, "token") : NULL;
    const char *renewal = is_in ? api_text(answer, "renewal") : NULL;
    snprintf(agent->token, sizeof agent->token, "%s", token ? token : "");
    if (renewal != NULL)
        snprintf(agent->renewal, sizeof agent->renewal, "%s", renewal);
    return token != NULL;
}

static void on_token_wanted(void *context)
{
    struct agent_session *agent = context;
    struct api_answer answer;
    if (enter_by(agent, "renewal", agent->renewal, DOOR_MS, &answer)) {
        link_set_token(agent->link, agent->token);
    } else if (answer.retry_after_ms == 0) {
        say("%s", answer.sentence);
        end(agent, CLI_FOUND);
    }
    api_finish(&answer);
}

/* A fresh code from the admin door. */
static bool ask_for_code(struct agent_session *agent, char *out, size_t size)
{
    struct api_answer answer = {.status = 400}; /* what the door says to an id that is none */
    char path[API_PATH_MAX], body[128];
    snprintf(path, sizeof path, "/v1/admin/tenants/%.64s/agents", agent->options->tenant);
    snprintf(body, sizeof body, "{\"id\":\"%.64s\"}", agent->options->agent);
    bool is_made =
            strpbrk(body + 7, "\\") == NULL &&
            api_ask_patiently(&agent->place, true, "POST", path, body, ENTER_PATIENCE_MS, &answer);
    const char *code = is_made ? api_text(&answer, "code") : NULL;
    if (code != NULL)
        snprintf(out, size, "%s", code);
    else
        say("%s", answer.status == 400 ? "there is no such agent" : answer.sentence);
    api_finish(&answer);
    return code != NULL;
}

static bool come_in(struct agent_session *agent)
{
    struct api_answer answer;
    char code[64];
    if (agent->options->code != NULL)
        snprintf(code, sizeof code, "%s", agent->options->code);
    else if (!ask_for_code(agent, code, sizeof code))
        return false;
    bool is_in = enter_by(agent, "code", code, ENTER_PATIENCE_MS, &answer);
    if (!is_in)
        say("%s", answer.sentence);
    api_finish(&answer);
    return is_in;
}

/* ---- frames -----------------------------------------------------------------------------------
 */

static void set_presence(struct agent_session *agent)
{
    struct proto_frame frame = {.kind = PROTO_KIND_SET_PRESENCE};
    frame.as.set_presence = (struct proto_set_presence){SLICE_OF("presence"), agent->wanted};
    link_send(agent->link, &frame);
}

static void flush_after(struct agent_session *agent, uint64_t wait_ms)
{
    uint64_t now_ms = waker_now_ms(agent->waker);
    if (agent->is_over)
        return;
    if (agent->leave_ms != 0 &&
            (desk_chats_unacked(&agent->chats) == 0 || now_ms >= agent->leave_ms)) {
        end(agent, desk_chats_unacked(&agent->chats) == 0 ? CLI_GOOD : CLI_FOUND);
        return;
    }
    if (agent->leave_ms != 0 && (wait_ms == 0 || wait_ms > agent->leave_ms - now_ms))
        wait_ms = agent->leave_ms - now_ms;
    if (wait_ms > 0)
        waker_arm(agent->waker, wait_ms);
}

static void flush(struct agent_session *agent)
{
    flush_after(agent, desk_chats_flush(&agent->chats, waker_now_ms(agent->waker)));
}

static void on_due(void *context)
{
    flush(context);
}

static void on_frame(void *context, const struct proto_frame *frame)
{
    struct agent_session *agent = context;
    uint64_t wait_ms = desk_chats_on_frame(&agent->chats, frame, waker_now_ms(agent->waker));
    if (frame->kind == PROTO_KIND_WELCOME) {
        console_note(agent->console, "%.*s, you are %s", SLICE_ARGS(frame->as.welcome.name),
                agent->wanted == PROTO_AVAILABILITY_ONLINE ? "online" : "away");
        if (!frame->as.welcome.has_status || frame->as.welcome.status != agent->wanted)
            set_presence(agent);
    }
    flush_after(agent, wait_ms);
}

static void on_state(void *context, enum link_state state, const struct link_reason *reason)
{
    struct agent_session *agent = context;
    if (state == LINK_CONNECTED) {
        agent->was_connected = true;
    } else if (state == LINK_DISCONNECTED) {
        if (agent->was_connected)
            console_note(agent->console, "the connection is lost; trying again");
        agent->was_connected = false;
        desk_chats_on_disconnect(&agent->chats);
    } else if (state == LINK_ENDED) {
        say("the server ended the session (%d)", reason->close_code);
        end(agent, CLI_FOUND);
    }
}

static size_t list_cursors(void *context, struct proto_cursor *out_list, size_t max)
{
    struct agent_session *agent = context;
    return cursors_list(&agent->chats.cursors, out_list, max);
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void close_case(struct agent_session *agent, struct desk_chat *chat, const char *reason)
{
    struct proto_frame frame = {.kind = PROTO_KIND_CLOSE};
    frame.as.close = (struct proto_close){.id = SLICE_OF("close"),
            .conversation = slice_of_string(chat->talk.conversation),
            .owner = chat->owner,
            .reason = slice_of_string(reason[0] ? reason : NULL)};
    if (!link_send(agent->link, &frame))
        console_note(agent->console, "not connected just now");
}

/* "/transfer", "/transfer ID", "/transfer ID what they should know" */
static void transfer(struct agent_session *agent, struct desk_chat *chat, const char *words)
{
    struct proto_frame frame = {.kind = PROTO_KIND_TRANSFER};
    size_t id_len = strcspn(words, " ");
    const char *summary = words + id_len + strspn(words + id_len, " ");
    frame.as.transfer = (struct proto_transfer){.id = SLICE_OF("transfer"),
            .conversation = slice_of_string(chat->talk.conversation),
            .owner = chat->owner,
            .to_agent = id_len ? slice_make(words, id_len) : SLICE_NONE,
            .handoff = {.reason = SLICE_OF("transferred"),
                    .summary = slice_of_string(summary[0] ? summary : NULL)}};
    if (!link_send(agent->link, &frame))
        console_note(agent->console, "not connected just now");
}

static void ask_for_history(struct agent_session *agent, struct desk_chat *chat)
{
    struct proto_frame frame = {.kind = PROTO_KIND_HISTORY};
    frame.as.history = (struct proto_history){.id = SLICE_OF("history"),
            .conversation = slice_of_string(chat->talk.conversation),
            .has_before = !name_is_none(&chat->talk.oldest),
            .before = chat->talk.oldest};
    if (chat->talk.has_shown && name_is_none(&chat->talk.oldest))
        console_note(agent->console, "there is nothing earlier");
    else if (!link_send(agent->link, &frame))
        console_note(agent->console, "not connected just now");
}

/* The rest of the line after the verb; NULL: another verb. */
static const char *after_verb(const char *line, const char *verb)
{
    size_t len = strlen(verb);
    bool is_it = strncmp(line, verb, len) == 0 && (line[len] == ' ' || line[len] == '\0');
    return is_it ? line + len + strspn(line + len, " ") : NULL;
}

static bool do_for_session(struct agent_session *agent, const char *line)
{
    char *end_of_number = NULL;
    size_t number = strtoul(line + 1, &end_of_number, 10);
    if (strcmp(line, "/quit") == 0) {
        agent->leave_ms = waker_now_ms(agent->waker) + LEAVE_MS_MAX;
        flush(agent);
    } else if (strcmp(line, "/away") == 0 || strcmp(line, "/online") == 0) {
        agent->wanted = line[1] == 'a' ? PROTO_AVAILABILITY_AWAY : PROTO_AVAILABILITY_ONLINE;
        set_presence(agent);
        console_note(agent->console, "you are %s", line + 1);
    } else if (strcmp(line, "/chats") == 0) {
        desk_chats_list(&agent->chats);
    } else if (end_of_number != line + 1) {
        if (!desk_chats_switch(&agent->chats, number))
            console_note(agent->console, "there is no chat %zu", number);
    } else {
        return false;
    }
    return true;
}

static void do_for_chat(struct agent_session *agent, const char *line)
{
    static const char help[] =
            "/N switches, /note TEXT, /close [REASON], /transfer [AGENT [WORDS]], "
            "/history, /chats, /away, /online, /quit";
    const char *note = after_verb(line, "/note"), *closing = after_verb(line, "/close");
    const char *handing = after_verb(line, "/transfer"), *history = after_verb(line, "/history");
    if (note == NULL && closing == NULL && handing == NULL && history == NULL) {
        console_note(agent->console, "%s", help);
        return;
    }
    struct desk_chat *chat = desk_chats_current(&agent->chats);
    if (chat == NULL)
        return;
    if (note != NULL && note[0] != '\0')
        desk_chat_say(chat, note, true);
    else if (closing != NULL)
        close_case(agent, chat, closing);
    else if (handing != NULL)
        transfer(agent, chat, handing);
    else if (history != NULL)
        ask_for_history(agent, chat);
    flush(agent);
}

static void on_line(void *context, char *line)
{
    struct agent_session *agent = context;
    bool is_answer = strcmp(line, "y") == 0 || strcmp(line, "n") == 0;
    if (line[0] == '\0' || (is_answer && desk_chats_answer(&agent->chats, line[0] == 'y')))
        return;
    if (line[0] == '/') {
        if (!do_for_session(agent, line))
            do_for_chat(agent, line);
        return;
    }
    struct desk_chat *chat = desk_chats_current(&agent->chats);
    if (chat != NULL) {
        desk_chat_say(chat, line, false);
        flush(agent);
    }
}

static void on_end(void *context)
{
    struct agent_session *agent = context;
    agent->leave_ms = waker_now_ms(agent->waker) + LEAVE_MS_MAX;
    flush(agent);
}

static void on_signal(void *context)
{
    end(context, CLI_GOOD);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static void open_all(struct agent_session *agent)
{
    struct uv_loop_s *loop = event_loop_uv(agent->loop);
    agent->console = console_open(&(struct console_options){loop, agent, on_line, on_end});
    agent->waker = waker_create(loop, agent, on_due);
    desk_chats_init(&agent->chats, agent->console);
    agent->link = link_open(&(struct link_options){.loop = loop,
            .url = agent->place.ws_url,
            .token = agent->token,
            .client = {SLICE_OF("weft-agent"), SLICE_OF("1")},
            .context = agent,
            .on_state = on_state,
            .on_frame = on_frame,
            .on_token_wanted = on_token_wanted,
            .list_cursors = list_cursors});
    check(agent->link != NULL);
    agent->chats.link = agent->link;
}

static int run(const void *given, const struct command_words *words)
{
    static struct agent_session agent; /* large */
    const struct agent_options *options = given;
    char sentence[SENTENCE_MAX];
    (void)words;
    agent = (struct agent_session){.options = options, .wanted = PROTO_AVAILABILITY_ONLINE};
    bool is_by_up = options->up != NULL && options->agent != NULL;
    bool is_by_code = options->url != NULL && options->code != NULL;
    if (is_by_up == is_by_code)
        return say_code(CLI_USAGE, "it needs --up FILE --agent ID, or --url URL --code CODE");
    if (is_by_code && !place_of_url(options->url, &agent.place))
        return say_code(CLI_USAGE, "%s is not an http:// address", options->url);
    if (is_by_up && !place_read(options->up, &agent.place, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    if (!come_in(&agent))
        return CLI_NOT_RUN;
    agent.loop = event_loop_open(&agent, on_signal);
    open_all(&agent);
    event_loop_run(agent.loop);
    event_loop_close(agent.loop);
    desk_chats_finish(&agent.chats);
    return agent.code;
}

const struct command command_agent = {
        .name = "agent",
        .words = "",
        .summary = "An agent at the terminal, with several chats.",
        .details = "y or n answers an offer; a line goes to the current chat; /N switches to chat "
                   "N; /note TEXT,\n/close, /transfer [AGENT [WORDS]], /history, /chats, /away, "
                   "/online, /quit.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .run = run,
};
