/* SPDX-License-Identifier: Apache-2.0 */
/* What an acknowledgement promises. */
#ifndef WEFT_STORE_DURABILITY_H
#define WEFT_STORE_DURABILITY_H

enum durability {
    DURABILITY_ALWAYS,   /* it is on the disk: survives the loss of power */
    DURABILITY_EVERYSEC, /* Redis has it: survives the end of the broker, and of Redis but for the
                            last second or so */
};

#endif
