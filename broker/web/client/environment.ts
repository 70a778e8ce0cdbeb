// SPDX-License-Identifier: Apache-2.0
// Everything that the client needs from the world, so that tests can put another one in its place.
export interface Socket {
    readonly readyState: number;
    onopen: ((event: any) => void) | null;
    onmessage: ((event: { data: any }) => void) | null;
    onclose: ((event: { code: number; reason: string }) => void) | null;
    send(text: string): void;
    close(code?: number): void;
}

export const OPEN = 1; // the readyState in which a socket takes what is sent; a browser complains of the rest

export interface Environment {
    now(): number; // milliseconds since 1970
    random(): number; // 0 <= x < 1
    after(ms: number, run: () => void): unknown;
    cancel(timer: unknown): void;
    open(url: string, subprotocol: string): Socket;
}

export const browser: Environment = {
    now: () => Date.now(),
    random: () => Math.random(),
    after: (ms, run) => setTimeout(run, ms),
    cancel: (timer) => clearTimeout(timer as number),
    open: (url, subprotocol) => new WebSocket(url, subprotocol) as Socket,
};
