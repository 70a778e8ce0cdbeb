/* SPDX-License-Identifier: Apache-2.0 */
/* Who a token, a key or a ticket speaks for.
 *
 *   v4.public.…  signed by Weft (any role) or by the brand (known contacts only)
 *   wk_<tenant>_<id>_<secret>   a bot's or a service's key
 *   tk1.…        a ticket from the last welcome
 *
 * Invariant: tenant and role come from what was verified, never from what was asked. What a brand's
 * key signs can only be one of its own contacts, whatever its claims say.
 */
#include "flow/credentials.h"

#include "base/check.h"
#include "flow/directory_changes.h"
#include "flow/revocations.h"

#include <string.h>

enum { BRAND_LIFETIME_MS_MAX = 24 * 60 * 60 * 1000 };

static enum credential_fault fault_of(enum token_fault fault)
{
    return fault == TOKEN_GOOD      ? CREDENTIAL_GOOD
           : fault == TOKEN_EXPIRED ? CREDENTIAL_EXPIRED
                                    : CREDENTIAL_BAD;
}

/* Subjects are "c:<conversation>", "x:<reference>", "a:<agent>", "k:<key's name>". */
static bool take_subject(struct credential *out, struct slice subject)
{
    if (subject.len < 3 || subject.bytes[1] != ':')
        return false;
    struct slice rest = slice_make(subject.bytes + 2, subject.len - 2);
    if (rest.len > ID_MAX && subject.bytes[0] != 'x')
        return false;
    switch (subject.bytes[0]) {
    case 'c':
        out->role = CREDENTIAL_CUSTOMER;
        out->subject = rest;
        return conversation_id_is_well_formed(rest);
    case 'x':
        out->role = CREDENTIAL_CUSTOMER;
        out->reference = rest;
        return true;
    case 'a':
        out->role = CREDENTIAL_AGENT;
        out->subject = rest;
        return true;
    case 'k':
        out->role = CREDENTIAL_BOT;
        out->subject = rest;
        return true;
    default:
        return false;
    }
}

static enum credential_fault take_claims(struct node *node, const struct tenant *tenant,
        const struct token_claims *claims, struct credential *out)
{
    *out = (struct credential){.tenant = tenant, .name = claims->name};
    if (!slice_equal(claims->tenant, tenant->id) || !take_subject(out, claims->subject))
        return CREDENTIAL_BAD;
    if (slice_is(claims->role, "service") && out->role == CREDENTIAL_BOT)
        out->role = CREDENTIAL_SERVICE;
    bool is_agent = out->role == CREDENTIAL_AGENT;
    if (is_agent && directory_agent(node, tenant->id, out->subject) == NULL)
        return CREDENTIAL_BAD;
    return CREDENTIAL_GOOD;
}

static bool is_session_role(struct slice role)
{
    return slice_is(role, "customer") || slice_is(role, "agent");
}

/* A token that is read, and what is known of its signature. */
struct reading {
    struct slice token;
    const struct token_proof *proof; /* NULL: nothing */
    char *scratch;
    size_t scratch_len;
};

static const uint8_t *key_of(const struct tenant *tenant, bool is_brand)
{
    return is_brand ? tenant->brand_public_key : tenant->public_key;
}

static enum token_fault verify_as(struct node *node, const struct tenant *tenant, bool is_brand,
        const struct reading *reading, struct token_claims *out)
{
    struct token_terms terms = {key_of(tenant, is_brand), reading->proof, node_time_ms(node),
            is_brand ? BRAND_LIFETIME_MS_MAX : node->settings->customer_renewal_ms};
    return token_verify(&terms, reading->token, reading->scratch, reading->scratch_len, out);
}

/* Verifying costs more than all the rest of a hello, so the key that is likely comes first. */
static enum credential_fault check_token(struct node *node, const struct reading *reading,
        struct slice wanted_role, struct credential *out)
{
    struct token_claims claims;
    struct token_hint hint = token_hint(reading->token, reading->scratch, reading->scratch_len);
    const struct tenant *tenant = directory_tenant(node, hint.tenant);
    if (tenant == NULL)
        return CREDENTIAL_BAD;
    bool is_brand = hint.names_contact;
    enum token_fault fault = verify_as(node, tenant, is_brand, reading, &claims);
    if (fault == TOKEN_FORGED) {
        is_brand = !is_brand;
        fault = verify_as(node, tenant, is_brand, reading, &claims);
    }
    if (fault != TOKEN_GOOD)
        return fault_of(fault);
    bool is_wanted = wanted_role.len > 0 ? slice_equal(claims.role, wanted_role)
                                         : is_session_role(claims.role);
    if (!is_wanted || (is_brand && !slice_starts_with(claims.subject, SLICE_OF("x:"))))
        return CREDENTIAL_BAD;
    return take_claims(node, tenant, &claims, out);
}

/* wk_<tenant>_<id>_<secret>; tenants and ids hold no underscore. */
static enum credential_fault check_key(struct node *node, struct slice text, struct credential *out)
{
    struct slice fields[3];
    const char *at = text.bytes + 3, *end = text.bytes + text.len;
    for (int i = 0; i < 3; i++) {
        const char *stop = i < 2 ? memchr(at, '_', (size_t)(end - at)) : end;
        if (stop == NULL)
            return CREDENTIAL_BAD;
        fields[i] = slice_make(at, (size_t)(stop - at));
        at = stop + 1;
    }
    const struct directory_value *key = directory_key(node, fields[0], fields[1]);
    uint8_t hash[KEY_HASH_SIZE];
    key_hash(node, fields[2], hash);
    if (key == NULL || key->hash.len != sizeof hash ||
            !crypto_equal(key->hash.bytes, hash, sizeof hash))
        return CREDENTIAL_BAD;
    *out = (struct credential){.tenant = directory_tenant(node, fields[0]),
            .role = slice_is(key->role, "bot") ? CREDENTIAL_BOT : CREDENTIAL_SERVICE,
            .subject = key->name,
            .name = key->name};
    return CREDENTIAL_GOOD;
}

