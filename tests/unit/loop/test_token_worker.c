/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures checked beside the loop: true, in order, bounded, and not held up by a slow disk. */
#include "loop/token_worker.h"

#include "lib/test.h"

#include <stdlib.h>
#include <uv.h>

enum { COUNT = 100 };

struct asked {
    struct token_check check;
    int wanted;
};

static uint8_t public_keys[2][SIGNING_PUBLIC_SIZE], secrets[2][SIGNING_SECRET_SIZE];
static char texts[3][TOKEN_MAX]; /* of the first key, of the second, of neither */
static size_t lens[3];
static struct asked asked[TOKEN_CHECKS_MAX + 1];
static int answered, wrong;
static struct loop *loop;
static struct token_worker *worker;

static void sign(int which, const uint8_t *secret)
{
    struct token_claims claims = {SLICE_OF("demo"), SLICE_OF("customer"), SLICE_OF("x:crm-42"),
            SLICE_OF("Ada"), 1000000, 2000000};
    struct buffer out = buffer_make(texts[which], TOKEN_MAX);
    expect(token_sign(secret, &claims, &out));
    lens[which] = out.len;
}

static void begin(void)
{
    uint8_t others_public[SIGNING_PUBLIC_SIZE], others_secret[SIGNING_SECRET_SIZE];
    expect(crypto_start());
    for (uint8_t i = 0; i < 2; i++)
        crypto_signing_pair((uint8_t[KEY_SIZE]){i + 1}, public_keys[i], secrets[i]);
    crypto_signing_pair((uint8_t[KEY_SIZE]){9}, others_public, others_secret);
    sign(0, secrets[0]);
    sign(1, secrets[1]);
    sign(2, others_secret);
    answered = wrong = 0;
    loop = loop_create();
    worker = token_worker_create(loop);
}

static void end(void)
{
    token_worker_destroy(worker);
    loop_destroy(loop);
}

/* In the order of the asking, each with its answer. */
static void on_done(struct token_check *check)
{
    struct asked *one = (struct asked *)(void *)check;
    wrong += one != &asked[answered] || check->proof.signer != one->wanted;
    answered++;
}

static bool ask(int i)
{
    int which = i % 3;
    asked[i] = (struct asked){.wanted = which < 2 ? which : -1};
    asked[i].check.done = on_done;
    asked[i].check.proof.token = slice_make(texts[which], lens[which]);
    memcpy(asked[i].check.proof.keys, public_keys, sizeof public_keys);
    struct verifier *verifier = token_worker_port(worker);
    return verifier->ops->verify(verifier, &asked[i].check);
}

static void await(int count)
{
    while (answered < count)
        uv_run(loop_uv(loop), UV_RUN_ONCE);
    expect_u64((uint64_t)answered, (uint64_t)count);
    expect_u64((uint64_t)wrong, 0);
}

static void answers_are_true_and_in_order(void)
{
    begin();
    for (int i = 0; i < COUNT; i++)
        expect(ask(i));
    expect_u64((uint64_t)answered, 0);
    await(COUNT);
    expect(ask(answered)); /* and again, when nothing was under way */
    await(COUNT + 1);
    end();
}

static void what_waits_is_bounded(void)
{
    begin();
    for (int i = 0; i < TOKEN_CHECKS_MAX; i++)
        expect(ask(i));
    expect(!ask(TOKEN_CHECKS_MAX));
    await(TOKEN_CHECKS_MAX);
    expect(ask(TOKEN_CHECKS_MAX));
    await(TOKEN_CHECKS_MAX + 1);
    end();
}

static uv_sem_t disk;

static void hold_the_thread(uv_work_t *work)
{
    (void)work;
    uv_sem_wait(&disk);
}

static void on_released(uv_work_t *work, int status)
{
    (void)status;
    *(bool *)work->data = true;
}

/* There is one thread (main), and it is held for as long as nobody has got an answer. */
static void a_slow_disk_holds_nobody_up(void)
{
    bool is_released = false;
    uv_work_t held = {.data = &is_released};
    begin();
    expect(uv_sem_init(&disk, 0) == 0);
    expect(uv_queue_work(loop_uv(loop), &held, hold_the_thread, on_released) == 0);
    for (int i = 0; i < COUNT; i++)
        expect(ask(i));
    await(COUNT);
    expect(!is_released);
    uv_sem_post(&disk);
    while (!is_released)
        uv_run(loop_uv(loop), UV_RUN_ONCE);
    uv_sem_destroy(&disk);
    end();
}

static void it_ends_with_work_under_way(void)
{
    begin();
    for (int i = 0; i < COUNT; i++)
        expect(ask(i));
    loop_turn(loop);
    end();
    expect_u64((uint64_t)wrong, 0);
}

int main(int argc, char **argv)
{
    setenv("UV_THREADPOOL_SIZE", "1", 1);
    return test_main(argc, argv,
            (struct test_case[]){CASE(answers_are_true_and_in_order), CASE(what_waits_is_bounded),
                    CASE(a_slow_disk_holds_nobody_up), CASE(it_ends_with_work_under_way), {0}});
}
