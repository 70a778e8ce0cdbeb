/* SPDX-License-Identifier: Apache-2.0 */
/* Every setting of Weft: its name, default, range and meaning, once.
 *
 * The reader, the checks, `weft config defaults` and the tables of the reference are all made from
 * these rows, so none of them can drift. A number's default lies within its range and every
 * default passes its own check: the unit test holds that.
 *
 * What is deliberately not here: limits of the protocol. Clients rely on those, so they are in
 * proto/schema.yaml and the same everywhere.
 */
#include "config/settings.h"

#include "config/config.h"

#define AT(type, member) .offset = offsetof(struct type, member)
#define TEXT(type, member) AT(type, member), .size = sizeof(((struct type *)NULL)->member)
#define NUMBER(type, label, from, to, standard, meaning) \
    { \
        .name = #label, .kind = SETTING_NUMBER, AT(type, label), .least = (from), .most = (to), \
        .fallback = #standard, .help = (meaning) \
    }

enum { HOUR_MS = 3600000 };

static const struct setting listen_rows[] = {
        {.name = "address",
                .kind = SETTING_TEXT,
                TEXT(config_listen, address),
                .fallback = "127.0.0.1",
                .is_valid = is_address,
                .wanted = "a numeric address such as 127.0.0.1, 0.0.0.0 or ::",
                .help = "The address on which customers, agents and bots are awaited. "
                        "0.0.0.0 or :: is every address of this machine."},
        NUMBER(config_listen, port, 0, 65535, 8080,
                "The port. 0 takes a free one, told in DATA/up.json."),
        {0}};

static const struct setting redis_one_rows[] = {{.name = "socket",
                                                        .kind = SETTING_PATH,
                                                        TEXT(config_redis, socket),
                                                        .example = "/run/redis/redis.sock",
                                                        .help = "The unix socket of your Redis."},
        {.name = "host",
                .kind = SETTING_TEXT,
                TEXT(config_redis, host),
                .example = "10.0.0.5",
                .is_valid = is_address,
                .wanted = "a numeric address such as 10.0.0.5",
                .help = "Or its address; numeric, so that no name service can stall the broker."},
        NUMBER(config_redis, port, 1, 65535, 6379, "Its port, with host."),
        {.name = "sentinels",
                .kind = SETTING_TEXTS,
                AT(config_redis, sentinels),
                .size = CONFIG_PLACE_MAX,
                .most = CONFIG_SENTINELS_MAX,
                .count_offset = offsetof(struct config_redis, sentinel_count),
                .example = "10.0.0.7:26379",
                .is_valid = is_place,
                .wanted = "a numeric address and a port, such as 10.0.0.7:26379 or "
                          "[fd00::7]:26379",
                .help = "Or the Sentinels that say where it is, and where it is after a "
                        "failover; name all of them."},
        {.name = "master",
                .kind = SETTING_TEXT,
                TEXT(config_redis, master),
                .example = "weft-log",
                .is_valid = is_name,
                .wanted = "the name that the Sentinels know it by: letters, digits and ._-",
                .help = "The name by which the Sentinels know it."},
        {.name = "password_file",
                .kind = SETTING_PATH,
                TEXT(config_redis, password_file),
                .example = "/etc/weft/redis.password",
                .help = "A file whose first line is the password."},
        {.name = "sentinel_password_file",
                .kind = SETTING_PATH,
                TEXT(config_redis, sentinel_password_file),
                .example = "/etc/weft/sentinel.password",
                .help = "The same for the Sentinels, where they want one."},
        {0}};

static const struct setting redis_rows[] = {
        {.name = "log",
                .kind = SETTING_SECTION,
                AT(config, redis.log),
                .inner = redis_one_rows,
                .help = "The Redis that keeps the conversations."},
        {.name = "keys",
                .kind = SETTING_SECTION,
                AT(config, redis.keys),
                .inner = redis_one_rows,
                .help = "The Redis that keeps the wrapped keys: another server, with other "
                        "backups, "
                        "or erasing would not erase."},
        {0}};

