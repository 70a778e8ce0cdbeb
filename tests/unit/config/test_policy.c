/* SPDX-License-Identifier: Apache-2.0 */
/* The policy file: what is read, and the very words with which a bad one is refused.
 *
 * With --write-reference it prints docs/reference/policy.md instead.
 */
#include "config/policy_file.h"
#include "core/route/pool_entry.h"
#include "core/route/setup.h"
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

static struct config_problem problem;

static struct route_policy *parse(const char *text)
{
    struct route_policy *policy = policy_parse(slice_of_string(text), "policy.yaml", &problem);
    test_note("%s: %s", text, policy ? "good" : problem.text);
    return policy;
}

/* Core has a policy of its own for where nothing was put: they are the same. */
static void an_empty_policy_is_that_of_the_core(void)
{
    struct route_policy core = route_policy_default();
    struct route_policy *read = parse("# nothing\n");
    expect(read != NULL);
    for (int term = 0; term < ROUTE_TERM_COUNT; term++)
        expect_u64(read->weights[term], core.weights[term]);
    expect_u64(read->offer_ms, core.offer_ms);
    expect_u64(read->exclusion_ms, core.exclusion_ms);
    expect_u64(read->missed_max, core.missed_max);
    expect_u64(read->direct_ms, core.direct_ms);
    expect_u64(read->relax_unknown_ms, core.relax_unknown_ms);
    expect_u64(read->relax_absent_ms, core.relax_absent_ms);
    expect_u64(read->relax_busy_ms, core.relax_busy_ms);
    expect_u64(read->grace_ms, core.grace_ms);
    expect_u64(read->fairness_ms, core.fairness_ms);
    expect_u64(read->age_ms, core.age_ms);
    expect_u64(read->prefer_ms, core.prefer_ms);
    expect_u64(read->continuity_ms, core.continuity_ms);
    expect_u64(read->wrap_up_ms, core.wrap_up_ms);
    expect_u64(read->silence_ms, core.silence_ms);
    expect_u64(read->idle_ms, core.idle_ms);
    expect_u64(read->idle_weight, core.idle_weight);
    expect_u64(read->promise_ms, core.promise_ms);
    expect_u64(read->value_full, core.value_full);
    expect(read->auto_accept == core.auto_accept);
    expect_u64(read->setup->queue_count, 0);
    free(read);
}

/* Each weight lands at the term of its name. */
static void every_term_has_a_weight(void)
{
    for (int term = 0; term < ROUTE_TERM_COUNT; term++) {
        char text[128];
        struct slice name = route_term_name((enum route_term)term);
        snprintf(text, sizeof text, "weights: {%.*s: 777}\n", SLICE_ARGS(name));
        struct route_policy *read = parse(text);
        expect(read != NULL);
        expect_u64(read->weights[term], 777);
        free(read);
    }
}

static void times_are_read(void)
{
    struct route_policy *read = parse("offer_ms: 9000\ngrace_ms: 7\nmissed_max: 0\n");
    expect(read != NULL);
    expect_u64(read->offer_ms, 9000);
    expect_u64(read->grace_ms, 7);
    expect_u64(read->missed_max, 0);
    free(read);
}

