/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP doors of the stage's node: ask as an administrator, and keep the answer. */
#ifndef WEFT_TESTS_UNIT_FLOW_STAGE_DOOR_H
#define WEFT_TESTS_UNIT_FLOW_STAGE_DOOR_H

#include "stage.h"

enum { DOOR_BODY_MAX = 1 << 20 };

struct door_reply {
    int status; /* 0: no answer yet */
    char body[DOOR_BODY_MAX];
};

extern struct door_reply door_reply;

/* After stage_start. */
void stage_open_doors(void);
/* Asks, and gives the node time to answer. body: JSON or NULL. */
int ask_door(enum http_method method, const char *path, const char *body);
/* As a service of north, with its key; the stage goes on for so long. */
int ask_door_as_service(const char *path, const char *body, uint64_t ms);
/* The same without the admin token. */
int ask_door_as_nobody(enum http_method method, const char *path);

#endif
