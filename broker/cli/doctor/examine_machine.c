/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine must give: a folder to write to, room on the disk, open files. */
#include "cli/doctor/findings.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ROOM_MIB_FAIL = 64, ROOM_MIB_WARN = 1024, SPARE_FILES = 128 };

static void examine_disk(const char *folder, struct findings *findings)
{
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0)
        return;
    unsigned long long room = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
    enum finding_grade grade = room < ROOM_MIB_FAIL   ? FINDING_FAIL
                               : room < ROOM_MIB_WARN ? FINDING_WARN
                                                      : FINDING_OK;
    findings_add(findings, grade, "disk", "make room: a full disk stops every conversation",
            "%llu MiB free for %s", room, folder);
}

static void examine_folder(const struct patient *patient, struct findings *findings)
{
    const char *folder = patient->config->data;
    struct stat status;
    bool is_there = stat(folder, &status) == 0;
    if (!is_there && errno == ENOENT && !patient->is_up) {
        findings_add(
                findings, FINDING_OK, "data folder", NULL, "%s is made at the first start", folder);
        return;
    }
    if (!is_there || !S_ISDIR(status.st_mode) || access(folder, W_OK | X_OK) != 0) {
        findings_add(findings, FINDING_FAIL, "data folder",
                "give it to the user that weftd runs as, or choose another `data`",
                "%s cannot be written: %s", folder, strerror(is_there ? EACCES : errno));
        return;
    }
    if ((status.st_mode & 0077) != 0)
        findings_add(findings, FINDING_WARN, "data folder", "chmod 700 it",
                "other users of this machine can look into %s", folder);
    else
        findings_add(findings, FINDING_OK, "data folder", NULL, "%s can be written", folder);
    examine_disk(folder, findings);
}

static void examine_files(const struct patient *patient, struct findings *findings)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    unsigned long long most = limit.rlim_max;
    unsigned long long wanted =
            (unsigned long long)patient->config->limits.connections_max + SPARE_FILES;
    if (most >= wanted)
        findings_add(findings, FINDING_OK, "open files", NULL, "%llu are allowed, %llu are enough",
                most, wanted);
    else
        findings_add(findings, FINDING_WARN, "open files",
                "raise LimitNOFILE (systemd) or ulimit -Hn, or lower limits.connections_max",
                "%llu are allowed: weftd will take fewer connections than the %u configured", most,
                patient->config->limits.connections_max);
}

void examine_machine(const struct patient *patient, struct findings *findings)
{
    examine_folder(patient, findings);
    examine_files(patient, findings);
}
