/* SPDX-License-Identifier: Apache-2.0 */
/* weft token: signs a token for a known contact as the brand's server would, or shows what a token
 * says.
 *
 * Invariant: `new` needs only the tenant's signing secret, `inspect` no key at all: it shows claims
 * and does not vouch for them. Neither talks to a server.
 */
#include "cli/command.h"
#include "cli/say.h"
#include "cli/terminal_text.h"
#include "cli/text_file.h"
#include "port/crypto.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TTL_S = 300, TTL_S_MAX = 86400, SECRET_FILE_MAX = 4096, SIGNATURE_SIZE = 64 };

struct token_options {
    const char *secret_file, *tenant, *contact, *name;
    uint64_t ttl_s;
    bool is_json;
};

static const struct token_options defaults = {.name = "", .ttl_s = TTL_S};

static const struct option_row rows[] = {
        {"--secret-file", OPTION_TEXT, offsetof(struct token_options, secret_file), "FILE",
                "new: holds the tenant's signing secret (required)", 0, 0},
        {"--tenant", OPTION_TEXT, offsetof(struct token_options, tenant), "T",
                "new: the tenant's id (required)", 0, 0},
        {"--contact", OPTION_TEXT, offsetof(struct token_options, contact), "REF",
                "new: how the brand names the contact (required)", 0, 0},
        {"--name", OPTION_TEXT, offsetof(struct token_options, name), "NAME",
                "new: the name to show", 0, 0},
        {"--ttl", OPTION_NUMBER, offsetof(struct token_options, ttl_s), "S",
                "new: seconds until it expires; 300 when absent", 1, TTL_S_MAX},
        {"--json", OPTION_FLAG, offsetof(struct token_options, is_json), NULL,
                "inspect: the claims as one JSON object", 0, 0},
        {0}};

static uint64_t wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec;
}

/* ---- new --------------------------------------------------------------------------------------
 */

static bool read_secret(const char *path, uint8_t out[SIGNING_SECRET_SIZE])
{
    size_t len = 0;
    char *text = text_file_read(path, SECRET_FILE_MAX);
    if (text == NULL) {
        say("%s cannot be read: %s", path, strerror(errno));
        return false;
    }
    bool is_good = base64url_read(slice_make(text, strcspn(text, " \t\r\n")), out,
                           SIGNING_SECRET_SIZE, &len) &&
                   len == SIGNING_SECRET_SIZE;
    memset(text, 0, strlen(text));
    free(text);
    if (!is_good)
        say("%s does not hold a signing secret", path);
    return is_good;
}

static int make(const struct token_options *options)
{
    uint8_t secret[SIGNING_SECRET_SIZE];
    char bytes[TOKEN_MAX], subject[512];
    struct buffer token = buffer_make(bytes, sizeof bytes);
    if (options->secret_file == NULL || options->tenant == NULL || options->contact == NULL)
        return say_code(CLI_USAGE, "it needs --secret-file, --tenant and --contact");
    if (!read_secret(options->secret_file, secret))
        return CLI_NOT_RUN;
    int len = snprintf(subject, sizeof subject, "x:%s", options->contact);
    uint64_t now_s = wall_s();
    const struct token_claims claims = {.tenant = slice_of_string(options->tenant),
            .role = SLICE_OF("customer"),
            .subject = slice_of_string(subject),
            .name = slice_of_string(options->name),
            .issued_ms = now_s * 1000,
            .expires_ms = (now_s + options->ttl_s) * 1000};
    bool is_signed = len > 0 && (size_t)len < sizeof subject && token_sign(secret, &claims, &token);
    memset(secret, 0, sizeof secret);
    if (!is_signed)
        return say_code(CLI_USAGE, "the tenant, the contact or the name is too long");
    printf("%.*s\n", (int)token.len, token.bytes);
    return CLI_GOOD;
}

/* ---- inspect ----------------------------------------------------------------------------------
 */

/* The payload between "v4.public." and the signature; NULL when the text is no token. */
static cJSON *read_claims(const char *token)
{
    static const char head[] = "v4.public.";
    uint8_t bytes[TOKEN_MAX];
    size_t len = 0;
    if (strncmp(token, head, sizeof head - 1) != 0 || strlen(token) > TOKEN_MAX)
        return NULL;
    const char *body = token + sizeof head - 1;
    if (!base64url_read(slice_make(body, strcspn(body, ".")), bytes, sizeof bytes, &len) ||
            len <= SIGNATURE_SIZE)
        return NULL;
    return cJSON_ParseWithLength((const char *)bytes, len - SIGNATURE_SIZE);
}

static const char *claim(const cJSON *claims, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, name));
    return text ? text : "";
}

static uint64_t claim_s(const cJSON *claims, const char *name)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(claims, name);
    return cJSON_IsNumber(number) && number->valuedouble > 0 ? (uint64_t)number->valuedouble : 0;
}

static void print_json(const cJSON *claims, bool is_expired)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "tenant", claim(claims, "t"));
    cJSON_AddStringToObject(out, "role", claim(claims, "r"));
    cJSON_AddStringToObject(out, "subject", claim(claims, "s"));
    cJSON_AddStringToObject(out, "name", claim(claims, "n"));
    cJSON_AddNumberToObject(out, "issued_s", (double)claim_s(claims, "iat"));
    cJSON_AddNumberToObject(out, "expires_s", (double)claim_s(claims, "exp"));
    cJSON_AddBoolToObject(out, "expired", is_expired);
    char *line = cJSON_PrintUnformatted(out);
    puts(line ? line : "{}");
    free(line);
    cJSON_Delete(out);
}

static void print_text(const char *label, const char *text)
{
    printf("%-9s", label);
    terminal_text_write(stdout, slice_of_string(text), 0);
    putchar('\n');
}

static void print_time(const char *label, uint64_t at_s)
{
    time_t seconds = (time_t)at_s;
    struct tm parts;
    char text[32] = "?";
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    print_text(label, text);
}

static int inspect(const struct token_options *options, const char *token)
{
    cJSON *claims = read_claims(token);
    if (!cJSON_IsObject(claims)) {
        cJSON_Delete(claims);
        return say_code(CLI_NOT_RUN, "this is not a v4.public token");
    }
    bool is_expired = claim_s(claims, "exp") <= wall_s();
    if (options->is_json) {
        print_json(claims, is_expired);
    } else {
        print_text("tenant", claim(claims, "t"));
        print_text("role", claim(claims, "r"));
        print_text("subject", claim(claims, "s"));
        print_text("name", claim(claims, "n"));
        print_time("issued", claim_s(claims, "iat"));
        print_time("expires", claim_s(claims, "exp"));
    }
    cJSON_Delete(claims);
    return is_expired ? say_code(CLI_FOUND, "it has expired")
                      : say_code(CLI_GOOD, "the signature was not checked: that needs the key");
}

static int run(const void *given, const struct command_words *words)
{
    if (strcmp(words->all[0], "new") == 0 && words->count == 1)
        return make(given);
    if (strcmp(words->all[0], "inspect") == 0 && words->count == 2)
        return inspect(given, words->all[1]);
    return say_code(CLI_USAGE, "it is `weft token new …` or `weft token inspect TOKEN`");
}

const struct command command_token = {
        .name = "token",
        .words = "new | inspect TOKEN",
        .summary = "Signs a token for a known contact, or shows what a token says.",
        .details = "`inspect` exits with 1 when the token has expired.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 1,
        .words_most = 2,
        .run = run,
};