static const struct setting files_rows[] = {
        {.name = "endpoint",
                .kind = SETTING_TEXT,
                TEXT(config_files, endpoint),
                .example = "https://s3.eu-central-1.amazonaws.com",
                .is_valid = is_endpoint,
                .wanted = "http:// or https://, a host, perhaps a port, and nothing after it",
                .help = "The S3-compatible store. Its bucket is named in the path, as every store "
                        "understands it."},
        {.name = "region",
                .kind = SETTING_TEXT,
                TEXT(config_files, region),
                .fallback = "us-east-1",
                .is_valid = is_name,
                .wanted = "letters, digits and ._-",
                .help = "Its region, which requests are signed for; many stores take any."},
        {.name = "bucket",
                .kind = SETTING_TEXT,
                TEXT(config_files, bucket),
                .example = "weft-files",
                .is_valid = is_bucket,
                .wanted = "3 to 63 of a-z, 0-9, dots and dashes",
                .help = "The bucket. It is there already; Weft makes none."},
        {.name = "prefix",
                .kind = SETTING_TEXT,
                TEXT(config_files, prefix),
                .example = "weft/",
                .is_valid = is_key_prefix,
                .wanted = "letters, digits and ._-, with a slash at the end and none at the start",
                .help = "What stands before the name of each object, when the bucket is shared."},
        {.name = "key_id",
                .kind = SETTING_TEXT,
                TEXT(config_files, key_id),
                .example = "AKIAIOSFODNN7EXAMPLE",
                .is_valid = is_name,
                .wanted = "letters, digits and ._-",
                .help = "The id of the access key."},
        {.name = "secret_file",
                .kind = SETTING_PATH,
                TEXT(config_files, secret_file),
                .example = "/etc/weft/s3.secret",
                .help = "A file whose first line is the secret of the access key."},
        {.name = "ca_file",
                .kind = SETTING_PATH,
                TEXT(config_files, ca_file),
                .example = "/etc/weft/s3-ca.pem",
                .help = "The certificate (PEM) of the authority that signed the store's, where it "
                        "is not a public one. Only this one is trusted then."},
        {0}};

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const struct setting log_rows[] = {{.name = "level",
                                                  .kind = SETTING_CHOICE,
                                                  AT(config, log.level),
                                                  .fallback = "info",
                                                  .choices = levels,
                                                  .help = "Lines below this level are dropped."},
        {0}};

static const struct setting limits_rows[] = {
        NUMBER(config_limits, connections_max, 8, 1000000, 10000,
                "Open connections of one process; the system's limit of open files may lower it."),
        NUMBER(config_limits, connections_per_ip_max, 1, 1000000, 1000,
                "Open connections of one address, in one process."),
        NUMBER(config_limits, conversations_hot_max, 16, 10000000, 20000,
                "Conversations that one process keeps in memory; more are answered with busy."),
        NUMBER(config_limits, messages_per_min, 1, 1000000, 100,
                "Messages of one customer's session in a minute."),
        NUMBER(config_limits, agent_messages_per_min, 1, 1000000, 1200,
                "Messages of one agent's session in a minute."),
        NUMBER(config_limits, messages_per_min_per_contact, 1, 1000000, 300,
                "Messages of one customer in a minute, from all devices together, in one process; "
                "messages_per_min counts where that is more."),
        NUMBER(config_limits, messages_per_min_per_tenant, 1, 100000000, 3000000,
                "Messages of all people and services of one tenant in a minute, in one process, so "
                "that no brand takes what others need."),
        NUMBER(config_limits, sessions_per_contact_max, 1, 100000, 64,
                "Devices (tabs, phones) of one customer at once, in one process; one more is asked "
                "to come back later."),
        NUMBER(config_limits, sessions_per_min_per_ip, 1, 1000000, 60,
                "New sessions that one address may open in a minute over HTTP."),
        NUMBER(config_limits, upload_bytes, 1024, 1073741824, 10485760,
                "Bytes of one attached file."),
        NUMBER(config_limits, upload_bytes_per_contact, 1024, 4294967295, 209715200,
                "Bytes of all files of one conversation, by everybody in it, as they lie on the "
                "disk."),
        {0}};

