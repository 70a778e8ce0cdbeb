/* SPDX-License-Identifier: Apache-2.0 */
/* The tally. Invariant: it only looks; a run with it and one without are the same run. */
#include "tally.h"

#include "base/check.h"
#include "flow/members.h"
#include "flow/pools.h"
#include "world.h"

#include <inttypes.h>
#include <sys/mman.h>

enum { STATE_BITS = 1 << 24, CODES_MAX = 64, CODE_LEN = 32 };

struct tally {
    uint64_t worlds, simulated_ms, steps, writes_lost, hints, resets, saved, parts;
    uint64_t nodes[NODES_MAX + 1], faults[FAULT_KINDS], actions[TALLY_ACTIONS];
    struct fake_tally store;
    struct {
        char code[CODE_LEN];
        uint64_t times[TALLY_ROLES];
    } codes[CODES_MAX];
    uint64_t states[STATE_BITS / 64];
};

static struct tally *tally;

void tally_start(void)
{
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(tally != MAP_FAILED);
}

static void add(uint64_t *counter, uint64_t count)
{
    __atomic_fetch_add(counter, count, __ATOMIC_RELAXED);
}

/* ---- states -----------------------------------------------------------------------------------
 */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t few(uint64_t count)
{
    return count < 3 ? count : 3;
}

static void note(uint64_t hash)
{
    uint64_t bit = hash % STATE_BITS;
    __atomic_fetch_or(&tally->states[bit / 64], UINT64_C(1) << bit % 64, __ATOMIC_RELAXED);
}

static uint64_t of_node(const struct sim_node *sim)
{
    struct node *node = sim->node;
    uint64_t hash = mix(0, node->store->ops->generation(node->store) != 0);
    hash = mix(hash, node->is_open);
    hash = mix(hash, members_count(node));
    struct team *team = node->is_open ? pools_team(node, SLICE_OF("sim")) : NULL;
    if (team == NULL)
        return hash;
    struct pool_counts counts = pool_counts(team_pool(team));
    hash = mix(hash, few(counts.waiting) | few(counts.offered) << 2 | few(counts.active) << 4 |
                             few(counts.online) << 6);
    return mix(hash, team_is_read(team));
}

static uint64_t of_chat(const struct chat *chat)
{
    const struct conversation *fold = chat_fold(chat);
    uint64_t hash = mix(fold->phase, chat->log.state);
    hash = mix(hash, fold->turn.seq != 0);
    hash = mix(hash, fold->turn_attempt);
    hash = mix(hash, fold->input_from_seq != 0);
    hash = mix(hash, chat->turn != NULL);
    hash = mix(hash, chat->log.is_busy);
    hash = mix(hash, chat->log.is_untold);
    hash = mix(hash, list_is_empty(&chat->log.changes));
    hash = mix(hash, list_is_empty(&chat->followers));
    return mix(hash, chat->key_state);
}

void tally_states(const struct world *world)
{
    uint64_t all = world->plan.is_lossy;
    if (tally == NULL)
        return;
    for (unsigned i = 0; i < world->plan.node_count; i++) {
        const struct sim_node *sim = &world->nodes[i];
        uint64_t own = sim->node == NULL ? 1 : of_node(sim);
        for (unsigned c = 0; sim->node != NULL && c < CONTACTS; c++) {
            const char *id = world->devices[c].conversation;
            struct chat *chat = id[0] ? chat_find(sim->node, slice_of_string(id)) : NULL;
            uint64_t hash = chat ? mix(own, of_chat(chat)) : own;
            note(hash);
            if (c == 0)
                all += hash; /* nodes are alike: their order says nothing */
        }
    }
    note(mix(all, world->plan.node_count));
}

uint64_t tally_state_count(void)
{
    uint64_t count = 0;
    for (size_t i = 0; i < STATE_BITS / 64; i++)
        count += (uint64_t)__builtin_popcountll(tally->states[i]);
    return count;
}

/* ---- events -----------------------------------------------------------------------------------
 */

/* Two processes that meet a new code at once may note it twice: the print adds nothing up. */
void tally_refusal(enum tally_role role, struct slice code)
{
    if (tally == NULL || code.len == 0 || code.len >= CODE_LEN)
        return;
    for (size_t i = 0; i < CODES_MAX; i++) {
        if (tally->codes[i].code[0] == '\0')
            memcpy(tally->codes[i].code, code.bytes, code.len);
        if (slice_is(code, tally->codes[i].code)) {
            add(&tally->codes[i].times[role], 1);
            return;
        }
    }
}

