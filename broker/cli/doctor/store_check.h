/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two stores while the doctor looks at it. */
#ifndef WEFT_CLI_DOCTOR_STORE_CHECK_H
#define WEFT_CLI_DOCTOR_STORE_CHECK_H

#include "cli/doctor/findings.h"
#include "cli/doctor/resp.h"

enum { STORE_RUN_ID_MAX = 64 };

struct store_check {
    const struct patient *patient;
    struct findings *findings;
    const char *about;
    struct resp resp;
    char run_id[STORE_RUN_ID_MAX];
};

/* true: logged in, or no password is wanted. */
bool store_log_in(struct resp *resp, const char *password_file);
/* The n-th line of an answer, 0 the first; false: there is none, or it does not fit. */
bool store_take_line(const char *answer, size_t n, char *out, size_t size);
/* What CONFIG GET says; false, with a finding, when the server does not tell. */
bool store_setting(struct store_check *check, const char *name, char *out, size_t size);

/* Asks the Sentinels of redis, and tells what they are worth.
 *
 * errors: false: none of them knows the master; out_place is then untouched */
bool examine_sentinels(struct store_check *check, const struct config_redis *redis,
        struct config_redis *out_place);
/* Whether the master key of this host is the one that the keys were wrapped with. order: logged in
 */
void examine_master_key(struct store_check *check);
/* Whether the replicas are as the configuration counts on. order: logged in */
void examine_replicas(struct store_check *check);

#endif
