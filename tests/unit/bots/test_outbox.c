/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox against a model of the server: whatever goes wrong between them, each message is
 * accepted once, in order. */
#include "bots/sdk/c/outbox.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOG_MAX = 600, WIRE_MAX = 4096, LINEAGES_MAX = 400 };

/* The server's side of one conversation: rule 8 of the log. */
struct model {
    struct {
        char lineage[33], text[24];
        uint64_t n;
    } log[LOG_MAX];
    size_t log_len;
};

struct flying {
    char id[64], lineage[33], text[24];
    uint64_t n;
};

static struct model model;
static struct flying wire[WIRE_MAX];
static size_t wire_len;
static bool wire_is_full;
static uint64_t retry_after_ms; /* what the server says when it says "later" */
static struct outbox outbox;
static char trace[20000];
static size_t acked, refused;

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

static void begin(void)
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

static uint64_t put(const char *text)
{
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = slice_of_string(text)};
    return outbox_put(&outbox, &(struct outbox_message){.body = &body});
}

static void put_numbered(size_t from, size_t to)
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

static enum outbox_verdict ack(const struct flying *it, uint64_t seq)
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

static enum outbox_verdict refuse(
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

/* The server takes the next frame from the wire; its answer is lost when is_lost. */
static enum outbox_verdict serve(enum proto_error_code veto, bool is_lost, uint64_t now_ms)
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

static void serve_all(void)
{
    outbox_flush(&outbox, 1000000);
    while (wire_len > 0) {
        serve(PROTO_ERROR_NONE, false, 0);
        if (wire_len == 0)
            outbox_flush(&outbox, 1000000);
    }
}

static void expect_log(const char *wanted)
{
    char text[2000] = "";
    for (size_t i = 0; i < model.log_len; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                model.log[i].text);
    expect_text(slice_of_string(text), wanted);
}

static void finish(void)
{
    outbox_finish(&outbox);
}

static void messages_before_the_welcome_wait_for_their_lineage(void)
{
    begin();
    put_numbered(1, 3);
    expect_u64(outbox_flush(&outbox, 0), 0);
    expect_u64(wire_len, 0);
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    serve_all();
    expect_log("m1 m2 m3");
    expect_text(slice_of_string(trace), "send 1; send 2; send 3; acked 1 as 1; acked 2 as 2; "
                                        "acked 3 as 3; ");
    expect_u64(outbox_unacked(&outbox), 0);
    finish();
}

static void a_lost_ack_is_settled_by_sending_again(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 2);
    outbox_flush(&outbox, 0);
    serve(PROTO_ERROR_NONE, true, 0);
    wire_len = 0;
    outbox_on_disconnect(&outbox);
    outbox_on_welcome(&outbox, SLICE_OF("L2"));
    put_numbered(3, 3);
    serve_all();
    expect_log("m1 m2 m3");
    expect_text(slice_of_string(model.log[0].lineage), "L1");
    expect_text(slice_of_string(model.log[1].lineage), "L1");
    finish();
}

static void a_lost_ack_is_settled_by_the_own_entry(void)
{
    struct proto_part part = {
            .kind = PROTO_PART_KIND_MESSAGE, .lineage = SLICE_OF("L1"), .has_n = true, .n = 1};
    struct proto_frame frame = {.kind = PROTO_KIND_ENTRY};
    frame.as.entry = (struct proto_entry_view){
            .conversation = SLICE_OF("c1"), .at = {4, {1}}, .parts = &part, .parts_count = 1};
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 1);
    outbox_flush(&outbox, 0);
    expect(outbox_on_frame(&outbox, &frame, 0, 0) == OUTBOX_SETTLED);
    expect_u64(outbox_unacked(&outbox), 0);
    expect(ack(&wire[0], 4) == OUTBOX_SETTLED); /* the late ack is no second news */
    expect_u64(acked, 1);
    finish();
}

