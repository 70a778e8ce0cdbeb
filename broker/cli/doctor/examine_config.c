/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are valid and still likely not what the operator wants. */
#include "cli/doctor/findings.h"

#include <string.h>

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static void examine_origins(const struct config *config, struct findings *findings)
{
    if (config->tenant_count == 0)
        findings_add(findings, FINDING_WARN, "tenants", "add one under `tenants`",
                "no tenant is configured");
    for (uint32_t i = 0; i < config->tenant_count; i++) {
        const struct config_tenant *tenant = &config->tenants[i];
        if (tenant->origin_count == 0)
            findings_add(findings, FINDING_WARN, "origins",
                    "list the sites under `tenants: - origins`",
                    "tenant %s has no origins: only Weft's own pages can open its widget",
                    tenant->id);
        else
            findings_add(findings, FINDING_OK, "origins", NULL, "tenant %s allows %u", tenant->id,
                    tenant->origin_count);
    }
}

/* Weft itself speaks no TLS: what leaves the machine needs something in front of it. */
static void examine_tls(const struct config *config, struct findings *findings)
{
    bool is_https = strncmp(config->public_url, "https://", 8) == 0;
    bool is_local =
            is_loopback(config->listen.address) &&
            (config->public_url[0] == '\0' || strncmp(config->public_url, "http://127.", 11) == 0 ||
                    strncmp(config->public_url, "http://localhost", 16) == 0);
    if (is_https)
        findings_add(
                findings, FINDING_OK, "tls", NULL, "the public address is %s", config->public_url);
    else if (is_local)
        findings_add(findings, FINDING_OK, "tls", NULL, "only this machine can reach it");
    else
        findings_add(findings, FINDING_WARN, "tls",
                "put a proxy with TLS in front, and set public_url to its https:// address",
                "others can reach %s without TLS: words and tokens travel in the clear",
                config->public_url[0] ? config->public_url : config->listen.address);
}

static void examine_durability(const struct config *config, struct findings *findings)
{
    if (config->durability != CONFIG_DURABLE_ALWAYS)
        findings_add(findings, FINDING_WARN, "durability", "set `durability: always`",
                "everysec: a crash or a failover can lose what was acknowledged in the last two "
                "seconds");
    else if (config->replicas == 0)
        findings_add(findings, FINDING_OK, "durability", NULL,
                "always: what is acknowledged is on the disk, and is lost only with the disk");
    else
        findings_add(findings, FINDING_OK, "durability", NULL,
                "always, and %u replicas: what is acknowledged is on the disk, and survives the "
                "loss of the master",
                config->replicas);
}

void examine_config(const struct patient *patient, struct findings *findings)
{
    const struct config *config = patient->config;
    if (!patient->has_config)
        return;
    examine_origins(config, findings);
    examine_tls(config, findings);
    examine_durability(config, findings);
}
