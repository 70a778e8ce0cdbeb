/* SPDX-License-Identifier: Apache-2.0 */
/* The server as an outbox knows it.
 *
 * Invariant: a number is taken once in a lineage, and only as the next one; the same number again
 * has its old place, and must have its old words.
 */
#include "outbox_model.h"

#include "lib/test.h"

#include <stdio.h>

struct model model;
struct flying wire[WIRE_MAX];
size_t wire_len;
bool wire_is_full;
uint64_t retry_after_ms;
struct outbox outbox;
char trace[20000];
size_t acked, refused;

static void say(const char *format, uint64_t a, uint64_t b)
{
    size_t len = strlen(trace);
    if (len + 64 < sizeof trace)
        snprintf(trace + len, sizeof trace - len, format, (unsigned long)a, (unsigned long)b);
}

static void copy(char *to, size_t capacity, struct slice from)
{
    snprintf(to, capacity, "%.*s", SLICE_ARGS(from));
}

static bool on_send(void *context, const struct proto_frame *frame)
{
    const struct proto_send *send = &frame->as.send;
    (void)context;
    if (wire_is_full || wire_len == WIRE_MAX)
        return false;
    struct flying *it = &wire[wire_len++];
    copy(it->id, sizeof it->id, send->id);
    copy(it->lineage, sizeof it->lineage, send->lineage);
    copy(it->text, sizeof it->text, send->body.text);
    it->n = send->n;
    say("send %lu; ", send->n, 0);
    return true;
}

static void on_acked(void *context, uint64_t key, uint64_t n, const struct name *at)
{
    (void)context, (void)at;
    acked++;
    say("acked %lu as %lu; ", key, n);
}

static void on_refused(void *context, uint64_t key, enum proto_error_code code)
{
    (void)context;
    refused++;
    say("refused %lu code %lu; ", key, (uint64_t)code);
}

void begin(void)
{
    model = (struct model){0};
    wire_len = acked = refused = 0;
    wire_is_full = false;
    retry_after_ms = 0;
    trace[0] = '\0';
    outbox_init(&outbox, &(struct outbox_options){.prefix = "s",
                                 .send = on_send,
                                 .on_acked = on_acked,
                                 .on_refused = on_refused});
}

uint64_t put(const char *text)
{
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = slice_of_string(text)};
    return outbox_put(&outbox, &(struct outbox_message){.body = &body});
}

void put_numbered(size_t from, size_t to)
{
    char text[24];
    for (size_t i = from; i <= to; i++) {
        snprintf(text, sizeof text, "m%zu", i);
        expect(put(text) > 0);
    }
}

static struct flying take_flying(void)
{
    struct flying first = wire[0];
    memmove(wire, wire + 1, --wire_len * sizeof *wire);
    return first;
}

enum outbox_verdict ack(const struct flying *it, uint64_t seq)
{
    struct proto_frame frame = {.kind = PROTO_KIND_ACK};
    frame.as.ack = (struct proto_ack){.id = slice_of_string(it->id),
            .conversation = SLICE_OF("c1"),
            .lineage = slice_of_string(it->lineage),
            .has_n = true,
            .n = it->n,
            .at = {seq, {1}}};
    return outbox_on_frame(&outbox, &frame, 7, 0);
}

enum outbox_verdict refuse(
        const struct flying *it, enum proto_error_code code, uint64_t resend_from, uint64_t now_ms)
{
    const struct proto_error_info *info = proto_error_info(code);
    struct proto_frame frame = {.kind = PROTO_KIND_ERROR};
    frame.as.error = (struct proto_error){.id = slice_of_string(it->id),
            .code = info->code,
            .message = info->message,
            .retry = info->retry,
            .has_retry_after_ms = retry_after_ms > 0,
            .retry_after_ms = retry_after_ms,
            .has_resend_from = resend_from > 0,
            .resend_from = resend_from};
    return outbox_on_frame(&outbox, &frame, 7, now_ms);
}

static uint64_t head_of(const char *lineage)
{
    uint64_t head = 0;
    for (size_t i = 0; i < model.log_len; i++)
        if (strcmp(model.log[i].lineage, lineage) == 0)
            head = model.log[i].n;
    return head;
}

static size_t place_of(const struct flying *it)
{
    for (size_t i = 0; i < model.log_len; i++)
        if (strcmp(model.log[i].lineage, it->lineage) == 0 && model.log[i].n == it->n)
            return i + 1;
    return 0;
}

enum outbox_verdict serve(enum proto_error_code veto, bool is_lost, uint64_t now_ms)
{
    struct flying it = take_flying();
    uint64_t head = head_of(it.lineage);
    size_t place = place_of(&it);
    if (place > 0) {
        bool is_same = strcmp(model.log[place - 1].text, it.text) == 0;
        expect(is_same); /* another body under a used number would be our fault */
        return is_lost ? OUTBOX_SETTLED : ack(&it, place);
    }
    if (veto != PROTO_ERROR_NONE)
        return is_lost ? OUTBOX_SETTLED : refuse(&it, veto, 0, now_ms);
    if (it.n > head + 1)
        return is_lost ? OUTBOX_SETTLED : refuse(&it, PROTO_ERROR_RESEND, head + 1, now_ms);
    copy(model.log[model.log_len].lineage, 33, slice_of_string(it.lineage));
    copy(model.log[model.log_len].text, 24, slice_of_string(it.text));
    model.log[model.log_len++].n = it.n;
    return is_lost ? OUTBOX_SETTLED : ack(&it, model.log_len);
}

void serve_all(void)
{
    outbox_flush(&outbox, 1000000);
    while (wire_len > 0) {
        serve(PROTO_ERROR_NONE, false, 0);
        if (wire_len == 0)
            outbox_flush(&outbox, 1000000);
    }
}

void expect_log(const char *wanted)
{
    char text[2000] = "";
    for (size_t i = 0; i < model.log_len; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                model.log[i].text);
    expect_text(slice_of_string(text), wanted);
}

void finish(void)
{
    outbox_finish(&outbox);
}
