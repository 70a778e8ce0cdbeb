/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: what is read, and the very words with which a bad one is refused.
 *
 * With --write-reference it prints docs/reference/configuration.md instead.
 */
#include "config/config.h"
#include "core/route/policy.h"
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct config config, other;
static struct config_problem problem;
static char path[512];

static bool load(const char *text, size_t len)
{
    snprintf(path, sizeof path, "%s/weftd.yaml", test_folder());
    FILE *file = fopen(path, "w");
    expect(file != NULL && fwrite(text, 1, len, file) == len && fclose(file) == 0);
    return config_load(path, &config, &problem);
}

static bool load_text(const char *text)
{
    bool is_good = load(text, strlen(text));
    test_note("%s", is_good ? "loaded" : problem.text);
    return is_good;
}

/* The message without the folder of the file. */
static struct slice message(void)
{
    const char *name = strstr(problem.text, "weftd.yaml");
    return slice_of_string(name ? name : problem.text);
}

/* Both were zeroed whole before they were filled in, so their padding is equal too. */
static bool is_same(const struct config *a, const struct config *b)
{
    return memcmp(a, b, sizeof *a) == 0; /* NOLINT(*-memory-comparison,cert-exp42-c,cert-flp37-c) */
}

static void sentinels_and_replicas_are_read(void)
{
    char host[CONFIG_PLACE_MAX];
    uint16_t port;
    expect(load_text("replicas: 2\n"
                     "redis:\n"
                     "  log: {sentinels: ['10.0.0.7:26379', '[fd00::7]:26380'], master: weft-log, "
                     "sentinel_password_file: s}\n"
                     "  keys: {sentinels: ['10.0.0.7:26379'], master: weft-keys}\n"));
    expect_u64(config.replicas, 2);
    expect_u64(config.redis.log.sentinel_count, 2);
    expect_text(slice_of_string(config.redis.keys.master), "weft-keys");
    expect(!config_redis_is_embedded(&config.redis.log));
    expect(config_place_read(config.redis.log.sentinels[0], host, &port));
    expect_text(slice_of_string(host), "10.0.0.7");
    expect_u64(port, 26379);
    expect(config_place_read(config.redis.log.sentinels[1], host, &port));
    expect_text(slice_of_string(host), "fd00::7");
    expect_u64(port, 26380);
}

static void an_empty_file_means_the_defaults(void)
{
    expect(load_text(""));
    expect_text(slice_of_string(config.data), test_folder());
    expect_text(slice_of_string(config.listen.address), "127.0.0.1");
    expect_u64(config.listen.port, 8080);
    expect_u64(config.processes, 1);
    expect_u64(config.durability, CONFIG_DURABLE_ALWAYS);
    expect_u64(config.log.level, LOG_INFO);
    expect_u64(config.timeouts.bot_absent_ms, 500);
    expect_u64(config.timeouts.presence_grace_ms, 10000);
    expect(config.redis.log.socket[0] == '\0' && config.redis.log.host[0] == '\0');
    config_defaults(&other);
    memcpy(other.data, config.data, sizeof other.data);
    expect(is_same(&other, &config));
    expect(load_text("# only a remark\nlimits:\n"));
}

