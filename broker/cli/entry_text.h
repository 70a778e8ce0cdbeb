/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of a conversation, as JSON, in words for a person. */
#ifndef WEFT_CLI_ENTRY_TEXT_H
#define WEFT_CLI_ENTRY_TEXT_H

#include <stdio.h>

struct cJSON;

/* One line a part: place, time of day, who, what. */
void entry_text_write(FILE *out, const struct cJSON *entry);

#endif
