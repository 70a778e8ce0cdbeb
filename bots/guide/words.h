/* SPDX-License-Identifier: Apache-2.0 */
/* Text as a machine may compare it: small letters without accents, stems instead of endings. */
#ifndef WEFT_GUIDE_WORDS_H
#define WEFT_GUIDE_WORDS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { WORD_BYTES_MAX = 39, WORDS_MAX = 96 };

struct word {
    char text[WORD_BYTES_MAX + 1];
    bool is_stop;    /* says nothing by itself: "the", "is", "please" */
    bool has_digits; /* a number, a date, an order */
};

struct words {
    struct word items[WORDS_MAX];
    size_t count;
};

/* Takes a text apart. Words after the first WORDS_MAX are left out; longer words are cut.
 *
 * units: any bytes are taken; letters beyond Latin are kept as they are */
void words_read(struct slice text, struct words *out_words);

#endif
