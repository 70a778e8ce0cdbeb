/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's table of settings, its rules, and the way from its text to the core's values.
 *
 * The rows are read, written and documented by the same code as the configuration's. Invariant:
 * a policy that was parsed can be decided by: its scores fit, and nobody can wait for ever under
 * it. What was refused changes nothing.
 */
#include "config/policy_file.h"

#include "config/policy_names.h"
#include "config/reader.h"
#include "core/route/pool_entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT(type, member) .offset = offsetof(struct type, member)
#define TEXT(type, member) AT(type, member), .size = sizeof(((struct type *)NULL)->member)
#define NUMBER(type, label, from, to, standard, meaning) \
    { \
        .name = #label, .kind = SETTING_NUMBER, AT(type, label), .least = (from), .most = (to), \
        .fallback = #standard, .help = (meaning) \
    }

enum { DAY_MS = 24 * 60 * 60 * 1000, AGES_MAX = 1000 };

/* The struct mirrors the file, member for member. */
struct policy_weights {
    uint32_t direct, skill, language, continuity, willing, load, fairness, age, class_, value,
            promise, calm;
};

struct policy_values {
    struct policy_weights weights;
    uint32_t offer_ms, exclusion_ms, missed_max, direct_ms, relax_unknown_ms, relax_absent_ms,
            relax_busy_ms, grace_ms, fairness_ms, age_ms, prefer_ms, wrap_up_ms, silence_ms,
            idle_ms, idle_weight, auto_accept, continuity_ms, promise_ms, value_full;
    struct policy_names names;
};

static const struct setting weights_rows[] = {
        NUMBER(policy_weights, direct, 0, ROUTE_WEIGHT_MAX, 5000,
                "The agent whom the case was handed to by name."),
        NUMBER(policy_weights, skill, 0, ROUTE_WEIGHT_MAX, 1000,
                "How well the agent's skills fit."),
        NUMBER(policy_weights, language, 0, ROUTE_WEIGHT_MAX, 1000, "The customer's language."),
        NUMBER(policy_weights, continuity, 0, ROUTE_WEIGHT_MAX, 400,
                "The agent who helped last time."),
        NUMBER(policy_weights, willing, 0, ROUTE_WEIGHT_MAX, 500,
                "Less for an agent who declined or missed this case a short time ago."),
        NUMBER(policy_weights, load, 0, ROUTE_WEIGHT_MAX, 300, "How much room the agent has left."),
        NUMBER(policy_weights, fairness, 0, ROUTE_WEIGHT_MAX, 200,
                "How long the agent has been idle."),
        NUMBER(policy_weights, age, 0, ROUTE_WEIGHT_MAX, 1000, "How long the customer has waited."),
        {.name = "class",
                .kind = SETTING_NUMBER,
                AT(policy_weights, class_),
                .most = ROUTE_WEIGHT_MAX,
                .fallback = "500",
                .help = "The customer's class, as much as `classes` says."},
        NUMBER(policy_weights, value, 0, ROUTE_WEIGHT_MAX, 300, "What is at stake."),
        NUMBER(policy_weights, promise, 0, ROUTE_WEIGHT_MAX, 1000,
                "How much of the promised time is gone."),
        NUMBER(policy_weights, calm, 0, ROUTE_WEIGHT_MAX, 200,
                "Taking the case interrupts none of the agent's other work."),
        {0}};

