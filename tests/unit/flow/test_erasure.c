/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation that is erased: here, and on nodes that hear of it later. */
#include "base/log_line.h"
#include "flow/erase.h"
#include "flow/pools.h"
#include "lib/captured.h"
#include "lib/test.h"
#include "stage.h"

static struct actor *ada;

static enum erase_outcome erased;

static void on_erased(void *user, enum erase_outcome outcome)
{
    (void)user;
    erased = outcome;
}

/* By the first node. */
static void act_erase(const struct actor *actor)
{
    erased = ERASE_RETRY;
    erase_conversation(stage.node, slice_of_string(actor->conversation), on_erased, NULL);
    stage_run(500);
    expect(erased == ERASE_DONE);
}

/* On another device, at the same node. */
static void expect_to_begin_anew(const struct actor *erased_one)
{
    struct actor *again = stage_actor();
    again->on = erased_one->on;
    memcpy(again->token, erased_one->token, sizeof again->token);
    act_enter(again);
    expect(will_hear(again, "\"welcome\"", 1000));
    expect(strcmp(again->conversation, erased_one->conversation) != 0);
}

static void who_was_erased_can_come_back_as_somebody_new(void)
{
    stage_start();
    ada = stage_known("north", "ada");
    act_say(ada, "Hello");
    act_erase(ada);
    expect_u64((uint64_t)ada->close_code, 4403);
    expect_to_begin_anew(ada);
    stage_end();
}

static void an_erased_case_leaves_the_queue_and_its_agent(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *bob = stage_customer("north");
    ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    act_erase(ada);
    stage_run(1000);
    expect(heard_ever(anna, "\"released\""));
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    act_say(bob, "My parcel is late");
    act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
    act_erase(bob);
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"online\"}");
    stage_run(60000);
    expect(!heard(anna, "\"offer\"") && !heard(anna, "\"cancel\""));
    expect(!heard(anna, "\"away\""));
    stage_end();
}

static void an_erased_turn_gives_the_worker_its_credit_back(void)
{
    stage_start();
    struct actor *bot = stage_bot("north");
    for (unsigned i = 0; i < 5; i++) { /* it has four */
        ada = stage_customer("north");
        bot->mark = bot->heard_len;
        act_say(ada, "Hello");
        expect(will_hear(bot, "\"turn\"", 300));
        act_erase(ada);
    }
    stage_end();
}

static void who_is_erased_leaves_all_nodes(void)
{
    stage_start_nodes(2);
    stage_on(1);
    ada = stage_customer("north");
    stage_run(3000); /* all know of all */
    act_erase(ada);
    expect(heard_ever(ada, "\"conversation_erased\""));
    expect(ada->close_code != 0);
    const struct chat *chat = chat_find(stage.nodes[1].node, slice_of_string(ada->conversation));
    static const uint8_t none[KEY_SIZE];
    expect(chat == NULL || memcmp(chat->key, none, KEY_SIZE) == 0);
    stage_end();
}

/* Ada's node does not know yet that another one erased her conversation. words NULL: she had said
 * nothing, so nothing of it was due. */
static void erase_unheard(const char *words)
{
    stage_start_nodes(2);
    stage_on(1);
    ada = stage_known("north", "crm-1");
    if (words != NULL)
        act_say(ada, words);
    stage_run(3000);
    fake_bus_faults(stage.bus)->is_silent = true;
    act_erase(ada);
    expect(ada->close_code == 0);
}

static void who_was_erased_elsewhere_begins_anew_here(void)
{
    erase_unheard("Hello");
    expect_to_begin_anew(ada);
    stage_end();
}

/* How far it was read; removed by the node that erased it, and kept anew by the other one. */
static struct slice read_unheard(const char *words, char key[64])
{
    erase_unheard(words);
    struct slice places =
            slice_make(key, conversation_cursors_key(slice_of_string(ada->conversation), key));
    expect(fake_server_zset_is_empty(stage.server, places));
    act_ask(ada, "{\"type\":\"receipt\",\"read\":\"2-0000000000000000\"}");
    expect(!fake_server_zset_is_empty(stage.server, places));
    return places;
}

