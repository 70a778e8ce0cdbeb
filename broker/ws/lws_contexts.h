/* SPDX-License-Identifier: Apache-2.0 */
/* Inside broker/ws only: libwebsockets' contexts, two for low descriptors and one for the rest. */
#ifndef WEFT_WS_LWS_CONTEXTS_H
#define WEFT_WS_LWS_CONTEXTS_H

#include <libwebsockets.h>
#include <stdbool.h>

enum { LWS_CONTEXTS_MAX = 3, LWS_SHORT_TABLE = 512, LWS_MIDDLE_TABLE = 2048 };

/* All zero: there are none. */
struct lws_contexts {
    struct {
        struct lws_context *context;
        struct lws_vhost *vhost;
        int fd_end; /* above the highest descriptor that it can hold */
    } all[LWS_CONTEXTS_MAX];
    int count;
};

/* info names its vhost "weft".
 *
 * errors: false; what was made is there to be destroyed */
bool lws_contexts_create(
        struct lws_contexts *contexts, const struct lws_context_creation_info *info);
/* The one for this descriptor. */
struct lws_vhost *lws_contexts_vhost(const struct lws_contexts *contexts, int fd);
/* One of the two halves; which it is, each context knows (ws_server.c). */
void lws_contexts_destroy_half(struct lws_contexts *contexts);

#endif
