/* SPDX-License-Identifier: Apache-2.0 */
/* The cast of the simulation: customers' devices, bot workers and agents, each behind the wire.
 *
 * They are honest clients as docs/reference/protocol.md describes them: they resume by cursor,
 * retry what was not answered, and do as errors say. What they believe in the end is what is
 * checked.
 */
#ifndef WEFT_TESTS_SIM_CAST_H
#define WEFT_TESTS_SIM_CAST_H

#include "base/name.h"
#include "cast_calls.h"
#include "cast_files.h"
#include "fake_peers.h"
#include "lib/fake_store.h"
#include "tally.h"

enum {
    CAST_SENDS_MAX = 16,
    CAST_VIEW_MAX = 512,
    CAST_CHATS_MAX = 8,
    CAST_TURNS_MAX = 64,
    CAST_OFFERS_MAX = 16
};

/* Words of devices have a number of their own in the whole world, and say it: "w17". */
enum {
    CAST_WORDS_OF_LIFE = 16,
    CAST_LIVES_MAX = 4,
    CAST_WORDS_OF_ONE = CAST_LIVES_MAX * CAST_WORDS_OF_LIFE,
    CAST_WORDS_MAX = 4 * CAST_WORDS_OF_ONE,
    CAST_NO_WORD = 0
};

enum deed { DEED_SAY, DEED_EDIT, DEED_DELETE, DEED_REACT };

/* A numbered sender: dense numbers, retries, heals. */
struct sent {
    enum deed deed;
    char text[48];     /* the words; REACT: the emoji, none: it is taken back */
    uint64_t target_n; /* the own words that are meant; 0: `target` names what is */
    struct name target;
    bool was_refused;     /* it was another deed, that was refused for good; this took its number */
    uint64_t promised_ms; /* when the first ack came; 0: none came */
    struct name at;       /* acked: the place */
    bool is_acked, is_open;
    bool is_promised;    /* by an ack, not only seen as an entry */
    enum sent_file file; /* SAY: that goes with it */
    char upload[32], shelf[32];
    unsigned tries;
    bool is_seen; /* its entry was taken: what was only acked is said again after a welcome */
};

struct outbox_model {
    char lineage[32];
    size_t lineage_len;
    struct sent sent[CAST_SENDS_MAX + 1]; /* by number */
    uint64_t count;
};

/* An entry as it was shown. */
struct seen {
    struct name at, after;
    enum proto_part_kind kind; /* of the part that has words, or a target; 0: there is none */
    enum proto_body_kind body; /* of the words; 0: none */
    struct name target;
    char text[48];
};

/* History, read from its end to its beginning: newest entries first. */
struct leafing {
    bool is_wanted, is_done;
    size_t count;
    struct seen rows[CAST_VIEW_MAX];
};

/* What a device was told of how far others are, and of who is typing. */
enum { READERS_OF_CAST = 8 };
struct reader_model {
    char id[40];
    uint64_t delivered, read; /* 0: not told */
    bool is_typing;
};
struct signs {
    struct reader_model readers[READERS_OF_CAST];
    size_t count;
    bool insists; /* says how far it is, and that it is typing, until others know */
    bool is_typing;
    uint64_t said_delivered; /* by this device itself: it is not told of that */
};

/* Of each of the devices' words: when whoever was shown it last had asked for it. */
struct heard {
    uint64_t asked_ms[CAST_WORDS_MAX];
};

struct connection_model {
    struct fake_client client;
    char name[16]; /* in the trace */
    struct fake_clock *clock;
    struct fake_timers *timers;
    struct fake_peers *const *doors; /* one a node; any will do */
    unsigned door_count;
    struct fake_random *random;
    struct timer again; /* reconnects, and repeats what is unanswered */
    enum peer_codec codec;
    char token[1024], ticket[512];
    bool is_welcome, is_ended, awaits_welcome;
    bool starts_over; /* as a new contact, once this connection is down */
    uint64_t next_id;
    bool is_lively;      /* does all that people do, not only say things */
    bool is_restless;    /* and what need not be done at all */
    struct heard *heard; /* what devices' words were shown, to anybody */
    uint64_t asked_ms;   /* the hello of this connection */
};

