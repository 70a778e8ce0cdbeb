/* SPDX-License-Identifier: Apache-2.0 */
/* Entries in words.
 *
 * Invariant: everything that a person said is shown, whoever said it; what is not a message becomes
 * a short note. Names and words come from others and are written as terminal_text allows.
 */
#include "cli/talk/talk.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

uint64_t talk_random(void)
{
    uint64_t value;
    check(getrandom(&value, sizeof value, 0) == sizeof value);
    return value;
}

static struct slice name_of(const struct talk *talk, const struct proto_who *who)
{
    if (who->kind == PROTO_AUTHOR_KIND_CUSTOMER)
        return talk->is_customer ? SLICE_OF("you")
               : who->name.len   ? who->name
                                 : SLICE_OF("customer");
    if (who->name.len > 0)
        return who->name;
    return who->kind == PROTO_AUTHOR_KIND_BOT     ? SLICE_OF("bot")
           : who->kind == PROTO_AUTHOR_KIND_AGENT ? SLICE_OF("agent")
                                                  : SLICE_OF("weft");
}

static void keep_options(struct talk *talk, const struct proto_body *body)
{
    talk->option_count = 0;
    for (size_t i = 0; i < body->options_count && i < PROTO_LIMIT_OPTIONS; i++) {
        struct talk_option *option = &talk->options[talk->option_count++];
        struct slice value =
                body->options[i].value.len ? body->options[i].value : body->options[i].title;
        snprintf(option->title, sizeof option->title, "%.*s", SLICE_ARGS(body->options[i].title));
        snprintf(option->value, sizeof option->value, "%.*s", SLICE_ARGS(value));
        console_note(talk->console, "%zu  %s", i + 1, option->title);
    }
}

static void show_owner(struct talk *talk, const struct proto_part *part)
{
    struct slice name = part->name.len ? part->name : part->id;
    if (part->has_owner && part->owner == PROTO_OWNER_KIND_AGENT)
        console_note(talk->console, "%.*s is with you now", SLICE_ARGS(name));
}

static void show_part(struct talk *talk, const struct proto_entry_view *entry,
        const struct proto_part *part, bool is_own)
{
    bool is_note = part->kind == PROTO_PART_KIND_NOTE;
    if (part->kind == PROTO_PART_KIND_MESSAGE || is_note) {
        if (is_note && !is_own)
            console_note(talk->console, "a note:");
        if (!is_own)
            console_words(talk->console, name_of(talk, &entry->author), part->body.text);
        keep_options(talk, &part->body);
    } else if (part->kind == PROTO_PART_KIND_OWNER && talk->is_customer) {
        show_owner(talk, part);
    } else if (part->kind == PROTO_PART_KIND_QUEUED) {
        console_note(talk->console, "waiting for an agent");
    } else if (part->kind == PROTO_PART_KIND_CASE_CLOSED) {
        console_note(talk->console, "the case is closed");
    } else if (part->kind == PROTO_PART_KIND_ERASED) {
        console_note(talk->console, "the conversation was erased");
    }
}

void talk_show(struct talk *talk, const struct proto_entry_view *entry, bool is_own)
{
    if (!talk->has_shown)
        talk->oldest = entry->after;
    talk->has_shown = true;
    talk->newest = entry->at;
    for (size_t i = 0; i < entry->parts_count; i++)
        show_part(talk, entry, &entry->parts[i], is_own);
}

void talk_show_page(struct talk *talk, const struct proto_page *page)
{
    console_note(talk->console, page->entries_count ? "earlier:" : "there is nothing earlier");
    for (size_t i = 0; i < page->entries_count; i++)
        for (size_t j = 0; j < page->entries[i].parts_count; j++)
            show_part(talk, &page->entries[i], &page->entries[i].parts[j], false);
    if (page->entries_count > 0) {
        talk->oldest = page->more ? page->entries[0].after : (struct name){0};
        console_note(talk->console, page->more ? "… and more: /history" : "that was the beginning");
    }
}

void talk_show_typist(struct talk *talk, const struct proto_typist *typist)
{
    if (typist->active)
        console_note(talk->console, "%.*s is typing", SLICE_ARGS(name_of(talk, &typist->who)));
}

void talk_show_receipts(struct talk *talk, const struct proto_receipts *receipts)
{
    struct slice name = name_of(talk, &receipts->who);
    if (talk->is_customer && receipts->who.kind == PROTO_AUTHOR_KIND_CUSTOMER)
        return; /* one's own other devices */
    if (receipts->has_read && receipts->read.seq >= talk->newest.seq)
        console_note(talk->console, "read by %.*s", SLICE_ARGS(name));
    else if (receipts->has_delivered && receipts->delivered.seq >= talk->newest.seq)
        console_note(talk->console, "delivered to %.*s", SLICE_ARGS(name));
}

struct proto_body talk_body(const struct talk *talk, const char *line)
{
    struct proto_body body = {.kind = PROTO_BODY_KIND_TEXT, .text = slice_of_string(line)};
    char *end = NULL;
    unsigned long choice = strtoul(line, &end, 10);
    if (end != line && *end == '\0' && choice >= 1 && choice <= talk->option_count) {
        body.text = slice_of_string(talk->options[choice - 1].title);
        body.chosen = slice_of_string(talk->options[choice - 1].value);
    }
    return body;
}

void talk_show_handoff(struct talk *talk, const struct proto_handoff *handoff)
{
    if (handoff->summary.len > 0)
        console_note(talk->console, "%.*s", SLICE_ARGS(handoff->summary));
    for (size_t i = 0; i < handoff->slots_count; i++)
        console_note(talk->console, "  %.*s: %.*s", SLICE_ARGS(handoff->slots[i].name),
                SLICE_ARGS(handoff->slots[i].value));
    for (size_t i = 0; i < handoff->tried_count; i++)
        console_note(talk->console, "  tried: %.*s", SLICE_ARGS(handoff->tried[i]));
}
