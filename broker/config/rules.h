/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold between settings, beyond the range of each. */
#ifndef WEFT_CONFIG_RULES_H
#define WEFT_CONFIG_RULES_H

#include "config/config.h"

/* What is wrong, and the path of the setting to blame: "bots.1.tenant". */
struct breach {
    char where[CONFIG_NAME_MAX];
    char sentence[CONFIG_TEXT_MAX * 2];
};

/* true: the configuration agrees with itself. */
bool rules_hold(const struct config *config, struct breach *out_breach);

#endif