static void every_kind_of_setting_is_read(void)
{
    expect(load_text("listen: {address: '::', port: 0}\n"
                     "data: sub/data\n"
                     "public_url: https://chat.example.com\n"
                     "processes: 2\n"
                     "durability: everysec\n"
                     "redis: {log: {socket: /run/a.sock}, keys: {host: 10.0.0.5, port: 6380, "
                     "password_file: secret}}\n"
                     "files: {endpoint: 'https://s3.example.com:9000', bucket: weft-files, "
                     "prefix: a/, key_id: K1, secret_file: s3.secret}\n"
                     "assets: /srv/web\n"
                     "log: {level: warn}\n"
                     "limits: {messages_per_min: 7}\n"
                     "timeouts: {drain_ms: 2000}\n"
                     "policy_file: policy.yaml\n"
                     "tenants:\n"
                     "  - {id: demo, origins: ['http://localhost:8080', 'https://[::1]:1']}\n"
                     "  - {id: shop-2, name: Größe}\n"
                     "bots:\n"
                     "  - name: guide\n"
                     "    tenant: demo\n"
                     "    command: [bin/guide, '-x', 'a b']\n"));
    char wanted[512];
    snprintf(wanted, sizeof wanted, "%s/sub/data", test_folder());
    expect_text(slice_of_string(config.data), wanted);
    snprintf(wanted, sizeof wanted, "%s/secret", test_folder());
    expect_text(slice_of_string(config.redis.keys.password_file), wanted);
    expect_text(slice_of_string(config.redis.log.socket), "/run/a.sock");
    snprintf(wanted, sizeof wanted, "%s/s3.secret", test_folder());
    expect_text(slice_of_string(config.files.secret_file), wanted);
    expect_text(slice_of_string(config.files.region), "us-east-1");
    expect_u64(config.redis.keys.port, 6380);
    expect_u64(config.redis.log.port, 6379);
    expect_u64(config.durability, CONFIG_DURABLE_EVERYSEC);
    expect_u64(config.log.level, LOG_WARN);
    snprintf(wanted, sizeof wanted, "%s/policy.yaml", test_folder());
    expect_text(slice_of_string(config.policy_file), wanted);
    expect_u64(config.tenant_count, 2);
    expect_u64(config.tenants[0].origin_count, 2);
    expect_text(slice_of_string(config.tenants[0].name), "demo");
    expect_text(slice_of_string(config.tenants[1].name), "Größe");
    expect_u64(config.bots[0].argument_count, 3);
    expect_text(slice_of_string(config.bots[0].arguments[2]), "a b");
}

#define LONG \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaa"

