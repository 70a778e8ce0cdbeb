// SPDX-License-Identifier: Apache-2.0
// The widget's drawings: strokes in the colour of the text, hidden from screen readers.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import { h, type Child } from "./dom.ts";

const icon = (d: string) => (): Child => (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"
        stroke-linejoin="round" aria-hidden="true">
        <path d={d} />
    </svg>
);

export const Bubble = icon("M4 12a8 8 0 1 1 3.6 6.7L4 20l1.2-3.6A8 8 0 0 1 4 12ZM8.5 10.5h7M8.5 14h4");
export const Clip = icon("M8 12l6-6a3 3 0 0 1 4.5 4.5l-8 8a5 5 0 0 1-7-7L11 4");
export const Cross = icon("M6 6l12 12M18 6L6 18");
export const Down = icon("M12 5v14M6 13l6 6 6-6");
export const Arrow = icon("M12 20V5M6 11l6-6 6 6");
