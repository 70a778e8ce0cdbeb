/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on a real redis-server. */
#include "contract.h"
#include "real.h"

int main(int argc, char **argv)
{
    int failed = test_main(argc, argv, contract_cases);
    real_finish();
    return failed;
}
