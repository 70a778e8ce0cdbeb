/* SPDX-License-Identifier: Apache-2.0 */
/* An in-memory pool log, and what must hold of every fold.
 *
 * The log copies what it is given, as a store does, so that a test sees at once when a decision
 * borrowed something that did not live long enough.
 */
#include "pool_log.h"

#include "base/heap.h"
#include "core/route/fold.h"
#include "lib/test.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 8 << 20, ENTRIES_MAX = 60000, RECORDS_MAX = 40000, TEXT_BYTES = 1 << 20 };

void pool_log_init(struct pool_log *log)
{
    arena_init(&log->arena, malloc(ARENA_BYTES), ARENA_BYTES);
    log->records = malloc(RECORDS_MAX * sizeof *log->records);
    log->entries = malloc(ENTRIES_MAX * sizeof *log->entries);
    log->mark = 1;
    pool_log_reset(log);
}

void pool_log_reset(struct pool_log *log)
{
    arena_reset(&log->arena);
    log->record_count = log->entry_count = 0;
}

void pool_log_finish(struct pool_log *log)
{
    free(log->arena.bytes);
    free(log->records);
    free(log->entries);
}

static void *copy_array(struct arena *arena, const void *from, size_t bytes)
{
    void *to = bytes ? arena_take(arena, bytes) : NULL;
    expect(bytes == 0 || to != NULL);
    return bytes ? memcpy(to, from, bytes) : NULL;
}

static struct slice copy_text(struct arena *arena, struct slice from)
{
    return slice_make(copy_array(arena, from.bytes, from.len), from.len);
}

static void copy_profile(struct arena *arena, struct pool_profile *profile)
{
    struct pool_skill *skills =
            copy_array(arena, profile->skills, profile->skill_count * sizeof *skills);
    struct slice *languages =
            copy_array(arena, profile->languages, profile->language_count * sizeof *languages);
    for (size_t i = 0; i < profile->skill_count; i++)
        skills[i].name = copy_text(arena, skills[i].name);
    for (size_t i = 0; i < profile->language_count; i++)
        languages[i] = copy_text(arena, languages[i]);
    struct slice *queues =
            copy_array(arena, profile->queues, profile->queue_count * sizeof *queues);
    struct pool_channel *channels =
            copy_array(arena, profile->channels, profile->channel_count * sizeof *channels);
    for (size_t i = 0; i < profile->queue_count; i++)
        queues[i] = copy_text(arena, queues[i]);
    for (size_t i = 0; i < profile->channel_count; i++)
        channels[i].name = copy_text(arena, channels[i].name);
    profile->skills = skills;
    profile->languages = languages;
    profile->queues = queues;
    profile->channels = channels;
    profile->name = copy_text(arena, profile->name);
}

static void copy_need(struct arena *arena, struct pool_need *need)
{
    struct pool_requirement *skills =
            copy_array(arena, need->skills, need->skill_count * sizeof *skills);
    for (size_t i = 0; i < need->skill_count; i++)
        skills[i].name = copy_text(arena, skills[i].name);
    struct slice *prefers = copy_array(arena, need->prefers, need->prefer_count * sizeof *prefers);
    for (size_t i = 0; i < need->prefer_count; i++)
        prefers[i] = copy_text(arena, prefers[i]);
    need->prefers = prefers;
    need->queue = copy_text(arena, need->queue);
    need->channel = copy_text(arena, need->channel);
    need->class_name = copy_text(arena, need->class_name);
    need->skills = skills;
    need->language = copy_text(arena, need->language);
    need->last_agent = copy_text(arena, need->last_agent);
    need->to_agent = copy_text(arena, need->to_agent);
}

