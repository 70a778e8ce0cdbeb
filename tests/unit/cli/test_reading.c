/* SPDX-License-Identifier: Apache-2.0 */
/* What the command reads: dialogues, arguments, up.json; and the feed of a socket. */
#include "cli/arguments.h"
#include "cli/place.h"
#include "cli/replay/feed.h"
#include "cli/text_file.h"
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- dialogues --------------------------------------------------------------------------------
 */

static const char *write_file(const char *name, const char *text)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    expect(text_file_write(path, text));
    return path;
}

static void a_dialogue_is_read_as_it_is(void)
{
    struct dialogues dialogues;
    char problem[1024] = "";
    const char *path = write_file("good.jsonl",
            "{\"id\":\"1\",\"services\":[\"Bikes_1\"],\"turns\":[{\"who\":\"customer\",\"text\":"
            "\"Gr\\u00fc\\u00dfe\\nda\"},{\"who\":\"agent\",\"text\":\"Hi\"}]}\n\n"
            "{\"id\":\"2\",\"services\":[],\"turns\":[{\"who\":\"customer\",\"text\":\"x\"}]}");
    expect(dialogues_read(path, 0, &dialogues, problem, sizeof problem));
    expect_u64(dialogues.count, 2);
    expect_u64(dialogues.turn_count, 3);
    expect_text(dialogues.all[0].turns[0].text, "Grüße\nda");
    expect(!dialogues.all[0].turns[1].is_customer);
    expect_text(slice_of_string(dialogues.all[0].services[0]), "Bikes_1");
    dialogues_finish(&dialogues);
    expect(dialogues_read(path, 1, &dialogues, problem, sizeof problem));
    expect_u64(dialogues.count, 1);
    dialogues_finish(&dialogues);
}

static void a_bad_line_is_named(void)
{
    static const char *const bad[] = {"nonsense", "[]", "{\"services\":[],\"turns\":[]}",
            "{\"id\":\"1\",\"services\":[],\"turns\":[]}",
            "{\"id\":\"1\",\"services\":7,\"turns\":[{\"who\":\"customer\",\"text\":\"x\"}]}",
            "{\"id\":\"1\",\"services\":[\"\"],\"turns\":[{\"who\":\"customer\",\"text\":\"x\"}]}",
            "{\"id\":\"1\",\"services\":[],\"turns\":[{\"who\":\"agent\",\"text\":\"x\"}]}",
            "{\"id\":\"1\",\"services\":[],\"turns\":[{\"who\":\"robot\",\"text\":\"x\"}]}",
            "{\"id\":\"1\",\"services\":[],\"turns\":[{\"who\":\"customer\",\"text\":\"\"}]}",
            "{\"id\":\"1\",\"services\":[],\"turns\":[{\"who\":\"customer\",\"text\":\"\x7f\"}]}",
            "{\"id\":\"1\",\"services\":[],\"turns\":[{\"who\":\"customer\"}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dialogues dialogues;
        char text[512], problem[1024] = "", wanted[600];
        snprintf(text, sizeof text,
                "{\"id\":\"0\",\"services\":[],\"turns\":[{\"who\":\"customer\",\"text\":\"x\"}]}\n"
                "%s\n",
                bad[i]);
        const char *path = write_file("bad.jsonl", text);
        test_note("line %s", bad[i]);
        expect(!dialogues_read(path, 0, &dialogues, problem, sizeof problem));
        int len = snprintf(wanted, sizeof wanted, "%s:2: ", path);
        expect_slice(slice_make(problem, (size_t)len), slice_make(wanted, (size_t)len));
    }
}

static void no_file_and_no_dialogue_are_told(void)
{
    struct dialogues dialogues;
    char problem[1024] = "";
    expect(!dialogues_read("/nowhere/at/all", 0, &dialogues, problem, sizeof problem));
    expect_text(
            slice_of_string(problem), "/nowhere/at/all cannot be read: No such file or directory");
    expect(!dialogues_read(
            write_file("empty.jsonl", "\n\n"), 0, &dialogues, problem, sizeof problem));
}

/* ---- arguments --------------------------------------------------------------------------------
 */

struct given {
    const char *name;
    uint64_t count;
    bool is_json;
};
static const struct given nothing_given = {.count = 7};
static const struct option_row rows[] = {
        {"--name", OPTION_TEXT, offsetof(struct given, name), "N", "a name", 0, 0},
        {"--count", OPTION_NUMBER, offsetof(struct given, count), "N", "a number", 1, 9},
        {"--json", OPTION_FLAG, offsetof(struct given, is_json), NULL, "a flag", 0, 0}, {0}};
static const struct command command = {.name = "try",
        .words = "FILE [MORE]",
        .summary = "Tries.",
        .options = rows,
        .defaults = &nothing_given,
        .options_size = sizeof nothing_given,
        .words_least = 1,
        .words_most = 2};

static bool read_line(const char *line, struct given *out, struct command_words *words,
        char *problem, size_t problem_size)
{
    static char copy[256];
    char *argv[16], *rest = copy;
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    while (rest != NULL && *rest != '\0' && argc < 16)
        argv[argc++] = strsep(&rest, " ");
    return arguments_read(&command, argc, argv, out, words, problem, problem_size);
}

static void arguments_are_read(void)
{
    struct given given;
    struct command_words words;
    char problem[256] = "";
    expect(read_line("one --count 3 --name=x --json -- --two", &given, &words, problem, 256));
    expect_text(slice_of_string(given.name), "x");
    expect_u64(given.count, 3);
    expect(given.is_json);
    expect_u64(words.count, 2);
    expect_text(slice_of_string(words.all[1]), "--two");
    expect(read_line("one", &given, &words, problem, 256));
    expect_u64(given.count, 7);
    expect(!given.is_json && given.name == NULL);
}

