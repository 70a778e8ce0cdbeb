/* SPDX-License-Identifier: Apache-2.0 */
/* What `weft simulate` does beside comparing policies: the benchmark, outside instances, and the
 * check against closed forms. */
#ifndef WEFT_CLI_SIMULATE_MODES_H
#define WEFT_CLI_SIMULATE_MODES_H

#include "lab/bench.h"

/* Each prints its result and returns an exit code. */
int simulate_bench(const struct bench_setup *setup, bool is_json);
/* CLI_FOUND: a figure is off by 1 % or more, or it is not known so well. */
int simulate_erlang(uint64_t seed, bool is_json);
int simulate_instance(const char *path, bool is_dumped, bool is_json);

#endif
