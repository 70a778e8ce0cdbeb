/* SPDX-License-Identifier: Apache-2.0 */
/* How the guide decides.
 *
 *   nothing said            -> greet
 *   "a person, please"      -> hand over (asked)
 *   a slot was asked for    -> found: go on · another topic, surely: change · else ask again,
 * twice, then hand over thanks, bye, hello      -> answer in kind one entry, surely       -> ask
 * for its missing slots, then answer (and hand over, if it says so) else                    -> one
 * clarifying question; the second time in a row hand over (unsure)
 *
 * Invariant: every turn gets an answer, and no two turns in a row end in not knowing. Slots are
 * taken from everything that the customer has said in this case, so nobody is asked for what they
 * told.
 */
#include "bots/guide/guide.h"

#include "base/buffer.h"
#include "bots/guide/find_slot.h"
#include "bots/guide/mind.h"
#include "bots/guide/template.h"

enum {
    ASKS_MAX = 2,
    PERSON_PERCENT = 50,
    SURE_PERCENT = 85,
    CHANGE_PERCENT = 15,
    MESSAGE_MAX = 8000
};

static const char topic_value[] = "guide:topic:", person_value[] = "guide:person";

/* ---- speaking ------------------------------------------------------------------------------- */

static const char *template_value(const void *context, struct slice name)
{
    const struct mind *mind = context;
    if (slice_is(name, "name"))
        return mind->view->name;
    if (slice_is(name, "page"))
        return mind->view->page;
    if (slice_is(name, "shop"))
        return mind->knowledge->name;
    return memory_slot(&mind->memory, name);
}

struct guide_message *mind_say(struct mind *mind, const char *text)
{
    static _Thread_local char space[MESSAGE_MAX];
    struct buffer out = buffer_make(space, sizeof space);
    struct guide_reply *reply = mind->reply;
    if (reply->message_count == GUIDE_MESSAGES_MAX)
        return NULL;
    template_fill(text, template_value, mind, &out);
    const char *copy = out.overflowed ? NULL : reply_copy(reply, buffer_slice(&out));
    if (copy == NULL || copy[0] == '\0')
        return NULL;
    struct guide_message *message = &reply->messages[reply->message_count++];
    *message = (struct guide_message){.text = copy};
    return message;
}

static void offer(struct guide_message *message, const char *title, const char *value)
{
    if (message != NULL && message->option_count < GUIDE_OPTIONS_MAX)
        message->options[message->option_count++] = (struct bot_option){title, value};
}

static void offer_list(struct guide_message *message, const struct text_list *titles)
{
    for (size_t i = 0; i < titles->count; i++)
        offer(message, titles->items[i], NULL);
}

static void offer_person(struct mind *mind, struct guide_message *message)
{
    offer(message, mind->knowledge->texts.person, person_value);
}

static void offer_entry(struct mind *mind, struct guide_message *message, const struct entry *entry)
{
    char space[128];
    struct buffer value = buffer_make(space, sizeof space);
    buffer_put(&value, topic_value, sizeof topic_value - 1);
    buffer_put(&value, entry->id, strlen(entry->id));
    offer(message, entry->title, reply_copy(mind->reply, buffer_slice(&value)));
}

/* ---- greeting ------------------------------------------------------------------------------- */

static const char *choose_greeting(const struct mind *mind)
{
    const struct knowledge *knowledge = mind->knowledge;
    const char *page = mind->view->page ? mind->view->page : "";
    for (size_t i = 0; i < knowledge->greeting_count; i++)
        if (strstr(page, knowledge->greetings[i].page) != NULL)
            return knowledge->greetings[i].text;
    return mind->view->cases > 0 ? knowledge->texts.greeting_again : knowledge->texts.greeting;
}

static void greet(struct mind *mind)
{
    struct guide_message *message = mind_say(mind, choose_greeting(mind));
    offer_list(message, &mind->knowledge->start);
    mind->memory.is_greeted = true;
}

/* Who begins with a question gets a short hello before the answer. */
static void greet_shortly(struct mind *mind)
{
    if (!mind->memory.is_greeted)
        mind_say(mind, mind->knowledge->texts.hello);
    mind->memory.is_greeted = true;
}

/* ---- topics --------------------------------------------------------------------------------- */

