/* SPDX-License-Identifier: Apache-2.0 */
/* What agents' sessions on this node were told of a pool: offers, chats, colleagues. */
#ifndef WEFT_FLOW_POOL_NEWS_H
#define WEFT_FLOW_POOL_NEWS_H

#include "flow/pools.h"

/* A team's own. Zeroed, then news_init. */
struct pool_news {
    struct map requests; /* told of, or changed since */
    struct map agents;   /* shown to their colleagues, or changed since */
    struct list changed_requests, changed_agents;
    struct list
            stale_agents; /* their colleagues hear when there is room, the oldest change first */
    uint64_t round_ms;    /* monotonic: when the frames were counted anew */
    size_t frames_left, frames_per_s; /* about how much colleagues have to do */
    size_t sessions;                  /* agents' sessions here; with none there is nobody to tell */
    bool is_all;                      /* the fold was built anew: compare everything */
    bool has_newcomers;               /* sessions that came before it was compared: awaits_news */
};

void news_init(struct pool_news *news);

/* The fold begins anew. */
void news_restart(struct team *team);
/* Notes what the entry changes. Call it before the entry is folded. */
void news_note(struct team *team, const struct pool_entry *entry);
/* Tells what was noted and is durable, where it differs from what was told. Call it whenever a
 * barrier has held, and again at any time. */
void news_tell(struct team *team);

/* The session is about to be told of the offer of this request. false: it was. */
bool news_take_offer(struct team *team, const struct pool_key *key, const struct session *session);

/* What is sent of a request, to all sessions of the agent or to one: pool_notices.c */
void notice_cancel(struct team *team, struct slice agent, struct slice conversation,
        const struct name *offer, uint64_t deadline_ms);
void notice_wrap_up(struct team *team, struct slice agent, struct slice conversation,
        uint64_t deadline_ms, const struct session *only); /* 0: it is over */
void notice_weight(
        struct team *team, const struct pool_request_view *view, const struct session *only);

/* A session came to its desk: it is told of everything, if not now, then by news_tell. A session
 * left. */
void news_enter(struct team *team, struct session *session);
void news_leave(struct team *team);
/* The request could not be told (the store did not answer, no room): news_tell tries again. */
void news_again(struct team *team, const struct pool_key *key);
/* It cannot be told while this life of the link lasts (its log is damaged, or newer than this
 * node): the next one tries again. Returns whether anybody had been told of it. */
bool news_untold(struct team *team, const struct pool_key *key);

#endif
