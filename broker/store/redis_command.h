/* SPDX-License-Identifier: Apache-2.0 */
/* One Redis command as it goes over the wire: words with lengths, so any bytes may be in them. */
#ifndef WEFT_STORE_REDIS_COMMAND_H
#define WEFT_STORE_REDIS_COMMAND_H

#include "base/slice.h"

#include <stdint.h>

struct redis_command {
    char *bytes; /* grows to the largest command, and stays */
    size_t len, capacity;
    size_t words_left; /* announced, not added yet */
};

void redis_command_begin(struct redis_command *command, size_t word_count);
void redis_command_add(struct redis_command *command, struct slice word);
/* One word of two parts. */
void redis_command_add_joined(struct redis_command *command, struct slice head, struct slice tail);
void redis_command_add_u64(struct redis_command *command, uint64_t number);
void redis_command_finish(struct redis_command *command);

#endif
