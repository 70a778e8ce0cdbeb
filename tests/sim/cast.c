/* SPDX-License-Identifier: Apache-2.0 */
/* How the cast behaves. Every member has one timer that brings it back and makes it try again.
 *
 * Invariant: nobody here looks into the node. A device checks on the way that entries come in
 * order, each once, and notes the first promise that was broken to it.
 */
#include "cast_line.h"

#include "base/check.h"
#include "base/list.h"

#include <inttypes.h>
#include <stdio.h>

void cast_keep(char *out, size_t capacity, struct slice from)
{
    check(from.len < capacity);
    if (from.len > 0)
        memcpy(out, from.bytes, from.len);
    out[from.len] = '\0';
}

/* ---- the line ---------------------------------------------------------------------------------
 */

void line_arm(struct connection_model *line, uint64_t ms_max)
{
    fake_timers_arm(line->timers, &line->again,
            line->clock->now_ms + 1 + fake_random_below(line->random, ms_max));
}

struct slice line_next_id(struct connection_model *line, char out[24])
{
    return slice_make(out, (size_t)snprintf(out, 24, "%" PRIu64, ++line->next_id));
}

void line_say_hello(struct connection_model *line, const struct proto_cursor *cursors, size_t count,
        const struct proto_bot_info *bot)
{
    char id[24];
    struct proto_frame frame = {.kind = PROTO_KIND_HELLO};
    frame.as.hello = (struct proto_hello){.id = line_next_id(line, id),
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
    line->asked_ms = line->clock->now_ms;
    fake_client_send(&line->client, &frame);
}

static void on_down(struct fake_client *client, int close_code)
{
    struct connection_model *line = LIST_ITEM(client, struct connection_model, client);
    line->is_welcome = line->awaits_welcome = false;
    if (close_code == PROTO_CLOSE_UNAUTHENTICATED)
        line->ticket[0] = '\0';
    line->is_ended |= close_code == PROTO_CLOSE_REVOKED && !line->starts_over;
    line->starts_over = false;
    if (!line->is_ended)
        line_arm(line, AGAIN_MS);
}

/* Time for a hello: on a new connection, or again when the last was answered "later". */
bool line_may_say_hello(struct connection_model *line)
{
    if (line->client.peer.generation == 0) {
        uint64_t door = fake_random_below(line->random, line->door_count);
        return fake_client_connect(&line->client, line->doors[door], line->codec);
    }
    return !line->awaits_welcome;
}

void line_on_welcome(struct connection_model *line, const struct proto_welcome *welcome)
{
    line->is_welcome = true;
    cast_keep(line->ticket, sizeof line->ticket, welcome->ticket);
}

void line_hear(struct connection_model *line, struct slice text, uint64_t asked_ms)
{
    uint64_t word = 0;
    if (line->heard == NULL || text.len < 2 || text.bytes[0] != 'w')
        return;
    for (size_t i = 1; i < text.len; i++)
        word = word * 10 + (uint64_t)(text.bytes[i] - '0');
    check(word < CAST_WORDS_MAX);
    if (asked_ms > line->heard->asked_ms[word])
        line->heard->asked_ms[word] = asked_ms;
}

/* ---- outboxes ---------------------------------------------------------------------------------
 */

static void outbox_welcome(struct outbox_model *outbox, const struct proto_welcome *welcome)
{
    for (uint64_t n = 1; n <= outbox->count; n++)
        outbox->sent[n].is_open = !outbox->sent[n].is_seen;
    if (outbox->count > 0)
        return;
    outbox->lineage_len = welcome->lineage.len;
    cast_keep(outbox->lineage, sizeof outbox->lineage, welcome->lineage);
}

/* An ack is a promise. An own entry on a page is none: a failover may take it back, which a reset
 * tells, and then the words get another place. */
static void settle(struct device *device, uint64_t n, const struct name *at, bool is_promise)
{
    struct outbox_model *outbox = &device->outbox;
    struct sent *sent = n <= outbox->count ? &outbox->sent[n] : NULL;
    if (sent == NULL) {
        device->fault = "an ack of something never said";
        return;
    }
    if (sent->is_promised && !device->may_lose && !name_equal(&sent->at, at))
        device->fault = "a retry got another place";
    if (is_promise && !sent->is_promised) {
        sent->promised_ms = device->line.clock->now_ms;
        tally_action(sent->deed == DEED_SAY      ? ACTION_SAY
                     : sent->deed == DEED_EDIT   ? ACTION_EDIT
                     : sent->deed == DEED_DELETE ? ACTION_DELETE
                                                 : ACTION_REACT);
    }
    sent->is_acked = true;
    sent->is_promised |= is_promise;
    sent->is_open = false;
    sent->at = *at;
}

/* ---- devices ----------------------------------------------------------------------------------
 */

static struct device *device_of(struct fake_client *client)
{
    return LIST_ITEM(LIST_ITEM(client, struct connection_model, client), struct device, line);
}

static void device_on_entry(struct device *device, const struct proto_entry_view *entry)
{
    const struct seen *last = device->view_count ? &device->view[device->view_count - 1] : NULL;
    if (last != NULL && entry->at.seq <= last->at.seq)
        device->fault = "an entry came twice, or out of order";
    else if (last != NULL && !name_equal(&entry->after, &last->at))
        device->fault = "a gap in live delivery";
    check(device->view_count < CAST_VIEW_MAX);
    view_take(device, entry);
    outbox_take(device, entry);
}

void outbox_take(struct device *device, const struct proto_entry_view *entry)
{
    for (size_t i = 0; i < entry->parts_count; i++)
        if (entry->parts[i].lineage.len > 0 &&
                slice_is(entry->parts[i].lineage, device->outbox.lineage)) {
            settle(device, entry->parts[i].n, &entry->at, false);
            device->outbox.sent[entry->parts[i].n].is_seen = true;
        }
}

/* What was said is to be said again, wherever that leads. */
static void forget_view(struct device *device)
{
    device->view_count = device->leafing.count = 0;
    device->leafing.is_done = false;
    signs_forget(device);
    device->resets++;
    for (uint64_t n = 1; n <= device->outbox.count; n++) {
        device->outbox.sent[n].is_open = true;
        device->outbox.sent[n].is_seen = false;
    }
}

/* In the one that is erased, or not yet in any again; or in one that came after it and that a
 * failover took back, so their name leads to the erased one once more. */
static bool may_hear_of_erasing(const struct device *device)
{
    bool is_in_it = strcmp(device->conversation, device->erased ? device->erased : "") == 0;
    return device->erased != NULL && device->lives + 1 < CAST_LIVES_MAX &&
           (device->conversation[0] == '\0' || is_in_it || device->may_lose);
}

/* All that they said is gone, and is not put back: they are somebody new. A person would say what
 * was not acked once more; here other words take its place. While the erasing is under way a node
 * that has not heard of it may let them in once more, and what they say there is gone as well. */
static void begin_life(struct device *device)
{
    if (!may_hear_of_erasing(device))
        device->fault = "a conversation is gone, and nobody erased it";
    tally_action(ACTION_ERASED);
    if (device->outbox.count > 0 && device->fault == NULL)
        device->lives++;
    forget_view(device);
    device->outbox = (struct outbox_model){0};
    device->calls = (struct customer_calls){.is_possible = device->calls.is_possible};
    files_forget(device);
    device->signs = (struct signs){.insists = device->signs.insists};
    device->conversation[0] = '\0';
}

static void start_over(struct device *device)
{
    if (device->line.starts_over)
        return;
    begin_life(device);
    device->line.ticket[0] = '\0';
    device->line.is_welcome = false;
    device->line.starts_over = true;
    fake_client_cut(&device->line.client);
}

static void device_on_error(struct device *device, const struct proto_error *error)
{
    tally_refusal(TALLY_CUSTOMER, error->code);
    if (slice_is(error->code, "conversation_erased")) {
        start_over(device);
        return;
    }
    struct outbox_model *outbox = &device->outbox;
    if (error->retry == PROTO_RETRY_RESEND)
        for (uint64_t n = error->resend_from; n <= outbox->count; n++)
            outbox->sent[n].is_open = true;
    static char why[64];
    bool is_final = error->retry == PROTO_RETRY_NEVER;
    bool is_emptied = may_hear_of_erasing(device) && slice_is(error->code, "no_such_upload");
    if (calls_on_error(device, error) || is_emptied) /* emptied: its files go first */
        return;
    if (is_final && !deeds_on_error(device, error) && !slice_is(error->code, "already_sent")) {
        snprintf(why, sizeof why, "refused: %.*s", (int)error->code.len, error->code.bytes);
        device->fault = why;
    }
}

/* Another conversation than before: that one was erased while they were away, and their ticket had
 * ended, so nobody told them; or a failover lost it, and they heal it. */
static void device_on_welcome(struct device *device, const struct proto_welcome *welcome)
{
    bool is_another = device->conversation[0] != '\0' &&
                      !slice_is(welcome->conversation, device->conversation);
    line_on_welcome(&device->line, welcome);
    calls_begin(device);
    if (is_another && device->may_lose)
        forget_view(device);
    else if (is_another)
        begin_life(device);
    outbox_welcome(&device->outbox, welcome);
    cast_keep(device->conversation, sizeof device->conversation, welcome->conversation);
}

static void device_on_frame(struct fake_client *client, const struct proto_frame *frame)
{
    struct device *device = device_of(client);
    switch ((int)frame->kind) {
    case PROTO_KIND_WELCOME:
        device_on_welcome(device, &frame->as.welcome);
        line_arm(&device->line, 20);
        break;
    case PROTO_KIND_ENTRY:
        device_on_entry(device, &frame->as.entry);
        break;
    case PROTO_KIND_ACK:
        settle(device, frame->as.ack.n, &frame->as.ack.at, true);
        break;
    case PROTO_KIND_CALLBACK:
        calls_take(device, &frame->as.callback);
        break;
    case PROTO_KIND_DONE:
        calls_on_done(device, &frame->as.done);
        break;
    case PROTO_KIND_RECEIPTS:
        signs_take_receipts(device, &frame->as.receipts);
        break;
    case PROTO_KIND_TYPIST:
        signs_take_typist(device, &frame->as.typist);
        break;
    case PROTO_KIND_PAGE:
        view_take_page(device, &frame->as.page);
        break;
    case PROTO_KIND_RESET:
        forget_view(device);
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
    line_say_hello(&device->line, &cursor, has_cursor, NULL);
}

/* Nothing more is wanted of this page, or not now. */
static bool device_leaves(struct device *device)
{
    bool is_done = device->leaves_when_content && device_is_done(device);
    if (!is_done && !calls_are_away(device))
        return false;
    if (device->line.client.peer.generation != 0)
        fake_client_cut(&device->line.client);
    return true;
}

static void device_again(struct timer *timer)
{
    struct device *device =
            LIST_ITEM(LIST_ITEM(timer, struct connection_model, again), struct device, line);
    struct outbox_model *outbox = &device->outbox;
    if (device->line.is_ended)
        return;
    line_arm(&device->line, AGAIN_MS);
    if (device_leaves(device))
        return;
    if (!device->line.is_welcome) {
        if (line_may_say_hello(&device->line))
            device_hello(device);
        return;
    }
    unsigned open = 0;
    for (uint64_t n = 1; n <= outbox->count; n++)
        open += outbox->sent[n].is_open;
    while (outbox->count < device->to_send && !calls_hold(device) && open++ < 3)
        deeds_begin_next(device);
    for (uint64_t n = 1; n <= outbox->count; n++)
        if (outbox->sent[n].is_open && !deeds_send(device, n))
            break;
    view_fill(device);
    view_leaf(device);
    calls_ask(device);
    files_fetch(device);
    signs_say(device);
}

void line_start(struct connection_model *line,
        void (*on_frame)(struct fake_client *, const struct proto_frame *),
        void (*again)(struct timer *))
{
    line->client.on_frame = on_frame;
    line->client.on_down = on_down;
    line->again.on_due = again;
    line_arm(line, AGAIN_MS);
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
        if (!device->outbox.sent[n].is_acked || device->outbox.sent[n].is_open)
            return false;
    return true;
}

bool device_is_done(const struct device *device)
{
    const struct customer_calls *calls = &device->calls;
    bool is_content = device_is_content(device);
    bool may_wait = is_content || (calls->is_patient && !device->line.is_restless);
    return (calls->is_agreed && may_wait) || (is_content && calls_are_settled(device));
}
