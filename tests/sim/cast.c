/* SPDX-License-Identifier: Apache-2.0 */
/* How the cast behaves. Every member has one timer that brings it back and makes it try again.
 *
 * Invariant: nobody here looks into the node. A device checks on the way that entries come in
 * order, each once, and notes the first promise that was broken to it.
 */
#include "cast.h"

#include "base/check.h"
#include "base/list.h"

#include <inttypes.h>
#include <stdio.h>

enum { AGAIN_MS = 400 };

static struct slice text_of(const char *bytes)
{
    return slice_of_string(bytes);
}

static void keep(char *out, size_t capacity, struct slice from)
{
    check(from.len < capacity);
    if (from.len > 0)
        memcpy(out, from.bytes, from.len);
    out[from.len] = '\0';
}

/* ---- the line ---------------------------------------------------------------------------------
 */

static void arm(struct connection_model *line, uint64_t ms_max)
{
    fake_timers_arm(line->timers, &line->again,
            line->clock->now_ms + 1 + fake_random_below(line->random, ms_max));
}

static struct slice next_id(struct connection_model *line, char out[24])
{
    return slice_make(out, (size_t)snprintf(out, 24, "%" PRIu64, ++line->next_id));
}

static void say_hello(struct connection_model *line, const struct proto_cursor *cursors,
        size_t count, const struct proto_bot_info *bot)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_HELLO};
    frame.as.hello = (struct proto_hello){.id = next_id(line, id),
            .cursors = cursors,
            .cursors_count = count,
            .has_bot = bot != NULL};
    if (line->ticket[0] != '\0')
        frame.as.hello.ticket = text_of(line->ticket);
    else
        frame.as.hello.token = text_of(line->token);
    if (bot != NULL)
        frame.as.hello.bot = *bot;
    line->awaits_welcome = true;
    fake_client_send(&line->client, &frame);
}

static void on_down(struct fake_client *client, int close_code)
{
    struct connection_model *line = LIST_ITEM(client, struct connection_model, client);
    line->is_welcome = line->awaits_welcome = false;
    if (close_code == PROTO_CLOSE_UNAUTHENTICATED)
        line->ticket[0] = '\0';
    if (close_code == PROTO_CLOSE_REVOKED)
        line->is_ended = true;
    else
        arm(line, AGAIN_MS);
}

/* Time for a hello: on a new connection, or again when the last was answered "later". */
static bool is_hello_due(struct connection_model *line)
{
    if (line->client.peer.generation == 0)
        return fake_client_connect(&line->client, line->peers, line->codec);
    return !line->awaits_welcome;
}

static void on_welcome(struct connection_model *line, const struct proto_welcome *welcome)
{
    line->is_welcome = true;
    keep(line->ticket, sizeof line->ticket, welcome->ticket);
}

/* ---- outboxes ---------------------------------------------------------------------------------
 */

static void outbox_welcome(struct outbox_model *outbox, const struct proto_welcome *welcome)
{
    if (outbox->count > 0)
        return;
    outbox->lineage_len = welcome->lineage.len;
    keep(outbox->lineage, sizeof outbox->lineage, welcome->lineage);
}

static void send_number(struct connection_model *line, struct outbox_model *outbox, uint64_t n)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_SEND};
    frame.as.send = (struct proto_send){.id = next_id(line, id),
            .lineage = slice_make(outbox->lineage, outbox->lineage_len),
            .n = n,
            .body = {.kind = PROTO_BODY_KIND_TEXT, .text = text_of(outbox->sent[n].text)}};
    fake_client_send(&line->client, &frame);
}

static void settle(
        struct outbox_model *outbox, uint64_t n, const struct name *at, const char **fault)
{
    struct sent *sent = n <= outbox->count ? &outbox->sent[n] : NULL;
    if (sent == NULL) {
        *fault = "an ack of something never said";
        return;
    }
    if (sent->is_acked && !name_equal(&sent->at, at))
        *fault = "a retry got another place";
    sent->is_acked = true;
    sent->is_open = false;
    sent->at = *at;
}

/* ---- devices ----------------------------------------------------------------------------------
 */

static struct device *device_of(struct fake_client *client)
{
    return LIST_ITEM(LIST_ITEM(client, struct connection_model, client), struct device, line);
}

static void describe(const struct proto_entry_view *entry, char *out, size_t capacity)
{
    struct buffer text = buffer_make(out, capacity - 1);
    for (size_t i = 0; i < entry->parts_count; i++) {
        const struct proto_part *part = &entry->parts[i];
        buffer_put_char(&text, "?mnooCq"[part->kind <= PROTO_PART_KIND_QUEUED ? part->kind : 0]);
        if (part->has_body)
            buffer_put_slice(&text, part->body.text);
        buffer_put_char(&text, '|');
    }
    out[text.len] = '\0';
}

