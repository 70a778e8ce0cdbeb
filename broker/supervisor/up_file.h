/* SPDX-License-Identifier: Apache-2.0 */
/* DATA/up.json: where a running Weft is found, for people's scripts. */
#ifndef WEFT_SUPERVISOR_UP_FILE_H
#define WEFT_SUPERVISOR_UP_FILE_H

#include "supervisor/crew.h"

/* Replaces the file in one step. errors: logged; the old one stays. */
void up_file_write(const struct config *config, const struct crew *crew);
void up_file_remove(const struct config *config);

#endif
