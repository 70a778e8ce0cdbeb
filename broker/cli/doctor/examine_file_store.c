/* SPDX-License-Identifier: Apache-2.0 */
/* The bucket for attached files: is it there, and does it take, give, copy and remove?
 *
 * Invariant: what it is asked is what a node asks it. An endpoint without TLS is a warning, since
 * what lies there is sealed and a request is signed, but who asks for what can be read on the way.
 */
#include "cli/doctor/findings.h"
#include "cli/text_file.h"
#include "s3/s3_probe.h"

#include <stdlib.h>
#include <string.h>

static bool is_here(const char *endpoint)
{
    return strncmp(endpoint, "http://127.", 11) == 0 ||
           strncmp(endpoint, "http://[::1]", 12) == 0 ||
           strncmp(endpoint, "http://localhost", 16) == 0;
}

static void examine_bucket(
        const struct config_files *files, const char *secret, struct findings *findings)
{
    struct s3_options options = {.endpoint = files->endpoint,
            .region = files->region,
            .bucket = files->bucket,
            .prefix = files->prefix,
            .key_id = files->key_id,
            .secret = secret,
            .ca_file = files->ca_file};
    struct s3_probe probe;
    s3_probe(&options, &probe);
    if (probe.failed == NULL)
        findings_add(findings, FINDING_OK, "files", NULL,
                "bucket %s can be listed, written, read and cleared", files->bucket);
    else
        findings_add(findings, FINDING_FAIL, "files",
                "mend `files` in the configuration, or what the key may do: list, get, put, delete",
                "bucket %s at %.128s: cannot %s (%ld %s)", files->bucket, files->endpoint,
                probe.failed, probe.status, probe.why);
    if (strncmp(files->endpoint, "https://", 8) != 0 && !is_here(files->endpoint))
        findings_add(findings, FINDING_WARN, "files", "use its https:// address",
                "the endpoint is not encrypted: others can see which files are asked for");
}

void examine_file_store(const struct patient *patient, struct findings *findings)
{
    const struct config_files *files = &patient->config->files;
    if (files->endpoint[0] == '\0')
        return;
    char *secret = text_file_read(files->secret_file, CONFIG_TEXT_MAX - 1);
    if (secret == NULL) {
        findings_add(findings, FINDING_FAIL, "files", "name a file that can be read",
                "the secret in %.256s cannot be read", files->secret_file);
        return;
    }
    secret[strcspn(secret, "\r\n")] = '\0';
    examine_bucket(files, secret, findings);
    memset(secret, 0, strlen(secret));
    free(secret);
}
