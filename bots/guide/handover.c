/* SPDX-License-Identifier: Apache-2.0 */
/* The packet for whoever takes over, so that the customer does not begin again.
 *
 * Invariant: the packet only holds what the customer said, what the guide was told and what it did;
 * nothing is concluded that is not there. Afterwards the guide's memory is empty: the next case
 * begins with a clean sheet, and with its own order number.
 */
#include "bots/guide/mind.h"

#include "base/buffer.h"

enum { SUMMARY_MAX = 900 };

static void put(struct buffer *out, const char *text)
{
    buffer_put(out, text, strlen(text));
}

static void put_quoted(struct buffer *out, struct slice text)
{
    put(out, "“");
    buffer_put_slice(out, text);
    put(out, "”");
}

static struct slice first_line(const char *text)
{
    return slice_make(text, strcspn(text, "\n"));
}

static struct slice last_line(const char *text)
{
    const char *at = strrchr(text, '\n');
    return slice_of_string(at ? at + 1 : text);
}

static bool is_sentence(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && strchr(".?!", text[len - 1]) != NULL;
}

static const char *write_summary(struct mind *mind, const struct entry *entry)
{
    char space[SUMMARY_MAX];
    struct buffer out = buffer_make(space, sizeof space);
    const char *name = mind->view->name, *said = mind->memory.said;
    if (said != NULL) {
        put(&out, name && name[0] ? name : "The customer");
        put(&out, " wrote: ");
        put_quoted(&out, first_line(said));
        if (!slice_equal(first_line(said), last_line(said))) {
            put(&out, ", and last: ");
            put_quoted(&out, last_line(said));
        }
        put(&out, ".");
    }
    if (entry != NULL) {
        put(&out, said ? " It is about: " : "It is about: ");
        put(&out, entry->title);
        put(&out, is_sentence(entry->title) ? "" : ".");
    }
    return out.overflowed || out.len == 0 ? NULL : reply_copy(mind->reply, buffer_slice(&out));
}

static void list_skills(struct mind *mind, const struct entry *entry)
{
    const struct text_list *skills =
            entry && entry->skills.count ? &entry->skills : &mind->knowledge->skills;
    for (size_t i = 0; i < skills->count; i++)
        mind->reply->skills[i] = skills->items[i];
    mind->reply->handoff.skills = mind->reply->skills;
}

static void list_missing(struct mind *mind, const struct entry *entry)
{
    size_t count = 0;
    for (size_t i = 0; entry != NULL && i < entry->need_count; i++)
        if (memory_slot(&mind->memory, slice_of_string(entry->needs[i].name)) == NULL)
            mind->reply->missing[count++] = entry->needs[i].name;
    mind->reply->handoff.missing = mind->reply->missing;
}

static void list_tried(struct mind *mind)
{
    size_t count = 0;
    const char *at = mind->memory.tried;
    while (at != NULL && *at && count < GUIDE_TRIED_MAX) {
        size_t len = strcspn(at, ",");
        const char *id = reply_copy(mind->reply, slice_make(at, len));
        const struct entry *entry = knowledge_find(mind->knowledge, id);
        if (entry != NULL)
            mind->reply->tried[count++] = entry->title;
        at += len + (at[len] == ',');
    }
    mind->reply->handoff.tried = mind->reply->tried;
}

static void list_slots(struct mind *mind)
{
    for (size_t i = 0; i < mind->memory.slot_count; i++)
        mind->reply->slots[i] = mind->memory.slots[i];
    mind->reply->handoff.slots = mind->reply->slots;
    mind->reply->handoff.slots_count = mind->memory.slot_count;
}

/* The topic is certain; what else was said is as likely as it matched. */
static void list_intents(struct mind *mind, const struct entry *entry)
{
    struct bot_intent *intents = mind->reply->intents;
    size_t count = 0;
    if (entry != NULL && mind->memory.topic != NULL)
        intents[count++] = (struct bot_intent){entry->id, 100};
    for (size_t i = 0; i < mind->match_count && count < 3; i++)
        if (count == 0 || mind->matches[i].entry != entry)
            intents[count++] =
                    (struct bot_intent){mind->matches[i].entry->id, mind->matches[i].percent};
    mind->reply->handoff.intents = intents;
    mind->reply->handoff.intents_count = count;
}

void mind_hand_over(struct mind *mind, const struct entry *entry, const char *reason)
{
    struct bot_handoff *handoff = &mind->reply->handoff;
    const char *language = mind->view->language;
    handoff->reason = reason;
    handoff->language = language && language[0] ? language : mind->knowledge->language;
    handoff->summary = write_summary(mind, entry);
    list_skills(mind, entry);
    list_missing(mind, entry);
    list_tried(mind);
    list_slots(mind);
    list_intents(mind, entry);
    mind->reply->has_handoff = true;
    mind_say(mind, mind->knowledge->texts.handoff);
    mind->memory = (struct memory){.is_greeted = true};
}
