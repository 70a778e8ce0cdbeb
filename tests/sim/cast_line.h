/* SPDX-License-Identifier: Apache-2.0 */
/* What all of the cast share: a line to some node. Inside of cast.c and cast_staff.c. */
#ifndef WEFT_TESTS_SIM_CAST_LINE_H
#define WEFT_TESTS_SIM_CAST_LINE_H

#include "cast.h"

enum { AGAIN_MS = 400 };

void line_start(struct connection_model *line,
        void (*on_frame)(struct fake_client *, const struct proto_frame *),
        void (*again)(struct timer *));
/* The member's timer fires within so many ms. */
void line_arm(struct connection_model *line, uint64_t ms_max);
/* Time for a hello: on a new connection, which this makes, or again when the last was answered
 * "later". */
bool line_may_say_hello(struct connection_model *line);
void line_say_hello(struct connection_model *line, const struct proto_cursor *cursors, size_t count,
        const struct proto_bot_info *bot);
void line_on_welcome(struct connection_model *line, const struct proto_welcome *welcome);
struct slice line_next_id(struct connection_model *line, char out[24]);

/* Somebody is shown these words; who asks for them now is shown them by right. */
void line_hear(struct connection_model *line, struct slice text, uint64_t asked_ms);

/* Own words are in the log: an entry shows them. */
void outbox_take(struct device *device, const struct proto_entry_view *entry);

/* cast_deeds.c: what a device does to words, its own and others'. */
/* The next number: words, or something that is done to what was said before. */
void deeds_begin_next(struct device *device);
/* false: what it means has no place yet; nothing after it may be sent. */
bool deeds_send(struct device *device, uint64_t n);
/* false: this error is of no deed. */
bool deeds_on_error(struct device *device, const struct proto_error *error);

/* cast_transfers.c: cases that are handed on. */
/* A case has come: where from, and is it to be handed on? */
void transfers_begin(struct agent_model *agent, struct agent_chat_model *chat,
        const struct proto_assigned *assigned);
void transfers_send(struct agent_model *agent, const struct agent_chat_model *chat);
void transfers_on_done(struct agent_model *agent, const struct proto_done *done);
void transfers_on_error(struct agent_model *agent, const struct proto_error *error);

/* cast_supervisor.c: who looks on, whispers, speaks beside the owner, and takes over. */
void supervisor_act(struct agent_model *agent);
void supervisor_on_cases(struct agent_model *agent, const struct proto_cases *cases);
void supervisor_on_done(struct agent_model *agent, const struct proto_done *done);
void supervisor_on_error(struct agent_model *agent, const struct proto_error *error);

/* cast_staff.c */
struct agent_chat_model *agent_chat(struct agent_model *agent, struct slice conversation);
void agent_say(struct agent_model *agent, const struct agent_chat_model *chat, struct slice id,
        const struct name *owner);

/* cast_view.c: what a device is shown. */
void view_take(struct device *device, const struct proto_entry_view *entry);
/* Asks for what came before the first entry that is shown: a beginning shows the newest ones. */
void view_fill(struct device *device);
void view_take_page(struct device *device, const struct proto_page *page);
/* Asks for some of what came before, now and then; and for all of it, if that is wanted. */
void view_leaf(struct device *device);

/* cast_signs.c: how far people are, whether they type, who is there. */
void signs_say(struct device *device);
void signs_forget(struct device *device);
void signs_take_receipts(struct device *device, const struct proto_receipts *receipts);
void signs_take_typist(struct device *device, const struct proto_typist *typist);
void signs_take_presence(struct agent_model *agent, const struct proto_presence *presence);
void signs_say_at_desk(struct agent_model *agent, const struct agent_chat_model *chat);

void cast_keep(char *out, size_t capacity, struct slice from);

static inline struct slice text_of(const char *bytes)
{
    return slice_of_string(bytes);
}

#endif