static const struct {
    const char *text, *message;
} bad_files[] = {
        {"durabilty: always\n",
                "weftd.yaml:1:1: unknown setting 'durabilty' (did you mean 'durability'?)"},
        {"limits:\n  messages_per_minute: 5\n",
                "weftd.yaml:2:3: unknown setting 'messages_per_minute' in 'limits' (did you mean "
                "'messages_per_min'?)"},
        {"zebra: 1\n", "weftd.yaml:1:1: unknown setting 'zebra'"},
        {"bots:\n  - name: a\n    tennant: b\n",
                "weftd.yaml:3:5: unknown setting 'tennant' in 'bots' (did you mean 'tenant'?)"},
        {"listen:\n  port: 70000\n",
                "weftd.yaml:2:9: 'listen.port' is 70000; it must be between 0 and 65535"},
        {"listen: {port: 99999999999999999999}\n",
                "weftd.yaml:1:16: 'listen.port' is 99999999999999999999; it must be between 0 and "
                "65535"},
        {"listen:\n  port: -1\n", "weftd.yaml:2:9: 'listen.port' must be a whole number, not '-1'"},
        {"processes: 0\n", "weftd.yaml:1:12: 'processes' is 0; it must be between 1 and 64"},
        {"processes: many\n", "weftd.yaml:1:12: 'processes' must be a whole number, not 'many'"},
        {"processes:\n", "weftd.yaml:1:11: 'processes' must be a whole number, not ''"},
        {"processes: [1]\n", "weftd.yaml:1:12: 'processes' must be one value, not a list"},
        {"processes: {a: 1}\n", "weftd.yaml:1:12: 'processes' must be one value, not settings"},
        {"listen:\n  address: localhost\n",
                "weftd.yaml:2:12: 'listen.address' is 'localhost'; it must be a numeric address "
                "such as 127.0.0.1, 0.0.0.0 or ::"},
        {"listen: [8080]\n", "weftd.yaml:1:9: 'listen' must hold settings, not a list"},
        {"listen: 8080\n", "weftd.yaml:1:9: 'listen' must hold settings, not a text"},
        {"- a\n", "weftd.yaml:1:1: the file must hold settings, not a list"},
        {"{[a]: 1}\n", "weftd.yaml:1:2: a setting's name must be a word, not a list"},
        {"data: ''\n", "weftd.yaml:1:7: 'data' must not be empty"},
        {"data: \"a\\tb\"\n", "weftd.yaml:1:7: 'data' must not hold control characters"},
        {"data: \"a\\0b\"\n", "weftd.yaml:1:7: 'data' must be one value, not a text with a NUL"},
        {"data: a\nlisten:\n  port: 1\ndata: b\n",
                "weftd.yaml:4:1: 'data' is given twice; first on line 1"},
        {"public_url: chat.example.com\n",
                "weftd.yaml:1:13: 'public_url' is 'chat.example.com'; it must be http:// or "
                "https://, a host, and no slash at the end"},
        {"public_url: https://chat.example.com/\n",
                "weftd.yaml:1:13: 'public_url' is 'https://chat.example.com/'; it must be http:// "
                "or https://, a host, and no slash at the end"},
        {"durability: never\n",
                "weftd.yaml:1:13: 'durability' is 'never'; it must be one of always, everysec"},
        {"log:\n  level: loud\n",
                "weftd.yaml:2:10: 'log.level' is 'loud'; it must be one of debug, info, warn, "
                "error"},
        {"tenants: demo\n", "weftd.yaml:1:10: 'tenants' must be a list, not a text"},
        {"tenants: [demo]\n", "weftd.yaml:1:11: 'tenants[0]' must hold settings, not a text"},
        {"tenants:\n  -\n", "weftd.yaml:2:4: 'tenants[0]' must hold settings, not nothing"},
        {"tenants:\n  - name: Demo\n", "weftd.yaml:2:5: 'tenants[0].id' is missing"},
        {"tenants:\n  - id: Demo\n",
                "weftd.yaml:2:9: 'tenants[0].id' is 'Demo'; it must be 1 to 32 of a-z, 0-9 and "
                "dashes"},
        {"tenants:\n  - id: demo\n    name: " LONG "\n",
                "weftd.yaml:3:11: 'tenants[0].name' is too long: at most 63 bytes"},
        {"tenants:\n  - id: demo\n    origins: [https://a.example/path]\n",
                "weftd.yaml:3:15: 'tenants[0].origins[0]' is 'https://a.example/path'; it must be "
                "an origin as browsers send it: scheme://host or scheme://host:port, in lower "
                "case, nothing after it"},
        {"tenants:\n  - id: demo\n  - id: demo\n",
                "weftd.yaml:3:9: a tenant 'demo' is there already"},
        {"tenants:\n  - id: demo\n    origins: [http://a, http://a, http://a, http://a, http://a, "
         "http://a, http://a, http://a, http://a, http://a, http://a, http://a, http://a, "
         "http://a,\n"
         "    http://a, http://a, http://b]\n",
                "weftd.yaml:4:25: 'tenants[0].origins' has too many items: at most 16"},
        {"bots:\n  - name: guide\n    tenant: demo\n    command: [a]\n",
                "weftd.yaml:3:13: bot 'guide' serves a tenant 'demo' that is not in 'tenants'"},
        {"tenants: [{id: demo}]\nbots:\n  - {name: g, tenant: demo, command: [a]}\n"
         "  - {name: g, tenant: demo, command: [a]}\n",
                "weftd.yaml:4:12: a bot 'g' is there already"},
        {"tenants: [{id: demo}]\nbots: [{name: g, tenant: demo, command: []}]\n",
                "weftd.yaml:2:41: bot 'g' has an empty command"},
        {"timeouts:\n  ping_ms: 5000\n  dead_ms: 5000\n",
                "weftd.yaml:3:12: 'timeouts.dead_ms' is 5000; it must be above 'timeouts.ping_ms', "
                "which is 5000"},
        {"timeouts:\n  ping_ms: 50000\n",
                "weftd.yaml:2:3: 'timeouts.dead_ms' is 40000; it must be above "
                "'timeouts.ping_ms', which is 50000"},
        {"timeouts: {turn_lease_ms: 5000, turn_deadline_ms: 4000}\n",
                "weftd.yaml:1:51: 'timeouts.turn_deadline_ms' is 4000; it must not be below "
                "'timeouts.turn_lease_ms', which is 5000"},
        {"files: {endpoint: 'https://s3.example.com', bucket: abc}\n",
                "weftd.yaml:1:8: 'files' has a bucket but no key_id"},
        {"files: {prefix: a/}\n", "weftd.yaml:1:8: 'files' has a prefix but no endpoint"},
        {"files: {endpoint: 'https://s3.example.com/bucket'}\n",
                "weftd.yaml:1:19: 'files.endpoint' is 'https://s3.example.com/bucket'; it must be "
                "http:// or https://, a host, perhaps a port, and nothing after it"},
        {"files: {prefix: /a/}\n",
                "weftd.yaml:1:17: 'files.prefix' is '/a/'; it must be letters, digits and ._-, "
                "with a slash at the end and none at the start"},
        {"redis:\n  log: {socket: /a, host: 10.0.0.1}\n",
                "weftd.yaml:2:8: 'redis.log' has a socket and a host; give one of them"},
        {"redis:\n  log: {password_file: a}\n",
                "weftd.yaml:2:8: 'redis.log' has a password_file but neither a socket nor a host; "
                "the Redis that Weft runs itself needs none"},
        {"redis: {log: {sentinels: ['10.0.0.1:26379'], master: m, host: 10.0.0.1}}\n",
                "weftd.yaml:1:14: 'redis.log' has sentinels and a host; give one of them"},
        {"redis: {keys: {sentinels: ['10.0.0.1:26379']}}\n",
                "weftd.yaml:1:15: 'redis.keys' has sentinels but no master; the two go together"},
        {"redis: {keys: {master: m}}\n",
                "weftd.yaml:1:15: 'redis.keys' has a master but no sentinels; the two go together"},
        {"redis: {log: {socket: /a, sentinel_password_file: b}}\n",
                "weftd.yaml:1:14: 'redis.log' has a sentinel_password_file but no sentinels"},
        {"redis: {log: {sentinels: ['10.0.0.1']}}\n",
                "weftd.yaml:1:27: 'redis.log.sentinels[0]' is '10.0.0.1'; it must be a numeric "
                "address and a port, such as 10.0.0.7:26379 or [fd00::7]:26379"},
        {"redis: {log: {sentinels: ['fd00::7:26379']}}\n",
                "weftd.yaml:1:27: 'redis.log.sentinels[0]' is 'fd00::7:26379'; it must be a "
                "numeric address and a port, such as 10.0.0.7:26379 or [fd00::7]:26379"},
        {"redis: {log: {sentinels: ['10.0.0.1:65536']}}\n",
                "weftd.yaml:1:27: 'redis.log.sentinels[0]' is '10.0.0.1:65536'; it must be a "
                "numeric address and a port, such as 10.0.0.7:26379 or [fd00::7]:26379"},
        {"redis: {log: {sentinels: ['10.0.0.1:1'], master: m}, keys: {sentinels: ['10.0.0.1:1'], "
         "master: m}}\n",
                "weftd.yaml:1:60: 'redis.keys' is the same server as 'redis.log'; keys live apart "
                "from what they seal, or erasing a key would not erase"},
        {"replicas: 1\n",
                "weftd.yaml:1:11: 'replicas' is 1, but the Redis that Weft runs itself has none; "
                "give your own under 'redis.log'"},
        {"replicas: 1\nredis: {log: {host: 10.0.0.1}}\n",
                "weftd.yaml:1:11: 'replicas' is 1, but the Redis that Weft runs itself has none; "
                "give your own under 'redis.keys'"},
        {"durability: everysec\nreplicas: 2\n",
                "weftd.yaml:2:11: 'replicas' is 2, which goes with 'durability: always' only: a "
                "replica does not make up for a disk that is a second behind"},
        {"redis: {log: {socket: /a}, keys: {socket: /a}}\n",
                "weftd.yaml:1:34: 'redis.keys' is the same server as 'redis.log'; keys live apart "
                "from what they seal, or erasing a key would not erase"},
        {"data: a\n---\ndata: b\n",
                "weftd.yaml:2:1: a second document starts here; the file must hold one"},
        {"data: a: b\n",
                "weftd.yaml:1:8: this is not YAML: mapping values are not allowed in this context"},
        {"data: [a\n", "weftd.yaml:2:1: this is not YAML: did not find expected ',' or ']'"},
        {"data: a\nassets: \xff\xfe\n",
                "weftd.yaml:2:9: this is not YAML: invalid leading UTF-8 octet"},
        {"data: *a\n", "weftd.yaml:1:7: this is not YAML: found undefined alias"},
};

