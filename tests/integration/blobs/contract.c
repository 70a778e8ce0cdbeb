/* SPDX-License-Identifier: Apache-2.0 */
/* The blob store's contract, case by case.
 *
 * Invariant: each case has a shelf that no other one uses.
 */
#include "contract.h"

#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void (*contract_wait)(const _Bool *is_done);
void (*contract_age)(const struct blob_name *name, uint64_t ms);

struct answer {
    bool is_done;
    enum blob_outcome outcome;
    char bytes[BLOB_PIECE_MAX];
    size_t len;
    uint64_t size;
};

static struct blobs *blobs, *other_blobs;
static struct answer answer;
static char shelf_text[BLOB_NAME_LEN + 1], id_text[BLOB_NAME_LEN + 1];
static unsigned shelves;

static void on_done(void *user, const struct blob_reply *reply)
{
    (void)user;
    answer.outcome = reply->outcome;
    answer.len = reply->bytes.len;
    answer.size = reply->size;
    if (reply->bytes.len > 0)
        memcpy(answer.bytes, reply->bytes.bytes, reply->bytes.len);
    expect(!answer.is_done);
    answer.is_done = true;
}

static enum blob_outcome wait_for_it(void)
{
    expect(!answer.is_done); /* never inside the call */
    contract_wait(&answer.is_done);
    answer.is_done = false;
    return answer.outcome;
}

static struct blob_name named(unsigned id)
{
    snprintf(shelf_text, sizeof shelf_text, "shelf%021u", shelves);
    snprintf(id_text, sizeof id_text, "file%022u", id);
    return (struct blob_name){slice_of_string(shelf_text), slice_of_string(id_text)};
}

/* Of a part that will have size bytes. */
static enum blob_outcome put(unsigned id, uint64_t at, uint64_t size, const char *text)
{
    struct blob_name name = named(id);
    struct blob_piece piece = {at, size, slice_of_string(text)};
    blobs->ops->put(blobs, &name, &piece, on_done, NULL);
    return wait_for_it();
}

typedef void (*named_op)(struct blobs *, const struct blob_name *, blob_done, void *);

static enum blob_outcome ask(named_op op, unsigned id)
{
    struct blob_name name = named(id);
    op(blobs, &name, on_done, NULL);
    return wait_for_it();
}

static enum blob_outcome get(unsigned id, uint64_t at, uint32_t len)
{
    struct blob_name name = named(id);
    blobs->ops->read(blobs, &name, at, len, on_done, NULL);
    return wait_for_it();
}

static uint64_t size_of_shelf(void)
{
    struct blob_name name = named(0);
    blobs->ops->measure(blobs, name.shelf, on_done, NULL);
    expect_u64(wait_for_it(), BLOB_OK);
    return answer.size;
}

static void make_loose(unsigned id, const char *text)
{
    expect_u64(put(id, 0, strlen(text), text), BLOB_OK);
    expect_u64(ask(blobs->ops->finish, id), BLOB_OK);
}

static void what_was_put_is_read_in_pieces(void)
{
    expect_u64(put(1, 0, 11, "Hello "), BLOB_OK);
    expect_u64(put(1, 6, 11, "there"), BLOB_OK);
    expect_u64(get(1, 0, 64), BLOB_ABSENT); /* it is a part */
    expect_u64(ask(blobs->ops->finish, 1), BLOB_OK);
    expect_u64(get(1, 0, 64), BLOB_OK);
    expect_slice(slice_make(answer.bytes, answer.len), SLICE_OF("Hello there"));
    expect_u64(get(1, 4, 3), BLOB_OK);
    expect_slice(slice_make(answer.bytes, answer.len), SLICE_OF("o t"));
    expect_u64(get(1, 11, 3), BLOB_OK);
    expect_u64(answer.len, 0);
    expect_u64(get(2, 0, 3), BLOB_ABSENT);
}

static void a_part_is_begun_anew(void)
{
    expect_u64(put(1, 7, 11, "late"), BLOB_ABSENT);
    expect_u64(put(1, 0, 13, "a longer text"), BLOB_OK);
    expect_u64(put(1, 0, 5, "short"), BLOB_OK);
    expect_u64(ask(blobs->ops->finish, 1), BLOB_OK);
    expect_u64(ask(blobs->ops->finish, 1), BLOB_ABSENT);
    expect_u64(get(1, 0, 64), BLOB_OK);
    expect_u64(answer.len, 5);
}

static void what_is_kept_is_kept_once(void)
{
    expect_u64(ask(blobs->ops->keep, 1), BLOB_ABSENT);
    make_loose(1, "kept");
    expect_u64(ask(blobs->ops->keep, 1), BLOB_OK);
    expect_u64(ask(blobs->ops->keep, 1), BLOB_OK); /* again */
    expect_u64(get(1, 0, 64), BLOB_OK);
    expect_u64(answer.len, 4);
}

