/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its first bytes. */
#ifndef WEFT_FLOW_FILE_TYPE_H
#define WEFT_FLOW_FILE_TYPE_H

#include "base/slice.h"

#include <stdbool.h>

/* A type of a fixed list; "application/octet-stream" when the bytes show none of it, and for all
 * that a browser would run (HTML, SVG, XML). beginning: as much as is there. */
struct slice file_type(struct slice beginning);

/* A picture that every browser shows and none runs. */
bool file_type_is_shown(struct slice type);

#endif
