// SPDX-License-Identifier: Apache-2.0
// How an agent comes in: by a one-time code from a link, and again by the renewal that it was exchanged for.

export interface Entrance {
    readonly token: string;
    readonly agent: string;
    readonly name: string;
    readonly tenant: string;
    readonly renewal: string;
}

/** Refused: this way in is closed for good. Anything else thrown here may succeed later. */
export class Refused extends Error {
    constructor(
        readonly code: string,
        message: string,
    ) {
        super(message);
    }
}

/** Takes the one-time code out of the address, so that it is neither bookmarked, shared nor kept in history. */
export function takeCode(): string | null {
    const match = /(?:^#|&)code=([^&]+)/.exec(location.hash);
    if (location.hash !== "") history.replaceState(history.state, "", location.pathname + location.search);
    return match ? decodeURIComponent(match[1]!) : null;
}

export async function enter(proof: { code: string } | { renewal: string }): Promise<Entrance> {
    const response = await fetch("/v1/agents/sessions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(proof),
        credentials: "omit",
        cache: "no-store",
    });
    const answer = (await response.json().catch(() => ({}))) as Partial<Entrance> & {
        error?: { code: string; message: string; retry_after_ms?: number };
    };
    if (response.ok && answer.token) return answer as Entrance;
    const code = answer.error?.code ?? `http_${response.status}`;
    const message = answer.error?.message ?? "The server did not answer as expected.";
    if (response.status >= 400 && response.status < 500 && response.status !== 429 && response.status !== 408) {
        throw new Refused(code, message);
    }
    throw Object.assign(new Error(message), { retry_after_ms: answer.error?.retry_after_ms });
}
