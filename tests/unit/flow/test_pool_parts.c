/* SPDX-License-Identifier: Apache-2.0 */
/* A pool that one entry does not hold: it is saved in parts while its log goes on, and a node that
 * comes later reads about as much as the pool is large, not as much as its log is long. */
#include "base/check.h"
#include "flow/pool_parts.h"
#include "flow/pool_save.h"
#include "lib/test.h"
#include "stage.h"
#include "stored/pool_codec.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    AGENTS = 3000,
    CASES = 20000,
    HISTORY = 30000, /* entries that say nothing that lasts */
    BATCH = 64,      /* values an entry, of agents and cases */
    PLAIN_BYTES = 64 * 1024,
};

static struct slice log_key = {"{p:north}log", 12};
static struct record tail;
static struct pool_entry values[BATCH];
static char ids[BATCH][32];
static size_t value_count;

static struct team *north(void)
{
    return pools_team(stage.nodes[0].node, SLICE_OF("north"));
}

/* ---- a long log, written behind everybody's back ----------------------------------------------
 */

static void append(void)
{
    static uint8_t scratch_bytes[1 << 20], plain[PLAIN_BYTES], bytes[RECORD_MAX];
    static uint64_t marks;
    uint64_t random[3] = {++marks};
    struct buffer out = buffer_make(plain, sizeof plain);
    struct arena scratch;
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    check(pool_encode(values, value_count, &scratch, &out) && !out.overflowed);
    memcpy(tail.prev, tail.at.mark, MARK_SIZE);
    tail.at.seq++;
    tail.time_ms = fake_server_now_ms(stage.server);
    tail.plain = buffer_slice(&out);
    size_t len = record_write(&tail, log_key, NULL, (const uint8_t *)random, bytes);
    check(fake_server_append(stage.server, log_key, tail.at.seq, slice_make(bytes, len)) ==
            STORE_OK);
    value_count = 0;
}

static struct slice next_id(const char *letter, unsigned number)
{
    char *id = ids[value_count];
    return slice_make(id, (size_t)snprintf(id, sizeof ids[0], "%s%025u", letter, number));
}

static void add(struct pool_entry value)
{
    values[value_count++] = value;
    if (value_count == BATCH)
        append();
}

static void find_tail(void)
{
    static uint8_t plain[RECORD_MAX];
    struct store_item item;
    tail = (struct record){0};
    for (uint64_t seq = 1; fake_server_read(stage.server, log_key, seq, 1, &item) == 1; seq++)
        check(record_read(item.value, seq, log_key, NULL, plain, &tail) == RECORD_GOOD);
}

static void write_large_pool(void)
{
    static const struct pool_skill skills[2] = {
            {SLICE_OF("billing"), 800}, {SLICE_OF("parcels"), 300}};
    find_tail();
    for (unsigned i = 0; i < AGENTS; i++)
        add((struct pool_entry){.kind = POOL_PRESENCE,
                .agent = next_id("m", i),
                .profile = {.status = POOL_OFFLINE,
                        .capacity = 1 + i % 4,
                        .skills = skills,
                        .skill_count = 2}});
    for (unsigned i = 0; i < CASES; i++)
        add((struct pool_entry){.kind = POOL_QUEUED,
                .request = {next_id("c", i), {1, {1}}},
                .need = {.first_queued_ms = 1000 + i}});
    if (value_count > 0)
        append();
}

static void write_history(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[value_count++] = (struct pool_entry){.kind = POOL_STATUS,
                .agent = next_id("m", (unsigned)(i % AGENTS)),
                .profile.status = i / AGENTS % 2 ? POOL_OFFLINE : POOL_AWAY};
        append();
    }
}

/* ---- the node ---------------------------------------------------------------------------------
 */

static uint64_t reads(void)
{
    const struct fake_tally *tally = fake_server_tally(stage.server);
    uint64_t sum = 0;
    for (unsigned verb = 0; verb < FAKE_VERBS; verb++)
        for (unsigned i = 0; i < FAKE_OUTCOMES; i++)
            if (strcmp(fake_verb_name(verb), "read") == 0)
                sum += tally->times[verb][i];
    return sum;
}

/* How many reads it takes until the node knows the pool. */
static uint64_t revive(void)
{
    uint64_t before = reads();
    stage_revive(0);
    for (unsigned ms = 0; ms < 60000 && !team_is_read(north()); ms++)
        stage_run(1);
    expect(team_is_read(north()));
    return reads() - before;
}