static struct pool_entry copy_entry(struct arena *arena, const struct pool_entry *from)
{
    struct pool_entry to = *from;
    struct pool_exclusion *exclusions =
            copy_array(arena, to.exclusions, to.exclusion_count * sizeof *exclusions);
    struct pool_term *terms = copy_array(arena, to.terms, to.term_count * sizeof *terms);
    for (size_t i = 0; i < to.exclusion_count; i++)
        exclusions[i].agent = copy_text(arena, exclusions[i].agent);
    for (size_t i = 0; i < to.term_count; i++)
        terms[i].name = copy_text(arena, terms[i].name);
    to.exclusions = exclusions;
    to.terms = terms;
    to.request.conversation = copy_text(arena, to.request.conversation);
    to.agent = copy_text(arena, to.agent);
    to.reason = copy_text(arena, to.reason);
    to.policy = copy_text(arena, to.policy);
    copy_profile(arena, &to.profile);
    copy_need(arena, &to.need);
    return to;
}

bool pool_log_append(struct pool_log *log, size_t seen, uint64_t time_ms,
        const struct pool_entry *entries, size_t count)
{
    if (seen != log->record_count)
        return false;
    expect(log->record_count < RECORDS_MAX && log->entry_count + count <= ENTRIES_MAX);
    uint64_t before_ms = seen ? log->records[seen - 1].time_ms : 0;
    struct pool_log_record *record = &log->records[log->record_count++];
    *record = (struct pool_log_record){.at.seq = seen + 1,
            .time_ms = time_ms > before_ms ? time_ms : before_ms,
            .first = log->entry_count,
            .count = count};
    log->mark = log->mark * 6364136223846793005u + 1442695040888963407u;
    memcpy(record->at.mark, &log->mark, MARK_SIZE);
    for (size_t i = 0; i < count; i++)
        log->entries[log->entry_count++] = copy_entry(&log->arena, &entries[i]);
    return true;
}

enum pool_outcome pool_log_fold(const struct pool_log *log, size_t from, struct pool *pool)
{
    enum pool_outcome outcome = POOL_DONE;
    for (size_t i = from; i < log->record_count && outcome != POOL_FULL; i++) {
        const struct pool_log_record *record = &log->records[i];
        for (size_t k = 0; k < record->count && outcome != POOL_FULL; k++)
            outcome = pool_apply(
                    pool, &record->at, record->time_ms, &log->entries[record->first + k]);
    }
    return outcome;
}

struct pool_memory pool_heap(void)
{
    return (struct pool_memory){heap_resize, NULL};
}

/* ---- soundness ---- */

/* The weight of everything that the agent has, of one sort. */
static uint32_t weight_of(const struct pool *pool, uint32_t slot, bool is_soft)
{
    uint32_t weight = 0;
    for (uint32_t i = 0; i < pool->request_count; i++) {
        const struct request *request = &pool->requests[i];
        bool is_theirs =
                request->is_live && request->state != POOL_WAITING && request->agent == slot;
        uint32_t whole = agent_weight(&pool->agents[slot], request->channel, request->weight);
        if (is_theirs)
            expect_u64(request->held, request->weighed > 0 ? request->weighed : whole);
        if (is_theirs && request->is_interruptible == is_soft)
            weight += request->held;
    }
    return weight;
}

static bool fits_any(const struct pool *pool, uint32_t slot)
{
    for (uint32_t i = 0; i < pool->waiting_count; i++)
        if (agent_has_room(pool, slot, &pool->requests[pool->waiting[i].request]))
            return true;
    return false;
}

/* Open: room for one of those who wait. When nobody waits the row says what it will. */
static void expect_sound_room(const struct pool *pool, uint32_t slot, bool is_able)
{
    const struct agent *agent = &pool->agents[slot];
    bool is_online = is_able && agent_is_there(pool, agent);
    bool is_open = grid_has(&pool->grid, GRID_OPEN, slot);
    expect_u64(agent->firm, weight_of(pool, slot, false));
    expect_u64(agent->soft, weight_of(pool, slot, true));
    expect_u64(pool->planned[slot].firm + pool->planned[slot].soft + pool->planned[slot].count, 0);
    expect(!is_open || is_online);
    if (pool->waiting_count > 0 && pool->classes.others == 0)
        expect(is_open == (is_online && fits_any(pool, slot)));
    if (is_online && fits_any(pool, slot))
        expect(is_open);
    expect(grid_has(&pool->grid, GRID_EVERY, slot) == (agent->queue_count == 0));
    for (uint32_t i = 0; i < agent->queue_count; i++)
        expect(grid_has(&pool->grid, pool->words.items[agent->queues[i]].queue_row, slot));
}

