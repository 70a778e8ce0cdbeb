/* SPDX-License-Identifier: Apache-2.0 */
/* The master key of this host against the fingerprint that lies in the key store.
 *
 * Invariant: the key itself goes nowhere; two hashes are compared. A store without a fingerprint
 * has not been used yet, or not since Weft keeps one: the next start puts it there.
 */
#include "cli/doctor/store_check.h"
#include "port/crypto.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool read_key(const struct config *config, uint8_t out[KEY_SIZE])
{
    char path[CONFIG_PATH_MAX];
    int fd = config_data_path(config, "keys/master.key", path) ? open(path, O_RDONLY | O_CLOEXEC)
                                                               : -1;
    if (fd < 0)
        return false;
    bool is_whole = read(fd, out, KEY_SIZE) == KEY_SIZE;
    close(fd);
    return is_whole;
}

void examine_master_key(struct store_check *check)
{
    char answer[RESP_ANSWER_MAX], theirs[FINGERPRINT_LEN + 1], mine[FINGERPRINT_LEN];
    uint8_t key[KEY_SIZE];
    bool is_there =
            resp_ask(&check->resp, (const char *const[]){"GET", "k:master-key", NULL}, answer) &&
            store_take_line(answer, 0, theirs, sizeof theirs);
    if (!is_there)
        return;
    bool is_read = read_key(check->patient->config, key);
    if (is_read)
        crypto_fingerprint(key, mine);
    memset(key, 0, sizeof key);
    bool is_same = is_read && memcmp(mine, theirs, sizeof mine) == 0;
    findings_add(check->findings, is_same ? FINDING_OK : FINDING_FAIL, "master key",
            "copy DATA/keys/master.key from a host that works, or from its backup", "%s",
            is_same   ? "it is the one that the stores were written with"
            : is_read ? "it is not the one that the stores were written with"
                      : "keys/master.key cannot be read, and the stores were written with one");
}