static void device_on_entry(struct device *device, const struct proto_entry_view *entry)
{
    const struct seen *last = device->view_count ? &device->view[device->view_count - 1] : NULL;
    if (last != NULL && entry->at.seq <= last->at.seq)
        device->fault = "an entry came twice, or out of order";
    else if (last != NULL && !name_equal(&entry->after, &last->at))
        device->fault = "a gap in live delivery";
    check(device->view_count < CAST_VIEW_MAX);
    struct seen *seen = &device->view[device->view_count++];
    seen->at = entry->at;
    seen->after = entry->after;
    describe(entry, seen->text, sizeof seen->text);
    for (size_t i = 0; i < entry->parts_count; i++)
        if (entry->parts[i].lineage.len > 0 &&
                slice_is(entry->parts[i].lineage, device->outbox.lineage))
            settle(&device->outbox, entry->parts[i].n, &entry->at, &device->fault);
}

static void device_on_error(struct device *device, const struct proto_error *error)
{
    struct outbox_model *outbox = &device->outbox;
    if (error->retry == PROTO_RETRY_RESEND)
        for (uint64_t n = error->resend_from; n <= outbox->count; n++)
            outbox->sent[n].is_open = true;
    static char why[64];
    bool is_final = error->retry == PROTO_RETRY_NEVER;
    if (is_final && !slice_is(error->code, "already_sent")) {
        snprintf(why, sizeof why, "refused: %.*s", (int)error->code.len, error->code.bytes);
        device->fault = why;
    }
}

static void device_on_frame(struct fake_client *client, const struct proto_frame *frame)
{
    struct device *device = device_of(client);
    switch ((int)frame->kind) {
    case PROTO_KIND_WELCOME:
        on_welcome(&device->line, &frame->as.welcome);
        outbox_welcome(&device->outbox, &frame->as.welcome);
        keep(device->conversation, sizeof device->conversation, frame->as.welcome.conversation);
        arm(&device->line, 20);
        break;
    case PROTO_KIND_ENTRY:
        device_on_entry(device, &frame->as.entry);
        break;
    case PROTO_KIND_ACK:
        settle(&device->outbox, frame->as.ack.n, &frame->as.ack.at, &device->fault);
        break;
    case PROTO_KIND_RESET:
        device->view_count = 0;
        device->resets++;
        for (uint64_t n = 1; n <= device->outbox.count; n++)
            device->outbox.sent[n].is_open = true;
        break;
    case PROTO_KIND_ERROR:
        device->line.awaits_welcome = false;
        device_on_error(device, &frame->as.error);
        break;
    default:
        break;
    }
}

static void device_hello(struct device *device)
{
    struct proto_cursor cursor = {.conversation = text_of(device->conversation)};
    bool has_cursor = device->view_count > 0;
    if (has_cursor)
        cursor.at = device->view[device->view_count - 1].at;
    say_hello(&device->line, &cursor, has_cursor, NULL);
}

static void device_again(struct timer *timer)
{
    struct device *device =
            LIST_ITEM(LIST_ITEM(timer, struct connection_model, again), struct device, line);
    struct outbox_model *outbox = &device->outbox;
    if (device->line.is_ended)
        return;
    arm(&device->line, AGAIN_MS);
    if (device->leaves_when_content && device_is_content(device)) {
        if (device->line.client.peer.generation != 0)
            fake_client_cut(&device->line.client);
        return;
    }
    if (!device->line.is_welcome) {
        if (is_hello_due(&device->line))
            device_hello(device);
        return;
    }
    unsigned open = 0;
    for (uint64_t n = 1; n <= outbox->count; n++)
        open += outbox->sent[n].is_open;
    while (outbox->count < device->to_send && open++ < 3) {
        uint64_t n = ++outbox->count;
        snprintf(outbox->sent[n].text, sizeof outbox->sent[n].text, "%.8s-%" PRIu64,
                outbox->lineage + outbox->lineage_len - 8, n);
        outbox->sent[n].is_open = true;
    }
    for (uint64_t n = 1; n <= outbox->count; n++)
        if (outbox->sent[n].is_open)
            send_number(&device->line, outbox, n);
}

static void line_start(struct connection_model *line,
        void (*on_frame)(struct fake_client *, const struct proto_frame *),
        void (*again)(struct timer *))
{
    line->client.on_frame = on_frame;
    line->client.on_down = on_down;
    line->again.on_due = again;
    arm(line, AGAIN_MS);
}

void device_start(struct device *device, uint64_t to_send)
{
    device->to_send = to_send;
    line_start(&device->line, device_on_frame, device_again);
}