static void bad_arguments_are_told(void)
{
    static const struct {
        const char *line, *problem;
    } bad[] = {{"", "it needs FILE [MORE]"}, {"a --no", "there is no option --no"},
            {"a --count", "--count needs a number from 1 to 9"},
            {"a --count 0", "--count needs a number from 1 to 9"},
            {"a --count 1x", "--count needs a number from 1 to 9"},
            {"a --count -1", "--count needs a number from 1 to 9"},
            {"a --name", "--name needs a value: N"}, {"a --json=1", "--json takes no value"},
            {"a b c", "'c' is one argument too many"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct given given;
        struct command_words words;
        char problem[256] = "";
        test_note("line '%s'", bad[i].line);
        expect(!read_line(bad[i].line, &given, &words, problem, sizeof problem));
        expect_text(slice_of_string(problem), bad[i].problem);
    }
}

static void near_words_are_near(void)
{
    expect_u64(arguments_distance("replay", "replay"), 0);
    expect_u64(arguments_distance("repaly", "replay"), 2);
    expect_u64(arguments_distance("chat", "cat"), 1);
    expect_u64(arguments_distance("", "chat"), 4);
}

/* ---- places -----------------------------------------------------------------------------------
 */

static void a_place_is_found_by_its_address(void)
{
    struct place place;
    expect(place_of_url("http://127.0.0.1:8080/", &place));
    expect_text(slice_of_string(place.url), "http://127.0.0.1:8080");
    expect_text(slice_of_string(place.ws_url), "ws://127.0.0.1:8080/v1/socket");
    expect(!place_of_url("ftp://127.0.0.1", &place));
    expect(!place_of_url("https://127.0.0.1", &place));
}

static void a_broken_up_file_is_told(void)
{
    struct place place;
    char problem[1024] = "";
    expect(!place_read(write_file("up.json", "{}"), &place, problem, sizeof problem));
    expect(strstr(problem, "is not an up.json") != NULL);
    expect(!place_read("/nowhere/up.json", &place, problem, sizeof problem));
    expect(strstr(problem, "Is Weft up?") != NULL);
}

/* ---- feeds ------------------------------------------------------------------------------------
 */

static struct name name_of(uint64_t seq)
{
    return (struct name){seq, {(uint8_t)seq}};
}

static enum feed_verdict take(struct feed *feed, uint64_t at, uint64_t after, const char *text)
{
    const struct proto_part part = {.kind = PROTO_PART_KIND_MESSAGE,
            .has_body = true,
            .body = {PROTO_BODY_KIND_TEXT, slice_of_string(text)}};
    const struct proto_entry_view entry = {.at = name_of(at),
            .after = after ? name_of(after) : (struct name){0},
            .author = {.kind = PROTO_AUTHOR_KIND_CUSTOMER},
            .parts = &part,
            .parts_count = 1};
    return feed_take(feed, &entry);
}

static void a_feed_keeps_what_came_as_it_came(void)
{
    struct feed feed = {0};
    expect(take(&feed, 2, 0, "a") == FEED_TAKEN);
    expect(take(&feed, 5, 2, "b") == FEED_TAKEN);
    expect(take(&feed, 5, 2, "b") == FEED_TAKEN); /* twice: kept, for the check to see */
    expect_u64(feed.view.count, 3);
    expect_u64(feed.last.seq, 5);
    expect(take(&feed, 9, 8, "c") == FEED_GAP);
    expect_u64(feed.view.count, 3);
    expect_u64(feed.last.seq, 5);
    feed_reset(&feed);
    expect_u64(feed.view.count, 0);
}

static void a_feed_that_begins_late_asks_for_the_rest(void)
{
    struct feed feed = {0};
    struct proto_history request;
    expect(take(&feed, 9, 8, "c") == FEED_TAKEN);
    expect(feed_wants_page(&feed, SLICE_OF("x"), &request));
    expect_u64(request.before.seq, 8);
    expect(!feed_wants_page(&feed, SLICE_OF("x"), &request)); /* it is on its way */
    const struct proto_part parts[] = {{.kind = PROTO_PART_KIND_MESSAGE,
                                               .has_body = true,
                                               .body = {PROTO_BODY_KIND_TEXT, SLICE_OF("a")}},
            {.kind = PROTO_PART_KIND_MESSAGE,
                    .has_body = true,
                    .body = {PROTO_BODY_KIND_TEXT, SLICE_OF("b")}}};
    const struct proto_entry_view entries[] = {{.at = name_of(2),
                                                       .author = {.kind = PROTO_AUTHOR_KIND_BOT},
                                                       .parts = &parts[0],
                                                       .parts_count = 1},
            {.at = name_of(8),
                    .after = name_of(2),
                    .author = {.kind = PROTO_AUTHOR_KIND_CUSTOMER},
                    .parts = &parts[1],
                    .parts_count = 1}};
    feed_take_page(&feed, &(struct proto_page){.entries = entries, .entries_count = 2});
    expect(feed.is_whole);
    expect_u64(feed.view.count, 3);
    expect_text(feed.view.all[0].text, "a");
    expect_text(feed.view.all[1].text, "b");
    expect_text(feed.view.all[2].text, "c");
    expect_u64(feed_company_count(&feed), 1);
    feed_reset(&feed);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_dialogue_is_read_as_it_is), CASE(a_bad_line_is_named),
                    CASE(no_file_and_no_dialogue_are_told), CASE(arguments_are_read),
                    CASE(bad_arguments_are_told), CASE(near_words_are_near),
                    CASE(a_place_is_found_by_its_address), CASE(a_broken_up_file_is_told),
                    CASE(a_feed_keeps_what_came_as_it_came),
                    CASE(a_feed_that_begins_late_asks_for_the_rest), {0}});
}
