/* SPDX-License-Identifier: Apache-2.0 */
/* What a server announces is not believed beyond a bound; and what it says is read as it is. */
#include "lib/test.h"
#include "store/redis_objects.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

/* The reader's verdict on the head of a list of so many elements. */
static int read_head(unsigned count)
{
    char text[32];
    void *reply = NULL;
    redisReader *reader = redisReaderCreate();
    redis_objects_use(reader);
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
    redis_objects_use(reader);
    redisReaderFeed(reader, text, sizeof text - 1);
    expect(redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL);
    const redisReply *list = reply;
    expect_u64(list->elements, 2);
    expect(list->element[1]->integer == 7);
    redis_object_free(reply);
    redisReaderFree(reader);
}

/* Short and long, few and many, of each type, at all depths. */
static void everything_is_read_as_it_is(void)
{
    enum { LONG = 300, MANY = 50 };
    char text[4096], words[LONG + 1];
    memset(words, 'x', LONG);
    words[LONG] = '\0';
    int len = snprintf(text, sizeof text,
            "*5\r\n$3\r\nabc\r\n$%d\r\n%s\r\n$-1\r\n*1\r\n*2\r\n+OK\r\n-ERR no\r\n*%d\r\n", LONG,
            words, MANY);
    for (int i = 0; i < MANY; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, ":%d\r\n", i);
    redisReader *reader = redisReaderCreate();
    redis_objects_use(reader);
    for (int round = 0; round < 2; round++) { /* the second time from what the first gave back */
        void *answer = NULL;
        redisReaderFeed(reader, text, (size_t)len - 1);
        expect(redisReaderGetReply(reader, &answer) == REDIS_OK && answer == NULL);
        redisReaderFeed(reader, text + len - 1, 1);
        expect(redisReaderGetReply(reader, &answer) == REDIS_OK && answer != NULL);
        redisReply *const *at = ((const redisReply *)answer)->element;
        expect(at[0]->type == REDIS_REPLY_STRING && strcmp(at[0]->str, "abc") == 0);
        expect(at[1]->len == LONG && strcmp(at[1]->str, words) == 0);
        expect(at[2]->type == REDIS_REPLY_NIL);
        expect(strcmp(at[3]->element[0]->element[0]->str, "OK") == 0);
        expect(at[3]->element[0]->element[1]->type == REDIS_REPLY_ERROR);
        expect_u64(at[4]->elements, MANY);
        expect(at[4]->element[MANY - 1]->integer == MANY - 1);
        redis_object_free(answer);
    }
    redisReaderFeed(reader, text, (size_t)len / 2); /* a cut answer goes with its reader */
    void *answer = NULL;
    expect(redisReaderGetReply(reader, &answer) == REDIS_OK && answer == NULL);
    redisReaderFree(reader);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_list_beyond_the_bound_ends_the_connection),
                    CASE(a_list_within_it_is_read), CASE(everything_is_read_as_it_is), {0}});
}
