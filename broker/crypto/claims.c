/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as JSON: read once a connection, after the signature held. What looks as Weft writes it,
 * all tickets do, is read where it lies; all else by cJSON, which makes twenty pieces of it.
 *
 * Invariant: two readers cannot disagree about what was signed. So doubled members are refused, as
 * are NUL characters (cJSON would end the string there), bytes that are not UTF-8, and anything
 * after the object; times are whole seconds that a double holds exactly. And what the first way
 * takes the second would take alike: it knows no escape, no space and no other order.
 *
 * Not here: who may claim what. That is the flow's.
 */
#include "crypto/claims.h"

#include "base/utf8.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static const double seconds_max = 253402300799.0; /* the last second of the year 9999 */
enum { SECONDS_DIGITS_MAX = 11 };                 /* so none beyond it */

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

static void put_escaped(struct buffer *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c >= ' ') {
        buffer_put_char(out, '\\');
        buffer_put_char(out, (char)c);
    } else {
        buffer_put_slice(out, SLICE_OF("\\u00"));
        buffer_put_char(out, hex[c >> 4]);
        buffer_put_char(out, hex[c & 15]);
    }
}

static void put_member(struct buffer *out, const char *before, struct slice value, size_t len_max)
{
    bool has_nul = value.len > 0 && memchr(value.bytes, '\0', value.len) != NULL;
    if (value.len > len_max || has_nul || !utf8_is_valid(value)) {
        out->overflowed = true;
        return;
    }
    buffer_put_slice(out, slice_of_string(before));
    for (size_t at = 0, end = 0; at < value.len; at = end) {
        while (end < value.len && is_plain(value.bytes[end]))
            end++;
        buffer_put(out, value.bytes + at, end - at);
        if (end < value.len)
            put_escaped(out, (unsigned char)value.bytes[end++]);
    }
}

bool claims_write(const struct token_claims *claims, struct buffer *out)
{
    put_member(out, "{\"t\":\"", claims->tenant, CLAIM_TENANT_MAX);
    put_member(out, "\",\"r\":\"", claims->role, CLAIM_ROLE_MAX);
    put_member(out, "\",\"s\":\"", claims->subject, CLAIM_SUBJECT_MAX);
    put_member(out, "\",\"n\":\"", claims->name, CLAIM_NAME_MAX);
    buffer_put_slice(out, SLICE_OF("\",\"iat\":"));
    buffer_put_u64(out, claims->issued_ms / 1000);
    buffer_put_slice(out, SLICE_OF(",\"exp\":"));
    buffer_put_u64(out, claims->expires_ms / 1000);
    buffer_put_char(out, '}');
    return !out->overflowed && claims->tenant.len > 0 && claims->role.len > 0 &&
           claims->subject.len > 0;
}

/* ---- as it was written ----------------------------------------------------------------------- */

static bool take_word(struct slice *text, const char *word)
{
    struct slice wanted = slice_of_string(word);
    if (!slice_starts_with(*text, wanted))
        return false;
    *text = slice_make(text->bytes + wanted.len, text->len - wanted.len);
    return true;
}

static bool take_string(struct slice *text, const char *before, size_t len_max, struct slice *out)
{
    size_t len = 0;
    if (!take_word(text, before))
        return false;
    while (len < text->len && is_plain(text->bytes[len]))
        len++;
    *out = slice_make(text->bytes, len);
    *text = slice_make(text->bytes + len, text->len - len);
    return len <= len_max;
}

static bool take_seconds(struct slice *text, const char *before, uint64_t *out_ms)
{
    uint64_t seconds = 0;
    size_t len = 0;
    if (!take_word(text, before) || take_word(text, "0"))
        return false;
    for (; len < text->len && len < SECONDS_DIGITS_MAX; len++) {
        if (text->bytes[len] < '0' || text->bytes[len] > '9')
            break;
        seconds = seconds * 10 + (uint64_t)(text->bytes[len] - '0');
    }
    *text = slice_make(text->bytes + len, text->len - len);
    *out_ms = seconds * 1000;
    return len > 0;
}

