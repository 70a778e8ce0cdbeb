/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses between the two adapters of port/blobs.h.
 *
 * A bucket is not asked whether it is there: a node serves words while the files' store is away,
 * and `weft doctor` looks. The secret is read once, and stays in this process.
 */
#include "file_store.h"

#include "folder/folder_blobs.h"
#include "loop/loop.h"
#include "s3/s3_blobs.h"
#include "secrets.h"

#include <errno.h>
#include <string.h>

static bool open_folder(struct file_store *store, const struct config *config, struct loop *loop)
{
    char path[CONFIG_PATH_MAX];
    struct folder_blobs *folder = NULL;
    if (config_data_path(config, "files", path))
        folder = folder_blobs_create(loop_uv(loop), path);
    if (folder == NULL)
        fprintf(stderr, "weftd: the folder %s cannot be used: %s\n", path, strerror(errno));
    else
        store->port = folder_blobs_port(folder);
    return folder != NULL;
}

static bool open_bucket(struct file_store *store, struct loop *loop)
{
    const struct config_files *config = &store->config;
    if (!secrets_read_password(config->secret_file, store->secret))
        return false;
    store->options = (struct s3_options){.endpoint = config->endpoint,
            .region = config->region,
            .bucket = config->bucket,
            .prefix = config->prefix,
            .key_id = config->key_id,
            .secret = store->secret,
            .ca_file = config->ca_file};
    store->port = s3_blobs_port(s3_blobs_create(loop_uv(loop), loop_timers(loop), &store->options));
    return true;
}

bool file_store_open(struct file_store *store, const struct config *config, struct loop *loop)
{
    store->config = config->files;
    return store->config.endpoint[0] != '\0' ? open_bucket(store, loop)
                                             : open_folder(store, config, loop);
}