static void a_bad_file_is_refused_in_these_words(void)
{
    for (size_t i = 0; i < sizeof bad_files / sizeof *bad_files; i++) {
        test_note("file: %s", bad_files[i].text);
        expect(!load(bad_files[i].text, strlen(bad_files[i].text)));
        expect_text(message(), bad_files[i].message);
    }
}

static void the_place_is_told_as_numbers_too(void)
{
    expect(!load_text("data: a\nlog:\n  level: loud\n"));
    expect_u64(problem.line, 3);
    expect_u64(problem.column, 10);
}

static void a_file_that_cannot_be_read_is_told(void)
{
    char wanted[600];
    snprintf(path, sizeof path, "%s/absent.yaml", test_folder());
    snprintf(wanted, sizeof wanted, "%s: the file cannot be read: No such file or directory", path);
    expect(!config_load(path, &config, &problem));
    expect_text(slice_of_string(problem.text), wanted);
    snprintf(wanted, sizeof wanted, "%s: the file cannot be read: Is a directory", test_folder());
    expect(!config_load(test_folder(), &config, &problem));
    expect_text(slice_of_string(problem.text), wanted);
}

static void a_huge_file_is_refused(void)
{
    size_t len = 300 * 1024;
    char *text = calloc(1, len);
    memset(text, '#', len);
    expect(!load(text, len));
    free(text);
    expect_text(message(), "weftd.yaml: the file is too large: at most 262144 bytes");
}

