/* SPDX-License-Identifier: Apache-2.0 */
/* A contact is born, or found by the name that the brand has for them.
 *
 *   create:   key into the key store -> index of the tenant -> entry 1 of the log
 *   resolve:  index of references -> there: that one
 *                                 -> absent: create, then claim; a loser takes the winner's
 *   identify: own log read -> it can be written: claim -> won, or ours before: IDENTITY into it
 *                          -> it cannot: as resolve, but none is created
 *   both:     that one is erased, or lost, or says that it is somebody else's: the entry after it
 *
 * Invariant: only the flow that made the id up appends entry 1 (rule 10), after its key and its
 * place in the tenant's index are durable, so no log is without a key and none is out of reach of
 * erasure. A newborn that lost a race stays empty and is found by the index. References are kept as
 * keyed hashes. An index entry is never taken back, since nothing could do that and be sure that
 * nobody relies on it: one that leads nowhere any more is followed by the next, whose key names the
 * conversation it leads past. So all come to the same one, and neither an erasure, nor a loss, nor
 * a claim for a conversation that refused it keeps anybody out.
 */
#include "flow/contacts.h"

#include "base/check.h"

#include <stdlib.h>

enum { REFERENCE_DIGEST_SIZE = 24, REFERENCE_DIGEST_TEXT = 32, PAST_MAX = 64, LANGUAGE_MAX = 16 };

struct contact_flow {
    struct chat_change change;
    struct chat_touch touch; /* identify: of the conversation that asks */
    struct node *node;
    struct id_text tenant;
    contact_done done;
    void *user;
    char id_bytes[CONVERSATION_ID_LEN];
    uint8_t key[KEY_SIZE];
    char digest[REFERENCE_DIGEST_TEXT + 8]; /* of the reference; empty text: anonymous */
    size_t digest_len;
    struct id_text own;          /* identify: the conversation that asks; empty: resolve */
    enum proto_error_code fault; /* of that one, which can keep no identity */
    struct id_text past;         /* the index entry after this conversation's; empty: the first */
    unsigned past_count;
    struct short_text name;
    struct id_text channel, language;
    char page[512];
    size_t page_len;
    char index_key[128];
    size_t index_key_len;
};

size_t contact_index_key(struct slice tenant, char out[128])
{
    struct buffer key = buffer_make(out, 128);
    buffer_put_slice(&key, SLICE_OF("t:{"));
    buffer_put_slice(&key, tenant);
    buffer_put_slice(&key, SLICE_OF("}c"));
    return key.len;
}

static struct slice flow_id(const struct contact_flow *flow)
{
    return slice_make(flow->id_bytes, CONVERSATION_ID_LEN);
}

static void end(struct contact_flow *flow, enum proto_error_code fault)
{
    flow->done(flow->user, fault, flow_id(flow));
    memset(flow->key, 0, sizeof flow->key);
    free(flow);
}

static struct contact_flow *make_flow(
        struct node *node, const struct tenant *tenant, contact_done done, void *user)
{
    struct contact_flow *flow = calloc(1, sizeof *flow);
    check(flow != NULL);
    flow->node = node;
    flow->done = done;
    flow->user = user;
    id_set(&flow->tenant, tenant->id);
    flow->index_key_len = contact_index_key(tenant->id, flow->index_key);
    return flow;
}

/* ---- birth ------------------------------------------------------------------------------------
 */

static void claim(struct contact_flow *flow);

static void decide_create(struct chat_change *change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct contact_flow *flow = LIST_ITEM(change, struct contact_flow, change);
    struct part created = {.id = id_slice(&flow->tenant),
            .name = short_slice(&flow->name),
            .channel = id_slice(&flow->channel),
            .language = id_slice(&flow->language),
            .page = slice_make(flow->page, flow->page_len)};
    if (fold->phase == PHASE_UNBORN) {
        conversation_create(fold, &created, now_ms, decision);
    } else { /* our own first try, whose answer was lost: the id is nobody else's */
        decision->verdict = VERDICT_ALREADY;
        decision->already = fold->tail;
    }
}

static void on_created(struct chat_change *change, enum log_outcome outcome)
{
    struct contact_flow *flow = LIST_ITEM(change, struct contact_flow, change);
    bool is_born = outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY;
    if (!is_born)
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
    else if (flow->digest_len > 0)
        claim(flow);
    else
        end(flow, PROTO_ERROR_NONE);
}

