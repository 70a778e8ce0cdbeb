/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives is gathered within its limit and the budget; where there is no memory it is refused,
 * and nothing is taken that is not given back. */
#include "lib/test.h"
#include "ws/inbound.h"

enum { LEN_MAX = 4096, BUDGET = 2048 };

static bool is_out_of_memory;

void *__real_spares_take(struct spares *spares, size_t size);
void *__wrap_spares_take(struct spares *spares, size_t size);

void *__wrap_spares_take(struct spares *spares, size_t size)
{
    return is_out_of_memory ? NULL : __real_spares_take(spares, size);
}

static void pieces_are_one(void)
{
    struct memory_budget budget = {.max = BUDGET};
    struct inbound inbound = {0};
    expect(inbound_append(&inbound, &budget, LEN_MAX, "one ", 4));
    expect(inbound_append(&inbound, &budget, LEN_MAX, NULL, 0));
    expect(inbound_append(&inbound, &budget, LEN_MAX, "two", 3));
    expect_text(slice_make(inbound.bytes, inbound.len), "one two");
    inbound_finish(&inbound, &budget);
    expect_u64(budget.used, 0);
}

static void limits_refuse_and_keep_what_there_is(void)
{
    static const char much[LEN_MAX];
    struct memory_budget budget = {.max = BUDGET};
    struct inbound inbound = {0};
    expect(inbound_append(&inbound, &budget, LEN_MAX, "kept", 4));
    expect(!inbound_append(&inbound, &budget, LEN_MAX, much, LEN_MAX - 3)); /* too long */
    expect(!inbound_append(&inbound, &budget, LEN_MAX, much, BUDGET));      /* over the budget */
    expect_text(slice_make(inbound.bytes, inbound.len), "kept");
    expect_u64(budget.used, inbound.capacity);
    inbound_finish(&inbound, &budget);
    expect_u64(budget.used, 0);
}

static void without_memory_the_budget_is_given_back(void)
{
    struct memory_budget budget = {.max = BUDGET};
    struct inbound inbound = {0};
    is_out_of_memory = true;
    expect(!inbound_append(&inbound, &budget, LEN_MAX, "a", 1));
    is_out_of_memory = false;
    expect_u64(budget.used, 0);
    expect(inbound_append(&inbound, &budget, LEN_MAX, "a", 1));
    inbound_finish(&inbound, &budget);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(pieces_are_one), CASE(limits_refuse_and_keep_what_there_is),
                    CASE(without_memory_the_budget_is_given_back), {0}});
}