static void a_new_lineage_is_taken_when_nothing_is_unacked(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 1);
    serve_all();
    outbox_on_disconnect(&outbox);
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(2, 2);
    serve_all();
    expect_u64(model.log[1].n, 2);
    outbox_on_welcome(&outbox, SLICE_OF("L2"));
    put_numbered(3, 3);
    serve_all();
    expect_u64(model.log[2].n, 1);
    expect_text(slice_of_string(model.log[2].lineage), "L2");
    finish();
}

static void no_more_than_the_window_flies(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, OUTBOX_UNACKED_MAX);
    expect(put("one too many") == 0);
    outbox_flush(&outbox, 0);
    expect_u64(wire_len, OUTBOX_FLYING_MAX);
    serve(PROTO_ERROR_NONE, false, 0);
    outbox_flush(&outbox, 0);
    expect_u64(wire_len, OUTBOX_FLYING_MAX);
    serve_all();
    expect_u64(model.log_len, OUTBOX_UNACKED_MAX);
    expect_u64(outbox.kept, OUTBOX_KEPT_MAX);
    finish();
}

static void a_full_link_is_asked_again(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 2);
    wire_is_full = true;
    expect(outbox_flush(&outbox, 0) > 0);
    wire_is_full = false;
    serve_all();
    expect_log("m1 m2");
    finish();
}

static void later_means_later_and_in_order(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 3);
    outbox_flush(&outbox, 1000);
    serve(PROTO_ERROR_STORE_UNAVAILABLE, false, 1000);
    serve(PROTO_ERROR_NONE, false, 1000);
    serve(PROTO_ERROR_NONE, false, 1000);
    expect_u64(model.log_len, 0);
    uint64_t wait_ms = outbox_flush(&outbox, 1000);
    expect(wait_ms > 0 && wire_len == 0);
    outbox_flush(&outbox, 1000 + wait_ms);
    expect_u64(wire_len, 1); /* the first one alone */
    outbox_flush(&outbox, 1000 + wait_ms);
    expect_u64(wire_len, 1);
    serve(PROTO_ERROR_NONE, false, 1000 + wait_ms);
    outbox_flush(&outbox, 1000 + wait_ms);
    expect_u64(wire_len, 2); /* those that were not told to wait go together */
    serve_all();
    expect_log("m1 m2 m3");
    finish();
}

/* So many at once, then one each 600 ms. */
static void a_row_under_a_limit_is_refused_once_for_each_that_is_taken(void)
{
    enum { WINDOW = OUTBOX_FLYING_MAX, AT_ONCE = 10, EVERY_MS = 600 };
    uint64_t now_ms = 0, refusals = 0;
    begin();
    retry_after_ms = EVERY_MS;
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, WINDOW);
    while (model.log_len < WINDOW) {
        uint64_t wait_ms = outbox_flush(&outbox, now_ms);
        expect(wire_len > 0 || wait_ms > 0);
        now_ms += wire_len > 0 ? 0 : wait_ms;
        bool may = wire_len > 0 && model.log_len < AT_ONCE + now_ms / EVERY_MS;
        refusals += wire_len > 0 && !may;
        if (wire_len > 0)
            serve(may ? PROTO_ERROR_NONE : PROTO_ERROR_RATE_LIMITED, false, now_ms);
    }
    expect(refusals <= 2 * (WINDOW - AT_ONCE));
    finish();
}

static void a_refused_message_gives_its_number_to_the_next(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 1);
    serve_all();
    put_numbered(2, 2);
    outbox_flush(&outbox, 0);
    expect(serve(PROTO_ERROR_OUT_OF_RANGE, false, 0) == OUTBOX_SETTLED);
    expect_u64(refused, 1);
    put_numbered(3, 3);
    serve_all();
    expect_log("m1 m3");
    expect_u64(model.log[1].n, 2);
    finish();
}

static void behind_a_refused_message_nothing_is_lost_or_doubled(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 4);
    outbox_flush(&outbox, 0);
    serve(PROTO_ERROR_NONE, false, 0);
    serve(PROTO_ERROR_OUT_OF_RANGE, false, 0); /* m2 */
    outbox_flush(&outbox, 0);
    expect_u64(wire_len, 2); /* m3 and m4 still fly under their old numbers */
    serve_all();
    expect_log("m1 m3 m4");
    expect_u64(model.log[2].n, 3);
    finish();
}

