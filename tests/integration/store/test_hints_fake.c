/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of hints on the made-up bus, without faults. */
#include "hints_contract.h"
#include "lib/fake_hints.h"

static struct fake_clock time_line;
static struct fake_bus *bus;
static struct hints *second;

void hints_begin(struct hints **out_one, struct hints **out_two)
{
    fake_clock_init(&time_line, 1);
    bus = fake_bus_create(&time_line, 1);
    *out_one = fake_bus_join(bus);
    *out_two = second = fake_bus_join(bus);
}

void hints_end(void)
{
    fake_bus_destroy(bus);
    fake_clock_finish(&time_line);
}

void hints_turn(void)
{
    expect(fake_clock_step(&time_line));
}

void hints_cut(void)
{
    fake_hints_cut(second);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv, hints_contract_cases);
}