static void what_was_read_after_it_was_erased_elsewhere_is_not_kept(void)
{
    char key[64];
    struct slice places = read_unheard("Hello", key);
    fake_bus_faults(stage.bus)->is_silent = false;
    fake_hints_cut(stage.nodes[1].hints);
    stage_run(1000);
    expect(ada->close_code != 0 && fake_server_zset_is_empty(stage.server, places));
    stage_end();
}

static void what_a_node_kept_that_died_before_it_heard_goes_later(void)
{
    char key[64], due_key[64];
    struct slice places = read_unheard(NULL, key), id = slice_of_string(ada->conversation);
    struct slice due = slice_make(due_key, conversation_due_key(id, due_key));
    stage_kill(1);
    stage_run(ERASE_AGAIN_MS / 2);
    expect(!fake_server_zset_is_empty(stage.server, places));
    stage_run(ERASE_AGAIN_MS);
    expect(fake_server_zset_is_empty(stage.server, places));
    expect(fake_server_zset_is_empty(stage.server, due));
    stage_end();
}

/* What somebody was shown of it is to be forgotten, and ERASED comes after nothing. True: it came.
 */
static bool forgets(const struct actor *agent)
{
    const char *shown = strstr(agent->heard, "Hello"), *reset = NULL;
    const char *end = strstr(agent->heard, "\"kind\":\"erased\"");
    if (shown == NULL)
        return false;
    reset = strstr(shown, "\"reset\"");
    expect(reset != NULL && (end == NULL || reset < end));
    return end != NULL;
}

/* Whoever began to look on so many ms after it began. */
static bool erase_before_eyes(size_t node, unsigned ms)
{
    stage_start_nodes(2);
    stage_on(1);
    stage_make_supervisor("north", "ben");
    ada = stage_customer("north");
    struct actor *ben = stage_window("north", "ben", node);
    act_say(ada, "Hello");
    stage_run(3000); /* all know of all */
    erase_conversation(stage.node, slice_of_string(ada->conversation), on_erased, NULL);
    stage_run(ms);
    act_ask(ben, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ada->conversation);
    stage_run(1000);
    expect(erased == ERASE_DONE);
    bool has_come = forgets(ben);
    stage_end();
    return has_come;
}

static void who_looks_on_forgets_what_is_erased(void)
{
    unsigned came = 0;
    for (unsigned ms = 0; ms < 40; ms++)
        came += erase_before_eyes(1, ms);
    test_note("seen as an entry in %u of 40 runs", came);
    expect(came > 0);
    stage_start_nodes(2);
    stage_make_supervisor("north", "ben");
    ada = stage_customer("north");
    act_say(ada, "Hello");
    struct actor *watchers[] = {stage_window("north", "ben", 0), stage_window("north", "ben", 1)};
    for (size_t i = 0; i < 2; i++)
        act_ask(watchers[i], "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}",
                ada->conversation);
    stage_run(3000);
    act_erase(ada);
    for (size_t i = 0; i < 2; i++) {
        expect(heard_ever(watchers[i], "Hello"));
        forgets(watchers[i]);
    }
    stage_end();
}

/* At a node that has not heard of it, and has it in memory. */
static void who_looks_on_is_refused_a_page_of_what_is_erased(void)
{
    stage_start_nodes(2);
    stage_on(1);
    stage_make_supervisor("north", "ben");
    ada = stage_customer("north");
    struct actor *ben = stage_window("north", "ben", 1);
    act_say(ada, "Hello");
    act_ask(ben, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ada->conversation);
    stage_run(3000);
    fake_bus_faults(stage.bus)->is_silent = true;
    act_erase(ada);
    act_ask(ben, "{\"type\":\"history\",\"id\":\"p\",\"conversation\":\"%s\"}", ada->conversation);
    expect(heard(ben, "\"conversation_erased\"") && !heard(ben, "\"page\""));
    expect(heard_ever(ben, "Hello"));
    forgets(ben);
    stage_end();
}

/* Ada's other device says hello so many ms after it began. Returns how often the key was gone
 * before all was read. */
