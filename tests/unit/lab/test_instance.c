/* SPDX-License-Identifier: Apache-2.0 */
/* Outside instances: read plainly or refused, solved, and proven by what is printed. */
#include "cli/instance_file.h"

#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

static struct instance_file file;
static struct instance_answer answer;
static char why[INSTANCE_WHY_MAX];

static bool reads(const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/instance.json", test_folder());
    FILE *out = fopen(path, "we");
    expect(out != NULL);
    fputs(text, out);
    fclose(out);
    return instance_file_read(path, &file, why);
}

static cJSON *dumped(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    instance_file_dump(&file, &answer, out);
    fclose(out);
    cJSON *json = cJSON_Parse(text);
    free(text);
    expect(json != NULL);
    return json;
}

static double number(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    expect(cJSON_IsNumber(item));
    return item->valuedouble;
}

static double sum_of(const cJSON *json, const char *list, const char *name)
{
    const cJSON *item;
    double sum = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, list)) sum +=
            number(item, name);
    return sum;
}

static void finish(cJSON *json)
{
    cJSON_Delete(json);
    instance_answer_finish(&answer);
    instance_file_finish(&file);
}

static void values_are_matched_and_the_proof_adds_up(void)
{
    expect(reads("{\"agents\":[{\"id\":\"a\"},{\"id\":\"b\"}],"
                 "\"cases\":[{\"id\":\"c\"},{\"id\":\"d\"},{\"id\":\"e\"}],"
                 "\"values\":[[1,0.5],[1,null],[0.2,0.4]]}"));
    expect(instance_solve(&file.instance, &answer));
    expect_u64(answer.agent_of[0], 1);
    expect_u64(answer.agent_of[1], 0);
    expect_u64(answer.agent_of[2], AUCTION_NONE);
    cJSON *json = dumped();
    expect_u64((uint64_t)(number(json, "primal") * 1000 + 0.5), 1500);
    expect(number(json, "dual") >= 1.5 && number(json, "dual") <= 1.51);
    double dual = sum_of(json, "prices", "price") + sum_of(json, "profits", "profit");
    expect(dual > number(json, "dual") - 1e-9 && dual < number(json, "dual") + 1e-9);
    expect_u64((uint64_t)(sum_of(json, "assignment", "value") * 1000 + 0.5), 1500);
    finish(json);
}

static void without_values_skills_decide(void)
{
    expect(reads(
            "{\"skills\":[\"billing\",\"tax\"],"
            "\"agents\":[{\"id\":\"anna\",\"capacity\":2,\"skills\":{\"billing\":900,\"tax\":"
            "300}},{\"id\":\"bela\",\"skills\":{\"billing\":600}}],"
            "\"cases\":[{\"id\":\"c1\",\"must\":[\"billing\"]},{\"id\":\"c2\",\"must\":[\"tax\"],"
            "\"should\":[\"billing\"]},{\"id\":\"c3\",\"must\":[\"tax\"],\"value\":2}]}"));
    expect_u64(file.instance.pair_count, 4);
    expect_u64(file.instance.pairs[0].value, 900);
    expect_u64(file.instance.pairs[1].value, 600);
    expect_u64(file.instance.pairs[2].value, 500); /* (2 x 300 + 900) / 3 */
    expect_u64(file.instance.pairs[3].value, 2300);
    expect(instance_solve(&file.instance, &answer));
    expect_u64(answer.agent_of[0], 1);
    expect_u64(answer.agent_of[1], 0);
    expect_u64(answer.agent_of[2], 0);
    finish(NULL);
}

static void what_is_not_plain_is_refused(void)
{
    static const char *const bad[] = {"[]", "{", "{\"agents\":[]}",
            "{\"agents\":[{}],\"cases\":[]}",
            "{\"agents\":[{\"id\":\"a\",\"capacity\":-1}],\"cases\":[]}",
            "{\"agents\":[{\"id\":\"a\",\"capacity\":1.5}],\"cases\":[]}",
            "{\"agents\":[{\"id\":\"a\",\"skills\":{\"s\":1001}}],\"cases\":[]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{}]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\"}],\"values\":[]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\"}],\"values\":[[1,2]]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\"}],\"values\":[[-1]]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\"}],\"values\":[[1],[1]]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\",\"must\":\"s\"}]}",
            "{\"skills\":[\"t\"],\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\",\"must\":["
            "\"s\"]}]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\",\"value\":-3}]}",
            "{\"agents\":[{\"id\":\"a\"}],\"cases\":[{\"id\":\"c\",\"skills\":[\"s\"]}]}",
            "{\"agents\":[{\"id\":\"a\",\"room\":2}],\"cases\":[]}",
            "{\"agents\":[],\"cases\":[],\"costs\":[]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_note("%s", bad[i]);
        expect(!reads(bad[i]) && strlen(why) > 10);
        instance_file_finish(&file);
    }
}

static void nothing_is_an_instance_too(void)
{
    expect(reads("{\"agents\":[],\"cases\":[]}"));
    expect(instance_solve(&file.instance, &answer));
    cJSON *json = dumped();
    expect_u64((uint64_t)number(json, "matched"), 0);
    expect(number(json, "quality") >= 1);
    finish(json);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(values_are_matched_and_the_proof_adds_up),
                    CASE(without_values_skills_decide), CASE(what_is_not_plain_is_refused),
                    CASE(nothing_is_an_instance_too), {0}});
}
