// SPDX-License-Identifier: Apache-2.0
// What outlives a reload in this browser: the sign-in, drafts, the columns that were open, and habits.
//
// Without storage (private mode, full, forbidden) memory alone must do: nothing here ever throws.
// Drafts belong to one agent: another who signs in on this machine does not see them, signing out erases them.

import type { Column } from "../model/columns.ts";
import type { Presence } from "../model/wire.ts";

export interface Draft {
    readonly text: string;
    readonly note: boolean;
}

const NO_DRAFT: Draft = { text: "", note: false };
const DRAFT_MS = 300;
const DRAFT_MAX = 20_000;

function read<T>(key: string, otherwise: T): T {
    try {
        const text = localStorage.getItem(key);
        return text === null ? otherwise : (JSON.parse(text) as T);
    } catch {
        return otherwise;
    }
}

function write(key: string, value: unknown): void {
    try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, JSON.stringify(value));
    } catch {
        // Memory alone must do.
    }
}

export interface Habits {
    readonly sound: boolean;
    readonly bindings: Readonly<Record<string, string>>;
}

export const keep = {
    renewal: (): string | null => read<string | null>("weft.desk.renewal", null),
    setRenewal: (renewal: string | null): void => write("weft.desk.renewal", renewal),
    habits: (): Habits => ({ sound: false, bindings: {}, ...read<Partial<Habits>>("weft.desk.habits", {}) }),
    setHabits: (habits: Habits): void => write("weft.desk.habits", habits),
    wanted: (): { status: Presence; at_ms: number } | null => read("weft.desk.wanted", null),
    setWanted: (wanted: { status: Presence; at_ms: number } | null): void => write("weft.desk.wanted", wanted),
};

/** The columns that were open: they belong to this tab. */
export function keptColumns(): Column[] {
    try {
        return JSON.parse(sessionStorage.getItem("weft.desk.columns") ?? "[]") as Column[];
    } catch {
        return [];
    }
}

export function keepColumns(columns: readonly Column[]): void {
    try {
        sessionStorage.setItem("weft.desk.columns", JSON.stringify(columns));
    } catch {
        // Memory alone must do.
    }
}

/** The conversations for which this agent has words in the outbox that no server has taken yet. */
export function unsentIn(scope: string): string[] {
    const found = new Set<string>();
    try {
        const prefix = `weft:lane:${scope}:`;
        for (const key of Object.keys(localStorage)) {
            if (!key.startsWith(prefix)) continue;
            const lane = read<{ words?: { status: string }[] }>(key, {});
            const open = lane.words?.some((word) => word.status !== "acked");
            if (open) found.add(key.slice(prefix.length).split(":")[0]!);
        }
    } catch {
        // There was no storage, so nothing was kept.
    }
    return [...found];
}

/** The drafts of one agent, by conversation. */
export class Drafts {
    private readonly held = new Map<string, Draft>();
    private readonly dirty = new Set<string>();
    private timer: ReturnType<typeof setTimeout> | null = null;

    constructor(private readonly agent: string) {
        addEventListener("pagehide", () => this.flush());
    }

    get(conversation: string): Draft {
        let draft = this.held.get(conversation);
        if (!draft) {
            draft = read<Draft>(this.key(conversation), NO_DRAFT);
            this.held.set(conversation, draft);
        }
        return draft;
    }

    set(conversation: string, draft: Draft): void {
        this.held.set(conversation, draft);
        this.dirty.add(conversation);
        this.timer ??= setTimeout(() => this.flush(), DRAFT_MS);
    }

    /** Puts words that could not be sent before whatever was begun since. */
    giveBack(conversation: string, text: string, note: boolean): void {
        const draft = this.get(conversation);
        const joined = draft.text === "" ? text : `${text}\n${draft.text}`;
        this.set(conversation, { text: joined.slice(0, DRAFT_MAX), note });
        this.flush();
    }

    /** Erases all drafts of this agent. */
    forget(): void {
        this.held.clear();
        this.dirty.clear();
        try {
            const prefix = this.key("");
            for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
        } catch {
            // There was no storage, so nothing was kept.
        }
    }

    private flush(): void {
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
        for (const conversation of this.dirty) {
            const draft = this.held.get(conversation)!;
            write(this.key(conversation), draft.text === "" && !draft.note ? null : draft);
        }
        this.dirty.clear();
    }

    private key(conversation: string): string {
        return `weft.desk.draft.${this.agent}.${conversation}`;
    }
}
