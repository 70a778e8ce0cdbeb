/* SPDX-License-Identifier: Apache-2.0 */
/* The promise: how much of the time from the first queueing to the promised moment is gone. Full
 * when it is broken; from there on age alone grows. The same for every agent. */
#include "core/route/terms/term.h"

bool term_promise(const struct term_input *input, uint32_t *out_value)
{
    const struct request *request = input->request;
    if (request->promise_ms == 0)
        return false;
    uint64_t begun_ms = request->first_queued_ms;
    uint64_t gone_ms = input->now_ms > begun_ms ? input->now_ms - begun_ms : 0;
    uint64_t whole_ms = request->promise_ms > begun_ms ? request->promise_ms - begun_ms : 0;
    *out_value = term_share(gone_ms, whole_ms);
    return true;
}
