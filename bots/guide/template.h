/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: "Hello[ {name}]!" - {name} is replaced, [ ] is left out when a value in it is empty.
 */
#ifndef WEFT_GUIDE_TEMPLATE_H
#define WEFT_GUIDE_TEMPLATE_H

#include "base/buffer.h"

/* The value of a name, or NULL. */
typedef const char *template_value_fn(const void *context, struct slice name);

/* Appends the filled template. \[ \] \{ \} stand for themselves. */
void template_fill(
        const char *text, template_value_fn *value, const void *context, struct buffer *out);

#endif
