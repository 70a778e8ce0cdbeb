/* SPDX-License-Identifier: Apache-2.0 */
/* Inside broker/folder only: the blocking half, as it runs on a thread beside the loop. */
#ifndef WEFT_FOLDER_FOLDER_FILES_H
#define WEFT_FOLDER_FOLDER_FILES_H

#include "port/blobs.h"

struct folder_files {
    int loose_fd, kept_fd; /* of the two folders */
};

struct file_names {
    char loose[2 * BLOB_NAME_LEN + 2]; /* below loose: "<shelf>.<id>" */
    char part[2 * BLOB_NAME_LEN + 8];  /* below loose: the same and ".part" */
    char shelf[BLOB_NAME_LEN + 1];     /* below kept */
    char kept[2 * BLOB_NAME_LEN + 2];  /* below kept: "<shelf>/<id>" */
};

enum blob_outcome files_put(const struct folder_files *files, const struct file_names *names,
        uint64_t at, struct slice bytes);
enum blob_outcome files_finish(const struct folder_files *files, const struct file_names *names);
enum blob_outcome files_keep(const struct folder_files *files, const struct file_names *names);
enum blob_outcome files_read(const struct folder_files *files, const struct file_names *names,
        uint64_t at, char *out, uint32_t *len);
enum blob_outcome files_remove(const struct folder_files *files, const struct file_names *names);
enum blob_outcome files_remove_shelf(
        const struct folder_files *files, const struct file_names *names);
enum blob_outcome files_measure(
        const struct folder_files *files, const struct file_names *names, uint64_t *out_size);
enum blob_outcome files_sweep(const struct folder_files *files, uint64_t older_than_ms);

#endif
