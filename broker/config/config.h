/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as plain, bounded values: read once from YAML, then never changed.
 *
 * The struct mirrors the file, member for member. Every text is NUL-terminated and fits; paths are
 * absolute, because a relative path in the file counts from the file's own folder. The defaults
 * and the ranges are in settings.c and nowhere else.
 */
#ifndef WEFT_CONFIG_CONFIG_H
#define WEFT_CONFIG_CONFIG_H

#include "base/log_line.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    CONFIG_PATH_MAX = 1024, /* with the NUL, as all of these */
    CONFIG_TEXT_MAX = 256,
    CONFIG_NAME_MAX = 64,
    CONFIG_ID_MAX = 33, /* a-z 0-9 and dashes */
    CONFIG_SOCKET_MAX = 108,
    CONFIG_PLACE_MAX = 64, /* "address:port" */
    CONFIG_SENTINELS_MAX = 9,
    CONFIG_TENANTS_MAX = 32,
    CONFIG_ORIGINS_MAX = 16,
    CONFIG_BOTS_MAX = 8,
    CONFIG_ARGUMENTS_MAX = 16,
    CONFIG_PROBLEM_MAX = 1536,
};

enum config_durability { CONFIG_DURABLE_ALWAYS, CONFIG_DURABLE_EVERYSEC };

/* One Redis: on a socket, at a host, or wherever the Sentinels say that `master` is. Embedded
 * (supervised by weftd, on a unix socket) when none of them is given. */
struct config_redis {
    char socket[CONFIG_SOCKET_MAX];
    char host[CONFIG_TEXT_MAX]; /* a numeric address */
    uint32_t port;
    char sentinels[CONFIG_SENTINELS_MAX][CONFIG_PLACE_MAX];
    uint32_t sentinel_count;
    char master[CONFIG_NAME_MAX];
    char password_file[CONFIG_PATH_MAX];
    char sentinel_password_file[CONFIG_PATH_MAX];
};

struct config_listen {
    char address[CONFIG_NAME_MAX]; /* numeric */
    uint32_t port;                 /* 0: a free one, told by WEFT_PORT */
};

struct config_limits {
    uint32_t connections_max; /* of one node */
    uint32_t connections_per_ip_max;
    uint32_t conversations_hot_max; /* of one node */
    uint32_t messages_per_min;      /* of one customer's session */
    uint32_t agent_messages_per_min;
    uint32_t messages_per_min_per_contact; /* from all devices; at least messages_per_min counts */
    uint32_t messages_per_min_per_tenant;
    uint32_t sessions_per_contact_max; /* devices at once */
    uint32_t sessions_per_min_per_ip;  /* new ones, at the HTTP door */
    uint32_t upload_bytes, upload_bytes_per_contact;
};

struct config_timeouts {
    uint32_t ping_ms, dead_ms, turn_lease_ms, turn_deadline_ms, bot_absent_ms, presence_grace_ms,
            drain_ms, edit_ms, file_url_ms;
};

/* Where attached files lie: in a bucket when there is an endpoint, else below `data`. */
struct config_files {
    char endpoint[CONFIG_TEXT_MAX]; /* "https://s3.example.com" */
    char region[CONFIG_NAME_MAX];
    char bucket[CONFIG_NAME_MAX];
    char prefix[CONFIG_NAME_MAX]; /* before every key; ends with a slash when there is one */
    char key_id[CONFIG_TEXT_MAX];
    char secret_file[CONFIG_PATH_MAX];
    char ca_file[CONFIG_PATH_MAX]; /* "": the system's authorities */
};

struct config_tenant {
    char id[CONFIG_ID_MAX];
    char name[CONFIG_NAME_MAX];
    char origins[CONFIG_ORIGINS_MAX][CONFIG_TEXT_MAX];
    uint32_t origin_count;
};

struct config_bot {
    char name[CONFIG_ID_MAX];
    char tenant[CONFIG_ID_MAX];
    char arguments[CONFIG_ARGUMENTS_MAX][CONFIG_PATH_MAX]; /* the command: program first */
    uint32_t argument_count;
};

struct config {
    struct config_listen listen;
    char data[CONFIG_PATH_MAX];
    char public_url[CONFIG_TEXT_MAX]; /* without a slash at the end; empty: address and port */
    uint32_t processes;
    enum config_durability durability;
    uint32_t replicas; /* that must hold a message before it is acknowledged, beside the disk */
    struct {
        struct config_redis log, keys;
    } redis;
    struct config_files files;
    char assets[CONFIG_PATH_MAX]; /* empty: no pages are served */
    struct {
        enum log_level level;
    } log;
    struct config_limits limits;
    struct config_timeouts timeouts;
    char policy_file[CONFIG_PATH_MAX]; /* empty: none */
    struct config_tenant tenants[CONFIG_TENANTS_MAX];
    uint32_t tenant_count;
    struct config_bot bots[CONFIG_BOTS_MAX];
    uint32_t bot_count;
};

/* What is wrong, as one sentence for a person: "weftd.yaml:12:9: unknown setting …". */
struct config_problem {
    char text[CONFIG_PROBLEM_MAX];
    uint32_t line, column; /* 1-based; 0 when the file could not be read at all */
};

/* Fills in the defaults: what an empty file means, except that `data` has none. */
void config_defaults(struct config *out_config);

/* Reads and checks the file: unknown or repeated settings, wrong types, ranges and contradictions
 * are refused, the first one is told.
 *
 * shape:   struct config is some 300 KiB: keep it in static storage
 * errors:  false with out_problem filled in; out_config is then half filled and worthless */
bool config_load(const char *path, struct config *out_config, struct config_problem *out_problem);

bool config_redis_is_embedded(const struct config_redis *redis);

/* "10.0.0.7:26379" or "[fd00::7]:26379", as it stands in `sentinels`.
 *
 * errors: false: it is no such place */
bool config_place_read(const char *place, char out_host[CONFIG_PLACE_MAX], uint16_t *out_port);

/* A file in `data`: "run/bot.key". false: the path does not fit. */
bool config_data_path(
        const struct config *config, const char *below, char out_path[CONFIG_PATH_MAX]);

/* Where the embedded Redis `name` ("log" or "keys") listens: DATA/run/NAME.sock, or, since a
 * socket's path holds 107 bytes only, a short folder made from a hash of DATA when that is too
 * long. */
void config_socket_path(
        const struct config *config, const char *name, char out_path[CONFIG_SOCKET_MAX]);

/* A whole commented configuration file with every default. */
void config_write_defaults(FILE *out);
/* The tables of docs/reference/configuration.md, in Markdown. */
void config_write_reference(FILE *out);

#endif
