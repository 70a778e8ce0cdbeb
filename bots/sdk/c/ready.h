/* SPDX-License-Identifier: Apache-2.0 */
/* A word to whoever started this bot. */
#ifndef WEFT_BOTS_SDK_READY_H
#define WEFT_BOTS_SDK_READY_H

/* Writes "READY=1\n" to the descriptor in WEFT_READY_FD, the first time; without that variable it
 * does nothing. */
void ready_tell(void);

#endif
