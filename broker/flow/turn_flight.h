/* SPDX-License-Identifier: Apache-2.0 */
/* An open turn on its way to a worker: for bot_turns.c and turn_frame.c only. */
#ifndef WEFT_FLOW_TURN_FLIGHT_H
#define WEFT_FLOW_TURN_FLIGHT_H

#include "flow/bot_nodes.h"
#include "flow/chat_read.h"

enum flight_state { FLIGHT_WAITING, FLIGHT_READING, FLIGHT_OUT, FLIGHT_ELSEWHERE };

struct turn_flight {
    struct chat *chat;
    struct list link;       /* all flights of the node */
    struct list of_waiting; /* in order, while FLIGHT_WAITING */
    enum flight_state state;
    struct name turn;
    struct session_handle worker;
    struct timer timer;
    uint64_t deadline_ms; /* monotonic */
    unsigned deliveries;
    bool is_passive;       /* elsewhere, without having been asked by this node */
    struct id_text caller; /* the node that asked this one; empty: none */
    bool is_over;          /* freed when the read under way ends */
    struct chat_read read;
    struct proto_input *inputs; /* in scratch, while reading */
    size_t input_count, scratch_mark;
};

/* turn_frame.c: the input, record by record (for chat_read); and the frame, once it was read. */
void turn_take_input(struct chat_read *read, const struct record *record);
void turn_send(struct turn_flight *flight, struct session *worker);

#endif
