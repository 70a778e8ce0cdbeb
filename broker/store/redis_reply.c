/* SPDX-License-Identifier: Apache-2.0 */
/* Redis's answers as the store port's outcomes.
 *
 * Invariant: an outcome other than STORE_UNKNOWN is given only for an answer that was understood.
 * No answer, an error that says nothing definite, and an answer of a shape that the command never
 * gives are all unknown; the last also ends the link, for then the two sides disagree about what
 * answers what. Data of a shape that we never write (a stranger's entry in a log) is unknown too,
 * but leaves the link alone: one spoilt log must not take all others away again and again.
 */
#include "store/redis_reply.h"

#include "base/log_line.h"
#include "port/store.h"
#include "store/redis_error.h"
#include "store/redis_greeting.h"
#include "store/redis_link.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>

static void finish(struct redis_request *request, struct store_reply reply)
{
    store_done done = (store_done)request->done;
    reply.generation = request->generation;
    if (done != NULL)
        done(request->user, &reply);
}

static void finish_plain(struct redis_request *request, enum store_outcome outcome)
{
    finish(request, (struct store_reply){.outcome = outcome});
}

static struct slice text_of(const redisReply *reply)
{
    return slice_make(reply->str, reply->len);
}

/* What all commands share: no answer, or an error. false: the answer is of the command's own. */
static bool finish_failed(struct redis_request *request, const redisReply *reply)
{
    if (reply == NULL) {
        finish_plain(request, STORE_UNKNOWN);
        return true;
    }
    if (reply->type != REDIS_REPLY_ERROR)
        return false;
    switch (redis_error_of(text_of(reply))) {
    case REDIS_ERROR_BEHIND:
        finish_plain(request, STORE_REFUSED);
        return true;
    case REDIS_ERROR_FULL:
        finish_plain(request, STORE_FULL);
        return true;
    case REDIS_ERROR_ALONE: /* the port has no word for it, and trying again is right */
        finish_plain(request, STORE_UNKNOWN);
        return true;
    case REDIS_ERROR_LINK:
    case REDIS_ERROR_OTHER:
        log_line(LOG_ERROR, "store.command_failed", "code=%.*s",
                SLICE_ARGS(redis_error_code(text_of(reply))));
        finish_plain(request, STORE_UNKNOWN);
        return true;
    }
    return false;
}

static void finish_surprised(struct redis_request *request)
{
    redis_link_cut(request->link, "unexpected_reply");
    finish_plain(request, STORE_UNKNOWN);
}

/* XADD answers with the id, or NIL when NOMKSTREAM found no log. */
void redis_reply_append(struct redis_request *request, const redisReply *reply)
{
    if (finish_failed(request, reply))
        return;
    if (reply->type == REDIS_REPLY_STRING)
        finish_plain(request, STORE_OK);
    else if (reply->type == REDIS_REPLY_NIL)
        finish_plain(request, STORE_ABSENT);
    else
        finish_surprised(request);
}

/* XTRIM, ZADD, ZREM and DEL answer with how many they changed, which nobody asks for. */
void redis_reply_integer(struct redis_request *request, const redisReply *reply)
{
    if (finish_failed(request, reply))
        return;
    if (reply->type == REDIS_REPLY_INTEGER)
        finish_plain(request, STORE_OK);
    else
        finish_surprised(request);
}

void redis_reply_status(struct redis_request *request, const redisReply *reply)
{
    if (finish_failed(request, reply))
        return;
    if (reply->type == REDIS_REPLY_STATUS)
        finish_plain(request, STORE_OK);
    else
        finish_surprised(request);
}

/* SET NX GET answers with the value that was there, or NIL when it has set its own. */
void redis_reply_claim(struct redis_request *request, const redisReply *reply)
{
    if (finish_failed(request, reply))
        return;
    if (reply->type == REDIS_REPLY_NIL)
        finish_plain(request, STORE_OK);
    else if (reply->type == REDIS_REPLY_STRING)
        finish(request, (struct store_reply){.outcome = STORE_REFUSED, .value = text_of(reply)});
    else
        finish_surprised(request);
}

void redis_reply_value(struct redis_request *request, const redisReply *reply)
{
    if (finish_failed(request, reply))
        return;
    if (reply->type == REDIS_REPLY_NIL)
        finish_plain(request, STORE_ABSENT);
    else if (reply->type == REDIS_REPLY_STRING)
        finish(request, (struct store_reply){.outcome = STORE_OK, .value = text_of(reply)});
    else
        finish_surprised(request);
}

/* [id, [field, record]] with id "seq-0" and one field. */
static bool read_entry(const redisReply *entry, struct store_item *out_item)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2)
        return false;
    const redisReply *id = entry->element[0], *fields = entry->element[1];
    if (id->type != REDIS_REPLY_STRING || id->len < 3 ||
            memcmp(id->str + id->len - 2, "-0", 2) != 0 || fields->type != REDIS_REPLY_ARRAY ||
            fields->elements != 2 || fields->element[1]->type != REDIS_REPLY_STRING)
        return false;
    out_item->value = text_of(fields->element[1]);
    return redis_number_read(slice_make(id->str, id->len - 2), &out_item->number);
}

static void finish_items(struct redis_request *request, size_t count)
{
    struct store_item *items = request->owner;
    finish(request, (struct store_reply){.outcome = STORE_OK, .items = items, .item_count = count});
}

static void finish_read(
        struct redis_request *request, const redisReply *reply, enum store_outcome when_empty)
{
    struct store_item *items = request->owner;
    if (finish_failed(request, reply))
        return;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements > STORE_ITEMS_MAX) {
        finish_surprised(request);
        return;
    }
    for (size_t i = 0; i < reply->elements; i++)
        if (!read_entry(reply->element[i], &items[i])) {
            log_line(LOG_ERROR, "store.strange_entry", "generation=%" PRIu64, request->generation);
            finish_plain(request, STORE_UNKNOWN);
            return;
        }
    if (reply->elements > 0)
        finish_items(request, reply->elements);
    else
        finish_plain(request, when_empty);
}

void redis_reply_read(struct redis_request *request, const redisReply *reply)
{
    finish_read(request, reply, STORE_OK);
}

void redis_reply_read_whole(struct redis_request *request, const redisReply *reply)
{
    finish_read(request, reply, STORE_ABSENT);
}

/* member, score, member, score … */
void redis_reply_zset_range(struct redis_request *request, const redisReply *reply)
{
    struct store_item *items = request->owner;
    if (finish_failed(request, reply))
        return;
    bool is_known = reply->type == REDIS_REPLY_ARRAY && reply->elements % 2 == 0 &&
                    reply->elements / 2 <= STORE_ITEMS_MAX;
    for (size_t i = 0; is_known && i < reply->elements; i += 2) {
        const redisReply *member = reply->element[i], *score = reply->element[i + 1];
        is_known = member->type == REDIS_REPLY_STRING && score->type == REDIS_REPLY_STRING &&
                   redis_number_read(text_of(score), &items[i / 2].number);
        if (is_known)
            items[i / 2].value = text_of(member);
    }
    if (is_known)
        finish_items(request, reply->elements / 2);
    else
        finish_surprised(request);
}

void redis_reply_barrier(struct redis_request *request, const redisReply *reply)
{
    uint64_t generation = request->count;
    (void)reply;
    bool holds = generation != 0 && generation == redis_link_generation(request->link);
    request->generation = holds ? generation : 0;
    finish_plain(request, holds ? STORE_OK : STORE_UNKNOWN);
}