static const struct setting policy_rows[] = {
        {.name = "weights",
                .kind = SETTING_SECTION,
                AT(policy_values, weights),
                .inner = weights_rows,
                .help = "Weights of the terms of a score, in thousandths; 0 switches a term off."},
        NUMBER(policy_values, offer_ms, 100, DAY_MS, 30000,
                "How long an agent may think about an offer before it is offered on."),
        NUMBER(policy_values, exclusion_ms, 0, DAY_MS, 30000,
                "How long an agent who declined or missed a case is passed over for it, less and "
                "less."),
        NUMBER(policy_values, missed_max, 0, 1000, 3,
                "Offers missed in a row until an agent is set away; 0: never."),
        NUMBER(policy_values, direct_ms, 0, DAY_MS, 60000,
                "How long a case waits for the agent whom it was handed to by name."),
        NUMBER(policy_values, relax_unknown_ms, 0, DAY_MS, 15000,
                "Waiting time after which a needed skill that no agent has is only preferred."),
        NUMBER(policy_values, relax_absent_ms, 0, DAY_MS, 60000,
                "The same for one that no agent who is there has; 0: never."),
        NUMBER(policy_values, relax_busy_ms, 0, DAY_MS, 0,
                "The same for every needed skill; 0: never."),
        NUMBER(policy_values, grace_ms, 0, DAY_MS, 20000,
                "From an agent's going offline until their chats go back to the queue."),
        NUMBER(policy_values, fairness_ms, 1, DAY_MS, 600000, "The idle time that counts in full."),
        NUMBER(policy_values, age_ms, 1, DAY_MS, 600000, "The waiting time that counts in full."),
        NUMBER(policy_values, prefer_ms, 0, DAY_MS, 20000,
                "How long a case waits for agents that it prefers; 0: not."),
        NUMBER(policy_values, continuity_ms, 0, 7 * DAY_MS, 0,
                "A new case prefers the contact's last agent when the case before ended no longer "
                "ago; 0: never."),
        NUMBER(policy_values, wrap_up_ms, 0, DAY_MS, 0,
                "How long an agent keeps the place of a closed case to finish with it; 0: not."),
        NUMBER(policy_values, silence_ms, 0, DAY_MS, 0,
                "How long a customer waits unanswered until the case goes back to the queue; 0: "
                "for ever."),
        NUMBER(policy_values, idle_ms, 0, DAY_MS, 0,
                "How long a chat must be silent to weigh `idle_weight`; 0: it never does."),
        NUMBER(policy_values, idle_weight, 1, 1000, 100,
                "What a silent chat weighs, in thousandths of a chat."),
        NUMBER(policy_values, auto_accept, 0, 1, 0,
                "1: agents are not asked, what would be offered is theirs."),
        NUMBER(policy_values, promise_ms, 0, DAY_MS, 0,
                "In which time a case is to be answered when its queue does not say; 0: nothing is "
                "promised."),
        NUMBER(policy_values, value_full, 1, 1000000000, 100000,
                "The value at stake that counts in full."),
        {.name = "channels",
                .kind = SETTING_SECTIONS,
                AT(policy_values, names.channels),
                .size = sizeof(struct policy_channel),
                .most = ROUTE_CHANNELS_MAX,
                .count_offset = offsetof(struct policy_values, names.channel_count),
                .inner = policy_channel_rows,
                .help = "What cases of a channel weigh; those not named weigh as a chat."},
        {.name = "classes",
                .kind = SETTING_SECTIONS,
                AT(policy_values, names.classes),
                .size = sizeof(struct policy_class),
                .most = ROUTE_CLASSES_MAX,
                .count_offset = offsetof(struct policy_values, names.class_count),
                .inner = policy_class_rows,
                .help = "Classes of customers."},
        {.name = "queues",
                .kind = SETTING_SECTIONS,
                AT(policy_values, names.queues),
                .size = sizeof(struct policy_queue),
                .most = ROUTE_QUEUES_MAX,
                .count_offset = offsetof(struct policy_values, names.queue_count),
                .inner = policy_queue_rows,
                .help = "Where cases wait: hours, overflow, promise."},
        {.name = "shifts",
                .kind = SETTING_SECTIONS,
                AT(policy_values, names.shifts),
                .size = sizeof(struct policy_shift),
                .most = ROUTE_SHIFTS_MAX,
                .count_offset = offsetof(struct policy_values, names.shift_count),
                .inner = policy_shift_rows,
                .help = "Hours of groups of agents: outside of them they keep their chats and get "
                        "no "
                        "new offers."},
        {0}};