static void a_long_path_is_refused_not_cut(void)
{
    char text[1200] = "data: ";
    memset(text + 6, 'a', 1100);
    expect(!load_text(text));
    expect_text(message(), "weftd.yaml:1:7: 'data' is too long: at most 1023 bytes, with the "
                           "folder of this file before it");
}

static size_t write_with(void (*write)(FILE *out), char *out, size_t capacity)
{
    FILE *file = fmemopen(out, capacity, "w");
    expect(file != NULL);
    write(file);
    long len = ftell(file);
    fclose(file);
    expect(len > 0 && (size_t)len < capacity - 1);
    return (size_t)len;
}

static char written[64 * 1024], wanted[64 * 1024];

static void the_default_file_is_read_back_as_the_defaults(void)
{
    size_t len = write_with(config_write_defaults, written, sizeof written);
    expect(load_text(""));
    other = config;
    expect(load(written, len));
    expect(is_same(&other, &config));
}

/* All but the ways to a Redis, of which one excludes the other. */
static void the_examples_are_right_once_uncommented(void)
{
    size_t len = write_with(config_write_defaults, written, sizeof written), kept = 0;
    for (char *line = written, *end; line < written + len; line = end + 1) {
        end = strchr(line, '\n');
        bool is_setting =
                line[0] == '#' && strchr(line, ':') != NULL && (line[1] != ' ' || line[2] == ' ');
        bool is_left_out =
                strncmp(line, "#    host", 9) == 0 || strncmp(line, "#    socket", 11) == 0 ||
                strncmp(line, "#    sentinel", 13) == 0 || strncmp(line, "#    master", 11) == 0;
        if (line[0] == '#' && (!is_setting || is_left_out))
            continue;
        size_t skip = is_setting;
        memcpy(wanted + kept, line + skip, (size_t)(end + 1 - line) - skip);
        kept += (size_t)(end + 1 - line) - skip;
    }
    bool is_good = load(wanted, kept);
    test_note("%s", problem.text);
    expect(!is_good && strstr(problem.text, "'redis.log' has a password_file") != NULL);
    char *password = wanted;
    while ((password = strstr(password, "    password_file")) != NULL)
        *password = '#', memset(password + 1, '#', strcspn(password, "\n") - 1);
    is_good = load(wanted, kept);
    test_note("%s", problem.text);
    expect(is_good);
    expect_text(slice_of_string(config.tenants[0].id), "shop");
    expect_text(slice_of_string(config.bots[0].arguments[0]), "/usr/bin/weft-guide");
    expect_text(slice_of_string(config.public_url), "https://chat.example.com");
}

