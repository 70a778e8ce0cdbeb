/* SPDX-License-Identifier: Apache-2.0 */
/* The contract on the made-up blob store and on a folder; then what only a folder can suffer. */
#include "contract.h"
#include "folder/folder_blobs.h"
#include "lib/fake_blobs.h"
#include "lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

/* ---- the fake ---------------------------------------------------------------------------------
 */

static struct fake_clock clock_of_fake;

static void turn_fake(const _Bool *is_done)
{
    while (!*is_done)
        expect(fake_clock_step(&clock_of_fake));
}

static void age_fake(const struct blob_name *name, uint64_t ms)
{
    if (memcmp(name->id.bytes + BLOB_NAME_LEN - 1, "1", 1) == 0)
        fake_clock_run_for(&clock_of_fake, ms);
}

static void the_fake_keeps_the_contract(void)
{
    static struct fake_timers timers;
    static struct fake_blobs fake;
    fake_clock_init(&clock_of_fake, 0);
    fake_timers_init(&timers, &clock_of_fake);
    fake_blobs_init(&fake, &timers.base);
    contract_wait = turn_fake;
    contract_age = age_fake;
    blobs_contract(&fake.base, &fake.base);
    fake_blobs_finish(&fake);
    fake_clock_finish(&clock_of_fake);
}

/* ---- a folder ---------------------------------------------------------------------------------
 */

static char folder_path[192];
static unsigned folders;

static void turn_loop(const _Bool *is_done)
{
    while (!*is_done)
        uv_run(uv_default_loop(), UV_RUN_ONCE);
}

static void age_files(const struct blob_name *name, uint64_t ms)
{
    static const char *const forms[] = {
            "%s/loose/%.*s.%.*s.part", "%s/loose/%.*s.%.*s", "%s/kept/%.*s/%.*s"};
    struct timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= (time_t)(ms / 1000);
    times[1] = times[0];
    for (size_t i = 0; i < 3; i++) {
        char path[512];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(path, sizeof path, forms[i], folder_path, SLICE_ARGS(name->shelf),
                SLICE_ARGS(name->id));
#pragma GCC diagnostic pop
        (void)utimensat(AT_FDCWD, path, times, 0);
    }
}

static struct folder_blobs *open_folder(void)
{
    snprintf(folder_path, sizeof folder_path, "%s/%u", test_folder(), ++folders);
    struct folder_blobs *folder = folder_blobs_create(uv_default_loop(), folder_path);
    expect(folder != NULL);
    return folder;
}

static void a_folder_keeps_the_contract(void)
{
    struct folder_blobs *folder = open_folder();
    struct folder_blobs *other = folder_blobs_create(uv_default_loop(), folder_path);
    expect(other != NULL); /* it may be there already */
    contract_wait = turn_loop;
    contract_age = age_files;
    blobs_contract(folder_blobs_port(folder), folder_blobs_port(other));
    expect(folder_blobs_is_idle(folder) && folder_blobs_is_idle(other));
    folder_blobs_destroy(folder);
    folder_blobs_destroy(other);
}

struct outcome {
    _Bool is_done;
    enum blob_outcome outcome;
};

static void on_outcome(void *user, const struct blob_reply *reply)
{
    *(struct outcome *)user = (struct outcome){1, reply->outcome};
}

/* A link in place of a file leads nowhere. */
static void links_are_not_followed(void)
{
    struct folder_blobs *folder = open_folder();
    struct blobs *blobs = folder_blobs_port(folder);
    struct blob_name name = {
            SLICE_OF("abcdefghijklmnopqrstuvwxyz"), SLICE_OF("01234567890123456789012345")};
    struct outcome outcome = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/loose/%.*s.%.*s", folder_path, SLICE_ARGS(name.shelf),
            SLICE_ARGS(name.id));
    expect(symlink("/etc/passwd", path) == 0);
    blobs->ops->read(blobs, &name, 0, 100, on_outcome, &outcome);
    turn_loop(&outcome.is_done);
    expect_u64(outcome.outcome, BLOB_FAILED);
    folder_blobs_destroy(folder);
}

static void a_folder_that_cannot_be_made_is_told(void)
{
    expect(folder_blobs_create(uv_default_loop(), "/proc/nowhere/files") == NULL);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_fake_keeps_the_contract),
                    CASE(a_folder_keeps_the_contract), CASE(links_are_not_followed),
                    CASE(a_folder_that_cannot_be_made_is_told), {0}});
}
