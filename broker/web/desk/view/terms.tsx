// SPDX-License-Identifier: Apache-2.0
// The terms of a score: as a line of those that spoke, which opens to all of them with their weight as bars.

import { termName, termOf } from "./words.ts";
import type { Term } from "../model/wire.ts";

const TERMS_MAX = 4;
const SPEAKS = 10;

function ordered(terms: readonly Term[]): Term[] {
    return [...terms].sort((left, right) => right.value - left.value);
}

/** The strongest, in words; opened, every term. */
export function Terms({ terms, title }: { terms: readonly Term[]; title: string }) {
    const speaking = ordered(terms).filter((term) => term.value >= SPEAKS);
    if (speaking.length === 0) return null;
    return (
        <details class="offer-terms">
            <summary>
                <span class="offer-terms-title">{title}:</span>{" "}
                {speaking.slice(0, TERMS_MAX).map((term, index, all) => (
                    <span key={term.name} class="term">
                        {termOf(term.name)}
                        {index < all.length - 1 && " · "}
                    </span>
                ))}
            </summary>
            <TermBars terms={terms} />
        </details>
    );
}

/** Every term with its value, beside the greatest of them: of the reader, or of somebody else (`theirs`). */
export function TermBars({ terms, most, theirs }: { terms: readonly Term[]; most?: number; theirs?: boolean }) {
    const whole = Math.max(1, most ?? Math.max(...terms.map((term) => term.value)));
    return (
        <ul class="bars">
            {ordered(terms).map((term) => (
                <li key={term.name} class="bar">
                    <span class="bar-name">{theirs ? termName(term.name) : termOf(term.name)}</span>
                    <meter class="bar-meter" aria-hidden="true" min={0} max={whole} value={term.value} />
                    <span class="bar-value">{term.value}</span>
                </li>
            ))}
        </ul>
    );
}
