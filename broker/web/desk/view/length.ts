// SPDX-License-Identifier: Apache-2.0
// How long words may be: in bytes, as the server told.

import type { Limits } from "../model/wire.ts";

const TEXT_BYTES = 8192; // until it has
const encoder = new TextEncoder();

/** By how many bytes the words are too long; not above zero: they fit. */
export function overOf(text: string, limits: Limits | null): number {
    const most = limits?.text_bytes ?? TEXT_BYTES;
    return encoder.encode(text).length - most;
}
