/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of logs on their way to the store: what somebody waits for now goes before what catches up.
 *
 *   live ------------------------------------------> store
 *   patient --> waits, first come first served ----> store, while fewer than reads_max are there
 *
 * When a thousand come back at once, each has its log looked at and its pages read. All of that at
 * once would lie before the next append in the store's answers, and in this node's turns, for a
 * second. So of the patient ones a few are under way; whenever one was answered the next goes, so
 * they get on in each turn, whatever the live ones do, and the others wait here for no more than
 * those few.
 *
 * Invariant: a fetch is with the store, or waits in the engine's list, or is over; its stamp is of
 * the moment at which the store was asked. Of patient ones at most reads_max are with the store.
 */
#include "log/load.h"

static void on_fetched(void *user, const struct store_reply *reply);

static void ask(struct log_fetch *fetch)
{
    struct log_engine *engine = fetch->log->engine;
    fetch->stamp = ++engine->stamp;
    engine->reads += fetch->is_patient;
    engine->store->ops->read(engine->store, &fetch->request, on_fetched, fetch);
}

/* done may free the fetch. */
static void on_fetched(void *user, const struct store_reply *reply)
{
    struct log_fetch *fetch = user;
    struct log_engine *engine = fetch->log->engine;
    bool was_patient = fetch->is_patient;
    fetch->done(fetch->user, reply);
    engine->reads -= was_patient;
    while (engine->reads < engine->reads_max && !list_is_empty(&engine->reads_waiting))
        ask(LIST_ITEM(list_take_first(&engine->reads_waiting), struct log_fetch, at));
}

void log_fetch(struct log_fetch *fetch)
{
    struct log_engine *engine = fetch->log->engine;
    list_init(&fetch->at);
    if (fetch->is_patient && engine->reads >= engine->reads_max)
        list_append(&engine->reads_waiting, &fetch->at);
    else
        ask(fetch);
}

void log_fetch_hurry(struct log_fetch *fetch)
{
    if (list_is_empty(&fetch->at))
        return;
    list_remove(&fetch->at);
    fetch->is_patient = false;
    ask(fetch);
}
