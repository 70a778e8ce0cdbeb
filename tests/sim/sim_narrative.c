/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of what may go wrong, told by the flows themselves (tests/sim/narratives), so that they
 * can be read, and compared: a flow that takes another way tells another story.
 *
 *   sim_narrative FOLDER           compares each story with FOLDER/NAME.txt
 *   sim_narrative --write FOLDER   writes them anew; then read what has changed
 */
#include "base/check.h"
#include "base/log_line.h"
#include "narrative.h"
#include "port/crypto.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a node's death ---------------------------------------------------------------------------
 */

static void die(struct narrative *narrative)
{
    narrate(narrative, "Node %u dies, before it hears that the entry was kept.",
            narrative->sim->index + 1);
    sim_node_die(narrative->sim);
}

static bool die_at_the_first(struct narrative *narrative, struct sim_node *sim, uint64_t seq)
{
    (void)seq;
    if (narrative->world.devices[0].outbox.count == 0 || narrative->deeds > 0)
        return false;
    narrative_do(narrative, sim, die);
    return true;
}

/* ---- a lost ack -------------------------------------------------------------------------------
 */

static void cut_bot(struct narrative *narrative)
{
    narrate(narrative, "The bot's line breaks, with the ack on it.");
    fake_client_cut(&narrative->world.bots[0].line.client);
}

static bool has_committed;

static void watch_commit(struct narrative *narrative, struct sim_node *sim,
        const struct proto_frame *frame, bool is_to_node)
{
    (void)sim;
    (void)narrative;
    has_committed = has_committed || (is_to_node && frame->kind == PROTO_KIND_COMMIT);
}

static bool cut_after_commit(struct narrative *narrative, struct sim_node *sim, uint64_t seq)
{
    (void)seq;
    if (has_committed && narrative->deeds == 0)
        narrative_do(narrative, sim, cut_bot);
    return false;
}

/* ---- a lost suffix ----------------------------------------------------------------------------
 */

static void fail_over(struct narrative *narrative)
{
    struct fake_server *server = narrative->world.server;
    size_t lost = fake_server_fail_over(server, 2);
    check(lost > 0); /* else the story has no point: give it another seed */
    narrate(narrative,
            "Redis' master dies, and a replica takes its place that lacks the last %zu %s.", lost,
            lost == 1 ? "write" : "writes");
    fake_server_demote(server);
}

static void fail_over_after_ack(struct narrative *narrative, struct sim_node *sim,
        const struct proto_frame *frame, bool is_to_node)
{
    if (!is_to_node && frame->kind == PROTO_KIND_ACK && frame->as.ack.n == 2 &&
            narrative->deeds == 0)
        narrative_do(narrative, sim, fail_over);
}

/* ---- a callback -------------------------------------------------------------------------------
 */

static void close_the_page(struct narrative *narrative)
{
    struct connection_model *phone = &narrative->world.devices[0].line;
    narrate(narrative, "Ada puts her phone away, and node %u dies.", narrative->sim->index + 1);
    phone->is_ended = true;
    fake_client_cut(&phone->client);
    sim_node_die(narrative->sim);
}

static void die_when_agreed(struct narrative *narrative, struct sim_node *sim,
        const struct proto_frame *frame, bool is_to_node)
{
    if (!is_to_node && frame->kind == PROTO_KIND_DONE && narrative->deeds == 0 &&
            narrative->world.devices[0].calls.is_agreed)
        narrative_do(narrative, sim, close_the_page);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static const char *const parcel[] = {"Where is my parcel?", "It is number 4711."};
static const char *const person[] = {"I want to talk to a person."};

static const struct story stories[] = {
        {.name = "node_death",
                .title = "A customer's message through a node's death",
                .about =
                        "Two nodes. The one that appended Ada's first message dies before it can "
                        "say\n"
                        "so, and before it appends the second. Nobody has to remember anything:\n"
                        "the log knows of the first, and Ada's phone has not forgotten the second.",
                .seed = 1,
                .ms = 1500,
                .node_count = 2,
                .messages = 2,
                .words = parcel,
                .has_laptop = true,
                .on_append = die_at_the_first},
        {.name = "lost_ack",
                .title = "A handoff whose ack is lost",
                .about =
                        "One node. The bot hands over, and its line breaks before it is told that\n"
                        "this was kept. It says the same again; nothing happens twice.",
                .seed = 15,
                .ms = 1000,
                .node_count = 1,
                .messages = 1,
                .words = person,
                .has_bot = true,
                .has_agent = true,
                .on_append = cut_after_commit,
                .on_frame = watch_commit},
        {.name = "lost_suffix",
                .title = "A failover loses the end of the log",
                .about = "Two nodes on a Redis that does not wait for its replica. An entry that "
                         "was\n"
                         "acked and seen is lost. Everybody is told, and Ada's phone puts it back.",
                .seed = 6,
                .ms = 1000,
                .node_count = 2,
                .messages = 2,
                .words = parcel,
                .is_lossy = true,
                .has_laptop = true,
                .on_frame = fail_over_after_ack},
        {.name = "callback",
                .title = "A callback through a node's death",
                .about = "Two nodes. Ada does not want to wait, and is promised a call. She goes, "
                         "and\nthe node that promised it dies. Nobody there remembers; the due "
                         "index\nbrings the case back when the time has come.",
                .seed = 29,
                .ms = 30000,
                .node_count = 2,
                .messages = 1,
                .words = person,
                .has_bot = true,
                .has_agent = true,
                .calls_back = true,
                .on_frame = die_when_agreed},
};

static char *read_file(const char *folder, const char *name)
{
    static char text[1 << 16], path[1024];
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    text[len] = '\0';
    return text;
}

static bool write_file(const char *folder, const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    FILE *file = fopen(path, "w");
    return file != NULL && fputs(text, file) >= 0 && fclose(file) == 0;
}

static void show_difference(const char *wanted, const char *told)
{
    while (*wanted != '\0' && *wanted == *told) {
        wanted++;
        told++;
    }
    printf("# it was told so: …%.200s\n", wanted);
    printf("# and is now:     …%.200s\n", told);
}

int main(int argc, char **argv)
{
    bool is_written = argc == 3 && strcmp(argv[1], "--write") == 0;
    bool is_good = argc == (is_written ? 3 : 2);
    size_t count = sizeof stories / sizeof *stories;
    crypto_start();
    log_line_setup(LOG_ERROR + 1, "sim");
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count && is_good; i++) {
        char *told = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&told, &size);
        check(out != NULL);
        has_committed = false;
        narrative_run(&stories[i], out);
        fclose(out);
        const char *wanted = read_file(argv[argc - 1], stories[i].name);
        bool is_same =
                is_written ? write_file(argv[2], stories[i].name, told) : strcmp(told, wanted) == 0;
        printf("%sok %zu - %s\n", is_same ? "" : "not ", i + 1, stories[i].title);
        if (!is_same)
            show_difference(wanted, told);
        is_good = is_good && is_same;
        free(told);
    }
    return is_good ? 0 : 1;
}