/* Runs until a snapshot stands for all that was there before. */
static void wait_until_saved(uint64_t seq)
{
    for (unsigned i = 0; i < 3000 && north()->saved_seq < seq; i++)
        stage_run(20);
    expect(north()->saved_seq >= seq);
}

static void expect_pool(void)
{
    struct pool_counts counts = pool_counts(team_pool(north()));
    struct pool_agent_view agent;
    char id[32];
    expect_u64(counts.agents, AGENTS);
    /* The conversations behind them were never made: some were looked for, and are over. */
    expect(counts.waiting > CASES - 5000 && counts.waiting <= CASES);
    snprintf(id, sizeof id, "m%025u", 1234);
    expect(pool_find_agent(team_pool(north()), slice_of_string(id), &agent));
    expect_u64(agent.capacity, 1 + 1234 % 4);
}

static void a_large_pool_is_read_from_its_parts(void)
{
    stage_start();
    stage_kill(0);
    write_large_pool();
    write_history(HISTORY);
    uint64_t long_seq = tail.at.seq;
    expect(long_seq > HISTORY + (AGENTS + CASES) / BATCH);
    uint64_t whole_reads = revive();
    expect(whole_reads >= long_seq / 128);
    expect_pool();
    wait_until_saved(long_seq);
    expect_pool();
    size_t waited = pool_counts(team_pool(north())).waiting;
    uint64_t saved_to_seq = north()->log.tail.seq;
    stage_kill(0);
    uint64_t bounded_reads = revive();
    expect_pool();
    expect_u64(pool_counts(team_pool(north())).waiting, waited);
    expect(north()->log.tail.seq >= saved_to_seq);
    test_note("%d reads before, %d after", (int)whole_reads, (int)bounded_reads);
    expect(bounded_reads < whole_reads / 4);
    stage_end();
}

/* The same, with everything in between: what is said while parts are written is in none of them,
 * and is folded on top. */
static void what_is_said_between_the_parts_is_kept(void)
{
    stage_start();
    stage.settings.pool_saved_every = 1;
    stage_kill(0);
    write_large_pool();
    write_history(200);
    revive();
    uint64_t long_seq = tail.at.seq;
    struct actor *bot = stage_bot("north");
    for (unsigned i = 0; i < 400 && north()->parts == NULL; i++)
        stage_run(1);
    expect(north()->parts != NULL);
    struct actor *ada = stage_customer("north");
    act_say(ada, "I want a person");
    act_commit(bot, "One moment.", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(heard(ada, "queued"));
    expect(north()->parts != NULL); /* it is still at it */
    struct pool_request_view view;
    struct pool_key key = {slice_of_string(ada->conversation), fold_of(ada)->request};
    wait_until_saved(long_seq);
    stage_kill(0);
    revive();
    expect(pool_find(team_pool(north()), &key, &view));
    stage_end();
}

/* ---- what an export says of it ---- */

static void an_export_names_a_part_without_what_it_holds(void)
{
    static uint8_t scratch_bytes[1 << 18];
    char stored[1024], json[2048];
    struct pool_part part = {.base = {7, {1, 2}},
            .writer = 11,
            .index = 3,
            .is_last = true,
            .digest = 5,
            .bytes = SLICE_OF("whatever it holds")};
    struct pool_entry entry = {.kind = POOL_PART, .part = &part};
    const struct pool_entry *again;
    size_t count;
    struct arena scratch;
    struct buffer out = buffer_make(stored, sizeof stored), line = buffer_make(json, sizeof json);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    expect(pool_encode(&entry, 1, &scratch, &out));
    expect(pool_decode(buffer_slice(&out), &scratch, &again, &count) && count == 1);
    expect_u64(again->kind, POOL_PART);
    expect(name_equal(&again->part->base, &part.base) && again->part->is_last);
    expect_u64(again->part->index, 3);
    expect_slice(again->part->bytes, part.bytes);
    struct pool_line said = {.at = {9, {1}}, .entries = again, .count = 1}, heard_line;
    expect(pool_line_write(&said, &scratch, &line));
    expect(pool_line_read(buffer_slice(&line), &scratch, &heard_line));
    expect_u64(heard_line.entries[0].part->writer, 11);
    expect_u64(heard_line.entries[0].part->bytes.len, 0);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_large_pool_is_read_from_its_parts),
                    CASE(what_is_said_between_the_parts_is_kept),
                    CASE(an_export_names_a_part_without_what_it_holds), {0}});
}
