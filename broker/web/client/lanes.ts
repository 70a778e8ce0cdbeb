// SPDX-License-Identifier: Apache-2.0
// Keeps unsent words over reloads and crashes: one record of localStorage per lane, held by one tab.
//
// A tab claims its lanes with Web Locks, which end with the tab. Where there are none (a page without
// https), an orphan may be emptied by two tabs at once: harmless, since the same lineage and number get the
// same place. Only the tab that made a lane ever numbers new words in it: a restored lane is emptied only.
import type { Lane, Outbox } from "./outbox.ts";

export interface LaneStore {
    restore(scope: string): Promise<Lane[]>;
    save(scope: string, outbox: Outbox): void;
    forget(scope: string): void;
}

const prefixOf = (scope: string): string => `weft:lane:${scope}:`;

function guarded<T>(otherwise: T, run: () => T): T {
    try {
        return run();
    } catch {
        return otherwise; // no storage (private mode, full, forbidden): memory alone must do
    }
}

function keysOf(scope: string): string[] {
    return guarded([], () => Object.keys(localStorage).filter((key) => key.startsWith(prefixOf(scope))));
}

// True when the lock is now held by this tab, until the tab ends.
function claim(key: string): Promise<boolean> {
    const locks = navigator.locks;
    if (!locks) return Promise.resolve(true);
    return new Promise((resolve) => {
        locks.request(key, { ifAvailable: true }, (lock) => {
            resolve(lock !== null);
            return lock ? new Promise(() => {}) : undefined;
        }).catch(() => resolve(true));
    });
}

const rested = (lane: Lane): Lane => ({
    ...lane, holdUntil: 0,
    words: lane.words.map((word) => (word.status === "flying" ? { ...word, status: "waiting" } : word)),
});

export function browserLanes(): LaneStore {
    const mine = new Map<string, Lane>(); // by key: what was last written
    const claimed = new Set<string>();
    const take = (key: string): void => {
        if (!claimed.has(key)) void claim(key);
        claimed.add(key);
    };
    return {
        async restore(scope) {
            const lanes: Lane[] = [];
            for (const key of keysOf(scope)) {
                if (claimed.has(key) || !(await claim(key))) continue;
                const lane = guarded<Lane | null>(null, () => JSON.parse(localStorage.getItem(key)!));
                if (!lane) continue;
                claimed.add(key);
                mine.set(key, lane);
                lanes.push(rested(lane));
            }
            return lanes;
        },
        save(scope, outbox) {
            const keep = new Set<string>();
            for (const lane of outbox) {
                const key = prefixOf(scope) + lane.id;
                keep.add(key);
                if (mine.get(key) === lane || (!lane.words.length && !mine.has(key))) continue;
                take(key);
                mine.set(key, lane);
                guarded(undefined, () => localStorage.setItem(key, JSON.stringify(lane)));
            }
            for (const key of mine.keys())
                if (!keep.has(key) && key.startsWith(prefixOf(scope))) {
                    mine.delete(key);
                    guarded(undefined, () => localStorage.removeItem(key));
                }
        },
        forget(scope) {
            for (const key of keysOf(scope)) guarded(undefined, () => localStorage.removeItem(key));
            mine.clear();
        },
    };
}

