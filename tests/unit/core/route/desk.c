/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs behind desk.h. After each of them the whole pool is checked for soundness. */
#include "desk.h"

#include "lib/test.h"

#include <stdio.h>

struct pool *desk_pool;
struct pool_log desk_log;
struct route_policy desk_policy;
uint64_t desk_now_ms;

void desk_open(void)
{
    desk_pool = pool_create(pool_heap(), 7);
    pool_log_init(&desk_log);
    desk_policy = route_policy_default();
    desk_now_ms = 1000000;
}

void desk_close(void)
{
    struct pool *copy = pool_copy(desk_pool, desk_now_ms);
    expect_same_pool(desk_pool, copy);
    expect_sound(copy);
    pool_destroy(copy);
    pool_destroy(desk_pool);
    pool_log_finish(&desk_log);
}

static struct slice text(const char *string)
{
    return slice_of_string(string);
}

enum pool_outcome desk_says(const struct pool_entry *entry)
{
    size_t seen = desk_log.record_count;
    expect(pool_log_append(&desk_log, seen, desk_now_ms, entry, 1));
    enum pool_outcome outcome = pool_log_fold(&desk_log, seen, desk_pool);
    expect_sound(desk_pool);
    return outcome;
}

static void must_do(const struct pool_entry *entry)
{
    expect_u64(pool_may_apply(desk_pool, entry), POOL_DONE);
    expect_u64(desk_says(entry), POOL_DONE);
}

struct pool_key key_of(const char *conversation, uint64_t seq)
{
    return (struct pool_key){text(conversation), {.seq = seq, .mark = {0xab}}};
}

/* The next word of a list separated by blanks; empty at the end. */
static struct slice next_word(const char **list)
{
    size_t blanks = strspn(*list, " ");
    struct slice word = {*list + blanks, strcspn(*list + blanks, " ")};
    *list = word.bytes + word.len;
    return word;
}

static struct pool_skill skill_of(struct slice word)
{
    struct pool_skill skill = {word, POOL_LEVEL_MAX};
    const char *colon = memchr(word.bytes, ':', word.len);
    if (colon == NULL)
        return skill;
    skill.name.len = (size_t)(colon - word.bytes);
    skill.level = 0;
    for (const char *digit = colon + 1; digit < word.bytes + word.len; digit++)
        skill.level = skill.level * 10 + (uint32_t)(*digit - '0');
    return skill;
}

const char *one_of_many(char letter, unsigned number)
{
    static char texts[64][16];
    static unsigned next;
    char *text = texts[next++ % 64];
    snprintf(text, sizeof texts[0], "%c%u", letter, number);
    return text;
}

void agent_comes(const char *agent, uint32_t capacity, const char *skills, const char *languages)
{
    struct pool_skill list[POOL_SKILLS_MAX];
    struct slice spoken[POOL_LANGUAGES_MAX], word;
    struct pool_entry entry = {.kind = POOL_PRESENCE,
            .agent = text(agent),
            .profile = {.status = POOL_ONLINE,
                    .capacity = capacity,
                    .skills = list,
                    .languages = spoken,
                    .name = text(agent)}};
    while ((word = next_word(&skills)).len > 0)
        list[entry.profile.skill_count++] = skill_of(word);
    while ((word = next_word(&languages)).len > 0)
        spoken[entry.profile.language_count++] = word;
    must_do(&entry);
}

void agent_is(const char *agent, enum pool_status status)
{
    must_do(&(struct pool_entry){
            .kind = POOL_STATUS, .agent = text(agent), .profile.status = status});
}

void agent_is_removed(const char *agent)
{
    must_do(&(struct pool_entry){.kind = POOL_AGENT_REMOVED, .agent = text(agent)});
}

struct pool_need need_of(const char *skills, const char *language)
{
    static struct pool_requirement list[POOL_REQUIREMENTS_MAX];
    struct pool_need need = {.skills = list, .language = text(language)};
    struct slice word;
    while ((word = next_word(&skills)).len > 0) {
        bool must = word.bytes[word.len - 1] == '!';
        list[need.skill_count++] = (struct pool_requirement){
                .name = slice_make(word.bytes, word.len - must), .must = must};
    }
    return need;
}

void customer_waits_as(const char *conversation, uint64_t seq, struct pool_need need)
{
    if (need.first_queued_ms == 0)
        need.first_queued_ms = desk_now_ms;
    must_do(&(struct pool_entry){
            .kind = POOL_QUEUED, .request = key_of(conversation, seq), .need = need});
}

void customer_waits_speaking(const char *conversation, const char *skills, const char *language)
{
    customer_waits_as(conversation, 1, need_of(skills, language));
}