void key_hash(const struct node *node, struct slice secret, uint8_t out[KEY_HASH_SIZE])
{
    crypto_mac(node->settings->master_key, "key", secret, out, KEY_HASH_SIZE);
}

static bool is_key(struct slice text)
{
    return slice_starts_with(text, SLICE_OF("wk_"));
}

bool credential_prove(struct node *node, struct token_check *check)
{
    struct token_proof *proof = &check->proof;
    char scratch[ID_MAX];
    if (node->verifier == NULL || is_key(proof->token))
        return false;
    struct token_hint hint = token_hint(proof->token, scratch, sizeof scratch);
    const struct tenant *tenant = directory_tenant(node, hint.tenant);
    if (tenant == NULL)
        return false;
    for (int i = 0; i < 2; i++)
        memcpy(proof->keys[i], key_of(tenant, (i == 0) == hint.names_contact),
                sizeof proof->keys[i]);
    return node->verifier->ops->verify(node->verifier, check);
}

enum credential_fault credential_check_proven(struct node *node, struct slice token,
        const struct token_proof *proof, char *scratch, size_t scratch_len, struct credential *out)
{
    struct reading reading = {token, proof, scratch, scratch_len};
    return is_key(token) ? check_key(node, token, out)
                         : check_token(node, &reading, SLICE_NONE, out);
}

enum credential_fault credential_check(struct node *node, struct slice token, char *scratch,
        size_t scratch_len, struct credential *out)
{
    return credential_check_proven(node, token, NULL, scratch, scratch_len, out);
}

enum credential_fault renewal_check(struct node *node, struct slice token, const char *role,
        char *scratch, size_t scratch_len, struct credential *out)
{
    struct reading reading = {token, NULL, scratch, scratch_len};
    return check_token(node, &reading, slice_of_string(role), out);
}

/* ---- what Weft issues -------------------------------------------------------------------------
 */

static const char *role_text(enum credential_role role)
{
    switch (role) {
    case CREDENTIAL_CUSTOMER:
        return "customer";
    case CREDENTIAL_AGENT:
        return "agent";
    case CREDENTIAL_BOT:
        return "bot";
    case CREDENTIAL_SERVICE:
        return "service";
    }
    return "customer";
}

static struct slice subject_text(const struct credential *credential, struct buffer *out)
{
    static const char kinds[] = {[CREDENTIAL_CUSTOMER] = 'c',
            [CREDENTIAL_AGENT] = 'a',
            [CREDENTIAL_BOT] = 'k',
            [CREDENTIAL_SERVICE] = 'k'};
    buffer_put_char(out, kinds[credential->role]);
    buffer_put_char(out, ':');
    buffer_put_slice(out, credential->subject);
    return buffer_slice(out);
}

bool credential_token(struct node *node, const struct credential *credential, const char *role,
        uint64_t lifetime_ms, struct buffer *out)
{
    char subject[ID_MAX + 8];
    struct buffer text = buffer_make(subject, sizeof subject);
    uint64_t now_ms = node_time_ms(node);
    struct token_claims claims = {.tenant = credential->tenant->id,
            .role = slice_of_string(role ? role : role_text(credential->role)),
            .subject = subject_text(credential, &text),
            .name = credential->name,
            .issued_ms = now_ms,
            .expires_ms = now_ms + lifetime_ms};
    return !text.overflowed && token_sign(credential->tenant->secret_key, &claims, out);
}

bool ticket_issue(struct node *node, const struct credential *credential, struct buffer *out)
{
    char subject[ID_MAX + 8];
    struct buffer text = buffer_make(subject, sizeof subject);
    uint64_t now_ms = node_time_ms(node);
    struct token_claims claims = {.tenant = credential->tenant->id,
            .role = slice_of_string(role_text(credential->role)),
            .subject = subject_text(credential, &text),
            .name = credential->name,
            .issued_ms = now_ms,
            .expires_ms = now_ms + node->settings->ticket_ms};
    buffer_put_slice(out, credential->tenant->id);
    buffer_put_char(out, '.');
    return !text.overflowed && ticket_make(credential->tenant->ticket_key, &claims, out);
}

enum credential_fault ticket_redeem(struct node *node, struct slice ticket, char *scratch,
        size_t scratch_len, struct credential *out)
{
    const char *dot = ticket.len ? memchr(ticket.bytes, '.', ticket.len) : NULL;
    if (dot == NULL)
        return CREDENTIAL_BAD;
    struct slice id = slice_make(ticket.bytes, (size_t)(dot - ticket.bytes));
    struct slice rest = slice_make(dot + 1, ticket.len - id.len - 1);
    const struct tenant *tenant = directory_tenant(node, id);
    struct token_claims claims;
    if (tenant == NULL)
        return CREDENTIAL_BAD;
    enum token_fault fault = ticket_check(
            tenant->ticket_key, rest, node_time_ms(node), scratch, scratch_len, &claims);
    enum credential_fault result =
            fault == TOKEN_GOOD ? take_claims(node, tenant, &claims, out) : fault_of(fault);
    bool is_over = result == CREDENTIAL_GOOD &&
                   ticket_is_revoked(node, tenant->id, out->subject, claims.issued_ms);
    return is_over ? CREDENTIAL_BAD : result;
}
