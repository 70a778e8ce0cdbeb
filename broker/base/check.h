/* SPDX-License-Identifier: Apache-2.0 */
/* check(): a programmer's error ends the process, in release too. Never for bad input. */
#ifndef WEFT_BASE_CHECK_H
#define WEFT_BASE_CHECK_H

#define check(condition) \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, __func__))

_Noreturn void check_failed(
        const char *condition, const char *file, int line, const char *function);

#endif