static void on_indexed(void *user, const struct store_reply *reply)
{
    struct contact_flow *flow = user;
    struct chat *chat = NULL;
    if (reply->outcome == STORE_OK)
        chat = chat_hold_newborn(flow->node, flow_id(flow), id_slice(&flow->tenant), flow->key);
    if (chat == NULL) {
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
        return;
    }
    flow->change.decide = decide_create;
    flow->change.done = on_created;
    chat_change(chat, &flow->change);
    chat_release(chat);
}

static void on_key_kept(void *user, enum keystore_outcome outcome, struct slice wrapped)
{
    struct contact_flow *flow = user;
    struct store *store = flow->node->store;
    (void)wrapped;
    if (outcome != KEYSTORE_OK) {
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
        return;
    }
    store->ops->zset_add(store, slice_make(flow->index_key, flow->index_key_len), flow_id(flow),
            node_time_ms(flow->node), ZSET_SET, on_indexed, flow);
}

static void be_born(struct contact_flow *flow)
{
    struct node *node = flow->node;
    const struct tenant *tenant = directory_tenant(node, id_slice(&flow->tenant));
    uint8_t record[CHAT_KEY_RECORD_MAX];
    if (tenant == NULL) {
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
        return;
    }
    conversation_id_make(node, flow->id_bytes);
    node->random->fill(node->random, flow->key, sizeof flow->key);
    size_t len = chat_key_wrap(node, tenant, flow_id(flow), flow->key, record);
    node->keystore->ops->put(
            node->keystore, flow_id(flow), slice_make(record, len), on_key_kept, flow);
}

/* A birth always begins on a later turn, so done does too. */
void contact_create(struct node *node, const struct tenant *tenant,
        const struct contact_birth *birth, contact_done done, void *user)
{
    struct contact_flow *flow = make_flow(node, tenant, done, user);
    short_set(&flow->name, birth->name);
    id_set(&flow->channel, birth->channel);
    if (birth->language.len <= LANGUAGE_MAX) /* a longer one says nothing that is used */
        id_set(&flow->language, birth->language);
    flow->page_len = birth->page.len < sizeof flow->page ? birth->page.len : 0;
    memcpy(flow->page, birth->page.len ? birth->page.bytes : "", flow->page_len);
    be_born(flow);
}

/* ---- identity ---------------------------------------------------------------------------------
 */

static struct slice reference_key(const struct contact_flow *flow, char out[128])
{
    struct buffer key = buffer_make(out, 128);
    buffer_put_slice(&key, SLICE_OF("id:{"));
    buffer_put_slice(&key, id_slice(&flow->tenant));
    buffer_put_char(&key, ':');
    buffer_put(&key, flow->digest, flow->digest_len);
    if (flow->past.len > 0) {
        buffer_put_char(&key, ':');
        buffer_put_slice(&key, id_slice(&flow->past));
    }
    buffer_put_char(&key, '}');
    check(!key.overflowed);
    return buffer_slice(&key);
}

static void set_reference(
        struct contact_flow *flow, const struct tenant *tenant, struct slice reference)
{
    uint8_t digest[REFERENCE_DIGEST_SIZE];
    crypto_mac(tenant->identity_key, "identity", reference, digest, sizeof digest);
    flow->digest_len = base64url_write(digest, sizeof digest, flow->digest);
}

static void decide_identify(struct chat_change *change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct contact_flow *flow = LIST_ITEM(change, struct contact_flow, change);
    conversation_identify(fold, slice_make(flow->digest, flow->digest_len),
            short_slice(&flow->name), now_ms, decision);
    if (decision->verdict == VERDICT_ALREADY &&
            !log_is_fresh(change->log.log, change->log.asked_at))
        decision->verdict = VERDICT_NO; /* it may be erased since: read it (rule 6) */
}

static void look_up(struct contact_flow *flow);

/* The index led to a conversation that is not this contact's, or no longer: to the entry after. */
static void look_past(struct contact_flow *flow)
{
    id_set(&flow->past, flow_id(flow));
    if (flow->past_count++ == PAST_MAX) {
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
    } else if (flow->own.len > 0 && flow->fault == PROTO_ERROR_NONE) {
        memcpy(flow->id_bytes, flow->own.bytes, CONVERSATION_ID_LEN);
        claim(flow);
    } else {
        look_up(flow);
    }
}

static bool leads_nowhere(const struct contact_flow *flow, enum log_outcome outcome)
{
    enum refusal refusal = flow->change.refusal;
    return outcome == LOG_MISSING ||
           (outcome == LOG_REFUSED &&
                   (refusal == REFUSAL_IDENTITY_TAKEN || refusal == REFUSAL_ERASED));
}

