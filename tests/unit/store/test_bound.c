/* SPDX-License-Identifier: Apache-2.0 */
/* What a server announces is not believed beyond a bound. */
#include "lib/test.h"
#include "store/redis_bound.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

/* The reader's verdict on the head of a list of so many elements. */
static int read_head(unsigned count)
{
    char text[32];
    void *reply = NULL;
    redisReader *reader = redisReaderCreate();
    redis_bound_reader(reader);
    redisReaderFeed(reader, text, (size_t)snprintf(text, sizeof text, "*%u\r\n", count));
    int verdict = redisReaderGetReply(reader, &reply);
    redisReaderFree(reader);
    return verdict;
}

static void a_list_beyond_the_bound_ends_the_connection(void)
{
    expect(read_head(REDIS_ELEMENTS_MAX) == REDIS_OK);
    expect(read_head(REDIS_ELEMENTS_MAX + 1) == REDIS_ERR);
    expect(read_head(295000000) == REDIS_ERR);
}

static void a_list_within_it_is_read(void)
{
    static const char text[] = "*2\r\n$1\r\na\r\n:7\r\n";
    void *reply = NULL;
    redisReader *reader = redisReaderCreate();
    redis_bound_reader(reader);
    redisReaderFeed(reader, text, sizeof text - 1);
    expect(redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL);
    const redisReply *list = reply;
    expect_u64(list->elements, 2);
    expect(list->element[1]->integer == 7);
    freeReplyObject(reply);
    redisReaderFree(reader);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_list_beyond_the_bound_ends_the_connection),
                    CASE(a_list_within_it_is_read), {0}});
}