static void a_hole_whose_answers_are_lost_moves_the_rest_to_a_new_lineage(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 3);
    outbox_flush(&outbox, 0);
    serve(PROTO_ERROR_OUT_OF_RANGE, false, 0); /* m1; m2 and m3 are not answered any more */
    outbox_on_disconnect(&outbox);
    outbox_on_welcome(&outbox, SLICE_OF("L2"));
    serve_all(); /* the old frames arrive after all, and then the new ones */
    expect_log("m2 m3");
    expect_text(slice_of_string(model.log[0].lineage), "L2");
    finish();
}

static void a_lost_suffix_is_healed_from_what_is_kept(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 4);
    serve_all();
    model.log_len = 2; /* a failover */
    put_numbered(5, 5);
    serve_all();
    expect_log("m1 m2 m3 m4 m5");
    finish();
}

static void a_reset_heals_without_waiting_for_the_next_message(void)
{
    struct proto_frame reset = {.kind = PROTO_KIND_RESET};
    reset.as.reset = (struct proto_reset){
            .conversation = SLICE_OF("c1"), .reason = PROTO_RESET_REASON_LOST_SUFFIX};
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 4);
    serve_all();
    expect_u64(acked, 4);
    model.log_len = 3;
    outbox_on_disconnect(&outbox);
    outbox_on_welcome(&outbox, SLICE_OF("L2"));
    expect(outbox_on_frame(&outbox, &reset, 0, 0) == OUTBOX_SETTLED);
    put_numbered(5, 5);
    serve_all();
    expect_log("m1 m2 m3 m4 m5");
    expect_text(slice_of_string(model.log[3].lineage), "L1");
    expect_text(slice_of_string(model.log[4].lineage), "L2");
    expect_u64(acked, 5);
    finish();
}

static void numbers_that_nobody_has_any_more_are_used_again(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 100);
    serve_all();
    model.log_len = 10; /* more is lost than is kept */
    put_numbered(101, 101);
    serve_all();
    expect_u64(model.log_len, 10 + 64 + 1);
    expect_u64(model.log[10].n, 11);
    expect_text(slice_of_string(model.log[10].text), "m37");
    expect_text(slice_of_string(model.log[74].text), "m101");
    finish();
}

static void a_lineage_refused_at_first_sight_is_replaced(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 2);
    outbox_flush(&outbox, 0);
    expect(serve(PROTO_ERROR_BAD_LINEAGE, false, 0) == OUTBOX_RECONNECT);
    serve(PROTO_ERROR_BAD_LINEAGE, false, 0);
    outbox_on_disconnect(&outbox);
    outbox_on_welcome(&outbox, SLICE_OF("L2"));
    serve_all();
    expect_log("m1 m2");
    expect_u64(refused, 0);
    finish();
}

static void what_may_have_been_accepted_never_changes_its_lineage(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 1);
    outbox_flush(&outbox, 0);
    serve(PROTO_ERROR_NONE, true, 0);
    outbox_on_disconnect(&outbox);
    model.log_len = 0; /* stands for: the server has forgotten the lineage, not the message */
    outbox_on_welcome(&outbox, SLICE_OF("L2"));
    outbox_flush(&outbox, 0);
    serve(PROTO_ERROR_BAD_LINEAGE, false, 0);
    expect_u64(refused, 1);
    put_numbered(2, 2);
    serve_all();
    expect_log("m2");
    finish();
}

static void other_peoples_frames_are_left_alone(void)
{
    struct flying stranger = {.id = "s9.9", .lineage = "L9", .n = 9};
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 1);
    outbox_flush(&outbox, 0);
    expect(ack(&stranger, 1) == OUTBOX_NOT_MINE);
    expect(refuse(&stranger, PROTO_ERROR_FENCED, 0, 0) == OUTBOX_NOT_MINE);
    expect_u64(outbox_unacked(&outbox), 1);
    finish();
}