static const struct setting timeouts_rows[] = {
        NUMBER(config_timeouts, ping_ms, 100, HOUR_MS, 25000, "Between two pings to a client."),
        NUMBER(config_timeouts, dead_ms, 200, HOUR_MS, 40000,
                "Silence after which a connection is taken for dead; above ping_ms."),
        NUMBER(config_timeouts, turn_lease_ms, 100, HOUR_MS, 5000,
                "Silence after which a bot has lost its turn; it keeps it by progress frames."),
        NUMBER(config_timeouts, turn_deadline_ms, 100, HOUR_MS, 60000,
                "The longest that a turn of a bot may take; not below turn_lease_ms."),
        NUMBER(config_timeouts, bot_absent_ms, 0, HOUR_MS, 500,
                "How long a message waits for a bot to come back before people take over."),
        NUMBER(config_timeouts, presence_grace_ms, 0, HOUR_MS, 10000,
                "How long an agent may be gone (a reload, a tunnel) and keep chats and offers."),
        NUMBER(config_timeouts, drain_ms, 0, HOUR_MS, 5000,
                "How long a stopping process waits for what is under way."),
        NUMBER(config_timeouts, edit_ms, 0, 168 * HOUR_MS, 900000,
                "How long after a message its author may still edit it; deleting it is always "
                "possible."),
        NUMBER(config_timeouts, file_url_ms, 1000, 168 * HOUR_MS, 43200000,
                "How long the address of an attached file is good; each look at the message makes "
                "a new one."),
        {0}};

static const struct setting tenant_rows[] = {
        {.name = "id",
                .kind = SETTING_TEXT,
                TEXT(config_tenant, id),
                .is_required = true,
                .example = "shop",
                .is_valid = is_id,
                .wanted = "1 to 32 of a-z, 0-9 and dashes",
                .help = "Its short name, in tokens and addresses; never changes."},
        {.name = "name",
                .kind = SETTING_TEXT,
                TEXT(config_tenant, name),
                .example = "Example Shop",
                .help = "What customers see; the id when absent."},
        {.name = "origins",
                .kind = SETTING_TEXTS,
                AT(config_tenant, origins),
                .size = CONFIG_TEXT_MAX,
                .most = CONFIG_ORIGINS_MAX,
                .count_offset = offsetof(struct config_tenant, origin_count),
                .example = "https://shop.example.com",
                .is_valid = is_origin,
                .wanted = "an origin as browsers send it: scheme://host or scheme://host:port, "
                          "in lower case, nothing after it",
                .help = "The pages that may open a chat, as browsers name them."},
        {0}};

static const struct setting bot_rows[] = {
        {.name = "name",
                .kind = SETTING_TEXT,
                TEXT(config_bot, name),
                .is_required = true,
                .example = "guide",
                .is_valid = is_id,
                .wanted = "1 to 32 of a-z, 0-9 and dashes",
                .help = "Its name, shown to customers and agents."},
        {.name = "tenant",
                .kind = SETTING_TEXT,
                TEXT(config_bot, tenant),
                .is_required = true,
                .example = "shop",
                .is_valid = is_id,
                .wanted = "1 to 32 of a-z, 0-9 and dashes",
                .help = "The id of the tenant whose customers it serves."},
        {.name = "command",
                .kind = SETTING_TEXTS,
                AT(config_bot, arguments),
                .size = CONFIG_PATH_MAX,
                .most = CONFIG_ARGUMENTS_MAX,
                .is_required = true,
                .count_offset = offsetof(struct config_bot, argument_count),
                .example = "/usr/bin/weft-guide",
                .help = "The program and its arguments, each an item; it finds its way in by "
                        "WEFT_URL and WEFT_KEY_FILE."},
        {0}};

