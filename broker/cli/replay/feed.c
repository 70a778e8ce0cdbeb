/* SPDX-License-Identifier: Apache-2.0 */
/* Follows one conversation on one socket, as docs/reference/protocol.md tells a client to.
 *
 * Invariant: nothing is taken out and nothing is put right. What comes twice is in the view twice;
 * only an entry whose `after` is not the one held is not taken: then the client resumes.
 */
#include "cli/replay/feed.h"

size_t feed_add_messages(struct view *view, size_t at, const struct proto_entry_view *entry)
{
    size_t added = 0;
    bool is_customer = entry->author.kind == PROTO_AUTHOR_KIND_CUSTOMER;
    bool is_company = entry->author.kind == PROTO_AUTHOR_KIND_AGENT ||
                      entry->author.kind == PROTO_AUTHOR_KIND_BOT;
    for (size_t i = 0; i < entry->parts_count && (is_customer || is_company); i++)
        if (entry->parts[i].kind == PROTO_PART_KIND_MESSAGE && entry->parts[i].has_body)
            view_insert(view, at + added++, is_customer, entry->parts[i].body.text);
    return added;
}

enum feed_verdict feed_take(struct feed *feed, const struct proto_entry_view *entry)
{
    bool is_first = name_is_none(&feed->last);
    bool is_next = is_first || name_equal(&entry->after, &feed->last);
    bool is_held = !is_next && entry->at.seq <= feed->last.seq;
    if (!is_next && !is_held)
        return FEED_GAP;
    if (is_first) {
        feed->is_whole = name_is_none(&entry->after);
        feed->missing = entry->after;
    }
    feed_add_messages(&feed->view, feed->view.count, entry);
    if (is_next)
        feed->last = entry->at;
    return FEED_TAKEN;
}

bool feed_wants_page(struct feed *feed, struct slice conversation, struct proto_history *out)
{
    if (name_is_none(&feed->last) || feed->is_whole || feed->is_asked)
        return false;
    *out = (struct proto_history){.conversation = conversation,
            .has_before = true,
            .before = feed->missing,
            .has_limit = true,
            .limit = PROTO_LIMIT_HISTORY_ENTRIES};
    feed->is_asked = true;
    return true;
}

void feed_take_page(struct feed *feed, const struct proto_page *page)
{
    size_t at = 0;
    if (!feed->is_asked || page->entries_count == 0)
        return;
    feed->is_asked = false;
    for (size_t i = 0; i < page->entries_count; i++)
        at += feed_add_messages(&feed->view, at, &page->entries[i]);
    feed->missing = page->entries[0].after;
    feed->is_whole = !page->more || name_is_none(&feed->missing);
}

void feed_reset(struct feed *feed)
{
    view_clear(&feed->view);
    *feed = (struct feed){0};
}

size_t feed_company_count(const struct feed *feed)
{
    return feed->view.count - feed->view.customer_count;
}

bool feed_entry_has(const struct proto_entry_view *entry, enum proto_part_kind kind)
{
    for (size_t i = 0; i < entry->parts_count; i++)
        if (entry->parts[i].kind == kind)
            return true;
    return false;
}