/* A log that cannot be appended to is still this contact's: whoever asks for it is told why. */
static void on_identified(struct chat_change *change, enum log_outcome outcome)
{
    struct contact_flow *flow = LIST_ITEM(change, struct contact_flow, change);
    bool is_own = slice_equal(id_slice(&flow->own), flow_id(flow));
    bool is_unwritable = outcome == LOG_READ_ONLY || outcome == LOG_QUARANTINED;
    if (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY || (!is_own && is_unwritable))
        end(flow, PROTO_ERROR_NONE);
    else if (!is_own && leads_nowhere(flow, outcome))
        look_past(flow);
    else
        end(flow, outcome_code(outcome, flow->change.refusal));
}

/* The claim is ours: let the log say it too. Also when an earlier try died between the two. */
static void write_identity(struct contact_flow *flow)
{
    struct chat *chat = chat_hold(flow->node, flow_id(flow));
    if (chat == NULL) {
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
        return;
    }
    flow->change.log.is_patient = true;
    flow->change.decide = decide_identify;
    flow->change.done = on_identified;
    chat_change(chat, &flow->change);
    chat_release(chat);
}

static void take_winner(struct contact_flow *flow, struct slice winner)
{
    if (!conversation_id_is_well_formed(winner)) {
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
        return;
    }
    memcpy(flow->id_bytes, winner.bytes, CONVERSATION_ID_LEN);
    write_identity(flow);
}

static void on_claimed(void *user, const struct store_reply *reply)
{
    struct contact_flow *flow = user;
    if (reply->outcome == STORE_OK)
        write_identity(flow);
    else if (reply->outcome == STORE_REFUSED)
        take_winner(flow, reply->value);
    else
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
}

static void claim(struct contact_flow *flow)
{
    struct store *store = flow->node->store;
    char key[128];
    store->ops->claim(store, reference_key(flow, key), flow_id(flow), on_claimed, flow);
}

static void on_looked_up(void *user, const struct store_reply *reply)
{
    struct contact_flow *flow = user;
    if (reply->outcome == STORE_OK)
        take_winner(flow, reply->value);
    else if (reply->outcome != STORE_ABSENT)
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
    else if (flow->fault != PROTO_ERROR_NONE)
        end(flow, flow->fault);
    else
        be_born(flow);
}

static void look_up(struct contact_flow *flow)
{
    struct store *store = flow->node->store;
    char key[128];
    store->ops->get(store, reference_key(flow, key), on_looked_up, flow);
}

void contact_resolve(struct node *node, const struct tenant *tenant, struct slice reference,
        struct slice name, contact_done done, void *user)
{
    struct contact_flow *flow = make_flow(node, tenant, done, user);
    set_reference(flow, tenant, reference);
    short_set(&flow->name, name);
    id_set(&flow->channel, SLICE_OF("web"));
    look_up(flow);
}

/* A claim is for good: one for a log that can keep no identity would only lead astray. */
static void on_own_read(struct chat_touch *touch, enum log_outcome outcome)
{
    struct contact_flow *flow = LIST_ITEM(touch, struct contact_flow, touch);
    chat_release(touch->change.chat);
    if (outcome == LOG_WAS_ALREADY) {
        claim(flow);
        return;
    }
    flow->fault = outcome_code(outcome, touch->change.refusal);
    look_up(flow);
}

static void read_own(struct contact_flow *flow)
{
    struct chat *chat = chat_hold(flow->node, flow_id(flow));
    if (chat == NULL) {
        end(flow, PROTO_ERROR_STORE_UNAVAILABLE);
        return;
    }
    flow->touch.change.tenant = id_slice(&flow->tenant);
    flow->touch.change.log.is_patient = true;
    flow->touch.done = on_own_read;
    chat_touch(chat, &flow->touch);
}

void contact_identify(struct node *node, const struct tenant *tenant, struct slice conversation,
        struct slice reference, struct slice name, contact_done done, void *user)
{
    struct contact_flow *flow = make_flow(node, tenant, done, user);
    check(conversation_id_is_well_formed(conversation));
    memcpy(flow->id_bytes, conversation.bytes, CONVERSATION_ID_LEN);
    id_set(&flow->own, conversation);
    set_reference(flow, tenant, reference);
    short_set(&flow->name, name);
    read_own(flow);
}
