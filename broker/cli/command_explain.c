/* SPDX-License-Identifier: Apache-2.0 */
/* weft explain and weft export-routing: why this agent, and the log that says so.
 *
 * The pool's log is folded by the broker's own core up to each decision on the case; there the core
 * is asked who was a candidate, who was not and why, by the policy that was in force. Invariant:
 * nothing is guessed from the outcome: the recorded terms are printed beside what the core says.
 */
#include "base/heap.h"
#include "cli/command.h"
#include "cli/routing_log.h"
#include "cli/say.h"
#include "config/policy_file.h"
#include "core/route/route.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES_MAX = 200, SCRATCH_BYTES = 16 * 1024 * 1024, SENTENCE_MAX = 4608 };

struct explain_options {
    const char *up, *tenant, *log;
    uint64_t candidates;
    bool is_json;
};

static const struct explain_options defaults = {.tenant = "demo", .candidates = 5};

static const struct option_row rows[] = {{"--up", OPTION_TEXT, offsetof(struct explain_options, up),
                                                 "FILE", "the up.json of a running Weft", 0, 0},
        {"--tenant", OPTION_TEXT, offsetof(struct explain_options, tenant), "T",
                "whose routing; demo when absent", 0, 0},
        {"--log", OPTION_TEXT, offsetof(struct explain_options, log), "FILE",
                "instead: a log from `weft export-routing`", 0, 0},
        {"--candidates", OPTION_NUMBER, offsetof(struct explain_options, candidates), "N",
                "so many agents of each decision, the best first; 5 when absent", 1,
                CANDIDATES_MAX},
        {"--json", OPTION_FLAG, offsetof(struct explain_options, is_json), NULL,
                "each decision as one JSON object a line", 0, 0},
        {0}};

struct explaining {
    const struct explain_options *options;
    struct slice conversation;
    uint64_t seq; /* 0: every request of the conversation */
    struct pool *pool;
    struct route_policy *policy; /* of the log; NULL: the defaults */
    struct route_policy standard;
    uint64_t version;
    size_t found;
    bool is_begun; /* from the log's birth, or from a snapshot on */
};

static const char *verdict_word(enum route_verdict verdict)
{
    switch (verdict) {
    case ROUTE_ELIGIBLE:
        return "eligible";
    case ROUTE_NOT_ONLINE:
        return "not_online";
    case ROUTE_NO_ROOM:
        return "no_room";
    case ROUTE_EXCLUDED:
        return "excluded";
    case ROUTE_LACKS_SKILL:
        return "lacks_skill";
    case ROUTE_NOT_ASKED_FOR:
        return "not_asked_for";
    case ROUTE_NOT_PREFERRED:
        return "not_preferred";
    case ROUTE_OFF_SHIFT:
        return "out_of_schedule";
    case ROUTE_OTHER_QUEUE:
        return "other_queue";
    }
    return "unknown";
}

static void print_terms(const struct pool_term *terms, size_t count, bool is_json)
{
    for (size_t i = 0; i < count; i++)
        printf(is_json ? "%s\"%.*s\":%u" : "%s%.*s %u",
                i == 0    ? ""
                : is_json ? ","
                          : ", ",
                SLICE_ARGS(terms[i].name), terms[i].value);
}

static void print_candidate(const struct route_candidate *one, bool is_json)
{
    if (is_json) {
        printf("{\"agent\":\"%.*s\",\"verdict\":\"%s\",\"score\":%" PRIu64, SLICE_ARGS(one->agent),
                verdict_word(one->verdict), one->score);
        if (one->verdict == ROUTE_LACKS_SKILL)
            printf(",\"skill\":\"%.*s\"", SLICE_ARGS(one->skill));
        if (one->verdict == ROUTE_EXCLUDED)
            printf(",\"until_ms\":%" PRIu64, one->until_ms);
        fputs(",\"terms\":{", stdout);
    } else {
        printf("  %-20.*s %8" PRIu64 "  %-13s ", SLICE_ARGS(one->agent), one->score,
                verdict_word(one->verdict));
        if (one->verdict == ROUTE_LACKS_SKILL)
            printf("(%.*s) ", SLICE_ARGS(one->skill));
    }
    print_terms(one->terms, one->term_count, is_json);
    fputs(is_json ? "}}" : "\n", stdout);
}

