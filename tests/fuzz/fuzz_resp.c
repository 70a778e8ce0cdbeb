/* SPDX-License-Identifier: Apache-2.0 */
/* What a Redis answers, or something that is no Redis: the first byte chooses the command that was
 * asked, the rest is the answer's bytes.
 *
 * Guards: each answer completes its request exactly once, and as anything but unknown only when it
 * has the shape that the command gives; items lie inside their array.
 */
#include "base/log_line.h"
#include "cli/doctor/resp.h"
#include "fuzz.h"
#include "port/store.h"
#include "store/redis_greeting.h"
#include "store/redis_link.h"
#include "store/redis_objects.h"
#include "store/redis_reply.h"

#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned completed, cuts;

/* The link's own, in its place. */
void redis_link_cut(struct redis_link *link, const char *reason)
{
    (void)link;
    (void)reason;
    cuts++;
}

uint64_t redis_link_generation(const struct redis_link *link)
{
    (void)link;
    return 1;
}

static void on_done(void *user, const struct store_reply *reply)
{
    const struct store_item *items = user;
    check(reply->item_count <= STORE_ITEMS_MAX &&
            (reply->item_count == 0 || reply->items == items));
    for (size_t i = 0; i < reply->item_count; i++)
        check(reply->items[i].value.bytes != NULL);
    check(cuts == 0 || reply->outcome == STORE_UNKNOWN);
    completed++;
}

static void answer(unsigned which, const redisReply *reply)
{
    static struct store_item items[STORE_ITEMS_MAX];
    static void (*const ways[])(struct redis_request *, const redisReply *) = {redis_reply_append,
            redis_reply_read, redis_reply_zset_range, redis_reply_claim, redis_reply_value,
            redis_reply_integer, redis_reply_status, redis_reply_barrier};
    struct redis_request request = {.generation = 1,
            .count = which & 8 ? 0 : UINT64_MAX,
            .owner = items,
            .done = (void (*)(void))on_done,
            .user = items};
    completed = cuts = 0;
    ways[which % 8](&request, reply);
    check(completed == 1 && cuts <= 1);
    if (reply != NULL)
        redis_time_read(reply);
}

static void as_replies(unsigned which, const char *bytes, size_t len)
{
    redisReader *reader = redisReaderCreate();
    check(reader != NULL);
    redis_objects_use(reader);
    void *reply = NULL;
    redisReaderFeed(reader, bytes, len);
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
        answer(which, reply);
        redis_object_free(reply);
    }
    answer(which, NULL);
    redisReaderFree(reader);
}

/* As `weft doctor` reads it: all that there is, and then nothing more. */
static void as_doctor(const char *bytes, size_t len)
{
    char text[RESP_ANSWER_MAX];
    int ends[2];
    if (len > 60000)
        return;
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    check(len == 0 || send(ends[0], bytes, len, 0) == (ssize_t)len);
    shutdown(ends[0], SHUT_WR);
    struct resp resp = {ends[1]};
    bool is_good = resp_ask(&resp, (const char *const[]){"PING", NULL}, text);
    check(memchr(text, '\0', sizeof text) != NULL);
    check(is_good || strlen(text) < sizeof text);
    resp_close(&resp);
    close(ends[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redis_identity identity;
    uint64_t number;
    if (size == 0)
        return 0;
    log_line_setup(LOG_ERROR + 1, "fuzz");
    char *bytes = fuzz_copy(data + 1, size - 1);
    struct slice text = slice_make(bytes, size - 1);
    if (data[0] == 255)
        as_doctor(bytes, size - 1);
    else if (data[0] == 254)
        redis_identity_read(text, &identity);
    else if (data[0] == 253)
        redis_number_read(text, &number);
    else
        as_replies(data[0], bytes, size - 1);
    free(bytes);
    return 0;
}
