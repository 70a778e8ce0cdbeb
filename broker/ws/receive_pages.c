/* SPDX-License-Identifier: Apache-2.0 */
/* The pages that libwebsockets receives into.
 *
 * It keeps a receive buffer for the life of each peer, and reads no more at once than would fit
 * into it, though it unmasks messages where they were read and puts only pings and pongs there. A
 * small one costs several reads a message, a large one memory for ten thousand peers who say
 * nothing. So each gets a page out of addresses that are reserved once, and after a pong the page's
 * memory is given back.
 *
 * Invariant: a page is on one of two stacks, or above what was ever handed out, or a peer's. Free
 * pages hold no memory; used ones may, but they are few, and the first to be handed out: peers who
 * come and go cost no call of the kernel. Addresses of the heap pass through to the heap.
 * libwebsockets' allocator is one for the process, and so is this.
 */
#include "ws/receive_pages.h"

#include "base/check.h"

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { USED_ONES_MAX = 1024 }; /* as many as may leave in a moment */

static struct {
    char *first; /* NULL: none */
    uint32_t *free_ones;
    uint32_t free_count, ever_used;
    uint32_t used_ones[USED_ONES_MAX], used_count;
    void *newest;
    uint64_t rested;
} pages;

static bool is_page(const void *at)
{
    const char *byte = at;
    return pages.first != NULL && byte >= pages.first &&
           byte < pages.first + (size_t)RECEIVE_PAGES_MAX * RECEIVE_PAGE_BYTES;
}

static void *take_page(void)
{
    uint32_t index;
    if (pages.used_count > 0)
        index = pages.used_ones[--pages.used_count];
    else if (pages.free_count > 0)
        index = pages.free_ones[--pages.free_count];
    else if (pages.first != NULL && pages.ever_used < RECEIVE_PAGES_MAX)
        index = pages.ever_used++;
    else
        return NULL;
    return pages.first + (size_t)index * RECEIVE_PAGE_BYTES;
}

static void give_back_page(char *page)
{
    size_t at = (size_t)(page - pages.first);
    uint32_t index = (uint32_t)(at / RECEIVE_PAGE_BYTES);
    check(at % RECEIVE_PAGE_BYTES == 0 && pages.free_count + pages.used_count < pages.ever_used);
    if (pages.used_count < USED_ONES_MAX) {
        pages.used_ones[pages.used_count++] = index;
        return;
    }
    madvise(page, RECEIVE_PAGE_BYTES, MADV_DONTNEED);
    pages.free_ones[pages.free_count++] = index;
}

/* As realloc, but 0 bytes frees: libwebsockets' own convention. */
static void *allocate(void *old, size_t bytes, const char *reason)
{
    if (is_page(old)) {
        check(bytes == 0);
        give_back_page(old);
        return NULL;
    }
    if (old == NULL && bytes == RECEIVE_PAGE_BYTES && strcmp(reason, "rx_ubuf") == 0) {
        pages.newest = take_page();
        if (pages.newest != NULL)
            return pages.newest;
    }
    if (bytes > 0)
        return realloc(old, bytes);
    free(old);
    return NULL;
}

static void *reserve(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void receive_pages_use(void)
{
    size_t bytes = (size_t)RECEIVE_PAGES_MAX * RECEIVE_PAGE_BYTES;
    if (pages.first == NULL) {
        pages.free_ones = reserve(RECEIVE_PAGES_MAX * sizeof *pages.free_ones);
        pages.first = pages.free_ones ? reserve(bytes) : NULL;
    }
    if (pages.first != NULL)
        madvise(pages.first, bytes, MADV_NOHUGEPAGE); /* else one byte would cost 2 MB */
    lws_set_allocator(allocate);
}

void *receive_pages_newest(void)
{
    void *newest = pages.newest;
    pages.newest = NULL;
    return newest;
}

void receive_page_rest(void *page)
{
    check(is_page(page));
    madvise(page, RECEIVE_PAGE_BYTES, MADV_DONTNEED);
    pages.rested++;
}

uint64_t receive_pages_rested(void)
{
    return pages.rested;
}
