/* SPDX-License-Identifier: Apache-2.0 */
/* Customers who ask to be called back, move it, cancel it, close the page meanwhile or write all
 * the same; agents who call, reach them or not, forget to say so or close the case; supervisors who
 * look at who is to be called later.
 *
 * Invariant: a wish is sent once, so it may come into the log once; what became of one whose answer
 * was lost is told anew. Whether it is kept is judge_calls.c's to say.
 */
#include "cast_line.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SOON_MS = 20,
    WANT_PER_MILLE = 850,
    PATIENT_PER_MILLE = 850,
    AWAY_PER_MILLE = 400,
    AWAY_MS_MAX = 20000,
    IN_CHAT_PER_MILLE = 200,
    AT_TURN_PER_MILLE = 250,
    MOVE_PER_MILLE = 500,
    RETHINK_PER_MILLE = 120,
    LIST_PER_MILLE = 500,
};

/* ---- customers --------------------------------------------------------------------------------
 */

static bool chance(const struct device *device, unsigned per_mille)
{
    return fake_random_chance(device->line.random, per_mille);
}

void calls_begin(struct device *device)
{
    struct customer_calls *calls = &device->calls;
    calls->is_offered = calls->is_agreed = calls->is_wanted = calls->is_open = false;
}

static void on_agreed(struct device *device)
{
    struct customer_calls *calls = &device->calls;
    calls->is_agreed = true;
    calls->is_wanted = false;
    calls->is_patient = chance(device, PATIENT_PER_MILLE);
    if (device->line.is_restless && chance(device, AWAY_PER_MILLE))
        calls->back_ms =
                device->line.clock->now_ms + fake_random_below(device->line.random, AWAY_MS_MAX);
}

void calls_take(struct device *device, const struct proto_callback *news)
{
    struct customer_calls *calls = &device->calls;
    bool was_offered = calls->is_offered;
    if (!calls->is_possible || !slice_is(news->conversation, device->conversation)) {
        device->fault = "a callback was told to somebody else";
        return;
    }
    calls->is_offered = news->ways_count > 0;
    if (news->windows_count > 0)
        calls->window_count = 0; /* whoever moves what is agreed may choose what there was */
    for (size_t i = 0; i < news->windows_count && i < CALL_WINDOWS; i++)
        calls->windows[calls->window_count++] = news->windows[i].from_ms;
    if (news->has_agreed && !calls->is_agreed)
        on_agreed(device);
    calls->is_agreed = news->has_agreed;
    if (calls->is_offered && !was_offered && calls->wish_count < WISHES_MAX) {
        tally_action(ACTION_CALL_OFFERED);
        calls->is_wanted = chance(device, WANT_PER_MILLE);
        calls->is_patient = true;
        if (calls->is_wanted)
            line_arm(&device->line, SOON_MS);
    }
    calls->is_wanted &= calls->is_offered;
}

bool calls_are_away(struct device *device)
{
    return device->calls.back_ms > device->line.clock->now_ms;
}

bool calls_hold(const struct device *device)
{
    const struct customer_calls *calls = &device->calls;
    return calls->is_patient && (calls->is_agreed || calls->is_wanted || calls->is_open);
}

bool calls_are_settled(const struct device *device)
{
    const struct customer_calls *calls = &device->calls;
    return !calls->is_agreed && !calls->is_wanted && !calls->is_open;
}

static void send_wish(struct device *device, unsigned index)
{
    const struct wish *wish = &device->calls.wishes[index];
    char bytes[24];
    int len = snprintf(bytes, sizeof bytes, "k%u", index);
    struct slice id = slice_make(bytes, (size_t)len);
    struct proto_frame frame = {.kind = PROTO_KIND_CANCEL_CALLBACK};
    if (wish->is_cancel) {
        frame.as.cancel_callback.id = id;
    } else {
        frame.kind = PROTO_KIND_ASK_CALLBACK;
        frame.as.ask_callback = (struct proto_ask_callback){.id = id,
                .channel = wish->address[0] ? PROTO_CALLBACK_CHANNEL_PHONE
                                            : PROTO_CALLBACK_CHANNEL_CHAT,
                .address = text_of(wish->address),
                .has_from_ms = wish->from_ms != 0,
                .from_ms = wish->from_ms};
    }
    fake_client_send(&device->line.client, &frame);
}

