/* SPDX-License-Identifier: Apache-2.0 */
/* The guide's memory in the conversation's state.
 *
 * Invariant: whatever the guide needs in its next turn is in the state, within the state's limits
 * (32 pairs, 2 KiB each): a worker may die at any moment. Values are untrusted on the way in, since
 * other bots share the state: a topic that is unknown is no topic.
 */
#include "bots/guide/memory.h"

#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAID_MAX = 600, SAID_LINE_MAX = 200, TRIED_MAX = 200 };
static const char slot_prefix[] = "slot.";

const char *reply_copy(struct guide_reply *reply, struct slice text)
{
    char *copy = arena_take(&reply->arena, text.len + 1);
    if (copy != NULL && text.len > 0)
        memcpy(copy, text.bytes, text.len);
    return copy;
}

static const char *find_state(const struct guide_view *view, const char *name)
{
    for (size_t i = 0; i < view->state_count; i++)
        if (strcmp(view->state[i].name, name) == 0)
            return view->state[i].value;
    return NULL;
}

static unsigned read_count(const char *text)
{
    unsigned long count = text ? strtoul(text, NULL, 10) : 0;
    return count > 9 ? 9 : (unsigned)count;
}

void memory_read(const struct guide_view *view, struct memory *out_memory)
{
    const size_t prefix = sizeof slot_prefix - 1;
    *out_memory = (struct memory){.topic = find_state(view, "guide.topic"),
            .asked = find_state(view, "guide.asked"),
            .said = find_state(view, "guide.said"),
            .tried = find_state(view, "guide.tried"),
            .is_greeted = find_state(view, "guide.greeted") != NULL,
            .asks = read_count(find_state(view, "guide.asks")),
            .unsure = read_count(find_state(view, "guide.unsure"))};
    for (size_t i = 0; i < view->state_count && out_memory->slot_count < GUIDE_SLOTS_MAX; i++)
        if (strncmp(view->state[i].name, slot_prefix, prefix) == 0)
            out_memory->slots[out_memory->slot_count++] =
                    (struct bot_pair){view->state[i].name + prefix, view->state[i].value};
}

static void patch(struct guide_reply *reply, const struct guide_view *view, const char *name,
        const char *value)
{
    const char *before = find_state(view, name);
    bool is_same = before == value || (before && value && strcmp(before, value) == 0);
    if (!is_same && reply->patch_count < GUIDE_PATCH_MAX)
        reply->patch[reply->patch_count++] = (struct bot_pair){name, value};
}

static void patch_count(
        struct guide_reply *reply, const struct guide_view *view, const char *name, unsigned count)
{
    static const char *const digits[] = {NULL, "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    patch(reply, view, name, digits[count > 9 ? 9 : count]);
}

static const char *slot_key(struct guide_reply *reply, const char *name)
{
    char key[64 + 1];
    snprintf(key, sizeof key, "%s%s", slot_prefix, name);
    const char *copy = reply_copy(reply, slice_of_string(key));
    return copy ? copy : "slot.lost";
}

void memory_write(
        const struct memory *memory, const struct guide_view *view, struct guide_reply *reply)
{
    const size_t prefix = sizeof slot_prefix - 1;
    patch(reply, view, "guide.topic", memory->topic);
    patch(reply, view, "guide.asked", memory->asked);
    patch(reply, view, "guide.said", memory->said);
    patch(reply, view, "guide.tried", memory->tried);
    patch(reply, view, "guide.greeted", memory->is_greeted ? "1" : NULL);
    patch_count(reply, view, "guide.asks", memory->asks);
    patch_count(reply, view, "guide.unsure", memory->unsure);
    for (size_t i = 0; i < memory->slot_count; i++)
        patch(reply, view, slot_key(reply, memory->slots[i].name), memory->slots[i].value);
    for (size_t i = 0; i < view->state_count; i++)
        if (strncmp(view->state[i].name, slot_prefix, prefix) == 0 &&
                memory_slot(memory, slice_of_string(view->state[i].name + prefix)) == NULL)
            patch(reply, view, view->state[i].name, NULL);
}

const char *memory_slot(const struct memory *memory, struct slice name)
{
    for (size_t i = 0; i < memory->slot_count; i++)
        if (slice_is(name, memory->slots[i].name))
            return memory->slots[i].value;
    return NULL;
}

void memory_set_slot(
        struct memory *memory, struct guide_reply *reply, const char *name, const char *value)
{
    const char *copy = reply_copy(reply, slice_of_string(value));
    size_t at = 0;
    while (at < memory->slot_count && strcmp(memory->slots[at].name, name) != 0)
        at++;
    if (copy == NULL || at == GUIDE_SLOTS_MAX)
        return;
    memory->slots[at] = (struct bot_pair){name, copy};
    if (at == memory->slot_count)
        memory->slot_count++;
}

/* The beginning of a text, whole characters, on one line. */
static void put_line(struct buffer *out, const char *text)
{
    size_t len = strnlen(text, SAID_LINE_MAX);
    while (len > 0 && text[len] != '\0' && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++)
        buffer_put_char(out, text[i] == '\n' ? ' ' : text[i]);
    if (text[len] != '\0')
        buffer_put(out, "…", sizeof "…" - 1);
}

static const char *append(struct guide_reply *reply, const char *before, const char *mark,
        const char *text, size_t max)
{
    char space[1024];
    struct buffer out = buffer_make(space, max);
    if (before != NULL) {
        buffer_put(&out, before, strlen(before));
        buffer_put(&out, mark, strlen(mark));
    }
    put_line(&out, text);
    if (out.overflowed)
        return before;
    const char *copy = reply_copy(reply, buffer_slice(&out));
    return copy ? copy : before;
}

void memory_add_said(struct memory *memory, struct guide_reply *reply, const char *text)
{
    if (text[0] != '\0')
        memory->said = append(reply, memory->said, "\n", text, SAID_MAX);
}

void memory_add_tried(struct memory *memory, struct guide_reply *reply, const char *id)
{
    memory->tried = append(reply, memory->tried, ",", id, TRIED_MAX);
}