/* ---- rules ---- */

static bool is_breached(struct breach *out, const char *where, const char *sentence)
{
    snprintf(out->where, sizeof out->where, "%s", where);
    snprintf(out->sentence, sizeof out->sentence, "%s", sentence);
    return true;
}

/* Age alone grows without limit, up to so many times its weight; with less weight than this it
 * never outgrows the others (docs/explanation/routing.md). */
static bool may_starve(const struct policy_values *values, struct breach *out)
{
    const struct policy_weights *weights = &values->weights;
    uint32_t others = weights->skill + weights->language + weights->continuity + weights->willing +
                      weights->load + weights->fairness + weights->class_ + weights->value +
                      weights->promise + weights->calm;
    uint32_t least = (others + AGES_MAX - 1) / AGES_MAX;
    char sentence[CONFIG_TEXT_MAX];
    snprintf(sentence, sizeof sentence,
            "'weights.age' is %u; it must be at least %u, a thousandth of the other weights "
            "together, or somebody could wait for ever",
            weights->age, least > 0 ? least : 1);
    return weights->age < (least > 0 ? least : 1) && is_breached(out, "weights.age", sentence);
}

static bool may_bounce(const struct policy_values *values, struct breach *out)
{
    return values->exclusion_ms == 0 && values->weights.willing == 0 &&
           is_breached(out, "exclusion_ms",
                   "'exclusion_ms' and 'weights.willing' are both 0: a case would be offered to "
                   "whoever has just declined it, again and again");
}

/* ---- values ---- */

static struct route_policy to_route(const struct policy_values *from)
{
    const struct policy_weights *weights = &from->weights;
    struct route_policy policy = route_policy_default();
    const uint32_t values[ROUTE_TERM_COUNT] = {
            [ROUTE_TERM_DIRECT] = weights->direct,
            [ROUTE_TERM_SKILL] = weights->skill,
            [ROUTE_TERM_LANGUAGE] = weights->language,
            [ROUTE_TERM_CONTINUITY] = weights->continuity,
            [ROUTE_TERM_WILLING] = weights->willing,
            [ROUTE_TERM_LOAD] = weights->load,
            [ROUTE_TERM_FAIRNESS] = weights->fairness,
            [ROUTE_TERM_AGE] = weights->age,
            [ROUTE_TERM_CLASS] = weights->class_,
            [ROUTE_TERM_VALUE] = weights->value,
            [ROUTE_TERM_PROMISE] = weights->promise,
            [ROUTE_TERM_CALM] = weights->calm,
    };
    memcpy(policy.weights, values, sizeof values);
    policy.offer_ms = from->offer_ms;
    policy.exclusion_ms = from->exclusion_ms;
    policy.missed_max = from->missed_max;
    policy.direct_ms = from->direct_ms;
    policy.relax_unknown_ms = from->relax_unknown_ms;
    policy.relax_absent_ms = from->relax_absent_ms;
    policy.relax_busy_ms = from->relax_busy_ms;
    policy.grace_ms = from->grace_ms;
    policy.fairness_ms = from->fairness_ms;
    policy.age_ms = from->age_ms;
    policy.prefer_ms = from->prefer_ms;
    policy.continuity_ms = from->continuity_ms;
    policy.wrap_up_ms = from->wrap_up_ms;
    policy.silence_ms = from->silence_ms;
    policy.idle_ms = from->idle_ms;
    policy.idle_weight = from->idle_weight;
    policy.auto_accept = from->auto_accept != 0;
    policy.promise_ms = from->promise_ms;
    policy.value_full = from->value_full;
    return policy;
}

