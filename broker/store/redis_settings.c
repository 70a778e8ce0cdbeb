/* SPDX-License-Identifier: Apache-2.0 */
/* From the options that a caller gives to the settings that a link lives by.
 *
 * Invariant: a host is an IP literal, so connecting never waits for a resolver on the loop. Texts
 * come from operators: what does not fit is refused, never cut.
 */
#include "store/redis_settings.h"

#include "base/log_line.h"

#include <arpa/inet.h>
#include <stdio.h>

/* A Redis that takes a second to load its log is missed for that long, not for twice as long; and
 * a node asks a dead one a dozen times a second over its three links. */
/* On this machine nobody else is kept from connecting. */
enum { RETRY_MS_MAX = 250, RETRY_LOCAL_MS_MAX = 100 };

static bool copy_text(char *out, size_t size, const char *text)
{
    int len = snprintf(out, size, "%s", text ? text : "");
    return len >= 0 && (size_t)len < size;
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static const char *fault_of(struct redis_settings *settings, const struct redis_options *options)
{
    int ways = (options->unix_path != NULL) + (options->host != NULL) + (options->sentinel != NULL);
    if (ways != 1)
        return "needs_a_socket_path_or_a_host_or_sentinels";
    if (options->host != NULL && !is_address(options->host))
        return "host_is_not_an_ip_address";
    if (!copy_text(settings->unix_path, sizeof settings->unix_path, options->unix_path) ||
            !copy_text(settings->host, sizeof settings->host, options->host) ||
            !copy_text(settings->password, sizeof settings->password, options->password) ||
            !copy_text(settings->name, sizeof settings->name, options->name))
        return "text_too_long";
    return NULL;
}

bool redis_settings_take(struct redis_settings *settings, const struct redis_options *options)
{
    const char *fault = fault_of(settings, options);
    if (fault != NULL) {
        log_line(LOG_ERROR, "store.bad_options", "link=%s reason=%s",
                options->name ? options->name : "store", fault);
        return false;
    }
    if (settings->name[0] == '\0')
        copy_text(settings->name, sizeof settings->name, "store");
    settings->port = options->port;
    settings->sentinel = options->sentinel;
    settings->random = options->random;
    settings->requests_max = options->requests_max ? options->requests_max : 8192;
    settings->watch_ms = options->watch_ms ? options->watch_ms : 1000;
    settings->silence_ms_max = options->silence_ms_max ? options->silence_ms_max : 3000;
    settings->retry_ms_min = options->retry_ms_min ? options->retry_ms_min : 20;
    uint64_t most_ms = settings->unix_path[0] != '\0' ? RETRY_LOCAL_MS_MAX : RETRY_MS_MAX;
    settings->retry_ms_max = options->retry_ms_max ? options->retry_ms_max : most_ms;
    return true;
}
