/* SPDX-License-Identifier: Apache-2.0 */
/* port/blobs.h in a folder of files. */
#ifndef WEFT_FOLDER_FOLDER_BLOBS_H
#define WEFT_FOLDER_FOLDER_BLOBS_H

#include "port/blobs.h"

#include <stdbool.h>

struct uv_loop_s;
struct folder_blobs;

/* Makes the folder and what is in it.
 *
 * errors: NULL, with errno, when that is not possible */
struct folder_blobs *folder_blobs_create(struct uv_loop_s *loop, const char *folder);
/* order: after the last done; turn the loop until folder_blobs_is_idle */
void folder_blobs_destroy(struct folder_blobs *folder);
bool folder_blobs_is_idle(const struct folder_blobs *folder);
struct blobs *folder_blobs_port(struct folder_blobs *folder); /* borrowed */

#endif
