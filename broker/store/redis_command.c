/* SPDX-License-Identifier: Apache-2.0 */
/* Writes commands in Redis's protocol, by length, never by format strings.
 *
 * Invariant: a command that is sent has exactly the words that it announces. The buffer is used
 * again for each command, so a command allocates only when it is the largest so far.
 * source: Redis serialization protocol (RESP2), "Sending commands to a Redis server"
 */
#include "store/redis_command.h"

#include "base/buffer.h"
#include "base/check.h"

#include <stdlib.h>

enum { FRAME_MAX = 32 }; /* of the digits and line ends around a word */

static void put(struct redis_command *command, struct slice piece)
{
    buffer_copy_short(command->bytes + command->len, piece.bytes, piece.len);
    command->len += piece.len;
}

static void put_number(struct redis_command *command, char kind, uint64_t number)
{
    struct buffer buffer = buffer_make(command->bytes + command->len, FRAME_MAX);
    buffer_put_char(&buffer, kind);
    buffer_put_u64(&buffer, number);
    buffer_put(&buffer, "\r\n", 2);
    command->len += buffer.len;
}

static void reserve(struct redis_command *command, size_t len)
{
    size_t needed = command->len + len + 2 * FRAME_MAX;
    if (needed <= command->capacity)
        return;
    command->capacity = needed + needed / 2;
    command->bytes = realloc(command->bytes, command->capacity);
    check(command->bytes != NULL);
}

void redis_command_begin(struct redis_command *command, size_t word_count)
{
    command->len = 0;
    command->words_left = word_count;
    reserve(command, 1024);
    put_number(command, '*', word_count);
}

void redis_command_add(struct redis_command *command, struct slice word)
{
    redis_command_add_joined(command, word, SLICE_NONE);
}

void redis_command_add_joined(struct redis_command *command, struct slice head, struct slice tail)
{
    check(command->words_left > 0);
    command->words_left--;
    reserve(command, head.len + tail.len);
    put_number(command, '$', head.len + tail.len);
    put(command, head);
    put(command, tail);
    put(command, SLICE_OF("\r\n"));
}

void redis_command_add_u64(struct redis_command *command, uint64_t number)
{
    char digits[24];
    struct buffer buffer = buffer_make(digits, sizeof digits);
    buffer_put_u64(&buffer, number);
    redis_command_add(command, buffer_slice(&buffer));
}

void redis_command_finish(struct redis_command *command)
{
    free(command->bytes);
    *command = (struct redis_command){0};
}
