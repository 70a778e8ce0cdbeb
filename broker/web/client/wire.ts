// SPDX-License-Identifier: Apache-2.0
// The wire's types, from the one schema, and the few things that the client adds to them:
// places in a log, and the error that a refused request ends with.
export type * from "../../../proto/js/frames.ts";
import type { ErrorFrame, Name, Retry } from "../../../proto/js/frames.ts";

export const SUBPROTOCOL = "weft.v1.json";

// Before the first entry of every log.
export const NOWHERE = "0-0000000000000000" as Name;

// The place in the log; names of one log are ordered by it.
export const placeOf = (name: Name): number => parseInt(name, 10);

// A request that the server refused, or that found no server: `retry` says what helps.
export class WeftError extends Error {
    constructor(
        readonly code: string,
        message: string,
        readonly retry: Retry,
        readonly retry_after_ms?: number,
    ) {
        super(message);
    }
}

export const errorOf = (frame: Omit<ErrorFrame, "type">): WeftError =>
    new WeftError(frame.code, frame.message, frame.retry, frame.retry_after_ms);
