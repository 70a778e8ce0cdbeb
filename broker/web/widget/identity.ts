// SPDX-License-Identifier: Apache-2.0
// Who is writing: a token of the brand's own server, or an anonymous contact that this browser made, and
// comes back as, by its renewal. Of several tabs only one makes the contact.
import { errorOf } from "../client/wire.ts";

interface Made { token: string; renewal?: string }
interface Kept { renewal?: string; scope?: string; read?: number }

export class Identity {
    readonly #base: string;
    readonly #tenant: string;
    readonly #key: string;
    #memory: Kept = {};

    constructor(base: string, tenant: string) {
        this.#base = base;
        this.#tenant = tenant;
        this.#key = "weft:" + tenant;
    }

    kept(): Kept {
        try {
            return JSON.parse(localStorage.getItem(this.#key)!) ?? {};
        } catch {
            return this.#memory;
        }
    }

    keep(change: Kept): void {
        const now = { ...this.kept(), ...change };
        this.#memory = now;
        try {
            localStorage.setItem(this.#key, JSON.stringify(now));
        } catch { /* memory alone must do */ }
    }

    forget(): void {
        this.#memory = {};
        try {
            localStorage.removeItem(this.#key);
        } catch { /* nothing was kept there */ }
    }

    // Another tab made or changed the contact.
    onChange(run: () => void): () => void {
        const end = new AbortController();
        addEventListener("storage", (event) => event.key === this.#key && run(), end);
        return () => end.abort();
    }

    // A token for the anonymous contact of this browser.
    anonymous(): Promise<string> {
        const make = async () => {
            const made = await this.#post(this.kept().renewal);
            if (made.renewal) this.keep({ renewal: made.renewal });
            return made.token;
        };
        return navigator.locks ? (navigator.locks.request(this.#key, make) as unknown as Promise<string>) : make();
    }

    async #post(renewal?: string): Promise<Made> {
        const answer = await fetch(new URL("v1/sessions", this.#base), {
            method: "POST", credentials: "omit", headers: { "content-type": "application/json" },
            body: JSON.stringify({ tenant: this.#tenant, renewal, page: location.pathname, language: navigator.language }),
        });
        if (answer.ok) return answer.json();
        const { error } = await answer.json();
        if (renewal && error.retry === "token") return this.#post();
        throw errorOf(error);
    }
}