/* entry NULL: the case waits, and this is how it would be decided now. */
static void print_decision(struct explaining *all, const struct pool_line *line,
        const struct pool_entry *entry, const struct pool_key *key)
{
    static struct route_candidate candidates[CANDIDATES_MAX];
    const struct route_policy *policy = all->policy ? all->policy : &all->standard;
    size_t most = (size_t)all->options->candidates;
    size_t seen = pool_explain(all->pool, policy, key, line->time_ms, candidates, most);
    bool is_json = all->options->is_json;
    struct slice agent = entry != NULL ? entry->agent : SLICE_NONE;
    printf(is_json ? "{\"conversation\":\"%.*s\",\"request\":%" PRIu64 ",\"at\":%" PRIu64
                     ",\"time_ms\":%" PRIu64 ",\"agent\":\"%.*s\",\"policy\":%" PRIu64
                     ",\"gap\":%u,\"chance\":%u,\"agents\":%zu,\"recorded\":{"
                   : "%.*s:%" PRIu64 "  entry %" PRIu64 " at %" PRIu64 " ms: %.*s  (policy %" PRIu64
                     ", gap %u per mille, chance %u per mille, %zu "
                     "agents)\n  recorded: ",
            SLICE_ARGS(key->conversation), key->name.seq, line->at.seq, line->time_ms,
            SLICE_ARGS(agent), entry ? entry->policy_version : policy->version,
            entry ? entry->gap : 0, entry ? entry->chance : 0, seen);
    if (entry != NULL)
        print_terms(entry->terms, entry->term_count, is_json);
    fputs(is_json ? "},\"candidates\":[" : "\n", stdout);
    for (size_t i = 0; i < seen && i < most; i++) {
        fputs(is_json && i > 0 ? "," : "", stdout);
        print_candidate(&candidates[i], is_json);
    }
    fputs(is_json ? "]}\n" : "\n", stdout);
    all->found++;
}

static bool is_asked_for(const struct explaining *all, const struct pool_key *key)
{
    return slice_equal(key->conversation, all->conversation) &&
           (all->seq == 0 || key->name.seq == all->seq);
}

static void take_policy(struct explaining *all)
{
    struct config_problem problem;
    struct pool_policy newest = pool_policy(all->pool);
    if (newest.version == all->version)
        return;
    all->version = newest.version;
    free(all->policy);
    all->policy = policy_parse_stored(newest.text, "the log's policy", &problem);
    if (all->policy != NULL)
        all->policy->version = newest.version;
    else
        say("%s; the defaults are taken", problem.text);
}

static void fold_line(struct explaining *all, const struct pool_line *line)
{
    all->is_begun |=
            line->at.seq == 1 || (line->count > 0 && line->entries[0].kind == POOL_SNAPSHOT);
    for (size_t i = 0; i < line->count && all->is_begun; i++) {
        const struct pool_entry *entry = &line->entries[i];
        bool is_decision = entry->kind == POOL_OFFERED || entry->kind == POOL_ASSIGNED;
        if (is_decision && is_asked_for(all, &entry->request))
            print_decision(all, line, entry, &entry->request);
        pool_apply(all->pool, &line->at, line->time_ms, entry);
    }
    take_policy(all);
}

static void explain_who_waits(struct explaining *all, const struct pool_line *last)
{
    struct pool_request_view view;
    size_t cursor = 0;
    while (pool_next_waiting(all->pool, &cursor, &view))
        if (is_asked_for(all, &view.key))
            print_decision(all, last, NULL, &view.key);
}

