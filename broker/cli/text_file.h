/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, whole: read, and written so that nobody ever sees half of one. */
#ifndef WEFT_CLI_TEXT_FILE_H
#define WEFT_CLI_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* owns:   free() what is returned; it ends with a NUL
 * errors: NULL with errno set; EFBIG: it is longer than most bytes */
char *text_file_read(const char *path, size_t most);

/* For its owner's eyes only (0600); folders on the way are made (0700).
 *
 * errors: false with errno set; what was there before stays */
bool text_file_write(const char *path, const char *text);

#endif