static void make_wish(struct device *device, bool is_cancel)
{
    struct customer_calls *calls = &device->calls;
    unsigned index = calls->wish_count++;
    struct wish *wish = &calls->wishes[index];
    *wish = (struct wish){.is_cancel = is_cancel, .is_move = calls->is_agreed};
    memcpy(wish->conversation, device->conversation, sizeof wish->conversation);
    calls->is_open = true;
    if (!is_cancel && !chance(device, IN_CHAT_PER_MILLE))
        snprintf(wish->address, sizeof wish->address, "+49%u%u%03u", device->number, device->lives,
                index);
    if (!is_cancel && calls->window_count > 0 && !chance(device, AT_TURN_PER_MILLE))
        wish->from_ms = calls->windows[fake_random_below(device->line.random, calls->window_count)];
    send_wish(device, index);
}

/* What is agreed may be moved, or cancelled. */
void calls_ask(struct device *device)
{
    struct customer_calls *calls = &device->calls;
    if (!calls->is_possible || calls->is_open)
        return;
    if (calls->wish_count == WISHES_MAX)
        calls->is_wanted = false;
    else if (calls->is_wanted)
        make_wish(device, false);
    else if (calls->is_agreed && calls->is_moving)
        make_wish(device, false);
    else if (calls->is_agreed && device->line.is_restless && chance(device, RETHINK_PER_MILLE))
        make_wish(device, chance(device, 500));
    calls->is_moving = false;
}

/* WISHES_MAX: of none. */
static unsigned wish_of(const struct device *device, struct slice id)
{
    char digits[8] = "";
    if (id.len < 2 || id.len > sizeof digits || id.bytes[0] != 'k')
        return WISHES_MAX;
    memcpy(digits, id.bytes + 1, id.len - 1);
    unsigned index = (unsigned)strtoul(digits, NULL, 10);
    return index < device->calls.wish_count ? index : WISHES_MAX;
}

void calls_on_done(struct device *device, const struct proto_done *done)
{
    unsigned index = wish_of(device, done->id);
    if (index == WISHES_MAX)
        return;
    struct wish *wish = &device->calls.wishes[index];
    if (!done->has_at)
        device->fault = "a callback was agreed by no entry";
    tally_action(wish->is_cancel ? ACTION_CALL_CANCELLED
                 : wish->is_move ? ACTION_CALL_MOVED
                                 : ACTION_CALL_ASKED);
    wish->is_promised = true;
    wish->at = done->at;
    device->calls.is_open = device->calls.is_wanted = false;
    device->calls.is_moving = !wish->is_cancel && wish->from_ms == 0 && device->line.is_restless &&
                              chance(device, MOVE_PER_MILLE);
    if (device->calls.is_moving)
        line_arm(&device->line, SOON_MS);
}

bool calls_on_error(struct device *device, const struct proto_error *error)
{
    if (wish_of(device, error->id) == WISHES_MAX)
        return false;
    if (slice_is(error->code, "callback_bad_address"))
        device->fault = "a good number was refused";
    device->calls.is_open = device->calls.is_wanted = false;
    return true;
}

/* ---- agents -----------------------------------------------------------------------------------
 */

/* Once all is to come to rest nobody forgets any more. */
static enum call_fate choose_fate(const struct agent_model *agent)
{
    uint64_t choice = fake_random_below(agent->line.random, 20);
    if (choice < 7)
        return CALL_REACHED;
    if (choice < 15)
        return CALL_MISSED;
    return choice < 19 && agent->line.is_restless ? CALL_FORGOTTEN : CALL_IGNORED;
}

void calls_on_assigned(struct agent_model *agent, struct agent_chat_model *chat,
        const struct proto_assigned *assigned)
{
    struct staff_calls *calls = &agent->calls;
    chat->call = 0;
    if (calls->wall == NULL || calls->told_count == CALLS_TOLD_MAX)
        return;
    struct told_call *told = &calls->told[calls->told_count++];
    *told = (struct told_call){.owner = assigned->owner, .is_call = assigned->has_callback};
    cast_keep(told->conversation, sizeof told->conversation, assigned->conversation);
    if (!told->is_call)
        return;
    tally_action(ACTION_CALL_CAME);
    cast_keep(told->address, sizeof told->address, assigned->callback.address);
    told->attempts = assigned->callback.has_attempts ? assigned->callback.attempts : 0;
    told->fate = choose_fate(agent);
    chat->call = calls->told_count;
}