static void queues_channels_and_hours_are_read(void)
{
    struct route_policy *read =
            parse("auto_accept: 1\nchannels: [{name: mail, weight: 300, interruptible: 1}]\n"
                  "classes: [{name: concierge, worth: 900}]\n"
                  "queues:\n  - name: sales\n    overflow: [default after 60000]\n"
                  "    skills: [refund from 600, patience]\n"
                  "    time_zone: UTC\n    hours: [fri-mon 10:00-12:30]\n"
                  "    holidays: [12-25, 2026-12-24 09:00-12:00]\n"
                  "    offline_text: We are back at ten.\n"
                  "    callback: [phone, chat]\n    callback_wait_ms: 90000\n"
                  "    callback_attempts: 2\n    callback_window_ms: 3600000\n"
                  "    callback_missed_text: Too bad.\n  - name: default\n"
                  "shifts: [{name: early, time_zone: Europe/Berlin, hours: [mon-fri 06:00-14:00], "
                  "holidays: [12-25]}]\n");
    expect(read != NULL && read->auto_accept);
    const struct route_channel *mail = route_find_channel(read->setup, SLICE_OF("mail"));
    expect(mail != NULL && mail->is_interruptible && mail->weight == 300);
    expect_u64(route_find_class(read->setup, SLICE_OF("concierge"))->worth, 900);
    const struct route_queue *sales = route_find_queue(read->setup, SLICE_OF("sales"));
    expect_u64(sales->overflow[0].after_ms, 60000);
    expect_u64(sales->skill_count, 2);
    expect_text(route_name_slice(&sales->skills[0].name), "refund");
    expect_u64(sales->skills[0].min_level, 600);
    expect_text(route_name_slice(&sales->skills[1].name), "patience");
    expect_u64(sales->skills[1].min_level, 0);
    expect_u64(sales->hours.span_count, 4);
    expect_u64(sales->hours.spans[0].weekday, 5);
    expect_u64(sales->hours.spans[3].weekday, 1);
    expect_u64(sales->hours.spans[3].until, 12 * 60 + 30);
    expect_u64(sales->hours.holiday_count, 2);
    expect_u64(sales->hours.holidays[1].year, 2026);
    expect_text(slice_make(sales->offline_text, sales->offline_len), "We are back at ten.");
    const struct route_callback *callback = &sales->callback;
    expect_u64(callback->channels, 1u << ROUTE_CALLBACK_CHAT | 1u << ROUTE_CALLBACK_PHONE);
    expect_u64(callback->wait_ms, 90000);
    expect_u64(callback->attempts, 2);
    expect_u64(callback->window_ms, 3600000);
    expect_u64(callback->retry_ms, 900000);
    expect_u64(callback->outcome_ms, 1800000);
    expect_text(slice_make(callback->missed_text, callback->missed_len), "Too bad.");
    expect(route_find_queue(read->setup, SLICE_NONE) == &read->setup->queues[1]);
    expect_u64(read->setup->queues[1].callback.channels, 0);
    const struct route_shift *early = route_find_shift(read->setup, SLICE_OF("early"));
    expect(early != NULL && early->hours.zone != NULL);
    expect_u64(early->hours.span_count, 5);
    expect_u64(early->hours.holiday_count, 1);
    free(read);
}

