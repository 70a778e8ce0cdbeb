/* SPDX-License-Identifier: Apache-2.0 */
/* How a tail is read, checked and thrown away. Private to broker/log. */
#ifndef WEFT_LOG_LOAD_H
#define WEFT_LOG_LOAD_H

#include "log/log.h"

/* Does what the first waiting change needs next. (log.c) */
void log_work(struct log *log);
/* Ends all waiting changes; call it from a completion only. (log.c) */
void log_fail_waiting(struct log *log, enum log_outcome outcome);

/* Reads the log anew, from its newest snapshot on. */
void log_load(struct log *log);
/* Reads what came after the tail, and proves that the tail is still there. */
void log_refresh(struct log *log);
/* No appends in this generation, for this reason. */
void log_break(struct log *log, enum log_outcome why);
/* Waits for a barrier, then tells that the tail has moved. */
void log_tell(struct log *log);
/* Ends the waiting changes of a broken log, later. */
void log_refuse_broken(struct log *log);
/* Checks the chain and folds. The tail moves only on LOG_FOLDED. */
enum log_fold log_fold_record(struct log *log, const struct record *record);

#endif
