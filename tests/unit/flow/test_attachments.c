/* SPDX-License-Identifier: Apache-2.0 */
/* Files on a node of the stage, in a made-up store: kept before they are said, swept when nobody
 * says them, and shown to nobody once they are deleted. */
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

/* The same, but gives it only so many ms. */
static void send_file_later(struct actor *actor, uint64_t ms, const char *id, uint64_t n)
{
    act_later(actor, ms,
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

static void a_file_that_is_refused_can_still_be_said(void)
{
    struct actor *ada = begin();
    upload(ada, FIRST);
    say_file_as(stage_customer("north"), FIRST, 1); /* another's */
    expect(kept() == 0 && loose() == 1);
    say_file_as(ada, SECOND, 1);
    expect(heard(ada, "no_such_upload"));
    say_file_as(ada, FIRST, 5);
    expect(heard(ada, "\"resend\""));
    say_file_as(ada, FIRST, 1);
    expect(heard(ada, "\"ack\"") && kept() == 1 && loose() == 0);
    stage_end();
}

/* Two sends name one upload; the one that is refused, or whose line broke, takes nothing away from
 * the one that an entry was made of. */
static void who_is_refused_takes_no_file_from_who_is_not(void)
{
    struct actor *ada = begin();
    upload(ada, FIRST);
    struct actor *phone = stage_actor();
    memcpy(phone->token, ada->token, sizeof phone->token);
    act_enter(phone);
    send_file_later(ada, 1, FIRST, 5);
    say_file_as(phone, FIRST, 1);
    expect(heard(ada, "\"resend\"") && heard(phone, "\"ack\""));
    upload(ada, SECOND);
    send_file_later(ada, 0, SECOND, 1);
    act_leave(ada); /* before it was kept */
    say_file_as(phone, SECOND, 2);
    expect(heard(phone, "\"ack\""));
    files.base.ops->sweep(&files.base, 0, NULL, NULL);
    stage_run(5);
    expect(kept() == 2 && loose() == 0);
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

/* A node that hears late that a conversation was erased: the others had removed its files before.
 */
static void what_was_kept_for_an_erased_conversation_goes(void)
{
    char key[64];
    struct actor *ada = begin();
    upload(ada, FIRST);
    say_file_as(ada, FIRST, 1);
    stage_run(200);
    expect_u64(kept(), 1);
    size_t len = (size_t)snprintf(key, sizeof key, "k:%s", ada->conversation);
    fake_server_drop(stage.key_server, slice_make(key, len));
    fake_store_cut(stage.store);
    stage_run(2000);
    expect(heard_ever(ada, "\"conversation_erased\""));
    expect_u64(kept(), 0);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_file_is_kept_and_said_with_its_address),
                    CASE(a_file_that_is_refused_can_still_be_said),
                    CASE(who_is_refused_takes_no_file_from_who_is_not),
                    CASE(a_broken_disk_says_nothing_and_loses_nothing),
                    CASE(the_timer_sweeps_what_nobody_said),
                    CASE(a_deleted_file_is_shown_to_nobody),
                    CASE(what_was_kept_for_an_erased_conversation_goes), {0}});
}
