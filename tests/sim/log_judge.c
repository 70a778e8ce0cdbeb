/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold in the end, by the log as it is then.
 *
 * source: the checks of the model that the rules were first tried on: dense, no duplicates, acked
 * means there and at that place, a sender's order, readers converge, nobody is stuck
 */
#include "log_world.h"

static struct world *judged;
static struct name places[WORLD_LOG_MAX];
static size_t copies[SENDERS][SENDS + 1];
static unsigned versions[SENDERS][SENDS + 1];
static uint64_t last_of[SENDERS];
static struct name found[SENDERS][SENDS + 1];
static bool is_committed[WORLD_LOG_MAX];

static unsigned judge_message(const struct entry *entry, const struct part *part)
{
    unsigned violations = 0;
    for (size_t i = 0; i < SENDERS; i++) {
        if (!slice_equal(part->lineage, slice_make(judged->senders[i].lineage, LINEAGE_LEN)))
            continue;
        if (part->n <= last_of[i])
            violations |= ORDER;
        last_of[i] = part->n;
        copies[i][part->n]++;
        versions[i][part->n] = (unsigned)(part->digest & 0xffff);
        found[i][part->n] = entry->at;
    }
    return violations;
}

static unsigned judge_commit(const struct part *part, uint64_t seq)
{
    uint64_t mark;
    if (part->ref.seq >= seq)
        return LOST_TURN;
    memcpy(&mark, places[part->ref.seq].mark, sizeof mark);
    unsigned violations = part->digest == mark ? 0 : LOST_TURN;
    if (is_committed[part->ref.seq])
        violations |= TWO_COMMITS;
    is_committed[part->ref.seq] = true;
    return violations;
}

static unsigned judge_entry(const struct entry *entry)
{
    unsigned violations = 0;
    for (size_t i = 0; i < entry->part_count; i++) {
        const struct part *part = &entry->parts[i];
        if (part->kind == PART_MESSAGE && part->lineage.len > 0)
            violations |= judge_message(entry, part);
        if (part->kind == PART_COMMITTED)
            violations |= judge_commit(part, entry->at.seq);
    }
    return violations;
}

static unsigned judge_log(size_t *out_count)
{
    static struct store_item items[WORLD_LOG_MAX];
    static uint8_t plain[RECORD_MAX];
    struct log *log = &judged->nodes[0].log;
    struct name tail = {0};
    unsigned violations = 0;
    *out_count = fake_server_read(judged->server, log->key, 0, WORLD_LOG_MAX, items);
    for (size_t i = 0; i < *out_count; i++) {
        struct record record;
        static struct entry entry;
        size_t mark = judged->nodes[0].scratch.used;
        enum record_fault fault =
                record_read(items[i].value, items[i].number, log->key, judged->key, plain, &record);
        bool links =
                record.at.seq == tail.seq + 1 && memcmp(record.prev, tail.mark, MARK_SIZE) == 0;
        if (fault != RECORD_GOOD || !links)
            violations |= NOT_DENSE;
        tail = record.at;
        places[i + 1] = record.at;
        if (fault == RECORD_GOOD && log_node_read(&judged->nodes[0], &record, &entry))
            violations |= judge_entry(&entry);
        judged->nodes[0].scratch.used = mark;
    }
    return violations;
}

static unsigned judge_sending(size_t sender, uint64_t n)
{
    const struct sending *sending = &judged->senders[sender].sends[n];
    size_t count = copies[sender][n];
    unsigned violations = sending->is_open ? STUCK : 0;
    if (count > 1)
        violations |= DUPLICATE;
    if (count > 0 && versions[sender][n] != sending->version)
        violations |= PHANTOM;
    if (!judged->is_durable || !sending->is_acked)
        return violations;
    if (count == 0)
        violations |= ACKED_ABSENT;
    else if (!name_equal(&found[sender][n], &sending->at))
        violations |= OTHER_PLACE;
    return violations;
}

static unsigned judge_reader(const struct reader *reader, size_t count)
{
    if (reader->count != count)
        return DIVERGED;
    for (size_t i = 0; i < count; i++)
        if (!name_equal(&reader->view[i], &places[i + 1]))
            return DIVERGED;
    return 0;
}

unsigned world_judge(struct world *world)
{
    size_t count;
    judged = world;
    memset(places, 0, sizeof places);
    memset(copies, 0, sizeof copies);
    memset(versions, 0, sizeof versions);
    memset(last_of, 0, sizeof last_of);
    memset(is_committed, 0, sizeof is_committed);
    unsigned violations = judge_log(&count);
    for (size_t i = 0; i < SENDERS; i++)
        for (uint64_t n = 1; n <= SENDS; n++)
            violations |= judge_sending(i, n);
    for (size_t i = 0; i < WORLD_NODES; i++)
        violations |= judge_reader(&world->nodes[i].reader, count);
    return violations;
}

const char *violation_name(unsigned violation)
{
    static const char *const names[] = {"not dense", "duplicate entry", "acked but absent",
            "at another place", "phantom", "stuck sender", "sender's order", "reader diverged",
            "log broken", "a no that was not so", "a turn of a lost branch committed",
            "a turn committed twice", "other words under a number"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (violation >> i & 1)
            return names[i];
    return "none";
}
