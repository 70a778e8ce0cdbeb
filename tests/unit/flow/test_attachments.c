/* SPDX-License-Identifier: Apache-2.0 */
/* Files on a node of the stage, in a made-up store: kept before they are said, loosened when they
 * are refused, swept when nobody says them, and shown to nobody once they are deleted. */
#include "flow/files.h"
#include "lib/fake_blobs.h"
#include "lib/test.h"
#include "stage.h"

#include <inttypes.h>
#include <stdio.h>

#define FIRST "00000000000000000000000001"
#define SECOND "00000000000000000000000002"

static struct fake_blobs files;

static struct actor *begin(void)
{
    stage_attach(&files.base);
    stage_start();
    fake_blobs_init(&files, &stage.world_timers.base);
    stage.settings.upload_bytes_max = 1 << 20;
    stage.settings.file_url_ms = 60000;
    return stage_customer("north");
}

static void on_put(void *user, const struct blob_reply *reply)
{
    expect_u64(reply->outcome, BLOB_OK);
    ++*(unsigned *)user;
}

/* As uploads.c leaves it: finished, and loose. */
static void upload(const struct actor *actor, const char *id)
{
    static uint8_t bytes[FILE_HEAD_BYTES + 5 + STREAM_OVERHEAD];
    struct slice conversation = slice_of_string(actor->conversation);
    struct file_meta meta = {"a.txt", "text/plain; charset=utf-8", 5};
    struct crypto_stream stream;
    struct chat *chat = chat_hold(stage.node, conversation);
    struct blob_name name = {conversation, slice_of_string(id)};
    struct blob_piece piece = {0, sizeof bytes, slice_make(bytes, sizeof bytes)};
    unsigned done = 0;
    file_begin(stage.node, chat, name.id, &meta, &stream, bytes);
    crypto_stream_seal(&stream, SLICE_OF("hello"), true, bytes + FILE_HEAD_BYTES);
    files.base.ops->put(&files.base, &name, &piece, on_put, &done);
    stage_run(5);
    files.base.ops->finish(&files.base, &name, on_put, &done);
    stage_run(5);
    chat_release(chat);
    expect_u64(done, 2);
}

static void say_file_as(struct actor *actor, const char *id, uint64_t n)
{
    act_ask(actor,
            "{\"type\":\"send\",\"id\":\"f\",\"lineage\":\"%s\",\"n\":%" PRIu64
            ",\"body\":{\"kind\":\"file\",\"text\":\"a.txt\",\"upload\":\"%s\"}}",
            actor->lineage, n, id);
}

static size_t kept(void)
{
    return fake_blobs_count(&files, FAKE_BLOB_KEPT);
}

static size_t loose(void)
{
    return fake_blobs_count(&files, FAKE_BLOB_LOOSE);
}

static void a_file_is_kept_and_said_with_its_address(void)
{
    struct actor *ada = begin();
    expect(heard_ever(ada, "\"upload_bytes\":1048576"));
    upload(ada, FIRST);
    expect(kept() == 0 && loose() == 1);
    say_file_as(ada, FIRST, 1);
    expect(heard(ada, "\"ack\"") && heard(ada, "/v1/files/" FIRST "?in="));
    expect(heard(ada, "\"name\":\"a.txt\"") && heard(ada, "\"bytes\":5"));
    expect(kept() == 1 && loose() == 0);
    say_file_as(ada, FIRST, 1); /* a retry has its old place, and takes nothing away */
    expect(heard(ada, "\"ack\"") && kept() == 1);
    stage_end();
}

static void a_file_that_is_refused_is_loose_again(void)
{
    struct actor *ada = begin();
    upload(ada, FIRST);
    say_file_as(ada, FIRST, 5);
    expect(heard(ada, "\"resend\""));
    expect(kept() == 0 && loose() == 1);
    say_file_as(ada, SECOND, 1);
    expect(heard(ada, "no_such_upload"));
    say_file_as(stage_customer("north"), FIRST, 1); /* another's */
    expect(kept() == 0 && loose() == 1);
    say_file_as(ada, FIRST, 1);
    expect(heard(ada, "\"ack\"") && kept() == 1);
    stage_end();
}

static void a_broken_disk_says_nothing_and_loses_nothing(void)
{
    struct actor *ada = begin();
    upload(ada, FIRST);
    files.is_broken = true;
    say_file_as(ada, FIRST, 1);
    expect(heard(ada, "store_unavailable"));
    files.is_broken = false;
    say_file_as(ada, FIRST, 1);
    expect(heard(ada, "\"ack\"") && kept() == 1);
    stage_end();
}

static void the_timer_sweeps_what_nobody_said(void)
{
    struct actor *ada = begin();
    upload(ada, FIRST);
    upload(ada, SECOND);
    say_file_as(ada, SECOND, 1);
    stage_run(50 * 60 * 1000);
    expect(kept() == 1 && loose() == 1);
    stage_run(12 * 60 * 1000);
    expect(kept() == 1 && loose() == 0);
    stage_end();
}

static void a_deleted_file_is_shown_to_nobody(void)
{
    char target[64] = {0};
    struct actor *ada = begin();
    upload(ada, FIRST);
    say_file_as(ada, FIRST, 1);
    const char *at = strstr(ada->heard + ada->mark, "\"at\":\"");
    expect(at != NULL);
    snprintf(target, sizeof target, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
    act_ask(ada, "{\"type\":\"delete\",\"id\":\"d\",\"lineage\":\"%s\",\"n\":2,\"target\":\"%s\"}",
            ada->lineage, target);
    expect(heard(ada, "\"ack\""));
    act_ask(ada, "{\"type\":\"history\",\"id\":\"h\"}");
    expect(heard(ada, "\"deleted\"") && !heard(ada, "/v1/files/") && !heard(ada, "a.txt"));
    struct actor *phone = stage_actor();
    memcpy(phone->token, ada->token, sizeof phone->token);
    act_enter(phone);
    act_ask(phone, "{\"type\":\"history\",\"id\":\"h\"}");
    expect(heard(phone, "\"deleted\"") && !heard_ever(phone, "/v1/files/"));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_file_is_kept_and_said_with_its_address),
                    CASE(a_file_that_is_refused_is_loose_again),
                    CASE(a_broken_disk_says_nothing_and_loses_nothing),
                    CASE(the_timer_sweeps_what_nobody_said),
                    CASE(a_deleted_file_is_shown_to_nobody), {0}});
}
