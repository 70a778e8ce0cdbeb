/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a view.
 *
 * Each turn claims the first unclaimed message of its side with the very same bytes. Then: claimed
 * messages out of order are disordered; an unclaimed message that repeats a turn is duplicated; one
 * that does not stands for a turn that nobody claimed, which is then mismatched and not lost; what
 * is left over on either side is lost, or mismatched. Invariant: a view that is exactly the
 * dialogue gives four zeros, and any single change of it at least one that is not.
 */
#include "cli/replay/check.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

enum { UNCLAIMED = -1 };

static bool fits(const struct dialogue_turn *turn, const struct view_message *message)
{
    return turn->is_customer == message->is_customer && slice_equal(turn->text, message->text);
}

/* ---- views ------------------------------------------------------------------------------------
 */

static void grow(struct view *view)
{
    if (view->count > 0 && (view->count & (view->count - 1)) != 0)
        return;
    size_t room = view->count ? view->count * 2 : 1;
    view->all = realloc(view->all, room * sizeof *view->all);
    check(view->all != NULL);
}

void view_insert(struct view *view, size_t at, bool is_customer, struct slice text)
{
    check(at <= view->count);
    if (view->count == VIEW_MESSAGES_MAX) {
        view->overflow++;
        return;
    }
    grow(view);
    char *copy = malloc(text.len + 1);
    check(copy != NULL);
    if (text.len > 0)
        memcpy(copy, text.bytes, text.len);
    memmove(view->all + at + 1, view->all + at, (view->count - at) * sizeof *view->all);
    view->all[at] = (struct view_message){is_customer, slice_make(copy, text.len)};
    view->count++;
    view->customer_count += is_customer;
}

void view_add(struct view *view, bool is_customer, struct slice text)
{
    view_insert(view, view->count, is_customer, text);
}

void view_clear(struct view *view)
{
    for (size_t i = 0; i < view->count; i++)
        free((char *)view->all[i].text.bytes);
    free(view->all);
    *view = (struct view){0};
}

/* ---- judging ----------------------------------------------------------------------------------
 */

/* Writes to claims, for each turn, the place of its message, and to owners, for each message,
 * whether a turn has it. */
static void claim(
        const struct dialogue *dialogue, const struct view *view, long *claims, bool *owners)
{
    for (size_t i = 0; i < dialogue->turn_count; i++) {
        claims[i] = UNCLAIMED;
        for (size_t j = 0; j < view->count && claims[i] == UNCLAIMED; j++)
            if (!owners[j] && fits(&dialogue->turns[i], &view->all[j])) {
                claims[i] = (long)j;
                owners[j] = true;
            }
    }
}

static void count_disorder(size_t turn_count, const long *claims, struct verdict *sums)
{
    long furthest = UNCLAIMED;
    for (size_t i = 0; i < turn_count; i++) {
        if (claims[i] == UNCLAIMED)
            continue;
        if (claims[i] < furthest)
            sums->disordered++;
        else
            furthest = claims[i];
    }
}

static bool repeats_a_turn(const struct dialogue *dialogue, const struct view_message *message)
{
    for (size_t i = 0; i < dialogue->turn_count; i++)
        if (fits(&dialogue->turns[i], message))
            return true;
    return false;
}

static void count_rest(const struct dialogue *dialogue, const struct view *view, const long *claims,
        const bool *owners, struct verdict *sums)
{
    uint64_t missing = 0, strange = 0;
    for (size_t i = 0; i < dialogue->turn_count; i++)
        missing += claims[i] == UNCLAIMED;
    for (size_t j = 0; j < view->count; j++) {
        bool is_repeat = !owners[j] && repeats_a_turn(dialogue, &view->all[j]);
        sums->duplicated += is_repeat;
        strange += !owners[j] && !is_repeat;
    }
    sums->mismatched += strange;
    sums->lost += missing > strange ? missing - strange : 0;
    sums->duplicated += view->overflow;
}

void check_view(const struct dialogue *dialogue, const struct view *view, struct verdict *sums)
{
    long *claims = calloc(dialogue->turn_count + 1, sizeof *claims);
    bool *owners = calloc(view->count + 1, sizeof *owners);
    check(claims != NULL && owners != NULL);
    claim(dialogue, view, claims, owners);
    count_disorder(dialogue->turn_count, claims, sums);
    count_rest(dialogue, view, claims, owners, sums);
    free(claims);
    free(owners);
}
