/* SPDX-License-Identifier: Apache-2.0 */
/* What a changed configuration can do to a running node.
 *
 * Live are the limits of people and the deadlines of flows, the log's level, and the tenants. The
 * rest (where to listen, where the data is, how durable, how many processes, which bots) is decided
 * when processes are made: it is named, and waits for a rolling restart or a start.
 *
 * Invariant: each member of struct config is in exactly one of the two, and a configuration with
 * nothing stuck is in force whole.
 */
#include "live_settings.h"

#include <stddef.h>
#include <string.h>

void live_settings_take(const struct config *config, struct node_settings *settings)
{
    const struct config_limits *limits = &config->limits;
    const struct config_timeouts *timeouts = &config->timeouts;
    settings->messages_per_min = limits->messages_per_min;
    settings->agent_messages_per_min = limits->agent_messages_per_min;
    settings->messages_per_min_per_contact = limits->messages_per_min_per_contact;
    settings->messages_per_min_per_tenant = limits->messages_per_min_per_tenant;
    settings->sessions_per_contact_max = limits->sessions_per_contact_max;
    settings->sessions_per_min_per_ip = limits->sessions_per_min_per_ip;
    settings->upload_bytes_max = limits->upload_bytes;
    settings->upload_bytes_per_contact_max = limits->upload_bytes_per_contact;
    settings->file_url_ms = timeouts->file_url_ms;
    settings->turn_lease_ms = timeouts->turn_lease_ms;
    settings->turn_deadline_ms = timeouts->turn_deadline_ms;
    settings->bot_absent_ms = timeouts->bot_absent_ms;
    settings->presence_grace_ms = timeouts->presence_grace_ms;
    settings->edit_window_ms = timeouts->edit_ms;
}

#define STUCK(member) \
    { \
#member, offsetof(struct config, member), sizeof(((struct config *)0)->member) \
    }

static const struct stuck {
    const char *name;
    size_t offset, size;
} stuck[] = {
        STUCK(listen),
        STUCK(data),
        STUCK(public_url),
        STUCK(processes),
        STUCK(durability),
        STUCK(replicas),
        STUCK(redis),
        STUCK(files),
        STUCK(assets),
        STUCK(limits.connections_max),
        STUCK(limits.connections_per_ip_max),
        STUCK(limits.conversations_hot_max),
        STUCK(timeouts.ping_ms),
        STUCK(timeouts.dead_ms),
        STUCK(policy_file),
        STUCK(bots),
        STUCK(bot_count),
};

static const size_t stuck_count = sizeof stuck / sizeof *stuck;

const char *live_settings_stuck(const struct config *running, const struct config *fresh)
{
    for (size_t i = 0; i < stuck_count; i++)
        if (memcmp((const char *)running + stuck[i].offset, (const char *)fresh + stuck[i].offset,
                    stuck[i].size) != 0)
            return stuck[i].name;
    return NULL;
}

void live_settings_keep(const struct config *running, struct config *fresh)
{
    for (size_t i = 0; i < stuck_count; i++)
        memcpy((char *)fresh + stuck[i].offset, (const char *)running + stuck[i].offset,
                stuck[i].size);
}
