/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker is told of a turn: the customer's words, the context, the state.
 *
 * Invariant: the input is what the turn is about, as it reads now (edited words as they were
 * edited); of a long one the newest part, within one frame.
 */
#include "flow/turn_flight.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/chat_read.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/files.h"
#include "flow/follow_up.h"
#include <stdlib.h>

enum {
    INPUT_MAX = 16,
    INPUT_BYTES_MAX = 28 * 1024, /* of text; with its escapes, well within one frame */
};

static size_t text_bytes(const struct turn_flight *flight)
{
    size_t bytes = 0;
    for (size_t i = 0; i < flight->input_count; i++)
        bytes += body_room(&flight->inputs[i].body);
    return bytes;
}

/* The newest are what the turn is about. */
static void drop_oldest(struct turn_flight *flight, size_t further_bytes)
{
    while (flight->input_count == INPUT_MAX ||
            (flight->input_count > 0 && text_bytes(flight) + further_bytes > INPUT_BYTES_MAX))
        memmove(flight->inputs, flight->inputs + 1, --flight->input_count * sizeof *flight->inputs);
}

/* The words in force stand where the first ones stood. */
static void on_edit(struct turn_flight *flight, const struct part *part)
{
    struct arena *scratch = &flight->chat->node->scratch;
    struct proto_body body;
    for (size_t i = 0; i < flight->input_count; i++) {
        struct proto_input *input = &flight->inputs[i];
        if (!name_equal(&input->at, &part->ref) || !body_decode(part->body, scratch, &body))
            continue;
        input->body = body;
        if (text_bytes(flight) > INPUT_BYTES_MAX)
            drop_oldest(flight, 0);
        return;
    }
}

static void on_message(
        struct turn_flight *flight, const struct entry *entry, const struct part *part)
{
    struct proto_input input = {entry->at, true, entry->time_ms, {0}};
    if (entry->at.seq > flight->turn.seq ||
            !body_decode(part->body, &flight->chat->node->scratch, &input.body))
        return;
    if (input.body.kind == PROTO_BODY_KIND_FILE)
        input.body.url = file_link(flight->chat->node, chat_id(flight->chat), input.body.upload,
                &input.at, &flight->chat->node->scratch);
    drop_oldest(flight, body_room(&input.body));
    flight->inputs[flight->input_count++] = input;
}

void turn_take_input(struct chat_read *read, const struct record *record)
{
    struct turn_flight *flight = LIST_ITEM(read, struct turn_flight, read);
    struct arena *scratch = &flight->chat->node->scratch;
    struct entry entry;
    if (flight->inputs == NULL) {
        flight->scratch_mark = scratch->used;
        flight->inputs = arena_take(scratch, INPUT_MAX * sizeof *flight->inputs);
    }
    if (flight->inputs == NULL || !chat_read_entry(flight->chat, record, &entry) ||
            entry.author.kind != AUTHOR_CUSTOMER)
        return;
    const struct part *message = entry_part(&entry, PART_MESSAGE);
    const struct part *edit = entry_part(&entry, PART_EDITED);
    if (message != NULL)
        on_message(flight, &entry, message);
    if (edit != NULL)
        on_edit(flight, edit);
}

static size_t view_state(const struct conversation *fold, struct proto_pair out[ENTRY_PAIRS_MAX])
{
    struct pair pairs[ENTRY_PAIRS_MAX];
    size_t count = conversation_pairs(fold, pairs);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct proto_pair){pairs[i].name, pairs[i].value};
    return count;
}

void turn_send(struct turn_flight *flight, struct session *worker)
{
    struct chat *chat = flight->chat;
    struct node *node = chat->node;
    const struct conversation *fold = chat_fold(chat);
    uint64_t now_ms = node_clock_ms(node);
    struct proto_pair state[ENTRY_PAIRS_MAX];
    struct proto_frame frame = {.kind = PROTO_KIND_TURN};
    frame.as.turn = (struct proto_turn){
            .turn = flight->turn,
            .conversation = chat_id(chat),
            .attempt = fold->turn_attempt,
            .lease_ms = node->settings->turn_lease_ms,
            .deadline_ms = flight->deadline_ms > now_ms ? flight->deadline_ms - now_ms : 0,
            .context = {.contact = chat_id(chat),
                    .name = short_slice(&fold->contact_name),
                    .has_proven = true,
                    .proven = fold->reference.len > 0,
                    .language = id_slice(&fold->language),
                    .page = fold->page.len ? slice_make(fold->page.bytes, fold->page.len)
                                           : SLICE_NONE,
                    .channel = id_slice(&fold->channel),
                    .has_cases = true,
                    .cases = fold->cases ? fold->cases - 1 : 0},
            .input = flight->inputs,
            .input_count = flight->input_count,
            .state = state,
            .state_count = view_state(fold, state),
    };
    session_send(worker, &frame);
}
