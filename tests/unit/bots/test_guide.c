/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped bot's mind: dialogues with the demo shop's knowledge. */
#include "lib/test.h"
#include "unit/bots/guide_talk.h"

#include <stdio.h>
#include <stdlib.h>

static struct knowledge shop;
static struct talk talk;

static void begin(void)
{
    talk_begin(&talk, &shop);
}

static void expect_summary(const char *text)
{
    expect(talk.reply.has_handoff && talk.reply.handoff.summary != NULL);
    expect_text(slice_of_string(talk.reply.handoff.summary), text);
}

static bool has_item(const char *const *list, const char *wanted)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, wanted) == 0)
            return true;
    return false;
}

static const char *slot_of(const char *name)
{
    for (size_t i = 0; i < talk.reply.handoff.slots_count; i++)
        if (strcmp(talk.reply.handoff.slots[i].name, name) == 0)
            return talk.reply.handoff.slots[i].value;
    return NULL;
}

static void the_greeting_follows_the_context(void)
{
    static const struct {
        const char *name, *page;
        uint64_t cases;
        const char *wanted;
    } rows[] = {{NULL, NULL, 0, "Hello! I am the digital assistant of Fjord & Fell."},
            {"Ada", NULL, 0, "Hello Ada! I am"}, {"Ada", NULL, 2, "Welcome back, Ada!"},
            {NULL, NULL, 1, "Welcome back! What"},
            {NULL, "https://shop.example/treadmills/stride", 3, "Questions about our treadmills"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row %zu", i);
        begin();
        talk.view.name = rows[i].name;
        talk.view.page = rows[i].page;
        talk.view.cases = rows[i].cases;
        talk_say(&talk, "");
        expect(talk_hears(&talk, rows[i].wanted));
        expect(talk_offers(&talk, "Where is my order?"));
        talk_end(&talk);
    }
}

static void questions_find_their_entries(void)
{
    static const struct {
        const char *question, *answer;
    } rows[] = {{"When are you open?", "Monday to Friday from 9 to 19"},
            {"what are your OPENING HOURS on saturday", "Monday to Friday from 9 to 19"},
            {"How long does shipping take?", "2 to 3 working days"},
            {"do you accept paypal", "You can pay by card"},
            {"I'd like to send something back", "within 30 days"},
            {"how do i return shoes?", "within 30 days"},
            {"When will I get my money back?", "within 5 working days"},
            {"is there a guarantee on treadmills?", "5 years on the motor"},
            {"I forgot my pássword!!", "Forgot your password?"},
            {"where can I enter my voucher", "Gift cards come"},
            {"Do you have a student discount?", "10 % off"},
            {"which size should i take", "size chart"},
            {"repairing my bicycle", "Our workshops repair"},
            {"where is my parcel", "order number"},
            {"My package hasn't arrived yet", "order number"},
            {"I want to cancel my order", "should I have cancelled"},
            {"I was charged twice!", "should not happen"},
            {"my running machine makes a strange noise", "Which treadmill is it?"},
            {"I need an invoice", "For which order?"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        talk_say(&talk, rows[i].question);
        test_note("%s -> %s", rows[i].question,
                talk.reply.messages[talk.reply.message_count - 1].text);
        expect(talk_hears(&talk, rows[i].answer));
        expect(talk_hears(&talk, "Hello!")); /* nobody was greeted before */
        talk_end(&talk);
    }
}

static void a_slot_is_asked_for_and_filled(void)
{
    begin();
    talk_say(&talk, "");
    talk_say(&talk, "Where is my order?");
    expect(talk_hears(&talk, "What is your order number?"));
    talk_say(&talk, "it is ws-10234, thanks");
    expect(talk_hears(&talk, "I have noted order WS-10234"));
    expect(talk.reply.has_handoff);
    expect_text(slice_of_string(slot_of("order")), "WS-10234");
    expect_text(slice_of_string(talk.reply.handoff.skills[0]), "orders");
    expect_summary("The customer wrote: “Where is my order?”, and last: “it is ws-10234, thanks”. "
                   "It is about: Where is my order?");
    talk_end(&talk);
}

static void nobody_is_asked_for_what_they_told(void)
{
    begin();
    talk_say(&talk, "Hi, my parcel WS-10234 has not arrived");
    expect(talk.reply.has_handoff);
    expect(talk_hears(&talk, "order WS-10234"));
    talk_end(&talk);
    begin();
    talk_say(&talk, "Order 4711 please send the invoice to ada@example.com.");
    expect(talk_hears(&talk, "The invoice of order 4711 goes to ada@example.com."));
    talk_end(&talk);
}

static void what_was_told_before_the_topic_was_clear_counts_too(void)
{
    begin();
    talk_say(&talk, "hmm 55555 xyzzy");
    expect(!talk.reply.has_handoff);
    talk_say(&talk, "where is my parcel");
    expect(talk_hears(&talk, "order 55555"));
    talk_end(&talk);
}

static void a_wrong_slot_is_asked_again_once_and_then_handed_over(void)
{
    begin();
    talk_say(&talk, "where is my parcel");
    talk_say(&talk, "blue");
    expect(talk_hears(&talk, "does not look like an order number"));
    talk_say(&talk, "I have no idea");
    expect(talk.reply.has_handoff);
    expect_text(slice_of_string(talk.reply.handoff.reason), "unsure");
    expect(has_item(talk.reply.handoff.missing, "order"));
    expect(has_item(talk.reply.handoff.skills, "orders"));
    expect_u64(talk.reply.handoff.intents[0].percent, 100);
    talk_end(&talk);
}

static void another_topic_may_come_between(void)
{
    begin();
    talk_say(&talk, "where is my parcel");
    talk_say(&talk, "what are your opening hours?");
    expect(talk_hears(&talk, "Monday to Friday"));
    expect(talk_state(&talk, "guide.topic") == NULL);
    talk_end(&talk);
}

static void choices_are_offered_and_taken(void)
{
    begin();
    talk_say(&talk, "my treadmill is broken");
    expect(talk_offers(&talk, "Summit Pro"));
    expect(talk_press(&talk, "Summit Pro"));
    expect(talk_hears(&talk, "And what does it do"));
    talk_say(&talk, "It stops after ten minutes");
    expect(talk_hears(&talk, "For your Summit Pro I have noted: It stops after ten minutes"));
    expect(has_item(talk.reply.handoff.skills, "treadmills"));
    talk_end(&talk);
    begin();
    talk_say(&talk, "my stride 500 treadmill is broken");
    expect(talk_hears(&talk, "And what does it do"));
    talk_end(&talk);
}

static void who_asks_for_a_person_gets_one(void)
{
    static const char *const wishes[] = {"human please", "Can I talk to someone?",
            "I want to speak to a real person about this mess", "agent!",
            "connect me with an agent", "Get me a REPRESENTATIVE"};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        test_note("%s", wishes[i]);
        begin();
        talk_say(&talk, wishes[i]);
        test_note("%s: %s", wishes[i], talk.reply.messages[0].text);
        expect(talk.reply.has_handoff);
        expect_text(slice_of_string(talk.reply.handoff.reason), "asked");
        talk_end(&talk);
    }
}

static void a_wish_for_a_person_keeps_the_story(void)
{
    begin();
    talk.view.name = "Ada";
    talk.view.language = "en-GB";
    talk_say(&talk, "");
    talk_say(&talk, "how long does delivery take");
    talk_say(&talk, "my treadmill is broken");
    talk_say(&talk, "can I talk to a person");
    expect_summary("Ada wrote: “how long does delivery take”, and last: “can I talk to a person”. "
                   "It is about: My treadmill is broken.");
    expect(has_item(talk.reply.handoff.tried, "Delivery times and costs"));
    expect(has_item(talk.reply.handoff.missing, "model"));
    expect(has_item(talk.reply.handoff.skills, "treadmills"));
    expect_text(slice_of_string(talk.reply.handoff.language), "en-GB");
    talk_end(&talk);
}

static void unsure_once_asks_twice_hands_over(void)
{
    begin();
    talk_say(&talk, "the quick brown fox");
    expect(!talk.reply.has_handoff && talk_offers(&talk, "Talk to a person"));
    talk_say(&talk, "jumps over the lazy dog");
    expect(talk.reply.has_handoff);
    expect_text(slice_of_string(talk.reply.handoff.reason), "unsure");
    expect(has_item(talk.reply.handoff.skills, "service"));
    expect(talk_state(&talk, "guide.unsure") == NULL); /* the next case begins anew */
    talk_end(&talk);
}

static void an_ambiguous_question_offers_the_two_best(void)
{
    begin();
    talk_say(&talk, "my bike");
    expect(!talk.reply.has_handoff);
    expect(talk_offers(&talk, "Repair of bikes and gear") &&
            talk_offers(&talk, "Set-up and assembly"));
    expect(talk_press(&talk, "Set-up and assembly"));
    expect(talk_hears(&talk, "Our drivers carry"));
    talk_end(&talk);
}

static void a_pressed_person_button_hands_over(void)
{
    begin();
    talk_say(&talk, "the quick brown fox");
    expect(talk_press(&talk, "Talk to a person"));
    expect_text(slice_of_string(talk.reply.handoff.reason), "asked");
    talk_end(&talk);
}

static void manners_are_answered_in_kind(void)
{
    begin();
    talk_say(&talk, "Hello");
    expect(talk_hears(&talk, "What can I do for you"));
    talk_say(&talk, "when are you open");
    talk_say(&talk, "No, that's all. Thanks!");
    expect(talk_hears(&talk, "You are welcome"));
    talk_say(&talk, "Thanks, but where is my order?");
    expect(talk_hears(&talk, "order number"));
    talk_say(&talk, "bye");
    expect(talk_hears(&talk, "Goodbye") && talk.reply.closes);
    expect_u64(talk.state_count, 0);
    talk_end(&talk);
}

static void a_new_case_begins_with_a_clean_sheet(void)
{
    begin();
    talk_say(&talk, "where is my parcel");
    talk_say(&talk, "");
    expect(talk_state(&talk, "guide.topic") == NULL);
    talk_say(&talk, "what");
    expect(!talk_hears(&talk, "order number"));
    talk_end(&talk);
}

static void words_of_customers_are_no_templates(void)
{
    begin();
    talk.view.name = "{order}[x";
    talk_say(&talk, "my treadmill is broken, it is a summit pro");
    talk_say(&talk, "{name} and {model} [{nothing}]");
    expect(talk_hears(&talk, "noted: {name} and {model} [{nothing}]"));
    talk_end(&talk);
}

static void strange_state_does_no_harm(void)
{
    static const struct bot_pair state[] = {{"guide.topic", "no_such_entry"},
            {"guide.asked", "nothing"}, {"guide.asks", "99999999999999999999"},
            {"guide.unsure", "-1"}, {"slot.order", "4711"}, {"guide.tried", ",,,x,opening_hours,"}};
    struct guide_view view = {.text = "where is my parcel", .state = state, .state_count = 6};
    guide_decide(&shop, &view, &talk.reply);
    expect(talk.reply.has_handoff);
    expect_text(slice_of_string(slot_of("order")), "4711");
    expect(has_item(talk.reply.handoff.tried, "Opening hours"));
}

/* ---- real words ------------------------------------------------------------------------------ */

static size_t understood, unsure;

static void try_twice(const char *text)
{
    begin();
    talk_say(&talk, text);
    bool is_unsure = !talk.reply.has_handoff && talk_state(&talk, "guide.unsure") != NULL;
    understood += !is_unsure;
    unsure += is_unsure;
    if (is_unsure) {
        talk_say(&talk, "qwertz asdf");
        expect(talk.reply.has_handoff);
    }
    talk_end(&talk);
}

static FILE *open_data(const char *name)
{
    char path[500];
    const char *folder = getenv("WEFT_TEST_DATA");
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared/data", name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        test_skip("the data folder is not there; set WEFT_TEST_DATA");
    return file;
}

/* The first customer's words of a line of dialogue, without its JSON. */
static bool cut_first_words(char *line, char **out_text)
{
    char *at = strstr(line, "\"who\": \"customer\", \"text\": \"");
    if (at == NULL)
        return false;
    at += strlen("\"who\": \"customer\", \"text\": \"");
    *out_text = at;
    at[strcspn(at, "\"")] = '\0';
    return true;
}

static void first_words_of_real_dialogues_are_never_lost(void)
{
    FILE *file = open_data("dialogues/sgd_dev.jsonl");
    static char line[100000];
    char *text;
    understood = unsure = 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (cut_first_words(line, &text))
            try_twice(text);
    fclose(file);
    printf("# dialogues: %zu understood or handed over, %zu unsure\n", understood, unsure);
    expect(understood + unsure > 1000);
    expect(unsure > understood); /* a sports shop knows little of restaurants */
}

static void a_banks_questions_are_never_lost(void)
{
    FILE *file = open_data("intents/banking77_train.csv");
    static char line[10000];
    understood = unsure = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        try_twice(line[0] ? line : "x");
    }
    fclose(file);
    printf("# banking: %zu understood or handed over, %zu unsure\n", understood, unsure);
    expect(understood + unsure > 10000);
    expect(unsure > understood);
}