void customer_waits(const char *conversation, const char *skills)
{
    customer_waits_speaking(conversation, skills, "");
}

void customer_is_handed(const char *conversation, uint64_t seq, const char *from, const char *to)
{
    struct pool_exclusion not_from = {text(from), desk_now_ms + desk_policy.exclusion_ms};
    struct pool_entry entry = {.kind = POOL_QUEUED,
            .request = key_of(conversation, seq),
            .need = {.first_queued_ms = desk_now_ms, .to_agent = text(to)},
            .exclusions = &not_from,
            .exclusion_count = 1};
    must_do(&entry);
}

/* The live request of the conversation; the case fails when there is none. */
struct pool_request_view view_of(const char *conversation)
{
    struct pool_request_view view;
    size_t cursor = 0;
    while (pool_next_request(desk_pool, &cursor, &view))
        if (slice_is(view.key.conversation, conversation))
            return view;
    test_note("conversation %s", conversation);
    expect(!"there is a live request");
    return view;
}

static void answer(enum pool_kind kind, const char *agent, const char *conversation)
{
    struct pool_request_view view = view_of(conversation);
    must_do(&(struct pool_entry){.kind = kind,
            .request = view.key,
            .agent = text(agent),
            .offer = view.offer,
            .until_ms = desk_now_ms + desk_policy.exclusion_ms});
}

void accepts(const char *agent, const char *conversation)
{
    answer(POOL_ACCEPTED, agent, conversation);
}

void declines(const char *agent, const char *conversation)
{
    answer(POOL_DECLINED, agent, conversation);
}

void ends(const char *conversation)
{
    must_do(&(struct pool_entry){
            .kind = POOL_RELEASED, .request = view_of(conversation).key, .reason = text("solved")});
}

void owns(const char *agent, const char *conversation)
{
    must_do(&(struct pool_entry){
            .kind = POOL_ADOPTED, .request = key_of(conversation, 1), .agent = text(agent)});
}

void time_passes(uint64_t ms)
{
    desk_now_ms += ms;
}

static struct pool_decisions decisions;

size_t router_works(void)
{
    size_t offers = 0;
    for (int round = 0; round < 10000; round++) {
        pool_decide(desk_pool, &desk_policy, desk_now_ms, &decisions);
        size_t seen = desk_log.record_count;
        if (decisions.count > 0) {
            expect(pool_log_append(
                    &desk_log, seen, desk_now_ms, decisions.entries, decisions.count));
            expect_u64(pool_log_fold(&desk_log, seen, desk_pool), POOL_DONE);
            expect_sound(desk_pool);
        }
        for (size_t i = desk_log.entry_count - decisions.count; i < desk_log.entry_count; i++)
            offers += desk_log.entries[i].kind == POOL_OFFERED;
        if (!decisions.has_more) {
            expect_nobody_waits_while_somebody_is_free();
            return offers;
        }
        expect(decisions.count > 0);
    }
    expect(!"the router comes to an end");
    return 0;
}

void time_passes_working(uint64_t ms)
{
    uint64_t end_ms = desk_now_ms + ms;
    router_works();
    while (decisions.next_due_ms <= end_ms) {
        expect(decisions.next_due_ms > desk_now_ms);
        desk_now_ms = decisions.next_due_ms;
        router_works();
    }
    desk_now_ms = end_ms;
}

static void expect_state(const char *conversation, enum pool_state state, const char *agent)
{
    struct pool_request_view view = view_of(conversation);
    test_note("conversation %s", conversation);
    expect_u64(view.state, state);
    expect_text(view.agent, agent);
    test_note("%s", "");
}

void expect_offered_to(const char *conversation, const char *agent)
{
    expect_state(conversation, POOL_OFFER_OPEN, agent);
}

void expect_talks_to(const char *conversation, const char *agent)
{
    expect_state(conversation, POOL_ACTIVE, agent);
}

void expect_waiting(const char *conversation)
{
    expect_state(conversation, POOL_WAITING, "");
}

void expect_gone(const char *conversation)
{
    struct pool_request_view view;
    for (size_t cursor = 0; pool_next_request(desk_pool, &cursor, &view);)
        expect(!slice_is(view.key.conversation, conversation));
}

void expect_load(const char *agent, uint32_t load)
{
    struct pool_agent_view view;
    expect(pool_find_agent(desk_pool, text(agent), &view));
    test_note("agent %s", agent);
    expect_u64(view.load, load);
    test_note("%s", "");
}

void expect_nobody_waits_while_somebody_is_free(void)
{
    expect_u64(pool_waiting_while_free(desk_pool, &desk_policy, desk_now_ms), 0);
}