static size_t enter_while_erased(unsigned ms)
{
    struct captured captured = capture_standard_error();
    stage_start();
    log_line_setup(LOG_INFO, "stage");
    ada = stage_known("north", "crm-1");
    act_say(ada, "Hello");
    act_leave(ada);
    stage_kill(0);
    stage_revive(0);
    stage_run(3000);
    struct actor *again = stage_actor();
    fake_server_faults(stage.server)->delay_ms_max = 20; /* there is time for both */
    erase_conversation(stage.node, slice_of_string(ada->conversation), on_erased, NULL);
    stage_run(ms);
    expect(fake_client_connect(&again->client, stage.peers, PEER_JSON));
    act_ask(again, "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\"}", ada->ticket);
    stage_run(2000);
    size_t damages = captured_lines(&captured, " error "),
           keyless = captured_lines(&captured, " info log.keyless ");
    captured_end(&captured);
    expect(erased == ERASE_DONE && !heard_ever(again, "\"quarantined\""));
    expect_u64(damages, 0);
    stage_end();
    return keyless;
}

static void who_comes_while_it_is_erased_hears_of_no_damage(void)
{
    size_t keyless = 0;
    for (unsigned ms = 0; ms < 40; ms++)
        keyless += enter_while_erased(ms);
    expect(keyless > 0);
}

/* The key is gone, and with it whose the conversation was; its node died before it did the rest. */
static void an_erasure_that_another_node_ends_frees_the_agent(void)
{
    char key[64];
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    size_t len = (size_t)snprintf(key, sizeof key, "k:%s", ada->conversation);
    expect(fake_server_holds(stage.key_server, slice_make(key, len)));
    fake_server_drop(stage.key_server, slice_make(key, len));
    stage_kill(0);
    stage_revive(0);
    stage_run(2000);
    act_erase(ada);
    stage_run(60000);
    struct team *team = pools_team(stage.node, SLICE_OF("north"));
    expect_u64(pool_counts(team_pool(team)).active, 0);
    stage_end();
}

/* Its last record is of a version that this node does not know: it could not link to it. */
static void who_cannot_read_the_end_of_a_log_erases_nothing(void)
{
    char key[64], name[64];
    uint8_t record[64] = {UINT8_MAX};
    stage_start();
    ada = stage_customer("north");
    act_say(ada, "Hello");
    struct slice log =
            slice_make(key, conversation_log_key(slice_of_string(ada->conversation), key));
    uint64_t seq = fold_of(ada)->tail.seq;
    fake_server_append(stage.server, log, seq + 1, slice_make((char *)record, sizeof record));
    erased = ERASE_DONE;
    erase_conversation(stage.node, slice_of_string(ada->conversation), on_erased, NULL);
    stage_run(1000);
    expect(erased == ERASE_RETRY);
    struct store_item item;
    expect_u64(fake_server_read(stage.server, log, seq + 2, 1, &item), 0);
    size_t len = (size_t)snprintf(name, sizeof name, "k:%s", ada->conversation);
    expect(fake_server_holds(stage.key_server, slice_make(name, len)));
    stage_end();
}

int main(int argc, char **argv)
{
    stage_silence_bell();
    return test_main(argc, argv,
            (struct test_case[]){CASE(who_was_erased_can_come_back_as_somebody_new),
                    CASE(an_erased_case_leaves_the_queue_and_its_agent),
                    CASE(an_erased_turn_gives_the_worker_its_credit_back),
                    CASE(who_is_erased_leaves_all_nodes),
                    CASE(who_was_erased_elsewhere_begins_anew_here),
                    CASE(what_was_read_after_it_was_erased_elsewhere_is_not_kept),
                    CASE(what_a_node_kept_that_died_before_it_heard_goes_later),
                    CASE(who_looks_on_forgets_what_is_erased),
                    CASE(who_looks_on_is_refused_a_page_of_what_is_erased),
                    CASE(who_comes_while_it_is_erased_hears_of_no_damage),
                    CASE(an_erasure_that_another_node_ends_frees_the_agent),
                    CASE(who_cannot_read_the_end_of_a_log_erases_nothing), {0}});
}
