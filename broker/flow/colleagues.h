/* SPDX-License-Identifier: Apache-2.0 */
/* What agents' sessions on this node are shown of their colleagues. For pool_news.c only. */
#ifndef WEFT_FLOW_COLLEAGUES_H
#define WEFT_FLOW_COLLEAGUES_H

#include "flow/pool_news.h"

/* A node sends so many frames a second at most about how much a team's agents have to do. */
enum { COLLEAGUES_FRAMES_PER_S = 5000 };

/* Something of the agent changed; empty: nobody's. */
void colleagues_note(struct pool_news *news, struct slice agent);
/* Shows all sessions what was noted and differs, but those that await their news. */
void colleagues_tell(struct team *team);
/* Shows one session everybody. */
void colleagues_show(struct team *team, struct session *session);
void colleagues_forget(struct pool_news *news);

#endif
