/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences from what happens at the two seams of a node: its store, and its peers.
 *
 * Invariant: nothing is said that did not happen, and the telling changes nothing of it: delays are
 * fixed, so that a story depends on the flows and on its own deeds alone.
 */
#include "narrative.h"

#include "base/check.h"
#include "bent_store.h"
#include "stored/pool_codec.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

enum { PLAIN_AT = 1 + MARK_SIZE + 8 + MARK_SIZE, TAG_SIZE = 16, NAME_SHOWN = 4, TEXT = 400 };

/* world_bend and the peers know nothing of a narrative. */
static struct narrative *the;

void narrate(struct narrative *narrative, const char *format, ...)
{
    va_list values;
    uint64_t ms = narrative->world.clock.now_ms - narrative->began_ms;
    fprintf(narrative->out, "%3" PRIu64 ".%03" PRIu64 "  ", ms / 1000, ms % 1000);
    va_start(values, format);
    vfprintf(narrative->out, format, values);
    va_end(values);
    fputc('\n', narrative->out);
}

static void on_deed(struct timer *timer)
{
    struct narrative *narrative = LIST_ITEM(timer, struct narrative, timer);
    narrative->deed(narrative);
}

void narrative_do(
        struct narrative *narrative, struct sim_node *sim, void (*deed)(struct narrative *))
{
    narrative->deeds++;
    narrative->sim = sim;
    narrative->deed = deed;
    narrative->timer.on_due = on_deed;
    fake_timers_arm(
            &narrative->world.world_timers, &narrative->timer, narrative->world.clock.now_ms);
}

/* "12-9f86": the place, and how the mark begins. One static buffer for each of a sentence's names.
 */
static const char *place(const struct name *name)
{
    static char texts[4][NAME_TEXT_MAX];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    snprintf(text, NAME_TEXT_MAX, "%" PRIu64 "-%02x%02x", name->seq, name->mark[0], name->mark[1]);
    return text;
}

/* ---- what is appended -------------------------------------------------------------------------
 */

struct call {
    struct bent_store *bent;
    store_done done;
    void *user;
    struct name at;
    bool is_conversation;
    char what[TEXT];
};

static const char *const pool_words[POOL_KIND_COUNT] = {[POOL_ROUTER] = "this node decides",
        [POOL_STATUS] = "Anna's presence changes",
        [POOL_QUEUED] = "the case waits",
        [POOL_OFFERED] = "it is offered to Anna",
        [POOL_ACCEPTED] = "Anna accepted it",
        [POOL_DECLINED] = "Anna declined it",
        [POOL_EXPIRED] = "the offer expired",
        [POOL_RELEASED] = "the case is over, Anna has room again",
        [POOL_ADOPTED] = "Anna has the case, as the conversation says"};

static const char *pool_word(const struct pool_entry *entry)
{
    bool is_nobodys = entry->kind == POOL_RELEASED && entry->agent.len == 0;
    return is_nobodys ? "the case waits here no longer" : pool_words[entry->kind];
}

