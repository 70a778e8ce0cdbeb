// SPDX-License-Identifier: Apache-2.0
// What a longer run of the same log has that a shorter one lacks, at either end.

import { seqOf } from "./name.ts";
import type { EntryView } from "./wire.ts";

export interface Difference {
    readonly older: readonly EntryView[];
    readonly newer: readonly EntryView[];
    /** The two do not touch: what was held before is of no use, everything is `newer`. */
    readonly apart: boolean;
}

export function onePage(entries: readonly EntryView[], first: string | null, last: string | null): Difference {
    if (first === null || last === null) return { older: [], newer: entries, apart: false };
    const oldest = seqOf(entries[0]?.at);
    const newest = seqOf(entries[entries.length - 1]?.at);
    if (oldest > seqOf(last) || newest < seqOf(first)) {
        const touches = entries[0]?.after === last;
        return touches ? { older: [], newer: entries, apart: false } : { older: [], newer: entries, apart: true };
    }
    let from = 0;
    while (from < entries.length && seqOf(entries[from]!.at) < seqOf(first)) from += 1;
    let to = entries.length;
    while (to > from && seqOf(entries[to - 1]!.at) > seqOf(last)) to -= 1;
    return { older: entries.slice(0, from), newer: entries.slice(to), apart: false };
}
