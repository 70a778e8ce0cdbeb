/* SPDX-License-Identifier: Apache-2.0 */
/* The files in the data folder that hold secrets: made at the first start, mode 0600. */
#ifndef WEFT_SECRETS_H
#define WEFT_SECRETS_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECRETS_TOKEN_MAX = 64, MASTER_KEY_SIZE = 32 };

/* Makes DATA/admin.token and DATA/keys/master.key unless they are there.
 * errors: false, with a sentence on standard error */
bool secrets_prepare(const struct config *config);

bool secrets_read_master(const struct config *config, uint8_t out_key[MASTER_KEY_SIZE]);
/* The first line; "" when no file is named.
 * errors: false, with a sentence on standard error */
bool secrets_read_password(const char *path, char out[256]);
bool secrets_read_text(const char *path, char *out, size_t capacity);
/* Replaces the file in one step. */
bool secrets_write_text(const char *path, const char *text);

#endif