static const char *const durabilities[] = {"always", "everysec", NULL};

/* A section without an offset: its rows count from the struct around it. */
const struct setting settings_root[] = {{.name = "listen",
                                                .kind = SETTING_SECTION,
                                                AT(config, listen),
                                                .inner = listen_rows,
                                                .help = "Where Weft listens."},
        {.name = "data",
                .kind = SETTING_PATH,
                TEXT(config, data),
                .fallback = ".",
                .help = "The folder for everything that is kept: conversations, keys, logs. A "
                        "relative path counts from the folder of this file."},
        {.name = "public_url",
                .kind = SETTING_TEXT,
                TEXT(config, public_url),
                .example = "https://chat.example.com",
                .is_valid = is_base_url,
                .wanted = "http:// or https://, a host, and no slash at the end",
                .help = "How the outside reaches this Weft, for links; the address and the port "
                        "when absent."},
        NUMBER(config, processes, 1, 64, 1,
                "Broker processes that share the port, one core each. Limits of connections and "
                "rates hold in "
                "each process."),
        {.name = "durability",
                .kind = SETTING_CHOICE,
                AT(config, durability),
                .fallback = "always",
                .choices = durabilities,
                .help = "What an acknowledged message has survived. always: it was forced to the "
                        "disk. everysec: it is forced within a second, so a power cut can take "
                        "the last second with it."},
        NUMBER(config, replicas, 0, 8, 0,
                "With durability always: how many replicas must hold a message too before it is "
                "acknowledged. Give the number of all replicas that could be promoted; an old "
                "master cut off from them then acknowledges nothing. Needs Redis servers of your "
                "own."),
        {.name = "redis",
                .kind = SETTING_SECTION,
                .example = "",
                .inner = redis_rows,
                .help = "Your own Redis servers. Without this section Weft runs two of its own in "
                        "the data folder, on unix sockets."},
        {.name = "files",
                .kind = SETTING_SECTION,
                AT(config, files),
                .inner = files_rows,
                .help = "Where attached files lie. Without this section: in the data folder, which "
                        "nodes on several hosts must share then."},
        {.name = "assets",
                .kind = SETTING_PATH,
                TEXT(config, assets),
                .example = "/usr/share/weft/web",
                .help = "The folder of the widget, the desk and the demo page; no pages are "
                        "served when absent."},
        {.name = "log",
                .kind = SETTING_SECTION,
                .inner = log_rows,
                .help = "What is told on standard error."},
        {.name = "limits",
                .kind = SETTING_SECTION,
                AT(config, limits),
                .inner = limits_rows,
                .help = "Bounds; whatever would go over one is refused with a reason."},
        {.name = "timeouts",
                .kind = SETTING_SECTION,
                AT(config, timeouts),
                .inner = timeouts_rows,
                .help = "Waiting times in milliseconds."},
        {.name = "policy_file",
                .kind = SETTING_PATH,
                TEXT(config, policy_file),
                .example = "/etc/weft/policy.yaml",
                .help = "How cases are routed: see the reference of the policy file. Read again "
                        "whenever it changes. Without it the policy is what was put by `weft "
                        "policy put`, or the defaults."},
        {.name = "tenants",
                .kind = SETTING_SECTIONS,
                AT(config, tenants),
                .size = sizeof(struct config_tenant),
                .most = CONFIG_TENANTS_MAX,
                .count_offset = offsetof(struct config, tenant_count),
                .inner = tenant_rows,
                .help = "Brands that exist from the start; those that are missing are made."},
        {.name = "bots",
                .kind = SETTING_SECTIONS,
                AT(config, bots),
                .size = sizeof(struct config_bot),
                .most = CONFIG_BOTS_MAX,
                .count_offset = offsetof(struct config, bot_count),
                .inner = bot_rows,
                .help = "Bots that Weft starts and keeps running."},
        {0}};