static void expect_sound_agent(const struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    uint32_t load = 0, listed = 0;
    for (uint32_t i = 0; i < pool->request_count; i++)
        load += pool->requests[i].is_live && pool->requests[i].state != POOL_WAITING &&
                pool->requests[i].agent == slot;
    for (uint32_t i = agent->first_request; i != SLOT_NONE; i = pool->requests[i].next) {
        expect(pool->requests[i].is_live && pool->requests[i].agent == slot);
        expect(++listed <= pool->live_count);
    }
    expect_u64(agent->load, load);
    expect_u64(listed, load);
    expect(pool->words.items[agent->id].agent == slot);
    bool is_able = agent->capacity > 0 && !agent->is_removed;
    expect(grid_has(&pool->grid, GRID_ABLE, slot) == is_able);
    expect(grid_has(&pool->grid, GRID_ONLINE, slot) == (is_able && agent_is_there(pool, agent)));
    expect_sound_room(pool, slot, is_able);
    for (uint32_t i = 0; i < agent->skill_count; i++)
        expect(grid_has(&pool->grid, pool->words.items[agent->skills[i].word].row, slot));
}

static void expect_sound_places(const struct pool *pool)
{
    uint32_t waiting = 0, offered = 0, live = 0, wraps = 0;
    for (uint32_t i = 0; i < pool->request_count; i++) {
        const struct request *request = &pool->requests[i];
        live += request->is_live;
        waiting += request->is_live && request->state == POOL_WAITING;
        wraps += request->is_live && request->state == POOL_WRAP_UP;
        offered += request->is_live && request->state == POOL_OFFER_OPEN;
        if (request->is_live)
            expect((request->state == POOL_WAITING) == (request->agent == SLOT_NONE));
    }
    expect_u64(pool->live_count, live);
    expect_u64(pool->waiting_count, waiting);
    expect_u64(pool->offer_count, offered);
    expect_u64(pool->wrap_count, wraps);
    for (uint32_t i = 0; i < pool->wrap_count; i++) {
        const struct request *request = &pool->requests[pool->wraps[i].request];
        expect(request->state == POOL_WRAP_UP);
        expect_u64(pool->wraps[i].deadline_ms, request->deadline_ms);
    }
    for (uint32_t i = 0; i < pool->waiting_count; i++) {
        const struct request *request = &pool->requests[pool->waiting[i].request];
        expect(request->state == POOL_WAITING);
        if (i > 0)
            expect(request_is_before(&pool->requests[pool->waiting[i - 1].request], request));
    }
    for (uint32_t i = 0; i < pool->offer_count; i++) {
        const struct request *request = &pool->requests[pool->offers[i].request];
        expect(request->state == POOL_OFFER_OPEN);
        expect_u64(pool->offers[i].deadline_ms, request->deadline_ms);
    }
}

/* Who is in the line is in its heap, once, and nobody comes before their parent. */
static void expect_sound_line(const struct pool *pool, uint32_t line, const struct seek_card *card)
{
    uint32_t members = 0, children = 0;
    for (uint32_t i = 0; i < pool->waiting_count; i++) {
        uint32_t slot = pool->waiting[i].request, before = slot;
        if (pool->places[slot].line != line)
            continue;
        members++;
        for (uint32_t child = pool->places[slot].child; child != SLOT_NONE;
                child = pool->places[child].next) {
            expect_u64(pool->places[child].line, line);
            expect_u64(pool->places[child].prev, before);
            expect(request_is_before(&pool->requests[slot], &pool->requests[child]));
            before = child;
            children++;
        }
    }
    expect_u64(card->alike, members);
    expect_u64(children + 1, members);
    expect_u64(card->first_queued_ms, pool->requests[card->request].first_queued_ms);
    expect_u64(pool->places[card->request].prev, SLOT_NONE);
}