static const struct {
    const char *text, *message;
} bad_ones[] = {
        {"weights:\n  skil: 5\n",
                "policy.yaml:2:3: unknown setting 'skil' in 'weights' (did you mean 'skill'?)"},
        {"weights:\n  charm: 5\n",
                "policy.yaml:2:3: unknown setting 'charm' in 'weights' (did you mean "
                "'calm'?)"},
        {"wieghts: {}\n", "policy.yaml:1:1: unknown setting 'wieghts' (did you mean 'weights'?)"},
        {"weights: {skill: 1000001}\n",
                "policy.yaml:1:18: 'weights.skill' is 1000001; it must be between 0 and 1000000"},
        {"weights: {skill: -1}\n",
                "policy.yaml:1:18: 'weights.skill' must be a whole number, not '-1'"},
        {"queues: [{name: sales, callback: [chat, pigeon]}]\n",
                "policy.yaml:1:41: 'pigeon' must be chat, phone or email"},
        {"queues: [{name: sales, callback: [chat, chat]}]\n",
                "policy.yaml:1:41: 'chat' is there twice"},
        {"queues: [{name: sales, callback_window_ms: 1000}]\n",
                "policy.yaml:1:44: 'callback_window_ms' must be 0 or at least 900000"},
        {"queues: [{name: sales, callback_attempts: 0}]\n",
                "policy.yaml:1:43: 'queues[0].callback_attempts' is 0; it must be between 1 and "
                "10"},
        {"offer_ms: 20\n", "policy.yaml:1:11: 'offer_ms' is 20; it must be between 100 and "
                           "86400000"},
        {"offer_ms: 2000\noffer_ms: 3000\n",
                "policy.yaml:2:1: 'offer_ms' is given twice; first on line 1"},
        {"weights:\n  skill: 9000\n  age: 4\n",
                "policy.yaml:3:8: 'weights.age' is 4; it must be at least 14, a thousandth of the "
                "other weights together, or somebody could wait for ever"},
        {"weights: {willing: 0}\nexclusion_ms: 0\n",
                "policy.yaml:2:15: 'exclusion_ms' and 'weights.willing' are both 0: a case would "
                "be offered to whoever has just declined it, again and again"},
        {"queues:\n  - name: sales\n    overflow: [night]\n  - name: night\n    overflow: [sales "
         "after 5]\n",
                "policy.yaml:2:5: 'sales' overflows in a circle"},
        {"queues:\n  - {name: a, overflow: [b]}\n",
                "policy.yaml:2:5: 'a' overflows to a queue that is not named, or to itself"},
        {"queues:\n  - name: a\n    hours: [mon-fri 09:00-17:00, tue 16:00-18:00]\n",
                "policy.yaml:3:34: 'tue 16:00-18:00' overlaps hours that stand before it"},
        {"queues:\n  - name: a\n    holidays:\n      - 12-25\n      - 2026-02-29\n",
                "policy.yaml:5:9: '2026-02-29' is no date"},
        {"queues:\n  - name: a\n    skills: [refund below 3]\n",
                "policy.yaml:3:14: 'refund below 3' must read like 'refund from 600'"},
        {"queues:\n  - name: a\n    skills: [refund from 1001]\n",
                "policy.yaml:3:14: 'refund from 1001' must read like 'refund from 600'"},
        {"channels: [{name: mail, weight: -3}]\n",
                "policy.yaml:1:33: 'channels[0].weight' must be a whole number, not '-3'"},
        {"queues:\n  - name: a\n    hours: [mon 17:00-09:00]\n",
                "policy.yaml:3:13: 'mon 17:00-09:00' must read like 'mon-fri 09:00-17:00'"},
        {"queues:\n  - name: a\n    hours: [monday]\n",
                "policy.yaml:3:13: 'monday' must read like 'mon-fri 09:00-17:00'"},
        {"queues:\n  - name: a\n    time_zone: Mars/Olympus\n",
                "policy.yaml:3:16: 'Mars/Olympus' is no time zone of this system"},
        {"channels: [{name: mail}, {name: mail}]\n", "policy.yaml:1:26: 'mail' is named twice"},
        {"shifts:\n  - name: early\n    hours: [mon-fri 06:00-14:00, wed 13:00-15:00]\n",
                "policy.yaml:3:34: 'wed 13:00-15:00' overlaps hours that stand before it"},
        {"shifts:\n  - name: early\n  - name: early\n",
                "policy.yaml:3:5: 'early' is a shift that is named twice"},
        {"shifts:\n  - {name: early, hours: [mon]}\n",
                "policy.yaml:2:27: 'mon' must read like 'mon-fri 09:00-17:00'"},
        {"- a\n", "policy.yaml:1:1: the file must hold settings, not a list"},
        {"offer_ms: [\n", "policy.yaml:2:1: this is not YAML: did not find expected node content"},
};

static void a_bad_policy_is_refused_in_these_words(void)
{
    for (size_t i = 0; i < sizeof bad_ones / sizeof *bad_ones; i++) {
        expect(parse(bad_ones[i].text) == NULL);
        expect_text(slice_of_string(problem.text), bad_ones[i].message);
    }
}

/* It was put before these were refused. */
static void what_a_log_holds_stays_readable(void)
{
    static const char *const taken_once[] = {
            "queues:\n  - name: a\n    hours: [mon-fri 09:00-17:00, tue 16:00-18:00]\n",
            "queues:\n  - name: a\n    holidays: [02-30, 2026-02-29]\n",
            "shifts:\n  - name: early\n    hours: [mon-fri 06:00-14:00, wed 13:00-15:00]\n"};
    static const char circle[] = "queues:\n"
                                 "  - {name: a, overflow: [b], hours: [tue 1:00-3:00, tue "
                                 "2:00-4:00]}\n"
                                 "  - {name: b, overflow: [a]}\n";
    for (size_t i = 0; i < sizeof taken_once / sizeof *taken_once; i++) {
        struct slice text = slice_of_string(taken_once[i]);
        expect(parse(taken_once[i]) == NULL);
        struct route_policy *policy = policy_parse_stored(text, "policy", &problem);
        expect(policy != NULL);
        free(policy);
    }
    expect(policy_parse_stored(slice_of_string(circle), "policy", &problem) == NULL);
}

static bool has_skill(void *user, struct slice skill, uint32_t min_level)
{
    (void)user;
    return slice_is(skill, "refund") && min_level <= 700;
}

