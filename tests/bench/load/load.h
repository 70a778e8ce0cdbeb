/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator: many WebSocket clients in one thread, over one epoll.
 *
 *   lines      sockets, framing, and what waits to be written          net.c
 *   dialects   what is said on a line, and what a frame means          dialect_*.c
 *   samples    how long things took                                    samples.c
 *   workloads  who says what when, and what counts                     chat.c devices.c ...
 *
 * A workload gets news, whatever the dialect: so the same workload drives weftd, the floor and the
 * peers that it is compared with. Loopback only; every run is bounded in time.
 */
#ifndef WEFT_BENCH_LOAD_H
#define WEFT_BENCH_LOAD_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { TEXT_SIZE = 200, NAME_ROOM = 40, LINEAGE_ROOM = 32, ID_ROOM = 40, TICKET_ROOM = 520 };

/* ---- lines ------------------------------------------------------------------------------------
 */

enum line_phase { LINE_CLOSED, LINE_OPENING, LINE_OPEN };

struct bytes {
    char *at;
    size_t len, room;
};

struct line {
    int fd;
    enum line_phase phase;
    bool is_writing; /* EPOLLOUT is asked for */
    bool is_dirty;
    uint16_t port;
    struct bytes in, out;
    struct bytes stream; /* a dialect's own: what is left of an unfinished message */
    struct line *next_dirty;
    uint32_t number; /* the workload's */
    char kind;       /* the workload's: customer, agent, bot */
};

struct net_events {
    void (*on_open)(struct line *line); /* the upgrade was answered */
    void (*on_frame)(struct line *line, const char *bytes, size_t len);
    void (*on_close)(struct line *line);
};

void net_start(const struct net_events *events);
/* Connects and asks for the upgrade; is_binary: frames go out as binary ones. */
void line_open(struct line *line, uint16_t port, const char *path, const char *subprotocol);
void line_write(struct line *line, const char *bytes, size_t len, bool is_binary);
/* Hangs up without a word, as a train in a tunnel does. */
void line_drop(struct line *line);
/* Waits at most wait_ms for something to happen, and writes what there is to write. */
void net_turn(int wait_ms);
void bytes_put(struct bytes *bytes, const void *from, size_t len);
void bytes_drop(struct bytes *bytes, size_t len);
uint64_t now_ns(void);

/* ---- samples ----------------------------------------------------------------------------------
 */

enum { SAMPLE_BUCKETS = 64 * 40 };

/* Microseconds in buckets of 1.6 %. */
struct samples {
    uint64_t count, buckets[SAMPLE_BUCKETS];
};

void samples_add(struct samples *samples, uint64_t from_ns, uint64_t to_ns);
double samples_ms(const struct samples *samples, double part);

/* ---- dialects ---------------------------------------------------------------------------------
 */

enum news_kind {
    NEWS_NONE,
    NEWS_WELCOME,  /* lineage, conversation, ticket, at: the head */
    NEWS_ACK,      /* conversation, n */
    NEWS_ENTRY,    /* conversation, at, text */
    NEWS_OFFER,    /* at: the offer */
    NEWS_ASSIGNED, /* conversation, at: the owner token */
    NEWS_TURN,     /* conversation, at: the turn */
    NEWS_PAGE,     /* count: entries */
    NEWS_DONE,     /* a request of this line was carried out */
    NEWS_ERROR,    /* text */
};

struct news {
    enum news_kind kind;
    struct slice conversation, at, lineage, ticket, text;
    uint64_t n, count;
};

struct hello {
    char role;          /* c customer, a agent, b bot */
    uint32_t number;    /* which of them */
    struct slice token; /* or a ticket */
    bool is_ticket;
    struct slice conversation, at; /* a cursor, or empty */
};

struct words {
    char role;
    uint32_t number; /* of the customer whom the conversation belongs to */
    struct slice conversation, lineage, owner, text;
    uint64_t n;
};

struct dialect {
    const char *name, *path, *subprotocol;
    bool is_routing; /* there are offers and tokens; else a customer has a fixed agent */
    void (*hello)(struct line *line, const struct hello *hello);
    void (*say)(struct line *line, const struct words *words);
    /* Reads a frame and calls load_news for each thing that it says. */
    void (*read)(struct line *line, const char *bytes, size_t len);
    /* NULL where there is no such thing. */
    void (*online)(struct line *line);
    void (*accept)(struct line *line, struct slice offer);
    void (*commit)(struct line *line, const struct news *turn, struct slice text);
    void (*history)(struct line *line, struct slice before);
    void (*track)(struct line *line, struct slice event); /* a step of the journey */
};

extern const struct dialect dialect_json, dialect_msgpack, dialect_plain, dialect_socketio,
        dialect_nats;

/* The workload's. */
extern void (*load_news)(struct line *line, const struct news *news);
/* Says hello on a line that was just opened. */
extern void (*load_greet)(struct line *line);

/* ---- the run ----------------------------------------------------------------------------------
 */

struct load {
    const struct dialect *dialect;
    const char *workload;
    uint16_t port;
    const char *tenant;
    const uint8_t *secret; /* NULL: no tokens are needed */
    char **agent_tokens;   /* of agents, or the keys of bots */
    uint32_t agents, customers, devices, entries;
    double seconds, rate; /* rate 0: as fast as it goes */
    uint64_t begin_ns;    /* of what is measured */
    double cpu_before_s;  /* the generator's, at that time */
    uint64_t heard_ns;    /* when the last frame came, on any line */
};

extern struct load load;

/* A token for the customer, valid for an hour. Static, until the next call. */
struct slice load_token(uint32_t customer);
_Noreturn void load_fail(const char *why, struct slice detail);
enum { LOAD_WAIT_S = 600 };
/* Turns until the condition holds, at most so long. */
void load_until(bool (*is_done)(void), const char *what);
/* Nothing has been heard for a moment: everybody was told what they had missed. */
bool load_is_silent(void);

void run_chat(void), run_bots(void), run_devices(void), run_idle(void), run_accept(void);
void run_tickets(void), run_storm(void), run_history(void), run_journey(void);

#endif