int main(int argc, char **argv)
{
    char problem[KNOWLEDGE_PROBLEM_MAX] = "";
    if (argc < 2 || !knowledge_read_file(argv[1], &shop, problem)) {
        printf("Bail out! %s\n", problem);
        return 1;
    }
    int status = test_main(argc - 1, argv + 1,
            (struct test_case[]){CASE(the_greeting_follows_the_context),
                    CASE(questions_find_their_entries), CASE(a_slot_is_asked_for_and_filled),
                    CASE(nobody_is_asked_for_what_they_told),
                    CASE(what_was_told_before_the_topic_was_clear_counts_too),
                    CASE(a_wrong_slot_is_asked_again_once_and_then_handed_over),
                    CASE(another_topic_may_come_between), CASE(choices_are_offered_and_taken),
                    CASE(who_asks_for_a_person_gets_one), CASE(a_wish_for_a_person_keeps_the_story),
                    CASE(unsure_once_asks_twice_hands_over),
                    CASE(an_ambiguous_question_offers_the_two_best),
                    CASE(a_pressed_person_button_hands_over), CASE(manners_are_answered_in_kind),
                    CASE(a_new_case_begins_with_a_clean_sheet),
                    CASE(words_of_customers_are_no_templates), CASE(strange_state_does_no_harm),
                    CASE(first_words_of_real_dialogues_are_never_lost),
                    CASE(a_banks_questions_are_never_lost), {0}});
    knowledge_finish(&shop);
    return status;
}