static void the_reference_is_up_to_date(void)
{
    const char *reference = getenv("WEFT_REFERENCE");
    if (reference == NULL)
        test_skip("WEFT_REFERENCE is not set");
    FILE *file = fopen(reference, "r");
    test_note("renew it: test_config --write-reference > docs/reference/configuration.md");
    expect(file != NULL);
    size_t len = fread(wanted, 1, sizeof wanted, file);
    fclose(file);
    expect(write_with(config_write_reference, written, sizeof written) == len);
    expect(memcmp(wanted, written, len) == 0);
}

static void a_socket_path_fits_however_deep_the_data(void)
{
    char socket[CONFIG_SOCKET_MAX], again[CONFIG_SOCKET_MAX], file[CONFIG_PATH_MAX];
    snprintf(config.data, sizeof config.data, "/var/lib/weft");
    config_socket_path(&config, "log", socket);
    expect_text(slice_of_string(socket), "/var/lib/weft/run/log.sock");
    memset(config.data + 1, 'a', 1000);
    config.data[1001] = '\0';
    config_socket_path(&config, "keys", socket);
    config_socket_path(&config, "keys", again);
    expect(strlen(socket) < 60 && strstr(socket, "/keys.sock") != NULL);
    expect(strcmp(socket, again) == 0);
    config.data[1000] = 'b';
    config_socket_path(&config, "keys", again);
    expect(strcmp(socket, again) != 0);
    expect(config_data_path(&config, "run/log.conf", file));
    memset(config.data + 1, 'a', 1022);
    expect(!config_data_path(&config, "run/log.conf", file));
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write-reference") == 0) {
        config_write_reference(stdout);
        return 0;
    }
    return test_main(argc, argv,
            (struct test_case[]){CASE(sentinels_and_replicas_are_read),
                    CASE(an_empty_file_means_the_defaults), CASE(every_kind_of_setting_is_read),
                    CASE(a_bad_file_is_refused_in_these_words),
                    CASE(the_place_is_told_as_numbers_too),
                    CASE(a_file_that_cannot_be_read_is_told), CASE(a_huge_file_is_refused),
                    CASE(a_long_path_is_refused_not_cut),
                    CASE(the_default_file_is_read_back_as_the_defaults),
                    CASE(the_examples_are_right_once_uncommented),
                    CASE(the_reference_is_up_to_date),
                    CASE(a_socket_path_fits_however_deep_the_data), {0}});
}