static void leave_topic(struct mind *mind)
{
    mind->memory.topic = mind->memory.asked = NULL;
    mind->memory.asks = 0;
}

static void fill_slots(struct mind *mind, const struct entry *entry)
{
    const char *sources[] = {mind->view->text, mind->memory.said};
    char value[SLOT_VALUE_MAX + 1];
    for (size_t i = 0; i < entry->need_count; i++) {
        const struct slot *slot = &entry->needs[i];
        for (size_t j = 0; j < 2; j++)
            if (memory_slot(&mind->memory, slice_of_string(slot->name)) == NULL &&
                    sources[j] != NULL && find_slot(slot, sources[j], false, value))
                memory_set_slot(&mind->memory, mind->reply, slot->name, value);
    }
}

static const struct slot *find_missing(const struct mind *mind, const struct entry *entry)
{
    for (size_t i = 0; i < entry->need_count; i++)
        if (memory_slot(&mind->memory, slice_of_string(entry->needs[i].name)) == NULL)
            return &entry->needs[i];
    return NULL;
}

static void ask(
        struct mind *mind, const struct entry *entry, const struct slot *slot, bool is_again)
{
    const char *question = is_again && slot->again ? slot->again : slot->question;
    struct guide_message *message = mind_say(mind, question);
    offer_list(message, &slot->choices);
    mind->memory.asks = is_again ? mind->memory.asks + 1 : 1;
    mind->memory.topic = entry->id;
    mind->memory.asked = slot->name;
}

static void answer(struct mind *mind, const struct entry *entry)
{
    struct guide_message *message = entry->answer ? mind_say(mind, entry->answer) : NULL;
    mind->reply->label = entry->id;
    mind->memory.topic = entry->id;
    if (entry->hands_over) {
        mind_hand_over(mind, entry, "policy");
        return;
    }
    offer_list(message, &entry->replies);
    memory_add_tried(&mind->memory, mind->reply, entry->id);
    leave_topic(mind);
}

static void begin_topic(struct mind *mind, const struct entry *entry)
{
    greet_shortly(mind);
    mind->memory.unsure = 0;
    fill_slots(mind, entry);
    const struct slot *missing = find_missing(mind, entry);
    if (missing != NULL)
        ask(mind, entry, missing, false);
    else
        answer(mind, entry);
}

/* Is the text surely about this match, and not about the next one? */
static bool is_sure(const struct mind *mind, unsigned at_least)
{
    if (mind->match_count == 0 || mind->matches[0].percent < at_least)
        return false;
    unsigned best = mind->matches[0].percent;
    unsigned second = mind->match_count > 1 ? mind->matches[1].percent : 0;
    return best - second >= mind->knowledge->margin_percent || (best == 100 && second < 100);
}

static bool is_manner(const struct mind *mind, enum manner manner, unsigned at_least)
{
    return match_manner(mind->knowledge->index, slice_of_string(mind->view->text), manner) >=
           at_least;
}

static const struct slot *find_need(const struct entry *entry, const char *name)
{
    for (size_t i = 0; entry != NULL && name != NULL && i < entry->need_count; i++)
        if (strcmp(entry->needs[i].name, name) == 0)
            return &entry->needs[i];
    return NULL;
}

/* Answers false when no slot was asked for, or when the words are about something else. */
static bool go_on_with_topic(struct mind *mind)
{
    const struct entry *entry = knowledge_find(mind->knowledge, mind->memory.topic);
    const struct slot *slot = find_need(entry, mind->memory.asked);
    char value[SLOT_VALUE_MAX + 1];
    if (slot == NULL) {
        leave_topic(mind);
        return false;
    }
    if (find_slot(slot, mind->view->text, true, value)) {
        memory_set_slot(&mind->memory, mind->reply, slot->name, value);
        begin_topic(mind, entry);
        return true;
    }
    bool is_other = is_sure(mind, mind->knowledge->threshold_percent + CHANGE_PERCENT) &&
                    mind->matches[0].entry != entry;
    if (is_other || is_manner(mind, MANNER_THANKS, 100)) {
        leave_topic(mind);
        return false;
    }
    if (mind->memory.asks < ASKS_MAX)
        ask(mind, entry, slot, true);
    else
        mind_hand_over(mind, entry, "unsure");
    return true;
}

/* ---- not knowing ---------------------------------------------------------------------------- */