static int explain_log(struct explaining *all, const struct routing_log *log)
{
    struct pool_line line = {.time_ms = 0};
    struct slice text;
    struct arena scratch;
    void *bytes = malloc(SCRATCH_BYTES);
    if (bytes == NULL || all->pool == NULL) {
        free(bytes);
        return say_code(CLI_NOT_RUN, "there is not enough memory");
    }
    bool is_good = true;
    for (size_t at = 0; is_good && routing_log_next(log, &at, &text);) {
        arena_init(&scratch, bytes, SCRATCH_BYTES);
        is_good = text.len == 0 || pool_line_read(text, &scratch, &line);
        if (is_good && text.len > 0)
            fold_line(all, &line);
    }
    if (is_good)
        explain_who_waits(all, &line);
    free(bytes);
    if (!is_good)
        return say_code(CLI_NOT_RUN, "this is no routing log (`weft export-routing`)");
    if (all->found == 0)
        return say_code(CLI_FOUND, "no decision on that case is in the log");
    return fflush(stdout) == 0 ? CLI_GOOD : CLI_NOT_RUN;
}

/* A conversation's id, perhaps with ':' and the number of the request. */
static void read_case(const char *text, struct explaining *out)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    out->conversation = slice_make(text, len);
    out->seq = colon != NULL ? strtoull(colon + 1, NULL, 10) : 0;
}

static int get_log(const struct explain_options *options, struct routing_log *out)
{
    char why[ROUTING_LOG_WHY_MAX], sentence[SENTENCE_MAX];
    struct place place;
    if (options->log != NULL)
        return routing_log_read(options->log, out, why) ? CLI_GOOD
                                                        : say_code(CLI_NOT_RUN, "%s", why);
    if (options->up == NULL)
        return say_code(CLI_USAGE, "it needs --up FILE or --log FILE");
    if (strpbrk(options->tenant, "/?# ") != NULL || strlen(options->tenant) > 64)
        return say_code(CLI_USAGE, "'%s' is not a tenant's id", options->tenant);
    if (!place_read(options->up, &place, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    if (!routing_log_fetch(&place, options->tenant, out, why))
        return say_code(CLI_NOT_RUN, "%s", why);
    return CLI_GOOD;
}

static int run_explain(const void *given, const struct command_words *words)
{
    struct explaining all = {.options = given, .standard = route_policy_default()};
    struct routing_log log;
    int code = get_log(given, &log);
    if (code != CLI_GOOD)
        return code;
    read_case(words->all[0], &all);
    all.standard.version = 0;
    all.pool = pool_create((struct pool_memory){heap_resize, NULL}, 1);
    code = explain_log(&all, &log);
    pool_destroy(all.pool);
    free(all.policy);
    routing_log_finish(&log);
    return code;
}

static int run_export(const void *given, const struct command_words *words)
{
    struct routing_log log;
    int code = get_log(given, &log);
    (void)words;
    if (code != CLI_GOOD)
        return code;
    bool is_written = fwrite(log.bytes ? log.bytes : "", 1, log.len, stdout) == log.len;
    routing_log_finish(&log);
    return is_written && fflush(stdout) == 0 ? CLI_GOOD : CLI_NOT_RUN;
}

const struct command command_explain = {
        .name = "explain",
        .words = "CASE",
        .summary = "Tells why a case was offered to whom: candidates, terms, exclusions.",
        .details = "CASE is a conversation's id, or id:N for its request N. Each decision on it is "
                   "found in the pool's\nlog and asked for again from the very same core, by the "
                   "policy that was in force.\n\nExit codes: 0 told; 1 no decision was found; 2 "
                   "it could not be found out; 64 bad arguments.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 1,
        .words_most = 1,
        .run = run_explain,
};

const struct command command_export_routing = {
        .name = "export-routing",
        .words = "",
        .summary = "Prints a tenant's pool log as lines of JSON, for explain and replay-routing.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 0,
        .words_most = 0,
        .run = run_export,
};
