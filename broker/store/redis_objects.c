/* SPDX-License-Identifier: Apache-2.0 */
/* hiredis makes a tree of each answer, with two pieces of memory for each text and each list: 118
 * for ten entries of a log. Here a value is one block, its short text or list inside, and blocks
 * that were given back are the next ones.
 *
 * It also takes eight bytes for each element that a list announces, before one of them has come:
 * fourteen bytes of a server that is none would cost two gigabytes.
 *
 * Invariant: memory is taken for what has arrived, or for REDIS_ELEMENTS_MAX elements at most; at
 * most OBJECTS_KEPT_MAX blocks stay behind. Texts are not bounded: for those hiredis takes what
 * they bring. One thread reads answers, the loop's.
 */
#include "store/redis_objects.h"

#include "base/check.h"
#include "base/spares.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS_KEPT_MAX = 1024, TEXT_INSIDE = 80, ELEMENTS_INSIDE = TEXT_INSIDE / sizeof(void *) };

struct object {
    redisReply reply; /* first: what hiredis and its user see */
    union {
        char text[TEXT_INSIDE];
        redisReply *elements[ELEMENTS_INSIDE];
    } inside;
};

static struct spares blocks;

static struct object *make(const redisReadTask *task)
{
    struct object *object = spares_take(&blocks, sizeof *object);
    if (object != NULL)
        object->reply = (redisReply){.type = task->type};
    return object;
}

static void *place(const redisReadTask *task, struct object *object)
{
    if (object != NULL && task->parent != NULL) {
        const redisReply *list = task->parent->obj;
        check(list->type == REDIS_REPLY_ARRAY && (size_t)task->idx < list->elements);
        list->element[task->idx] = &object->reply;
    }
    return object;
}

static void *create_text(const redisReadTask *task, char *bytes, size_t len)
{
    struct object *object = make(task);
    char *text = object == NULL ? NULL : len < TEXT_INSIDE ? object->inside.text : malloc(len + 1);
    if (text == NULL) {
        spares_give_back(&blocks, object, sizeof *object);
        return NULL;
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
    object->reply.str = text;
    object->reply.len = len;
    return place(task, object);
}

static void *create_list(const redisReadTask *task, int count)
{
    struct object *object = count > REDIS_ELEMENTS_MAX ? NULL : make(task);
    if (object == NULL)
        return NULL;
    memset(&object->inside, 0, sizeof object->inside);
    object->reply.element = count > ELEMENTS_INSIDE
                                    ? calloc((size_t)count, sizeof *object->reply.element)
                                    : object->inside.elements;
    if (object->reply.element == NULL) {
        spares_give_back(&blocks, object, sizeof *object);
        return NULL;
    }
    object->reply.elements = count > 0 ? (size_t)count : 0;
    return place(task, object);
}

static void *create_integer(const redisReadTask *task, long long value)
{
    struct object *object = make(task);
    if (object != NULL)
        object->reply.integer = value;
    return place(task, object);
}

/* It is announced as a text or a list of length -1. */
static void *create_nil(const redisReadTask *task)
{
    struct object *object = make(task);
    if (object != NULL)
        object->reply.type = REDIS_REPLY_NIL;
    return place(task, object);
}

/* As deep as hiredis reads: nine levels. Of an answer that was cut, elements are missing. */
void redis_object_free(void *answer)
{
    struct object *object = answer;
    if (object == NULL)
        return;
    redisReply *reply = &object->reply;
    for (size_t i = 0; i < reply->elements; i++)
        redis_object_free(reply->element[i]);
    if (reply->len >= TEXT_INSIDE)
        free(reply->str);
    if (reply->elements > ELEMENTS_INSIDE)
        free(reply->element);
    spares_give_back(&blocks, object, sizeof *object);
}

void redis_objects_use(struct redisReader *reader)
{
    static redisReplyObjectFunctions functions = {
            create_text, create_list, create_integer, create_nil, redis_object_free};
    if (blocks.block_size == 0)
        spares_init(&blocks, sizeof(struct object), OBJECTS_KEPT_MAX);
    reader->fn = &functions;
}