struct late {
    bool is_done;
    enum blob_outcome outcome;
};

static void on_late(void *user, const struct blob_reply *reply)
{
    *(struct late *)user = (struct late){true, reply->outcome};
}

/* Sent twice, by a client whose line broke: both nodes are told that it is kept, whoever reads
 * meanwhile reads it, and it stays. */
static void two_nodes_keep_one_file_at_once(void)
{
    enum { ROUNDS = 24, CALLS = 4 };
    for (unsigned id = 1; id <= ROUNDS; id++) {
        struct late calls[CALLS] = {{0}};
        make_loose(id, "kept");
        struct blob_name name = named(id);
        blobs->ops->keep(blobs, &name, on_late, &calls[0]);
        other_blobs->ops->read(other_blobs, &name, 0, 64, on_late, &calls[1]);
        other_blobs->ops->keep(other_blobs, &name, on_late, &calls[2]);
        blobs->ops->read(blobs, &name, 0, 64, on_late, &calls[3]);
        for (size_t i = 0; i < CALLS; i++) {
            contract_wait(&calls[i].is_done);
            expect_u64(calls[i].outcome, BLOB_OK);
        }
    }
    struct blob_name name = named(1);
    contract_age(&name, 3600000);
    blobs->ops->sweep(blobs, 3000000, on_done, NULL);
    expect_u64(wait_for_it(), BLOB_OK);
    expect_u64(size_of_shelf(), 4 * ROUNDS);
    expect_u64(get(1, 0, 64), BLOB_OK);
    expect_u64(answer.len, 4);
}

static void a_shelf_is_measured_and_removed(void)
{
    expect_u64(size_of_shelf(), 0);
    expect_u64(put(1, 0, 6, "a part"), BLOB_OK);
    make_loose(2, "loose");
    make_loose(3, "kept");
    expect_u64(ask(blobs->ops->keep, 3), BLOB_OK);
    expect_u64(size_of_shelf(), 6 + 5 + 4);
    struct blob_name name = named(0);
    shelves++;
    make_loose(9, "of another shelf");
    shelves--;
    name = named(0);
    blobs->ops->remove_shelf(blobs, name.shelf, on_done, NULL);
    expect_u64(wait_for_it(), BLOB_OK);
    expect_u64(size_of_shelf(), 0);
    expect_u64(get(3, 0, 64), BLOB_ABSENT);
    name = named(0);
    blobs->ops->remove_shelf(blobs, name.shelf, on_done, NULL);
    expect_u64(wait_for_it(), BLOB_OK); /* again */
    shelves++;
    expect_u64(get(9, 0, 64), BLOB_OK);
}

static void one_is_removed_whatever_it_is(void)
{
    expect_u64(put(1, 0, 6, "a part"), BLOB_OK);
    make_loose(2, "loose");
    make_loose(3, "kept");
    expect_u64(ask(blobs->ops->keep, 3), BLOB_OK);
    for (unsigned id = 1; id <= 4; id++)
        expect_u64(ask(blobs->ops->remove, id), BLOB_OK);
    expect_u64(size_of_shelf(), 0);
}

static void the_sweep_takes_only_what_is_old_and_not_kept(void)
{
    expect_u64(put(1, 0, 11, "an old part"), BLOB_OK);
    make_loose(2, "old");
    make_loose(3, "kept");
    expect_u64(ask(blobs->ops->keep, 3), BLOB_OK);
    for (unsigned id = 1; id <= 3; id++) {
        struct blob_name name = named(id);
        contract_age(&name, 3600000);
    }
    make_loose(4, "new");
    blobs->ops->sweep(blobs, 3000000, on_done, NULL);
    expect_u64(wait_for_it(), BLOB_OK);
    expect_u64(size_of_shelf(), 4 + 3);
    expect_u64(get(3, 0, 64), BLOB_OK);
    expect_u64(get(4, 0, 64), BLOB_OK);
}

static void large_pieces_come_back(void)
{
    static char large[BLOB_PIECE_MAX + 1];
    memset(large, 'x', BLOB_PIECE_MAX);
    make_loose(1, large);
    expect_u64(get(1, 0, BLOB_PIECE_MAX), BLOB_OK);
    expect_u64(answer.len, BLOB_PIECE_MAX);
    expect(memcmp(answer.bytes, large, BLOB_PIECE_MAX) == 0);
}

void blobs_contract(struct blobs *subject, struct blobs *other)
{
    static void (*const cases[])(void) = {what_was_put_is_read_in_pieces, a_part_is_begun_anew,
            what_is_kept_is_kept_once, two_nodes_keep_one_file_at_once,
            a_shelf_is_measured_and_removed, one_is_removed_whatever_it_is,
            the_sweep_takes_only_what_is_old_and_not_kept, large_pieces_come_back};
    blobs = subject;
    other_blobs = other;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shelves += 10;
        cases[i]();
    }
}
