/* SPDX-License-Identifier: Apache-2.0 */
/* The contract on a bucket; then what only a store far away can suffer. The store is a stand-in
 * that checks each signature by itself. */
#include "contract.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "s3/s3_blobs.h"
#include "s3/s3_probe.h"
#include "stand_in.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { PIECE = 32768 };

/* ---- a bucket on a loop -----------------------------------------------------------------------
 */

static struct loop *loop;
static struct s3_options options;
static struct s3_blobs *s3;
static struct blobs *blobs;
static uint64_t ahead_ms; /* of the loop's clock */
static unsigned shelves;

static uint64_t skewed_now(struct timers *timers)
{
    (void)timers;
    return loop_timers(loop)->ops->now_ms(loop_timers(loop)) + ahead_ms;
}

static void skewed_arm(struct timers *timers, struct timer *timer, uint64_t due_ms)
{
    (void)timers;
    loop_timers(loop)->ops->arm(loop_timers(loop), timer, due_ms - ahead_ms);
}

static void skewed_cancel(struct timers *timers, struct timer *timer)
{
    (void)timers;
    loop_timers(loop)->ops->cancel(loop_timers(loop), timer);
}

static const struct timers_ops skewed_ops = {skewed_now, skewed_arm, skewed_cancel};
static struct timers skewed = {&skewed_ops};

static void open_bucket(void)
{
    loop = loop_create();
    s3 = s3_blobs_create(loop_uv(loop), &skewed, &options);
    blobs = s3_blobs_port(s3);
}

static void close_bucket(void)
{
    expect(s3_blobs_is_idle(s3));
    s3_blobs_destroy(s3);
    for (unsigned i = 0; i < 8; i++)
        loop_turn(loop);
    loop_destroy(loop);
}

static void turn(const _Bool *is_done)
{
    while (!*is_done)
        uv_run(loop_uv(loop), UV_RUN_ONCE);
}

