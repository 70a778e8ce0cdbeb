/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on the made-up store, without faults. */
#include "contract.h"
#include "lib/fake_store.h"
#include "subject.h"

struct store *one, *two;

static struct fake_clock time_line;
static struct fake_server *server;

void subject_begin(void)
{
    fake_clock_init(&time_line, 1);
    server = fake_server_create(&time_line, 1);
    one = fake_server_join(server);
    two = fake_server_join(server);
    while (one->ops->generation(one) == 0 || two->ops->generation(two) == 0)
        subject_turn();
}

void subject_end(void)
{
    fake_server_destroy(server);
    fake_clock_finish(&time_line);
}

void subject_turn(void)
{
    expect(fake_clock_step(&time_line));
}

int main(int argc, char **argv)
{
    return test_main(argc, argv, contract_cases);
}