/* false: nothing that matters here. */
static bool tell_pool_entry(struct slice record, char *out)
{
    static char scratch_bytes[1 << 18];
    const struct pool_entry *entries;
    struct arena scratch;
    size_t count, len = 0;
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    struct slice plain = slice_make(record.bytes + PLAIN_AT, record.len - PLAIN_AT);
    if (!pool_decode(plain, &scratch, &entries, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (pool_word(&entries[i]) != NULL)
            len += (size_t)snprintf(
                    out + len, TEXT - len, "%s%s", len > 0 ? ", " : "", pool_word(&entries[i]));
    return len > 0;
}

static void on_append(void *user, const struct store_reply *reply)
{
    struct call *call = user;
    unsigned node = call->bent->sim->index + 1;
    bool is_swallowed = false;
    if (reply->outcome == STORE_OK)
        narrate(the, "Node %u appends %s: entry %s.", node, call->what, place(&call->at));
    if (reply->outcome == STORE_REFUSED)
        narrate(the, "Node %u is refused %s, entry %" PRIu64 ": it is behind.", node, call->what,
                call->at.seq);
    if (reply->outcome == STORE_UNKNOWN)
        narrate(the, "Node %u does not learn whether %s, entry %" PRIu64 ", was kept.", node,
                call->what, call->at.seq);
    if (call->is_conversation && reply->outcome == STORE_OK && the->story->on_append != NULL)
        is_swallowed = the->story->on_append(the, call->bent->sim, call->at.seq);
    if (!is_swallowed)
        call->done(call->user, reply);
    free(call);
}

static void append(
        struct store *store, const struct store_append *request, store_done done, void *user)
{
    struct store *link = bent_store_link(store);
    const char *id = the->world.devices[0].conversation;
    bool is_pool = slice_is(request->key, "{p:sim}log");
    bool is_conversation =
            id[0] != '\0' && request->key.len > strlen(id) &&
            memcmp(request->key.bytes + request->key.len - strlen(id), id, strlen(id)) == 0;
    char what[TEXT];
    snprintf(what, sizeof what, "to Ada's conversation");
    bool is_told = is_conversation || (is_pool && tell_pool_entry(request->record, what));
    if (the->out == NULL || !is_told) {
        link->ops->append(link, request, done, user);
        return;
    }
    struct call *call = calloc(1, sizeof *call);
    check(call != NULL);
    *call = (struct call){.bent = bent_store_of(store),
            .done = done,
            .user = user,
            .at.seq = request->seq,
            .is_conversation = is_conversation};
    memcpy(call->at.mark,
            is_conversation ? request->record.bytes + request->record.len - TAG_SIZE
                            : request->record.bytes + PLAIN_AT - MARK_SIZE,
            MARK_SIZE);
    snprintf(
            call->what, sizeof call->what, is_pool ? "to the pool's log (%.300s)" : "%.300s", what);
    link->ops->append(link, request, on_append, call);
}

static struct store *bend(struct sim_node *sim)
{
    struct bent_store *bent = bent_store_create(sim);
    bent->ops.append = append;
    return &bent->base;
}

/* ---- what people send and see -----------------------------------------------------------------
 */

static const char *person(const struct connection_model *line)
{
    struct world *world = &the->world;
    return line == &world->devices[0].line   ? "Ada's phone"
           : line == &world->devices[2].line ? "Ada's laptop"
           : line == &world->desks[0].line   ? "Anna"
                                             : "Robo";
}

static void tell_hello(const char *who, unsigned node, const struct proto_hello *hello)
{
    if (hello->cursors_count > 0)
        narrate(the, "%s says hello to node %u: the last entry it holds is %s.", who, node,
                place(&hello->cursors[0].at));
    else
        narrate(the, "%s says hello to node %u.", who, node);
}

static void tell_commit(const char *who, const struct proto_commit *commit)
{
    narrate(the, "%s commits turn %s: it says \"%.*s\"%s%s.", who, place(&commit->turn),
            SLICE_ARGS(commit->messages[0].text), commit->has_handoff ? " and hands over" : "",
            commit->has_close ? " and closes the case" : "");
}

/* So many s and ms from now. */
static const char *in_time(uint64_t at_ms)
{
    static char text[32];
    uint64_t now_ms = fake_server_now_ms(the->world.server);
    uint64_t ms = at_ms > now_ms ? at_ms - now_ms : 0;
    snprintf(text, sizeof text, "in %" PRIu64 ".%03" PRIu64 " s", ms / 1000, ms % 1000);
    return text;
}

static void tell_wish(const char *who, const struct proto_ask_callback *wish)
{
    narrate(the, "%s asks to be called back at %.*s, %s.", who, SLICE_ARGS(wish->address),
            wish->has_from_ms ? in_time(wish->from_ms) : "at its turn");
}

static void tell_agreed(const char *who, const struct proto_callback *news)
{
    if (news->has_agreed)
        narrate(the, "%s is told that it will be called back, %s.", who,
                in_time(news->agreed.from_ms));
    else
        narrate(the, "%s is told that %s.", who,
                news->ways_count > 0 ? "it need not wait, and may be called back"
                                     : "no callback is offered");
}

static void tell_assigned(const char *who, const struct proto_assigned *assigned)
{
    narrate(the, "%s is told that she is the owner since entry %s%s%.*s.", who,
            place(&assigned->owner), assigned->has_callback ? ", and to call " : "",
            SLICE_ARGS(assigned->callback.address));
}

static void tell_sent(const char *who, unsigned node, const struct proto_frame *frame)
{
    switch ((int)frame->kind) {
    case PROTO_KIND_HELLO:
        tell_hello(who, node, &frame->as.hello);
        break;
    case PROTO_KIND_SEND:
        narrate(the, "%s sends \"%.*s\", number %" PRIu64 ", to node %u.", who,
                SLICE_ARGS(frame->as.send.body.text), frame->as.send.n, node);
        break;
    case PROTO_KIND_COMMIT:
        tell_commit(who, &frame->as.commit);
        break;
    case PROTO_KIND_ASK_CALLBACK:
        tell_wish(who, &frame->as.ask_callback);
        break;
    case PROTO_KIND_CALLBACK_OUTCOME:
        narrate(the, "%s records that she %s Ada.", who,
                frame->as.callback_outcome.reached ? "reached" : "did not reach");
        break;
    case PROTO_KIND_ACCEPT:
        narrate(the, "%s accepts the offer.", who);
        break;
    case PROTO_KIND_DECLINE:
        narrate(the, "%s declines the offer.", who);
        break;
    case PROTO_KIND_CLOSE:
        narrate(the, "%s closes the case, as the owner since entry %s.", who,
                place(&frame->as.close.owner));
        break;
    default:
        break;
    }
}

/* Of one part, after what is there already. */
static size_t describe(const struct proto_part *part, char *out, size_t size)
{
    switch ((int)part->kind) {
    case PROTO_PART_KIND_MESSAGE:
        return (size_t)snprintf(out, size, ", \"%.*s\"", SLICE_ARGS(part->body.text));
    case PROTO_PART_KIND_OWNER:
        return (size_t)snprintf(out, size, ", the owner is %s",
                part->owner == PROTO_OWNER_KIND_AGENT ? "Anna"
                : part->owner == PROTO_OWNER_KIND_BOT ? "Robo"
                                                      : "nobody");
    case PROTO_PART_KIND_CASE_OPENED:
        return (size_t)snprintf(out, size, ", a case is opened");
    case PROTO_PART_KIND_CASE_CLOSED:
        return (size_t)snprintf(out, size, ", the case is closed");
    case PROTO_PART_KIND_QUEUED:
        return (size_t)snprintf(out, size, ", the case waits for a person");
    case PROTO_PART_KIND_CALLBACK:
        return (size_t)snprintf(out, size, ", %s",
                part->has_callback ? "she is to be called back" : "nobody is to call any more");
    default:
        break;
    }
    return 0;
}

static void tell_entry(const char *who, const struct proto_entry_view *entry)
{
    char parts[TEXT] = "";
    size_t len = 0;
    for (size_t i = 0; i < entry->parts_count && len < TEXT / 2; i++)
        len += describe(&entry->parts[i], parts + len, sizeof parts - len);
    narrate(the, "%s sees entry %s%s%s.", who, place(&entry->at), len > 0 ? ": " : "",
            len > 0 ? parts + 2 : "");
}

static void tell_error(const char *who, const struct proto_error *error)
{
    if (error->has_retry_after_ms)
        narrate(the, "%s is told: %.*s Again in %" PRIu64 " ms.", who, SLICE_ARGS(error->message),
                error->retry_after_ms);
    else
        narrate(the, "%s is told: %.*s", who, SLICE_ARGS(error->message));
}

static void tell_heard(const char *who, unsigned node, const struct proto_frame *frame)
{
    switch ((int)frame->kind) {
    case PROTO_KIND_WELCOME:
        narrate(the, "Node %u welcomes %s.", node, who);
        break;
    case PROTO_KIND_ACK:
        if (frame->as.ack.has_n)
            narrate(the, "%s has an ack: number %" PRIu64 " stands at %s.", who, frame->as.ack.n,
                    place(&frame->as.ack.at));
        else
            narrate(the, "%s has an ack: entry %s.", who, place(&frame->as.ack.at));
        break;
    case PROTO_KIND_ENTRY:
        tell_entry(who, &frame->as.entry);
        break;
    case PROTO_KIND_ERROR:
        tell_error(who, &frame->as.error);
        break;
    case PROTO_KIND_RESET:
        narrate(the, "%s is told: forget what you hold, the end of the log was lost.", who);
        break;
    case PROTO_KIND_TURN:
        narrate(the, "%s is given turn %s.", who, place(&frame->as.turn.turn));
        break;
    case PROTO_KIND_OFFER:
        narrate(the, "%s is offered the case.", who);
        break;
    case PROTO_KIND_ASSIGNED:
        tell_assigned(who, &frame->as.assigned);
        break;
    case PROTO_KIND_CALLBACK:
        tell_agreed(who, &frame->as.callback);
        break;
    case PROTO_KIND_RELEASED:
        narrate(the, "%s is told that the case is hers no longer.", who);
        break;
    default:
        break;
    }
}

static void on_frame(void *user, const struct fake_peers *peers, const struct fake_client *client,
        bool is_to_node, const struct proto_frame *frame, struct slice json)
{
    const struct connection_model *line = LIST_ITEM(client, const struct connection_model, client);
    struct narrative *narrative = user;
    struct sim_node *sim = narrative->world.nodes;
    (void)json;
    while (sim->peers != peers)
        sim++;
    (is_to_node ? tell_sent : tell_heard)(person(line), sim->index + 1, frame);
    if (narrative->story->on_frame != NULL)
        narrative->story->on_frame(narrative, sim, frame, is_to_node);
}

/* ---- a story ----------------------------------------------------------------------------------
 */

/* Who is not in the story never comes. */
static void choose_cast(struct world *world, const struct story *story)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        bool is_there = i == 0 || (i == CONTACTS && story->has_laptop);
        world->devices[i].line.is_ended = !is_there;
        world->devices[i].to_send = i == 0 ? story->messages : 0;
        world->devices[i].leaves_when_content = false;
        world->devices[i].words = story->words;
    }
    for (unsigned i = 0; i < BOTS; i++)
        if (i > 0 || !story->has_bot)
            fake_timers_cancel(&world->cast_timers, &world->bots[i].line.again);
    for (unsigned i = 0; i < DESKS; i++)
        if (i > 0 || !story->has_agent)
            fake_timers_cancel(&world->cast_timers, &world->desks[i].line.again);
}

