/* SPDX-License-Identifier: Apache-2.0 */
/* Receive buffers of a page each, which are memory only while something is in them. */
#ifndef WEFT_WS_RECEIVE_PAGES_H
#define WEFT_WS_RECEIVE_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum { RECEIVE_PAGE_BYTES = 4096, RECEIVE_PAGES_MAX = 65536 };

/* From now on libwebsockets' buffers of exactly this size are pages, those of all servers in this
 * process; when the pages are used up, or none can be had, they come from the heap as before. */
void receive_pages_use(void);

/* The page that was handed out last, for the peer that is being opened; NULL when it has none. */
void *receive_pages_newest(void);

/* What is in the page is lost, and its memory the system's until somebody writes to it. */
void receive_page_rest(void *page);

/* Pages that have been laid to rest so far. */
uint64_t receive_pages_rested(void);

#endif