/* Everybody who waits is loose, or in one line. */
static void expect_sound_lists(const struct pool *pool)
{
    uint32_t listed = pool->loose.count, shared = 0;
    for (uint32_t i = 0; i < pool->loose.count; i++) {
        const struct seek_place *place = &pool->places[pool->loose.cards[i].request];
        expect(place->line == SLOT_NONE && place->at == i);
    }
    for (uint32_t i = 0; i < pool->line_count; i++) {
        const struct seek_line *line = &pool->lines[i];
        if (line->at == SLOT_NONE)
            continue;
        const struct seek_list *list =
                line->word == WORD_NONE ? &pool->mustless : &pool->words.items[line->word].list;
        expect(line->at < list->count);
        expect_u64(pool->places[list->cards[line->at].request].line, i);
        expect_sound_line(pool, i, &list->cards[line->at]);
        listed += list->cards[line->at].alike;
        shared += line->is_shared;
    }
    expect_u64(listed, pool->waiting_count);
    expect_u64(pool->lines_by_need.len, shared);
}

static uint32_t takers_of_request(const struct request *request)
{
    const uint32_t words[] = {request->language, request->language_primary, request->last_agent,
            request->to_agent, request->queue, request->channel, request->class_name};
    uint32_t count = request->requirement_count + request->exclusion_count + request->term_count +
                     request->prefer_count;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        count += words[i] != WORD_NONE;
    return count;
}

/* Every word is taken as often as something refers to it, and forgotten otherwise. */
static void expect_sound_words(const struct pool *pool)
{
    uint32_t wanted = pool->over_count, taken = 0, live = 0;
    for (uint32_t i = 0; i < pool->agent_count; i++)
        if (pool->agents[i].id != WORD_NONE)
            wanted += 1 + pool->agents[i].skill_count + 2 * pool->agents[i].language_count +
                      pool->agents[i].queue_count + pool->agents[i].channel_count +
                      (pool->agents[i].shift != WORD_NONE);
    for (uint32_t i = 0; i < pool->request_count; i++)
        if (pool->requests[i].is_live)
            wanted += takers_of_request(&pool->requests[i]);
    for (uint32_t i = 1; i < pool->words.count; i++) {
        taken += pool->words.items[i].takers;
        live += pool->words.items[i].takers > 0;
    }
    expect_u64(taken, wanted);
    expect_u64(pool->words.index.len, live);
}

void expect_sound(const struct pool *pool)
{
    expect_sound_words(pool);
    expect_sound_places(pool);
    expect_sound_lists(pool);
    for (uint32_t slot = 0; slot < pool->agent_count; slot++)
        if (pool->agents[slot].id != WORD_NONE)
            expect_sound_agent(pool, slot);
}

/* ---- comparing ---- */