static void begin(struct narrative *narrative)
{
    const struct story *story = narrative->story;
    struct plan plan = {.seed = story->seed,
            .node_count = story->node_count,
            .is_lossy = story->is_lossy,
            .calls_back = story->calls_back,
            .wire = {.delay_ms_min = 1,
                    .delay_ms_max = 1,
                    .detect_ms_max = 0,
                    .reconnect_ms_max = 0,
                    .barriers_are_hollow = story->is_lossy}};
    world_begin(&narrative->world, &plan, TRACE_NONE);
    *fake_server_faults(narrative->world.server) = plan.wire;
    *fake_bus_faults(narrative->world.bus) = plan.bus;
    choose_cast(&narrative->world, story);
    for (unsigned i = 0; i < story->node_count; i++)
        fake_peers_tell(narrative->world.nodes[i].peers, on_frame, narrative);
    narrative->began_ms = narrative->world.clock.now_ms;
}

void narrative_run(const struct story *story, FILE *out)
{
    static struct narrative narrative;
    narrative = (struct narrative){.story = story};
    the = &narrative;
    world_bend = bend;
    begin(&narrative);
    fprintf(out, "%s\n\n%s\n\n", story->title, story->about);
    narrative.out = out;
    world_run_for(&narrative.world, story->ms);
    narrative.out = NULL;
    world_end(&narrative.world);
    world_bend = NULL;
}