static bool is_likely(const struct mind *mind)
{
    return mind->match_count > 0 &&
           mind->matches[0].percent >= mind->knowledge->threshold_percent / 2;
}

/* What it may be about: by the present words, else by all that was said in this case. */
static const struct entry *likely_entry(struct mind *mind)
{
    const struct entry *topic = knowledge_find(mind->knowledge, mind->memory.topic);
    if (topic != NULL)
        return topic;
    if (!is_likely(mind) && mind->memory.said != NULL)
        mind->match_count = match_entries(
                mind->knowledge->index, slice_of_string(mind->memory.said), mind->matches, 3);
    return is_likely(mind) ? mind->matches[0].entry : NULL;
}

static void clarify(struct mind *mind)
{
    bool has_idea = mind->match_count > 0 &&
                    mind->matches[0].percent >= mind->knowledge->threshold_percent / 3;
    struct guide_message *message =
            mind_say(mind, has_idea ? mind->knowledge->texts.clarify : mind->knowledge->texts.lost);
    for (size_t i = 0; has_idea && i < mind->match_count && i < 2; i++)
        offer_entry(mind, message, mind->matches[i].entry);
    offer_person(mind, message);
    mind->memory.unsure = 1;
}

static void be_unsure(struct mind *mind)
{
    greet_shortly(mind);
    if (mind->memory.unsure > 0)
        mind_hand_over(mind, likely_entry(mind), "unsure");
    else
        clarify(mind);
}

/* ---- one turn ------------------------------------------------------------------------------- */

static bool answer_in_kind(struct mind *mind)
{
    if (is_manner(mind, MANNER_BYE, 100)) {
        mind_say(mind, mind->knowledge->texts.bye);
        mind->memory = (struct memory){0};
        mind->reply->closes = true;
    } else if (is_manner(mind, MANNER_THANKS, 100)) {
        mind_say(mind, mind->knowledge->texts.thanks);
        mind->memory.unsure = 0;
        leave_topic(mind);
    } else if (is_manner(mind, MANNER_HELLO, 100)) {
        greet(mind);
    } else {
        return false;
    }
    return true;
}

static const struct entry *chosen_entry(const struct mind *mind)
{
    const char *chosen = mind->view->chosen;
    const size_t prefix = sizeof topic_value - 1;
    if (chosen == NULL || strncmp(chosen, topic_value, prefix) != 0)
        return NULL;
    return knowledge_find(mind->knowledge, chosen + prefix);
}

static bool wants_person(const struct mind *mind)
{
    const char *chosen = mind->view->chosen;
    return (chosen != NULL && strcmp(chosen, person_value) == 0) ||
           is_manner(mind, MANNER_PERSON, PERSON_PERCENT);
}

static void decide_afresh(struct mind *mind)
{
    if (answer_in_kind(mind))
        return;
    if (is_sure(mind, mind->knowledge->threshold_percent))
        begin_topic(mind, mind->matches[0].entry);
    else
        be_unsure(mind);
}

static void decide(struct mind *mind)
{
    const struct entry *chosen = chosen_entry(mind);
    if (chosen != NULL) {
        leave_topic(mind);
        begin_topic(mind, chosen);
    } else if (wants_person(mind)) {
        greet_shortly(mind);
        mind_hand_over(mind, likely_entry(mind), "asked");
    } else if (is_manner(mind, MANNER_BYE, 100) || !go_on_with_topic(mind)) {
        decide_afresh(mind);
    }
}
void guide_decide(const struct knowledge *knowledge, const struct guide_view *view,
        struct guide_reply *out_reply)
{
    struct mind mind = {.knowledge = knowledge, .view = view, .reply = out_reply};
    memset(out_reply, 0, offsetof(struct guide_reply, bytes));
    arena_init(&out_reply->arena, out_reply->bytes, sizeof out_reply->bytes);
    if (view->text[0] == '\0') {
        greet(&mind); /* a new case: what is remembered belongs to the last one */
    } else {
        memory_read(view, &mind.memory);
        memory_add_said(&mind.memory, out_reply, view->text);
        mind.match_count =
                match_entries(knowledge->index, slice_of_string(view->text), mind.matches, 3);
        decide(&mind);
    }
    memory_write(&mind.memory, view, out_reply);
}