/* Whoever only reads a policy (an old one, of a log) does not ask who is there. */
static void a_skill_that_nobody_has_is_refused_when_it_is_put(void)
{
    static const char one[] = "queues:\n  - name: a\n    skills: [refund from 700]\n",
                      two[] = "queues:\n  - name: a\n    skills:\n      - refund\n"
                              "      - refund from 800\n",
                      three[] = "queues:\n  - name: a\n    skills: [astrology]\n";
    struct route_staff staff = {has_skill, NULL};
    struct route_policy *good =
            policy_parse_for(&staff, slice_of_string(one), "policy.yaml", &problem);
    expect(good != NULL);
    free(good);
    expect(policy_parse_for(&staff, slice_of_string(two), "policy.yaml", &problem) == NULL);
    expect_text(slice_of_string(problem.text),
            "policy.yaml:5:9: nobody has the skill 'refund from 800' that 'a' needs");
    expect(policy_parse_for(&staff, slice_of_string(three), "policy.yaml", &problem) == NULL);
    expect_text(slice_of_string(problem.text),
            "policy.yaml:3:14: nobody has the skill 'astrology' that 'a' needs");
    struct route_policy *read = parse(three);
    expect(read != NULL);
    free(read);
}

static void write_file(const char *path, size_t len)
{
    FILE *file = fopen(path, "w");
    expect(file != NULL);
    for (size_t i = 0; i < len; i++)
        fputc('#', file);
    expect(fclose(file) == 0);
}

static void a_file_fits_into_the_log_or_is_refused(void)
{
    char path[512], wanted[600];
    struct policy_text text;
    snprintf(path, sizeof path, "%s/policy.yaml", test_folder());
    write_file(path, POOL_POLICY_MAX);
    expect(policy_text_read(path, &text, &problem));
    expect_u64(text.len, POOL_POLICY_MAX);
    free(text.bytes);
    write_file(path, POOL_POLICY_MAX + 1);
    expect(!policy_text_read(path, &text, &problem));
    snprintf(wanted, sizeof wanted, "%s: the policy is too long: at most 16384 bytes", path);
    expect_text(slice_of_string(problem.text), wanted);
    expect(remove(path) == 0);
    expect(!policy_text_read(path, &text, &problem));
    snprintf(wanted, sizeof wanted, "%s: the file cannot be read: No such file or directory", path);
    expect_text(slice_of_string(problem.text), wanted);
}

static char written[65536], kept[65536];

static size_t write_with(void (*write)(FILE *out), char *to, size_t size)
{
    FILE *file = fmemopen(to, size, "w");
    expect(file != NULL);
    write(file);
    long len = ftell(file);
    fclose(file);
    return (size_t)len;
}

static void the_defaults_are_read_back(void)
{
    size_t len = write_with(policy_write_defaults, written, sizeof written - 1);
    written[len] = '\0';
    struct route_policy *read = parse(written), *empty = parse("");
    expect(read != NULL && empty != NULL);
    expect(memcmp(read->weights, empty->weights, sizeof read->weights) == 0);
    expect_u64(read->age_ms, empty->age_ms);
    free(read);
    free(empty);
}

static void the_reference_is_up_to_date(void)
{
    const char *reference = getenv("WEFT_REFERENCE");
    if (reference == NULL)
        test_skip("WEFT_REFERENCE is not set");
    FILE *file = fopen(reference, "r");
    test_note("renew it: test_policy --write-reference > docs/reference/policy.md");
    expect(file != NULL);
    size_t len = fread(kept, 1, sizeof kept, file);
    fclose(file);
    expect_u64(write_with(policy_write_reference, written, sizeof written), len);
    expect(memcmp(kept, written, len) == 0);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write-reference") == 0) {
        policy_write_reference(stdout);
        return 0;
    }
    return test_main(argc, argv,
            (struct test_case[]){CASE(an_empty_policy_is_that_of_the_core),
                    CASE(every_term_has_a_weight), CASE(times_are_read),
                    CASE(queues_channels_and_hours_are_read),
                    CASE(a_bad_policy_is_refused_in_these_words),
                    CASE(what_a_log_holds_stays_readable),
                    CASE(a_skill_that_nobody_has_is_refused_when_it_is_put),
                    CASE(a_file_fits_into_the_log_or_is_refused), CASE(the_defaults_are_read_back),
                    CASE(the_reference_is_up_to_date), {0}});
}
