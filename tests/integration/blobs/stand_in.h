/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/s3_stand_in.py as a process of the test's own. */
#ifndef WEFT_TESTS_INTEGRATION_BLOBS_STAND_IN_H
#define WEFT_TESTS_INTEGRATION_BLOBS_STAND_IN_H

#include "s3/s3_options.h"

#include <stddef.h>

/* Started once; it dies with the test. Returns where its bucket is, for a client that it knows. */
struct s3_options stand_in_start(void);

/* Another one, which speaks TLS by a certificate that it signed itself: FOLDER/ca.pem. */
struct s3_options stand_in_start_tls(const char *folder);

/* "fault=503&count=2": see there. Returns its answer, good until the next one: what it holds, and
 * what it was asked since it started. */
const char *stand_in_tell(const char *command);
/* How often the text stands in that answer. */
unsigned stand_in_counts(const char *text);

#endif