bool device_is_content(const struct device *device)
{
    if (device->outbox.count < device->to_send)
        return false;
    for (uint64_t n = 1; n <= device->outbox.count; n++)
        if (!device->outbox.sent[n].is_acked)
            return false;
    return true;
}

/* ---- bots -------------------------------------------------------------------------------------
 */

static struct bot_turn_model *bot_find(struct bot_worker *bot, const struct name *turn)
{
    for (size_t i = 0; i < bot->turn_count; i++)
        if (name_equal(&bot->turns[i].turn, turn))
            return &bot->turns[i];
    return NULL;
}

static void bot_commit_turn(struct bot_worker *bot, const struct bot_turn_model *turn)
{
    char id[24];
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = text_of(turn->text)};
    struct proto_skill skill = {.name = SLICE_OF("any")};
    struct proto_frame frame = {.kind = PROTO_KIND_COMMIT};
    name_write(&turn->turn, id);
    frame.as.commit = (struct proto_commit){.id = slice_make(id, 20),
            .conversation = text_of(turn->conversation),
            .turn = turn->turn,
            .messages = &body,
            .messages_count = 1,
            .has_handoff = turn->is_handoff,
            .handoff = {.reason = SLICE_OF("asked"), .skills = &skill, .skills_count = 1},
            .has_close = turn->is_close,
            .close = turn->is_close};
    fake_client_send(&bot->line.client, &frame);
}

static void bot_on_turn(struct bot_worker *bot, const struct proto_turn *frame)
{
    struct bot_turn_model *turn = bot_find(bot, &frame->turn);
    if (fake_random_chance(bot->line.random, bot->ignores_per_mille))
        return;
    if (turn == NULL) {
        if (bot->turn_count == CAST_TURNS_MAX)
            bot->turn_count = 0;
        turn = &bot->turns[bot->turn_count++];
        *turn = (struct bot_turn_model){.turn = frame->turn};
        keep(turn->conversation, sizeof turn->conversation, frame->conversation);
        uint64_t choice = fake_random_below(bot->line.random, 10);
        turn->is_handoff = choice < 4;
        turn->is_close = choice == 9;
        snprintf(turn->text, sizeof turn->text, "re %" PRIu64, frame->turn.seq);
    }
    turn->is_over = false;
    arm(&bot->line, 50);
}

static void bot_on_frame(struct fake_client *client, const struct proto_frame *frame)
{
    struct bot_worker *bot =
            LIST_ITEM(LIST_ITEM(client, struct connection_model, client), struct bot_worker, line);
    char id[24];
    bool is_error = frame->kind == PROTO_KIND_ERROR;
    if (is_error)
        bot->line.awaits_welcome = false;
    if (frame->kind == PROTO_KIND_WELCOME)
        on_welcome(&bot->line, &frame->as.welcome);
    if (frame->kind == PROTO_KIND_TURN)
        bot_on_turn(bot, &frame->as.turn);
    bool is_final = frame->kind == PROTO_KIND_ACK ||
                    (is_error && frame->as.error.retry == PROTO_RETRY_NEVER);
    struct slice request_id = is_error ? frame->as.error.id : frame->as.ack.id;
    for (size_t i = 0; is_final && i < bot->turn_count; i++) {
        name_write(&bot->turns[i].turn, id);
        if (slice_equal(request_id, slice_make(id, 20)))
            bot->turns[i].is_over = true;
    }
}

static void bot_again(struct timer *timer)
{
    struct bot_worker *bot =
            LIST_ITEM(LIST_ITEM(timer, struct connection_model, again), struct bot_worker, line);
    struct proto_bot_info info = {.name = SLICE_OF("bot"), .credits = 4};
    arm(&bot->line, AGAIN_MS);
    if (!bot->line.is_welcome) {
        if (is_hello_due(&bot->line))
            say_hello(&bot->line, NULL, 0, &info);
        return;
    }
    for (size_t i = 0; i < bot->turn_count; i++)
        if (!bot->turns[i].is_over)
            bot_commit_turn(bot, &bot->turns[i]);
}

void bot_worker_start(struct bot_worker *bot)
{
    line_start(&bot->line, bot_on_frame, bot_again);
}

/* ---- agents -----------------------------------------------------------------------------------
 */

static struct agent_chat_model *agent_chat(struct agent_model *agent, struct slice conversation)
{
    for (size_t i = 0; i < agent->chat_count; i++)
        if (slice_is(conversation, agent->chats[i].conversation))
            return &agent->chats[i];
    check(agent->chat_count < CAST_CHATS_MAX);
    struct agent_chat_model *chat = &agent->chats[agent->chat_count++];
    keep(chat->conversation, sizeof chat->conversation, conversation);
    return chat;
}

