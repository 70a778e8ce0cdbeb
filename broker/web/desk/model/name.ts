// SPDX-License-Identifier: Apache-2.0
// Names of entries: "seq-mark". Only the seq orders them; only the whole name is equal.

export const NO_ENTRY = "0-0000000000000000";

export function seqOf(name: string | null | undefined): number {
    if (!name) return 0;
    const dash = name.indexOf("-");
    const seq = Number(dash < 0 ? name : name.slice(0, dash));
    return Number.isFinite(seq) ? seq : 0;
}

/** The later of two names, by place in the log. */
export function laterOf(left: string | null, right: string | null | undefined): string | null {
    return right && seqOf(right) > seqOf(left) ? right : left;
}