bool calls_record(struct agent_model *agent, struct agent_chat_model *chat)
{
    struct told_call *told = chat->call ? &agent->calls.told[chat->call - 1] : NULL;
    char bytes[24];
    if (told == NULL || told->fate == CALL_IGNORED)
        return false;
    if (told->fate == CALL_FORGOTTEN)
        return true; /* until the case goes back */
    struct proto_frame frame = {.kind = PROTO_KIND_CALLBACK_OUTCOME};
    int len = snprintf(bytes, sizeof bytes, "o%u.%" PRIu64, chat->call, ++agent->line.next_id);
    frame.as.callback_outcome =
            (struct proto_callback_outcome){.id = slice_make(bytes, (size_t)len),
                    .conversation = text_of(chat->conversation),
                    .owner = told->owner,
                    .reached = told->fate == CALL_REACHED};
    told->is_recorded = true;
    fake_client_send(&agent->line.client, &frame);
    return true;
}

/* NULL: of none. */
static struct told_call *recorded(struct agent_model *agent, struct slice id)
{
    char digits[24] = "";
    if (id.len < 2 || id.len > sizeof digits || id.bytes[0] != 'o')
        return NULL;
    memcpy(digits, id.bytes + 1, id.len - 1);
    unsigned number = (unsigned)strtoul(digits, NULL, 10);
    check(number > 0 && number <= agent->calls.told_count);
    for (size_t i = 0; i < agent->chat_count; i++)
        if (agent->chats[i].call == number)
            agent->chats[i].call = 0;
    return &agent->calls.told[number - 1];
}

void calls_on_recorded(struct agent_model *agent, const struct proto_done *done)
{
    struct told_call *told = recorded(agent, done->id);
    if (told == NULL || told->is_promised)
        return;
    if (!done->has_at)
        agent->fault = "an outcome was recorded by no entry";
    tally_action(told->fate == CALL_REACHED ? ACTION_CALL_REACHED : ACTION_CALL_MISSED);
    told->is_promised = true;
    told->at = done->at;
}

void calls_on_refused(struct agent_model *agent, const struct proto_error *error)
{
    if (error->retry != PROTO_RETRY_NEVER || recorded(agent, error->id) == NULL)
        return;
    if (slice_is(error->code, "forbidden"))
        agent->fault = "an agent may not say what became of a callback";
}

/* ---- supervisors ------------------------------------------------------------------------------
 */

/* Once nothing breaks any more it must be right. */
void calls_list(struct agent_model *agent)
{
    struct staff_calls *calls = &agent->calls;
    if (calls->wall == NULL || agent->line.is_restless || calls->list_count == CALL_LISTS_MAX ||
            !fake_random_chance(agent->line.random, LIST_PER_MILLE))
        return;
    int len = snprintf(calls->list_id, sizeof calls->list_id, "L%" PRIu64, ++agent->line.next_id);
    struct proto_frame frame = {.kind = PROTO_KIND_LIST_CASES,
            .as.list_cases = {.id = slice_make(calls->list_id, (size_t)len)}};
    calls->lists[calls->list_count] =
            (struct call_list){.asked_ms = fake_server_now_ms(calls->wall)};
    fake_client_send(&agent->line.client, &frame);
}

void calls_take_list(struct agent_model *agent, const struct proto_cases *cases)
{
    struct staff_calls *calls = &agent->calls;
    if (calls->wall == NULL || calls->list_count == CALL_LISTS_MAX ||
            !slice_is(cases->id, calls->list_id))
        return;
    struct call_list *list = &calls->lists[calls->list_count++];
    list->heard_ms = fake_server_now_ms(calls->wall);
    list->has_more = cases->more;
    for (size_t i = 0; i < cases->cases_count && list->count < 4; i++) {
        const struct proto_case_view *view = &cases->cases[i];
        struct listed_call *listed = &list->calls[list->count];
        if (!view->has_callback)
            continue;
        if (view->callback.address.len > 0)
            agent->fault = "a list of cases says at which number a customer is called back";
        cast_keep(listed->conversation, sizeof listed->conversation, view->conversation);
        listed->from_ms = view->callback.has_from_ms ? view->callback.from_ms : 0;
        list->count++;
        tally_action(ACTION_CALL_LISTED);
    }
    calls->list_id[0] = '\0';
}