static void turn_for(uint64_t ms)
{
    uint64_t until_ms = skewed_now(NULL) + ms;
    while (skewed_now(NULL) < until_ms)
        uv_run(loop_uv(loop), UV_RUN_ONCE);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

struct outcome {
    _Bool is_done;
    enum blob_outcome outcome;
    uint64_t size;
    size_t len;
    char bytes[BLOB_PIECE_MAX];
};

static struct outcome told;

static void on_done(void *user, const struct blob_reply *reply)
{
    (void)user;
    told.outcome = reply->outcome;
    told.size = reply->size;
    told.len = reply->bytes.len;
    if (told.len > 0)
        memcpy(told.bytes, reply->bytes.bytes, told.len);
    told.is_done = true;
}

static enum blob_outcome wait_for_it(void)
{
    turn(&told.is_done);
    told.is_done = false;
    return told.outcome;
}

static struct blob_name named(unsigned id)
{
    static char shelf_text[BLOB_NAME_LEN + 1], id_text[BLOB_NAME_LEN + 1];
    snprintf(shelf_text, sizeof shelf_text, "place%021u", shelves);
    snprintf(id_text, sizeof id_text, "file%022u", id);
    return (struct blob_name){slice_of_string(shelf_text), slice_of_string(id_text)};
}

typedef void (*named_op)(struct blobs *, const struct blob_name *, blob_done, void *);

static enum blob_outcome ask(named_op op, unsigned id)
{
    struct blob_name name = named(id);
    op(blobs, &name, on_done, NULL);
    return wait_for_it();
}

static enum blob_outcome put(unsigned id, uint64_t at, uint64_t size, struct slice bytes)
{
    struct blob_name name = named(id);
    struct blob_piece piece = {at, size, bytes};
    blobs->ops->put(blobs, &name, &piece, on_done, NULL);
    return wait_for_it();
}

static enum blob_outcome get(unsigned id, uint64_t at, uint32_t len)
{
    struct blob_name name = named(id);
    blobs->ops->read(blobs, &name, at, len, on_done, NULL);
    return wait_for_it();
}

static enum blob_outcome make_loose(unsigned id, struct slice text)
{
    enum blob_outcome outcome = put(id, 0, text.len, text);
    return outcome == BLOB_OK ? ask(blobs->ops->finish, id) : outcome;
}

static enum blob_outcome measure(void)
{
    struct blob_name name = named(0);
    blobs->ops->measure(blobs, name.shelf, on_done, NULL);
    return wait_for_it();
}

/* ---- the contract -----------------------------------------------------------------------------
 */

static void age_object(const struct blob_name *name, uint64_t ms)
{
    static const char *const folders[] = {"kept", "loose"};
    for (size_t i = 0; i < 2; i++) {
        char command[256];
        snprintf(command, sizeof command, "age=weft/%s/%.*s/%.*s&ms=%u", folders[i],
                SLICE_ARGS(name->shelf), SLICE_ARGS(name->id), (unsigned)ms);
        stand_in_tell(command);
    }
    if (name->id.bytes[BLOB_NAME_LEN - 1] == '1')
        ahead_ms += ms; /* a part is this node's own, and so is its clock */
}

static void a_bucket_keeps_the_contract(void)
{
    open_bucket();
    contract_wait = turn;
    contract_age = age_object;
    struct s3_blobs *other = s3_blobs_create(loop_uv(loop), &skewed, &options);
    blobs_contract(blobs, s3_blobs_port(other));
    expect(s3_blobs_is_idle(other));
    s3_blobs_destroy(other);
    close_bucket();
}

/* ---- large ones -------------------------------------------------------------------------------
 */

static char pattern_at(uint64_t at)
{
    return (char)((at * 2654435761u) >> 13);
}

static size_t memory(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void put_large(unsigned id, uint64_t size)
{
    static char piece[PIECE];
    for (uint64_t at = 0; at < size; at += PIECE) {
        for (size_t i = 0; i < PIECE; i++)
            piece[i] = pattern_at(at + i);
        expect_u64(put(id, at, size, slice_make(piece, PIECE)), BLOB_OK);
    }
    expect_u64(ask(blobs->ops->finish, id), BLOB_OK);
}

static void a_large_file_streams_both_ways_in_little_memory(void)
{
    const uint64_t size = (uint64_t)24 << 20;
    shelves++;
    open_bucket();
    stand_in_tell("fault=slow&verb=PUT&count=1");
    stand_in_tell("fault=slow&verb=GET&count=4");
    unsigned gets = stand_in_counts("\"GET ");
    size_t before = memory(), most = before;
    put_large(1, size);
    expect_u64(ask(blobs->ops->keep, 1), BLOB_OK);
    for (uint64_t at = 0; at < size; at += PIECE) {
        expect_u64(get(1, at, PIECE), BLOB_OK);
        expect_u64(told.len, PIECE);
        for (size_t i = 0; i < PIECE; i += 97)
            expect(told.bytes[i] == pattern_at(at + i));
        most = memory() > most ? memory() : most;
    }
    expect(most - before < (size_t)1 << 20);
    expect_u64(stand_in_counts("\"GET ") - gets, 2); /* the beginning, and one stream */
    close_bucket();
}

static void a_stream_that_nobody_reads_is_let_go_of(void)
{
    shelves++;
    open_bucket();
    put_large(1, (uint64_t)8 << 20);
    expect_u64(get(1, PIECE, PIECE), BLOB_OK);
    unsigned gets = stand_in_counts("\"GET ");
    ahead_ms += 11000;
    turn_for(1500);
    expect_u64(get(1, (uint64_t)2 * PIECE, PIECE), BLOB_OK);
    expect(told.bytes[5] == pattern_at(2 * PIECE + 5));
    expect(stand_in_counts("\"GET ") > gets);
    close_bucket();
}

static void half_an_upload_leaves_nothing(void)
{
    static char bytes[PIECE];
    shelves++;
    open_bucket();
    expect_u64(put(1, 0, 4 * PIECE, slice_make(bytes, PIECE)), BLOB_OK);
    expect_u64(put(2, 0, PIECE, slice_make(bytes, PIECE)), BLOB_OK); /* whole, but not finished */
    expect_u64(ask(blobs->ops->remove, 1), BLOB_OK);
    expect_u64(measure(), BLOB_OK);
    expect_u64(told.size, PIECE);
    close_bucket(); /* as if the node died */
    open_bucket();
    expect_u64(measure(), BLOB_OK);
    expect_u64(told.size, 0);
    close_bucket();
}

static void many_pages_are_walked_and_others_objects_left_alone(void)
{
    char shelf[128];
    shelves++;
    open_bucket();
    for (unsigned id = 0; id < 230; id++)
        expect_u64(make_loose(id, SLICE_OF("12345")), BLOB_OK);
    snprintf(shelf, sizeof shelf, "plant=weft/loose/%.*s/readme.txt", SLICE_ARGS(named(0).shelf));
    stand_in_tell(shelf);
    expect_u64(measure(), BLOB_OK);
    expect_u64(told.size, 230 * 5);
    struct blob_name name = named(0);
    blobs->ops->remove_shelf(blobs, name.shelf, on_done, NULL);
    expect_u64(wait_for_it(), BLOB_OK);
    expect_u64(measure(), BLOB_OK);
    expect_u64(told.size, 0);
    expect(strstr(stand_in_tell(""), "readme.txt\": 7") != NULL);
    close_bucket();
}

/* ---- faults -----------------------------------------------------------------------------------
 */

static void a_passing_fault_is_not_noticed(void)
{
    shelves++;
    open_bucket();
    expect_u64(make_loose(1, SLICE_OF("hello")), BLOB_OK);
    stand_in_tell("fault=503&verb=HEAD&count=2");
    stand_in_tell("fault=copy_error&verb=PUT&count=1");
    stand_in_tell("fault=503&verb=DELETE&count=1");
    expect_u64(ask(blobs->ops->keep, 1), BLOB_OK);
    stand_in_tell("fault=503&verb=GET&count=1");
    expect_u64(get(1, 0, 64), BLOB_OK);
    expect_u64(told.len, 5);
    close_bucket();
}

static void a_lasting_fault_is_told(void)
{
    shelves++;
    open_bucket();
    expect_u64(make_loose(1, SLICE_OF("hello")), BLOB_OK);
    stand_in_tell("fault=503&verb=GET&count=3");
    expect_u64(get(1, 0, 64), BLOB_FAILED);
    stand_in_tell("fault=503&verb=GET&count=3");
    expect_u64(measure(), BLOB_FAILED);
    stand_in_tell("fault=copy_error&verb=PUT&count=3");
    expect_u64(ask(blobs->ops->keep, 1), BLOB_FAILED);
    expect_u64(get(1, 0, 64), BLOB_OK);          /* it is loose still */
    stand_in_tell("fault=503&verb=PUT&count=3"); /* one is enough when bytes have left already */
    expect_u64(make_loose(2, SLICE_OF("what is streamed is not sent twice")), BLOB_FAILED);
    stand_in_tell("fault=none");
    close_bucket();
}

static void a_full_store_says_so(void)
{
    shelves++;
    open_bucket();
    stand_in_tell("fault=full&verb=PUT&count=1");
    expect_u64(make_loose(1, SLICE_OF("no room")), BLOB_FULL);
    expect_u64(ask(blobs->ops->remove, 1), BLOB_OK);
    close_bucket();
}

static void a_store_that_stalls_is_given_up(void)
{
    shelves++;
    options.silence_ms_max = 500;
    open_bucket();
    expect_u64(make_loose(1, SLICE_OF("hello")), BLOB_OK);
    stand_in_tell("fault=stall&verb=GET&count=1");
    expect_u64(get(1, 0, 64), BLOB_FAILED);
    stand_in_tell("fault=stall&verb=PUT&count=1");
    expect_u64(make_loose(2, SLICE_OF("never answered")), BLOB_FAILED);
    expect_u64(get(1, 0, 64), BLOB_OK);
    close_bucket();
    options.silence_ms_max = 0;
}

static void a_cut_connection_is_noticed_in_both_directions(void)
{
    static char bytes[BLOB_PIECE_MAX];
    shelves++;
    open_bucket();
    stand_in_tell("fault=cut&verb=PUT&count=3");
    enum blob_outcome outcome = BLOB_OK;
    uint64_t size = 64 * sizeof bytes;
    for (uint64_t at = 0; at < size && outcome == BLOB_OK; at += sizeof bytes)
        outcome = put(1, at, size, slice_make(bytes, sizeof bytes));
    expect_u64(outcome, BLOB_FAILED);
    expect_u64(ask(blobs->ops->finish, 1), BLOB_FAILED);
    stand_in_tell("fault=none");
    expect_u64(get(1, 0, 64), BLOB_ABSENT);
    put_large(2, (uint64_t)1 << 20);
    expect_u64(ask(blobs->ops->keep, 2), BLOB_OK);
    stand_in_tell("fault=cut&verb=GET&count=3");
    outcome = BLOB_OK;
    for (uint64_t at = PIECE; at < (uint64_t)1 << 20 && outcome == BLOB_OK; at += PIECE)
        outcome = get(2, at, PIECE);
    expect_u64(outcome, BLOB_FAILED);
    stand_in_tell("fault=none");
    close_bucket();
}

static void a_wrong_secret_is_refused_at_once(void)
{
    shelves++;
    options.secret = "another";
    open_bucket();
    unsigned asked = stand_in_counts("\"GET ");
    expect_u64(get(1, 0, 64), BLOB_FAILED);
    expect_u64(stand_in_counts("\"GET ") - asked, 1);
    expect_u64(measure(), BLOB_FAILED);
    close_bucket();
    options = stand_in_start();
}

/* ---- the probe --------------------------------------------------------------------------------
 */

static void the_probe_says_what_is_wrong(void)
{
    struct s3_probe probe;
    s3_probe(&options, &probe);
    expect(probe.failed == NULL);
    expect(strstr(stand_in_tell(""), "probe\": ") == NULL); /* it left nothing */
    options.bucket = "another";
    s3_probe(&options, &probe);
    expect_text(slice_of_string(probe.failed), "list");
    expect_u64((uint64_t)probe.status, 404);
    expect_text(slice_of_string(probe.why), "NoSuchBucket");
    options = stand_in_start();
    options.secret = "another";
    s3_probe(&options, &probe);
    expect_text(slice_of_string(probe.why), "SignatureDoesNotMatch");
    options = stand_in_start();
    stand_in_tell("fault=full&verb=PUT");
    s3_probe(&options, &probe);
    expect_text(slice_of_string(probe.failed), "write");
    options.endpoint = "http://127.0.0.1:9";
    s3_probe(&options, &probe);
    expect_text(slice_of_string(probe.failed), "list");
    expect_u64((uint64_t)probe.status, 0);
    options = stand_in_start();
}

/* ---- TLS --------------------------------------------------------------------------------------
 */

static void a_store_with_a_certificate_of_ones_own_is_spoken_to(void)
{
    char ca[256];
    struct s3_probe probe;
    snprintf(ca, sizeof ca, "%s/ca.pem", test_folder());
    options = stand_in_start_tls(test_folder());
    options.ca_file = ca;
    s3_probe(&options, &probe);
    expect(probe.failed == NULL);
    open_bucket();
    expect_u64(make_loose(1, SLICE_OF("hello")), BLOB_OK);
    expect_u64(ask(blobs->ops->keep, 1), BLOB_OK);
    expect_u64(get(1, 0, 64), BLOB_OK);
    expect_u64(told.len, 5);
    close_bucket();
    options = stand_in_start();
}

/* At once: nothing was asked of it, not even the secret's signature was shown. */
static void a_store_that_nobody_vouches_for_is_refused(void)
{
    char other[256];
    struct s3_probe probe;
    options = stand_in_start_tls(test_folder());
    s3_probe(&options, &probe); /* the system's authorities do not know it */
    expect_text(slice_of_string(probe.failed), "list");
    expect(strstr(probe.why, "certificate is of nobody whom we trust") != NULL);
    open_bucket();
    expect_u64(make_loose(1, SLICE_OF("hello")), BLOB_FAILED);
    expect_u64(measure(), BLOB_FAILED);
    close_bucket();
    snprintf(other, sizeof other, "%s/none.pem", test_folder());
    options.ca_file = other;
    s3_probe(&options, &probe);
    expect(strstr(probe.why, "files.ca_file cannot be read") != NULL);
    options = stand_in_start();
}

int main(int argc, char **argv)
{
    options = stand_in_start();
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_bucket_keeps_the_contract),
                    CASE(a_large_file_streams_both_ways_in_little_memory),
                    CASE(a_stream_that_nobody_reads_is_let_go_of),
                    CASE(half_an_upload_leaves_nothing),
                    CASE(many_pages_are_walked_and_others_objects_left_alone),
                    CASE(a_passing_fault_is_not_noticed), CASE(a_lasting_fault_is_told),
                    CASE(a_full_store_says_so), CASE(a_store_that_stalls_is_given_up),
                    CASE(a_cut_connection_is_noticed_in_both_directions),
                    CASE(a_wrong_secret_is_refused_at_once), CASE(the_probe_says_what_is_wrong),
                    CASE(a_store_with_a_certificate_of_ones_own_is_spoken_to),
                    CASE(a_store_that_nobody_vouches_for_is_refused), {0}});
}
