/* SPDX-License-Identifier: Apache-2.0 */
/* Words to the service manager, where there is one. */
#ifndef WEFT_SUPERVISOR_NOTIFY_H
#define WEFT_SUPERVISOR_NOTIFY_H

/* Sends "READY=1" or the like to NOTIFY_SOCKET; without that variable it does nothing. */
void notify(const char *state);

#endif
