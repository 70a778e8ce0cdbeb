/* SPDX-License-Identifier: Apache-2.0 */
/* Which Weft a command speaks to: what up.json tells. */
#ifndef WEFT_CLI_PLACE_H
#define WEFT_CLI_PLACE_H

#include <stdbool.h>
#include <stddef.h>

enum { PLACE_URL_MAX = 320, PLACE_TOKEN_MAX = 256 };

struct place {
    char url[PLACE_URL_MAX], ws_url[PLACE_URL_MAX];
    char admin_token[PLACE_TOKEN_MAX]; /* empty: not known */
};

/* Reads up.json and the admin token that it names.
 *
 * errors: false: out_problem is one sentence */
bool place_read(const char *up_path, struct place *out_place, char *out_problem, size_t size);

/* From the base URL alone: no admin token. errors: false: not an http:// address */
bool place_of_url(const char *url, struct place *out_place);

#endif