/* ---- the same, at random -------------------------------------------------------------------- */

static uint64_t random_state;

static unsigned roll(unsigned sides)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % sides;
}

static void break_connection(unsigned *lineages)
{
    char lineage[33];
    outbox_on_disconnect(&outbox);
    while (wire_len > 0 && roll(3) > 0) /* some of what was sent arrives all the same */
        serve(PROTO_ERROR_NONE, true, 0);
    wire_len = 0;
    snprintf(lineage, sizeof lineage, "L%u", ++*lineages);
    outbox_on_welcome(&outbox, slice_of_string(lineage));
}

static enum proto_error_code random_veto(void)
{
    static const enum proto_error_code vetoes[] = {PROTO_ERROR_OUT_OF_RANGE,
            PROTO_ERROR_STORE_UNAVAILABLE, PROTO_ERROR_RATE_LIMITED, PROTO_ERROR_FENCED};
    return roll(6) ? PROTO_ERROR_NONE : vetoes[roll(4)];
}

static void expect_each_once_and_in_order(size_t puts)
{
    unsigned long last = 0;
    for (size_t i = 0; i < model.log_len; i++) {
        unsigned long number = strtoul(model.log[i].text + 1, NULL, 10);
        expect(number > last);
        last = number;
    }
    expect_u64(model.log_len + refused, puts);
    expect_u64(acked, model.log_len);
}

/* Puts, serves or breaks something; answers how many messages were put. */
static size_t take_random_step(size_t puts, unsigned *lineages, uint64_t now_ms)
{
    unsigned what = roll(10);
    enum outbox_verdict verdict = OUTBOX_SETTLED;
    if (what < 3) {
        puts++;
        put_numbered(puts, puts);
    } else if (what < 9 && wire_len > 0) {
        verdict = serve(random_veto(), false, now_ms);
    }
    if (verdict == OUTBOX_RECONNECT || roll(25) == 0)
        break_connection(lineages);
    outbox_flush(&outbox, now_ms);
    return puts;
}

static void once_and_in_order_whatever_happens(void)
{
    for (unsigned seed = 1; seed <= 3000; seed++) {
        unsigned lineages = 1;
        size_t puts = 0;
        uint64_t now_ms = 0;
        test_note("seed %u", seed);
        random_state = seed;
        begin();
        outbox_on_welcome(&outbox, SLICE_OF("L1"));
        for (int step = 0; step < 120; step++) {
            now_ms += roll(40);
            puts = take_random_step(puts, &lineages, now_ms);
        }
        break_connection(&lineages);
        serve_all();
        expect_each_once_and_in_order(puts);
        expect_u64(outbox_unacked(&outbox), 0);
        finish();
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(messages_before_the_welcome_wait_for_their_lineage),
                    CASE(a_lost_ack_is_settled_by_sending_again),
                    CASE(a_lost_ack_is_settled_by_the_own_entry),
                    CASE(a_new_lineage_is_taken_when_nothing_is_unacked),
                    CASE(no_more_than_the_window_flies), CASE(a_full_link_is_asked_again),
                    CASE(later_means_later_and_in_order),
                    CASE(a_row_under_a_limit_is_refused_once_for_each_that_is_taken),
                    CASE(a_refused_message_gives_its_number_to_the_next),
                    CASE(behind_a_refused_message_nothing_is_lost_or_doubled),
                    CASE(a_hole_whose_answers_are_lost_moves_the_rest_to_a_new_lineage),
                    CASE(a_lost_suffix_is_healed_from_what_is_kept),
                    CASE(a_reset_heals_without_waiting_for_the_next_message),
                    CASE(numbers_that_nobody_has_any_more_are_used_again),
                    CASE(a_lineage_refused_at_first_sight_is_replaced),
                    CASE(what_may_have_been_accepted_never_changes_its_lineage),
                    CASE(other_peoples_frames_are_left_alone),
                    CASE(once_and_in_order_whatever_happens), {0}});
}
