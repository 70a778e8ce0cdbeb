/* SPDX-License-Identifier: Apache-2.0 */
/* Which settings take effect while a node runs, and which need a restart. */
#ifndef WEFT_LIVE_SETTINGS_H
#define WEFT_LIVE_SETTINGS_H

#include "config/config.h"
#include "flow/node.h"

/* Limits and deadlines of the flows: in force with the next event. */
void live_settings_take(const struct config *config, struct node_settings *settings);

/* The first setting that differs and cannot change while a node runs; NULL: there is none. */
const char *live_settings_stuck(const struct config *running, const struct config *fresh);

/* Puts what cannot change back to what runs, so that fresh is what is in force. */
void live_settings_keep(const struct config *running, struct config *fresh);

#endif
