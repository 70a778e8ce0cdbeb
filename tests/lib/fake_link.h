/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the made-up Redis: its lives, and the links to them. Tests include fake_store.h instead.
 */
#ifndef WEFT_TESTS_FAKE_LINK_H
#define WEFT_TESTS_FAKE_LINK_H

#include "base/list.h"
#include "lib/fake_db.h"
#include "lib/fake_store.h"
#include "lib/fake_trace.h"

struct fake_life {
    struct fake_db db;
    size_t covered; /* the first so many writes outlive every failover */
    uint64_t number;
    char history[24]; /* "life<number>" */
    struct fake_life *before;
};

struct fake_request {
    struct list at;
    const struct fake_command *command; /* on the shelf; a reading one is the request's own */
    store_done done;
    void *user;
    uint64_t generation, due_ms;
    enum fake_fate fate;
    struct fake_answer answer;
};

enum fake_link_state { FAKE_LINK_DOWN, FAKE_LINK_UP, FAKE_LINK_DYING };

struct fake_link {
    struct store base;
    struct fake_server *server;
    struct fake_link *next;
    struct fake_timers timers;
    struct fake_life *life;
    enum fake_link_state state;
    enum fake_fate doom;
    uint64_t generation, generation_last;
    uint64_t clock_error_ms, now_ms_last, away_until_ms;
    struct list sent, answered, ending, refused, refusing;
    struct timer run_timer, answer_timer, refuse_timer, link_timer;
    size_t index, outstanding;
};

/* What was underway when its link died, and arrives later. */
struct fake_orphans {
    struct list at, requests;
    struct fake_server *server;
    struct fake_life *life;
    struct timer timer;
};

struct fake_server {
    struct fake_clock *clock;
    struct fake_timers timers;
    struct fake_random random;
    struct fake_faults faults;
    struct fake_shelf shelf;
    struct fake_life *life; /* the current one; older ones behind it */
    struct fake_link *links;
    struct list orphans;
    size_t link_count;
    bool is_down;
    int64_t clock_shift_ms;
    struct fake_tally tally;
    struct fake_trace trace;
};

static inline struct fake_link *fake_link_of(struct store *store)
{
    return (struct fake_link *)(void *)store;
}

/* Of a zeroed link. */
void fake_link_init(struct fake_link *link, struct fake_server *server);
/* Drops what is outstanding, without completing it. */
void fake_link_drop(struct fake_link *link);
/* Sends the command, or refuses it when generation is not the link's; completes later. */
void fake_link_submit(struct fake_link *link, const struct fake_command *command,
        uint64_t generation, store_done done, void *user);
/* Cuts around a drawn point of what is underway. */
void fake_link_cut(struct fake_link *link);
/* Arms the timer that notices a death, or that connects. */
void fake_link_notice_later(struct fake_link *link);
void fake_link_connect_later(struct fake_link *link);
void fake_link_trace(const struct fake_link *link, const char *what);

/* NULL when there is none. */
struct fake_request *fake_request_first(struct list *requests);
void fake_request_free(struct fake_request *request);
void fake_request_free_all(struct list *requests);
/* Keeps copies of the commands of requests, from this one on, to run on that life later. */
void fake_orphans_leave(struct fake_server *server, struct fake_life *life,
        const struct list *requests, const struct list *from);
void fake_orphans_free(struct fake_orphans *orphans);

extern const struct store_ops fake_store_ops;
extern const char *const fake_verb_names[];
extern const char *const fake_outcome_names[];

#endif