/* The strings lie in the text. */
static bool read_written(struct slice text, struct token_claims *out_claims)
{
    return take_string(&text, "{\"t\":\"", CLAIM_TENANT_MAX, &out_claims->tenant) &&
           take_string(&text, "\",\"r\":\"", CLAIM_ROLE_MAX, &out_claims->role) &&
           take_string(&text, "\",\"s\":\"", CLAIM_SUBJECT_MAX, &out_claims->subject) &&
           take_string(&text, "\",\"n\":\"", CLAIM_NAME_MAX, &out_claims->name) &&
           take_seconds(&text, "\",\"iat\":", &out_claims->issued_ms) &&
           take_seconds(&text, ",\"exp\":", &out_claims->expires_ms) && slice_is(text, "}");
}

/* ---- as cJSON reads it ----------------------------------------------------------------------- */

static bool has_doubled_member(const cJSON *object)
{
    for (const cJSON *a = object->child; a != NULL; a = a->next)
        for (const cJSON *b = a->next; b != NULL; b = b->next)
            if (strcmp(a->string, b->string) == 0)
                return true;
    return false;
}

static bool read_string(
        const cJSON *object, const char *name, size_t len_max, struct slice *out_value)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(member))
        return false;
    *out_value = slice_of_string(member->valuestring);
    return out_value->len <= len_max;
}

static bool read_seconds(const cJSON *object, const char *name, uint64_t *out_ms)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(member) || !(member->valuedouble >= 0) ||
            member->valuedouble > seconds_max || floor(member->valuedouble) != member->valuedouble)
        return false;
    *out_ms = (uint64_t)member->valuedouble * 1000;
    return true;
}

/* The strings lie in the object. */
static bool read_members(const cJSON *object, struct token_claims *out_claims)
{
    return cJSON_IsObject(object) && !has_doubled_member(object) &&
           read_string(object, "t", CLAIM_TENANT_MAX, &out_claims->tenant) &&
           read_string(object, "r", CLAIM_ROLE_MAX, &out_claims->role) &&
           read_string(object, "s", CLAIM_SUBJECT_MAX, &out_claims->subject) &&
           read_string(object, "n", CLAIM_NAME_MAX, &out_claims->name) &&
           read_seconds(object, "iat", &out_claims->issued_ms) &&
           read_seconds(object, "exp", &out_claims->expires_ms);
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool keep_claims(const struct token_claims *read, char *scratch, size_t scratch_len,
        struct token_claims *out_claims)
{
    struct buffer kept = buffer_make(scratch, scratch_len);
    if (read->tenant.len == 0 || read->role.len == 0 || read->subject.len == 0 ||
            read->expires_ms <= read->issued_ms)
        return false;
    struct token_claims claims = *read;
    claims.tenant = buffer_keep(&kept, read->tenant);
    claims.role = buffer_keep(&kept, read->role);
    claims.subject = buffer_keep(&kept, read->subject);
    claims.name = buffer_keep(&kept, read->name);
    if (kept.overflowed)
        return false;
    *out_claims = claims;
    return true;
}

bool claims_read(
        struct slice text, char *scratch, size_t scratch_len, struct token_claims *out_claims)
{
    char copy[CLAIMS_TEXT_MAX + 1]; /* ended by a NUL, so that cJSON sees trailing bytes */
    struct token_claims claims;
    if (text.len > CLAIMS_TEXT_MAX || !utf8_is_valid(text) ||
            (text.len > 0 && memchr(text.bytes, '\0', text.len) != NULL))
        return false;
    if (read_written(text, &claims))
        return keep_claims(&claims, scratch, scratch_len, out_claims);
    memcpy(copy, text.len ? text.bytes : "", text.len);
    copy[text.len] = '\0';
    if (strstr(copy, "\\u0000") != NULL)
        return false;
    cJSON *object = cJSON_ParseWithOpts(copy, NULL, true);
    bool is_good = object != NULL && read_members(object, &claims) &&
                   keep_claims(&claims, scratch, scratch_len, out_claims);
    cJSON_Delete(object);
    return is_good;
}

enum token_fault claims_judge_time(const struct token_claims *claims, uint64_t now_ms)
{
    if (claims->issued_ms > now_ms + CLOCK_SKEW_MS)
        return TOKEN_NOT_YET;
    return claims->expires_ms + CLOCK_SKEW_MS <= now_ms ? TOKEN_EXPIRED : TOKEN_GOOD;
}