static const char *const action_names[TALLY_ACTIONS] = {"words were acked", "an edit was acked",
        "a deletion was acked", "a reaction was acked", "a deed was refused for good",
        "a page of history came", "a page of all history came",
        "a customer's receipt was told to a customer", "a customer's typing was told to a customer",
        "and that it ended", "an agent's receipt was told to a customer",
        "an agent's typing was told to a customer", "an agent said that they are there",
        "an agent stepped aside", "an agent's presence was told", "an agent's words were acked",
        "a note was acked", "a case was handed on to the queue",
        "a case was handed on to a colleague", "a case came with who handed it on",
        "a transfer was refused", "a supervisor got the list of cases", "a supervisor looked on",
        "a whisper came to who has the case", "a supervisor joined", "and spoke beside the owner",
        "and left", "a case was taken over", "a conversation was erased", "its contact began anew",
        "a callback was offered", "a callback was agreed", "a callback was moved",
        "a callback was cancelled", "an agent got a case to call back",
        "an agent recorded that they reached a customer", "an agent recorded that they did not",
        "a callback was given up", "a case went back for want of an outcome",
        "a supervisor saw who is called back later", "a file went up", "an upload was refused",
        "an upload broke off", "a file was fetched", "a file was gone",
        "a file that was erased was gone"};

void tally_action(enum tally_action action)
{
    if (tally != NULL)
        add(&tally->actions[action], 1);
}

void tally_world(const struct world *world)
{
    const struct fake_tally *store = fake_server_tally(world->server);
    if (tally == NULL)
        return;
    add(&tally->worlds, 1);
    add(&tally->simulated_ms, world->clock.now_ms);
    add(&tally->steps, world->steps);
    add(&tally->writes_lost, world->writes_lost);
    add(&tally->hints, fake_bus_delivered(world->bus));
    add(&tally->nodes[world->plan.node_count], 1);
    for (unsigned i = 0; i < DEVICES; i++)
        add(&tally->resets, world->devices[i].resets);
    for (unsigned i = 0; i < FAULT_KINDS; i++)
        add(&tally->faults[i], world->faults_done[i]);
    for (unsigned verb = 0; verb < FAKE_VERBS; verb++)
        for (unsigned outcome = 0; outcome < FAKE_OUTCOMES; outcome++)
            add(&tally->store.times[verb][outcome], store->times[verb][outcome]);
}

void tally_saved(uint64_t parts)
{
    if (tally == NULL)
        return;
    add(&tally->saved, 1);
    add(&tally->parts, parts);
}

void tally_print(FILE *out)
{
    static const char *const roles[TALLY_ROLES] = {"customers", "agents", "bots"};
    fprintf(out,
            "# %" PRIu64 " worlds (%" PRIu64 " of one node, %" PRIu64 " of two, %" PRIu64
            " of three, %" PRIu64 " of four)\n",
            tally->worlds, tally->nodes[1], tally->nodes[2], tally->nodes[3], tally->nodes[4]);
    fprintf(out,
            "# %" PRIu64 " writes lost by failovers, %" PRIu64 " resets, %" PRIu64 " hints heard\n",
            tally->writes_lost, tally->resets, tally->hints);
    fprintf(out, "# %" PRIu64 " snapshots of pools, in %" PRIu64 " parts\n", tally->saved,
            tally->parts);
    for (unsigned i = 0; i < FAULT_KINDS; i++)
        fprintf(out, "# %10" PRIu64 " x %s\n", tally->faults[i], fault_name((enum fault_kind)i));
    for (unsigned i = 0; i < TALLY_ACTIONS; i++)
        fprintf(out, "# %10" PRIu64 " x %s\n", tally->actions[i], action_names[i]);
    for (unsigned verb = 0; verb < FAKE_VERBS; verb++) {
        fprintf(out, "# store %s:", fake_verb_name(verb));
        for (unsigned outcome = 0; outcome < FAKE_OUTCOMES; outcome++)
            if (tally->store.times[verb][outcome] > 0)
                fprintf(out, " %" PRIu64 " %s", tally->store.times[verb][outcome],
                        fake_outcome_name(outcome));
        fputc('\n', out);
    }
    for (size_t i = 0; i < CODES_MAX && tally->codes[i].code[0] != '\0'; i++) {
        fprintf(out, "# told %s:", tally->codes[i].code);
        for (unsigned role = 0; role < TALLY_ROLES; role++)
            if (tally->codes[i].times[role] > 0)
                fprintf(out, " %" PRIu64 " to %s", tally->codes[i].times[role], roles[role]);
        fputc('\n', out);
    }
}

unsigned tally_unreached(FILE *out)
{
    unsigned count = 0;
    for (unsigned i = 0; i < FAULT_KINDS + TALLY_ACTIONS; i++) {
        bool is_fault = i < FAULT_KINDS;
        if ((is_fault ? tally->faults[i] : tally->actions[i - FAULT_KINDS]) > 0)
            continue;
        fprintf(out, "# never: %s\n",
                is_fault ? fault_name((enum fault_kind)i) : action_names[i - FAULT_KINDS]);
        count++;
    }
    return count;
}

void tally_sum_up(uint64_t seeds, uint64_t violations, uint64_t seconds, FILE *out)
{
    fprintf(out,
            "# %" PRIu64 " seeds, %" PRIu64 " violations, in %" PRIu64 " s: %" PRIu64
            " simulated seconds, %" PRIu64 " events, %" PRIu64 " distinct states\n",
            seeds, violations, seconds, tally->simulated_ms / 1000, tally->steps,
            tally_state_count());
}
