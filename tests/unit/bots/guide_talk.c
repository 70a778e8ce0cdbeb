/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations for tests of the guide. The limits of the protocol are checked at each turn. */
#include "unit/bots/guide_talk.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void talk_begin(struct talk *talk, const struct knowledge *knowledge)
{
    memset(talk, 0, offsetof(struct talk, reply));
    talk->knowledge = knowledge;
}

static void drop_state(struct talk *talk, size_t i)
{
    free((char *)talk->state[i].name);
    free((char *)talk->state[i].value);
    talk->state[i] = talk->state[--talk->state_count];
}

void talk_end(struct talk *talk)
{
    while (talk->state_count > 0)
        drop_state(talk, 0);
}

static void apply(struct talk *talk, struct bot_pair change)
{
    size_t at = 0;
    check(strlen(change.name) <= 64 && (change.value == NULL || strlen(change.value) <= 2048));
    while (at < talk->state_count && strcmp(talk->state[at].name, change.name) != 0)
        at++;
    if (at < talk->state_count)
        drop_state(talk, at);
    if (change.value == NULL)
        return;
    check(talk->state_count < TALK_STATE_MAX);
    talk->state[talk->state_count++] = (struct bot_pair){strdup(change.name), strdup(change.value)};
}

static void check_limits(const struct guide_reply *reply)
{
    for (size_t i = 0; i < reply->message_count; i++) {
        const struct guide_message *message = &reply->messages[i];
        check(message->text[0] != '\0' && strlen(message->text) <= 8192);
        check(message->option_count <= 13);
        for (size_t j = 0; j < message->option_count; j++)
            check(strlen(message->options[j].title) <= 80);
    }
    check(reply->message_count > 0);
    if (reply->has_handoff && reply->handoff.summary != NULL)
        check(strlen(reply->handoff.summary) <= 2048);
}

static void decide(struct talk *talk)
{
    static struct bot_pair patch[GUIDE_PATCH_MAX];
    talk->view.state = talk->state;
    talk->view.state_count = talk->state_count;
    guide_decide(talk->knowledge, &talk->view, &talk->reply);
    check_limits(&talk->reply);
    /* The patch borrows from the state: copy it before the state changes. */
    for (size_t i = 0; i < talk->reply.patch_count; i++)
        patch[i] = (struct bot_pair){strdup(talk->reply.patch[i].name),
                talk->reply.patch[i].value ? strdup(talk->reply.patch[i].value) : NULL};
    for (size_t i = 0; i < talk->reply.patch_count; i++) {
        apply(talk, patch[i]);
        free((char *)patch[i].name);
        free((char *)patch[i].value);
    }
    talk->reply.patch_count = 0;
}

void talk_say(struct talk *talk, const char *text)
{
    talk->view.text = text;
    talk->view.chosen = NULL;
    decide(talk);
}

bool talk_press(struct talk *talk, const char *title)
{
    char text[100], value[300];
    for (size_t i = 0; i < talk->reply.message_count; i++) {
        const struct guide_message *message = &talk->reply.messages[i];
        for (size_t j = 0; j < message->option_count; j++) {
            const struct bot_option *option = &message->options[j];
            if (strcmp(option->title, title) != 0)
                continue;
            snprintf(text, sizeof text, "%s", option->title);
            snprintf(value, sizeof value, "%s", option->value ? option->value : option->title);
            talk->view.text = text;
            talk->view.chosen = value;
            decide(talk);
            return true;
        }
    }
    return false;
}

bool talk_hears(const struct talk *talk, const char *text)
{
    for (size_t i = 0; i < talk->reply.message_count; i++)
        if (strstr(talk->reply.messages[i].text, text) != NULL)
            return true;
    return false;
}

bool talk_offers(const struct talk *talk, const char *title)
{
    for (size_t i = 0; i < talk->reply.message_count; i++)
        for (size_t j = 0; j < talk->reply.messages[i].option_count; j++)
            if (strcmp(talk->reply.messages[i].options[j].title, title) == 0)
                return true;
    return false;
}

const char *talk_state(const struct talk *talk, const char *name)
{
    for (size_t i = 0; i < talk->state_count; i++)
        if (strcmp(talk->state[i].name, name) == 0)
            return talk->state[i].value;
    return NULL;
}