static void agent_on_assigned(struct agent_model *agent, const struct proto_assigned *assigned)
{
    struct agent_chat_model *chat = agent_chat(agent, assigned->conversation);
    bool is_news = !chat->is_mine || !name_equal(&chat->owner, &assigned->owner);
    chat->is_mine = true;
    chat->owner = assigned->owner;
    if (is_news && !chat->wants_to_greet) {
        chat->wants_to_greet = true;
        snprintf(chat->text, sizeof chat->text, "hello %" PRIu64, ++agent->said);
    }
    arm(&agent->line, 30);
}

static void agent_on_offer(struct agent_model *agent, const struct proto_offer *offer)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_ACCEPT};
    if (fake_random_chance(agent->line.random, 200)) {
        agent->declined++;
        frame.kind = PROTO_KIND_DECLINE;
        frame.as.decline =
                (struct proto_decline){.id = next_id(&agent->line, id), .offer = offer->offer};
    } else {
        agent->accepted++;
        frame.as.accept = (struct proto_accept){next_id(&agent->line, id), offer->offer};
    }
    fake_client_send(&agent->line.client, &frame);
}

static void agent_on_ack(struct agent_model *agent, const struct proto_ack *ack)
{
    struct agent_chat_model *chat = agent_chat(agent, ack->conversation);
    if (!chat->wants_to_greet || ack->n != chat->n + 1)
        return; /* a repeated ack */
    chat->wants_to_greet = false;
    chat->n++;
    arm(&agent->line, 30);
}

static void agent_on_frame(struct fake_client *client, const struct proto_frame *frame)
{
    struct agent_model *agent =
            LIST_ITEM(LIST_ITEM(client, struct connection_model, client), struct agent_model, line);
    switch ((int)frame->kind) {
    case PROTO_KIND_WELCOME:
        on_welcome(&agent->line, &frame->as.welcome);
        if (agent->lineage_len == 0) {
            agent->lineage_len = frame->as.welcome.lineage.len;
            keep(agent->lineage, sizeof agent->lineage, frame->as.welcome.lineage);
        }
        for (size_t i = 0; i < agent->chat_count; i++)
            agent->chats[i].is_mine = false; /* `assigned` says so again */
        arm(&agent->line, 20);
        break;
    case PROTO_KIND_OFFER:
        agent_on_offer(agent, &frame->as.offer);
        break;
    case PROTO_KIND_ASSIGNED:
        agent_on_assigned(agent, &frame->as.assigned);
        break;
    case PROTO_KIND_RELEASED:
        agent_chat(agent, frame->as.released.conversation)->is_mine = false;
        break;
    case PROTO_KIND_ACK:
        agent_on_ack(agent, &frame->as.ack);
        break;
    case PROTO_KIND_ERROR:
        agent->line.awaits_welcome = false;
        break;
    default:
        break;
    }
}

static void agent_close_chat(struct agent_model *agent, const struct agent_chat_model *chat)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_CLOSE};
    frame.as.close = (struct proto_close){.id = next_id(&agent->line, id),
            .conversation = text_of(chat->conversation),
            .owner = chat->owner};
    fake_client_send(&agent->line.client, &frame);
}

static void agent_greet(struct agent_model *agent, const struct agent_chat_model *chat)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_SEND};
    frame.as.send = (struct proto_send){.id = next_id(&agent->line, id),
            .conversation = text_of(chat->conversation),
            .lineage = slice_make(agent->lineage, agent->lineage_len),
            .n = chat->n + 1,
            .body = {.kind = PROTO_BODY_KIND_TEXT, .text = text_of(chat->text)},
            .has_owner = true,
            .owner = chat->owner};
    fake_client_send(&agent->line.client, &frame);
}

static void agent_be_present(struct agent_model *agent)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_SET_PRESENCE};
    frame.as.set_presence =
            (struct proto_set_presence){next_id(&agent->line, id), PROTO_AVAILABILITY_ONLINE};
    fake_client_send(&agent->line.client, &frame);
}

static void agent_again(struct timer *timer)
{
    struct agent_model *agent =
            LIST_ITEM(LIST_ITEM(timer, struct connection_model, again), struct agent_model, line);
    arm(&agent->line, AGAIN_MS);
    if (!agent->line.is_welcome) {
        if (is_hello_due(&agent->line))
            say_hello(&agent->line, NULL, 0, NULL);
        return;
    }
    agent_be_present(agent);
    for (size_t i = 0; i < agent->chat_count; i++) {
        struct agent_chat_model *chat = &agent->chats[i];
        if (chat->is_mine && chat->wants_to_greet)
            agent_greet(agent, chat);
        else if (chat->is_mine)
            agent_close_chat(agent, chat);
    }
}

void agent_start(struct agent_model *agent)
{
    line_start(&agent->line, agent_on_frame, agent_again);
}