struct device {
    struct connection_model line;
    struct outbox_model outbox;
    uint64_t to_send;
    const char *const *words; /* to_send of them; NULL: made up */
    struct seen view[CAST_VIEW_MAX];
    size_t view_count;
    struct leafing leafing;
    struct signs signs;
    struct customer_calls calls;
    struct device_files files;
    unsigned number;
    unsigned lives;     /* before this one: so often what they had said was erased */
    const char *erased; /* the conversation that may be; NULL: none */
    char conversation[32];
    const char *fault; /* a promise that was broken to this device; NULL: none */
    uint64_t resets;
    bool may_lose;            /* a failover may lose what was acked: then a retry may move */
    bool leaves_when_content; /* and comes back when that is taken back */
};

struct bot_turn_model {
    char conversation[32];
    struct name turn;
    bool is_handoff, is_close, is_over;
    char text[64];
};

struct bot_worker {
    struct connection_model line;
    struct bot_turn_model turns[CAST_TURNS_MAX];
    size_t turn_count;
    unsigned ignores_per_mille;
};

/* A case that a desk hands on. It has a number of its own in the whole world, and its packet says
 * it: "t17". */
enum { CAST_TRANSFERS_MAX = 16, CAST_NO_TRANSFER = 0 };
struct transfer_model {
    char conversation[32], to_agent[8]; /* no to_agent: whoever fits best */
    struct name owner, at;              /* the token that it ends; promised: the entry that did */
    bool is_promised, was_refused;
};

/* A conversation that the agent has, or had; numbers count in each conversation for itself. */
struct agent_chat_model {
    char conversation[32];
    struct name owner;
    unsigned packet;   /* the transfer by which the case came; none: no transfer */
    unsigned call;     /* whom to call back, by its number among those told; 0: nobody */
    unsigned transfer; /* by which it is to end; none: it is to be closed */
    bool is_mine, wants_to_greet;
    bool is_note;       /* the greeting is none: it is for colleagues */
    bool is_watched;    /* supervisors: looks on */
    struct name beside; /* the token with which they speak beside the owner; seq 0: none */
    struct name last;   /* the newest entry that was shown here; seq 0: none */
    uint64_t n;         /* numbers that are used up */
    char text[48];
    char greeting_id[24]; /* of the request that said it last */
};

enum { CAST_AGENTS_MAX = 4 };
struct colleague_model {
    enum proto_availability status; /* 0: nothing was told on this connection */
    uint64_t chats;
};

struct agent_model {
    struct connection_model line;
    char lineage[32];
    size_t lineage_len;
    struct agent_chat_model chats[CAST_CHATS_MAX];
    size_t chat_count;
    uint64_t accepted, declined, said;
    struct name offers[CAST_OFFERS_MAX]; /* told on this connection, the newest ones */
    size_t offer_count;
    bool may_hear_again; /* of an offer: a failover may take back what ended it */
    bool is_present;     /* said so on this connection; now and then it is said again */
    const char *fault;   /* a promise that was broken to this desk; NULL: none */
    struct colleague_model colleagues[CAST_AGENTS_MAX];
    unsigned number;
    const char *id;
    struct transfer_model transfers[CAST_TRANSFERS_MAX];
    unsigned transfer_count;
    bool may_lose; /* a failover may lose what was promised */
    bool supervises;
    struct taken_model {
        char conversation[32];
        struct name at;
    } taken[CAST_TRANSFERS_MAX]; /* cases that were promised to be theirs */
    unsigned taken_count;
    struct staff_calls calls;
};

void device_start(struct device *device, uint64_t to_send);
void bot_worker_start(struct bot_worker *bot);
void agent_start(struct agent_model *agent);

/* Which transfer an id or a packet's summary is of; none: of no transfer. */
unsigned transfer_number(struct slice text);

/* The number of the device's words n, in a life. */
uint64_t word_number(const struct device *device, unsigned life, uint64_t n);

bool device_is_content(const struct device *device); /* everything said was acked */
/* And nothing is waited for but to be called back, which needs nobody here. */
bool device_is_done(const struct device *device);

#endif
