/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox against a model of the server, one thing that goes wrong at a time. */
#include "outbox_model.h"

#include "lib/test.h"

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

/* A whole window is in the air when the store goes away: that is one failure, however many hear of
 * it, and the one that tries next is the second. */
static void what_is_refused_together_is_one_step_of_the_backoff(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, OUTBOX_FLYING_MAX);
    outbox_flush(&outbox, 1000);
    for (size_t i = 0; i < OUTBOX_FLYING_MAX; i++)
        serve(PROTO_ERROR_STORE_UNAVAILABLE, false, 1000 + i / 32 * BACKOFF_FIRST_MS);
    expect_u64(outbox.backoff.failures, 1);
    uint64_t now_ms = 1000 + 2 * BACKOFF_FIRST_MS;
    now_ms += outbox_flush(&outbox, now_ms);
    outbox_flush(&outbox, now_ms);
    expect_u64(wire_len, 1);
    serve(PROTO_ERROR_STORE_UNAVAILABLE, false, now_ms);
    expect_u64(outbox.backoff.failures, 2);
    finish();
}

/* A later refusal may ask for a longer wait, which is kept, and never makes the wait shorter. */
static void the_longest_wait_that_was_asked_for_is_kept(void)
{
    begin();
    outbox_on_welcome(&outbox, SLICE_OF("L1"));
    put_numbered(1, 3);
    outbox_flush(&outbox, 1000);
    static const uint64_t asked_ms[] = {100, 900, 0};
    for (size_t i = 0; i < 3; i++) {
        retry_after_ms = asked_ms[i];
        serve(PROTO_ERROR_STORE_UNAVAILABLE, false, 1000);
    }
    expect_u64(outbox_flush(&outbox, 1000), 900);
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
                    CASE(what_is_refused_together_is_one_step_of_the_backoff),
                    CASE(the_longest_wait_that_was_asked_for_is_kept),
                    CASE(a_refused_message_gives_its_number_to_the_next),
                    CASE(behind_a_refused_message_nothing_is_lost_or_doubled),
                    CASE(a_hole_whose_answers_are_lost_moves_the_rest_to_a_new_lineage),
                    CASE(a_lost_suffix_is_healed_from_what_is_kept),
                    CASE(a_reset_heals_without_waiting_for_the_next_message),
                    CASE(numbers_that_nobody_has_any_more_are_used_again),
                    CASE(a_lineage_refused_at_first_sight_is_replaced),
                    CASE(what_may_have_been_accepted_never_changes_its_lineage),
                    CASE(other_peoples_frames_are_left_alone), {0}});
}