static bool read_values(struct reader *reader, struct slice text, const struct policy_use *use,
        struct policy_values *out, struct policy_setup *setup)
{
    struct breach breach;
    struct mark mark;
    char why[256];
    if (!document_parse(&reader->document, text.bytes, text.len, why, &mark))
        return reader_fail(reader, mark, "%s", why);
    reader_defaults(policy_rows, out, "");
    bool is_good = reader_settings(reader, policy_rows, out);
    if (is_good && (may_starve(out, &breach) || may_bounce(out, &breach) ||
                           !policy_names_read(&out->names, use, setup, &breach)))
        is_good = reader_breach(reader, &breach);
    document_close(&reader->document);
    return is_good;
}

/* In one piece, the policy first, so that whoever frees it frees all. */
struct whole_policy {
    struct route_policy policy;
    struct policy_setup names;
};

static struct route_policy *parse(const struct policy_use *use, struct slice text, const char *name,
        struct config_problem *out_problem)
{
    struct reader reader = {.path = name, .problem = out_problem};
    struct policy_values *values = calloc(1, sizeof *values);
    struct whole_policy *whole = malloc(sizeof *whole);
    bool is_good = false;
    if (values == NULL || whole == NULL)
        reader_fail(&reader, (struct mark){0}, "there is not enough memory");
    else
        is_good = read_values(&reader, text, use, values, &whole->names);
    if (is_good) {
        whole->policy = to_route(values);
        whole->policy.setup = &whole->names.setup;
    } else {
        free(whole);
    }
    free(values);
    return is_good ? &whole->policy : NULL;
}

struct route_policy *policy_parse_for(const struct route_staff *staff, struct slice text,
        const char *name, struct config_problem *out_problem)
{
    return parse(&(struct policy_use){.staff = staff}, text, name, out_problem);
}

struct route_policy *policy_parse(
        struct slice text, const char *name, struct config_problem *out_problem)
{
    return parse(&(struct policy_use){0}, text, name, out_problem);
}

struct route_policy *policy_parse_stored(
        struct slice text, const char *name, struct config_problem *out_problem)
{
    return parse(&(struct policy_use){.is_stored = true}, text, name, out_problem);
}

/* ---- the file ---- */

bool policy_text_read(const char *path, struct policy_text *out, struct config_problem *out_problem)
{
    struct reader reader = {.path = path, .problem = out_problem};
    FILE *file = fopen(path, "re");
    char *bytes = file ? malloc(POOL_POLICY_MAX + 1) : NULL;
    size_t len = bytes ? fread(bytes, 1, POOL_POLICY_MAX + 1, file) : 0;
    bool is_read = bytes != NULL && !ferror(file);
    int fault = errno;
    if (file != NULL)
        fclose(file);
    if (is_read && len <= POOL_POLICY_MAX) {
        *out = (struct policy_text){bytes, len};
        return true;
    }
    free(bytes);
    if (is_read)
        return reader_fail(&reader, (struct mark){0}, "the policy is too long: at most %d bytes",
                POOL_POLICY_MAX);
    return reader_fail(&reader, (struct mark){0}, "the file cannot be read: %s", strerror(fault));
}

/* ---- written ---- */

void policy_write_defaults(FILE *out)
{
    fputs("# How Weft routes. Every setting is here with its default. Check a file with:\n"
          "# weft policy check FILE\n",
            out);
    settings_write(out, policy_rows);
}

void policy_write_reference(FILE *out)
{
    fputs("# The policy file\n\n"
          "How cases find their agent, in one YAML file of at most 16 KiB. It is named by "
          "`policy_file` in the\n"
          "[configuration](configuration.md), or put with `weft policy put FILE`. Every setting "
          "may be left out.\n"
          "Unknown terms and settings, values out of range and contradictions are refused with "
          "line and column;\n"
          "the policy before stays in force. `weft policy defaults` writes a commented file, "
          "`weft policy check FILE`\n"
          "reads one. What the words mean: [routing](../explanation/routing.md); how to change "
          "it: [how to change the\n"
          "policy](../how-to/change-the-policy.md).\n",
            out);
    settings_write_tables(out, policy_rows);
}