struct lines {
    char text[TEXT_BYTES];
    size_t len;
    char *lines[8192];
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void add(struct lines *lines, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int len = vsnprintf(lines->text + lines->len, sizeof lines->text - lines->len, format, values);
    va_end(values);
    expect(len >= 0 && lines->len + (size_t)len < TEXT_BYTES);
    lines->len += (size_t)len;
}

static void write_profile(struct lines *lines, const struct pool_entry *entry)
{
    const struct pool_profile *profile = &entry->profile;
    add(lines, " profile %d %u '%.*s'", profile->status, profile->capacity,
            SLICE_ARGS(profile->name));
    for (size_t i = 0; i < profile->skill_count; i++)
        add(lines, " %.*s:%u", SLICE_ARGS(profile->skills[i].name), profile->skills[i].level);
    for (size_t i = 0; i < profile->language_count; i++)
        add(lines, " %.*s", SLICE_ARGS(profile->languages[i]));
    for (size_t i = 0; i < profile->queue_count; i++)
        add(lines, " in %.*s", SLICE_ARGS(profile->queues[i]));
    for (size_t i = 0; i < profile->channel_count; i++)
        add(lines, " by %.*s:%u", SLICE_ARGS(profile->channels[i].name),
                profile->channels[i].weight);
    add(lines, " shift %.*s auto %d kept %" PRIu64 " %" PRIu64 " %u %d", SLICE_ARGS(profile->shift),
            profile->auto_accept, entry->kept_agent.since_ms, entry->kept_agent.idle_since_ms,
            entry->kept_agent.missed, entry->kept_agent.is_removed);
}

static void write_request(struct lines *lines, const struct pool_entry *entry)
{
    const struct pool_need *need = &entry->need;
    add(lines, " %.*s/%" PRIu64 " need %" PRIu64 " %.*s %.*s %.*s",
            SLICE_ARGS(entry->request.conversation), entry->request.name.seq, need->first_queued_ms,
            SLICE_ARGS(need->language), SLICE_ARGS(need->last_agent), SLICE_ARGS(need->to_agent));
    for (size_t i = 0; i < need->skill_count; i++)
        add(lines, " %.*s:%d:%u", SLICE_ARGS(need->skills[i].name), need->skills[i].must,
                need->skills[i].min_level);
    for (size_t i = 0; i < need->prefer_count; i++)
        add(lines, " rather %.*s", SLICE_ARGS(need->prefers[i]));
    add(lines, " in %.*s by %.*s of %.*s %" PRIu64 " %" PRIu64 " %u %d %d", SLICE_ARGS(need->queue),
            SLICE_ARGS(need->channel), SLICE_ARGS(need->class_name), need->value, need->promise_ms,
            need->weight, need->is_interruptible, need->is_stranded);
    for (size_t i = 0; i < entry->exclusion_count; i++)
        add(lines, " not %.*s<%" PRIu64, SLICE_ARGS(entry->exclusions[i].agent),
                entry->exclusions[i].until_ms);
    for (size_t i = 0; i < entry->term_count; i++)
        add(lines, " %.*s=%u", SLICE_ARGS(entry->terms[i].name), entry->terms[i].value);
    add(lines, " policy %.*s", SLICE_ARGS(entry->policy));
    add(lines, " offer %" PRIu64 " %" PRIu64 " %" PRIu64 " kept %d %" PRIu64 " %" PRIu64 " %u",
            entry->offer.seq, entry->deadline_ms, entry->policy_version, entry->kept_request.state,
            entry->kept_request.queued_ms, entry->kept_request.since_ms,
            entry->kept_request.weighed);
}

static void write_line(void *user, const struct pool_entry *entry)
{
    struct lines *lines = user;
    expect(lines->count < sizeof lines->lines / sizeof *lines->lines);
    lines->lines[lines->count++] = lines->text + lines->len;
    add(lines, "%d %.*s %" PRIu64 " pace %" PRIu64 " %" PRIu64 " %" PRIu64 " %d", entry->kind,
            SLICE_ARGS(entry->agent), entry->incarnation, entry->pace.mean_ms, entry->pace.samples,
            entry->pace.last_ms, entry->pace.was_waited);
    add(lines, " over %.*s %d", SLICE_ARGS(entry->shift), entry->is_over);
    if (entry->kind == POOL_SNAPSHOT_AGENT)
        write_profile(lines, entry);
    if (entry->kind == POOL_SNAPSHOT_REQUEST)
        write_request(lines, entry);
    add(lines, "%c", 0);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void write_pool(struct lines *lines, const struct pool *pool)
{
    lines->len = lines->count = 0;
    pool_snapshot(pool, write_line, lines);
    qsort(lines->lines, lines->count, sizeof *lines->lines, compare_lines);
}

void expect_same_pool(const struct pool *a, const struct pool *b)
{
    static struct lines left, right;
    write_pool(&left, a);
    write_pool(&right, b);
    expect_u64(left.count, right.count);
    for (size_t i = 0; i < left.count; i++)
        expect_slice(slice_of_string(left.lines[i]), slice_of_string(right.lines[i]));
}

struct copying {
    struct pool *to;
    uint64_t time_ms;
};

static void copy_one(void *user, const struct pool_entry *entry)
{
    struct copying *copying = user;
    struct name at = {.seq = 1};
    expect_u64(pool_apply(copying->to, &at, copying->time_ms, entry), POOL_DONE);
}

struct pool *pool_copy(const struct pool *pool, uint64_t time_ms)
{
    struct copying copying = {pool_create(pool_heap(), 99), time_ms};
    pool_snapshot(pool, copy_one, &copying);
    return copying.to;
}
